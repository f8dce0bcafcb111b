"""Lesions of a patient are no independent cases: limits over patients, and a note where they are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from robustrad.core.errors import DataError
from robustrad.report.stability import write_stability
from robustrad.stability.bootstrap import bootstrap_limits
from robustrad.stability.shared_patients import shared_patients_text
from robustrad.stability.table import stability_table

FEATURE = "original_firstorder_Mean"


def lesions(patients: int, each: int, *, named: bool = True, seed: int = 0) -> pd.DataFrame:
    """A reference and one level (or two repeats) of lesions that resemble those of their patient."""
    rng = np.random.default_rng(seed)
    n = patients * each
    true = np.repeat(rng.normal(size=patients), each) + 0.3 * rng.normal(size=n)
    about = {
        "case_id": [f"c{i:03d}" for i in range(n)],
        "patient": np.repeat([f"p{i:02d}" for i in range(patients)], each),
    }
    names = ("reference", "blur") if named else ("test", "retest")
    parts = [
        pd.DataFrame({**about, "condition": name, FEATURE: true + 0.5 * rng.normal(size=n)}) for name in names
    ]
    return pd.concat(parts, ignore_index=True)


def test_named_levels_resample_patients_where_cases_share_them() -> None:
    frame = lesions(10, 5)
    row = stability_table(frame, reference="reference").query("estimand == 'agreement'").iloc[0]
    values = np.stack(
        [frame.loc[frame["condition"] == name, FEATURE].to_numpy() for name in ("reference", "blur")], axis=1
    )
    expected = bootstrap_limits(values[:, :, None, None], np.repeat(np.arange(10), 5))
    assert row["interval_fixed"] == "bootstrap"
    assert row["icc_a_1_low_fixed"] == pytest.approx(expected.icc_a_1.low[0], rel=1e-9)
    assert row["class_limit"] == row["icc_a_1_low_fixed"]
    assert row["harmonizable_share_low"] == pytest.approx(expected.harmonizable.low[0], abs=1e-12)
    assert row["interval_note"].startswith("50 cases of 10 patients: icc_a_1_low_fixed")
    alone = stability_table(frame.drop(columns="patient"), reference="reference")
    assert set(alone["interval_fixed"]) == {"generalized"}
    assert (alone["interval_note"] == "").all()
    lower = alone.loc[alone["estimand"] == "agreement", "icc_a_1_low_fixed"].iloc[0]
    assert row["icc_a_1_low_fixed"] < lower


def test_repeats_of_lesions_have_a_note_in_table_and_text(tmp_path) -> None:
    table = stability_table(lesions(10, 5, named=False), exchangeable=True)
    assert table["interval_note"].tolist() == [
        "50 cases of 10 patients: limits take cases as independent and are too narrow"
    ]
    report = write_stability(table, tmp_path)
    told = shared_patients_text(table)
    assert told.startswith("Cases share patients (50 cases of 10 patients)")
    assert told in report.text
    assert "share patients" in (tmp_path / "summary.tex").read_text()
    assert "share patients" in (tmp_path / "heatmap.txt").read_text()
    one_each = stability_table(lesions(20, 1, named=False), exchangeable=True)
    assert shared_patients_text(one_each) == ""


def test_a_case_of_several_patients_is_refused() -> None:
    frame = lesions(10, 2)
    frame.loc[0, "patient"] = "p09"
    with pytest.raises(DataError, match="case 'c000' belongs to several patients"):
        stability_table(frame, reference="reference")


def test_a_column_of_patients_is_no_feature() -> None:
    frame = lesions(10, 2).rename(columns={FEATURE: "mean"})
    frame["patient"] = frame["patient"].str[1:].astype(int)
    assert set(stability_table(frame, reference="reference")["feature"]) == {"mean"}
    structured = frame.assign(factor=frame["condition"].replace("blur", "psf"), level=frame["condition"])
    table = stability_table(structured)
    assert set(table["feature"]) == {"mean"}
    assert table["interval_note"].str.startswith("20 cases of 10 patients").all()


def test_of_four_patients_no_resample_says_anything() -> None:
    table = stability_table(lesions(4, 5), reference="reference")
    assert set(table["interval_fixed"]) == {"generalized"}
    assert table["interval_note"].str.contains("too narrow").all()


@pytest.mark.slow
def test_the_lower_limit_over_patients_keeps_its_level() -> None:
    # 10 patients of 5 lesions, 600 data sets side by side; with cases as subjects .06 to .07 lie above.
    rng = np.random.default_rng(0)
    patients, sets = np.repeat(np.arange(10), 5), 600
    true = rng.normal(size=(10, sets))[patients] + 0.3 * rng.normal(size=(50, sets))
    values = true[:, None] + 0.5 * rng.normal(size=(50, 2, sets))
    values[:, 1] += 0.3
    agreement = 1.09 / (1.09 + 0.25 + 0.3**2 / 2)
    low = bootstrap_limits(values[:, :, None], patients, resamples=1000, only_icc=True).icc_a_1.low
    assert np.mean(low > agreement) <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / sets)
