"""Each precondition fails where it should, and passes where it should."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from robustrad.harmonize.association import within_batch_auc
from robustrad.harmonize.check import FAIL, PASS, WARN, checks_table
from robustrad.harmonize.combat import ComBat
from robustrad.harmonize.confounding import class_count_check, prevalence_check
from robustrad.harmonize.diagnostics import preconditions
from robustrad.harmonize.errors import HarmonizationError

SITE = np.repeat(["A", "B"], 60)


def features(seed: int = 0, p: int = 40) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.normal(10, 1, size=(120, p))
    X[60:] = 1.5 * (X[60:] - 10) + 12
    return X


def verdicts(X: object, **arguments: object) -> dict[str, str]:
    return {check.check: check.verdict for check in preconditions(X, **{"batch": SITE, **arguments})}


def test_a_shift_and_a_factor_pass_everything() -> None:
    rng = np.random.default_rng(1)
    covariates = pd.DataFrame({"age": rng.normal(60, 10, 120), "sex": rng.choice(["f", "m"], 120)})
    checks = preconditions(features(), batch=SITE, covariates=covariates, outcome=np.tile([0, 1], 60))
    table = checks_table(checks)
    assert list(table["verdict"].unique()) == [PASS], table.to_string()
    assert table["value"].notna().all()
    assert (table["advice"] == "").all()


@pytest.mark.parametrize(("n", "verdict"), [(1, FAIL), (9, WARN), (19, WARN), (20, PASS)])
def test_rows_per_batch(n: int, verdict: str) -> None:
    rows = np.r_[0:60, 60 : 60 + n]
    found = {c.check: c for c in preconditions(features()[rows], batch=SITE[rows])}["n_per_batch"]
    assert (found.verdict, found.value) == (verdict, n)


def test_patients_per_batch_count_not_their_rows() -> None:
    lesions = np.r_[np.arange(60), np.full(60, 60)]  # all of B is one patient
    found = {c.check: c for c in preconditions(features(), batch=SITE, patients=lesions)}["n_per_batch"]
    assert (found.verdict, found.value) == (FAIL, 1)
    assert "1 patients in the smallest batch 'B'" in found.detail


def test_the_design_is_judged_by_rank_and_condition() -> None:
    rng = np.random.default_rng(0)
    age = rng.normal(size=120)
    assert verdicts(features(), covariates=pd.DataFrame({"a": age, "b": 2 * age}))["design"] == FAIL
    near = pd.DataFrame({"a": age, "b": age + 0.01 * rng.normal(size=120)})
    assert verdicts(features(), covariates=near)["design"] == WARN
    assert verdicts(features(), covariates=pd.DataFrame({"a": np.ones(120)}))["design"] == FAIL


def test_covariates_must_overlap() -> None:
    age = np.r_[np.linspace(20, 50, 60), np.linspace(45, 80, 60)]
    center = np.where(SITE == "A", "child", "adult")
    found = verdicts(features(), covariates=pd.DataFrame({"age": age, "kind": center}))
    assert found["covariate_overlap:age"] == WARN
    assert found["covariate_overlap:kind"] == FAIL
    apart = verdicts(features(), covariates=pd.DataFrame({"age": np.arange(120.0)}))
    assert apart["covariate_overlap:age"] == FAIL


def test_the_site_predicts_the_outcome() -> None:
    y = np.r_[np.arange(60) < 12, np.arange(60) < 36].astype(int)
    found = {c.check: c for c in preconditions(features(), batch=SITE, outcome=y)}["outcome_prevalence"]
    # 2 x 2 table 12/48, 36/24: chi2 = n (ad - bc)^2 / (row and column products) = 20, V = sqrt(20 / 120);
    # Bergsma takes 1 / (n - 1) from phi2 and from either side's 2 - 1
    assert found.verdict == WARN
    assert found.value == pytest.approx(np.sqrt((20 / 120 - 1 / 119) / (1 - 1 / 119)))
    assert f"V = {np.sqrt(20 / 120):.2f}" in found.detail
    assert "site itself predicts" in found.advice
    assert "20% (A) to 60% (B)" in found.detail
    confounded = {c.check: c for c in preconditions(features(), batch=SITE, outcome=SITE)}
    assert confounded["outcome_prevalence"].verdict == FAIL
    assert confounded["outcome_counts"].verdict == WARN


@pytest.mark.parametrize(("n", "sites", "most"), [(34, 2, 0.33), (100, 10, 0.45), (300, 4, 0.18)])
def test_an_outcome_independent_of_the_site_is_rarely_said_to_be_predicted(
    n: int, sites: int, most: float
) -> None:
    rng = np.random.default_rng(0)
    found = [
        prevalence_check(rng.integers(0, 2, n), rng.integers(0, sites, n).astype(str)) for _ in range(300)
    ]
    said = np.mean(["itself predicts" in check.advice for check in found])
    assert said <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
    assert np.mean([check.verdict == WARN for check in found]) <= most  # of the plain V: 58, 100, 40 %
    doubtful = [check for check in found if check.verdict == WARN and "itself" not in check.advice]
    assert all("which chance may explain" in check.advice for check in doubtful)


def test_the_text_on_few_of_a_class_agrees_with_the_pairs_there_are() -> None:
    y = np.r_[np.zeros(59, int), 1, np.arange(60) % 2]
    one = class_count_check(y, SITE)
    assert one.value == 1
    assert "at most 59, all rest on 1" in one.advice
    strata = np.unique(SITE, return_inverse=True)[1]
    assert within_batch_auc(y[:60], np.arange(60.0), strata[:60]).n_pairs == 59
    none = class_count_check(np.r_[np.zeros(60, int), np.arange(60) % 2], SITE)
    assert none.advice == "This batch adds no pair to the AUC within batches."


@pytest.mark.parametrize(
    ("outcome", "match"),
    [
        (np.zeros(120), "1 classes"),
        (np.arange(120) % 3, "3 classes"),
        (np.r_[np.nan, np.arange(119) % 2], "1 missing"),
        (np.zeros(7), "one value for each of 120 rows"),
    ],
)
def test_an_outcome_that_is_none_is_refused(outcome: np.ndarray, match: str) -> None:
    with pytest.raises(HarmonizationError, match=match):
        preconditions(features(), batch=SITE, outcome=outcome)


def test_shapes_must_be_equal_after_alignment() -> None:
    rng = np.random.default_rng(3)
    X = features()
    X[60:, :20] = 10 + rng.exponential(2, size=(60, 20)) ** 2
    found = {c.check: c for c in preconditions(X, batch=SITE)}["shape"]
    assert found.verdict == FAIL
    assert 0.3 < found.value <= 0.5


def test_isolated_features_are_counted() -> None:
    X = features()
    X[0, 0], X[:, 1] = np.nan, 5.0
    found = {c.check: c for c in preconditions(X, batch=SITE)}["isolated_features"]
    assert (found.verdict, found.value) == (WARN, 2)
    assert "1 not_finite" in found.detail


def paired(kind: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    volume = rng.normal(10, 1, 60)
    true = rng.normal(size=(60, 30)) + 0.3 * (volume - 10)[:, None]
    noise = 0.2 * rng.normal(size=(60, 30))
    other = {
        "shift and scale": 2.0 + 1.7 * true,
        "volume": 2.0 + true + 0.8 * (volume - 10)[:, None],
        "curved": true + 0.25 * true**2,
    }[kind] + noise
    return (
        np.vstack([true, other]),
        np.repeat(["ref", "soft"], 60),
        np.tile(np.arange(60), 2),
        np.tile(volume, 2),
    )


@pytest.mark.parametrize(
    ("kind", "with_volume", "expected"),
    [
        ("shift and scale", True, {PASS}),
        ("shift and scale", False, {PASS}),
        ("volume", True, {FAIL}),
        ("curved", False, {WARN, FAIL}),
    ],
)
def test_an_effect_that_depends_on_the_patient_is_found(
    kind: str, with_volume: bool, expected: set[str]
) -> None:
    X, batch, patients, volume = paired(kind)
    found = verdicts(
        X, batch=batch, patients=patients, reference="ref", log_volume=volume if with_volume else None
    )
    assert found["subject_dependence:soft"] in expected


def test_values_that_leave_their_range_are_counted() -> None:
    rng = np.random.default_rng(0)
    # A: volumes with a long tail. B: symmetric. One in six of B, mapped onto A, has a negative volume.
    X = np.vstack([rng.gamma(1.0, 1.0, size=(60, 10)), rng.normal(10.0, 1.0, size=(60, 10))])
    combat = ComBat(ref_batch="A")
    found = {c.check: c for c in preconditions(X, batch=SITE, combat=combat)}["physical_range"]
    after = combat.fit_transform(X, batch=SITE)
    assert 0.03 < found.value < 0.13
    assert found.value == pytest.approx((after < 0).mean())
    assert found.verdict == FAIL
    assert verdicts(features())["physical_range"] == PASS


def test_one_batch_is_refused() -> None:
    with pytest.raises(HarmonizationError, match="only one batch"):
        preconditions(features(), batch=np.full(120, "A"))


def test_values_that_batches_share_let_a_tree_read_the_batch() -> None:
    X = features()
    assert verdicts(X)["ties"] == PASS
    X[::4, 0] = 10.0  # a quarter of the rows, in both batches
    X[60::4, 1] = 10.0  # in one batch only: nothing to tell apart
    found = {check.check: check for check in preconditions(X, batch=SITE)}["ties"]
    assert (found.verdict, found.value) == (WARN, 1)
    after = ComBat().fit_transform(X, batch=SITE)
    shared = [set(np.round(after[site == SITE][X[site == SITE, 0] == 10.0, 0], 9)) for site in "AB"]
    assert shared[0].isdisjoint(shared[1])
