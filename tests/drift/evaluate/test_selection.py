"""Selection stability over folds and over conditions, per feature and per cluster."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from robustrad.drift.evaluate.selection import (
    selected_table,
    stability_over_conditions,
    stability_over_folds,
)

from .cohort import arm


def with_selection(selected: np.ndarray):
    r, f, _ = selected.shape
    folds = np.tile(np.arange(10) % f, (r, 1))
    return arm(np.full((r, 10, 1), 0.5), folds, selected=selected.astype(bool))


def test_over_folds_equals_nogueiras_numbers(data_dir: Path) -> None:
    gold = json.loads((data_dir / "reference" / "statistics_oracle.json").read_text())["nogueira"]
    Z = np.array(gold["Z"])[None]
    table = stability_over_folds(with_selection(Z), np.arange(Z.shape[2]))
    assert table["phi"].tolist() == pytest.approx([gold["stability"]] * 2, abs=1e-10)
    assert table["runs"].tolist() == [5, 5]


def test_correlated_features_are_stable_as_a_cluster() -> None:
    # Every fit takes one of two copies, and the third feature or not.
    Z = np.array([[[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]]])
    table = stability_over_folds(with_selection(Z), np.array([0, 0, 1, 2])).set_index("level")
    assert table.loc["cluster", "phi"] == pytest.approx(1.0)
    assert table.loc["feature", "phi"] < 0.4


def test_over_conditions_compares_the_same_fold() -> None:
    rng = np.random.default_rng(0)
    same = rng.random((2, 5, 20)) < 0.3
    scored, clusters = with_selection(same), np.arange(20)
    alike = stability_over_conditions([same, same, same], scored, clusters).set_index("level")
    assert alike.loc["feature", "phi"] == pytest.approx(1.0)  # though folds differ among themselves
    drifted = [rng.random((2, 5, 20)) < 0.3 for _ in range(3)]
    assert stability_over_conditions(drifted, scored, clusters)["phi"].abs().max() < 0.3
    assert alike.loc["feature", "runs"] == 3


def test_selecting_everything_has_no_stability_but_a_status() -> None:
    table = stability_over_folds(with_selection(np.ones((1, 4, 3))), np.arange(3))
    assert table["phi"].isna().all()
    assert set(table["status"]) == {"all_or_nothing"}


def test_selected_features_come_most_frequent_first_and_never_selected_ones_not_at_all() -> None:
    Z = np.array([[[1, 0, 1], [0, 0, 1]]])
    table = selected_table(with_selection(Z), ["a", "b", "c"], np.array([0.95, 0.1, 0.2]), ["FLAG", "", ""])
    assert table["feature"].tolist() == ["c", "a"]
    assert table["frequency"].tolist() == [1.0, 0.5]
    assert table["flag"].tolist() == ["", "FLAG"]
