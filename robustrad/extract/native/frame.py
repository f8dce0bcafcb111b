"""What texture needs of a mask and its directions alone, shared by all images and gray levels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.extract.native.angles import Angles, directions
from robustrad.extract.native.joins import Joins, joins_of
from robustrad.extract.native.roi import Ints, Roi, Volume, padded
from robustrad.extract.native.sets import Sets, sets_of

Places = NDArray[np.int32]
_NARROW = int(np.iinfo(np.uint8).max)
_NARROW_SUM = int(np.iinfo(np.int16).max)


class TextureSettings(NamedTuple):
    """The settings that the texture classes read, by PyRadiomics' keys."""

    distances: tuple[int, ...] = (1,)
    flat: int | None = None
    weighting: str | None = None
    symmetrical: bool = True
    alpha: int = 0


class Frame(NamedTuple):
    """What depends on the mask and the directions alone.

    Attributes
    ----------
    layout : Volume
        The padded flat volume.
    forward, near, around : ndarray of int64, (a, 3)
        Directions of GLCM (``distances``, one of each pair), of GLRLM and GLSZM (distance 1, one of each
        pair) and of GLDM and NGTDM (``distances``, all).
    steps_forward, steps_near, steps_around : ndarray of int64, (a,)
        The same as steps in the flat volume.
    neighbors : ndarray of int16, flat padded volume
        Neighbors in the ROI of every voxel, by ``around``.
    joins : Joins
        Which like neighbors by ``near`` are looked at for zones.
    lines : ndarray of bool, (a,)
        Directions of ``near`` along which some line holds more than one ROI voxel.
    longest : int
        Largest side of the box.
    same_directions : bool
        ``forward`` and ``near`` are the same.
    """

    layout: Volume
    forward: Angles
    near: Angles
    around: Angles
    steps_forward: Ints
    steps_near: Ints
    steps_around: Ints
    neighbors: NDArray[np.int16]
    joins: Joins
    lines: NDArray[np.bool_]
    longest: int
    same_directions: bool


class Work(NamedTuple):
    """Flat padded volumes that kernels fill anew for every image; beyond the ROI only the levels are read.

    Attributes
    ----------
    volume : ndarray of uint8 (int32 for more than 255 levels)
        Positions of gray levels, 1-based; 0 outside the ROI.
    tones : ndarray of int16 (int32 where sums of neighbors would not fit)
        The gray levels themselves; 0 outside the ROI.
    alike : ndarray of uint16
        Bit a is set where the voxel before along direction a of ``near`` has the same level.
    labels : ndarray of int32
        Zones, or which voxel of its run a voxel is.
    zones : ndarray of int32, (4, n + 1)
        Of every zone, see ``glszm``; zeros in the last row.
    sets : Sets
        Voxels of each level.
    """

    volume: NDArray[Any]
    tones: NDArray[Any]
    alike: NDArray[np.uint16]
    labels: Places
    zones: Places
    sets: Sets


class NoDirectionsError(ValueError):
    """No neighbor fits into the ROI: PyRadiomics fails there too."""


def frame(roi: Roi, settings: TextureSettings) -> Frame:
    """Return the frame of ``roi``.

    Raises
    ------
    NoDirectionsError
        If no direction fits into the box.
    """
    shape = roi.mask.shape
    forward = directions(shape, settings.distances, flat=settings.flat, both=False)
    near = directions(shape, (1,), flat=settings.flat, both=False)
    around = directions(shape, settings.distances, flat=settings.flat, both=True)
    if not (len(forward) and len(near)):
        raise NoDirectionsError(
            f"ROI box of {shape} voxels (z, y, x) holds no two neighbors at distance {settings.distances}"
            + ("" if settings.flat is None else f" outside axis {settings.flat}")
        )
    reach = min(max(settings.distances), max(shape))
    layout = padded(roi, (reach, reach, reach))
    steps = [angles @ np.asarray(layout.strides) for angles in (forward, near, around)]
    longest = max(shape)
    neighbors = _neighbors(layout, steps[2])
    lines = _lines(roi, near)
    same = np.array_equal(forward, near)
    joins = joins_of(near, steps[1])
    return Frame(
        *(layout, forward, near, around, steps[0], steps[1], steps[2]), neighbors, joins, lines, longest, same
    )


def is_wide(highest: int, base: Frame) -> bool:
    """Return whether gray levels up to ``highest``, or sums over all neighbors, need wide integers."""
    count = len(base.steps_around)
    return highest > _NARROW or count > _NARROW or highest * count > _NARROW_SUM


def workspace(base: Frame, *, wide: bool) -> Work:
    """Return room for the kernels, for narrow or ``wide`` integers."""
    size = room_of(base.layout.size, int(base.steps_around.max()))
    volume = np.zeros(size, dtype=np.int32 if wide else np.uint8)
    tones = np.zeros(size, dtype=np.int32 if wide else np.int16)
    alike, labels = np.empty(size, dtype=np.uint16), np.empty(size, dtype=np.int32)
    zones = np.zeros((4, int(base.layout.lengths.sum()) + 1), dtype=np.int32)
    return Work(volume, tones, alike, labels, zones, sets_of(size, base.steps_near))


def _neighbors(layout: Volume, steps: Ints) -> NDArray[np.int16]:
    # Neighbors in the ROI of every voxel: they depend on the mask alone.
    most = int(steps.max())
    inside = np.zeros(layout.size + 2 * most, dtype=np.bool_)
    for start, length in zip(layout.starts.tolist(), layout.lengths.tolist(), strict=True):
        inside[most + start : most + start + length] = True
    counts: NDArray[Any] = np.zeros(layout.size, dtype=np.uint8 if len(steps) <= _NARROW else np.int16)
    for step in steps.tolist():
        counts += inside[most + step : most + step + layout.size]
    found = np.zeros(room_of(layout.size, most), dtype=np.int16)
    found[: layout.size] = counts
    return found


def room_of(size: int, reach: int) -> int:
    """Return voxels of a flat volume whose kernels read neighbors ``reach`` away, and whole cache lines."""
    return (size + reach + 1023) // 512 * 512


def _lines(roi: Roi, angles: Angles) -> NDArray[np.bool_]:
    # A line is known by where it meets the plane of index 0 across an axis that it crosses.
    found = np.ones(len(angles), dtype=np.bool_)
    inside = None
    for a, angle in enumerate(angles.tolist()):
        across = next(axis for axis in (2, 1, 0) if angle[axis])
        spans = [
            size + abs(step) * (roi.mask.shape[across] - 1)
            for size, step in zip(roi.mask.shape, angle, strict=True)
        ]
        others = [axis for axis in range(3) if axis != across]
        count = spans[others[0]] * spans[others[1]]
        if roi.voxels > count:
            continue  # more voxels than lines: two of them share one
        if inside is None:
            inside = np.nonzero(roi.mask)
        steps = inside[across] * angle[across]
        one, other = (inside[axis] - angle[axis] * steps for axis in others)
        line = (one - one.min()) * spans[others[1]] + other - other.min()
        found[a] = np.bincount(line).max() > 1
    return found
