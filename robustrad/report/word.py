"""Tables as Word documents: real tables with captions, heads that repeat, and footnotes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

from robustrad.core.errors import EnvironmentUnusableError
from robustrad.report.views import Table

_NS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MARGIN_MM = 18
_HALF_POINTS, _LEAST_HALF_POINTS = 17, 12


def require_docx() -> None:
    """Raise unless python-docx is there.

    Raises
    ------
    EnvironmentUnusableError
        Naming the command that installs it.
    """
    try:
        import docx  # noqa: F401
    except ImportError as error:
        raise EnvironmentUnusableError(
            "--format docx",
            "python-docx is not installed",
            "the extra docx",
            "Run: pip install 'robustrad[docx]'",
        ) from error


def word_document(tables: Sequence[Table], *, title: str, notes: dict[str, tuple[str, ...]]) -> bytes:
    """Return ``tables`` as one Word file; the same tables give the same bytes.

    Parameters
    ----------
    tables : sequence of Table
        In their order; each is numbered.
    title : str
        Heading of the document.
    notes : dict of str to tuple of str
        Footnotes by the name of a table, after the table's own.

    Raises
    ------
    EnvironmentUnusableError
        If python-docx is not installed.
    """
    require_docx()
    import docx
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm, Pt

    document = docx.Document()
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "Calibri", Pt(10)
    section = document.sections[0]
    wide = any(table.landscape for table in tables)
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (Mm(297), Mm(210)) if wide else (Mm(210), Mm(297))
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Mm(_MARGIN_MM))
    text_mm = (297 if wide else 210) - 2 * _MARGIN_MM
    document.core_properties.title = title[:255]
    document.add_heading(title, level=1)
    for number, table in enumerate(tables, start=1):
        _caption(document, f"Table {number}. ", table.title)
        _insert(document, table, text_mm)
        for note in (*table.notes, *notes.get(table.name, ())):
            paragraph = document.add_paragraph()
            paragraph.paragraph_format.space_before = Pt(3)
            paragraph.add_run(note).font.size = Pt(8)
    stream = io.BytesIO()
    document.save(stream)
    return _undated(stream.getvalue())


def _caption(document: Any, number: str, text: str) -> None:
    from docx.shared import Pt, RGBColor

    paragraph = document.add_paragraph(style="Caption")
    paragraph.paragraph_format.keep_with_next = True
    paragraph.paragraph_format.space_before = Pt(14)
    for part, bold in ((number, True), (text, False)):
        run = paragraph.add_run(part)
        run.bold, run.italic = bold, False
        run.font.size, run.font.color.rgb = Pt(10), RGBColor(0, 0, 0)


def _insert(document: Any, table: Table, text_mm: float) -> None:
    """Append the table as XML at once: a thousand rows cell by cell would take minutes."""
    from docx.oxml import parse_xml

    body = document.element.body
    body.insert(len(body) - 1, parse_xml(_xml(table, text_mm)))


def _xml(table: Table, text_mm: float) -> str:
    widths, size = _widths(table, text_mm)
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    head = "".join(_cell(column.title, width, size, right=column.numeric, head=True)
                   for column, width in zip(table.columns, widths, strict=True))  # fmt: skip
    rows = "".join(_rows(table, widths, size))
    return (
        f'<w:tbl {_NS}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
        '<w:tblBorders><w:top w:val="single" w:sz="8"/><w:bottom w:val="single" w:sz="8"/></w:tblBorders>'
        '<w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/></w:tblCellMar>'
        "</w:tblPr>"
        f"<w:tblGrid>{grid}</w:tblGrid>"
        f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>{rows}</w:tbl>"
    )


def _rows(table: Table, widths: Sequence[int], size: int) -> Iterator[str]:
    for heading, rows in table.sections():
        if heading:
            text = _paragraph(heading, size, italic=True, keep=True)
            yield (
                f'<w:tr><w:tc><w:tcPr><w:tcW w:w="{sum(widths)}" w:type="dxa"/>'
                f'<w:gridSpan w:val="{len(widths)}"/>'
                f"</w:tcPr>{text}</w:tc></w:tr>"
            )
        previous = ""
        for row in rows:
            cells = table.cells(row)
            shown = ["" if cells[0] == previous and not heading else cells[0], *cells[1:]]
            previous = cells[0]
            yield "<w:tr><w:trPr><w:cantSplit/></w:trPr>" + "".join(
                _cell(text, width, size, right=column.numeric)
                for text, width, column in zip(shown, widths, table.columns, strict=True)
            ) + "</w:tr>"  # fmt: skip


def _cell(text: str, width: int, size: int, *, right: bool, head: bool = False) -> str:
    borders = '<w:tcBorders><w:bottom w:val="single" w:sz="6"/></w:tcBorders>' if head else ""
    place = "bottom" if head else "top"
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{borders}<w:vAlign w:val="{place}"/></w:tcPr>'
        f"{_paragraph(text, size, right=right, bold=head)}</w:tc>"
    )


def _paragraph(
    text: str,
    size: int,
    *,
    right: bool = False,
    bold: bool = False,
    italic: bool = False,
    keep: bool = False,
) -> str:
    aligned = '<w:jc w:val="right"/>' if right else ""
    kept = "<w:keepNext/>" if keep else ""
    style = ("<w:b/>" if bold else "") + ("<w:i/>" if italic else "")
    clean = "".join(character for character in text if character >= " ")
    return (
        f'<w:p><w:pPr>{kept}<w:spacing w:before="20" w:after="20" w:line="240" w:lineRule="auto"/>'
        f"{aligned}</w:pPr>"
        f'<w:r><w:rPr>{style}<w:sz w:val="{size}"/></w:rPr>'
        f'<w:t xml:space="preserve">{escape(clean)}</w:t></w:r></w:p>'
    )


def _widths(table: Table, text_mm: float) -> tuple[list[int], int]:
    """Return column widths in twentieths of a point (asked or by the longest text) and the size of letters.

    Where the columns are too wide for the page, the letters shrink with them, so that no word breaks.
    """
    twips = text_mm / 25.4 * 1440
    sample = list(table.rows)[:: max(1, len(table.rows) // 400)]
    texts = [table.cells(row) for row in sample]
    needed = [
        max([len(column.title) * 1.08, *(len(cells[i]) for cells in texts)]) * 112.0 + 220
        for i, column in enumerate(table.columns)
    ]
    asked = [
        column.width * twips if column.width else need
        for column, need in zip(table.columns, needed, strict=True)
    ]
    scale = min(1.0, twips / sum(asked))
    size = max(_LEAST_HALF_POINTS, int(_HALF_POINTS * scale))
    return [round(width * scale) for width in asked], size


def _undated(content: bytes) -> bytes:
    """Return a zip archive with every entry dated alike, so that the same document gives the same bytes."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            new.writestr(
                zipfile.ZipInfo(entry.filename, _EPOCH), old.read(entry.filename), zipfile.ZIP_DEFLATED
            )
    return stream.getvalue()
