"""E4 with control images: what a model scores on features whose voxels were shuffled.

Trained and tested on the control condition itself. What is left then is volume and shape; with volume taken
out it should be chance.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from robustrad.drift.data import Floats, reference_conditions
from robustrad.drift.evaluate.limits import area_estimate
from robustrad.drift.remedies.nothing import Nothing
from robustrad.drift.remedies.volume import VolumeAdjustment
from robustrad.drift.sites.bench import Bench
from robustrad.drift.sites.bootstrap import Resamples, Tables
from robustrad.drift.sites.compare import ALPHA, Comparison
from robustrad.drift.sites.paired import run_paired
from robustrad.drift.sites.pairs import compared, plain
from robustrad.drift.sites.results import UNSEEN, Result, Variant
from robustrad.drift.sites.rows import Row, blank, status_of

EXPERIMENT = "E4 shuffled"
CONTROL = "control"
REPEATS = 2


def control_columns(bench: Bench) -> NDArray[np.intp]:
    """Return the conditions that are controls."""
    return np.flatnonzero((bench.data.conditions["role"] == CONTROL).to_numpy())


def shuffled_rows(bench: Bench, weights: Floats, *, seed: int) -> list[Row]:
    """Return a row for the model as it is and one with volume taken out; none without control conditions.

    Parameters
    ----------
    bench : Bench
        Data and folds; two repeats are used.
    weights : ndarray of shape (B, n)
        Bootstrap of the patients.
    seed : int
        Of the run.
    """
    columns = control_columns(bench)
    if not columns.size:
        return []
    variants = [Variant(remedy, UNSEEN) for remedy in (Nothing(), VolumeAdjustment())]
    repeats = range(min(REPEATS, len(bench.folds)))
    results = [
        [run_paired(at, variants, repeat) for repeat in repeats]
        for at in (_alone(bench, int(column)) for column in columns)
    ]
    resamples = Resamples.make(weights, len(repeats), resample_draws=False, seed=seed)
    return [
        _row(bench, variant, [[each[i] for each in level] for level in results], resamples)
        for i, variant in enumerate(variants)
    ]


def _alone(bench: Bench, column: int) -> Bench:
    """The control condition in the place of the reference, and nothing else."""
    data = bench.data
    volume = None if bench.volume is None else bench.volume[:, column]
    values = np.ascontiguousarray(data.values[:, [column]])
    alone = replace(data, values=values, conditions=reference_conditions(), volume=volume)
    return Bench(alone, bench.folds, bench.spec, bench.seed, bench.survival)


def _row(bench: Bench, variant: Variant, levels: list[list[Result]], resamples: Resamples) -> Row:
    y = bench.data.outcome
    status, fits, failed = status_of([result.status for level in levels for result in level])
    row = blank(EXPERIMENT, variant.remedy.name, UNSEEN, status) | {"fits": fits, "fits_failed": failed}
    if failed == fits:
        return row
    units = [unit for r in range(len(levels[0])) for unit in bench.endpoint.units(r, bench.folds[r])]
    won, count = [], []
    for unit in units:
        scores = [level[unit.draw].scores[:, 0] for level in levels]
        pairs = [compared(score, unit) for score in scores]
        total = np.sum(pairs, axis=0)
        wins = np.sum([plain(s, unit) * c for s, c in zip(scores, pairs, strict=True)], axis=0)
        won.append(wins / np.maximum(total, 1.0))
        count.append(total)
    found = area_estimate(Comparison(units, resamples, y.size).samples(Tables(won, count)), ALPHA)
    tested = np.isfinite(levels[0][0].scores[:, 0])
    return row | {
        "metric": "auc_control",
        "auc_after": found.value,
        "auc_after_low": found.low,
        "auc_after_high": found.high,
        "recovery_status": "no texture to recover",
        "n": int(tested.sum()),
        "n_positive": int(y[tested].sum()),
        "assignments": len(levels),
    }
