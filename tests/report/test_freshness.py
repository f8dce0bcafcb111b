"""A study that grew after its analyses: the report says that they are older."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from robustrad.audit.drift_settings import DriftSettings
from robustrad.drift.experiment import RunSettings
from robustrad.drift.question import Question
from robustrad.report.command import stability_command
from robustrad.report.compare import comparison
from robustrad.report.derived import derive
from robustrad.report.drift import drift_command
from robustrad.report.holdings import read_holdings
from robustrad.report.methods import methods
from robustrad.report.verdict import verdict
from robustrad.report.write import write_report
from tests.report.studies import study
from tests.report.test_bad_input import ONE, text_of


def grown(tmp_path: Path, *, before: int = 6, now: int = 8) -> Path:
    """A study of ``before`` cases whose stability was measured, then of ``now`` cases."""
    folder = study(tmp_path / "study", n=before, factors=ONE)
    return study(folder, n=now, factors=ONE, analyzed=False, seed=1)


def topics(folder: Path) -> dict[str, str]:
    return {sentence.topic: str(sentence) for sentence in verdict(derive(read_holdings(folder)))}


def test_stability_of_fewer_cases_heads_the_page_and_the_methods(tmp_path: Path) -> None:
    folder = grown(tmp_path)
    first = verdict(derive(read_holdings(folder)))[0]
    told = "Stability was computed from an older features.parquet (6 cases, now 8); run robustrad stability"
    assert (first.topic, first.tone) == ("Out of date", "poor")
    assert str(first).startswith(told)
    write_report(folder, formats=["html", "csv"])
    assert told in text_of((folder / "report" / "report.html").read_text(encoding="utf-8"))
    assert told in (folder / "report" / "methods.txt").read_text(encoding="utf-8").split("Perturbations.")[0]


def test_other_features_of_the_same_cases_are_another_table(tmp_path: Path) -> None:
    assert "6 cases too, with other values" in topics(grown(tmp_path, now=6))["Out of date"]


def test_stability_measured_again_is_not_out_of_date(tmp_path: Path) -> None:
    folder = grown(tmp_path)
    stability_command(folder)
    assert not {"Out of date", "Not known"} & set(topics(folder))


def test_an_old_folder_that_does_not_tell_is_not_known(tmp_path: Path) -> None:
    folder = study(tmp_path / "study", n=6, factors=ONE)
    (folder / "stability" / "source.json").unlink()
    told = topics(folder)
    assert "It is not known from which features.parquet stability was computed" in told["Not known"]
    assert "Out of date" not in told


def test_the_record_in_a_study_is_replaced_by_an_analysis_of_another_table(tmp_path: Path) -> None:
    folder = study(tmp_path / "study", n=6, factors=ONE)
    other = study(tmp_path / "other", n=7, factors=ONE, analyzed=False)
    stability_command(other / "features.parquet", output=folder / "stability")
    assert (
        "Stability was computed from an older features.parquet (7 cases, now 6)"
        in topics(folder)["Out of date"]
    )


def test_a_drift_run_of_fewer_cases_is_told_with_its_command(tmp_path: Path) -> None:
    folder = study(tmp_path / "study", n=24, factors=ONE, analyzed=False)
    run = RunSettings(folds=2, repeats=1, permutations=0)
    settings = DriftSettings(run=run, bootstraps=100, jobs=1)
    drift_command([folder], Question(outcome="outcome"), settings)
    assert "Out of date" not in topics(folder)
    study(folder, n=26, factors=ONE, analyzed=False)
    told = topics(folder)["Out of date"]
    assert told.startswith("Drift was computed from an older features.parquet (24 cases, now 26)")
    assert told.endswith("--outcome outcome.")


def test_methods_count_the_cases_that_were_swept(tmp_path: Path) -> None:
    folder = study(tmp_path / "study", n=6, factors=ONE)
    features = pd.read_parquet(folder / "features.parquet")
    kept = sorted(features["case_id"].unique())[:4]
    features[features["case_id"].isin(kept)].to_parquet(folder / "features.parquet", index=False)
    holdings = derive(read_holdings(folder))
    assert "contours of 4 cases under" in methods(holdings).text
    assert holdings.frame("cohort")["n"].max() == 4


def test_the_record_names_no_folder(tmp_path: Path) -> None:
    folder = study(tmp_path / "study", n=6, factors=ONE)
    record = json.loads((folder / "stability" / "source.json").read_text(encoding="utf-8"))["features_from"]
    assert [sorted(one) for one in record] == [["cases", "file", "sha256"]]
    assert record[0]["file"] == "features.parquet"


def test_studies_side_by_side_say_which_of_them_is_out_of_date(tmp_path: Path) -> None:
    other = study(tmp_path / "other", n=6, factors=ONE)
    (section,), _, _ = comparison([other, grown(tmp_path)])
    older = [str(line) for line in section.lead if "was computed from an older features.parquet" in str(line)]
    assert len(older) == 1
    assert "robustrad stability" in older[0]
    assert older[0].rstrip(".").endswith("study")
