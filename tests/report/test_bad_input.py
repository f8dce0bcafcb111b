"""Studies that are half finished, tiny, failed, or of something else: the report says so and stands."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from robustrad.cases.table import load_cases
from robustrad.core.errors import DataError, StudyError
from robustrad.demo.cohort import cohort
from robustrad.report.command import stability_command
from robustrad.report.compare import comparison
from robustrad.report.derived import derive
from robustrad.report.holdings import read_holdings
from robustrad.report.report import report_command
from robustrad.report.verdict import verdict
from robustrad.report.write import write_report
from robustrad.sweep.run import sweep
from tests.report.conftest import TITLE
from tests.report.reading import read_page
from tests.report.studies import NASTY, NASTY_REMEDY, add_drift, add_survival, add_survival_remedies, study

ONE = {"noise": ("acquisition", 1, [("mild", 1, None, 0.1, 0.2), ("strong", 2, None, 0.8, 0.9)])}

COLUMN = "dose <Gy> & 100 %_of ~plan"
REASON = "the file 'a_b <c>' & 50 % of it: \u80bf\u7624"


def page_text(folder: Path) -> str:
    write_report(folder, formats=["html", "csv"])
    return (folder / "report" / "report.html").read_text(encoding="utf-8")


def text_of(page: str) -> str:
    """What a reader sees: the page's text without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", "", page))


def test_a_half_finished_study_says_so_on_top_and_counts_what_is_missing(tmp_path: Path) -> None:
    folder = study(tmp_path / "half", n=5, factors=ONE, analyzed=False)
    (folder / "features.parquet").unlink()
    text = page_text(folder)
    assert "This study is not finished" in text
    first = verdict(derive(read_holdings(folder)))[0]
    assert first.topic == "Unfinished"
    assert str(first).startswith("This study is not finished: 15 of 15 units")
    assert "Stability was not measured" in text


def test_an_interrupted_sweep_is_reported_with_what_it_has_and_what_it_lacks(tmp_path: Path) -> None:
    cases = load_cases(cohort(n=4).write(tmp_path / "cohort"))
    folder = tmp_path / "study"
    sweep(cases, folder, protocol="quick", engine="pyradiomics", jobs=1, shard=(1, 9))
    page = page_text(folder)
    counts = pd.read_csv(folder / "report" / "tables" / "units.csv").iloc[0]
    assert counts["units"] == 4 * 12
    assert 0 < counts["ok"] < counts["units"]
    assert counts["missing"] == counts["units"] - counts["ok"]
    first = text_of(page[page.index('<ul class="verdict">') :])
    assert f"This study is not finished: {counts['missing']} of 48 units" in first[:200]
    assert "The same sweep command goes on where it stopped." in first[:200]
    assert "Stability was not measured" in text_of(page)


def test_without_an_outcome_the_sections_on_the_model_say_what_to_run(tmp_path: Path) -> None:
    text = page_text(study(tmp_path / "plain", n=8, factors=ONE))
    assert "No model was examined. Run: robustrad drift plain --outcome COLUMN" in text
    assert "This study holds nothing on: drift of the model, remedies, safeguards." in text


def test_one_factor_is_not_called_the_worst(tmp_path: Path) -> None:
    folder = study(tmp_path / "one", n=8, factors=ONE)
    topics = {sentence.topic: str(sentence) for sentence in verdict(derive(read_holdings(folder)))}
    assert "Worst factor" not in topics
    assert "The lowest share is that under noise" in topics["Lowest share"]


def test_three_cases_give_no_class_and_the_report_says_it(tmp_path: Path) -> None:
    folder = study(tmp_path / "three", n=3, factors=ONE)
    told = {sentence.topic: str(sentence) for sentence in verdict(derive(read_holdings(folder)))}
    assert "No feature can be classified" in told["Features"]
    assert "have too few subjects" in page_text(folder)


