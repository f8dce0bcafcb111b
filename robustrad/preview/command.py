"""What ``robustrad preview`` does and tells."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from robustrad.cases.case import Case, Cases
from robustrad.cases.modality import modality_of
from robustrad.cases.table import load_cases
from robustrad.core.errors import DataError, ProtocolError, nearest
from robustrad.core.told import Told
from robustrad.preview import captions
from robustrad.preview.layout import pages
from robustrad.preview.look import Cell, Look, look_at
from robustrad.preview.page import preview_page
from robustrad.preview.sheet import preview_figure
from robustrad.protocol.builtin import protocol_for
from robustrad.protocol.model import Protocol
from robustrad.protocol.read import load_protocol
from robustrad.report.figures import STYLE
from robustrad.report.tables import write_bytes
from robustrad.sweep.rows import FAILED, SKIPPED
from robustrad.sweep.tasks import case_ref

SUFFIXES = (".png", ".pdf", ".svg", ".html")
DPI = 300
_PAGE_MM = 240.0  # pages of a PDF: A4 with its margins


def preview_command(
    cases: Path,
    output: Path,
    *,
    protocol: str | None = None,
    params: str | None = None,
    case: str | None = None,
    factor: str | None = None,
    dpi: int = DPI,
) -> Told:
    """Draw what a protocol does to one case; the file appears whole or not at all.

    Parameters
    ----------
    cases : Path
        Table of cases.
    output : Path
        File to write: ``.png``, ``.svg``, ``.pdf`` (pages of up to 240 mm) or ``.html`` (opens offline).
    protocol : str, optional
        Built-in name or YAML file; default the built-in one of the case's modality, else ``quick``.
    params : str, optional
        PyRadiomics parameter file that replaces the protocol's ``extraction``.
    case : str, optional
        Which case; default the first of the table.
    factor : str, optional
        Only this factor, larger.
    dpi : int
        Pixels per inch of pictures, of a figure 174 mm wide; 300 for print.

    Returns
    -------
    Told
        The caption, and what was skipped or failed and why.

    Raises
    ------
    DataError
        If table, case or output cannot be used.
    ProtocolError
        If protocol or factor cannot be used.
    """
    _check_output(output)
    table = load_cases(cases)
    chosen = _chosen(table, case)
    modality = modality_of(chosen)
    loaded = load_protocol(protocol or protocol_for(modality), params=params)
    _check_modality(loaded, modality, chosen)
    ref = case_ref(chosen, source=table.source, modality=modality, parameters=loaded.parameters)
    look = look_at(ref, loaded, factor=factor)
    write_bytes(render(look, output.suffix.lower(), dpi=dpi), output)
    return _told(look, output)


def render(look: Look, suffix: str, *, dpi: int = DPI) -> bytes:
    """Return the preview as a file of the kind ``suffix``; the same look gives the same bytes."""
    if suffix == ".html":
        pictures = {row.factor.name: _png(preview_figure(look, rows=[row]), dpi) for row in look.rows}
        return preview_page(look, pictures).encode()
    if suffix == ".pdf":
        figures = [preview_figure(look, rows=page) for page in pages(look.rows, tallest_mm=_PAGE_MM)]
        return _pdf(figures, dpi)
    figure = preview_figure(look)
    return _png(figure, dpi) if suffix == ".png" else _saved(figure, "svg", {"Date": None}, dpi)


def _png(figure: Figure, dpi: int) -> bytes:
    return _saved(figure, "png", {"Software": None}, dpi)


def _saved(figure: Figure, kind: str, metadata: dict[str, Any], dpi: int) -> bytes:
    stream = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(stream, format=kind, dpi=dpi, metadata=metadata)
    return stream.getvalue()


def _pdf(figures: list[Figure], dpi: int) -> bytes:
    stream = io.BytesIO()
    undated: dict[str, Any] = {"CreationDate": None, "ModDate": None}
    with mpl.rc_context(STYLE), PdfPages(stream, metadata=undated) as document:
        for figure in figures:
            document.savefig(figure, dpi=dpi)
    return stream.getvalue()


def _check_output(output: Path) -> None:
    if output.suffix.lower() not in SUFFIXES:
        found = f"suffix {output.suffix!r}" if output.suffix else "no suffix"
        raise DataError(f"-o {output}", found, f"one of {', '.join(SUFFIXES)}")
    if not output.parent.is_dir():
        raise DataError(
            f"-o {output}", f"there is no folder {output.parent}", "", "Make it, or choose another."
        )
    if output.is_dir():
        raise DataError(f"-o {output}", "a folder", "the name of a file")


def _chosen(table: Cases, case: str | None) -> Case:
    if case is None:
        return table[0]
    found = [row for row in table if row.case_id == case]
    if not found:
        raise DataError(
            f"--case of {table.source}",
            f"unknown case {case!r}",
            "",
            nearest(case, [row.case_id for row in table]),
        )
    return found[0]


def _check_modality(protocol: Protocol, modality: str, case: Case) -> None:
    if modality != "unknown" and protocol.modality not in ("any", modality):
        raise ProtocolError(
            f"protocol {protocol.name}",
            f"made for {protocol.modality}, but {case.place} is {modality}",
            "",
            "Choose another --protocol; robustrad protocols lists them.",
        )


def _told(look: Look, output: Path) -> Told:
    cells = [look.reference, *(cell for row in look.rows for cell in row.cells)]
    lines = [f"{output}: {captions.figure_caption(look)}"]
    lines += [f"  {cell.condition} {captions.reason_of(cell)}" for cell in cells if cell.shot is None]
    data = {
        "output": str(output),
        "case_id": look.case_id,
        "protocol": look.protocol,
        "slice": look.frame.slice_index + 1,
        "window": [look.window.low, look.window.high],
        "caption": captions.figure_caption(look),
        "skipped": sum(cell.status == SKIPPED for cell in cells),
        "failed": sum(cell.status == FAILED for cell in cells),
        "levels": [_record(cell) for cell in cells],
    }
    return Told("\n".join(lines), data)


def _record(cell: Cell) -> dict[str, Any]:
    strength = {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in cell.strength.items()
    }
    return {
        "condition": cell.condition,
        "severity": cell.severity,
        "status": cell.status,
        "reason": cell.reason,
        "strength": strength,
    }
