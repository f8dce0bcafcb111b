"""Refuse an analysis grid that this machine's memory cannot hold, before the process dies of it."""

from __future__ import annotations

import math
import os

from robustrad.core.errors import DataError
from robustrad.core.geometry import Grid

BYTES_PER_VOXEL = 40
"""At the least: the image in float64, and what interpolation and one filter need beside it."""


def refuse_beyond_memory(grid: Grid) -> None:
    """Raise DataError if ``grid`` needs more than the physical memory of this machine.

    This is an error of the setting or of the machine, not a property of the region: a sweep records it as
    failed, and a larger machine may try again. Nothing is refused where the memory is not known.
    """
    voxels = math.prod(grid.size)
    needed, there = voxels * BYTES_PER_VOXEL, _physical_memory()
    if there is not None and needed > there:
        size = " x ".join(map(str, grid.size))
        spacing = " x ".join(f"{step:g}" for step in grid.spacing)
        raise DataError(
            "analysis grid",
            f"{size} voxels of {spacing} mm, which need at least {needed / 2**30:,.0f} GiB",
            f"no more than the {there / 2**30:,.0f} GiB of this machine",
            "Choose a coarser resampledPixelSpacing, a smaller padDistance, or a smaller ROI.",
        )


def _physical_memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None  # not every system tells
