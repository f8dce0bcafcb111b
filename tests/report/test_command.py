"""What ``robustrad stability`` leaves and tells."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from robustrad.core.errors import DataError, StudyError
from robustrad.report.command import stability_command
from robustrad.stability.table import COLUMNS
from tests.stability.cohort import cohort, write_study

FIGURES = ["heatmap.pdf", "heatmap.png", "heatmap.svg", "heatmap.txt"]
COMPONENTS = [f"components{suffix}" for suffix in (".csv", ".pdf", ".png", ".svg", ".tex", ".txt")]
FILES = [
    *COMPONENTS,
    "components_summary.csv",
    "headline.csv",
    *FIGURES,
    "source.json",
    "stability.csv",
    "summary.csv",
    "summary.tex",
]
FACTORS = {
    "noise": ("acquisition", 3, [("mild", 1, None, 0.1, 0.2), ("strong", 2, None, 0.5, 0.5)]),
    "bin_width": ("definition", 1, [("1", None, None, 1.0, 0.1)]),
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    features, conditions = cohort(20, factors=FACTORS)
    return write_study(tmp_path_factory.mktemp("command") / "study", features, conditions)


@pytest.fixture(scope="module")
def report(study):
    return stability_command(study)


def test_a_study_gets_its_files_twice_the_same(study, report, tmp_path):
    assert sorted(path.name for path in (study / "stability").iterdir()) == FILES
    assert sorted(path.name for path in report.paths) == FILES
    stability_command(study, output=tmp_path / "again")
    for name in FILES:
        assert (study / "stability" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_the_csv_is_the_table(study, report):
    read = pd.read_csv(study / "stability" / "stability.csv", dtype={"level": str})
    assert tuple(read.columns) == COLUMNS
    expected = report.table["icc_a_1"].tolist()
    assert read["icc_a_1"].tolist() == pytest.approx(expected, rel=0, abs=0, nan_ok=True)


def test_the_text_names_factors_and_files(report):
    lines = report.text.splitlines()
    assert any(line.split()[:3] == ["noise", "acquisition", "1"] for line in lines)
    assert any(line.split()[:3] == ["bin_width", "definition", "1"] for line in lines)
    for path in report.paths:
        assert str(path) in report.text
    (line,) = [line for line in lines if line.startswith("ComBat could remove at most")]
    assert "noise" in line
    assert "bin_width" in line
    told = json.loads(json.dumps(report.data, allow_nan=False))
    assert {row["factor"] for row in told["harmonizable"]} == {"noise", "bin_width"}
    assert {row["unit"] for row in told["headline"]} == {"features", "clusters"}


def test_a_test_retest_table_is_served(tmp_path):
    features, _ = cohort(20, factors={"visit": ("acquisition", 1, [("second", None, None, 0.1, 0.3)])})
    keep = [name for name in features.columns if name not in {"factor", "level", "severity", "sign", "draw"}]
    table = features[keep].rename(columns={"case_id": "patient", "condition": "scan"})
    table.to_csv(tmp_path / "retest.csv", index=False)
    report = stability_command(tmp_path / "retest.csv", case="patient", condition="scan", exchangeable=True)
    assert set(report.table["estimand"]) == {"repeatability"}
    assert "ComBat" not in report.text  # repeats have no level that could be shifted
    assert (tmp_path / "retest_stability" / "heatmap.png").is_file()


def test_nothing_is_written_when_the_table_cannot_be_used(tmp_path):
    (tmp_path / "t.csv").write_text("case_id,condition,x\na,1,2\na,2,3\n")
    with pytest.raises(DataError):
        stability_command(tmp_path / "t.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_an_output_that_is_a_file_is_told(study, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="cannot be made"):
        stability_command(study, output=tmp_path / "file")
