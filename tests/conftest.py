"""Fixtures that every room shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

for name in (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
):
    os.environ.setdefault(name, "1")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real patients and gold numbers; the test skips where it is absent."""
    here = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("ROBUSTRAD_DATA", here.parent / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.skip(f"no data at {folder} (set ROBUSTRAD_DATA)")
    return folder
