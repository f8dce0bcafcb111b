"""Models without radiomics: fitted in the folds, compared on the same patients."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from robustrad.audit.safeguards.baselines import (
    baseline_scores,
    batch_design,
    clinical_design,
    volume_design,
)
from robustrad.audit.safeguards.comparison import Common, compare


def dealt(n: int, repeats: int = 2, splits: int = 4) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.stack([rng.permutation(np.arange(n) % splits) for _ in range(repeats)])


def test_scores_are_those_of_scikit_learn_fitted_on_the_other_folds() -> None:
    rng = np.random.default_rng(1)
    y, x = np.arange(40) % 2, rng.normal(size=(40, 2)) * [1.0, 50.0]
    folds = dealt(40)
    found = baseline_scores(x, y, folds)
    train, test = folds[1] != 2, folds[1] == 2
    scaled = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
    model = LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(scaled[train], y[train])
    np.testing.assert_allclose(found[1, test], model.predict_proba(scaled[test])[:, 1], atol=1e-6)


def test_a_test_patient_never_touches_the_fit() -> None:
    rng = np.random.default_rng(2)
    y, x, folds = np.arange(40) % 2, rng.normal(size=(40, 1)), dealt(40, repeats=1)
    before = baseline_scores(x, y, folds)
    test = np.flatnonzero(folds[0] == 0)
    changed, other = x.copy(), y.copy()
    changed[test[0]] += 100.0
    other[test[0]] = 1 - other[test[0]]
    after = baseline_scores(changed, other, folds)
    assert before[0, test[1:]].tobytes() == after[0, test[1:]].tobytes()


def test_designs() -> None:
    np.testing.assert_allclose(volume_design(np.array([np.e, 0.0, np.nan]))[:, 0], [1.0, np.nan, np.nan])
    assert batch_design(np.array(["b", "a", "b"])).tolist() == [[0, 1], [1, 0], [0, 1]]
    clinical = pd.DataFrame({"age": [50, 60, np.nan], "sex": ["f", None, "m"], "smoker": [True, False, True]})
    design = clinical_design(clinical)
    assert np.isfinite(design).all(axis=1).tolist() == [True, False, False]
    assert design[0, 0] == 50.0
    assert clinical_design(pd.DataFrame(index=range(3))).shape == (3, 0)


def test_a_comparison_is_paired_and_leaves_out_who_misses_either() -> None:
    rng = np.random.default_rng(3)
    y, folds = np.arange(60) % 2, np.zeros((1, 60), dtype=int)
    good, bad = (rng.normal(size=60) + 2.0 * y)[None], rng.normal(size=60)[None]
    bad[0, :4] = np.nan
    found = compare(good, bad, Common(y, np.arange(60), folds))
    assert found.n == 56
    assert found.model.value == pytest.approx(roc_auc_score(y[4:], good[0, 4:]))
    assert found.difference.value == pytest.approx(found.model.value - found.baseline.value)
    assert found.difference.low > 0
    same = compare(good, good, Common(y, np.arange(60), folds)).difference
    assert tuple(same) == (0.0, 0.0, 0.0)
