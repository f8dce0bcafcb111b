"""All texture classes of one image at one setting of gray levels, each shared pass run once."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.native.angles import Angles, directions
from robustrad.extract.native.discretize import Levels
from robustrad.extract.native.firstorder import level_features
from robustrad.extract.native.glcm import glcm_features, pair_weights
from robustrad.extract.native.gldm import gldm_features
from robustrad.extract.native.glrlm import glrlm_features, run_weights
from robustrad.extract.native.glszm import glszm_features, zone_table
from robustrad.extract.native.neighbors import look_around, neighbor_counts
from robustrad.extract.native.ngtdm import ngtdm_features
from robustrad.extract.native.pairs import count_pairs, count_pairs_and_runs
from robustrad.extract.native.roi import Roi, Volume, padded, scatter

TEXTURES = ("glcm", "glrlm", "glszm", "gldm", "ngtdm")


class TextureSettings(NamedTuple):
    """The settings that the texture classes read, by PyRadiomics' keys."""

    distances: tuple[int, ...] = (1,)
    flat: int | None = None
    weighting: str | None = None
    symmetrical: bool = True
    alpha: int = 0


class Frame(NamedTuple):
    """What depends on the mask and the directions alone, shared by all images and gray levels.

    Attributes
    ----------
    layout : Volume
        The padded flat volume.
    forward, near, around : ndarray of int64, (a, 3)
        Directions of GLCM (``distances``, one of each pair), of GLRLM and GLSZM (distance 1, one of each
        pair) and of GLDM and NGTDM (``distances``, all).
    neighbors : ndarray of int32, (n,)
        Neighbors in the ROI of every voxel, by ``around``.
    lines : ndarray of bool, (a,)
        Directions of ``near`` along which some line holds more than one ROI voxel.
    longest : int
        Largest side of the box.
    """

    layout: Volume
    forward: Angles
    near: Angles
    around: Angles
    neighbors: NDArray[np.int32]
    lines: NDArray[np.bool_]
    longest: int


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
    lines = np.zeros(len(near), dtype=np.bool_)
    _find_lines(np.zeros(shape, dtype=np.uint8), roi.rows, near, lines)
    return Frame(layout, forward, near, around, neighbor_counts(layout, around), lines, max(shape))


def texture_features(
    levels: Levels,
    base: Frame | None,
    settings: TextureSettings,
    spacing: tuple[float, float, float],
    wanted: Collection[str],
) -> dict[str, dict[str, float]]:
    """Return the features of each wanted texture class, and of ``levels`` (Entropy, Uniformity).

    Parameters
    ----------
    levels : Levels
        The ROI in gray levels.
    base : Frame or None
        Of its mask and the same ``settings``; None if no class is wanted.
    settings : TextureSettings
        Directions and weights.
    spacing : tuple of 3 float
        mm, (z, y, x).
    wanted : collection of str
        Classes of `TEXTURES`.
    """
    found = {"levels": level_features(levels.counts)}
    if base is None:
        return found
    layout = base.layout
    volume = scatter(levels.places, layout.starts, layout.lengths, layout.size)
    if "glcm" in wanted or "glrlm" in wanted or "glszm" in wanted:
        found |= _directional(volume, levels, base, settings, spacing, wanted)
    if "gldm" in wanted or "ngtdm" in wanted:
        grays = volume
        if levels.highest != len(levels.gray):
            own = levels.gray[levels.places - 1].astype(np.int32)
            grays = scatter(own, layout.starts, layout.lengths, layout.size)
        seen = look_around(grays, layout, base.around, settings.alpha)
        found["gldm"] = gldm_features(levels.places, levels.gray, seen.alike, len(base.around))
        found["ngtdm"] = ngtdm_features(levels.places, levels.gray, seen.total, base.neighbors)
    return found


def _directional(  # noqa: PLR0917  # the inputs of one call, passed on
    volume: NDArray[np.int32],
    levels: Levels,
    base: Frame,
    settings: TextureSettings,
    spacing: tuple[float, float, float],
    wanted: Collection[str],
) -> dict[str, dict[str, float]]:
    found = {}
    counted = count_pairs_and_runs(volume, base.layout, levels.counts, base.near, base.longest)
    norm = settings.weighting
    if "glcm" in wanted:
        pairs = counted.pairs
        if not np.array_equal(base.forward, base.near):
            pairs = count_pairs(volume, base.layout, len(levels.gray), base.forward)
        weights = None if norm is None else pair_weights(base.forward, spacing, norm)
        found["glcm"] = glcm_features(pairs, levels.gray, symmetrical=settings.symmetrical, weights=weights)
    if "glrlm" in wanted:
        weights = None if norm is None else run_weights(base.near, spacing, norm)
        found["glrlm"] = glrlm_features(counted.runs, levels.gray, base.lines, weights)
    if "glszm" in wanted:
        table = zone_table(volume, counted.alike, base.layout, levels.gray, base.near)
        found["glszm"] = glszm_features(table)
    return found


@bare
def _find_lines(
    seen: NDArray[np.uint8],
    rows: NDArray[np.int64],
    angles: NDArray[np.int64],
    found: NDArray[np.bool_],
) -> None:
    # A line is known by its first voxel in the box; the stamp of a direction marks the lines seen.
    for a in range(angles.shape[0]):
        for k in range(rows.shape[0]):
            for i in range(rows[k, 3]):
                back = seen.shape[0] + seen.shape[1] + seen.shape[2]
                for d in range(3):
                    at = rows[k, d] + (i if d == 2 else 0)
                    if angles[a, d] > 0:
                        back = min(back, at)
                    elif angles[a, d] < 0:
                        back = min(back, seen.shape[d] - 1 - at)
                z = rows[k, 0] - back * angles[a, 0]
                y = rows[k, 1] - back * angles[a, 1]
                x = rows[k, 2] + i - back * angles[a, 2]
                if seen[z, y, x] == a + 1:
                    found[a] = True
                    break
                seen[z, y, x] = a + 1
            if found[a]:
                break
