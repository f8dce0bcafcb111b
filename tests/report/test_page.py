"""The page: every number is a cell of a table, everything is there, nothing comes from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from robustrad.report.derived import derive
from robustrad.report.figures import render_figure
from robustrad.report.holdings import read_holdings
from robustrad.report.html_table import breakable
from robustrad.report.plates import plates
from robustrad.report.write import write_report
from tests.report.conftest import TITLE
from tests.report.reading import Cells, Page, Shown, numbers, read_page
from tests.report.studies import NASTY_REMEDY

SECTIONS = (
    "done", "strength", "stability", "drift", "survival", "remedies", "survival_remedies", "safeguards",
    "failures", "methods", "checklists", "provenance", "references",
)  # fmt: skip


@pytest.fixture(scope="module")
def page(reported: Path) -> Page:
    return read_page(reported / "report" / "report.html")


def problem(shown: Shown, cells: Cells) -> str:
    """Why what is shown is not what the table says; empty if it is."""
    full = [cells[shown.file][column].iloc[shown.row] for column in shown.columns]
    if shown.form == "text":
        joined = " ".join(part for part in full if part)
        return (
            ""
            if shown.text.strip() in {joined, "\u2013", ""} or all(p in shown.text for p in full)
            else joined
        )
    known = [float(value) for value in full if value]
    told = numbers(shown.text)
    if shown.text.startswith("< "):
        return "" if known[0] < 0.001 else f"{known}"
    if not full[0]:
        return "" if shown.text in {"\u2013", ""} else "should be empty"
    if len(told) != len(known):
        return f"{known}"
    for (value, half), exact in zip(told, known, strict=True):
        scaled = 100 * exact if shown.form == "share" else exact
        slack = 2 * half if shown.form in {"limit", "cell"} else half
        if abs(value - scaled) > slack * (1 + 1e-9) + 1e-12:
            return f"{exact}"
    return ""


def test_every_number_of_the_page_equals_its_cell(page: Page, reported: Path) -> None:
    cells = Cells(reported)
    wrong = [(shown, why) for shown in page.shown if (why := problem(shown, cells))]
    assert not wrong, wrong[:5]
    assert len(page.shown) > 2000
    files = {shown.file for shown in page.shown}
    assert {
        "stability/summary.csv",
        "report/tables/survivors.csv",
        "drift/drift.csv",
        "drift/remedies.csv",
        "drift/calibration_sweep.csv",
        "drift/deployment_needs.csv",
        "drift/harmonization.csv",
        "drift/survival.csv",
        "drift/survival_safeguards.csv",
        "drift/kaplan_meier.csv",
        "drift/survival_remedies.csv",
        "drift/survival_calibration_sweep.csv",
        "drift/survival_deployment_needs.csv",
    } <= files


def test_the_walk_would_find_a_wrong_number(page: Page, reported: Path) -> None:
    cells = Cells(reported)
    one = next(shown for shown in page.shown if shown.form == "2f" and numbers(shown.text))
    changed = one._replace(text=one.text.replace(one.text[-1], str((int(one.text[-1]) + 5) % 10), 1))
    assert problem(changed, cells)


def test_all_sections_are_there_and_every_evidence_link_has_its_target(page: Page) -> None:
    assert set(SECTIONS) <= set(page.ids)
    inner = [link[1:] for link in page.links if link.startswith("#")]
    assert set(inner) <= set(page.ids)
    assert set(SECTIONS) <= set(inner)


def test_ids_are_unique(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))


def test_nothing_is_loaded_from_elsewhere(reported: Path) -> None:
    text = (reported / "report" / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", text)
    assert "@import" not in text
    assert "url(http" not in text
    outside = set(re.findall(r"https?://[^\s\"'<>]+", text))
    assert outside <= {"http://www.w3.org/2000/svg"}


def test_every_picture_has_a_text(page: Page) -> None:
    assert len(page.images) >= 7
    assert all(image["alt"] for image in page.images)


def test_title_and_names_come_through_as_text(page: Page, reported: Path) -> None:
    assert page.title == TITLE
    assert page.headings[0] == TITLE
    text = (reported / "report" / "report.html").read_text(encoding="utf-8")
    assert "<b>of</b>" not in text


def test_files_beside_the_page_exist(page: Page, reported: Path) -> None:
    files = {link for link in page.links if not link.startswith("#")}
    assert {link.rsplit(".", 1)[1] for link in files} == {"pdf", "svg", "png", "csv"}
    assert not [link for link in files if not (reported / "report" / link).is_file()]


def test_the_first_screen_answers_what_was_asked(reported: Path) -> None:
    text = (reported / "report" / "report.html").read_text(encoding="utf-8")
    head = re.sub(r"<[^>]+>", "", text[text.index("<header") : text.index("</header>")])
    for part in (
        "features stay good or excellent under every acquisition and delineation factor",
        "clusters of features",
        "At equal severity (1)",
        "logistic beats permuted labels",
        "at the reference",
        "noise drifts at severity 3",
        "does not beat volume alone",
        "E3 new site: icc_filter_0.9 has AUC 0.76.",
        "Risk ranks the risk of dead with C",
        "E3 new site: mine_&lt;50%&amp;{1} has C 0.72.",
    ):
        assert part in head


def test_the_same_study_gives_the_same_bytes(reported: Path) -> None:
    chosen = {plate.name: plate for plate in plates(derive(read_holdings(reported)))}
    for name in ("drift_auc", "patients"):
        for suffix, content in render_figure(chosen[name].draw(174.0)).items():
            assert (reported / "report" / "figures" / f"{name}{suffix}").read_bytes() == content
    before = (reported / "report" / "report.html").read_bytes()
    write_report(reported, title=TITLE, formats=["html"])
    assert (reported / "report" / "report.html").read_bytes() == before


def test_a_table_of_remedies_is_ranked_and_says_what_happens_at_a_new_site(
    page: Page, reported: Path
) -> None:
    cells = Cells(reported)["drift/remedies.csv"]
    shown = [one for one in page.shown if one.file == "drift/remedies.csv" and one.columns == ("remedy",)]
    first = [one.text for one in shown if cells["experiment"].iloc[one.row] == "E3 new site"]
    assert first == ["icc_filter_0.9", "combat", "none", "icc_filter_0.9", "zscore"]
    text = (reported / "report" / "report.html").read_text(encoding="utf-8")
    section = text[text.index('<section id="remedies"') : text.index('<section id="survival_remedies"')]
    assert section.index("E3 new site: none has") < section.index("E3 new site: icc_filter_0.9")
    assert section.index("E3 new site: icc_filter_0.9") < section.index("<figure>")
    assert 'class="fresh mark"' in section
    assert "combat: 10 patients of a new site" in section


def test_remedies_for_a_time_to_event_are_told_by_c_alone(page: Page, reported: Path) -> None:
    cells = Cells(reported)["drift/survival_remedies.csv"]
    file = "drift/survival_remedies.csv"
    names = [one for one in page.shown if one.file == file and one.columns == ("remedy",)]
    first = [one.text for one in names if cells["experiment"].iloc[one.row] == "E3 new site"]
    assert first == [NASTY_REMEDY, "combat", "none", NASTY_REMEDY, "zscore"]
    after = [one.text for one in page.shown if one.file == file and one.columns[0] == "c_after"]
    assert any(text.startswith("0.72 [") for text in after)
    text = (reported / "report" / "report.html").read_text(encoding="utf-8")
    section = text[text.index('<section id="survival_remedies"') : text.index('<section id="safeguards"')]
    assert "AUC" not in section
    assert "Calibration is not defined for risks." in section
    assert "combat: 10 patients of a new site keep the loss within 0.05 C" in section
    assert section.count("<figure>") == 2
    assert "mine_<50%" not in section


def test_the_command_that_makes_it_again_names_every_option(reported: Path) -> None:
    text = (reported / "report" / "report.html").read_text(encoding="utf-8")
    assert "robustrad drift OUT --outcome outcome --batch &#39;the site&#39; --matrix" in text
    assert "robustrad drift OUT --time months --event dead --score risk --bootstraps 200" in text


def test_long_names_break_after_an_underscore_only() -> None:
    name = "wavelet-LLH_gldm_LargeDependenceHighGrayLevelEmphasis"
    assert breakable(name) == "wavelet-LLH_<wbr>gldm_<wbr>LargeDependenceHighGrayLevelEmphasis"
    assert breakable("combat+test_time_averaging") == "combat+test_time_averaging"
    assert breakable("<b>") == "&lt;b&gt;"
