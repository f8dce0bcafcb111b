"""Parity of a sweep is watched: what is looked at, what is told, and how a wrong kernel shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import robustrad as rr
from robustrad.core.errors import StudyError
from robustrad.extract.native import glcm
from robustrad.sweep import watch
from robustrad.sweep.command import SweepRequest, sweep_command
from tests.sweep.conftest import PROTOCOL, write_cases, write_protocol

LOG = {"imageType": {"Original": {}, "LoG": {"sigma": [3.0]}}}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two cases, and a protocol with a filter."""
    folder = tmp_path_factory.mktemp("watch")
    protocol = json.loads(json.dumps(PROTOCOL))
    protocol["extraction"] |= LOG
    protocol["factors"] = {name: protocol["factors"][name] for name in ("volume", "bins")}
    return write_cases(folder / "data", 2), write_protocol(folder / "p.yaml", protocol)


def _command(data: tuple[Path, Path], out: Path, engine: str) -> tuple[int, str]:
    request = SweepRequest(data[0], out, str(data[1]), None, engine, None, "serial", 0, False, None, None)  # type: ignore[arg-type]
    code, told = sweep_command(request)
    return code, told.text


def _parity(out: Path) -> dict[str, object]:
    return dict(json.loads((out / "study.json").read_text())["parity"])


def test_a_sample_of_units_is_computed_again_and_stands_in_the_study(
    data: tuple[Path, Path], tmp_path: Path
) -> None:
    code, _ = _command(data, tmp_path / "OUT", "native")
    parity = _parity(tmp_path / "OUT")
    assert code == 0
    assert (len(parity["units"]), parity["compared"], parity["exceeded"]) == (watch.AT_LEAST, "all", [])
    assert set(parity["worst"]) == {"shape", "firstorder", "glcm"}
    assert all(0 <= value < 1e-9 for value in parity["worst"].values())


@pytest.mark.parametrize(("units", "watched"), [(6, 3), (600, 3), (601, 4), (2000, 10)])
def test_one_unit_in_two_hundred_is_watched_and_three_at_least(units: int, watched: int) -> None:
    assert watch.sample_size(units) == watched


def test_a_wrong_kernel_ends_the_sweep_with_exit_code_1_and_is_named(
    data: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = glcm.glcm_features

    def wrong(*args: Any, out: NDArray[np.float64], **options: Any) -> None:
        right(*args, out=out, **options)
        out[glcm.ORDER.index("Contrast")] *= 1 + 1e-7

    monkeypatch.setattr(glcm, "glcm_features", wrong)
    code, text = _command(data, tmp_path / "OUT", "native")
    parity = _parity(tmp_path / "OUT")
    assert code == 1
    assert {each["feature"] for each in parity["exceeded"]} == {
        "original_glcm_Contrast", "log-sigma-3-0-mm-3D_glcm_Contrast",
    }  # fmt: skip
    for each in parity["exceeded"]:
        assert f"parity: {each['feature']} of {each['unit']} is {each['study']}, PyRadiomics says" in text
    assert parity["worst"]["glcm"] == pytest.approx(1e-7, rel=1e-2)
    assert (tmp_path / "OUT" / "features.parquet").is_file()


def test_values_that_were_compared_are_not_computed_again(
    data: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "OUT"
    _command(data, out, "native")
    before = (out / "study.json").read_bytes()
    monkeypatch.setattr(watch, "Oracle", None)
    assert _command(data, out, "native")[0] == 0
    assert (out / "study.json").read_bytes() == before


def test_shared_filters_are_watched_where_they_can_be_and_never_mixed(
    data: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "OUT"
    code, _ = _command(data, out, "native-shared")
    parity = _parity(out)
    assert (code, parity["compared"], parity["exceeded"]) == (0, "unfiltered", [])
    assert json.loads((out / "study.json").read_text())["engine"] == {
        "name": "native-shared", "definition": "shared-filters-1/grid-1",
    }  # fmt: skip
    with pytest.raises(StudyError, match=r"another study[\s\S]*native-shared"):
        rr.sweep(data[0], out, protocol=data[1], engine="native", executor="serial")


def test_pyradiomics_watches_nothing(data: tuple[Path, Path], tmp_path: Path) -> None:
    assert _command(data, tmp_path / "OUT", "pyradiomics")[0] == 0
    assert "parity" not in json.loads((tmp_path / "OUT" / "study.json").read_text())
