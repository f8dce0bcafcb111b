"""Small tables with a batch effect that is known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest


class Table(NamedTuple):
    X: np.ndarray
    batch: np.ndarray
    covariates: pd.DataFrame


def make_table(seed: int = 0, *, n: int = 30, p: int = 12, batches: str = "ABC") -> Table:
    """Batches that differ by a shift and a factor; two covariates with an effect."""
    rng = np.random.default_rng(seed)
    batch = np.repeat(list(batches), n)
    age = rng.normal(60, 10, batch.size)
    sex = rng.choice(["f", "m"], batch.size)
    X = rng.normal(size=(batch.size, p)) + 0.05 * age[:, None] + (sex == "m")[:, None] * rng.normal(size=p)
    for i, name in enumerate(batches):
        rows = batch == name
        X[rows] = X[rows] * (1 + 0.4 * i) + i * rng.normal(1.5, 0.5, p)
    return Table(X, batch, pd.DataFrame({"age": age, "sex": sex}))


@pytest.fixture
def table() -> Table:
    return make_table()
