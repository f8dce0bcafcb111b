from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robustrad.drift.remedies.base import Copies, NotApplicableError, Rows, Training
from robustrad.drift.remedies.filtering import lower_limits
from robustrad.drift.remedies.moments import SiteSamples
from robustrad.drift.remedies.registry import find
from robustrad.stability.icc import icc

N, P = 30, 8


@pytest.fixture
def training() -> Training:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, P))
    values = np.repeat(X[:, None], 4, axis=1)
    values[:, :2, :4] += 0.3 * rng.normal(size=(N, 2, 4))
    values[:, 2:, 4:6] += 3.0 * rng.normal(size=(N, 2, 2))
    own = np.arange(N) < 20
    copies = Copies(X, values, ("a", "a", "b", "b"), ("a=1", "a=2", "b=1", "b=2"), (0, 0, 0, 0), own,
                    np.full((N, 4), 50.0))  # fmt: skip
    volume = np.exp(rng.normal(3, 1, N))
    label = np.where(own, "reference", "x=1")
    samples = SiteSamples(
        {"reference": X[:20], "x=1": X[20:] * 3 + 2}, frozenset(), {"reference": 20, "x=1": 10}
    )
    rows = Rows(np.where(own[:, None], X, X * 3 + 2), label, volume)
    return Training(
        rows, np.arange(N) % 2, np.arange(N), np.ones(N), np.ones(P, dtype=bool), copies, samples, 0
    )


