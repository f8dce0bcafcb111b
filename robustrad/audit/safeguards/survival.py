"""Safeguards of a survival run: what volume, the batch, the clinic and chance would score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustrad.audit.safeguards.baselines import batch_design, clinical_design
from robustrad.audit.safeguards.cohort import EVENTS
from robustrad.audit.safeguards.models import CHANCE, permutation_row, surrogate_words
from robustrad.audit.safeguards.row import (
    FAIL,
    NOTE,
    PASS,
    WARN,
    Row,
    interval,
    only_with_signal,
    plain,
    rows_table,
    told,
)
from robustrad.audit.safeguards.volume import FLAG_AT, NOTE_AT, spearman_with
from robustrad.core.errors import EnvironmentUnusableError
from robustrad.drift.arms import ArmScores
from robustrad.drift.data import Codes, DriftData, Floats
from robustrad.drift.evaluate.bands import change_of
from robustrad.drift.evaluate.inputs import Settings
from robustrad.drift.evaluate.limits import area_of
from robustrad.drift.evaluate.pairs import mean_of
from robustrad.drift.permutation import Permuted
from robustrad.drift.survival.estimators import (
    choose_survival,
    fit_estimator,
    predicted_risk,
    require_survival,
)
from robustrad.drift.survival.folds import survival_folds
from robustrad.drift.survival.pairs import (
    change_of_index,
    harrell_comparisons,
    index_pairs,
    precision_of_index,
)
from robustrad.drift.survival.score_test import cox_score
from robustrad.drift.survival.times import Survival

_FOLDS, _REPEATS = 5, 5


class _Judged(NamedTuple):
    """A model's risks at the reference, shape (r, n), in the folds in which baselines are fitted."""

    name: str
    scores: Floats
    folds: Codes
    groups: Codes
    alpha: float


def survival_safeguards(
    arms: Sequence[ArmScores],
    data: DriftData,
    survival: Survival,
    permuted: Mapping[str, Permuted] | None = None,
    settings: Settings | None = None,
) -> pd.DataFrame:
    """Judge every arm trained on the reference, and every frozen one, by what it could owe to others.

    ``sample_size`` counts events. ``volume_only``: the C of volume in the same folds, its direction learned
    from the training patients; ``beats_volume``: the model's C minus that, with limits. The same for the
    batch and the clinical columns, by a Cox model of them (which needs scikit-survival). ``permutation``: the
    whole pipeline on permuted follow-up.

    Parameters
    ----------
    arms : sequence of ArmScores
    data : DriftData
    survival : Survival
        Of its subjects.
    permuted : mapping of model name to Permuted, optional
    settings : Settings, optional
        Seed, level.
    """
    settings = settings or Settings()
    rows = [_size(data, survival)]
    for scored in arms:
        if not (scored.frozen or scored.arm.name == "reference"):
            continue
        judged = _judged(scored, data, survival, settings)
        if judged is None:
            continue
        known = (permuted or {}).get(scored.arm.model)
        own: list[Row] = []
        if known is not None and not scored.frozen:
            own.append(permutation_row(judged.name, known, measure="C", shuffled="follow-up"))
        own += _volume(judged, data, survival)
        if data.batch is not None and np.unique(data.batch).size > 1:
            what = f"the batch label ({data.batch_name})"
            own += _cox_baseline(judged, survival, "batch", what, batch_design(data.batch))
        if len(data.clinical.columns):
            what = f"clinical columns ({', '.join(map(str, data.clinical.columns))})"
            own += _cox_baseline(judged, survival, "clinical", what, clinical_design(data.clinical))
        rows += only_with_signal(own)
    return rows_table(rows)


def _judged(scored: ArmScores, data: DriftData, survival: Survival, settings: Settings) -> _Judged | None:
    """Frozen risks get the folds that the baselines are fitted in."""
    name = scored.arm.model
    folds, scores = scored.folds, scored.scores[:, :, 0]
    if scored.frozen:
        splits = min(_FOLDS, int(np.unique(data.groups[survival.event]).size))
        if splits < 2:
            return None
        folds = survival_folds(survival, data, n_splits=splits, repeats=_REPEATS, seed=settings.seed)
        scores = np.repeat(scores, len(folds), axis=0)
    return _Judged(name, scores, folds, data.groups, settings.alpha)


def _size(data: DriftData, survival: Survival) -> Row:
    events, n = int(survival.event.sum()), survival.time.size
    text = f"{n} subjects of {data.n_patients} patients, {events} events, {len(data.features)} features."
    if events >= EVENTS:
        return plain("sample_size", survival.event_name, events, n=n, status=PASS, text=text)
    text += f" Fewer than {EVENTS} events leave wide intervals: absence of a difference shows nothing."
    return plain("sample_size", survival.event_name, events, n=n, status=WARN, text=text)


