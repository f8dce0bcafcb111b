"""ComBat against R's sva and Fortin's implementations in R, Python and Matlab."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from robustrad.harmonize import shrinkage
from robustrad.harmonize.combat import ComBat

SVA = {
    "plain": ({}, False),
    "cov": ({}, True),
    "mo": ({"mean_only": True, "sva_compatible": True}, True),
    "ref": ({"ref_batch": "A"}, True),
    "refmo": ({"mean_only": True, "sva_compatible": True, "ref_batch": "A"}, True),
    "np": ({"parametric": False}, True),
}
BLADDER = {
    "meanonly_nomod": ({"mean_only": True, "sva_compatible": True}, False),
    "nonpar_cancer": ({"parametric": False}, True),
    "nonpar_nomod": ({"parametric": False}, False),
    "par_cancer": ({}, True),
    "par_nomod": ({}, False),
    "refbatch3_nomod": ({"ref_batch": 3}, False),
}


@pytest.fixture(scope="module")
def oracle(data_dir: Path) -> dict:
    return json.loads((data_dir / "reference" / "statistics_oracle.json").read_text())["combat"]


@pytest.mark.parametrize("engine", ["auto", "native"])
@pytest.mark.parametrize("name", SVA)
def test_equals_sva_on_the_gold_file(oracle: dict, name: str, engine: str) -> None:
    settings, adjusted = SVA[name]
    X = np.array(oracle["dat_features_x_samples"]).T
    covariates = pd.DataFrame({"y": oracle["cov"]["y"], "age": oracle["cov"]["age"]}) if adjusted else None
    batch = oracle["cov"]["batch"]
    out = ComBat(min_batch_size=2, engine=engine, **settings).fit_transform(
        X, batch=batch, covariates=covariates
    )
    np.testing.assert_allclose(out, np.array(oracle["sva"][name]).T, rtol=0, atol=1e-12)


def test_equals_sva_with_a_batch_of_one_sample(oracle: dict) -> None:
    # sva turns to mean_only by itself; here it must be said. The gold batches: A 12 + 7, B 10, C 1.
    X = np.array(oracle["dat_features_x_samples"]).T
    batch = ["A"] * 12 + ["B"] * 10 + ["A"] * 7 + ["C"]
    combat = ComBat(mean_only=True, sva_compatible=True, min_batch_size=1)
    gold = np.array(oracle["single_sample_batch"]).T
    np.testing.assert_allclose(combat.fit_transform(X, batch=batch), gold, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", BLADDER)
def test_equals_sva_on_bladderbatch(data_dir: Path, name: str) -> None:
    folder = data_dir / "reference" / "sva_bladder"
    pheno = pd.read_csv(folder / "bladder_pheno.csv", index_col=0)
    X = pd.read_csv(folder / "bladder_top400var_expr.csv", index_col=0).T
    gold = pd.read_csv(folder / f"sva_{name}.csv", index_col=0).T
    settings, adjusted = BLADDER[name]
    out = ComBat(min_batch_size=2, **settings).fit_transform(
        X, batch=pheno["batch"], covariates=pheno[["cancer"]] if adjusted else None
    )
    # The files hold ten digits: 1e-8 absolute from 10 upwards, of the input as of the output.
    difference = (out - gold).abs().to_numpy()
    assert (difference / gold.abs().to_numpy()).max() < 1e-8
    assert difference.max() < 2e-8


def combat_r_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("testdata_combat_*.csv"))


def combat_r_input(data_dir: Path) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    X = pd.read_csv(data_dir / "reference/combat_r/inputData/testdata.csv").to_numpy().T
    return X, np.repeat([1, 2], 5), pd.DataFrame({"phenotype": np.tile([1.0, 0.0], 5)})


def test_equals_all_outputs_of_combat_r(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    X, batch, phenotype = combat_r_input(data_dir)
    files = combat_r_files(data_dir / "reference/combat_r/outputData")
    assert len(files) == 71
    for path in files:
        name = path.stem
        # Matlab's version stops iterating at 1e-3, the others at 1e-4.
        monkeypatch.setattr(shrinkage, "TOLERANCE", 1e-3 if name.endswith("matlab") else 1e-4)
        combat = ComBat(
            min_batch_size=2,
            engine="native" if name.endswith("matlab") else "auto",
            eb="noeb" not in name,
            parametric="nonparametric" not in name,
            mean_only="meanonl" in name,
            sva_compatible=True,
            ref_batch=1 if "batchref" in name else None,
        )
        out = combat.fit_transform(X, batch=batch, covariates=phenotype if "_adjusted" in name else None)
        gold = pd.read_csv(path, header=0 if name.endswith("_r") else None).to_numpy().T
        np.testing.assert_allclose(out, gold, rtol=0, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("language", ["r", "python"])
def test_their_transform_of_new_samples_is_ours_with_covariates_at_their_mean(
    data_dir: Path, language: str
) -> None:
    # Their "from training" ignores the covariates of the new samples; ours uses them.
    X, batch, phenotype = combat_r_input(data_dir)
    path = data_dir / f"reference/combat_r/outputData/training_test_scenario2_{language}.csv"
    gold = pd.read_csv(path, header=0 if language == "r" else None).to_numpy().T
    new = [0, 1, 5, 6]
    combat = ComBat(min_batch_size=2).fit(X, batch=batch, covariates=phenotype)
    at_mean = np.full((4, 1), 0.5)
    theirs = combat.transform(
        X[new], batch=batch[new], covariates=pd.DataFrame(at_mean, columns=["phenotype"])
    )
    np.testing.assert_allclose(theirs, gold, rtol=0, atol=1e-12)
    ours = combat.transform(X[new], batch=batch[new], covariates=phenotype.iloc[new])
    assert np.abs(ours - gold).max() > 0.1
