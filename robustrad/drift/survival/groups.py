"""Risk groups at the frozen cut-off: who changes between them, and their Kaplan-Meier curves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from robustrad.drift.arms import ArmScores
from robustrad.drift.data import Codes
from robustrad.drift.evaluate.inputs import calls
from robustrad.drift.evaluate.levels import Level
from robustrad.drift.evaluate.predictions import Row, flip_columns
from robustrad.drift.survival.kaplan_meier import kaplan_meier, log_rank
from robustrad.drift.survival.times import Flags, Survival

HIGH, LOW = "high", "low"
CURVE_COLUMNS = (
    "group", "time", "at_risk", "events", "censored", "survival", "survival_low", "survival_high",
)  # fmt: skip


def group_columns(scored: ArmScores, survival: Survival, level: Level, *, alpha: float) -> Row:
    """Return the sizes of the groups, who changes, and the log-rank test between them.

    A subject's group is that of most repeats (half: high). Flips are counted per draw and averaged, their
    rate with Wilson's interval; the test is between the groups of most repeats and draws.
    """
    before = _high(scored, level, np.zeros(1, dtype=np.intp))
    called = calls(scored, scored.scores[:, :, level.columns])[:, level.present]
    each = np.asarray(called.mean(axis=0) >= 0.5)  # (n, draws)
    up, down = (each & ~before[:, None]).sum(axis=0), (before[:, None] & ~each).sum(axis=0)
    here = survival.take(level.present)
    group = _high(scored, level, level.columns)
    test = log_rank(here.time, here.event, group)
    return {
        "n_high": int(group.sum()),
        **flip_columns(up, down, level.n, alpha=alpha),
        "logrank_chi2": test.chi2,
        "logrank_p": test.p,
    }


def group_curves(scored: ArmScores, survival: Survival, level: Level, *, alpha: float) -> pd.DataFrame:
    """Return the curves of both groups at a level: columns :data:`CURVE_COLUMNS`, a row per distinct time."""
    here, high = survival.take(level.present), _high(scored, level, level.columns)
    parts = [pd.DataFrame(columns=list(CURVE_COLUMNS))]
    for name, group in ((HIGH, high), (LOW, ~high)):
        if group.any():
            curve = kaplan_meier(here.time[group], here.event[group], alpha=alpha)
            columns = dict(zip(CURVE_COLUMNS, (name, *curve), strict=True))
            parts.append(pd.DataFrame(columns))
    return pd.concat(parts[1:] or parts, ignore_index=True)


def _high(scored: ArmScores, level: Level, columns: Codes) -> Flags:
    """Who is at high risk in most repeats and draws (half: yes), among those present."""
    called = calls(scored, scored.scores[:, :, columns])[:, level.present]
    return np.asarray(called.mean(axis=(0, 2)) >= 0.5)