def _volume(judged: _Judged, data: DriftData, survival: Survival) -> list[Row]:
    if data.volume is None:
        text = "No volume feature: whether the model beats volume alone is not known."
        return [plain("volume_only", judged.name, float("nan"), n=0, status=WARN, text=text)]
    volume = data.volume
    risks = np.full(judged.folds.shape, np.nan)
    known = np.isfinite(volume)
    for repeat, fold in enumerate(judged.folds):
        for number in np.unique(fold[fold >= 0]):
            held, fitted = known & (fold == number), known & (fold != number)
            train = survival.take(fitted)
            if not train.event.any() or not held.any():
                continue
            direction = float(cox_score(volume[fitted][:, None], train.time, train.event)[0])
            risks[repeat, held] = volume[held] if direction >= 0 else -volume[held]
    rows = _compared(judged, survival, "volume", "volume alone", risks)
    rho = float(spearman_with(judged.scores.mean(axis=0)[:, None], volume)[0])
    status = WARN if abs(rho) >= FLAG_AT else NOTE if abs(rho) >= NOTE_AT else PASS
    text = f"{judged.name}: the risk's Spearman correlation with volume is {rho:.2f}."
    n = int(np.isfinite(judged.scores).all(axis=0).sum())
    if rows[1].status != PASS and rows[0].low > 0.5:
        told_as = f"{rows[1].text} Volume predicts survival: the model {surrogate_words(rho)}."
        rows[1] = rows[1]._replace(text=told_as)
    return [*rows, plain("score_volume", judged.name, rho, n=n, status=status, text=text)]


def _cox_baseline(judged: _Judged, survival: Survival, check: str, what: str, design: Floats) -> list[Row]:
    try:
        require_survival()
    except EnvironmentUnusableError:
        text = f"{judged.name} was not compared with {what}: scikit-survival is not installed."
        return [plain(f"{check}_only", judged.name, float("nan"), n=0, status=NOTE, text=text)]
    risks = np.full(judged.folds.shape, np.nan)
    usable = np.isfinite(design).all(axis=1)
    for repeat, fold in enumerate(judged.folds):
        for number in np.unique(fold[fold >= 0]):
            train, held = usable & (fold != number) & (fold >= 0), usable & (fold == number)
            y = survival.take(train)
            if not y.event.any() or not held.any():
                continue
            center, spread = design[train].mean(axis=0), design[train].std(axis=0)
            varies = spread > 0
            if not varies.any():
                risks[repeat, held] = 0.0
                continue
            scaled = (design[:, varies] - center[varies]) / spread[varies]
            model = fit_estimator(choose_survival("cox"), {"alpha": 1.0}, scaled[train], y, seed=0)
            risks[repeat, held] = predicted_risk(model, scaled[held])
    return _compared(judged, survival, check, what, risks)


def _compared(judged: _Judged, survival: Survival, check: str, what: str, risks: Floats) -> list[Row]:
    present = np.asarray(np.isfinite(judged.scores).all(axis=0) & np.isfinite(risks).all(axis=0))
    comparisons = harrell_comparisons(survival, judged.folds)
    pairs = index_pairs(comparisons.compared(present), comparisons)
    first, second = (comparisons.won(scores, present) for scores in (judged.scores, risks))
    model, baseline = (
        area_of(
            mean_of(won, pairs, present),
            precision_of_index(won, pairs, present, judged.groups),
            judged.alpha,
        )
        for won in (first, second)
    )
    gap = change_of(change_of_index(first - second, pairs, present, judged.groups), judged.alpha)
    n = int(present.sum())
    if np.isnan(gap.value):
        text = f"{judged.name} cannot be compared with {what}: no comparable subjects that both can rank."
        names = (f"{check}_only", f"beats_{check}")
        return [plain(name, judged.name, float("nan"), n=n, status=WARN, text=text) for name in names]
    facts = f"C {interval(model)} against {interval(baseline)}, difference {interval(gap, signed=True)}"
    above = gap.low > 0 and model.low > CHANCE
    status = PASS if above else FAIL if gap.high < 0 else WARN
    level = "does not beat" if gap.high < 0 else "is not shown to beat"
    verb = "beats" if above else level if gap.low <= 0 else "beats only what is below chance,"
    alone = f"The C of {what} is {interval(baseline)} in the same folds."
    return [
        told(f"{check}_only", judged.name, baseline, n=n, status=NOTE, text=alone),
        told(
            f"beats_{check}",
            judged.name,
            gap,
            n=n,
            status=status,
            text=f"{judged.name} {verb} {what}: {facts}.",
        ),
    ]
