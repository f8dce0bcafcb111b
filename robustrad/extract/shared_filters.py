"""The engine ``native-shared``: filtered images are computed once for all masks of an image and grid.

This is another definition, and never mixed with PyRadiomics': there each mask is filtered in a crop of its
own, ``padDistance`` (5) voxels wider than its bounding box, in which the recursive Gaussian of the LoG has
not converged. Here the crop is wide enough for it (5 SD of the widest LoG), and is laid in tiles of the
analysis grid, so that masks of one lesion mostly share it. A mask's features depend on the image, the grid
and the mask alone, never on which other masks there are. Shape, the unfiltered image and filters of single
voxels are PyRadiomics'; wavelets of one level agree with it to rounding.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import SimpleITK as sitk

from robustrad.extract.analysis_grid import probe, triple
from robustrad.extract.native.engine import NativeEngine
from robustrad.extract.native.images import Crop, RoiImage, roi_images
from robustrad.extract.native.prepared import Array, Prepared, prepare
from robustrad.extract.native.roi import Box, crop, gather
from robustrad.extract.parameters import Parameters
from robustrad.extract.sampling import AnalysisGrid
from robustrad.extract.settings import resolved

SHARED_DEFINITION = "shared-filters-1/grid-1"
TILE = 8
"""Voxels: cores begin and end at multiples of it."""
REACH = 5.0
"""Standard deviations of the widest LoG between the core and the border of the crop."""
SHARED = ("Wavelet", "LoG", "Gradient")
"""Filters that look around: those of single voxels cost nothing, and scale by the mask's own crop."""
KEPT = 8
"""Cores kept per image: a mask visits all grids before the next mask comes."""


@dataclass
class SharingPrepared(Prepared):
    """One image variant, with its filtered images by core and filters, the last used at the end."""

    cores: OrderedDict[Any, tuple[RoiImage, ...]] = field(default_factory=OrderedDict, repr=False)


class Span(NamedTuple):
    """The core and its crop along one axis, in voxels from the first of the mask's own crop.

    Attributes
    ----------
    start, stop : int
        The core; ``stop`` is exclusive.
    low, high : int
        The crop around it; ``high`` is exclusive.
    """

    start: int
    stop: int
    low: int
    high: int


class SharedFiltersEngine(NativeEngine):
    """The native engine with one filtered image for all masks."""

    name = "native-shared"
    definition = SHARED_DEFINITION

    def prepare(self, image: sitk.Image, parameters: Parameters) -> SharingPrepared:
        """Return the image, normalized if the parameters ask for it."""
        plain = prepare(image, resolved(parameters.settings))
        return SharingPrepared(plain.image, plain.voxels, plain.grid)

    def roi_images(
        self, prepared: Prepared, laid: AnalysisGrid, own: Crop, parameters: Parameters
    ) -> Iterator[RoiImage]:
        """Yield the images in the ROI, those of filters that look around from the core."""
        assert isinstance(prepared, SharingPrepared)  # ours: see ``prepare``
        filters = {name: each for name, each in parameters.image_types.items() if name in SHARED}
        others = {name: each for name, each in parameters.image_types.items() if name not in SHARED}
        found = list(roi_images(own, replace(parameters, image_types=others)))
        if filters:
            lattice = _lattice(laid)
            spans = _spans(lattice, own, parameters)
            wanted = replace(parameters, image_types=filters)
            shape = tuple(span.stop - span.start for span in spans)
            at = tuple(
                slice(first - span.start, last - span.start)
                for span, first, last in zip(spans, own.box.start, own.box.stop, strict=True)
            )
            for image in _core(prepared, _extended(laid, lattice, spans), spans, own.spacing, wanted):
                part = np.ascontiguousarray(image.values.reshape(shape)[at])
                found.append(image._replace(values=gather(part, own.roi.rows, own.roi.voxels)))
        order = list(parameters.image_types)
        yield from sorted(found, key=lambda image: order.index(image.image_type))


