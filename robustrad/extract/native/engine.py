"""The native engine behind the three verbs; see ``robustrad.extract.engine.Engine``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import SimpleITK as sitk

from robustrad.core.geometry import Grid
from robustrad.extract.catalog import SHAPE_CLASSES
from robustrad.extract.engine import PYRADIOMICS_DEFINITION, Region, RegionRefusedError
from robustrad.extract.levels import MAX_EDGES, MAX_LEVELS, GrayLevelsError, count_levels
from robustrad.extract.names import enabled
from robustrad.extract.native.discretize import discretize
from robustrad.extract.native.firstorder import Extent, extent, first_order
from robustrad.extract.native.images import IMAGE_TYPES, Crop, RoiImage, roi_images
from robustrad.extract.native.masks import checked_box, resegmented
from robustrad.extract.native.prepared import Prepared, prepare
from robustrad.extract.native.roi import Bools, Box, Roi, crop
from robustrad.extract.native.shape import shape_features
from robustrad.extract.native.shape2d import shape2d_features
from robustrad.extract.native.texture import (
    TEXTURES,
    Frame,
    NoDirectionsError,
    TextureSettings,
    frame,
    texture_features,
)
from robustrad.extract.parameters import Parameters, Settings
from robustrad.extract.sampling import AnalysisGrid, lay_grid, sample_mask
from robustrad.extract.settings import resolved
from robustrad.perturb.sample import Sampling


class Payload(NamedTuple):
    """What ``features`` needs of a region.

    Attributes
    ----------
    images : tuple of RoiImage
        Original and filtered images, as values in the ROI.
    roi : Roi
        The ROI in its bounding box.
    spacing : tuple of 3 float
        mm, (z, y, x).
    volume : float
        Of a voxel, mm^3.
    memory : dict
        What gray levels do not change, kept for the next ones: frames, extremes, level-free features.
    """

    images: tuple[RoiImage, ...]
    roi: Roi
    spacing: tuple[float, float, float]
    volume: float
    memory: dict[Any, Any]


class NativeEngine:
    """Computes PyRadiomics' features with compiled kernels."""

    name = "native"
    definition = PYRADIOMICS_DEFINITION

    def unsupported(self, parameters: Parameters) -> list[str]:
        """Return what in ``parameters`` this engine cannot do, each in words."""
        return [f"image type {name}" for name in parameters.image_types if name not in IMAGE_TYPES]

    def prepare(self, image: sitk.Image, parameters: Parameters) -> Prepared:
        """Return the image, normalized if the parameters ask for it."""
        return prepare(image, resolved(parameters.settings))

    def region(
        self, prepared: Prepared, mask: sitk.Image, parameters: Parameters, *, sampling: Sampling
    ) -> Region:
        """Resample, check, resegment and filter one mask; see ``Engine.region``."""
        settings = resolved(parameters.settings)
        laid = lay_grid(prepared.grid, mask, parameters.settings, sampling=sampling)
        image = prepared.on(laid, settings["interpolator"])
        sampled = sample_mask(mask, laid)  # a view does not keep its image alive
        whole = np.asarray(sitk.GetArrayViewFromImage(sampled) == 1)
        box = checked_box(whole, settings)
        count = int(np.count_nonzero(whole[box.slices]))
        inner = whole
        if settings["resegmentRange"] is not None:
            inner = resegmented(image, whole, box, settings)
            box = checked_box(inner, settings)
        roi = crop(inner, box)
        spacing = _spacing(laid.grid)
        shaped = roi if inner is whole or settings["resegmentShape"] else crop(whole, box)
        shape = _shape(shaped, box, spacing, parameters, settings)
        images = tuple(self.roi_images(prepared, laid, Crop(image, box, roi, spacing), parameters))
        values = images[0].values if images and images[0].name == "original" else image[box.slices][roi.mask]
        volume = float(np.multiply.reduce(laid.grid.spacing))
        return Region(count, values, shape, Payload(images, roi, spacing, volume, {}))

    def roi_images(
        self, prepared: Prepared, laid: AnalysisGrid, own: Crop, parameters: Parameters
    ) -> Iterator[RoiImage]:
        """Yield original and filtered images in the ROI, each filtered in the mask's ``own`` crop."""
        del prepared, laid
        return roi_images(own, parameters)

    def features(self, region: Region, parameters: Parameters) -> dict[str, float]:
        """Discretize and compute all classes of all filtered images; see ``Engine.features``."""
        classes = {n: f for n, f in parameters.feature_classes.items() if n not in SHAPE_CLASSES}
        asked = {name: enabled(name, listed) for name, listed in classes.items()}
        found = dict(region.shape)
        for place, image in enumerate(region.payload.images):
            own = parameters.image_types[image.image_type]
            settings = resolved({**parameters.settings, **own})
            values = _values(region.payload, place, classes, settings)
            for name, features in asked.items():
                found |= {f"{image.name}_{name}_{feature}": values[name][feature] for feature in features}
        return found


