"""Virtual sites: each patient is seen under one condition only, as if scanned at one of several sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustrad.core.identity import generator
from robustrad.drift.data import Codes, DriftData
from robustrad.drift.remedies.base import NotApplicableError
from robustrad.drift.sites.places import Place, factors_of
from robustrad.stability.observations import REFERENCE

MOST_SITES = 4
PATIENTS_PER_SITE = 10
"""Smallest site among the training patients of a fold; combat.enigma's smallest batch."""


@dataclass(frozen=True)
class Assignment:
    """Who is where.

    Attributes
    ----------
    labels : tuple of str
        Sites; the reference first, where there is one.
    factors : tuple of str
        What the sites differ by from the reference; empty for real batches.
    site : ndarray of int, shape (n,)
        Position in ``labels``; -1 for a subject that is missing at its site.
    column : ndarray of int, shape (n,)
        Condition at which the subject is seen.
    outcome : ndarray of int, shape (n,)
        Outcome that goes with it: the true one, or a permuted one.
    virtual : bool
        The subjects are known at the reference too.
    """

    labels: tuple[str, ...]
    factors: tuple[str, ...]
    site: Codes
    column: Codes
    outcome: Codes
    virtual: bool

    @property
    def names(self) -> NDArray[np.str_]:
        """Label of each subject's site."""
        return np.array(self.labels)[self.site]


def number_of_sites(n_patients: int, places: tuple[Place, ...], *, n_splits: int) -> int:
    """Return how many sites these patients can fill: at most 4, with 10 training patients in each.

    Where there are several factors, any one of them can be left out of an assignment.

    Raises
    ------
    NotApplicableError
        If fewer than two can be.
    """
    room = int(n_patients * (1 - 1 / n_splits)) // PATIENTS_PER_SITE
    levels = [sum(place.factor == factor for place in places) for factor in factors_of(places)]
    sites = min(MOST_SITES, 1 + len(places) - (max(levels) if len(levels) > 1 else 0), room)
    if not places:
        raise NotApplicableError(
            "virtual sites", "one condition only", "a perturbed condition, or a batch column"
        )
    if sites < 2:
        raise NotApplicableError(
            "virtual sites", f"{n_patients} patients", f"{2 * PATIENTS_PER_SITE} to train on"
        )
    return sites


def assign(
    data: DriftData,
    places: tuple[Place, ...],
    *,
    n_sites: int,
    number: int,
    kappa: float = 0.0,
    permute: bool = False,
    seed: int = 0,
) -> Assignment:
    """Return assignment ``number``: which levels are sites, and which patient is where.

    The reference is always a site; the others are levels drawn anew for each assignment, of different
    factors as far as there are any. All subjects of a patient go to one site, in equal shares of either
    class (``kappa`` = 0). With ``kappa`` the share of positives rises and that of negatives falls linearly
    over the sites, by (1 + kappa) to (1 - kappa): site predicts the outcome. Everything depends on
    (seed, number) alone: all remedies see the same assignments.

    Parameters
    ----------
    data : DriftData
        Subjects.
    places : tuple of Place
        Levels to draw sites from.
    n_sites : int
        Sites, the reference included.
    number : int
        Which assignment.
    kappa : float
        Confounding, 0 <= kappa < 1.
    permute : bool
        Permute the outcomes of the patients first: no feature predicts them.
    seed : int
        Of the run.
    """
    rng = generator("virtual sites", seed, number)
    y = permuted(data.outcome, data.groups, rng) if permute else data.outcome
    chosen = _draw(places, n_sites - 1, rng)
    where = _deal(y, data.groups, n_sites, kappa, rng)
    column = np.zeros(y.size, dtype=np.intp)
    for site, place in enumerate(chosen, start=1):
        at = np.flatnonzero(where == site)
        column[at] = place.columns[rng.integers(place.columns.size, size=at.size)]
    there = data.present[np.arange(y.size), column]
    return Assignment(
        (REFERENCE, *(place.label for place in chosen)),
        tuple(dict.fromkeys(place.factor for place in chosen)),
        np.where(there, where, -1),
        column,
        y,
        virtual=True,
    )


def real_sites(data: DriftData, *, number: int = 0, permute: bool = False, seed: int = 0) -> Assignment:
    """Return the real batches as sites, at the reference condition."""
    if data.batch is None:
        raise NotApplicableError("sites", "no batch column", "--batch COLUMN")
    labels, site = np.unique(data.batch, return_inverse=True)
    if labels.size < 2:
        raise NotApplicableError("sites", f"one site only ({labels[0]})", "two or more")
    rng = generator("real sites", seed, number)
    y = permuted(data.outcome, data.groups, rng) if permute else data.outcome
    n = len(data.subjects)
    zero = np.zeros(n, dtype=np.intp)
    return Assignment(tuple(labels.tolist()), (), site.astype(np.intp), zero, y, virtual=False)


def permuted(y: Codes, groups: Codes, rng: np.random.Generator) -> Codes:
    """Return outcomes dealt anew; patients with equally many subjects exchange theirs whole."""
    out = y.copy()
    patients, size = np.unique(groups, return_counts=True)
    for count in np.unique(size):
        members = patients[size == count]
        rows = np.stack([np.flatnonzero(groups == patient) for patient in members])
        out[rows] = y[rows[rng.permutation(members.size)]]
    return out


def _draw(places: tuple[Place, ...], n: int, rng: np.random.Generator) -> list[Place]:
    """Draw n levels, of as many factors as possible, but leave one factor out where there are several.

    The factor left out is what a remedy that learns from perturbations may learn from in the unseen scope.
    """
    factors = factors_of(places)
    left_out = factors[int(rng.integers(len(factors)))] if len(factors) > 1 else None
    shuffled = [places[i] for i in rng.permutation(len(places)) if places[i].factor != left_out]
    seen: dict[str, int] = {}
    rounds = []
    for place in shuffled:
        rounds.append(seen.get(place.factor, 0))
        seen[place.factor] = rounds[-1] + 1
    order = sorted(range(len(shuffled)), key=lambda i: rounds[i])
    return [shuffled[i] for i in order[:n]]


def _deal(y: Codes, groups: Codes, n_sites: int, kappa: float, rng: np.random.Generator) -> Codes:
    patients, which = np.unique(groups, return_inverse=True)
    positive = np.zeros(patients.size, dtype=np.intp)
    np.maximum.at(positive, which, y)
    slope = np.linspace(-1.0, 1.0, n_sites) * kappa
    site = np.empty(patients.size, dtype=np.intp)
    spare = rng.permutation(n_sites)  # who gets the remainder first
    for label, share in ((0, 1.0 - slope), (1, 1.0 + slope)):
        members = rng.permutation(np.flatnonzero(positive == label))
        counts = _apportion(members.size, share / share.sum(), spare if label else spare[::-1])
        site[members] = np.repeat(np.arange(n_sites), counts)
    return site[which]


def _apportion(n: int, share: NDArray[np.float64], order: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return whole numbers that sum to n, by largest remainder; ``order`` breaks ties."""
    exact = n * share
    counts = np.floor(exact).astype(np.intp)
    left = np.round(exact - counts, 9)[order]
    counts[order[np.argsort(-left, kind="stable")[: n - int(counts.sum())]]] += 1
    return counts
