"""Whether anything of test patients reaches what was learned: shared by both endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from robustrad.drift.remedies.base import Remedy
from robustrad.drift.sites.bench import Bench
from robustrad.drift.sites.disjoint import disjoint_variants, run_disjoint
from robustrad.drift.sites.paired import paired_variants, run_paired
from robustrad.drift.sites.virtual import assign


def spoiled(one: Bench, rows: np.ndarray) -> Bench:
    """The same with nonsense in the features, volumes and times of some subjects."""
    values = one.data.values.copy()
    values[rows] = 1e3 * np.random.default_rng(1).normal(size=values[rows].shape)
    assert one.data.volume is not None
    volume = one.data.volume.copy()
    volume[rows] = 7.0
    survival = one.survival
    if survival is not None:
        time = survival.time.copy()
        time[rows] = 0.5
        survival = replace(survival, time=time)
    return replace(one, data=replace(one.data, values=values, volume=volume), survival=survival)


def check_paired(first: Bench, remedies: Sequence[Remedy]) -> None:
    """Spoil the test patients of fold 1: what was learned for that fold stays."""
    other = spoiled(first, np.flatnonzero(first.folds[0] == 1))
    variants = paired_variants(first, tuple(remedies))
    before, after = run_paired(first, variants, 0), run_paired(other, variants, 0)
    for variant, a, b in zip(variants, before, after, strict=True):
        assert a.fingerprints[1] == b.fingerprints[1] != "", variant.remedy.name
        # The spoiled patients are training patients of the other folds: there everything must change.
        assert a.fingerprints[0] != b.fingerprints[0], variant.remedy.name


def check_disjoint(first: Bench, remedies: Sequence[Remedy]) -> None:
    """Spoil the test patients of fold 2 at disjoint sites: what was learned for that fold stays."""
    where = assign(first.data, first.places, n_sites=2, number=0)
    variants = disjoint_variants(tuple(remedies), where)
    _, before = run_disjoint(first, variants, where, 0, name="e2")
    other = spoiled(first, np.flatnonzero(before[0].fold == 2))
    _, after = run_disjoint(other, variants, where, 0, name="e2")
    for variant, a, b in zip(variants, before, after, strict=True):
        assert a.fingerprints[2] == b.fingerprints[2] != "", variant.remedy.name
