"""Did harmonization work? Judged on patients that it was not fitted on, against the raw values.

In sample the answer is always yes, and wrong: there a batch classifier scores far below chance (balanced
accuracy .07 where chance is .33), because the batch means of the very same rows were removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, spearmanr
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from robustrad.core.extremes import extreme_columns
from robustrad.harmonize.association import within_batch_auc
from robustrad.harmonize.assumptions import share_significant
from robustrad.harmonize.calibration import read_patients
from robustrad.harmonize.combat import ComBat
from robustrad.harmonize.confounding import read_outcome
from robustrad.harmonize.errors import HarmonizationError
from robustrad.harmonize.estimation import Codes, Floats
from robustrad.harmonize.inputs import read_batch, read_level
from robustrad.harmonize.isolation import constant_columns
from robustrad.harmonize.out_of_fold import Fold, grouped_folds, harmonized_folds
from robustrad.harmonize.paired import level_pairs, paired_effect
from robustrad.harmonize.rank_statistics import anderson_darling, brown_forsythe, kruskal_wallis

MEASURES = ("batch_effect", "paired", "batch_classifier", "outcome", "rank")
MIN_PAIRS = 5
COLUMNS = ["measure", "what", "arm", "value", "expected", "n", "verdict"]


class Classifier(Protocol):
    """What effect needs of a classifier."""

    def fit(self, X: Floats, y: Any) -> Any: ...
    def predict(self, X: Floats) -> Any: ...


@dataclass(frozen=True)
class _Arm:
    """Raw or harmonized: the folds, and every row's value from the fold that left it out."""

    name: str
    folds: list[Fold]
    values: Floats


