"""A lesion whose place is known."""

from __future__ import annotations

import numpy as np

from robustrad.core.geometry import Grid
from robustrad.perturb.sample import Sample

GRID = Grid((60, 50, 20), (2.0, 2.0, 3.0), (-10.0, 5.0, 40.0))


def lesion(
    grid: Grid = GRID, *, modality: str = "PT", background: float = 1.0, inside: float = 6.0
) -> Sample:
    """Return a box of even intensity in an even background."""
    mask = np.zeros(grid.shape, dtype=bool)
    mask[8:13, 20:31, 25:40] = True
    return Sample(np.where(mask, inside, background), mask, grid, modality)
