"""Small image files, whole and broken, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from robustrad.cases.case import Case

SHAPE = (8, 10, 12)  # z, y, x
SPACING = (4.0, 4.0, 5.0)


def volume(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).gamma(4.0, 1.0, SHAPE).astype(np.float32)


def box(label: int = 1) -> np.ndarray:
    mask = np.zeros(SHAPE, np.uint8)
    mask[2:6, 2:8, 3:9] = label
    return mask


def save(array: np.ndarray, path: Path, *, spacing: tuple[float, ...] = SPACING, **geometry: object) -> Path:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    for name, value in geometry.items():
        getattr(image, f"Set{name.capitalize()}")(value)
    sitk.WriteImage(image, str(path), True)
    return path


def case_in(folder: Path, **changes: object) -> Case:
    """Return a sound case on disk; ``changes`` replace fields."""
    image = save(volume(), folder / "image.nii.gz")
    mask = save(box(), folder / "mask.nii.gz")
    fields: dict[str, object] = {"case_id": "P1", "image": image, "mask": mask, "row": 2, "modality": "PT"}
    return Case(**{**fields, **changes})  # type: ignore[arg-type]  # a test's shorthand
