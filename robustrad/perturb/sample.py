"""What a perturbation acts on: one image with its mask, and the wishes for the analysis grid and settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from robustrad.core.geometry import Grid, Mask, Triple, Voxels

MaskInterpolator = Literal["nearest", "linear"]


@dataclass(frozen=True)
class Sampling:
    """How the analysis grid is to be laid. The zero of every field is PyRadiomics' own grid.

    Attributes
    ----------
    spacing_mm : tuple of 3 float or None
        Spacing of the analysis grid, (x, y, z); None keeps ``resampledPixelSpacing`` of the settings.
    shift : tuple of 3 float
        Shift of the grid's origin in units of its spacing, (x, y, z).
    rotation_deg : float
        Rotation of the patient about the ROI's centroid in the axial plane, degrees; positive turns
        +x towards +y of the image's own axes.
    mask_interpolator : str
        ``nearest`` as in PyRadiomics, or ``linear``: what is at least half inside is inside.
    """

    spacing_mm: Triple | None = None
    shift: Triple = (0.0, 0.0, 0.0)
    rotation_deg: float = 0.0
    mask_interpolator: MaskInterpolator = "nearest"


@dataclass(frozen=True)
class Sample:
    """One case on its way through the perturbations. Arrays are read-only and (z, y, x).

    Attributes
    ----------
    voxels : ndarray of float64, (z, y, x)
        The whole image on the acquisition grid, in image units (HU, SUV, arbitrary).
    mask : ndarray of bool, (z, y, x)
        The region of interest on the same grid.
    grid : Grid
        The acquisition grid.
    modality : str
        ``CT``, ``PT``, ``MR`` or ``unknown``.
    sampling : Sampling
        Wishes of grid operators; nothing is interpolated here.
    settings : mapping
        Overrides of extraction settings (PyRadiomics' keys); a value of None removes the key.
    """

    voxels: Voxels
    mask: Mask
    grid: Grid
    modality: str = "unknown"
    sampling: Sampling = Sampling()
    settings: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("voxels", "mask"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def with_image(self, voxels: Voxels, *, grid: Grid | None = None) -> Sample:
        """Return a copy with other voxels; ``grid`` declares a changed acquisition grid.

        Where the grid changes, the runner carries the mask over; the operator leaves it alone.
        """
        return replace(self, voxels=np.asarray(voxels, dtype=np.float64), grid=grid or self.grid)

    def with_mask(self, mask: Mask) -> Sample:
        """Return a copy with another mask on the same grid."""
        return replace(self, mask=np.asarray(mask, dtype=np.bool_))

    def with_sampling(
        self,
        *,
        spacing_mm: Triple | None = None,
        shift: Triple = (0.0, 0.0, 0.0),
        rotation_deg: float = 0.0,
        mask_interpolator: MaskInterpolator | None = None,
    ) -> Sample:
        """Return a copy with wishes added: spacing and interpolator replace, shifts and rotations add up."""
        old = self.sampling
        new = Sampling(
            spacing_mm or old.spacing_mm,
            (old.shift[0] + shift[0], old.shift[1] + shift[1], old.shift[2] + shift[2]),
            old.rotation_deg + rotation_deg,
            mask_interpolator or old.mask_interpolator,
        )
        return replace(self, sampling=new)

    def with_settings(self, settings: Mapping[str, object]) -> Sample:
        """Return a copy with extraction settings overridden; None removes a key."""
        return replace(self, settings={**self.settings, **settings})
