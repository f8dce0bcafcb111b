from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robustrad.drift.folds import outer_folds
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.remedies.registry import choose
from robustrad.drift.sites.bench import Bench
from robustrad.drift.sites.disjoint import OWN, disjoint_variants, run_disjoint
from robustrad.drift.sites.new_site import NEW, new_site_variants, run_new_site
from robustrad.drift.sites.paired import judged_columns, paired_split, paired_variants, run_paired
from robustrad.drift.sites.virtual import assign, real_sites
from tests.drift.sites.leaks import check_disjoint, check_paired, spoiled
from tests.drift.sites.planted import cohort

NAMES = "zscore,combat,combat_ref,icc_filter_0.5,augmentation,volume_adjustment,icc_filter_0.5+combat"
REMEDIES = choose(NAMES)
SPEC = ModelSpec(n_features=3)


def bench(effect: str = "noise", **settings: object) -> Bench:
    data = cohort(effect, seed=4, n=60, p=8, **settings)  # type: ignore[arg-type]
    return Bench(data, outer_folds(data, n_splits=3, repeats=1, seed=0), SPEC, 0)


def test_a_test_row_changes_nothing_that_a_remedy_learned_when_paired() -> None:
    check_paired(bench(), REMEDIES)


def test_a_test_row_changes_nothing_that_a_remedy_learned_at_disjoint_sites() -> None:
    check_disjoint(bench(), REMEDIES)


def test_at_a_new_site_only_the_calibration_patients_teach() -> None:
    first = bench("calibration")
    where = assign(first.data, first.places, n_sites=2, number=1)
    variants = new_site_variants(REMEDIES)
    _, before = run_new_site(first, variants, where, 1, sizes=(5, 10))
    judged = np.flatnonzero(np.isfinite(before[0].scores[0, 0, :, NEW]))
    assert judged.size >= 8
    one, rest = judged[:1], judged[1:]
    _, after = run_new_site(spoiled(first, one), variants, where, 1, sizes=(5, 10))
    for variant, a, b in zip(variants, before, after, strict=True):
        # The others' scores hang on everything that was learned, and stay to the bit.
        np.testing.assert_array_equal(
            a.scores[0, :, rest, NEW], b.scores[0, :, rest, NEW], err_msg=variant.remedy.name
        )


def test_the_unseen_variant_is_not_taught_by_the_factor_it_is_judged_on() -> None:
    first = bench()
    factor = first.data.conditions["factor"].to_numpy()
    values = first.data.values.copy()
    values[:, factor == "a"] += 50 * np.random.default_rng(2).normal(size=values[:, factor == "a"].shape)
    other = replace(first, data=replace(first.data, values=values))
    variants = [v for v in paired_variants(first, choose("icc_filter_0.5,augmentation")) if v.scope != "seen"]
    for variant, a, b in zip(
        variants, run_paired(first, variants, 0), run_paired(other, variants, 0), strict=True
    ):
        same = (a.fingerprints == b.fingerprints).all()
        assert same == (variant.without == ("a",) or variant.remedy.name == "none"), variant


def test_unseen_scores_are_those_of_the_left_out_factor_and_the_reference() -> None:
    first = bench()
    columns = judged_columns(first)
    factor = first.data.conditions["factor"].to_numpy()[columns]
    for variant, result in zip(
        v := paired_variants(first, choose("augmentation")), run_paired(first, v, 0), strict=True
    ):
        scored = np.isfinite(result.scores).all(axis=0)
        judged = (factor == "reference") | (np.isin(factor, variant.without) if variant.without else True)
        np.testing.assert_array_equal(scored, judged)


def test_without_perturbation_every_remedy_of_sites_scores_all_conditions_alike() -> None:
    first = bench("none")
    variants = paired_variants(first, choose("zscore,combat_no_eb"))
    for result in run_paired(first, variants, 0):
        assert np.ptp(result.scores, axis=1).max() < 1e-9
        assert result.agreement == pytest.approx(1.0)


def test_a_subject_missing_at_a_condition_has_no_score_there_and_all_others() -> None:
    first = bench()
    values = first.data.values.copy()
    values[5, 2] = np.nan
    other = replace(first, data=replace(first.data, values=values))
    for result in run_paired(other, paired_variants(other, choose("combat,augmentation"))[:2], 0):
        missing = ~np.isfinite(result.scores[:, judged_columns(other) == 2])
        assert np.flatnonzero(missing).tolist() == [5]


def test_copies_join_the_training_rows_of_home_patients_only() -> None:
    first = bench()
    where = assign(first.data, first.places, n_sites=2, number=0)
    split = paired_split(first, 0, 0)
    assert split.training.copies is not None
    assert split.training.copies.own.all()
    augmented = choose("augmentation")[1]
    _, (result,) = run_disjoint(first, disjoint_variants((augmented,), where)[:1], where, 0, name="e2")
    assert np.isfinite(result.scores[result.fold >= 0, OWN]).all()


def test_real_batches_take_the_place_of_virtual_sites() -> None:
    first = bench()
    batch = np.where(np.arange(60) % 2 == 0, "Lyon", "Bern")
    data = replace(first.data, batch=batch, batch_name="center")
    one = replace(first, data=data)
    where = real_sites(data)
    assert where.labels == ("Bern", "Lyon")
    ideal, results = run_disjoint(one, disjoint_variants(REMEDIES, where), where, 0, name="e2")
    assert ideal is None
    assert all(np.isfinite(result.scores[:, OWN]).all() for result in results)
    _, met = run_new_site(one, new_site_variants(REMEDIES), where, 0, sizes=(5, 10, 20, 40))
    assert met[0].sites == ("Bern", "Lyon")
    assert "30 patients at the site: 40 leave too few" in met[1].status[0, 3]


def test_a_real_site_that_is_too_small_is_named() -> None:
    first = bench()
    batch = np.where(np.arange(60) < 4, "tiny", "large")
    one = replace(first, data=replace(first.data, batch=batch, batch_name="center"))
    where = real_sites(one.data)
    _, results = run_disjoint(one, disjoint_variants(choose("combat"), where), where, 0, name="e2")
    assert all("too few patients in tiny" in status for status in results[1].status)
    assert (results[0].status == "").all()
