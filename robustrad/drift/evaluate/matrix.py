"""Trained on one condition, tested on another: AUC of every pair of conditions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from robustrad.drift.evaluate.inputs import Cohort, Floats, Scored, mean_scores
from robustrad.drift.evaluate.pairs import Pairs, comparable_pairs, ratio, wins

PREFIX = "matrix:"
COLUMNS = ("model", "train", "test", "factor_train", "factor_test", "auc", "delta", "n")


def is_matrix(scored: Scored) -> bool:
    """Return whether this arm belongs to the matrix alone."""
    return scored.arm.name.startswith(PREFIX)


def matrix_table(arms: Sequence[Scored], cohort: Cohort) -> pd.DataFrame:
    """Return AUC of each training by each test condition.

    ``delta`` is AUC minus that of the model trained and tested on the reference, over the same subjects:
    along the diagonal what information is lost, off it what the mismatch costs on top.

    Parameters
    ----------
    arms : sequence of Scored
        One per training condition and model; those trained on the reference among them.
    """
    rows = []
    for model in dict.fromkeys(scored.arm.model for scored in arms):
        own = [scored for scored in arms if scored.arm.model == model]
        base = next((scored for scored in own if scored.arm.train == "reference"), None)
        for scored in own:
            rows += _trained_on(scored, base, cohort)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _trained_on(scored: Scored, base: Scored | None, cohort: Cohort) -> list[tuple[object, ...]]:
    table = cohort.conditions.reset_index(drop=True)
    factor = dict(zip(table["condition"], table["factor"], strict=True))
    known = np.isfinite(mean_scores(scored))
    origin = np.isfinite(mean_scores(base))[:, 0] if base is not None else known[:, 0]
    pairs = comparable_pairs(cohort.outcome, scored.folds)
    rows: list[tuple[object, ...]] = []
    for column, condition in enumerate(table["condition"]):
        present = known[:, column] & origin
        if not present.any():
            continue
        compared = pairs.among(present)
        auc = _auc(scored, pairs, compared, column)
        start = np.nan
        if base is not None:
            at_base = comparable_pairs(cohort.outcome, base.folds)
            start = _auc(base, at_base, at_base.among(present), 0)
        train = scored.arm.train
        rows.append((
            scored.arm.model, train, condition, factor.get(train, ""), factor[condition], auc, auc - start,
            int(present.sum()),
        ))  # fmt: skip
    return rows


def _auc(scored: Scored, pairs: Pairs, compared: Floats, column: int) -> float:
    won = wins(scored.scores[:, :, column], scored.folds, pairs) * (compared > 0)
    return float(ratio(np.asarray(won.sum()), np.asarray(compared.sum())))
