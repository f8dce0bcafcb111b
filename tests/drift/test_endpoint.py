"""What is predicted, how it is judged, who is compared with whom: the C is Harrell's, resampled or not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from robustrad.core.errors import DataError
from robustrad.drift.endpoints import TimeToEvent, TwoClasses, endpoint_of, followed
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.remedies.base import Training
from robustrad.drift.sites.bench import Bench
from robustrad.drift.sites.bootstrap import Resamples, Tables, areas
from robustrad.drift.sites.calibration import split_site
from robustrad.drift.sites.paired import paired_split
from robustrad.drift.sites.pairs import compared, mixed, plain
from robustrad.drift.survival.concordance import harrell
from robustrad.drift.survival.times import Survival
from tests.drift.sites.planted import followed_cohort
from tests.drift.survival.followed import EVENT, RISK, TIME, random_follow_up


@pytest.mark.parametrize("seed", range(6))
def test_c_of_a_fold_is_harrells_with_ties_and_censoring(seed: int) -> None:
    time, event, risk = random_follow_up(seed)
    unit = TimeToEvent(Survival(time, event)).unit(0, np.arange(time.size))
    count = compared(risk, unit)
    assert (plain(risk, unit) * count).sum() / count.sum() == pytest.approx(
        harrell(time, event, risk).value, abs=1e-12
    )


def test_risks_that_differ_by_rounding_are_tied() -> None:
    time, event = np.array([1.0, 2.0]), np.array([True, False])
    unit = TimeToEvent(Survival(time, event)).unit(0, np.arange(2))
    assert plain(np.array([1.0 + 1e-12, 1.0]), unit)[0].tolist() == [0.5, 0.5]


def test_the_bootstrap_of_c_is_harrells_of_the_repeated_cohort() -> None:
    survival = Survival(TIME, EVENT)
    n = TIME.size
    units = TimeToEvent(survival).units(0, np.zeros(n, dtype=np.intp))
    tables = Tables([plain(RISK, u) for u in units], [compared(RISK, u) for u in units])
    weights = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=8).astype(float)
    found = areas(units, tables, Resamples.make(weights, 1, resample_draws=False, seed=0), n)
    for value, weight in zip(found[1:], weights, strict=True):
        rows = np.repeat(np.arange(n), weight.astype(int))
        assert value == pytest.approx(harrell(TIME[rows], EVENT[rows], RISK[rows]).value, abs=1e-12)


def test_the_mix_is_the_expectation_of_c_over_random_places() -> None:
    rng = np.random.default_rng(1)
    risks = np.column_stack([RISK, RISK + 1.0 + rng.normal(size=RISK.size)])
    unit = TimeToEvent(Survival(TIME, EVENT)).unit(0, np.arange(TIME.size))
    share = np.array([0.5, 0.5])
    exact = (mixed(risks, unit, [(np.arange(2), share)]) * unit.pairs).sum() / unit.pairs.sum()
    drawn = [
        harrell(TIME, EVENT, risks[np.arange(TIME.size), rng.integers(0, 2, TIME.size)]).value
        for _ in range(3000)
    ]
    assert exact == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / 3000**0.5)


def test_only_patients_of_one_fold_are_compared() -> None:
    endpoint = TimeToEvent(Survival(TIME, EVENT))
    fold = np.arange(TIME.size) % 3
    fold[0] = -1
    for unit, number in zip(endpoint.units(2, fold), range(3), strict=True):
        assert unit.draw == 2
        assert set(unit.members) == set(np.flatnonzero(fold == number))
        assert EVENT[unit.positive].all()


def test_a_permutation_moves_times_with_their_events() -> None:
    order = np.random.default_rng(2).permutation(TIME.size)
    moved = TimeToEvent(Survival(TIME, EVENT)).permuted(order).survival
    np.testing.assert_array_equal(moved.time, TIME[order])
    np.testing.assert_array_equal(moved.event, EVENT[order])
    np.testing.assert_array_equal(TwoClasses(EVENT.astype(np.intp)).permuted(order).y, EVENT[order])


def test_what_subjects_lack_is_told() -> None:
    endpoint = TimeToEvent(Survival(np.array([5.0, 1.0, 2.0]), np.array([True, False, False])))
    assert endpoint.lacking(np.arange(3)) == "no comparable pair"
    assert TwoClasses(np.array([1, 1, 0])).lacking(np.arange(2)) == "one class only"
    assert TwoClasses(np.array([1, 1, 0])).lacking(np.arange(3)) == ""


def test_two_classes_are_judged_by_the_auc_and_learned_from_if_both_are_there() -> None:
    rng = np.random.default_rng(4)
    y, scores = rng.integers(0, 2, 40), np.round(rng.normal(size=40), 1)
    endpoint = TwoClasses(y)
    rows = np.arange(5, 40)
    assert endpoint.judge(rows, scores[rows]) == pytest.approx(
        roc_auc_score(y[rows], scores[rows]), abs=1e-12
    )
    ones = np.flatnonzero(y == 1)
    assert np.isnan(endpoint.judge(ones, scores[ones]))
    assert endpoint.trainable(rows)
    assert not endpoint.trainable(ones)
    assert endpoint.training(rows, rows % 7).time is None


def test_times_are_judged_by_harrells_c_and_learned_from_if_there_is_an_event() -> None:
    endpoint = TimeToEvent(Survival(TIME, EVENT))
    rows = np.arange(1, TIME.size)
    assert endpoint.judge(rows, RISK[rows]) == harrell(TIME[rows], EVENT[rows], RISK[rows]).value
    censored = np.flatnonzero(~EVENT)
    assert np.isnan(endpoint.judge(censored, RISK[censored]))
    assert endpoint.trainable(np.flatnonzero(EVENT))  # nobody need be censored
    assert not endpoint.trainable(censored)
    labels = endpoint.training(rows, rows)
    np.testing.assert_array_equal(labels.time, TIME[rows])
    np.testing.assert_array_equal(labels.y == 1, EVENT[rows])


def test_follow_up_decides_what_is_predicted() -> None:
    data, survival = followed_cohort("none", seed=0, n=30, p=4)
    assert isinstance(endpoint_of(data, survival), TimeToEvent)
    np.testing.assert_array_equal(endpoint_of(data, None).labels, data.outcome)


def test_a_risk_has_no_calibration() -> None:
    found = TimeToEvent(Survival(TIME, EVENT)).calibration(EVENT.astype(np.intp), RISK, np.ones(TIME.size))
    assert np.isnan(found).all()


def test_a_site_needs_events_but_nobody_censored_to_be_judged() -> None:
    everybody, rows = np.ones(20, dtype=np.intp), np.arange(20)
    for needed, sizes in (((0, 1), set()), (TimeToEvent.needed, {5, 10})):
        drawn = split_site(rows, rows, everybody, sizes=(5, 10, 20), seed=(0,), needed=needed)
        assert set(drawn.pools) == sizes
    nobody = np.zeros(20, dtype=np.intp)
    assert not split_site(rows, rows, nobody, sizes=(5,), seed=(0,), needed=TimeToEvent.needed).pools


def training() -> tuple[TimeToEvent, Training]:
    data, survival = followed_cohort("none", seed=0, n=30, p=4)
    bench = Bench(followed(data, survival), np.arange(30)[None] % 3, ModelSpec("cox"), 0, survival)
    assert isinstance(bench.endpoint, TimeToEvent)
    return bench.endpoint, paired_split(bench, 0, 0).training


def test_the_training_rows_bring_their_times() -> None:
    endpoint, rows = training()
    np.testing.assert_array_equal(rows.time, endpoint.survival.time[rows.groups])
    np.testing.assert_array_equal(rows.y == 1, endpoint.survival.event[rows.groups])


def test_rows_that_a_remedy_added_without_their_times_are_named() -> None:
    endpoint, rows = training()
    more = replace(rows, y=np.r_[rows.y, 1])
    for wrong in (more, replace(rows, time=None)):
        with pytest.raises(DataError, match="without their times"):
            endpoint.fit(ModelSpec("cox"), rows.rows.X, wrong, tuned=None, seed=0)


def test_times_of_other_subjects_are_refused() -> None:
    data, survival = followed_cohort("none", seed=0, n=30, p=4)
    with pytest.raises(ValueError, match="20 times of 30 subjects"):
        followed(data, survival.take(np.arange(20)))