def test_a_study_in_which_everything_failed(tmp_path: Path) -> None:
    folder = study(tmp_path / "failed", n=4, factors=ONE, analyzed=False)
    features = pd.read_parquet(folder / "features.parquet")
    kept = features.iloc[:, :9].assign(status="failed", reason="the file is cut off after 12 kB")
    kept.to_parquet(folder / "features.parquet", index=False)
    text = page_text(folder)
    assert "None of the" in text
    assert "the file is cut off after 12 kB" in text
    counts = pd.read_csv(folder / "report" / "tables" / "units.csv")
    assert (counts["failed"].item(), counts["ok"].item()) == (12, 0)


@pytest.fixture(scope="module")
def difficult(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose ids, columns, values and reasons are difficult, and its report."""
    folder = study(tmp_path_factory.mktemp("difficult") / "study", n=8, factors=ONE, nasty=True)
    cases = pd.read_csv(folder / "cases.csv")
    cases[COLUMN] = [*NASTY, *NASTY[:3]]
    cases.to_csv(folder / "cases.csv", index=False)
    features = pd.read_parquet(folder / "features.parquet")
    failed = features["case_id"].isin(NASTY) & features["condition"].ne("reference")
    features.loc[failed, "status"], features.loc[failed, "reason"] = "failed", REASON
    features.to_parquet(folder / "features.parquet", index=False)
    write_report(folder, title=TITLE, formats=["html", "csv", "tex"])
    return folder


def test_difficult_names_are_text_on_the_page(difficult: Path) -> None:
    page = (difficult / "report" / "report.html").read_text(encoding="utf-8")
    seen = text_of(page)
    for name in (*NASTY, COLUMN, REASON, TITLE):
        assert name in seen
    assert not re.search(r"<(0|b|script|dose)\b", page.replace("<script>(function", ""))


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not installed (texlive-latex-extra)")
def test_difficult_names_are_text_in_print(difficult: Path, tmp_path: Path) -> None:
    source = difficult / "report" / "tables" / "cohort.tex"
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-output-directory", str(tmp_path)]
    done = subprocess.run([*command, str(source)], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-1500:]
    if not shutil.which("pdftotext"):
        pytest.skip("it compiles; pdftotext is not installed (poppler-utils)")
    printed = ["pdftotext", "-layout", str(tmp_path / "cohort.pdf"), "-"]
    text = subprocess.run(printed, capture_output=True, check=True).stdout.decode("utf-8")
    flat = re.sub(r"\s+", "", text)
    for name in ("P<0>&_1 %", "$x^2$ {y} ~ \\z #1", COLUMN):
        assert name.replace(" ", "") in flat
    for letter in "\u0633\u80bf":  # no font of pdfLaTeX has them
        assert f"[U+{ord(letter):04X}]" in flat


def test_an_analysis_of_a_feature_table_can_be_reported(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", n=8, factors=ONE, analyzed=False)
    table = tmp_path / "table.csv"
    pd.read_parquet(folder / "features.parquet").to_csv(table, index=False)
    stability_command(table)
    text = page_text(tmp_path / "table_stability")
    assert "These are analyses of a feature table" in text
    assert "features stay good or excellent" in text


def test_a_folder_with_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="nothing to report here"):
        read_holdings(tmp_path)
    with pytest.raises(StudyError, match="no such folder"):
        read_holdings(tmp_path / "nowhere")


def test_a_table_that_is_none_is_named(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", n=5, factors=ONE, analyzed=False)
    (folder / "stability").mkdir()
    (folder / "stability" / "stability.csv").write_bytes(b"\xff\xfe\x00broken")
    with pytest.raises(StudyError, match=r"stability\.csv"):
        read_holdings(folder)


def test_without_the_extra_the_report_stands_and_names_the_install_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = study(tmp_path / "s", n=5, factors=ONE, analyzed=False)
    monkeypatch.setattr("robustrad.report.report.find_spec", lambda _: None)
    told = report_command([folder], formats=None)
    assert "No Word tables: python-docx is not installed (pip install 'robustrad[docx]')." in told.text
    assert (folder / "report" / "report.html").is_file()
    assert not list((folder / "report" / "tables").glob("*.docx"))


def test_several_studies_say_which_features_are_robust_in_all(tmp_path: Path) -> None:
    folders = [
        study(tmp_path / name / "study", n=12, factors=ONE, seed=seed) for seed, name in enumerate("ab")
    ]
    sections, _, sheets = comparison(folders)
    features = sheets[1].frame
    both = features[["a", "b"]].isin(["good", "excellent"]).all(axis=1)
    assert (features["in_all"].eq("yes") == both).all()
    assert f"{both.sum()} of the " in str(sections[0].lead[0])
    told = report_command(folders, formats=["html", "csv"])
    assert any(
        "compare" in Path(name).name for name in [p.name for p in (folders[0] / "report/tables").iterdir()]
    )
    page = read_page(folders[0] / "report" / "report.html")
    assert "compare" in page.ids
    assert told.data["verdict"]


def test_studies_without_stability_cannot_be_compared(tmp_path: Path) -> None:
    folders = [study(tmp_path / name, n=5, factors=ONE, analyzed=False) for name in "ab"]
    with pytest.raises(StudyError, match="robustrad stability"):
        comparison(folders)


def test_a_drift_run_without_optional_tables_is_reported(tmp_path: Path) -> None:
    folder = add_drift(study(tmp_path / "s", n=8, factors=ONE))
    for name in ("breakdown", "patients", "matrix", "safeguards", "remedies"):
        (folder / "drift" / f"{name}.csv").unlink()
    text = page_text(folder)
    assert "Logistic predicts outcome with AUC" in text
    assert "No remedy was tried." in text
    assert "robustrad drift ... --matrix" in text


def test_time_to_event_alone_is_reported(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", n=8, factors=ONE)
    (folder / "drift").mkdir()
    text = page_text(add_survival(folder))
    assert "see Time to event" in text
    assert "Risk ranks the risk of dead with C" in text


def test_remedies_for_a_time_to_event_alone_stand_in_their_section(tmp_path: Path) -> None:
    folder = add_survival_remedies(study(tmp_path / "s", n=8, factors=ONE, analyzed=False))
    text = page_text(folder)
    assert 'id="survival_remedies"' in text
    assert 'id="remedies"' not in text
    assert "No remedy was tried" not in text
    topics = {sentence.topic: str(sentence) for sentence in verdict(derive(read_holdings(folder)))}
    assert topics["Remedy (time)"] == f"E3 new site: {NASTY_REMEDY} has C 0.72."
    assert "Remedy" not in topics


@pytest.mark.parametrize(
    ("judged", "told"), [(("none",), "has a result there"), (("none", "combat"), "does better than none")]
)
def test_a_remedy_without_a_result_is_not_called_worse_than_none(
    tmp_path: Path, judged: tuple[str, ...], told: str
) -> None:
    folder = add_survival_remedies(study(tmp_path / "s", n=8, factors=ONE, analyzed=False))
    file = folder / "drift" / "survival_remedies.csv"
    table = pd.read_csv(file)
    rows = table[table["experiment"].eq("E3 new site") & table["remedy"].isin(judged)]
    rows.assign(rank=[judged.index(name) + 1 for name in rows["remedy"]]).to_csv(file, index=False)
    topics = {sentence.topic: str(sentence) for sentence in verdict(derive(read_holdings(folder)))}
    assert topics["Remedy (time)"] == f"No remedy that was tried {told}. E3 new site: none has C 0.60."


def test_needs_without_remedies_are_told_for_a_time_to_event(tmp_path: Path) -> None:
    folder = add_survival_remedies(study(tmp_path / "s", n=8, factors=ONE, analyzed=False))
    for name in ("survival_remedies", "survival_calibration_sweep"):
        (folder / "drift" / f"{name}.csv").unlink()
    text = page_text(folder)
    assert "noise=strong: the mean of 4 predictions stays within 0.05 C" in text
    assert "robustrad drift s --time COLUMN --event COLUMN --remedies all" in text


def test_the_record_of_a_foreign_study_is_no_obstacle(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", n=8, factors=ONE)
    (folder / "study.json").write_text(json.dumps({"protocol": {"modality": "PT"}}))
    assert "The study does not say what it was made with." in page_text(folder)


def test_features_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    folder = study(tmp_path / "study", n=5, factors=ONE, analyzed=False)
    (folder / "features.parquet").write_bytes(b"")
    with pytest.raises(DataError, match=r"features\.parquet: cannot be read as Parquet"):
        write_report(folder, formats=["csv"])
