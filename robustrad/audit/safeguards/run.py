"""All safeguards of a drift run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustrad.audit.safeguards.cohort import cohort_rows
from robustrad.audit.safeguards.models import Judged, model_rows
from robustrad.audit.safeguards.row import NOTE, PASS, WARN, Row, only_with_signal, plain, rows_table
from robustrad.audit.safeguards.volume import FLAG, partial_spearman, spearman_with, volume_flags
from robustrad.audit.safeguards.volume import NOTE as VOLUME_NOTE
from robustrad.drift.arms import ArmScores
from robustrad.drift.data import DriftData
from robustrad.drift.evaluate.inputs import Settings
from robustrad.drift.evaluate.matrix import is_matrix
from robustrad.drift.evaluate.selection import selected_table
from robustrad.drift.folds import class_patients, outer_folds
from robustrad.drift.permutation import Permuted

OFTEN = 0.5  # a feature that at least half of the fits select belongs to the signature


class Safeguards(NamedTuple):
    """``safeguards.csv`` and ``selected.csv``."""

    table: pd.DataFrame
    selected: pd.DataFrame


def run_safeguards(
    arms: Sequence[ArmScores],
    data: DriftData,
    permuted: Mapping[str, Permuted] | None = None,
    settings: Settings | None = None,
) -> Safeguards:
    """Judge every arm trained on the reference, and every frozen one, by what it could owe to others.

    Parameters
    ----------
    arms : sequence of ArmScores
        Those called ``reference`` and the frozen ones are judged; selection is told of all that have one.
    data : DriftData
    permuted : mapping of model name to Permuted, optional
        :func:`robustrad.drift.permutation.permuted_auc` of each model.
    settings : Settings, optional
        Seed, level.
    """
    settings = settings or Settings()
    rows = cohort_rows(data)
    selected = []
    for scored in arms:
        if is_matrix(scored) or scored.arm.train == "same":
            continue
        table = _selected(scored, data)
        selected.append(table)
        if not (scored.frozen or scored.arm.name == "reference"):
            continue
        name = (
            scored.arm.model if scored.arm.name == "reference" else f"{scored.arm.name} ({scored.arm.model})"
        )
        judged = _judged(name, scored, data, settings)
        if judged is not None:
            rows += only_with_signal(model_rows(judged, data, (permuted or {}).get(scored.arm.model)))
        if data.volume is not None and len(table):
            rows.append(_signature(name, table))
    return Safeguards(
        rows_table(rows), pd.concat(selected, ignore_index=True) if selected else pd.DataFrame()
    )


def _judged(name: str, scored: ArmScores, data: DriftData, settings: Settings) -> Judged | None:
    """Return the scores at the reference; frozen ones get the folds that the baselines are fitted in."""
    folds, scores = scored.folds, scored.scores[:, :, 0]
    if scored.frozen:
        splits = min(5, class_patients(data.outcome, data.groups))
        if splits < 2:
            return None
        folds = outer_folds(data, n_splits=splits, repeats=5, seed=settings.seed)
        scores = np.repeat(scores, len(folds), axis=0)
    return Judged(name, scores, folds, settings.alpha)


def _selected(scored: ArmScores, data: DriftData) -> pd.DataFrame:
    p = len(data.features)
    if data.volume is None:
        return selected_table(scored, data.features, np.full(p, np.nan), [""] * p)
    rho = spearman_with(data.reference, data.volume)
    table = selected_table(scored, data.features, rho, volume_flags(rho))
    partial = partial_spearman(data.reference, data.outcome, data.volume)
    place = pd.Index(data.features).get_indexer(pd.Index(table["feature"]))
    return table.assign(partial_spearman=partial.rho[place], partial_p=partial.p[place])


def _signature(name: str, table: pd.DataFrame) -> Row:
    """Return how many of the features selected in at least half of the fits are volume by another name."""
    often = table[table["frequency"] >= OFTEN]
    which = "selected in at least half of the fits" if len(often) else "ever selected"
    chosen = often if len(often) else table
    flagged, noted = int((chosen["flag"] == FLAG).sum()), int((chosen["flag"] == VOLUME_NOTE).sum())
    text = (
        f"{name}: of {len(chosen)} features {which}, {flagged} correlate with volume at |rho| >= .9 and "
        f"{noted} more at |rho| >= .7."
    )
    status = WARN if flagged else NOTE if noted else PASS
    return plain("selected_volume", name, flagged / len(chosen), n=len(chosen), status=status, text=text)