def harmonization_effect(
    X: Any,
    *,
    batch: Any,
    combat: ComBat,
    covariates: Any = None,
    outcome: Any = None,
    patients: Any = None,
    reference: str | int | None = None,
    measures: tuple[str, ...] = MEASURES,
    n_splits: int = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Judge ComBat out of fold, grouped by patient, beside the raw values.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n, p)
        Features; those that are not finite, extreme or constant are left out of ``n``, which counts the rest.
    batch, covariates
        As for :class:`~robustrad.harmonize.combat.ComBat`.
    combat : ComBat
        Cloned and fitted on the training rows of each fold.
    outcome : sequence of length n, optional
        Two classes; adds what is retained of the association with it.
    patients : sequence of length n, optional
        Patient of each row; each row its own by default.
    reference : str or int, optional
        For paired data: batch whose ranking of the same patients should be preserved.
    measures : tuple of str
        Which of the following to judge by; the forests of ``batch_classifier`` take most of the time.
    n_splits, seed : int
        Of the folds.

    Returns
    -------
    DataFrame
        One row per ``measure``, ``what`` and ``arm`` (``raw``, ``harmonized``): ``value``, ``expected``
        (what no batch effect, or no loss, would give; NaN if that has no number), ``n`` and ``verdict``.

        ``batch_effect``: share of features with p < .05 after Benjamini-Hochberg by Anderson-Darling (any
        difference), Kruskal-Wallis (location), Levene about the median (scale). With several rows of a
        patient these tests take them for independent: the verdict says so, and for paired data
        ``paired`` is the measure to read: per batch, the median over features of the mean difference to the
        same patients at the reference in its SDs (expected 0), and of the ratio of variances
        (expected 1).
        ``batch_classifier``: balanced accuracy, linear and forest, ComBat refitted in each fold. A patient
        counts once in a batch, with the share of the rows that are called right, and ``n`` are patients:
        chance is judged by their number, not that of the rows (of linear classifiers without any effect 5
        to 14 % are called off chance, since calls out of fold depend on each other). ``below chance`` is an
        artefact, not a success: ComBat on 12 to 24 patients per batch without an effect ends there in 18
        to 24 % of data sets.
        ``outcome``: AUC of a logistic model, over pairs within a batch (and fold), and over pairs within a
        fold; the median over features of AUC less .5, without its sign; the share of features
        whose sign flipped.
        ``rank``: median Spearman correlation with the raw values, and with the same patients' reference.

    Raises
    ------
    HarmonizationError
        If a batch has fewer patients than folds, ``reference`` is no batch, or ComBat cannot be fitted.
    """
    unknown = sorted(set(measures) - set(MEASURES))
    if unknown:
        raise HarmonizationError("effect, measures", f"{unknown}", f"some of {MEASURES}")
    labels = read_batch(batch, X if isinstance(X, pd.DataFrame) else np.asarray(X), where="effect")
    codes = np.unique(labels, return_inverse=True)[1]
    people = np.arange(len(labels)) if patients is None else read_patients(patients, labels, where="effect")
    y = None if outcome is None else read_outcome(outcome, len(labels))
    fold = grouped_folds(labels, y, people, n_splits=n_splits, seed=seed)
    raw = np.asarray(X, dtype=np.float64)
    usable = np.isfinite(raw).all(axis=0) & ~extreme_columns(raw)
    usable &= ~constant_columns(np.where(usable, raw, 0.0))
    arms = []
    for name, remedy in (("raw", None), ("harmonized", combat)):
        folds = harmonized_folds(X, batch=batch, covariates=covariates, y=y, combat=remedy, fold=fold)
        arms.append(_arm(name, folds, usable))
    repeated = len(np.unique(people)) < len(people)
    base = None if reference is None else read_level(reference, labels, where="effect")
    rows: list[tuple[Any, ...]] = []
    for arm in arms:
        if "batch_effect" in measures:
            rows += _batch_effect(arm, codes, repeated=repeated)
        if "batch_classifier" in measures:
            rows += _batch_classifiers(arm, codes, people, seed)
        if "outcome" in measures and y is not None:
            rows += _outcome(arm, arms[0], y, codes, fold)
        if "paired" in measures and base is not None:
            rows += _paired(arm, labels, people, base)
        if "rank" in measures:
            rows += _ranks(arm, arms[0], labels, people, base)
    return pd.DataFrame(rows, columns=COLUMNS)


def _arm(name: str, made: Iterable[Fold], usable: NDArray[np.bool_]) -> _Arm:
    folds = [Fold(f.train, f.test, f.train_values[:, usable], f.test_values[:, usable]) for f in made]
    values = np.empty((sum(part.test.size for part in folds), int(usable.sum())))
    for part in folds:
        values[part.test] = part.test_values
    return _Arm(name, folds, values)


def _batch_effect(arm: _Arm, codes: Codes, *, repeated: bool) -> list[tuple[Any, ...]]:
    tests = {"anderson_darling": anderson_darling, "kruskal_wallis": kruskal_wallis, "levene": brown_forsythe}
    note = "rows of a patient are not independent" if repeated else ""
    n = arm.values.shape[1]
    return [
        ("batch_effect", name, arm.name, share_significant(test(arm.values, codes)), 0.0, n, note)
        for name, test in tests.items()
    ]


def _paired(
    arm: _Arm, labels: NDArray[np.str_], people: NDArray[Any], reference: str
) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for level, first, second in level_pairs(labels, people, reference, at_least=MIN_PAIRS):
        found = paired_effect(arm.values[first], arm.values[second])
        bias, ratio = float(np.nanmedian(found.bias_sd)), float(np.nanmedian(found.variance_ratio))
        rows.append(("paired", f"{level}_bias_sd", arm.name, bias, 0.0, first.size, ""))
        rows.append(("paired", f"{level}_variance_ratio", arm.name, ratio, 1.0, first.size, ""))
    return rows


def _batch_classifiers(
    arm: _Arm,
    codes: Codes,
    people: NDArray[Any],
    seed: int,
    *,
    models: tuple[str, ...] = ("linear", "forest"),
) -> list[tuple[Any, ...]]:
    known: dict[str, Classifier] = {
        "linear": make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)),
        "forest": RandomForestClassifier(n_estimators=100, min_samples_leaf=2, random_state=seed),
    }
    # A patient counts once in a batch: rows that repeat each other are called alike.
    shares = pd.DataFrame({"batch": codes, "patient": people})
    sizes = shares.groupby("batch")["patient"].nunique().to_numpy()
    chance = 1.0 / sizes.size
    # SD of balanced accuracy when each patient is called at random.
    sd = float(np.sqrt((chance * (1 - chance) / sizes).sum())) / sizes.size
    half = float(norm.isf(0.025)) * sd
    rows: list[tuple[Any, ...]] = []
    for name in models:
        called = np.empty_like(codes)
        for part in arm.folds:
            called[part.test] = (
                clone(known[name]).fit(part.train_values, codes[part.train]).predict(part.test_values)
            )
        of_patient = shares.assign(hit=called == codes).groupby(["batch", "patient"])["hit"].mean()
        accuracy = float(of_patient.groupby("batch").mean().mean())
        verdict = "at chance"
        if abs(accuracy - chance) > half:
            verdict = "above chance" if accuracy > chance else "below chance (artefact)"
        rows.append(("batch_classifier", name, arm.name, accuracy, chance, int(sizes.sum()), verdict))
    return rows


def _outcome(arm: _Arm, raw: _Arm, y: Codes, codes: Codes, fold: Codes) -> list[tuple[Any, ...]]:
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    scores = np.empty(len(y))
    for part in arm.folds:
        fitted = clone(model).fit(part.train_values, y[part.train])
        scores[part.test] = fitted.decision_function(part.test_values)
    within = within_batch_auc(y, scores, fold * (codes.max() + 1) + codes)
    pooled = within_batch_auc(y, scores, fold)
    single = within_batch_auc(y, arm.values, fold).auc - 0.5
    before = within_batch_auc(y, raw.values, fold).auc - 0.5
    p = arm.values.shape[1]
    note = "" if within.n_pairs else "no batch holds both classes within a fold"
    return [
        ("outcome", "auc_within_batch", arm.name, float(within.auc[0]), np.nan, within.n_pairs, note),
        ("outcome", "auc_within_fold", arm.name, float(pooled.auc[0]), np.nan, pooled.n_pairs, ""),
        ("outcome", "feature_median", arm.name, float(np.median(np.abs(single))), np.nan, p, ""),
        ("outcome", "sign_flips", arm.name, float((single * before < 0).mean()), 0.0, p, ""),
    ]


def _ranks(
    arm: _Arm, raw: _Arm, labels: NDArray[np.str_], people: NDArray[Any], reference: str | None
) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    if arm is not raw:
        rows.append(
            ("rank", "against_raw", arm.name, _median_spearman(raw.values, arm.values), 1.0, len(labels), "")
        )
    if reference is None:
        return rows
    for pair in level_pairs(labels, people, reference, at_least=MIN_PAIRS):
        rho = _median_spearman(raw.values[pair.reference], arm.values[pair.other])
        n = pair.reference.size
        rows.append(("rank", f"{pair.level}_against_reference", arm.name, rho, 1.0, n, ""))
    return rows


def _median_spearman(a: Floats, b: Floats) -> float:
    return float(np.median([spearmanr(a[:, j], b[:, j]).statistic for j in range(a.shape[1])]))
