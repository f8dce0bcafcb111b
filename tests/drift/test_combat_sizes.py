"""The smallest batch that is promised is the smallest that ComBat meets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robustrad.core.errors import DataError
from robustrad.drift.arms import Arm
from robustrad.drift.combat_sizes import check_batch_sizes
from robustrad.drift.crossval import cross_validate
from robustrad.drift.folds import outer_folds
from robustrad.drift.models import steps
from robustrad.drift.models.spec import ModelSpec, model_spec
from robustrad.harmonize.combat import ComBat
from tests.drift.simulated import simulate


def least_accepted(data, folds, spec: ModelSpec) -> int:
    """The largest floor under which no batch is too small."""
    for floor in range(2, 100):
        asked = replace(spec, combat_settings=(("min_batch_size", floor),))
        try:
            check_batch_sizes(data, data.outcome, folds, asked, seed=3)
        except DataError:
            return floor - 1
    raise AssertionError("every floor was accepted")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "lost", [0, 11]
)  # of batch B at the second condition: its inner or its outer folds decide
def test_the_floor_is_the_fewest_rows_of_a_batch_in_any_fit(monkeypatch, seed, lost):
    rng = np.random.default_rng(seed)
    data = simulate(48, k=2, p=4, seed=seed, batch=rng.permutation(["A"] * 28 + ["B"] * 20))
    values = data.values.copy()
    values[rng.choice(np.flatnonzero(data.batch == "B"), lost, replace=False), 1] = np.nan
    data = replace(data, values=values)
    folds = outer_folds(data, n_splits=3, repeats=1, seed=3)
    spec = model_spec("logistic", None, "univariate", combat=True, min_batch=2)
    met: list[int] = []

    class Watched(ComBat):
        def fit(self, X, y=None, *, batch=None, covariates=None):
            met.append(int(np.unique(batch, return_counts=True)[1].min()))
            return super().fit(X, y, batch=batch, covariates=covariates)

    monkeypatch.setattr(steps, "ComBat", Watched)
    arm = Arm("reference", "logistic", "reference", 3)
    reference = cross_validate(data, spec, folds, arm=arm)
    # Elsewhere than at the reference nothing is tuned: its hyperparameters are taken.
    cross_validate(data, spec, folds, arm=arm, train=1, tuned=reference.tuned)
    assert min(met) == least_accepted(data, folds, spec)
