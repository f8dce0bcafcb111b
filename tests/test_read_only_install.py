"""An installed wheel whose folder nobody may write: kernels are kept elsewhere or compiled anew."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CHILD = """
import sys, pathlib
import numpy as np, SimpleITK as sitk
import robustrad as rr
from robustrad.core.kept import cache_folder
from robustrad.extract import native
site = pathlib.Path(sys.argv[1])
assert pathlib.Path(rr.__file__).is_relative_to(site), rr.__file__
try:
    (site / "robustrad" / "here").touch()
    raise SystemExit("the folder can be written")
except PermissionError:
    pass
z, y, x = np.indices((12, 12, 12)) - 5.5
mask = sitk.GetImageFromArray((x**2 + y**2 + z**2 < 16).astype(np.uint8))
image = sitk.GetImageFromArray(50 * np.sin(x) + 20.0 * np.cos(y * z))
params = {"setting": {"binWidth": 10}, "featureClass": {"firstorder": [], "glcm": []}}
found = rr.extract(image, mask, params=params, engine="native")
assert len(found) == 42, len(found)
print(cache_folder(pathlib.Path(native.__file__).parent))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel installed, of which nothing may be written."""
    folder = tmp_path_factory.mktemp("installed")
    export = folder / "export"
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in names.splitlines():
        if (ROOT / name).is_file():
            (export / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, export / name)
    pip = [sys.executable, "-m", "pip", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(folder), str(export)], check=True)
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(target), str(wheel)], check=True)
    subprocess.run(["chmod", "-R", "a-w", str(target)], check=True)
    return target


def _run(site: Path, cache: Path, home: Path) -> str:
    """Return where the installed package keeps kernels; root gives up its right to write everywhere."""
    environment = {**os.environ, "PYTHONPATH": str(site), "ROBUSTRAD_CACHE": str(cache), "HOME": str(home)}
    command = [sys.executable, "-c", CHILD, str(site)]
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("root may write everywhere, and there is no setpriv to give that up")
        command = [setpriv, "--bounding-set=-dac_override", *command]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@pytest.mark.slow
def test_kernels_are_kept_elsewhere(site: Path, tmp_path: Path) -> None:
    before = sorted(site.rglob("*"))
    assert _run(site, tmp_path / "cache", tmp_path).startswith(str(tmp_path / "cache"))
    assert list((tmp_path / "cache").rglob("*.nbi"))
    assert sorted(site.rglob("*")) == before


@pytest.mark.slow
def test_kernels_are_kept_nowhere(site: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    before = sorted(site.rglob("*"))
    assert _run(site, closed / "cache", tmp_path) == "None"
    assert sorted(site.rglob("*")) == before
