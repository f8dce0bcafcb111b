"""Masks in pieces: what may fall off a contour, and when a mask breaks apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from robustrad.core.geometry import Mask
from robustrad.perturb.base import InapplicableError

CRUMBS = 0.1
"""Share of a mask that may fall off as crumbs; with more, it breaks apart."""
ATTEMPTS = 16
"""Draws that may break the mask before the operator does not apply."""
_DIAGONAL = np.ones((3, 3, 3), dtype=np.bool_)


class BrokenMaskError(InapplicableError):
    """No draw leaves the mask whole: a finding about the case, not a failure."""


class Pieces(NamedTuple):
    """What is left of a mask.

    Attributes
    ----------
    mask : ndarray of bool
        The mask without crumbs.
    broken : str or None
        Why it must not be used, or None: it vanished or broke apart.
    """

    mask: Mask
    broken: str | None


def without_crumbs(before: Mask, after: Mask) -> Pieces:
    """Return ``after`` without the pieces that ``before`` did not have.

    Of every connected piece (26 neighbors) of ``before`` the successor is the piece of ``after`` that shares
    most voxels with it; what is nobody's successor is a crumb and goes. More crumbs than ``CRUMBS`` of the
    voxels, or a piece of more than that share without a successor, is a mask that breaks apart.

    Parameters
    ----------
    before, after : ndarray of bool, (z, y, x)
        Two masks on one grid, the first one not empty.
    """
    total = int(after.sum())
    if not total:
        return Pieces(after, "the mask would vanish")
    old, count_old = ndimage.label(before, structure=_DIAGONAL)
    new, count_new = ndimage.label(after, structure=_DIAGONAL)
    both = before & after
    shared = np.bincount(old[both] * (count_new + 1) + new[both], minlength=(count_old + 1) * (count_new + 1))
    shared = shared.reshape(count_old + 1, count_new + 1)[1:, 1:]
    lost = np.bincount(old.ravel(), minlength=count_old + 1)[1:][~shared.any(axis=1)]
    if lost.sum() > CRUMBS * before.sum():
        return Pieces(
            after, "the mask would vanish" if len(lost) == count_old else "a piece of the mask would vanish"
        )
    kept = np.unique(shared.argmax(axis=1)[shared.any(axis=1)]) + 1
    mask = after if len(kept) == count_new else np.isin(new, kept)
    crumbs = total - int(mask.sum())
    if crumbs > CRUMBS * total:
        return Pieces(mask, f"the mask would break apart: {crumbs} of {total} voxels fall off")
    return Pieces(mask, None)


def intact_draw(before: Mask, draw: Callable[[], Mask]) -> Mask:
    """Return the first mask that ``draw`` gives under which ``before`` stays whole, without crumbs.

    Raises
    ------
    BrokenMaskError
        If ``ATTEMPTS`` draws in a row break it.
    """
    for _ in range(ATTEMPTS):
        pieces = without_crumbs(before, draw())
        if pieces.broken is None:
            return pieces.mask
    raise BrokenMaskError(f"{pieces.broken}, in {ATTEMPTS} draws in a row")
