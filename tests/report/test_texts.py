"""Methods, checklists, dictionary and references: what they claim is in the study or in a source."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from robustrad.audit.survival import survival_drift
from robustrad.extract.catalog import FEATURES, ON_REQUEST
from robustrad.report.checklists import AUTHOR, COLUMNS, FILLED, PARTLY, checklist
from robustrad.report.derived import derive
from robustrad.report.dictionary import dictionary, explain
from robustrad.report.factor_text import factor_text
from robustrad.report.holdings import read_holdings
from robustrad.report.methods import methods
from robustrad.report.references import bibtex, library
from tests.audit.test_survival import table
from tests.report.studies import add_drift, add_survival, study


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    factors = {"noise": ("acquisition", 2, [("mild", 1, None, 0.1, 0.2)])}
    return study(tmp_path_factory.mktemp("texts") / "study", n=8, factors=factors)


def test_methods_never_claim_ibsi_compliance_and_list_the_deviations(reported: Path) -> None:
    text = methods(derive(read_holdings(reported))).text
    assert "compliant" not in text
    assert "PyRadiomics definitions" in text
    for part in (
        "kurtosis is not reduced by 3",
        "edges lie at multiples",
        "corner of the image",
        "filters are PyRadiomics' own",
    ):
        assert part in text


def test_methods_name_the_numbers_of_the_study(reported: Path) -> None:
    text = methods(derive(read_holdings(reported))).text
    for part in (
        "24 cases",
        "seed 7",
        "4 x 4 x 4 mm",
        "fixed bin width of 0.25",
        "noise (acquisition): gaussian_noise",
        "ICC(A,1)",
        "margin of 0.05",
        "numpy 2.4",
    ):
        assert part in text


def test_methods_say_nothing_of_what_was_not_done(plain: Path) -> None:
    text = methods(derive(read_holdings(plain)))
    assert "Model" not in dict(text.paragraphs)
    assert "DeLong1988" not in text.keys
    assert "z-scoring" not in text.text


def test_every_cited_key_is_in_the_library_and_the_file(reported: Path) -> None:
    text = methods(derive(read_holdings(reported)))
    assert set(text.keys) <= set(library())
    written = (reported / "report" / "references.bib").read_text(encoding="utf-8")
    assert all(f"{{{key}," in written for key in text.keys)
    assert "numpy" in bibtex(text.keys, {"numpy": "2"})


def test_every_entry_has_a_doi_and_reads_as_a_line() -> None:
    for entry in library().values():
        assert entry.fields["doi"].startswith("10.")
        assert entry.fields["year"] in entry.text
        assert "{" not in entry.text


def test_factors_are_written_with_units_and_severities() -> None:
    levels = {
        "a": {"kind": "gaussian_blur", "version": 1, "fwhm_mm": 2.0, "severity": 1.0, "sign": None},
        "b": {"kind": "gaussian_blur", "version": 1, "fwhm_mm": 4.0, "severity": 2.0, "sign": None},
    }
    told = factor_text("blur", {"role": "acquisition", "draws": 3, "levels": levels})
    assert told == "blur (acquisition): gaussian_blur; FWHM 2, 4 mm; severity 1, 2; 3 draws per level"


def test_checklists_have_every_item_and_no_score(reported: Path) -> None:
    table = checklist(derive(read_holdings(reported)))
    assert tuple(table.columns) == COLUMNS
    assert table["framework"].value_counts()[["CLEAR", "METRICS"]].to_dict() == {"CLEAR": 58, "METRICS": 30}
    assert set(table["status"]) == {FILLED, PARTLY, AUTHOR}
    assert not table.loc[table["status"].ne(AUTHOR), "evidence"].eq("").any()
    assert table.loc[table["status"].eq(AUTHOR), "evidence"].eq("").all()


def test_a_model_fills_more_items_and_the_authors_keep_theirs(plain: Path, tmp_path: Path) -> None:
    import shutil

    before = checklist(derive(read_holdings(plain)))
    shutil.copytree(plain, tmp_path / "copy")
    after = checklist(derive(read_holdings(add_drift(tmp_path / "copy"))))
    gained = set(after.index[after["status"].ne(AUTHOR)]) - set(before.index[before["status"].ne(AUTHOR)])
    clear = after[after["framework"].eq("CLEAR")].set_index("item")["status"]
    assert len(gained) > 20
    for item in ("1", "8", "11", "16", "19", "20", "52", "58"):
        assert clear[item] == AUTHOR


def test_every_feature_that_pyradiomics_enables_has_one_plain_sentence() -> None:
    known = explain(
        f"original_{group}_{name}"
        for group in FEATURES
        for name in FEATURES[group]
        if name not in ON_REQUEST[group]
    )
    assert not known["meaning"].eq("").any()
    assert known["meaning"].str.endswith(".").all()


def test_ibsi_codes_are_four_characters_and_stand_for_one_feature_each() -> None:
    codes = dictionary()["ibsi_code"]
    given = codes[codes.ne("")]
    assert given.str.fullmatch("[0-9A-Z]{4}").all()
    assert given.is_unique
    # Known from the manual; kurtosis there is minus 3, and the maximal correlation coefficient is not in it.
    table = dictionary()
    assert table.loc[("glcm", "JointEntropy"), "ibsi_code"] == "TU9B"
    assert table.loc[("glcm", "MCC"), "ibsi_code"] == ""
    assert "plus 3" in table.loc[("firstorder", "Kurtosis"), "note"]


def test_unknown_names_are_left_without_a_meaning() -> None:
    assert explain(["engine:deep_7", "x"])["meaning"].tolist() == ["", ""]


def test_a_time_to_event_is_described_by_what_was_given(plain: Path, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    shutil.copytree(plain, folder)
    told = methods(derive(read_holdings(add_survival(folder))))
    text = dict(told.paragraphs)["Time to event"]
    for part in ("Risks (", "dead by months (", "events in 30 subjects", "Harrell's C", "margin of 0.05 C"):
        assert part in text
    assert "200 resamples" in text
    assert "were trained" not in text
    assert {"Harrell1982", "Uno2011"} <= set(told.keys)


def test_fitted_models_of_a_time_to_event_tell_their_steps_and_checks(plain: Path, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    shutil.copytree(plain, folder)
    pytest.importorskip("sksurv", reason="needs the extra 'survival'")
    rows = table(60).drop(columns="risk")
    survival_drift(
        rows, time="months", event="dead", output=folder / "drift", bootstraps=100, folds=3, repeats=1,
        permutations=3,
    )  # fmt: skip
    text = dict(methods(derive(read_holdings(folder))).paragraphs)["Time to event"]
    for part in (
        "Models (cox) of dead by months",
        "folds: 3, repeats: 1",
        "selected by Cox's score test, at most a fifth of the training patients with the event",
        "ridge penalty",
        "3 permutations of the follow-up",
    ):
        assert part in text
