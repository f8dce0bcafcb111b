"""Tables as LaTeX: documents that compile as they are, and can be copied into a paper."""

from __future__ import annotations

from collections.abc import Iterator

from robustrad.report.tables import escape
from robustrad.report.views import Table

_SIGNS = {
    "\N{MINUS SIGN}": "$-$",
    "\N{EN DASH}": "--",
    "\N{INFINITY}": r"$\infty$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{GREATER-THAN OR EQUAL TO}": r"$\ge$",
    "\N{LESS-THAN OR EQUAL TO}": r"$\le$",
    "\N{DEGREE SIGN}": r"\textdegree{}",
    "\N{HORIZONTAL ELLIPSIS}": r"\ldots{}",
    "\N{GREEK SMALL LETTER RHO}": r"$\rho$",
    "\N{GREEK SMALL LETTER DELTA}": r"$\delta$",
    "\N{GREEK CAPITAL LETTER DELTA}": r"$\Delta$",
}
_LAST_LATIN = 0x17F  # what pdfLaTeX sets in T1


def latex_document(table: Table, *, notes: tuple[str, ...] = ()) -> str:
    """Return ``table`` as a LaTeX document with booktabs rules; the table itself stands between two marks.

    Compiles with pdfLaTeX, XeLaTeX and LuaLaTeX. Letters that pdfLaTeX has no font for (Arabic, Chinese ...)
    are printed as their code points there, and as letters by the other two with a font that has them.

    Parameters
    ----------
    table : Table
        What to set.
    notes : tuple of str
        Footnotes after the table's own.
    """
    body = "\n".join(_lines(table, (*table.notes, *notes)))
    page = "a4paper,landscape,margin=18mm" if table.landscape else "a4paper,margin=20mm"
    preamble = [
        (
            "% Compiles as it is. For a paper, copy what stands between the marks and load booktabs, "
            "longtable and array."
        ),
        r"\documentclass[10pt]{article}",
        r"\usepackage{iftex}",
        r"\ifPDFTeX\usepackage[T1]{fontenc}\usepackage{textcomp,lmodern}\else\usepackage{fontspec}\fi",
        rf"\usepackage[{page}]{{geometry}}",
        r"\usepackage{booktabs,longtable,array}",
        *_undeclared(body),
        r"\begin{document}",
        "% --- copy from here ---",
    ]
    return "\n".join([*preamble, body, "% --- to here ---", r"\end{document}"]) + "\n"


def latex_text(text: str) -> str:
    """Return ``text`` with everything escaped that LaTeX reads as a command or has no letter for."""
    return "".join(_SIGNS.get(character, escape(character)) for character in text)


def _lines(table: Table, notes: tuple[str, ...]) -> Iterator[str]:
    columns = table.columns
    shape = "".join(
        rf">{{\raggedright\arraybackslash}}p{{{column.width:g}\linewidth}}"
        if column.width
        else "r"
        if column.numeric
        else "l"
        for column in columns
    )
    head = " & ".join(_heading(column.title, column.numeric) for column in columns) + r" \\"
    size, gap = (
        ("scriptsize", 3) if len(columns) > 11 else ("footnotesize", 4) if len(columns) > 7 else ("small", 4)
    )
    yield rf"\begingroup\{size}\setlength{{\tabcolsep}}{{{gap}pt}}"
    yield rf"\begin{{longtable}}{{@{{}}{shape}@{{}}}}"
    yield rf"\caption{{{latex_text(table.title)}}}\label{{tab:{table.name.replace('_', '-')}}}\\"
    yield rf"\toprule {head} \midrule \endfirsthead"
    yield rf"\toprule {head} \midrule \endhead"
    yield r"\bottomrule \endfoot"
    for i, (heading, rows) in enumerate(table.sections()):
        if heading:
            space = r"\addlinespace " if i else ""
            yield rf"{space}\multicolumn{{{len(columns)}}}{{@{{}}l}}{{\textit{{{latex_text(heading)}}}}} \\*"
        previous = ""
        for row in rows:
            cells = table.cells(row)
            shown = ["" if cells[0] == previous and not heading else cells[0], *cells[1:]]
            previous = cells[0]
            yield " & ".join(_breakable(latex_text(cell)) for cell in shown) + r" \\"
    yield r"\end{longtable}"
    if notes:
        yield r"\noindent{\footnotesize " + latex_text(" ".join(notes)) + r"\par}"
    yield r"\endgroup"


def _heading(title: str, numeric: bool) -> str:
    text = latex_text(title)
    return rf"\multicolumn{{1}}{{r}}{{{text}}}" if numeric else text


def _breakable(text: str) -> str:
    """Let long names break after an underscore."""
    return text.replace(r"\_", r"\_\allowbreak{}") if text.count(r"\_") > 1 else text


def _undeclared(body: str) -> list[str]:
    """Declare the letters that pdfLaTeX cannot set, each as its code point."""
    unknown = sorted({character for character in body if ord(character) > _LAST_LATIN})
    if not unknown:
        return []
    declared = "".join(
        rf"\DeclareUnicodeCharacter{{{ord(character):04X}}}{{\texttt{{[U+{ord(character):04X}]}}}}"
        for character in unknown
    )
    return [
        (
            "% These letters need XeLaTeX or LuaLaTeX and a font that has them; pdfLaTeX prints their code "
            "points."
        ),
        rf"\ifPDFTeX{declared}\fi",
    ]
