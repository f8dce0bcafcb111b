"""What a level does to the predictions themselves: error, calibration, decisions, agreement of the score."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.stats import binomtest

from robustrad.drift.evaluate.inputs import Cohort, Floats, Ints, Scored, are_probabilities, calls
from robustrad.drift.evaluate.levels import Level
from robustrad.drift.metrics.calibration import (
    OK,
    brier,
    calibration_in_the_large,
    calibration_line,
    scaled_brier,
)
from robustrad.drift.metrics.threshold import wilson
from robustrad.stability.anova import mean_squares
from robustrad.stability.bootstrap import bootstrap_limits
from robustrad.stability.fixed import fixed_limits
from robustrad.stability.icc import icc_arrays
from robustrad.stability.status import CLASSIFIABLE, INSUFFICIENT, INVARIANT

NOT_PROBABILITY = "not_probability"

Row = dict[str, object]


def calibration_columns(scored: Scored, cohort: Cohort, level: Level) -> Row:
    """Return Brier score, its change, scaled Brier, calibration in the large and slope.

    Each is computed per repeat and draw and averaged. Scores outside [0, 1] have none of these.
    """
    if not are_probabilities([scored]):
        return {"slope_status": NOT_PROBABILITY}
    y = cohort.outcome[level.present]
    here, reference = (
        _columns(scored, level, level.columns),
        _columns(scored, level, np.zeros(1, dtype=np.intp)),
    )
    error, start = brier(y, here), brier(y, reference)
    line = calibration_line(y, here)
    fitted = line.status == OK
    others = line.status[~fitted]
    return {
        "brier": error.mean(),
        "brier_delta": (error.reshape(start.size, -1) - start[:, None]).mean(),
        "scaled_brier": scaled_brier(y, here).mean(),
        "citl": calibration_in_the_large(y, here).mean(),
        "slope": line.slope[fitted].mean() if fitted.any() else np.nan,
        "slope_status": str(others[0]) if others.size else OK,
    }


def decision_columns(scored: Scored, cohort: Cohort, level: Level, *, alpha: float) -> Row:
    """Return accuracy at the reference's thresholds, and the patients whose class changes.

    Accuracy is averaged over repeats and draws. A subject's class is what most repeats call it (half: yes);
    flips are counted per draw and averaged, their rate with Wilson's interval. McNemar's exact p over several
    draws is twice their mean, at most 1, which holds however the draws depend on each other.
    """
    y = cohort.outcome[level.present] == 1
    called = calls(scored, scored.scores[:, :, level.columns])[:, level.present]
    sensitivity = called[:, y].mean() if y.any() else np.nan
    specificity = 1.0 - called[:, ~y].mean() if not y.all() else np.nan
    before = _majority(calls(scored, scored.scores[:, :, :1])[:, level.present])
    after = _majority(called)
    up, down = (after & ~before).sum(axis=0), (before & ~after).sum(axis=0)
    return {
        "balanced_accuracy": (sensitivity + specificity) / 2.0,
        "sensitivity": sensitivity,
        "specificity": specificity,
        **flip_columns(up, down, level.n, alpha=alpha),
        "mcnemar_p": _mcnemar(up, down),
    }


def flip_columns(up: Ints, down: Ints, n: int, *, alpha: float) -> Row:
    """Return how many of ``n`` subjects change class: a mean over the draws, its rate with Wilson's interval.

    Parameters
    ----------
    up, down : ndarray of int, shape (draws,)
        Subjects that change to the positive class (to high risk), and from it.
    n : int
        Subjects.
    alpha : float
        One minus the coverage of the interval.
    """
    changed = float((up + down).mean())
    low, high = wilson(changed, n, confidence=1.0 - alpha)
    return {
        "flips": changed,
        "flip_rate": changed / n,
        "flip_low": low,
        "flip_high": high,
        "flips_up": float(up.mean()),
        "flips_down": float(down.mean()),
    }


def agreement_columns(scores: Floats, cohort: Cohort, level: Level, *, alpha: float, seed: int) -> Row:
    """Return how well the score of this level agrees with the reference's.

    ICC(A,1) of the reference and the level, per draw and averaged: the generalized interval of named levels
    for one draw, a bootstrap over patients with their draws together for several. ICC(1,1) is over the draws
    of the level, the reference not among them; a level of one draw has none.

    Parameters
    ----------
    scores : ndarray of shape (n, k)
        Averaged over the repeats.
    """
    here = scores[level.present][:, level.columns]
    reference = scores[level.present][:, :1]
    difference = here - reference
    bias, spread = float(difference.mean()), float(difference.std(axis=0, ddof=1).mean())
    row: Row = {
        "mean_abs_dp": float(np.abs(difference).mean()),
        "score_bias": bias,
        "score_loa_low": bias - 1.96 * spread,
        "score_loa_high": bias + 1.96 * spread,
    }
    patients = cohort.groups[level.present]
    row |= _agreement(np.stack([np.broadcast_to(reference, here.shape), here], axis=1), patients, alpha, seed)
    if level.columns.size > 1 and not level.is_reference:
        repeats = icc_arrays(here[:, :, None], alpha=alpha, one_way=True)
        row |= {f"score_icc_1_1{part}": float(repeats[f"icc_1_1{part}"][0]) for part in ("", "_low", "_high")}
    return row


def _agreement(pair: Floats, patients: Ints, alpha: float, seed: int) -> Row:
    """ICC(A,1) of (n, 2, d): reference and level for each draw."""
    found = icc_arrays(pair, alpha=alpha)
    statuses = [str(status) for status in found["status"]]
    usable = [i for i, status in enumerate(statuses) if status in {*CLASSIFIABLE, INVARIANT}]
    if len(usable) < len(statuses):
        worst = next((s for s in statuses if s not in {*CLASSIFIABLE, INVARIANT}), INSUFFICIENT)
        return {"score_icc_status": worst}
    if set(statuses) == {INVARIANT}:
        low = high = 1.0
    elif len(statuses) == 1:
        limits = fixed_limits(mean_squares(pair), alpha=alpha)
        low, high = float(limits.low[0]), float(limits.high[0])
    else:
        boot = bootstrap_limits(pair[:, :, :, None], patients, alpha=alpha, seed=seed).icc_a_1
        low, high = float(boot.low[0]), float(boot.high[0])
    return {
        "score_icc_a_1": float(found["icc_a_1"].mean()),
        "score_icc_a_1_low": low,
        "score_icc_a_1_high": high,
        "score_icc_status": statuses[0] if len(set(statuses)) == 1 else OK,
    }


def _columns(scored: Scored, level: Level, columns: Ints) -> Floats:
    """Return the scores of repeats and draws as columns, shape (n_present, r * d)."""
    values = scored.scores[:, level.present][:, :, columns]
    return np.asarray(np.moveaxis(values, 1, 0).reshape(level.n, -1))


def _majority(called: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(called.mean(axis=0) >= 0.5)


def _mcnemar(up: Ints, down: Ints) -> float:
    each = [
        float(binomtest(int(u), int(u + d)).pvalue) if u + d else 1.0 for u, d in zip(up, down, strict=True)
    ]
    return each[0] if len(each) == 1 else min(1.0, 2.0 * float(np.mean(each)))


def filled(row: Mapping[str, object], columns: tuple[str, ...]) -> Row:
    """Return ``row`` with NaN in the columns it lacks."""
    return {name: row.get(name, np.nan) for name in columns}
