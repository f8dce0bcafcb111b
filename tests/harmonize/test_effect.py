"""The judge of harmonization: out of fold, against chance, and not fooled."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import cross_val_predict

from robustrad.harmonize.association import within_batch_auc
from robustrad.harmonize.combat import ComBat
from robustrad.harmonize.effect import _Arm, _batch_classifiers, harmonization_effect
from robustrad.harmonize.errors import HarmonizationError
from robustrad.harmonize.out_of_fold import Fold, grouped_folds, harmonized_folds

SITE = np.repeat(["A", "B", "C"], 50)


def sites(seed: int = 0, p: int = 25) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(150, p))
    for i, name in enumerate("ABC"):
        X[name == SITE] = X[name == SITE] * (1 + 0.5 * i) + rng.normal(0, 1.0, p)
    return X


def value(table: pd.DataFrame, measure: str, what: str, arm: str) -> float:
    row = table[(table["measure"] == measure) & (table["what"] == what) & (table["arm"] == arm)]
    assert len(row) == 1
    return float(row["value"].iloc[0])


@pytest.fixture(scope="module")
def judged() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    X = sites()
    y = (X[:, 0] + X[:, 1] > np.median(X[:, 0] + X[:, 1])) ^ (rng.random(150) < 0.1)
    return harmonization_effect(X, batch=SITE, combat=ComBat(), outcome=y.astype(int), n_splits=4)


def test_a_batch_effect_is_found_and_its_removal_too(judged: pd.DataFrame) -> None:
    for test in ("anderson_darling", "kruskal_wallis", "levene"):
        assert value(judged, "batch_effect", test, "raw") > 0.7
        assert value(judged, "batch_effect", test, "harmonized") < 0.1


def test_a_batch_classifier_falls_to_chance_but_not_below(judged: pd.DataFrame) -> None:
    for model in ("linear", "forest"):
        assert value(judged, "batch_classifier", model, "raw") > 0.6
        assert value(judged, "batch_classifier", model, "harmonized") == pytest.approx(1 / 3, abs=0.12)
    classifiers = judged[judged["measure"] == "batch_classifier"]
    assert (classifiers["expected"] == 1 / 3).all()
    assert set(classifiers.loc[classifiers["arm"] == "raw", "verdict"]) == {"above chance"}


def test_in_sample_judging_would_have_said_far_below_chance() -> None:
    # Why effect never looks at rows that ComBat was fitted on.
    in_sample = ComBat(eb=False).fit_transform(sites(), batch=SITE)
    called = cross_val_predict(LogisticRegression(max_iter=1000), in_sample, SITE, cv=4)
    assert balanced_accuracy_score(SITE, called) < 0.2


def test_association_and_ranks_are_told(judged: pd.DataFrame) -> None:
    assert value(judged, "outcome", "auc_within_batch", "harmonized") > 0.75
    assert value(judged, "outcome", "sign_flips", "raw") == 0.0
    assert 0.5 < value(judged, "rank", "against_raw", "harmonized") < 1.0
    assert judged["value"].notna().all()


def test_without_signal_and_with_confounding_no_arm_has_a_signal_within_batches() -> None:
    rng = np.random.default_rng(11)
    found = []
    for seed in range(15):
        y = (rng.random(150) < np.where(SITE == "A", 0.2, np.where(SITE == "B", 0.5, 0.8))).astype(int)
        found.append(
            harmonization_effect(
                sites(seed, p=8), batch=SITE, combat=ComBat(), outcome=y, n_splits=4, measures=("outcome",)
            )
        )
    both = pd.concat(found)
    mean = both[both["measure"] == "outcome"].groupby(["what", "arm"])["value"].mean()
    assert mean["auc_within_fold", "raw"] > 0.6  # the site is the predictor
    for arm in ("raw", "harmonized"):
        assert mean["auc_within_batch", arm] == pytest.approx(0.5, abs=0.05)


def test_patients_are_never_split_and_test_rows_never_fitted() -> None:
    rng = np.random.default_rng(0)
    patients = np.tile(np.arange(50), 3)
    fold = grouped_folds(SITE, None, patients, n_splits=5, seed=0)
    assert (pd.Series(fold).groupby(patients).nunique() == 1).all()
    X, changed = sites(), sites()
    changed[fold == 0] = 1e3 * rng.normal(size=changed[fold == 0].shape)
    first, second = (
        next(harmonized_folds(v, batch=SITE, covariates=None, y=None, combat=ComBat(), fold=fold))
        for v in (X, changed)
    )
    assert first.train_values.tobytes() == second.train_values.tobytes()


def test_paired_rows_are_compared_with_their_reference() -> None:
    rng = np.random.default_rng(2)
    true = rng.normal(size=(50, 10))
    X = np.vstack([true, 3 + 2 * true + 0.1 * rng.normal(size=(50, 10)), rng.normal(size=(50, 10))])
    patients = np.tile(np.arange(50), 3)
    table = harmonization_effect(
        X,
        batch=SITE,
        combat=ComBat(ref_batch="A"),
        patients=patients,
        reference="A",
        measures=("batch_effect", "paired", "rank"),
    )
    # B is 3 + 2 x the reference: three SDs of it away, four times its variance; ComBat removes both.
    assert value(table, "paired", "B_bias_sd", "raw") == pytest.approx(3.0, abs=0.5)
    assert value(table, "paired", "B_variance_ratio", "raw") == pytest.approx(4.0, abs=0.3)
    assert value(table, "paired", "B_bias_sd", "harmonized") < 0.15
    assert value(table, "paired", "B_variance_ratio", "harmonized") == pytest.approx(1.0, abs=0.2)
    assert value(table, "rank", "B_against_reference", "harmonized") > 0.95
    assert abs(value(table, "rank", "C_against_reference", "harmonized")) < 0.3
    noted = table.loc[table["measure"] == "batch_effect", "verdict"]
    assert noted.str.contains("not independent").all()


def test_rows_that_repeat_a_patient_do_not_make_a_batch_effect() -> None:
    # 12 patients of a batch with five rows each; rows counted as patients gave 54 % wrong verdicts. Calls out
    # of fold depend on each other, so that 5 to 14 % lie outside the limits instead of 5.
    verdicts = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        X = np.repeat(rng.normal(size=(24, 8)), 5, axis=0) + 0.3 * rng.normal(size=(120, 8))
        arm = _Arm("raw", _folds_of(X, seed), X)
        codes = np.repeat([0, 1], 60).astype(np.intp)
        rows = _batch_classifiers(arm, codes, np.repeat(np.arange(24), 5), seed, models=("linear",))
        assert rows[0][5] == 24
        verdicts.append(rows[0][6])
    wrong = np.mean([verdict != "at chance" for verdict in verdicts])
    assert wrong <= 0.14 + 3 * np.sqrt(0.14 * 0.86 / 60)


def _folds_of(X: np.ndarray, seed: int) -> list[Fold]:
    labels, patients = np.repeat(["A", "B"], 60), np.repeat(np.arange(24), 5)
    fold = grouped_folds(labels, None, patients, n_splits=5, seed=seed)
    return list(harmonized_folds(X, batch=labels, covariates=None, y=None, combat=None, fold=fold))


def test_too_few_patients_for_the_folds_are_named() -> None:
    batch = np.where(np.arange(150) < 3, "tiny", SITE)
    with pytest.raises(HarmonizationError, match="measures"):
        harmonization_effect(sites(), batch=SITE, combat=ComBat(), measures=("silhouette",))
    with pytest.raises(HarmonizationError, match="3 patients in batch 'tiny'"):
        harmonization_effect(sites(), batch=batch, combat=ComBat(min_batch_size=2))


def test_within_batch_auc_counts_only_pairs_of_a_batch() -> None:
    rng = np.random.default_rng(0)
    y, strata = rng.integers(0, 2, 90), np.repeat([0, 1, 2], 30)
    scores = rng.normal(size=90) + y
    found = within_batch_auc(y, scores, strata)
    pairs = [(y[strata == s] == 1).sum() * (y[strata == s] == 0).sum() for s in range(3)]
    each = [roc_auc_score(y[strata == s], scores[strata == s]) for s in range(3)]
    assert found.auc[0] == pytest.approx(np.average(each, weights=pairs))
    assert found.n_pairs == sum(pairs)
    shifted = within_batch_auc(y, scores + 100 * strata, strata)
    assert shifted.auc[0] == found.auc[0]
    assert np.isnan(within_batch_auc(strata[:60] // 1, scores[:60], strata[:60]).auc[0])
