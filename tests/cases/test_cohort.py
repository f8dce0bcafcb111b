"""Who is in a study: counts and medians."""

from __future__ import annotations

import pandas as pd

from robustrad.cases.cohort import COHORT_COLUMNS, cohort_table

CASES = pd.DataFrame({
    "case_id": [f"c{i}" for i in range(12)],
    "image": "x", "mask": "y",
    "patient": [f"p{i // 2}" for i in range(12)],
    "age": [float(i) for i in range(11)] + [None],
    "sex": ["f", "m", None] * 4,
    "note": [f"text {i}" for i in range(12)],
})  # fmt: skip


def test_counts_shares_medians_and_what_is_missing() -> None:
    found = cohort_table(CASES, volumes_ml=pd.Series([1.0, 3.0, 5.0] + [None] * 9))
    assert tuple(found.columns) == COHORT_COLUMNS
    rows = {
        (row["variable"], row["value"]): row
        for row in found.astype(object).where(found.notna(), "").to_dict("records")
    }
    assert rows["cases", ""]["n"] == 12
    assert rows["patients", ""]["n"] == 6
    assert (rows["lesion volume (mL)", ""]["median"], rows["lesion volume (mL)", ""]["n_missing"]) == (3.0, 9)
    assert (rows["age", ""]["median"], rows["age", ""]["n"], rows["age", ""]["n_missing"]) == (5.0, 11, 1)
    assert (rows["sex", "f"]["n"], rows["sex", "f"]["share"], rows["sex", "f"]["n_missing"]) == (4, 0.5, 4)


def test_paths_identifiers_and_free_text_are_left_out() -> None:
    assert {"case_id", "image", "mask", "note"}.isdisjoint(cohort_table(CASES)["variable"])
