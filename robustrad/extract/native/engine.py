"""The native engine behind the three verbs; see ``robustrad.extract.engine.Engine``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from robustrad.core.geometry import Grid
from robustrad.extract.catalog import SHAPE_CLASSES
from robustrad.extract.engine import PYRADIOMICS_DEFINITION, Region, RegionRefusedError
from robustrad.extract.levels import MAX_EDGES, MAX_LEVELS, GrayLevelsError, count_between
from robustrad.extract.names import enabled
from robustrad.extract.native.axes import positions
from robustrad.extract.native.discretize import discretize, histogram, lay_bins
from robustrad.extract.native.firstorder import NAMES as FREE_NAMES
from robustrad.extract.native.firstorder import Extent, extent, first_order
from robustrad.extract.native.frame import (
    Frame,
    NoDirectionsError,
    TextureSettings,
    Work,
    frame,
    is_wide,
    workspace,
)
from robustrad.extract.native.images import IMAGE_TYPES, Crop, RoiImage, roi_images
from robustrad.extract.native.masks import checked_box, mask_on_grid, resegmented
from robustrad.extract.native.prepared import Prepared, prepare
from robustrad.extract.native.roi import Bools, Box, Roi, crop
from robustrad.extract.native.shape import shape_features
from robustrad.extract.native.shape2d import shape2d_features
from robustrad.extract.native.texture import PLACES, TEXTURES, texture_features
from robustrad.extract.parameters import Parameters, Settings
from robustrad.extract.sampling import AnalysisGrid, lay_grid
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
        What gray levels do not change, kept for the next ones: frames, room for kernels, extremes,
        level-free features.
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
        where = positions(laid) if laid.interpolate else None
        image = prepared.on(laid, where, settings["interpolator"])
        whole = mask_on_grid(mask, laid, where)
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
        asked = tuple(
            (name, enabled(name, listed))
            for name, listed in parameters.feature_classes.items()
            if name not in SHAPE_CLASSES
        )
        found = dict(region.shape)
        if not asked:
            return found
        classes = {name for name, _ in asked}
        settings: dict[str, dict[str, Any]] = {}
        for place, image in enumerate(region.payload.images):
            kind = image.image_type
            if kind not in settings:
                settings[kind] = resolved({**parameters.settings, **parameters.image_types[kind]})
            names, chosen = _columns(image.name, asked)
            found.update(
                zip(names, chosen(_values(region.payload, place, classes, settings[kind])), strict=True)
            )
        return found


@lru_cache(maxsize=1024)
def _columns(
    image: str, asked: tuple[tuple[str, tuple[str, ...]], ...]
) -> tuple[list[str], Callable[[list[float]], tuple[float, ...]]]:
    # Names of the features of one image, and what picks them from what ``_values`` returns.
    names = [f"{image}_{name}_{feature}" for name, features in asked for feature in features]
    places = [_PLACES[name][feature] for name, features in asked for feature in features]
    # of a single place it would not return a tuple
    return names, itemgetter(*places) if len(places) > 1 else lambda values: tuple(
        values[at] for at in places
    )


def _all_places() -> dict[str, dict[str, int]]:
    free = len(FREE_NAMES)
    found = {
        name: {feature: free + place for feature, place in features.items()}
        for name, features in PLACES.items()
    }
    found["firstorder"] = found.pop("levels") | {name: place for place, name in enumerate(FREE_NAMES)}
    return found


#: Class -> feature -> its place: first order first, what needs no levels in front.
_PLACES = _all_places()
_NO_FIRST_ORDER = [float("nan")] * len(FREE_NAMES)


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


class _Intensities(NamedTuple):
    """Values of one image in float64, and their extremes: as they are, and in the image's own type."""

    values: NDArray[np.float64]
    span: Extent
    low: Any
    high: Any


def _intensities(values: NDArray[Any]) -> _Intensities:
    floats = values.astype(np.float64, copy=False)
    span = extent(floats)
    if not span.finite:
        return _Intensities(floats, span, values.min(), values.max())
    return _Intensities(floats, span, values.dtype.type(span.low), values.dtype.type(span.high))


def _values(payload: Payload, place: int, classes: set[str], settings: dict[str, Any]) -> list[float]:
    """Return all features of the wanted classes of one image, at their ``_PLACES``."""
    known: _Intensities = _remembered(
        payload, ("intensities", place), lambda: _intensities(payload.images[place].values)
    )
    textures = classes.intersection(TEXTURES)
    try:
        count_between(known.low, known.high, settings, limit=MAX_LEVELS if textures else MAX_EDGES)
        bins = lay_bins(known.low, known.high, width=settings["binWidth"], count=settings["binCount"])
        reading = _texture_settings(settings)
        base, work = None, None
        if textures:
            base = _frame(payload, reading)
            work = _room(payload, reading, base, is_wide(len(bins.edges), base))
            levels = discretize(known.values, bins, base.layout, work)
        else:
            levels = histogram(known.values, bins)
    except GrayLevelsError as error:
        raise GrayLevelsError(f"image {payload.images[place].name}: {error}") from None
    found: list[float] = texture_features(levels, base, work, reading, payload.spacing, textures).tolist()
    free = _first_order(payload, place, known, settings) if "firstorder" in classes else _NO_FIRST_ORDER
    return free + found


def _first_order(payload: Payload, place: int, known: _Intensities, settings: Settings) -> list[float]:
    shift: Any = settings["voxelArrayShift"]
    found: list[float] = _remembered(
        payload,
        ("first order", place, shift),
        lambda: first_order(known.values, known.span, voxel_volume=payload.volume, shift=shift),
    )
    return found


def _frame(payload: Payload, reading: TextureSettings) -> Frame:
    own = (reading.distances, reading.flat)
    try:
        found: Frame = _remembered(payload, ("frame", own), lambda: frame(payload.roi, reading))
    except NoDirectionsError as error:
        raise RegionRefusedError(str(error)) from None
    return found


def _room(payload: Payload, reading: TextureSettings, base: Frame, wide: bool) -> Work:
    own = (reading.distances, reading.flat, wide)
    found: Work = _remembered(payload, ("room", own), lambda: workspace(base, wide=wide))
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
