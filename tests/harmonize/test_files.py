"""Saved transformers, and what of a user's arguments and files is refused by name."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from robustrad.harmonize.combat import ComBat
from robustrad.harmonize.diagnostics import preconditions
from robustrad.harmonize.effect import harmonization_effect
from robustrad.harmonize.errors import HarmonizationError, HarmonizationWarning
from robustrad.harmonize.sequential import SequentialComBat

from .conftest import Table

SUFFIXES = (".json", ".npz")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_chain_saved_and_loaded_transforms_to_the_bit(table: Table, suffix: str, tmp_path: Path) -> None:
    X = pd.DataFrame(table.X, columns=[f"f{i}, ü" for i in range(table.X.shape[1])])
    batch = pd.DataFrame({"site": table.batch, "kernel": np.where(np.arange(90) % 2, "soft", "sharp")})
    chain = SequentialComBat([("site", ComBat()), ("kernel", ComBat(ref_batch="soft", eb=False))])
    expected = chain.fit_transform(X, batch=batch, covariates=table.covariates)
    chain.save(tmp_path / f"chain{suffix}")
    loaded = SequentialComBat.load(tmp_path / f"chain{suffix}")
    found = loaded.transform(X, batch=batch, covariates=table.covariates)
    assert found.to_numpy().tobytes() == expected.to_numpy().tobytes()
    assert [(name, step.get_params()) for name, step in loaded.steps] == [
        (name, step.get_params()) for name, step in chain.steps
    ]
    loaded.save(tmp_path / f"again{suffix}")
    assert (tmp_path / f"again{suffix}").read_bytes() == (tmp_path / f"chain{suffix}").read_bytes()
    with pytest.raises(HarmonizationError, match="a ComBat file"):
        ComBat.load(tmp_path / f"chain{suffix}")


def test_parameters_may_be_numbers_of_numpy(table: Table, tmp_path: Path) -> None:
    combat = ComBat(ref_batch=np.int64(1), min_batch_size=np.int64(5))
    combat.fit(table.X, batch=np.where(table.batch == "A", 1, 2)).save(tmp_path / "c.json")
    assert ComBat.load(tmp_path / "c.json").ref_batch == 1


def broken(head: dict[str, Any], how: str) -> dict[str, Any] | list[int]:
    if how == "a list":
        return [1]
    if how == "without batches":
        del head["state"]["batches"]
    if how == "an unknown parameter":
        head["parameters"]["zzz"] = 1
    if how == "a short array":
        head["arrays"]["gamma"]["values"].pop()
    if how == "another number of batches":
        head["arrays"]["gamma"] = head["arrays"]["delta"] = {"shape": [1, 2], "values": [0.0, 1.0]}
    return head


@pytest.mark.parametrize(
    "how",
    ["a list", "without batches", "an unknown parameter", "a short array", "another number of batches"],
)
def test_a_broken_file_is_told_by_name(table: Table, tmp_path: Path, how: str) -> None:
    path = tmp_path / "c.json"
    ComBat().fit(table.X, batch=table.batch).save(path)
    path.write_text(json.dumps(broken(json.loads(path.read_text()), how)))
    with pytest.raises(HarmonizationError, match=re.escape(f"{path}: no ComBat, or a broken one")):
        ComBat.load(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_is_absent_or_cut_off_is_told_by_name(table: Table, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"c{suffix}"
    with pytest.raises(HarmonizationError, match="not there"):
        ComBat.load(path)
    ComBat().fit(table.X, batch=table.batch).save(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(HarmonizationError, match="a broken one"):
        ComBat.load(path)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"eb": "no"}, "eb: 'no'; expected True or False"),
        ({"mean_only": 1}, "mean_only: 1; expected True or False"),
        ({"n_bootstrap": 2.5}, "n_bootstrap: 2.5; expected a whole number"),
        ({"min_batch_size": "10"}, "min_batch_size: '10'; expected a whole number"),
        ({"seed": -1}, "seed: -1; expected a whole number"),
        ({"categorical": "sex"}, "Write ('sex',)"),
    ],
)
def test_a_parameter_of_another_kind_is_refused(table: Table, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(HarmonizationError, match=re.escape(told)):
        ComBat(**settings).fit(table.X, batch=table.batch)


def test_an_empty_label_is_no_batch(table: Table) -> None:
    batch = table.batch.astype(object)
    batch[:20] = " "
    with pytest.raises(HarmonizationError, match="20 of 90 labels are missing"):
        ComBat().fit(table.X, batch=batch)


def test_two_covariates_of_one_name_are_refused(table: Table) -> None:
    twins = pd.DataFrame(table.X[:, :2], columns=["age", "age"])
    with pytest.raises(HarmonizationError, match="two columns named 'age'"):
        ComBat().fit(table.X, batch=table.batch, covariates=twins)


@pytest.mark.parametrize("factor", [1e300, 1e-300])
def test_values_that_cannot_be_computed_with_pass_through_and_touch_no_other(
    table: Table, factor: float
) -> None:
    X = np.column_stack([factor * table.X[:, 0], table.X[:, 1:]])
    with pytest.warns(HarmonizationWarning, match=r"x0 \(extreme\)"):
        out = ComBat().fit_transform(X, batch=table.batch)
    assert out[:, 0].tobytes() == X[:, 0].tobytes()
    assert out[:, 1:].tobytes() == ComBat().fit_transform(table.X[:, 1:], batch=table.batch).tobytes()


@pytest.mark.parametrize("judge", ["preconditions", "effect"])
def test_a_reference_that_is_no_batch_and_patients_of_other_rows_are_refused(
    table: Table, judge: str
) -> None:
    ask: dict[str, Any] = {"batch": table.batch, "combat": ComBat()}
    run = preconditions if judge == "preconditions" else harmonization_effect
    with pytest.raises(HarmonizationError, match=rf"{judge}, reference: 'Q' is no batch"):
        run(table.X, **ask, patients=np.arange(90), reference="Q")
    with pytest.raises(HarmonizationError, match=f"{judge}, patients: 5 of them"):
        run(table.X, **ask, patients=np.arange(5))


def test_the_effect_leaves_out_what_cannot_be_computed_with(table: Table) -> None:
    X = np.column_stack([1e300 * table.X[:, 0], table.X[:, 1:]])
    ask: dict[str, Any] = {"batch": table.batch, "measures": ("batch_effect", "batch_classifier", "rank")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HarmonizationWarning)
        found = harmonization_effect(X, combat=ComBat(), **ask)
    pd.testing.assert_frame_equal(found, harmonization_effect(table.X[:, 1:], combat=ComBat(), **ask))