def _core(
    prepared: SharingPrepared,
    wide: AnalysisGrid,
    spans: tuple[Span, Span, Span],
    spacing: tuple[float, float, float],
    parameters: Parameters,
) -> tuple[RoiImage, ...]:
    """Return the filtered images of the whole core, ``wide`` being the grid of the crop around it."""
    settings = resolved(parameters.settings)
    start = tuple(span.start - span.low for span in spans)
    stop = tuple(span.stop - span.low for span in spans)
    box = Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
    key = (wide.grid, wide.start, box, repr(parameters)) if wide.transform is None else None
    if key in prepared.cores:
        prepared.cores.move_to_end(key)
        return prepared.cores[key]
    image: Array = prepared.on(wide, settings["interpolator"])
    whole = crop(np.ones(image.shape, dtype=np.bool_), box)
    found = tuple(roi_images(Crop(image, box, whole, spacing), parameters))
    if key is not None:
        prepared.cores[key] = found
        if len(prepared.cores) > KEPT:
            prepared.cores.popitem(last=False)
    return found


def _spans(lattice: _Lattice, own: Crop, parameters: Parameters) -> tuple[Span, Span, Span]:
    """Return core and crop along z, y, x."""
    settings = resolved(parameters.settings)
    found = []
    for axis in range(3):
        first, (lowest, highest) = lattice.at[2 - axis], lattice.bounds[2 - axis]
        pad = max(settings["padDistance"], math.ceil(REACH * _widest(parameters) / own.spacing[axis]))
        start, stop = first + own.box.start[axis], first + own.box.stop[axis]
        lower, upper = max(start // TILE * TILE, lowest), min(-(-stop // TILE) * TILE, highest)
        lower, upper = min(lower, start), max(upper, stop)
        low, high = max(lower - pad, min(lowest, lower)), min(upper + pad, max(highest, upper))
        found.append(Span(lower - first, upper - first, low - first, high - first))
    return found[0], found[1], found[2]


def _widest(parameters: Parameters) -> float:
    """Return the largest sigma of the LoG in mm, 0 without."""
    if "LoG" not in parameters.image_types:
        return 0.0
    own: Any = {**parameters.settings, **parameters.image_types["LoG"]}
    return max((float(sigma) for sigma in own.get("sigma", ())), default=0.0)


class _Lattice(NamedTuple):
    """Where the mask's own grid lies in the lattice of its image, along x, y, z.

    Attributes
    ----------
    at : tuple of 3 int
        Index of the grid's first voxel.
    shift : ndarray, (3,)
        Of the whole lattice, in voxels.
    bounds : tuple of 3 pairs of int
        First index in the image, and the one after the last.
    """

    at: tuple[int, int, int]
    shift: Array
    bounds: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


def _lattice(laid: AnalysisGrid) -> _Lattice:
    """Return the lattice of ``laid``, see ``sampling.lay_grid`` for its rule.

    A turned grid belongs to its mask, and within the plane its old borders say nothing.
    """
    if not laid.interpolate:
        width, height, depth = laid.source.size
        return _Lattice(laid.start, np.zeros(3), ((0, width), (0, height), (0, depth)))
    old, new = np.array(laid.source.spacing), np.array(laid.grid.spacing)
    at = np.asarray(probe(laid.source).TransformPhysicalPointToContinuousIndex(laid.grid.origin))
    place = (at - 0.5 * (new - old) / old) * old / new
    index = np.rint(place).astype(int)
    shift = np.round(place - index, 12)
    ends = np.array(laid.source.size) * old / new - shift
    x, y, z = ((math.ceil(-0.5 - f), math.ceil(end)) for f, end in zip(shift, ends, strict=True))
    if laid.transform is not None:
        x = y = (-(10**9), 10**9)
    i, j, k = (int(each) for each in index)
    return _Lattice((i, j, k), shift, (x, y, z))


def _extended(laid: AnalysisGrid, lattice: _Lattice, spans: tuple[Span, Span, Span]) -> AnalysisGrid:
    """Return the grid of the crop, from ``low`` to ``high``: the same to the last bit for all its masks."""
    z, y, x = spans
    size = (x.high - x.low, y.high - y.low, z.high - z.low)
    first = tuple(at + span.low for at, span in zip(lattice.at, (x, y, z), strict=True))
    start = (first[0], first[1], first[2])
    source = probe(laid.source)
    if not laid.interpolate:
        origin = triple(source.TransformIndexToPhysicalPoint(start))
        return replace(laid, grid=replace(laid.grid, size=size, origin=origin), start=start, notes=())
    old, new = np.array(laid.source.spacing), np.array(laid.grid.spacing)
    place = 0.5 * (new - old) / old + (np.array(start) + lattice.shift) * new / old
    origin = triple(source.TransformContinuousIndexToPhysicalPoint(place.tolist()))
    return replace(laid, grid=replace(laid.grid, size=size, origin=origin), notes=())
