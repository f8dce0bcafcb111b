"""Grids in space. The only place where (x, y, z) of SimpleITK and (z, y, x) of arrays meet."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

Triple = tuple[float, float, float]
Voxels = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Grid:
    """A regular grid of voxels in patient space.

    Attributes
    ----------
    size : tuple of 3 int
        Number of voxels along x, y, z.
    spacing : tuple of 3 float
        Distance of voxel centers in mm, (x, y, z).
    origin : tuple of 3 float
        Center of the first voxel in mm, (x, y, z).
    direction : tuple of 9 float
        Direction cosines, row by row, as SimpleITK gives them.
    """

    size: tuple[int, int, int]
    spacing: Triple
    origin: Triple = (0.0, 0.0, 0.0)
    direction: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

    @classmethod
    def of(cls, image: sitk.Image) -> Grid:
        """Return the grid of a 3-D SimpleITK image."""
        return cls(
            tuple(int(v) for v in image.GetSize()),  # type: ignore[arg-type]  # three of them: 3-D
            tuple(float(v) for v in image.GetSpacing()),  # type: ignore[arg-type]  # three of them: 3-D
            tuple(float(v) for v in image.GetOrigin()),  # type: ignore[arg-type]  # three of them: 3-D
            tuple(float(v) for v in image.GetDirection()),
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of an array on this grid, (z, y, x)."""
        return self.size[2], self.size[1], self.size[0]

    @property
    def spacing_zyx(self) -> Triple:
        """Spacing in mm in the order of array axes."""
        return self.spacing[2], self.spacing[1], self.spacing[0]

    @property
    def voxel_volume(self) -> float:
        """Volume of one voxel in mm^3."""
        return float(np.prod(self.spacing))

    def with_spacing(self, spacing: Triple, size: tuple[int, int, int]) -> Grid:
        """Return a corner-aligned grid of another ``spacing`` and ``size`` over the same space.

        The outer corner of the first voxel stays where it is, as on PyRadiomics' own grids.
        """
        half = (np.asarray(spacing) - np.asarray(self.spacing)) / 2.0
        x, y, z = (np.asarray(self.origin) + np.asarray(self.direction).reshape(3, 3) @ half).tolist()
        return replace(self, size=size, spacing=spacing, origin=(x, y, z))

    def points(self, index_zyx: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return world coordinates (n, 3) in mm, (x, y, z), of array indices (n, 3), (z, y, x)."""
        steps = index_zyx[:, ::-1] * np.asarray(self.spacing)
        direction = np.asarray(self.direction).reshape(3, 3)
        return np.asarray(np.asarray(self.origin) + steps @ direction.T, dtype=np.float64)

    def blank(self) -> sitk.Image:
        """Return an empty 8-bit image on this grid (a reference for resampling)."""
        image = sitk.Image(list(self.size), sitk.sitkUInt8)
        self._place(image)
        return image

    def image(self, array: NDArray[np.generic]) -> sitk.Image:
        """Return ``array`` (z, y, x) as a SimpleITK image on this grid; booleans become 8-bit."""
        values = array.astype(np.uint8) if array.dtype == np.bool_ else array
        image = sitk.GetImageFromArray(values)
        self._place(image)
        return image

    def differences(self, other: Grid, *, tolerance: float = 1e-4) -> list[str]:
        """Return what differs from ``other``, each with both numbers; empty when the grids agree.

        Parameters
        ----------
        other : Grid
            The grid to compare with.
        tolerance : float
            Largest difference of origin and spacing in units of the spacing, and of direction cosines.
        """
        found = []
        if self.size != other.size:
            found.append(f"size {_text(self.size)} and {_text(other.size)}")
        step = tolerance * min(self.spacing)
        for name, mine, theirs, limit in (
            ("spacing", self.spacing, other.spacing, step),
            ("origin", self.origin, other.origin, step),
            ("direction", self.direction, other.direction, tolerance),
        ):
            if not np.allclose(mine, theirs, rtol=0, atol=limit):
                found.append(f"{name} {_text(mine)} and {_text(theirs)}")
        return found

    def _place(self, image: sitk.Image) -> None:
        image.SetSpacing(self.spacing)
        image.SetOrigin(self.origin)
        image.SetDirection(self.direction)


def voxels_of(image: sitk.Image) -> Voxels:
    """Return a copy of the image's voxels as float64, (z, y, x)."""
    return np.asarray(sitk.GetArrayViewFromImage(image)).astype(np.float64)


def carry_mask(mask: Mask, old: Grid, new: Grid) -> Mask:
    """Return ``mask`` on the grid ``new``: linear interpolation, inside where at least 0.5."""
    carried = sitk.Resample(
        old.image(mask.astype(np.float64)),
        new.blank(),
        sitk.Transform(),
        sitk.sitkLinear,
        0.0,
        sitk.sitkFloat64,
    )
    return np.asarray(voxels_of(carried) >= 0.5)


def _text(values: tuple[float, ...] | tuple[int, ...]) -> str:
    return "x".join(f"{value + 0.0:g}" for value in values)
