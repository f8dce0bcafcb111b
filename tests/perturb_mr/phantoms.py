"""A magnitude image: a bright body with a brighter lesion in air."""

from __future__ import annotations

import numpy as np

from robustrad.core.geometry import Grid
from robustrad.perturb.sample import Sample


def body(*, count: int = 96, slices: int = 6, air: float = 0.0) -> Sample:
    """Return a body of 100 (radius 36 mm) with a lesion of 180 (12 mm, the mask) in ``air``; 1 x 1 x 3 mm."""
    axis = np.arange(count) - (count - 1) / 2.0
    radius = np.hypot(axis[:, None], axis[None, :])
    plane = np.where(radius < 12.0, 180.0, np.where(radius < 36.0, 100.0, air))
    voxels = np.repeat(plane[None], slices, axis=0)
    grid = Grid((count, count, slices), (1.0, 1.0, 3.0), origin=(-40.0, 25.0, 310.0))
    return Sample(voxels, voxels == 180.0, grid, modality="MR")
