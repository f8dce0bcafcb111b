"""Reasons of skips and failures: the true ones, with counts and the range of their numbers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from robustrad.report.chapters_study import failures
from robustrad.report.derived import derive
from robustrad.report.holdings import read_holdings
from robustrad.report.troubles import spanned, trouble_counts, trouble_reasons
from tests.report.studies import study


def test_reasons_that_differ_in_a_number_are_one_with_its_range() -> None:
    told = spanned(
        ["62 voxels left, fewer than 64", "7 voxels left, fewer than 64", "30 voxels left, fewer than 64"]
    )
    assert told == "7 to 62 voxels left, fewer than 64"
    assert spanned(["alpha 0.25.", "alpha 1.5."]) == "alpha 0.25 to 1.5."


def test_a_number_within_a_name_is_no_amount() -> None:
    assert spanned(["no file P12/a.nii", "no file P7/a.nii"]) == "no file P#/a.nii"
    assert spanned(["no file P12/a.nii"]) == "no file P12/a.nii"


def test_units_and_cases_are_counted_by_reason() -> None:
    rows = [
        ("a", "x", "1", "skipped", "9 voxels"),
        ("b", "x", "1", "skipped", "12 voxels"),
        ("b", "y", "1", "skipped", "11 voxels"),
        ("b", "y", "1", "failed", np.nan),
    ]
    troubles = pd.DataFrame(rows, columns=["case_id", "factor", "level", "status", "reason"])
    counts = trouble_counts(troubles)
    assert counts["reason"].tolist() == ["9 to 12 voxels", "11 voxels", ""]
    assert counts["units"].tolist() == [2, 1, 1]
    reasons = trouble_reasons(troubles)
    assert reasons.to_numpy().tolist() == [["skipped", "9 to 12 voxels", 3, 2], ["failed", "", 1, 1]]


def test_the_page_gives_the_reason_of_a_skip_and_no_other(tmp_path: Path) -> None:
    factors = {"noise": ("acquisition", 1, [("mild", 1, None, 0.1, 0.2)])}
    folder = study(tmp_path / "study", n=6, factors=factors, analyzed=False)
    table = pd.read_parquet(folder / "features.parquet")
    hit = table.index[table["factor"].ne("reference")][:2]
    table.loc[hit, "status"] = "skipped"
    table.loc[hit, "reason"] = [
        f"{left} voxels left on the analysis grid, fewer than 64" for left in (62, 40)
    ]
    table.to_parquet(folder / "features.parquet", index=False)
    section = failures(derive(read_holdings(folder)))
    said = re.sub(r"<[^>]+>", "", "".join(str(part) for part in section.lead))
    assert "does not apply" not in said
    assert "Skipped: 40 to 62 voxels left on the analysis grid, fewer than 64 (units: 2, cases: 2)." in said
