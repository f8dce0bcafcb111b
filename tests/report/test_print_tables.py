"""Tables for print: LaTeX that compiles as it is, Word that opens, CSV at full precision."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from robustrad.core.errors import EnvironmentUnusableError, RobustradError
from robustrad.report.catalog import every
from robustrad.report.derived import derive
from robustrad.report.holdings import read_holdings
from robustrad.report.latex import latex_document, latex_text
from robustrad.report.sheets import Sheet
from robustrad.report.views import Column, Table
from robustrad.report.word import word_document
from robustrad.report.write import check, table_notes
from tests.report.studies import NASTY_REMEDY

LATEX, OFFICE = shutil.which("pdflatex"), shutil.which("soffice")


def little(*texts: str) -> Table:
    sheet = Sheet("x.csv", pd.DataFrame({"name": texts, "value": [0.5] * len(texts)}))
    columns = (Column("Name", ("name",), width=0.4), Column("Value", ("value",), "2f"))
    return Table("little", "A title & 100 % _x_ <y>", sheet, range(len(texts)), columns)


def test_special_characters_become_text() -> None:
    assert latex_text("a_b & 50 % < {x} \u2212 \u2265") == r"a\_b \& 50 \% \textless{} \{x\} $-$ $\ge$"


def test_a_document_has_its_preamble_on_top_and_says_what_to_copy() -> None:
    text = latex_document(little("a"))
    assert text.index(r"\documentclass") < text.index("copy from here") < text.index(r"\begin{longtable}")
    assert r"\usepackage{booktabs,longtable,array}" in text
    for rule in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert rule in text


def test_letters_that_pdflatex_lacks_are_declared() -> None:
    text = latex_document(little("\u80bf"))
    assert r"\DeclareUnicodeCharacter{80BF}" in text
    assert "DeclareUnicodeCharacter" not in latex_document(little("caf\u00e9"))


@pytest.mark.skipif(not LATEX, reason="pdflatex is not installed (Debian: texlive-latex-extra)")
def test_every_table_compiles_as_it_is(reported: Path, tmp_path: Path) -> None:
    files = sorted((reported / "report" / "tables").glob("*.tex"))
    assert {
        "cohort",
        "stability_summary",
        "robust_features",
        "features",
        "drift",
        "remedies_new_site",
        "survival_remedies_new_site",
        "survival_calibration_sweep",
        "survival_deployment_needs_copies",
    } <= {f.stem for f in files}
    for file in files:
        command = [
            str(LATEX),
            "-interaction=nonstopmode",
            "-halt-on-error",
            "-output-directory",
            str(tmp_path),
            str(file),
        ]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        assert done.returncode == 0, f"{file.name}: {done.stdout[-1500:]}"
        assert (tmp_path / f"{file.stem}.pdf").stat().st_size > 5000


@pytest.fixture(scope="module")
def documents(reported: Path) -> dict[str, bytes]:
    pytest.importorskip("docx", reason="python-docx is not installed (pip install -e .[docx])")
    holdings = derive(read_holdings(reported))
    tables = list(every(holdings))
    return {"all": word_document(tables, title="T & <t>", notes=table_notes(holdings))}


def test_word_holds_real_tables_with_captions_and_footnotes(
    documents: dict[str, bytes], reported: Path
) -> None:
    import docx

    document = docx.Document(io.BytesIO(documents["all"]))
    tables = list(every(derive(read_holdings(reported))))
    assert len(document.tables) == len(tables)
    texts = [paragraph.text for paragraph in document.paragraphs]
    for number, table in enumerate(tables, start=1):
        assert f"Table {number}. {table.title}" in texts
    assert any("lower limit of the two-sided 95 %" in text for text in texts)
    shown = document.tables[0].rows[0].cells
    assert [cell.text for cell in shown] == [column.title for column in tables[0].columns]


def test_a_table_too_wide_for_word_gets_smaller_letters_not_broken_words() -> None:
    pytest.importorskip("docx", reason="python-docx is not installed (pip install -e .[docx])")
    names = [f"A heading of column {i}" for i in range(14)]
    sheet = Sheet("x.csv", pd.DataFrame({name: [0.5] for name in names}))
    few, many = (
        Table("t", "T", sheet, range(1), tuple(Column(n, (n,), "2f") for n in names[:k]), landscape=True)
        for k in (3, 14)
    )
    for table, size in ((few, 17), (many, 12)):
        document = io.BytesIO(word_document([table], title="T", notes={}))
        text = zipfile.ZipFile(document).read("word/document.xml")
        widths = [int(w) for w in re.findall(rb'gridCol w:w="(\d+)"', text)]
        assert sum(widths) <= (297 - 36) / 25.4 * 1440 + len(widths)
        assert f'w:sz w:val="{size}"'.encode() in text


def test_the_same_tables_give_the_same_document(documents: dict[str, bytes], reported: Path) -> None:
    holdings = derive(read_holdings(reported))
    again = word_document(list(every(holdings)), title="T & <t>", notes=table_notes(holdings))
    assert again == documents["all"]


@pytest.mark.slow
@pytest.mark.skipif(not OFFICE, reason="LibreOffice is not installed (Debian: libreoffice-writer-nogui)")
def test_word_opens_in_libreoffice(documents: dict[str, bytes], tmp_path: Path) -> None:
    file = tmp_path / "tables.docx"
    file.write_bytes(documents["all"])
    assert zipfile.is_zipfile(file)
    home = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [str(OFFICE), home, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(file)]
    subprocess.run(command, capture_output=True, check=True, timeout=240)
    assert (tmp_path / "tables.pdf").read_bytes().startswith(b"%PDF")


def test_a_missing_extra_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(EnvironmentUnusableError, match=r"pip install 'robustrad\[docx\]'"):
        check(["docx"], 174)


def test_unknown_formats_and_widths_are_told() -> None:
    with pytest.raises(RobustradError, match="Did you mean html"):
        check(["htm"], 174)
    with pytest.raises(RobustradError, match="85 or 174"):
        check(["html"], 100)


def test_csv_holds_what_the_table_shows_at_full_precision(reported: Path) -> None:
    full = pd.read_csv(reported / "report" / "tables" / "features.csv")
    source = pd.read_csv(reported / "stability" / "stability.csv")
    one = full.dropna(subset=["icc"]).iloc[0]
    match = source[source["feature"].eq(one["feature"]) & source["factor"].eq(one["factor"])]
    assert (match["headline"] == one["icc"]).any()


def test_remedies_for_a_time_to_event_are_printed_by_c(reported: Path) -> None:
    tables = reported / "report" / "tables"
    text = (tables / "survival_remedies_new_site.tex").read_text(encoding="utf-8")
    assert latex_text(NASTY_REMEDY) in text
    assert NASTY_REMEDY not in text
    assert "C after" in text
    assert "AUC" not in text
    assert "PyRadiomics 3.1.4" in text
    full = pd.read_csv(tables / "survival_remedies_new_site.csv").set_index("remedy")
    source = pd.read_csv(reported / "drift" / "survival_remedies.csv")
    own = source[source["experiment"].eq("E3 new site") & source["rank"].notna()].set_index("remedy")
    for name in ("c_before", "c_after", "c_after_low", "left_to_lose", "recovery"):
        pd.testing.assert_series_equal(full[name], own[name])


def test_footnotes_come_from_the_study(reported: Path) -> None:
    text = (reported / "report" / "tables" / "stability_summary.tex").read_text(encoding="utf-8")
    for part in (
        "ICC(1,1)",
        "ICC(A,1)",
        "n = 24",
        r"95 \%",
        "excellent from 0.9",
        "subjects dropped",
        "PyRadiomics 3.1.4",
    ):
        assert part in text
    assert re.search(r"robustrad \d", text)
