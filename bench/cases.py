"""Cases for the benchmarks: synthetic lesions, and the real ones where ROBUSTRAD_DATA has them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from robustrad.core.geometry import Grid

Case = tuple[sitk.Image, sitk.Image]


def lesion(radius_mm: float, *, size_xy: int | None = None, slices: int | None = None) -> Case:
    """Return a CT-like lesion in 1 x 1 x 2 mm voxels: texture in a ball, white noise around.

    Parameters
    ----------
    radius_mm : float
        Radius of the ball.
    size_xy, slices : int, optional
        Size of the scan; default 12 mm of margin.
    """
    rng = np.random.default_rng(0)
    half = int(radius_mm) + 12
    width, depth = size_xy or 2 * half, slices or half
    grid = Grid((width, width, depth), (1.0, 1.0, 2.0))
    z, y, x = (np.arange(n) for n in grid.shape)
    inside = (
        (2.0 * (z - depth // 2))[:, None, None] ** 2
        + (y - width // 2)[None, :, None] ** 2
        + (x - width // 2)[None, None, :] ** 2
    ) <= radius_mm**2
    wave = np.sin(x / 2.3)[None, None, :] * np.cos(y / 3.1)[None, :, None] * np.sin(z / 1.7)[:, None, None]
    voxels = -80.0 + inside * (110.0 + 60.0 * wave) + rng.normal(0.0, 15.0, grid.shape)
    return grid.image(voxels), sitk.Cast(grid.image(inside), sitk.sitkUInt32)


def data_folder() -> Path | None:
    """Return the folder of the real cases, or None."""
    here = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("ROBUSTRAD_DATA", here.parent / "shared" / "data"))
    return folder if (folder / "README.md").is_file() else None


def real_case(name: str) -> Case:
    """Return a case of the data folder: ``STS_019/PET``, ``brain1``; float64 image, mask of 0 and 1."""
    folder = data_folder()
    assert folder is not None, "ROBUSTRAD_DATA names no folder"
    if "/" in name:
        patient, modality = name.split("/")
        stem = folder / "sts" / "images" / patient / modality
        paths = f"{stem}_image.nii.gz", f"{stem}_mask.nii.gz"
    else:
        stem = folder / "reference" / "pyradiomics_cases" / name
        paths = f"{stem}_image.nrrd", f"{stem}_label.nrrd"
    image, mask = (sitk.ReadImage(path) for path in paths)
    return sitk.Cast(image, sitk.sitkFloat64), sitk.Cast(mask == 1, sitk.sitkUInt32)
