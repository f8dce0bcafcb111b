"""An engine that takes pictures: run by the sweep's own branch, it sees exactly what a study will see.

Perturbing, calibrating, skipping and measuring are the sweep's. Values in the ROI are PyRadiomics', the
oracle of all engines; the unfiltered image alone is looked at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import SimpleITK as sitk

from robustrad.core.geometry import Grid, Mask, Triple, Voxels, voxels_of
from robustrad.extract.engine import Engine, Region
from robustrad.extract.engines import choose_engine
from robustrad.extract.parameters import Parameters
from robustrad.extract.sampling import lay_grid, sample_image, sample_mask
from robustrad.extract.settings import resolved
from robustrad.perturb.sample import Sample, Sampling
from robustrad.preview.frame import Frame, Plane
from robustrad.preview.pictures import bin_width, difference, gray_levels, within
from robustrad.sweep.branch import original_settings
from robustrad.sweep.rows import ConditionResult

_SHOT = "preview:shot"


@dataclass(frozen=True)
class Shot:
    """What one condition looks like.

    Attributes
    ----------
    image, mask : Plane
        On the acquisition grid.
    difference : Plane
        Image minus reference, on the reference's acquisition grid.
    spacing : tuple of 3 float
        Voxels of the acquisition grid in mm, (x, y, z).
    laid_image, laid_mask : Plane
        On the analysis grid; the mask as resegmented.
    laid_spacing : tuple of 3 float
        Voxels of the analysis grid in mm, (x, y, z).
    levels : Plane
        Gray levels on the analysis grid, NaN outside the ROI.
    bin_width : float
        Width of a gray level in image units; NaN where the image was normalized and has none.
    """

    image: Plane
    mask: Plane
    difference: Plane
    spacing: Triple
    laid_image: Plane
    laid_mask: Plane
    laid_spacing: Triple
    levels: Plane
    bin_width: float = math.nan


class _Prepared(NamedTuple):
    """The whole image as it came, as the engine has it, and its difference from the reference."""

    image: sitk.Image
    inner: Any
    difference: Plane


class _Exposure(NamedTuple):
    """A shot that waits for its gray levels, and the intensities that they are made from."""

    shot: Shot
    intensities: Plane
    normalized: bool


class Lens:
    """See ``robustrad.extract.engine.Engine``; its only feature is the number of the shot that it took."""

    name = "preview"

    def __init__(self, reference: Sample, frame: Frame) -> None:
        self._reference = reference
        self._frame = frame
        self._engine: Engine = choose_engine("pyradiomics", Parameters()).engine
        self.definition = self._engine.definition
        self._shots: list[Shot] = []

    def shot(self, result: ConditionResult) -> Shot | None:
        """Return the picture of a condition; None where it was skipped or failed."""
        return self._shots[int(result.features[_SHOT])] if _SHOT in result.features else None

    def unsupported(self, parameters: Parameters) -> list[str]:
        """Return what cannot be looked at: nothing."""
        del parameters
        return []

    def prepare(self, image: sitk.Image, parameters: Parameters) -> _Prepared:
        """Prepare as PyRadiomics does, and keep the image's own values for the pictures."""
        apart = difference(self._reference, voxels_of(image), Grid.of(image))
        plane = self._frame.cut(apart, self._reference.grid)
        return _Prepared(image, self._engine.prepare(image, parameters), plane)

    def region(
        self, prepared: _Prepared, mask: sitk.Image, parameters: Parameters, *, sampling: Sampling
    ) -> Region:
        """Lay the analysis grid as PyRadiomics does, and cut the pictures of both grids."""
        region = self._engine.region(prepared.inner, mask, parameters, sampling=sampling)
        laid = lay_grid(Grid.of(prepared.image), mask, parameters.settings, sampling=sampling)
        interpolator = resolved(parameters.settings)["interpolator"]
        image = sample_image(prepared.image, laid, interpolator)
        normalized = prepared.inner is not prepared.image
        scaled = sample_image(prepared.inner, laid, interpolator) if normalized else image
        inside = sample_mask(mask, laid)
        cut = self._frame.cut
        intensities = cut(_view(scaled), laid.grid)
        laid_mask = cut(_inside(inside), laid.grid)
        laid_mask = laid_mask._replace(values=laid_mask.values & within(intensities.values, region.values))
        shot = Shot(
            image=cut(_view(prepared.image), Grid.of(prepared.image)),
            mask=cut(_inside(mask), Grid.of(mask)),
            difference=prepared.difference,
            spacing=Grid.of(prepared.image).spacing,
            laid_image=cut(_view(image), laid.grid),
            laid_mask=laid_mask,
            laid_spacing=laid.grid.spacing,
            levels=laid_mask,
        )
        return region._replace(payload=_Exposure(shot, intensities, normalized))

    def features(self, region: Region, parameters: Parameters) -> dict[str, float]:
        """Discretize the picture of the region and keep the shot."""
        exposure: _Exposure = region.payload
        settings = original_settings(parameters)
        levels = gray_levels(exposure.intensities.values, region.values, settings)
        inside = exposure.shot.laid_mask.values
        drawn = Plane(np.where(inside, levels, np.nan), exposure.intensities.extent)
        width = math.nan if exposure.normalized else bin_width(region.values, settings)
        self._shots.append(replace(exposure.shot, levels=drawn, bin_width=width))
        return {_SHOT: float(len(self._shots) - 1)}


def _view(image: sitk.Image) -> Voxels:
    return np.asarray(sitk.GetArrayViewFromImage(image))


def _inside(mask: sitk.Image) -> Mask:
    return np.asarray(sitk.GetArrayViewFromImage(mask) != 0)
