"""Which features a pipeline picks, and how much the picks agree over folds and over conditions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.drift.evaluate.inputs import Flags, Scored
from robustrad.drift.metrics.selection_stability import OK, SelectionStability, by_cluster, nogueira

COLUMNS = ("arm", "model", "train", "over", "level", "phi", "low", "high", "runs", "mean_selected", "status")


def stability_over_folds(scored: Scored, clusters: NDArray[np.int64]) -> pd.DataFrame:
    """Return Nogueira's measure over all fits of an arm, for features and for correlation clusters.

    Training sets of the folds overlap, so the limits, which take the fits for independent, are too narrow.
    """
    p = scored.selected.shape[-1]
    runs = scored.selected.reshape(-1, p).astype(np.float64)
    return _rows(scored, "folds", {name: nogueira(matrix) for name, matrix in _levels(runs, clusters)})


def stability_over_conditions(
    selected: Sequence[Flags], scored: Scored, clusters: NDArray[np.int64]
) -> pd.DataFrame:
    """Return the same over training conditions: one fold, different conditions; averaged over the folds.

    Parameters
    ----------
    selected : sequence of ndarray of bool, shape (r, n_folds, p)
        One per training condition, with the same folds.
    scored : Scored
        The arm that the rows are named after.
    clusters : ndarray of int, shape (p,)
        Correlation cluster of each feature.
    """
    stack = np.stack([np.asarray(each, dtype=np.float64) for each in selected])
    m, p = stack.shape[0], stack.shape[-1]
    folds = stack.reshape(m, -1, p)
    found = {}
    for level in ("feature", "cluster"):
        each = [nogueira(dict(_levels(folds[:, i], clusters))[level]) for i in range(folds.shape[1])]
        found[level] = _mean(each)
    return _rows(scored, "conditions", found, runs=m)


def selected_table(
    scored: Scored, features: Sequence[str], volume_rho: NDArray[np.float64], flags: Sequence[str]
) -> pd.DataFrame:
    """Return how often each feature that was ever selected is, most frequent first, and its tie to volume.

    Parameters
    ----------
    features : sequence of str, length p
    volume_rho : ndarray of shape (p,)
        Spearman correlation with the reference volume; NaN where not known.
    flags : sequence of str, length p
        ``FLAG``, ``NOTE`` or empty.
    """
    frequency = scored.selected.reshape(-1, len(features)).mean(axis=0)
    order = np.argsort(-frequency, kind="stable")
    order = order[frequency[order] > 0]
    return pd.DataFrame({
        "arm": scored.arm.name, "model": scored.arm.model, "train": scored.arm.train,
        "feature": [features[i] for i in order], "frequency": frequency[order],
        "spearman_volume": volume_rho[order], "flag": [flags[i] for i in order],
    })  # fmt: skip


def _levels(runs: NDArray[np.float64], clusters: NDArray[np.int64]) -> list[tuple[str, NDArray[np.float64]]]:
    return [("feature", runs), ("cluster", by_cluster(runs, clusters))]


def _mean(each: list[SelectionStability]) -> SelectionStability:
    """Return the mean over folds; limits are not given, for the folds share their patients."""
    defined = [one for one in each if one.status == OK]
    size = float(np.mean([one.mean_selected for one in each]))
    nan = float("nan")
    if not defined:
        return SelectionStability(nan, nan, nan, nan, size, each[0].status)
    return SelectionStability(float(np.mean([one.value for one in defined])), nan, nan, nan, size, OK)


def _rows(
    scored: Scored, over: str, found: dict[str, SelectionStability], runs: int | None = None
) -> pd.DataFrame:
    count = int(np.prod(scored.selected.shape[:-1])) if runs is None else runs
    key = (scored.arm.name, scored.arm.model, scored.arm.train, over)
    rows = [
        (*key, level, one.value, one.low, one.high, count, one.mean_selected, one.status)
        for level, one in found.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
