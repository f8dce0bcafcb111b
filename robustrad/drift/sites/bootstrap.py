"""Bootstrap of AUCs that are sums over pairs: patients and assignments, the same for all remedies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.drift.data import Floats
from robustrad.drift.sites.pairs import Unit


@dataclass(frozen=True)
class Resamples:
    """How often each subject and each assignment is in each resample; row 0 holds each once.

    Attributes
    ----------
    subjects : ndarray of shape (1 + B, n)
        From a bootstrap of patients.
    draws : ndarray of shape (1 + B, R)
        From a bootstrap of the assignments; all ones where repeats are no sample of anything.
    """

    subjects: Floats
    draws: Floats

    @classmethod
    def make(cls, weights: Floats, n_draws: int, *, resample_draws: bool, seed: int) -> Resamples:
        """Return resamples from those of the patients, shape (B, n)."""
        ones = np.ones((1, weights.shape[1]))
        draws = np.ones((len(weights) + 1, n_draws))
        if resample_draws:
            rng = np.random.default_rng([seed, n_draws])
            draws[1:] = rng.multinomial(n_draws, np.full(n_draws, 1.0 / n_draws), size=len(weights))
        return cls(np.vstack([ones, weights]), draws)


class Tables(NamedTuple):
    """Pairs won and pairs compared of one arm, a matrix for each unit."""

    won: list[Floats]
    compared: list[Floats]


def areas(units: list[Unit], tables: Tables, resamples: Resamples, n: int) -> Floats:
    """Return the AUC in every resample, shape (1 + B,): pairs won over pairs compared, all units together.

    NaN where a resample compares none.
    """
    positive, negative = (
        np.flatnonzero(_ever(units, n, "positive")),
        np.flatnonzero(_ever(units, n, "negative")),
    )
    place = np.full((2, n), -1, dtype=np.intp)
    place[0, positive], place[1, negative] = np.arange(positive.size), np.arange(negative.size)
    left, right = resamples.subjects[:, positive], resamples.subjects[:, negative]
    top, bottom = np.zeros(len(left)), np.zeros(len(left))
    for draw in sorted({unit.draw for unit in units}):
        won = np.zeros((positive.size, negative.size))
        count = np.zeros_like(won)
        for unit, w, c in zip(units, *tables, strict=True):
            if unit.draw == draw:
                at = np.ix_(place[0, unit.positive], place[1, unit.negative])
                won[at] += w * c
                count[at] += c
        times = resamples.draws[:, draw]
        top += times * np.einsum("bj,bj->b", left @ won, right)
        bottom += times * np.einsum("bj,bj->b", left @ count, right)
    return np.asarray(np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan))


def _ever(units: list[Unit], n: int, which: str) -> NDArray[np.bool_]:
    """Return the subjects that are positive (or negative) in any unit."""
    found = np.zeros(n, dtype=np.bool_)
    for unit in units:
        found[getattr(unit, which)] = True
    return found
