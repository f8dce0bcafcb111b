from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustrad.core.identity import generator
from robustrad.drift.remedies.base import NotApplicableError
from robustrad.drift.sites.calibration import split_site
from robustrad.drift.sites.places import factors_of, places_of
from robustrad.drift.sites.virtual import assign, number_of_sites, permuted, real_sites
from tests.drift.sites.planted import cohort, conditions

FACTORS = {"a": (3, 2), "b": (2, 1), "c": (1, 3)}


def test_sites_are_stratified_by_outcome_and_disjoint() -> None:
    data = cohort("none", seed=0, factors=FACTORS)
    found = assign(data, places_of(data.conditions), n_sites=4, number=3)
    for label in (0, 1):
        counts = np.bincount(found.site[data.outcome == label], minlength=4)
        assert np.ptp(counts) <= 1
    assert found.labels[0] == "reference"
    assert (found.column[found.site == 0] == 0).all()
    for site, label in enumerate(found.labels[1:], start=1):
        factor, level = label.split("=")
        rows = data.conditions.iloc[np.unique(found.column[found.site == site])]
        assert (rows["factor"] == factor).all()
        assert (rows["level"] == level).all()


def test_sites_differ_by_as_many_factors_as_possible_and_one_is_left_to_learn_from() -> None:
    data = cohort("none", seed=0, factors=FACTORS)
    places = places_of(data.conditions)
    for number in range(20):
        used = assign(data, places, n_sites=3, number=number).factors
        assert len(used) == 2
        assert set(factors_of(places)) - set(used)


def test_confounding_shifts_the_prevalence_by_kappa() -> None:
    data = cohort("none", seed=1, n=400)
    even = assign(data, places_of(data.conditions), n_sites=3, number=0)
    skewed = assign(data, places_of(data.conditions), n_sites=3, number=0, kappa=0.6)
    prevalence = [data.outcome[skewed.site == s].mean() for s in range(3)]
    assert np.ptp([data.outcome[even.site == s].mean() for s in range(3)]) < 0.02
    # Shares of positives 0.4, 1, 1.6 and of negatives 1.6, 1, 0.4 at a prevalence of 0.45.
    expected = [0.4 * 0.45 / (0.4 * 0.45 + 1.6 * 0.55), 0.45, 1.6 * 0.45 / (1.6 * 0.45 + 0.4 * 0.55)]
    np.testing.assert_allclose(prevalence, expected, atol=0.02)


def test_an_assignment_depends_on_seed_and_number_alone() -> None:
    data = cohort("none", seed=2)
    places = places_of(data.conditions)
    first = assign(data, places, n_sites=3, number=5, seed=9)
    again = assign(data, places, n_sites=3, number=5, seed=9)
    other = assign(data, places, n_sites=3, number=6, seed=9)
    np.testing.assert_array_equal(first.site, again.site)
    assert (first.site != other.site).any()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4))
def test_all_lesions_of_a_patient_go_to_one_site(seed: int, n_sites: int) -> None:
    data = cohort("none", seed=0, n=60)
    groups = np.random.default_rng(seed).integers(0, 25, 60)
    data = data.__class__(**{**data.__dict__, "groups": np.unique(groups, return_inverse=True)[1]})
    places = places_of(conditions({"a": (4, 1), "b": (4, 1)}))
    found = assign(data, places[: data.values.shape[1] - 1], n_sites=min(n_sites, 3), number=0, seed=seed)
    for patient in np.unique(data.groups):
        assert np.unique(found.site[data.groups == patient]).size == 1


def test_permuting_keeps_the_number_of_events_and_a_patients_lesions_together() -> None:
    groups = np.array([0, 0, 1, 1, 2, 3, 4, 5])
    y = np.array([1, 1, 0, 0, 1, 0, 0, 0])
    for number in range(20):
        new = permuted(y, groups, generator("test", number))
        assert new.sum() == y.sum()
        assert new[0] == new[1]
        assert new[2] == new[3]


def test_too_few_patients_or_one_condition_are_named() -> None:
    data = cohort("none", seed=0)
    with pytest.raises(NotApplicableError, match="20 patients"):
        number_of_sites(20, places_of(data.conditions), n_splits=5)
    with pytest.raises(NotApplicableError, match="one condition only"):
        number_of_sites(200, (), n_splits=5)
    with pytest.raises(NotApplicableError, match="no batch column"):
        real_sites(data)


def test_a_definition_factor_is_a_place_only_where_there_is_nothing_else() -> None:
    definition = conditions({"bins": (2, 1)}, role="definition")
    assert [place.factor for place in places_of(definition)] == ["bins"] * 2
    mixed = conditions({"bins": (2, 1), "noise": (2, 1), "shuffle": (1, 1)})
    mixed.loc[mixed["factor"] == "bins", "role"] = "definition"
    mixed.loc[mixed["factor"] == "shuffle", "role"] = "control"
    assert factors_of(places_of(mixed)) == ("noise",)


def test_calibration_patients_are_nested_and_never_judged() -> None:
    y = np.arange(60) % 2
    rows = np.arange(10, 60)
    found = split_site(rows, np.arange(60), y, sizes=(5, 10, 20, 40), seed=(0, "x"))
    assert set(found.pools) == {5, 10, 20, 40}
    assert set(found.pools[5]) < set(found.pools[10]) < set(found.pools[20]) < set(found.pools[40])
    assert not set(found.judged) & set(found.pools[40])
    assert found.judged.size == 10


def test_a_site_too_small_for_a_number_says_so_and_judges_the_others_on_the_same_patients() -> None:
    y = np.arange(20) % 2
    found = split_site(np.arange(20), np.arange(20), y, sizes=(5, 10, 20, 40), seed=(0, "x"))
    assert set(found.pools) == {5, 10}
    assert "20 patients at the site: 40 leave too few" in found.refused[40]
    assert found.judged.size == 10


def test_who_calibrates_does_not_hang_on_the_outcome() -> None:
    groups, rows = np.arange(40), np.arange(40)
    first = split_site(rows, groups, np.arange(40) % 2, sizes=(10,), seed=(1,))
    second = split_site(rows, groups, (np.arange(40) + 1) % 2, sizes=(10,), seed=(1,))
    np.testing.assert_array_equal(first.pools[10], second.pools[10])
