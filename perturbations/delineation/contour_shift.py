"""The contour displaced at random: what remains between careful observers."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from robustrad.core.geometry import Mask
from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.contour import REACH, amplitude_for, moved, unit_field, volume_offset
from robustrad.perturb.displacement import centroid, draw_waves
from robustrad.perturb.level_set import cut, has_surface, level_set, put, radius_mm, thinned
from robustrad.perturb.pieces import intact_draw
from robustrad.perturb.sample import Sample

PAIRS = 8
"""Pairs of opposite fields that make the 16 internal draws of a calibration."""
MOST_VOXELS = 100_000
"""Voxels of a calibration: of larger boxes every second or third along the axes, for speed."""
SHARE_OF_RADIUS = 1.0 / 3.0
CORRELATION_MM = 10.0


class ContourShift(Perturbation):
    """Displace the surface of the mask by a smooth random field; the image is untouched.

    Model: the surface moves along its normals by ``amplitude_mm`` times a Gaussian random field with the
    correlation exp(-d^2 / (2 correlation_mm^2)) and an RMS of 1 over the surface. The field is a function of
    the position in mm relative to the ROI's centroid, so that a draw is one contour on every grid; rising
    amplitudes move the same field. The expected volume is kept, that of a single draw varies. What comes off
    as crumbs (up to 10 % of the voxels) goes; a draw under which the mask would vanish or break apart is
    drawn again, up to 16 times.

    ``target_dice`` instead of ``amplitude_mm`` is for comparing lesions: the amplitude is calibrated for the
    case with 16 internal draws, so that their mean Dice with the mask as given is the target. Equal Dice is
    less than a voxel of a small lesion. ``attained_dice`` tells the mean that was found: a few voxels may not
    allow the target.

    Sources: displacement fields as of Simard 2003 (doi 10.1109/ICDAR.2003.1227801); contours calibrated to an
    overlap as of Suter 2020 (doi 10.1186/s40644-020-00329-8). The correlation lengths are ours.
    """

    kind: Literal["contour_shift"] = "contour_shift"
    stage: ClassVar[Stage] = Stage.MASK
    random: ClassVar[bool] = True
    zero: ClassVar = {"amplitude_mm": 0.0}
    examples: ClassVar = ({"target_dice": 0.95}, {"amplitude_mm": 0.8}, {"target_dice": 0.8})
    trend: ClassVar = ("strength_dice", -1)

    amplitude_mm: float | None = Field(
        default=None, ge=0, le=50, description="RMS displacement of the surface in mm; 0 displaces nothing."
    )
    target_dice: float | None = Field(
        default=None,
        ge=0.5,
        le=1,
        description="Mean Dice with the mask as given, instead of amplitude_mm; 1 displaces nothing.",
    )
    correlation_mm: float | None = Field(
        default=None,
        ge=1,
        description="Correlation length of the displacement in mm; by default 10 with amplitude_mm, and with "
        "target_dice a third of the radius of the ball that has the mask's volume.",
    )
    attained_dice: float | None = Field(
        default=None, description="Found by the calibration: mean Dice of its draws. Not to be given."
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.amplitude_mm is None) == (self.target_dice is None):
            raise ValueError("give either amplitude_mm or target_dice")
        return self

    def calibrate(self, sample: Sample, rng: np.random.Generator) -> Self:
        """Return a copy with the concrete amplitude and correlation length for this mask."""
        if self.target_dice is None:
            return self.model_copy(update={"correlation_mm": self.correlation_mm or CORRELATION_MM})
        if self.target_dice == 1:
            return type(self)(amplitude_mm=0.0, correlation_mm=self.correlation_mm, attained_dice=1.0)
        if not has_surface(sample.mask):
            return self
        spacing, grid = sample.grid.spacing_zyx, sample.grid
        radius = radius_mm(sample.mask, spacing)
        length = self.correlation_mm or max(1.0, SHARE_OF_RADIUS * radius)
        reach = 5.0 * (1.0 - self.target_dice) * radius
        level = thinned(level_set(sample.mask, spacing, reach_mm=reach), most=MOST_VOXELS)
        center = centroid(sample.mask, grid)
        fields = [
            unit_field(draw_waves(rng), level, grid, center=center, correlation_mm=length)
            for _ in range(PAIRS)
        ]
        units = [sign * unit for unit in fields for sign in (1, -1)]
        found = amplitude_for(level, units, target_dice=self.target_dice)
        if found is None:
            return self
        return type(self)(amplitude_mm=found.amplitude_mm, correlation_mm=length, attained_dice=found.dice)

    def skip(self, sample: Sample) -> str | None:
        """Skip where there is no surface, or where the mask would vanish or break apart."""
        if self.amplitude_mm == 0 or self.target_dice == 1:
            return None
        if not has_surface(sample.mask):
            return "the mask fills the image: it has no surface"
        if self.amplitude_mm is None:
            return f"the mask would vanish or break apart in half of the draws of Dice {self.target_dice:g}"
        deepest = -float(level_set(sample.mask, sample.grid.spacing_zyx, reach_mm=0.0).distance.min())
        if self.amplitude_mm >= deepest:
            return (
                f"the mask would vanish: displaced by {self.amplitude_mm:g} mm (RMS), it is {deepest:.1f} mm "
                "deep"
            )
        return None

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the mask inside the displaced surface."""
        amplitude, length, grid = self.amplitude_mm, self.correlation_mm or CORRELATION_MM, sample.grid
        if amplitude is None:
            raise ValueError("target_dice must be calibrated before it is applied")
        if amplitude == 0:
            return sample
        reach = REACH * amplitude
        level = cut(level_set(sample.mask, grid.spacing_zyx, reach_mm=reach), reach_mm=reach)
        center, offset = centroid(sample.mask, grid), volume_offset(level, amplitude)

        def draw() -> Mask:
            unit = unit_field(draw_waves(rng), level, grid, center=center, correlation_mm=length)
            return moved(level, unit, amplitude_mm=amplitude, offset_mm=offset)

        return sample.with_mask(put(sample.mask, level.box, intact_draw(level.mask, draw)))
