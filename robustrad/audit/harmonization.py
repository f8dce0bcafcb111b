"""May ComBat be used in this run, what did it leave out, and what did it achieve out of fold?

``harmonization.csv`` of every run with ``--combat``. Preconditions are judged on all subjects at the
reference (nothing there is a result about new patients), the effect out of fold only.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.audit.runs import HowARun
from robustrad.core.errors import DataError
from robustrad.drift.arms import ArmScores
from robustrad.drift.data import DriftData, Floats
from robustrad.drift.evaluate.sentences import Sentence
from robustrad.drift.experiment import Fits
from robustrad.drift.models.spec import ModelSpec
from robustrad.harmonize.check import FAIL, PASS, WARN
from robustrad.harmonize.combat import ComBat
from robustrad.harmonize.diagnostics import preconditions
from robustrad.harmonize.effect import harmonization_effect
from robustrad.harmonize.errors import HarmonizationWarning
from robustrad.harmonize.isolation import isolate

PRECONDITION, ISOLATED, EFFECT = "precondition", "isolated", "effect"
NOTE = "NOTE"
FILE = "harmonization.csv"
LEFT = 0.05  # share of features that may still differ, as among p-values without any effect
FEWEST_FOLDS = 2
_NAMED = 3
_TOLD_ELSEWHERE = ("isolated_features", "outcome_prevalence", "outcome_counts")
_TESTS = {"anderson_darling": "distribution", "kruskal_wallis": "location", "levene": "scale"}
_REASONS = {
    "constant": "constant",
    "constant_in_batch": "constant within a batch",
    "not_finite": "not finite",
    "extreme": "too large or too small to compute with",
    "explained_by_design": "explained by the batches",
}


class Row(NamedTuple):
    """One line of ``harmonization.csv``.

    Attributes
    ----------
    part : str
        ``precondition``, ``isolated`` (a feature), ``effect``.
    check : str
        Which precondition, feature or measure.
    arm : str
        Of an effect: ``raw`` or ``harmonized``.
    value, expected : float
        The number, and what no batch effect, or no loss, would give; NaN where there is none.
    n : float
        Subjects, patients, pairs, features or fits that it rests on.
    status : str
        ``PASS``, ``NOTE`` (a number without a verdict), ``WARN``, ``FAIL``.
    text : str
        In words.
    """

    part: str
    check: str
    arm: str
    value: float
    expected: float
    n: float
    status: str
    text: str


def harmonization_of(
    data: DriftData, fits: Sequence[Fits], settings: HowARun, *, outcome: bool = True
) -> pd.DataFrame | None:
    """Return what is known of ComBat, where a model was fitted with it; see :func:`judge_harmonization`."""
    spec = next((spec for spec in settings.models if spec.combat), None)
    if spec is None or not any(one.trained for one in fits):
        return None
    run = settings.run
    return judge_harmonization(data, spec, fits, outcome=outcome, folds=run.folds, seed=run.seed)


def judge_harmonization(
    data: DriftData, spec: ModelSpec, fits: Sequence[Fits], *, outcome: bool = True, folds: int, seed: int
) -> pd.DataFrame:
    """Return ``harmonization.csv``.

    Parameters
    ----------
    data : DriftData
        With a batch.
    spec : ModelSpec
        A model with ComBat.
    fits : sequence of Fits
        Whose features ComBat could not harmonize.
    outcome : bool
        Whether the outcome has two values: adds its association with batch and features.
    folds, seed : int
        Of the effect; fewer folds where a batch has fewer patients.
    """
    combat = ComBat(**dict(spec.combat_settings))
    y = data.outcome if outcome else None
    X = pd.DataFrame(data.reference, columns=list(data.features))
    rows = [*_preconditions(X, data, combat, y), *_isolated(data.features, fits, kept=spec.keep_isolated)]
    rows += _effect(_entering(X, data, spec), data, combat, y, folds=folds, seed=seed)
    return pd.DataFrame(rows, columns=list(Row._fields))


def harmonization_sentences(table: pd.DataFrame, *, file: str = FILE) -> list[Sentence]:
    """Return what the reader must know of harmonization: its FAILs and WARNs.

    Not those that are told elsewhere: the isolated features are a warning of the run
    (:func:`isolated_warnings`), what the batch knows of the outcome is a safeguard.
    """
    bad = table[table["status"].isin([FAIL, WARN]) & (table["part"] != ISOLATED)]
    return [
        Sentence(f"harmonization:{row['check']}", f"ComBat: {row['text']}", f"{file}#{int(str(i)) + 1}")
        for i, row in bad[~bad["check"].isin(_TOLD_ELSEWHERE)].iterrows()
    ]


def isolated_warnings(table: pd.DataFrame, *, file: str = FILE) -> list[str]:
    """Return the features that ComBat could not harmonize, by name, as one sentence; none where none."""
    rows = table[table["part"] == ISOLATED]
    if rows.empty:
        return []
    named = [f"{row['check']} ({str(row['text']).rstrip('.')})" for _, row in rows.head(_NAMED).iterrows()]
    more = f", {len(rows) - _NAMED} more ({file})" if len(rows) > _NAMED else ""
    noun = "feature" if len(rows) == 1 else "features"
    return [f"ComBat could not harmonize {len(rows)} {noun}: {', '.join(named)}{more}."]


def _preconditions(X: pd.DataFrame, data: DriftData, combat: ComBat, y: NDArray[np.intp] | None) -> list[Row]:
    checks = preconditions(X, batch=data.batch, outcome=y, combat=combat, patients=data.groups)
    return [
        Row(
            PRECONDITION, check.check, "", check.value, np.nan, len(X), check.verdict,
            _sentence(check.detail) if check.check == "isolated_features"
            else f"{_sentence(check.detail)} {check.advice}".strip(),
        )
        for check in checks
    ]  # fmt: skip


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _isolated(features: Sequence[str], fits: Sequence[Fits], *, kept: bool) -> list[Row]:
    """Return a row per feature that any fit could not harmonize, the most frequent first."""
    arms: Iterable[ArmScores] = (arm for one in fits for arm in one.trained)
    found = [one for arm in arms for one in arm.isolated]
    counts: dict[int, int] = {}
    reasons: dict[int, set[str]] = {}
    for one in found:
        for column, why in one.items():
            counts[column] = counts.get(column, 0) + 1
            reasons.setdefault(column, set()).add(_REASONS.get(why, why))
    where = "in the model as it is" if kept else "not in the model"
    return [
        Row(
            ISOLATED, features[column], "", counts[column] / len(found), 0.0, len(found), WARN,
            f"{' or '.join(sorted(reasons[column]))} in {counts[column]} of {len(found)} fits, {where}.",
        )
        for column in sorted(counts, key=lambda column: (-counts[column], column))
    ]  # fmt: skip


def _entering(X: pd.DataFrame, data: DriftData, spec: ModelSpec) -> pd.DataFrame:
    """Return the features that a model after ComBat can hold."""
    if spec.keep_isolated:
        return X
    values: Floats = X.to_numpy()
    batches, codes = np.unique(np.asarray(data.batch), return_inverse=True)
    none = np.zeros((len(X), 0))
    return X.drop(
        columns=X.columns[list(isolate(values, codes, none, n_batches=batches.size, reference=None))]
    )


def _effect(
    X: pd.DataFrame, data: DriftData, combat: ComBat, y: NDArray[np.intp] | None, *, folds: int, seed: int
) -> list[Row]:
    in_batch = pd.Series(data.groups).groupby(np.asarray(data.batch)).nunique()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HarmonizationWarning)  # isolated features have rows of their own
            found = harmonization_effect(
                X, batch=data.batch, combat=combat, outcome=y, patients=data.groups,
                n_splits=max(FEWEST_FOLDS, min(folds, int(in_batch.min()))), seed=seed,
            )  # fmt: skip
    except DataError as error:
        text = f"The effect of ComBat cannot be judged out of fold: {error}"
        return [Row(EFFECT, "out_of_fold", "", np.nan, np.nan, len(X), WARN, text)]
    rows = []
    for row in found.to_dict("records"):
        status, text = _judged(row)
        check = f"{row['measure']}:{row['what']}"
        rows.append(Row(EFFECT, check, row["arm"], row["value"], row["expected"], row["n"], status, text))
    return rows


def _judged(row: dict[Any, Any]) -> tuple[str, str]:
    """Return status and text of a measure of the effect; only after ComBat there is something to warn of."""
    measure, what, value, verdict = row["measure"], row["what"], float(row["value"]), str(row["verdict"])
    after = row["arm"] == "harmonized"
    if measure == "batch_effect":
        text = (
            f"{value:.0%} of {row['n']} features differ between the batches in {_TESTS[what]}, {_arm(after)}."
        )
        return (_verdict(value <= LEFT) if after else NOTE), f"{text} {verdict}".strip()
    if measure == "batch_classifier":
        text = (
            f"A {what} classifier finds the batch with balanced accuracy {value:.2f} (chance "
            f"{row['expected']:.2f}, {verdict}), {_arm(after)}, {row['n']} patients."
        )
        return (_verdict(verdict == "at chance") if after else NOTE), text
    texts = {
        "auc_within_batch": f"AUC {value:.2f} over {row['n']} pairs of a batch and fold",
        "auc_within_fold": f"AUC {value:.2f} over {row['n']} pairs of a fold",
        "feature_median": f"median |AUC - .5| {value:.2f} of {row['n']} features",
        "sign_flips": f"{value:.0%} of {row['n']} features turn the sign of their association",
        "against_raw": f"median Spearman correlation {value:.2f} with the raw values",
    }
    return NOTE, f"{texts.get(what, f'{what}: {value:.2f}')}, {_arm(after)}. {verdict}".strip()


def _verdict(good: bool) -> str:
    return PASS if good else WARN


def _arm(after: bool) -> str:
    return "after ComBat, out of fold" if after else "raw"
