"""Safeguards of one model: against volume, the batch, the clinic, and chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robustrad.audit.safeguards.baselines import (
    baseline_scores,
    batch_design,
    clinical_design,
    volume_design,
)
from robustrad.audit.safeguards.comparison import Common, Comparison, compare, fold_auc
from robustrad.audit.safeguards.pairs import pairs_within
from robustrad.audit.safeguards.row import FAIL, NOTE, PASS, WARN, Row, interval, plain, told
from robustrad.audit.safeguards.volume import FLAG_AT, NOTE_AT, spearman_with
from robustrad.drift.data import DriftData
from robustrad.drift.evaluate.inputs import Floats, Ints
from robustrad.drift.permutation import Permuted

LEVEL, CHANCE = 0.05, 0.5


@dataclass(frozen=True)
class Judged:
    """A model's scores at the reference, and in which folds it may be compared.

    Attributes
    ----------
    name : str
        For messages: arm and model.
    scores, folds : ndarray of shape (r, n)
    alpha : float
    """

    name: str
    scores: Floats
    folds: Ints
    alpha: float


def model_rows(judged: Judged, data: DriftData, permuted: Permuted | None) -> list[Row]:
    """Return every safeguard that the data allow, in the order permutation, volume, batch, clinic."""
    rows = [] if permuted is None else [permutation_row(judged.name, permuted)]
    if data.volume is None:
        text = "No volume feature: whether the model beats volume alone is not known."
        rows.append(plain("volume_only", judged.name, float("nan"), n=0, status=WARN, text=text))
    else:
        rows += _volume(judged, data, data.volume)
    if data.batch is not None and np.unique(data.batch).size > 1:
        name = f"the batch label ({data.batch_name})"
        rows += _baseline(judged, data, "batch", name, batch_design(data.batch))
        rows.append(_within_batch(judged, data, np.unique(data.batch, return_inverse=True)[1]))
    if len(data.clinical.columns):
        name = f"clinical columns ({', '.join(map(str, data.clinical.columns))})"
        rows += _baseline(judged, data, "clinical", name, clinical_design(data.clinical))
    return rows


def permutation_row(name: str, permuted: Permuted, *, measure: str = "AUC", shuffled: str = "labels") -> Row:
    """Return the verdict of the permutation of the whole pipeline.

    With fewer than 19 permutations p cannot fall to .05: that is no verdict, and said.
    """
    b = int(permuted.null.size)
    facts = (
        f"in one repeat of the folds, {measure} {permuted.auc:.2f}, median {np.median(permuted.null):.2f} "
        f"with permuted {shuffled} (within {permuted.within}), p = {permuted.p:.3g} of {b} permutations"
    )
    if permuted.arrangements * LEVEL < 1.0:
        status = WARN
        text = (
            f"{name}: {shuffled} can lie in {permuted.arrangements:.0f} ways only, since patients change "
            f"places with those of as many subjects (and the same batch): no permutation can tell. {facts}."
        )
    elif permuted.p <= LEVEL:
        status, text = PASS, f"{name}: {facts}."
    elif 1 / (1 + b) > LEVEL:
        fewest = round(1 / LEVEL) - 1
        status = WARN
        text = (
            f"{name}: too few permutations to judge whether there is a signal: {facts}. No p below "
            f"{1 / (1 + b):.2g} is possible with {b}; {fewest} are the fewest that can tell."
        )
    else:
        status = FAIL
        text = f"{name}: no signal is shown: {facts}. Nothing here should be read as radiomic performance."
    return plain("permutation", name, permuted.auc, n=b, status=status, text=text, p=permuted.p)


def surrogate_words(rho: float) -> str:
    """Return what a model is that is not shown to beat a volume that predicts, by its correlation with it."""
    return "is a surrogate of volume" if abs(rho) >= FLAG_AT else "may be a surrogate of volume"


def _volume(judged: Judged, data: DriftData, volume: Floats) -> list[Row]:
    scores = baseline_scores(volume_design(volume), data.outcome, judged.folds)
    found = _compare(judged, data, scores)
    rho = float(spearman_with(judged.scores.mean(axis=0)[:, None], volume)[0])
    rows = _rows(judged.name, "volume", "volume alone", found)
    status = WARN if abs(rho) >= FLAG_AT else NOTE if abs(rho) >= NOTE_AT else PASS
    text = f"{judged.name}: the score's Spearman correlation with volume is {rho:.2f}."
    follows = plain("score_volume", judged.name, rho, n=found.n, status=status, text=text)
    if rows[1].status != PASS and found.baseline.low > 0.5:
        text = f"{rows[1].text} Volume predicts the outcome: the model {surrogate_words(rho)}."
        rows[1] = rows[1]._replace(text=text)
    return [*rows, follows]


def _baseline(judged: Judged, data: DriftData, check: str, what: str, design: Floats) -> list[Row]:
    found = _compare(judged, data, baseline_scores(design, data.outcome, judged.folds))
    return _rows(judged.name, check, what, found)


def _compare(judged: Judged, data: DriftData, scores: Floats) -> Comparison:
    return compare(judged.scores, scores, _common(judged, data))


def _common(judged: Judged, data: DriftData) -> Common:
    return Common(data.outcome, data.groups, judged.folds, judged.alpha)


def _rows(name: str, check: str, what: str, found: Comparison) -> list[Row]:
    if found.n == 0 or np.isnan(found.difference.value):
        text = f"{name} cannot be compared with {what}: no subjects that both can score."
        return [
            plain(f"{step}", name, float("nan"), n=found.n, status=WARN, text=text)
            for step in (f"{check}_only", f"beats_{check}")
        ]
    alone = f"A model of {what} has AUC {interval(found.baseline)} in the same folds."
    facts = (
        f"AUC {interval(found.model)} against {interval(found.baseline)}, difference "
        f"{interval(found.difference, signed=True)}"
    )
    if found.difference.low > 0.0 and found.model.low > CHANCE:
        status, text = PASS, f"{name} beats {what}: {facts}."
    elif found.difference.low > 0.0:
        status = WARN
        text = f"{name} beats {what} only as far as {what} falls below chance: {facts}."
    else:
        below = found.difference.high < 0.0
        status = FAIL if below else WARN
        text = f"{name} {'does not beat' if below else 'is not shown to beat'} {what}: {facts}."
    first = told(f"{check}_only", name, found.baseline, n=found.n, status=NOTE, text=alone)
    return [first, told(f"beats_{check}", name, found.difference, n=found.n, status=status, text=text)]


def _within_batch(judged: Judged, data: DriftData, codes: Ints) -> Row:
    present = np.asarray(np.isfinite(judged.scores).all(axis=0))
    found = fold_auc(judged.scores, _common(judged, data), codes)
    n = int(present.sum())
    if np.isnan(found.value):
        text = f"{judged.name}: no batch holds both classes within a fold; AUC within batches is not defined."
        return told("auc_within_batch", judged.name, found, n=n, status=WARN, text=text)
    rest_on = pairs_within(data.outcome, judged.folds, codes, present)
    text = f"{judged.name}: AUC {interval(found)} among patients of one {data.batch_name} ({rest_on})."
    if found.low > 0.5:
        return told("auc_within_batch", judged.name, found, n=n, status=PASS, text=text)
    text += " Within a batch the model is not shown to separate the classes."
    return told("auc_within_batch", judged.name, found, n=n, status=WARN, text=text)