def test_z_score_gives_every_site_mean_0_and_sd_1(training: Training) -> None:
    out = find("zscore").fit(training).transform(training.rows)
    for label in ("reference", "x=1"):
        part = out.X[out.batch == label]
        np.testing.assert_allclose(part.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(part.std(axis=0, ddof=1), 1, rtol=1e-12)


def test_augmentation_weights_a_patients_rows_to_one_and_takes_the_home_sites_copies(
    training: Training,
) -> None:
    more = find("augmentation").fit(training).training(training)
    total = np.bincount(more.groups, weights=more.weights)
    np.testing.assert_allclose(total, 1)
    counts = np.bincount(more.groups)
    assert (counts[:20] == 5).all()
    assert (counts[20:] == 1).all()
    np.testing.assert_array_equal(more.y, training.y[more.groups])


def test_a_missing_copy_is_left_out_and_the_weights_still_sum_to_one(training: Training) -> None:
    assert training.copies is not None
    training.copies.values[3, 1] = np.nan
    more = find("augmentation").fit(training).training(training)
    assert np.isfinite(more.rows.X).all()
    assert (more.groups == 3).sum() == 4
    np.testing.assert_allclose(np.bincount(more.groups, weights=more.weights), 1)


def test_the_filter_judges_every_factor_by_the_lower_limit(training: Training) -> None:
    assert training.copies is not None
    kept = find("icc_filter_0.5").fit(training).training(training).kept
    # Features 4 and 5 break under b, 6 and 7 are changed by nothing: invariant, hence kept.
    assert kept.tolist() == [True] * 4 + [False] * 2 + [True] * 2
    without = replace(training, copies=training.copies.without(("b",)))
    assert find("icc_filter_0.5").fit(without).training(without).kept.all()


def test_the_limit_is_that_of_the_stability_table_for_one_draw() -> None:
    rng = np.random.default_rng(2)
    reference = rng.normal(size=(25, 5))
    copies = reference[:, None] + 0.5 * rng.normal(size=(25, 3, 5)) + np.array([0.1, 0.2, 0.3])[:, None]
    low = lower_limits(reference, copies, ("a",) * 3, ("a=1", "a=2", "a=3"), (0, 0, 0))
    table = icc(np.concatenate([reference[:, None], copies], axis=1), fixed=True)
    np.testing.assert_allclose(low[0], table["icc_a_1_low_fixed"])


def test_draws_are_taken_one_at_a_time_never_pooled() -> None:
    rng = np.random.default_rng(3)
    reference = rng.normal(size=(40, 4))
    once = reference + 0.4 * rng.normal(size=(40, 4))
    twice = np.stack([once, once], axis=1)
    same = lower_limits(reference, twice, ("a", "a"), ("a=1", "a=1"), (1, 2))
    np.testing.assert_allclose(same, lower_limits(reference, once[:, None], ("a",), ("a=1",), (1,)))


def test_a_filter_that_leaves_nothing_says_so(training: Training) -> None:
    assert training.copies is not None
    training.copies.values[:] += 5 * np.random.default_rng(1).normal(size=training.copies.values.shape)
    with pytest.raises(NotApplicableError, match=r"no feature has a lower limit of 0\.95 over a, b"):
        find("icc_filter_0.95").fit(training)


def test_volume_adjustment_leaves_features_uncorrelated_with_log_volume(training: Training) -> None:
    assert training.rows.volume is not None
    rows = training.rows.with_values(training.rows.X + np.log(training.rows.volume)[:, None] * 2)
    train = replace(training, rows=rows)
    out = find("volume_adjustment").fit(train).transform(rows).X
    for column in out.T:
        assert abs(np.corrcoef(column, np.log(training.rows.volume))[0, 1]) < 1e-9


def test_volume_adjustment_needs_the_volume_of_every_row(training: Training) -> None:
    assert training.rows.volume is not None
    holes = training.rows.volume.copy()
    holes[[1, 4]] = np.nan
    rows = replace(training.rows, volume=holes)
    fitted = find("volume_adjustment").fit(training)
    for ask in (
        lambda: find("volume_adjustment").fit(replace(training, rows=rows)),
        lambda: fitted.transform(rows),
    ):
        with pytest.raises(NotApplicableError, match=f"no volume in 2 of {holes.size} rows"):
            ask()


@pytest.mark.parametrize(
    ("name", "field", "reason"),
    [
        ("volume_adjustment", "rows", "no volume"),
        ("icc_filter_0.5", "copies", "no factor is left to learn from"),
        ("augmentation", "copies", "no factor is left to learn from"),
    ],
)
def test_what_is_not_there_is_named(training: Training, name: str, field: str, reason: str) -> None:
    lacking = Rows(training.rows.X, training.rows.batch) if field == "rows" else None
    train = replace(training, **{field: lacking})
    with pytest.raises(NotApplicableError, match=reason):
        find(name).fit(train)


def test_a_pair_harmonizes_what_the_filter_left(training: Training) -> None:
    pair = find("icc_filter_0.5+combat_no_eb").fit(training)
    ready = pair.training(training)
    alone = find("combat_no_eb").fit(training).transform(training.rows).X
    np.testing.assert_allclose(ready.rows.X, alone)
    assert not ready.kept.all()


def test_z_score_after_combat_equals_z_score(training: Training) -> None:
    both = find("combat_no_eb+zscore").fit(training).training(training).rows.X
    np.testing.assert_allclose(both, find("zscore").fit(training).training(training).rows.X, atol=1e-9)


@pytest.mark.parametrize(
    "name", ["zscore", "combat", "combat_bootstrap", "icc_filter_0.5", "volume_adjustment"]
)
def test_the_fingerprint_follows_what_was_learned(training: Training, name: str) -> None:
    first = find(name).fit(training).fingerprint()
    assert find(name).fit(training).fingerprint() == first
    assert training.copies is not None
    other = np.random.default_rng(9).normal(size=training.copies.values.shape) * (np.arange(P) > 5)
    changed = replace(
        training,
        rows=training.rows.with_values(training.rows.X * np.arange(1, P + 1)),
        copies=replace(training.copies, values=training.copies.values + other),
        sites=replace(training.sites, rows={k: v + 1 for k, v in training.sites.rows.items()}),
    )
    assert find(name).fit(changed).fingerprint() != first


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        ({"reference": 20, "x=1": 4}, r"too few patients in x=1 \(4\)"),
        ({"reference": 30}, "one site only"),
        ({"reference": 20, "y=1": 10}, "no sample of x=1"),
    ],
)
@pytest.mark.parametrize("name", ["zscore", "combat_no_eb"])
def test_a_site_without_a_sample_to_learn_from_is_named(
    training: Training, name: str, samples: dict[str, int], told: str
) -> None:
    rows = {label: training.rows.X[:n] + 1.0 for label, n in samples.items()}
    few = replace(training, sites=SiteSamples(rows, frozenset(), samples))
    with pytest.raises(NotApplicableError, match=told):
        find(name).fit(few).training(few)
