"""Are the batches large enough for ComBat in every fold? Asked before anything is fitted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from robustrad.core.errors import DataError
from robustrad.drift.crossval import fold_seed
from robustrad.drift.data import Codes, DriftData
from robustrad.drift.folds import inner_splits
from robustrad.drift.models.inner import inner_folds
from robustrad.drift.models.spec import ModelSpec
from robustrad.harmonize.combat import ComBat

InnerSplits = Callable[[Codes, Codes, int], int]


def check_batch_sizes(
    data: DriftData,
    labels: Codes,
    folds: Codes,
    spec: ModelSpec,
    *,
    seed: int,
    splits: InnerSplits = inner_splits,
) -> None:
    """Make sure that every batch has rows enough wherever ComBat will be fitted.

    Looks at the folds themselves, outer and inner. Those of the permutation test are others, of the same
    kind, and any size is accepted there (:func:`robustrad.drift.models.spec.of_any_size`).

    Parameters
    ----------
    data : DriftData
        With a batch.
    labels : ndarray of int, shape (n,)
        What the folds are stratified by.
    folds : ndarray of int, shape (r, n)
        Outer folds.
    spec : ModelSpec
        Model with ``combat``.
    seed : int
        Of the run.
    splits : callable
        Gives the number of inner folds from classes, patients and the number wanted.

    Raises
    ------
    DataError
        Naming every batch at fault, its patients, and what is left of it.
    """
    assert data.batch is not None
    batches, codes = np.unique(data.batch, return_inverse=True)
    settings = ComBat(**dict(spec.combat_settings)).get_params()
    floor = max(int(settings["min_batch_size"]), 1 if settings["mean_only"] else 2)
    present = data.present
    outer, inner = np.full((2, batches.size), len(labels))
    for repeat, fold in enumerate(folds):
        for number in range(int(folds.max()) + 1):
            for there in present.T:
                rows = np.flatnonzero((fold != number) & there)
                outer = np.minimum(outer, np.bincount(codes[rows], minlength=batches.size))
            rows = np.flatnonzero((fold != number) & present[:, 0])
            seeded = fold_seed(seed, repeat, number)
            inner = np.minimum(
                inner,
                _inner(labels, data.groups, codes, rows, wanted=spec.inner_folds, seed=seeded, splits=splits),
            )
    small = np.flatnonzero(np.minimum(outer, inner) < floor)
    if small.size:
        patients = [int(np.unique(data.groups[codes == batch]).size) for batch in small]
        told = [
            _words(str(batches[batch]), n, int(outer[batch]), int(inner[batch]), floor)
            for batch, n in zip(small, patients, strict=True)
        ]
        least = int(np.minimum(outer, inner).min())
        easier = f" --min-batch {least} would accept them, with less reliable estimates." if least > 1 else ""
        raise DataError(
            f"batch {data.batch_name!r}",
            f"too few subjects for ComBat in {'; '.join(told)}",
            f"at least {floor} of each batch wherever ComBat is fitted",
            f"Join these batches or drop them.{easier}",
        )


def _inner(
    labels: Codes, groups: Codes, codes: Codes, rows: Codes, *, wanted: int, seed: int, splits: InnerSplits
) -> Codes:
    """Return the fewest rows of each batch in an inner training fold; without inner folds, the rows."""
    n_batches = int(codes.max()) + 1
    y, own, batch = labels[rows], groups[rows], codes[rows]
    whole = np.bincount(batch, minlength=n_batches)
    n_splits = splits(y, own, wanted)
    if n_splits < 2:
        return whole
    fold = inner_folds(y, own, n_splits=n_splits, seed=seed, batch=batch)
    held = [np.bincount(batch[fold == number], minlength=n_batches) for number in range(n_splits)]
    return np.asarray(whole - np.max(held, axis=0))


def _words(name: str, patients: int, outer: int, inner: int, floor: int) -> str:
    if outer < floor:
        left = f"{outer} left in a training fold"
    else:
        left = f"{outer} left in a training fold, {inner} in an inner fold"
    return f"{name!r} ({patients} patient{'s' * (patients != 1)}, {left})"
