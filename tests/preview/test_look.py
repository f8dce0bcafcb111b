"""A preview shows what the sweep will do: same strength, same skips, levels in order."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import robustrad as rr
from robustrad.cases.table import load_cases
from robustrad.core.errors import ProtocolError
from robustrad.preview.look import Look, Row, look_at
from robustrad.protocol.model import Factor, Level, Protocol
from robustrad.protocol.read import load_protocol
from tests.preview.conftest import ref_of
from tests.sweep.conftest import PROTOCOL, write_protocol


def row_of(look: Look, factor: str) -> Row:
    return next(row for row in look.rows if row.factor.name == factor)


def test_strength_status_and_reason_are_those_of_the_sweep(
    look: Look, table: Path, protocol_file: Path, tmp_path: Path
) -> None:
    rr.sweep(
        table, tmp_path / "OUT", protocol=protocol_file, executor="serial", limit=1, engine="pyradiomics"
    )
    frame = pd.read_parquet(tmp_path / "OUT" / "features.parquet")
    studied = frame[frame["case_id"] == look.case_id].set_index("condition")
    cells = [look.reference, *(cell for row in look.rows for cell in row.cells)]
    assert {cell.condition for cell in cells} == {
        name for name in studied.index if "/" not in name or name.endswith("/1")
    }
    for cell in cells:
        theirs = studied.loc[cell.condition]
        assert (cell.status, cell.reason) == (theirs["status"], theirs["reason"])
        for name, value in cell.strength.items():
            if isinstance(value, str) or not math.isnan(value):
                assert value == theirs[name], (cell.condition, name)


def test_a_level_that_the_sweep_skips_has_a_reason_and_no_picture(look: Look) -> None:
    *_, coarse = row_of(look, "voxel_size").cells
    assert coarse.level == "9mm"
    assert coarse.shot is None
    assert coarse.status == "skipped"
    assert "fewer than 64" in coarse.reason


def test_the_difference_shown_is_image_minus_reference(look: Look) -> None:
    for cell in row_of(look, "noise").cells:
        assert cell.shot is not None
        assert look.reference.shot is not None
        apart = cell.shot.image.values - look.reference.shot.image.values
        np.testing.assert_array_equal(cell.shot.difference.values, apart)
        assert np.std(apart) > 0


def test_pictures_of_grid_factors_lie_on_the_analysis_grid(look: Look) -> None:
    cell = row_of(look, "voxel_size").cells[0]
    assert cell.shot is not None
    assert cell.shot.laid_spacing == (4.0, 4.0, 4.0)
    left, right, _, _ = cell.shot.laid_image.extent
    assert (right - left) / cell.shot.laid_image.values.shape[1] == pytest.approx(4.0)


def test_pictures_of_mask_factors_hold_the_perturbed_mask(look: Look) -> None:
    smaller, larger = row_of(look, "volume").cells
    before = look.frame.cut(look.sample.mask, look.sample.grid).values
    assert smaller.shot is not None
    assert larger.shot is not None
    assert smaller.shot.mask.values.sum() < before.sum() < larger.shot.mask.values.sum()
    assert not (smaller.shot.mask.values & ~before).any()


def test_gray_levels_fill_the_roi_and_nothing_else(look: Look) -> None:
    cell = row_of(look, "bins").cells[0]
    assert cell.shot is not None
    levels = cell.shot.levels.values
    np.testing.assert_array_equal(np.isfinite(levels), cell.shot.laid_mask.values)
    assert set(np.unique(levels[np.isfinite(levels)])) <= set(range(1, 33))
    assert cell.strength["strength_bins"] == 32


def test_levels_stand_by_severity_and_sign(small: Protocol, table: Path) -> None:
    factor = next(f for f in small.factors if f.name == "volume")
    shuffled = Factor(factor.name, factor.role, factor.levels[::-1])
    look = look_at(ref_of(load_cases(table)[0], small), replace(small, factors=(shuffled,)))
    assert [cell.severity for cell in look.rows[0].cells] == [-1.0, 1.0]


def test_many_signed_levels_stand_in_two_lines_by_severity(small: Protocol, table: Path) -> None:
    operator = next(f for f in small.factors if f.name == "volume").levels[0].operator
    levels = [
        Level(
            f"{sign * number:+d}", operator.model_copy(update={"fraction": sign * number / 50}), number, sign
        )
        for sign in (1, -1)
        for number in (3, 1, 2)
    ]
    many = replace(small, factors=(Factor("volume", "delineation", tuple(levels)),))
    look = look_at(ref_of(load_cases(table)[0], small), many)
    assert [[cell.severity for cell in line] for line in look.rows[0].lines] == [[-1, -2, -3], [1, 2, 3]]


def test_a_factorial_protocol_is_shown_one_factor_at_a_time(table: Path, tmp_path: Path) -> None:
    factors = {name: PROTOCOL["factors"][name] for name in ("volume", "bins")}  # type: ignore[index]  # a mapping
    path = write_protocol(tmp_path / "p.yaml", {**PROTOCOL, "design": "factorial", "factors": factors})
    protocol = load_protocol(path)
    look = look_at(ref_of(load_cases(table)[0], protocol), protocol)
    conditions = [cell.condition for row in look.rows for cell in row.cells]
    assert conditions == ["volume=minus20", "volume=plus20", "bins=32"]


def test_an_unknown_factor_is_told_with_the_nearest(small: Protocol, table: Path) -> None:
    with pytest.raises(ProtocolError, match=r"unknown factor 'volum'\. Did you mean volume\?"):
        look_at(ref_of(load_cases(table)[0], small), small, factor="volum")


def test_the_picture_does_not_depend_on_the_filters_of_the_protocol(
    look: Look, small: Protocol, table: Path
) -> None:
    parameters = replace(small.parameters, image_types={"LoG": {"sigma": [3.0]}, "Original": {}})
    filtered = look_at(
        ref_of(load_cases(table)[0], small), replace(small, parameters=parameters), factor="bins"
    )
    ours, theirs = row_of(look, "bins").cells[0], filtered.rows[0].cells[0]
    assert ours.strength == theirs.strength
