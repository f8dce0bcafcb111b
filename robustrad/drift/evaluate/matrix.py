"""Trained on one condition, tested on another: AUC of every pair of conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustrad.drift.evaluate.inputs import Cohort, Flags, Floats, Scored, mean_scores
from robustrad.drift.evaluate.pairs import Pairs, comparable_pairs, mean_of, wins
from robustrad.stability.observations import REFERENCE

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
    rows: list[tuple[object, ...]] = []
    for model in dict.fromkeys(scored.arm.model for scored in arms):
        own = [scored for scored in arms if scored.arm.model == model]
        first = next((scored for scored in own if scored.arm.train == REFERENCE), None)
        base = None if first is None else _Base.of(first, cohort)
        for scored in own:
            rows += _trained_on(scored, base, cohort)
    return pd.DataFrame(rows, columns=list(COLUMNS))


class _Base(NamedTuple):
    """The model trained and tested on the reference."""

    known: Flags
    pairs: Pairs
    won: Floats

    @classmethod
    def of(cls, scored: Scored, cohort: Cohort) -> _Base:
        pairs = comparable_pairs(cohort.outcome, scored.folds)
        known = np.asarray(np.isfinite(mean_scores(scored)[:, 0]))
        return cls(known, pairs, wins(scored.scores[:, :, 0], scored.folds, pairs))


def _trained_on(scored: Scored, base: _Base | None, cohort: Cohort) -> list[tuple[object, ...]]:
    table = cohort.conditions.reset_index(drop=True)
    factor = dict(zip(table["condition"], table["factor"], strict=True))
    known, train = np.isfinite(mean_scores(scored)), scored.arm.train
    pairs = comparable_pairs(cohort.outcome, scored.folds)
    rows: list[tuple[object, ...]] = []
    for column, condition in enumerate(table["condition"]):
        present = known[:, column] if base is None else known[:, column] & base.known
        if not present.any():
            continue
        auc = mean_of(wins(scored.scores[:, :, column], scored.folds, pairs), pairs, present)
        start = np.nan if base is None else mean_of(base.won, base.pairs, present)
        rows.append((
            scored.arm.model, train, condition, factor.get(train, ""), factor[condition], auc, auc - start,
            int(present.sum()),
        ))  # fmt: skip
    return rows
