"""ComBat from moments against rr.ComBat."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.drift.remedies.base import Rows, Training
from robustrad.drift.remedies.combat import Combat
from robustrad.drift.remedies.moments import SiteSamples
from robustrad.harmonize.combat import ComBat


def sites(rng: np.random.Generator, p: int = 12) -> dict[str, np.ndarray]:
    return {
        "reference": rng.normal(5, 1, (25, p)),
        "a=1": rng.normal(7, 2, (18, p)),
        "b=2": rng.normal(4, 0.5, (30, p)) + 1e3,
    }


def training(samples: dict[str, np.ndarray], calibrated: frozenset[str] = frozenset()) -> Training:
    known = {label: rows for label, rows in samples.items() if label not in calibrated}
    X = np.concatenate(list(known.values()))
    batch = np.concatenate([np.full(len(rows), label) for label, rows in known.items()])
    m = len(X)
    return Training(
        Rows(X, batch), np.arange(m) % 2, np.arange(m), np.ones(m), np.ones(X.shape[1], dtype=bool), None,
        SiteSamples(samples, calibrated, {label: len(rows) for label, rows in samples.items()}), 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("remedy", "reference"),
    [
        (Combat(), ComBat(engine="native")),
        (Combat(eb=False), ComBat(eb=False, engine="native")),
        (Combat(to_home=True), ComBat(ref_batch="reference", engine="native")),
    ],
)
def test_it_gives_the_numbers_of_combat(remedy: Combat, reference: ComBat) -> None:
    train = training(sites(np.random.default_rng(3)))
    mine = remedy.fit(train).transform(train.rows).X
    theirs = reference.fit_transform(train.rows.X, batch=train.rows.batch)
    np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("eb", [True, False])
def test_a_calibrated_site_gives_the_numbers_of_calibrate(eb: bool) -> None:
    samples = sites(np.random.default_rng(4))
    train = training(samples, frozenset({"b=2"}))
    new = np.random.default_rng(5).normal(1003, 1, (7, 12))
    mine = Combat(eb=eb).fit(train).transform(Rows(new, np.full(7, "b=2"))).X
    fitted = ComBat(eb=eb, on_unseen="calibrate", engine="native").fit(train.rows.X, batch=train.rows.batch)
    known = fitted.calibrate(samples["b=2"], batch=np.full(30, "b=2"))
    np.testing.assert_allclose(mine, known.transform(new, batch=np.full(7, "b=2")), rtol=0, atol=1e-9)


def test_a_new_site_changes_nothing_of_the_training_sites() -> None:
    samples = sites(np.random.default_rng(6))
    without = {label: rows for label, rows in samples.items() if label != "b=2"}
    alone, more = training(without), training(samples, frozenset({"b=2"}))
    first = Combat().fit(alone).transform(alone.rows).X
    np.testing.assert_array_equal(first, Combat().fit(more).transform(more.rows).X)


def test_a_feature_constant_in_a_site_passes_through_bit_by_bit() -> None:
    samples = sites(np.random.default_rng(7))
    samples["a=1"][:, 3] = 0.1
    train = training(samples)
    out = Combat().fit(train).transform(train.rows).X
    np.testing.assert_array_equal(out[:, 3], train.rows.X[:, 3])
    assert (out[:, 4] != train.rows.X[:, 4]).any()


def test_bootstrap_moments_are_those_of_the_resampled_rows() -> None:
    samples = SiteSamples({"s": np.random.default_rng(8).normal(1e6, 1, (11, 3))}, frozenset(), {"s": 11})
    rng = np.random.default_rng(9)
    weights = np.random.default_rng(9).multinomial(11, np.full(11, 1 / 11), size=4)
    for drawn, weight in zip(samples.resampled(4, rng), weights, strict=True):
        rows = np.repeat(samples.rows["s"], weight, axis=0)
        np.testing.assert_allclose(drawn.mean[0], rows.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(drawn.variance[0], rows.var(axis=0, ddof=1), rtol=1e-6)
