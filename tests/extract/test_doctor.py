from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from robustrad import doctor


def fake_distribution(folder: Path, name: str, package: str) -> None:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "RECORD").write_text(f"{package}/__init__.py,,\n")
    (folder / package).mkdir()  # newer versions of importlib.metadata list only files that are there
    (folder / package / "__init__.py").touch()


def test_this_installation_is_usable_and_tells_who_provides_radiomics() -> None:
    code, told = doctor.doctor_command()
    assert code == 0
    assert told.data["radiomics"] == {"pyradiomics-bhklab": version("pyradiomics-bhklab")}
    assert told.data["versions"]["SimpleITK"] == version("SimpleITK")
    assert "pyradiomics" in told.data["engines"]
    assert f"pyradiomics-bhklab {version('pyradiomics-bhklab')}" in told.text
    json.dumps(told.data)


def test_two_distributions_of_one_package_are_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_distribution(tmp_path, "pyradiomics", "radiomics")
    fake_distribution(tmp_path, "harmless", "radiomics_tools")
    monkeypatch.syspath_prepend(tmp_path)
    found = doctor.diagnose()
    assert set(found.radiomics) == {"pyradiomics", "pyradiomics-bhklab"}
    assert "both install the package radiomics" in found.warnings[0]
    code, told = doctor.doctor_command()
    assert code == 0
    assert "warning: pyradiomics 1.0 and pyradiomics-bhklab" in told.text


def test_without_radiomics_the_environment_is_unusable(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str, *rest: Any) -> Any:
        return None

    monkeypatch.setattr(doctor, "find_spec", find)
    code, told = doctor.doctor_command()
    assert code == 3
    assert "problem: no package radiomics is installed: pip install pyradiomics-bhklab" in told.text


def test_a_missing_distribution_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_COMPUTING", ("numpy", "no-such-package"))
    assert doctor.diagnose().problems == ("no-such-package is not installed",)


def test_the_threads_of_the_environment_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    threads = doctor.diagnose().threads
    assert (threads["OMP_NUM_THREADS"], threads["MKL_NUM_THREADS"]) == ("3", "not set")
