"""A package outside the project brings an operator: the example of the documentation, taken from its page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "own-perturbation.md"
USE = """
import numpy as np
from robustrad.core.geometry import Grid
from robustrad.perturb.apply import apply
from robustrad.perturb.registry import find
from robustrad.perturb.sample import Sample
from robustrad.protocol.read import load_protocol

operator = find("breathing", where="a test")
voxels = np.zeros((21, 9, 9)); voxels[10] = 1.0
sample = Sample(voxels, voxels > 0, Grid((9, 9, 21), (2.0, 2.0, 2.0)), "PT")
rng = np.random.default_rng(0)
assert apply(operator(**operator.zero), sample, rng) is sample
moved = apply(operator(amplitude_mm=8.0), sample, rng).voxels
profile = moved[:, 4, 4]
assert np.isclose(profile.sum(), 1.0)                             # nothing is lost
assert profile[:6].max() == profile[15:].max() == 0.0             # nothing beyond 8 mm, which are 4 voxels
assert profile[6] > profile[10] and profile[14] > profile[10]     # longest at the turning points
levels = load_protocol("breathing.yaml").factors[0].levels
assert [level.name for level in levels] == ["shallow", "quiet", "deep"]
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The files that the page shows."""
    blocks = dict(re.findall(r"```(toml|python|yaml)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(blocks["toml"])
    (folder / "robustrad_breathing.py").write_text(blocks["python"])
    (tmp_path / "breathing.yaml").write_text(blocks["yaml"])
    return folder


def run(arguments: list[str], site: Path) -> str:
    """Run Python with the packages of ``site`` beside the installed ones."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=site.parent,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(site: Path) -> str:
    run(["-c", USE], site)
    described = run(["-m", "robustrad", "perturbations", "breathing"], site)
    assert "amplitude_mm" in described
    assert "half of the peak-to-peak" in described
    return run(["-m", "robustrad", "perturbations"], site)


def test_an_installed_package_is_found_by_its_entry_point(package: Path, tmp_path: Path) -> None:
    """Laid out as pip leaves it: the module, and beside it what the package says of itself."""
    site = tmp_path / "site"
    about = site / "robustrad_breathing-0.1.dist-info"
    about.mkdir(parents=True)
    (site / "robustrad_breathing.py").write_text((package / "robustrad_breathing.py").read_text())
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: robustrad-breathing\nVersion: 0.1\n")
    declared = re.search(
        r"entry-points\.\"(.*?)\"\]\n(\w+) = \"(\w+)\"", (package / "pyproject.toml").read_text()
    )
    assert declared
    (about / "entry_points.txt").write_text("[{}]\n{} = {}\n".format(*declared.groups()))
    assert "breathing" in listed(site)
    assert "breathing" not in run(["-m", "robustrad", "perturbations"], tmp_path / "nothing")


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("wheel"), reason="offline, setuptools needs the package wheel to build one")
def test_the_example_installs_with_pip(package: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", str(site)]
    run(["-m", "pip", "install", *offline, str(package)], tmp_path / "nothing")
    assert "breathing" in listed(site)
