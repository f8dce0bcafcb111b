"""What texture needs of a mask and its directions alone, shared by all images and gray levels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.extract.native.angles import Angles, directions
from robustrad.extract.native.neighbors import neighbor_counts
from robustrad.extract.native.roi import Ints, Roi, Volume, padded

Places = NDArray[np.int32]


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
    neighbors : ndarray of int32, (n,)
        Neighbors in the ROI of every voxel, by ``around``.
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
    neighbors: Places
    lines: NDArray[np.bool_]
    longest: int
    same_directions: bool


class Work(NamedTuple):
    """Flat padded volumes that kernels fill anew for every image; beyond the ROI only ``volume`` is read.

    Attributes
    ----------
    volume : ndarray of int32
        Positions of gray levels, 1-based; 0 outside the ROI.
    runs : ndarray of int32
        Which voxel of its run a voxel is, along one direction.
    alike : ndarray of int32
        Bit a is set where the voxel before along direction a of ``near`` has the same level.
    labels : ndarray of int32
        Zones.
    """

    volume: Places
    runs: Places
    alike: Places
    labels: Places


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
    neighbors = neighbor_counts(layout, steps[2], longest)
    lines = _lines(roi, near)
    same = np.array_equal(forward, near)
    return Frame(
        *(layout, forward, near, around, steps[0], steps[1], steps[2]), neighbors, lines, longest, same
    )


def workspace(base: Frame) -> Work:
    """Return room for the kernels."""
    size = base.layout.size
    runs, alike, labels = (np.empty(size, dtype=np.int32) for _ in range(3))
    return Work(np.zeros(size, dtype=np.int32), runs, alike, labels)


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
