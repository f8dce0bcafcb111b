"""Inner folds: even in the classes and, with ComBat, in the batches, never in the classes of a batch."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from robustrad.core.identity import generator
from robustrad.drift.data import Codes
from robustrad.drift.folds import deal


def inner_folds(
    y: Codes, groups: Codes, *, n_splits: int, seed: int, batch: ArrayLike | None = None
) -> Codes:
    """Return the inner fold of each training row; patients are never split.

    With ``batch`` the patients of each batch are spread evenly too, so that ComBat finds as many of a batch
    as it can in every fold: it deals blocks of ``n_splits`` patients of one batch, one to each fold, the
    positive ones to the folds that have fewest. The blocks come in random order and their patients at random,
    whatever their class: folds that were even in every class of every batch would have the prevalence of
    each batch in common, and a model that knows nothing but the site would look good in them.

    Parameters
    ----------
    y : ndarray of int, shape (m,)
        0 or 1; any positive row makes a patient positive.
    groups : ndarray of int, shape (m,)
        Patient of each row.
    n_splits : int
        Folds.
    seed : int
        Of the fit.
    batch : array of shape (m,), optional
        Batch of each row, one per patient.
    """
    if batch is None:
        return deal(y, groups, n_splits=n_splits, seed=("inner", seed))
    patients, first, which = np.unique(groups, return_index=True, return_inverse=True)
    positive = np.zeros(patients.size, dtype=np.intp)
    np.maximum.at(positive, which, y)
    site = np.unique(np.asarray(batch), return_inverse=True)[1][first]
    rng = generator("inner", seed)
    blocks = []
    for number in range(int(site.max()) + 1):
        members = rng.permutation(np.flatnonzero(site == number))
        blocks += [members[i : i + n_splits] for i in range(0, members.size, n_splits)]
    fold = np.empty(patients.size, dtype=np.intp)
    people, events = np.zeros(n_splits, dtype=np.intp), np.zeros(n_splits, dtype=np.intp)
    for number in rng.permutation(len(blocks)):
        block = blocks[number]
        chosen = np.lexsort((rng.random(n_splits), people))[: block.size]
        fewest = chosen[np.lexsort((rng.random(block.size), events[chosen]))]
        first_positive = block[np.argsort(-positive[block], kind="stable")]
        fold[first_positive] = fewest
        people[fewest] += 1
        events[fewest] += positive[first_positive]
    return np.asarray(fold[which], dtype=np.intp)
