"""What an experiment finds out about one remedy, before any statistic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustrad.drift.data import Codes, Floats
from robustrad.drift.remedies.base import PERTURBATIONS, SITES, Remedy

SEEN, UNSEEN = "seen", "unseen"


@dataclass(frozen=True)
class Variant:
    """A remedy and what it may not learn from.

    Attributes
    ----------
    remedy : Remedy
        The remedy.
    scope : str
        ``seen``: it may learn from the factors (or sites) that it is judged on; ``unseen``: not.
    without : tuple of str
        Factors whose copies it does not see.
    """

    remedy: Remedy
    scope: str
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """Scores of one variant in one repeat or assignment.

    Attributes
    ----------
    scores : ndarray of shape (n, q)
        Out of fold; NaN where not tested. What the q columns are is the experiment's.
    fold : ndarray of int, shape (n,)
        Which fitted model tested the subject; -1: none.
    selected : ndarray of bool, shape (f, p)
        Features in the model of each fold.
    lost : ndarray of shape (f,)
        Features that the remedy took away; NaN where it could not be fitted.
    status : ndarray of str, shape (f,)
        Empty, or why it could not be fitted.
    fingerprints : ndarray of str, shape (f,)
        Of everything learned.
    seconds : float
        That fitting took.
    agreement, batch_effect, batch_classifier : float
        Of out-of-fold features; NaN where not computed.
    """

    scores: Floats
    fold: Codes
    selected: NDArray[np.bool_]
    lost: Floats
    status: NDArray[np.str_]
    fingerprints: NDArray[np.str_]
    seconds: float
    agreement: float = float("nan")
    batch_effect: float = float("nan")
    batch_classifier: float = float("nan")


def variants_of(
    remedy: Remedy, leave_out: tuple[tuple[str, ...], ...], *, new_site: bool = False
) -> list[Variant]:
    """Return how a remedy is scored.

    One that learns from perturbations: with all of them (``seen``), and once without each of ``leave_out``
    (``unseen``). One that uses a site's statistics has seen the site, unless it is a new one. The others
    have seen neither.
    """
    if PERTURBATIONS in remedy.learns_from:
        return [Variant(remedy, SEEN), *(Variant(remedy, UNSEEN, factors) for factors in leave_out)]
    known = SITES in remedy.learns_from and not new_site
    return [Variant(remedy, SEEN if known else UNSEEN)]
