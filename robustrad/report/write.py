"""Write a report: page, tables, figures and texts, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from robustrad.core.errors import RobustradError, nearest
from robustrad.core.written import make_folder
from robustrad.report import catalog, catalog_drift, catalog_remedies, catalog_survival
from robustrad.report.assemble import html_report
from robustrad.report.compare import comparison
from robustrad.report.derived import FOLDER, derive, write_derived
from robustrad.report.figures import render_figure
from robustrad.report.holdings import Holdings, read_holdings
from robustrad.report.judged import held
from robustrad.report.latex import latex_document
from robustrad.report.methods import methods
from robustrad.report.plate import COLUMN_MM, PAGE_MM, Plate
from robustrad.report.plates import plates
from robustrad.report.provenance import engine_note
from robustrad.report.references import bibtex
from robustrad.report.sheets import Sentence
from robustrad.report.tables import footnote, write_bytes, write_csv, write_text
from robustrad.report.verdict import verdict
from robustrad.report.views import Table
from robustrad.report.word import require_docx, word_document

FORMATS = ("html", "csv", "tex", "docx", "pdf-figures")
CONTACT_SHEET = "contact_sheet.png"
_SUPPLEMENT = ("features", "dictionary", "checklists")


class Written(NamedTuple):
    """What a report is.

    Attributes
    ----------
    paths : tuple of Path
        Its files, the page first.
    sentences : tuple of Sentence
        The first screen.
    """

    paths: tuple[Path, ...]
    sentences: tuple[Sentence, ...]


def write_report(
    folder: Path,
    *,
    title: str | None = None,
    formats: Sequence[str] = FORMATS,
    width_mm: float = PAGE_MM,
    others: Sequence[Path] = (),
) -> Written:
    """Write ``report/`` into a study folder.

    Parameters
    ----------
    folder : Path
        A study, or the folder of an analysis of a feature table. A picture ``report/contact_sheet.png`` in it
        is shown.
    title : str, optional
        Of page and documents; default the study's name.
    formats : sequence of str
        Of :data:`FORMATS`.
    width_mm : float
        Width of the figures: 85 (one column of a journal) or 174 (a page).
    others : sequence of Path
        More studies, to compare this one with side by side.

    Raises
    ------
    StudyError
        If there is nothing to report, or the folder cannot be written.
    RobustradError
        If a format or a width is unknown.
    EnvironmentUnusableError
        If ``docx`` is asked for and python-docx is not installed.
    """
    check(formats, width_mm)
    holdings = derive(read_holdings(folder))
    out = folder / "report"
    _make(out, folder / FOLDER, *([out / "figures"] if "pdf-figures" in formats else []))
    extra, tables, sheets = comparison([folder, *others]) if others else ((), (), ())
    heading = title or f"Robustness of {holdings.name}"
    text = methods(holdings)
    drawn = {plate.name: plate for plate in plates(holdings)} if {"html", "pdf-figures"} & {*formats} else {}
    written: list[Path] = []
    if "html" in formats:
        picture = out / CONTACT_SHEET
        sheet = picture.read_bytes() if picture.is_file() else None
        page = html_report(holdings, text, drawn, title=heading, contact_sheet=sheet, extra=extra)
        written.append(write_text(page, out / "report.html"))
    write_derived(holdings, folder / FOLDER)
    for own in sheets:
        write_csv(own.frame, folder / FOLDER / own.file.rsplit("/", 1)[1])
    own_tables = (
        part.every(holdings) for part in (catalog, catalog_drift, catalog_survival, catalog_remedies)
    )
    listed = [*(table for part in own_tables for table in part), *tables]
    written += _tables(holdings, listed, folder / FOLDER, formats, heading)
    if "pdf-figures" in formats:
        written += _figures(drawn.values(), out / "figures", width_mm)
    written.append(write_text(text.text, out / "methods.txt"))
    written.append(write_text(bibtex(text.keys, holdings.record.get("versions", {})), out / "references.bib"))
    return Written(tuple(written), tuple(verdict(holdings)))


def check(formats: Iterable[str], width_mm: float) -> None:
    """Raise where a format or a width is unknown, or the extra of a format is missing.

    Raises
    ------
    RobustradError
        Naming the known ones.
    """
    for name in formats:
        if name not in FORMATS:
            raise RobustradError("--format", repr(name), "", nearest(name, FORMATS))
        if name == "docx":
            require_docx()
    if width_mm not in {COLUMN_MM, PAGE_MM}:
        raise RobustradError("--journal-width", f"{width_mm:g}", f"{COLUMN_MM:g} or {PAGE_MM:g} (mm)")


def table_notes(holdings: Holdings) -> dict[str, tuple[str, ...]]:
    """Return each table's footnotes: ICC form, interval, n, k, thresholds, dropped subjects, engine."""
    engine = engine_note(holdings.folder)
    summary = holdings.sheet("summary")
    rows = None if summary is None else summary.frame[summary.frame["role"].ne("control")]
    told = () if rows is None else (f"{footnote(rows)} {engine}".rstrip(),)
    about = (engine,) if engine else ()
    named = dict.fromkeys(("stability_summary", "robust_features", "features", "factors"), told)
    compared = [judged.name(f"remedies_{at}") for judged in held(holdings) for at in ("new_site", "paired")]
    of_models = dict.fromkeys(("drift", "survival", *compared), about)
    return {**named, **of_models, "strength": about, "cohort": ()}


def _tables(
    holdings: Holdings, tables: Sequence[Table], folder: Path, formats: Sequence[str], title: str
) -> list[Path]:
    notes = table_notes(holdings)
    written = []
    if "csv" in formats:
        own = [table for table in tables if table.sheet.file != f"{FOLDER}/{table.name}.csv"]
        written += [write_csv(table.full(), folder / f"{table.name}.csv") for table in own]
    if "tex" in formats:
        for table in tables:
            document = latex_document(table, notes=notes.get(table.name, ()))
            written.append(write_text(document, folder / f"{table.name}.tex"))
    if "docx" in formats:
        groups = {
            "tables": [table for table in tables if table.name not in _SUPPLEMENT],
            "supplement": [table for table in tables if table.name in _SUPPLEMENT],
        }
        for name, chosen in groups.items():
            if chosen:
                content = word_document(chosen, title=title, notes=notes)
                written.append(write_bytes(content, folder / f"{name}.docx"))
    return written


def _figures(drawn: Iterable[Plate], folder: Path, width_mm: float) -> list[Path]:
    written = []
    for plate in drawn:
        for suffix, content in render_figure(plate.draw(width_mm)).items():
            written.append(write_bytes(content, folder / f"{plate.name}{suffix}"))
        written.append(write_csv(plate.data, folder / f"{plate.name}.csv"))
        written.append(write_text(plate.caption + "\n", folder / f"{plate.name}.txt"))
    return written


def _make(*folders: Path) -> None:
    for path in folders:
        make_folder(path)
