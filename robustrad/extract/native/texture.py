"""All texture classes of one image at one setting of gray levels, each shared pass run once."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from robustrad.extract.native import emphases, firstorder, glcm, gldm, glrlm, glszm, ngtdm
from robustrad.extract.native.discretize import Levels
from robustrad.extract.native.frame import Frame, TextureSettings, Work
from robustrad.extract.native.neighbors import look_around
from robustrad.extract.native.pairs import count_pairs, count_pairs_and_runs

TEXTURES = ("glcm", "glrlm", "glszm", "gldm", "ngtdm")
Floats = NDArray[np.float64]


def _laid_out() -> tuple[dict[str, dict[str, int]], dict[str, slice], int]:
    sums = emphases.places
    own = {
        "levels": {name: place for place, name in enumerate(firstorder.LEVEL_NAMES)},
        "glcm": {name: place for place, name in enumerate(glcm.ORDER)},
        "glrlm": sums(glrlm.NAMES),
        "glszm": sums(glszm.NAMES),
        "gldm": sums(gldm.NAMES),
        "ngtdm": {name: place for place, name in enumerate(ngtdm.NAMES)},
    }
    found, parts, start = {}, {}, 0
    for kind, names in own.items():
        stop = start + (len(emphases.ORDER) if kind in {"glrlm", "glszm", "gldm"} else len(names))
        found[kind] = {name: start + place for name, place in names.items()}
        parts[kind] = slice(start, stop)
        start = stop
    return found, parts, start


#: Class -> feature -> its place in what `texture_features` returns; "levels" are Entropy and Uniformity.
PLACES, _PARTS, _LENGTH = _laid_out()


def texture_features(  # noqa: PLR0917  # the inputs of one call
    levels: Levels,
    base: Frame | None,
    work: Work | None,
    settings: TextureSettings,
    spacing: tuple[float, float, float],
    wanted: Collection[str],
) -> Floats:
    """Return the features of each wanted texture class, and of ``levels``, at their `PLACES`; others are NaN.

    Parameters
    ----------
    levels : Levels
        The ROI in gray levels.
    base, work : Frame, Work, or None
        Of its mask and the same ``settings``, with the levels laid out; None if no class is wanted.
    settings : TextureSettings
        Directions and weights.
    spacing : tuple of 3 float
        mm, (z, y, x).
    wanted : collection of str
        Classes of `TEXTURES`.
    """
    out = np.full(_LENGTH, np.nan)
    out[_PARTS["levels"]] = levels.spread
    if base is None or work is None:
        return out
    gray = levels.gray
    if "glcm" in wanted or "glrlm" in wanted:
        _directional(levels, base, work, settings, spacing, wanted, out)
    if "gldm" in wanted or "ngtdm" in wanted or "glszm" in wanted:
        around = look_around(len(gray), base, work, settings.alpha)
        sizes = np.arange(1, around.gaps.shape[1] + 1)
        emphases.emphases(around.dependences.reshape(-1), gray, sizes, out[_PARTS["gldm"]])
        ngtdm.ngtdm_features(levels.counts, around.gaps, gray, out[_PARTS["ngtdm"]])
    if "glszm" in wanted:
        zones = glszm.zone_table(len(gray), base, work)
        emphases.emphases(zones.counts, gray, zones.sizes, out[_PARTS["glszm"]])
    return out


def _directional(  # noqa: PLR0917  # the inputs of one call, passed on
    levels: Levels,
    base: Frame,
    work: Work,
    settings: TextureSettings,
    spacing: tuple[float, float, float],
    wanted: Collection[str],
    out: Floats,
) -> None:
    gray, norm = levels.gray, settings.weighting
    tables = count_pairs_and_runs(levels.counts, base, work)
    if "glcm" in wanted:
        pairs = tables if base.same_directions else count_pairs(len(gray), base, work)
        weights = None if norm is None else glcm.pair_weights(base.forward, spacing, norm)
        own = out[_PARTS["glcm"]]
        glcm.glcm_features(pairs, gray, symmetrical=settings.symmetrical, weights=weights, out=own)
    if "glrlm" in wanted:
        weights = None if norm is None else glrlm.run_weights(base.near, spacing, norm)
        emphases.run_emphases(tables, gray, base.longest, base.lines, weights, out[_PARTS["glrlm"]])