def _spacing(grid: Grid) -> tuple[float, float, float]:
    return grid.spacing_zyx


def _shape(
    roi: Roi, box: Box, spacing: tuple[float, float, float], parameters: Parameters, settings: dict[str, Any]
) -> dict[str, float]:
    found: dict[str, float] = {}
    classes = parameters.feature_classes
    if "shape" in classes:
        wanted = enabled("shape", classes["shape"])
        values = shape_features(roi, spacing, wanted)
        found |= {f"original_shape_{name}": values[name] for name in wanted}
    # PyRadiomics looks at the axes from the other end when it asks whether the ROI is flat, and so do we.
    flat: int = settings["force2Ddimension"]
    if "shape2D" in classes and settings["force2D"] and box.shape[::-1][flat] > 1:
        wanted = enabled("shape2D", classes["shape2D"])
        values = shape2d_features(_slice(roi.mask, flat), _pair(spacing, flat), wanted)
        found |= {f"original_shape2D_{name}": values[name] for name in wanted}
    return found


def _slice(mask: Bools, flat: int) -> Bools:
    if mask.shape[flat] > 1:
        raise RegionRefusedError(
            f"shape2D needs an ROI of one slice along array axis {flat} (force2Ddimension); "
            f"it has {mask.shape[flat]}"
        )
    return np.squeeze(mask, axis=flat)


def _pair(spacing: tuple[float, float, float], flat: int) -> tuple[float, float]:
    first, second = (step for axis, step in enumerate(spacing) if axis != flat)
    return first, second


def _values(
    payload: Payload, place: int, classes: dict[str, tuple[str, ...]], settings: dict[str, Any]
) -> dict[str, dict[str, float]]:
    """Return all features of the wanted classes of one image."""
    if not classes:
        return {}
    image = payload.images[place]
    limit = MAX_EDGES if set(classes) <= {"firstorder"} else MAX_LEVELS
    try:
        count_levels(image.values, settings, limit=limit)
    except GrayLevelsError as error:
        raise GrayLevelsError(f"image {image.name}: {error}") from None
    span = _remembered(payload, ("extent", place), lambda: extent(image.values))
    levels = discretize(
        image.values, span.low, span.high, width=settings["binWidth"], count=settings["binCount"]
    )
    textures = [name for name in TEXTURES if name in classes]
    reading = _texture_settings(settings)
    base = _frame(payload, reading) if textures else None
    found = texture_features(levels, base, reading, payload.spacing, textures)
    if "firstorder" in classes:
        found["firstorder"] = _first_order(payload, place, span, settings) | found["levels"]
    return found


def _first_order(payload: Payload, place: int, span: Extent, settings: Settings) -> dict[str, float]:
    shift: Any = settings["voxelArrayShift"]
    values = payload.images[place].values
    found: dict[str, float] = _remembered(
        payload,
        ("first order", place, shift),
        lambda: first_order(values, span, voxel_volume=payload.volume, shift=shift),
    )
    return found


def _frame(payload: Payload, reading: TextureSettings) -> Frame:
    own = (reading.distances, reading.flat)
    try:
        found: Frame = _remembered(payload, ("frame", own), lambda: frame(payload.roi, reading))
    except NoDirectionsError as error:
        raise RegionRefusedError(str(error)) from None
    return found


def _remembered(payload: Payload, key: Any, compute: Any) -> Any:
    if key not in payload.memory:
        payload.memory[key] = compute()
    return payload.memory[key]


def _texture_settings(settings: dict[str, Any]) -> TextureSettings:
    return TextureSettings(
        distances=tuple(settings["distances"]),
        flat=settings["force2Ddimension"] if settings["force2D"] else None,
        weighting=settings["weightingNorm"],
        symmetrical=settings["symmetricalGLCM"],
        alpha=settings["gldm_a"],
    )
