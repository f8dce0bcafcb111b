"""Tables as files: CSV at full precision, LaTeX for a paper. Numbers are rounded only in LaTeX."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from robustrad import __version__
from robustrad.core.extremes import BEYOND
from robustrad.core.written import write_bytes, write_csv, write_text

__all__ = ["escape", "footnote", "longtable", "text_or", "to_latex", "write_bytes", "write_csv", "write_text"]

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{",
    "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}",
}  # fmt: skip
_LIMITS = {
    "icc_1_1_low": "ICC(1,1), one-way random (McGraw and Wong)",
    "icc_a_1_low_fixed": "ICC(A,1), named levels as fixed (generalized interval; over several draws, "
    "bootstrap over patients)",
    "ceiling_location_scale_low": "ICC(C,1) after z-scoring each level, because a definition changes what "
    "the feature is (McGraw and Wong)",
}
_COLUMNS = "lrrrrrlrrr"
_HEADER = (
    r"Feature class & $n$ & Excellent & Good & Moderate & Poor & Median [IQR] & Inv. & Const. & Insuf. \\"
)


def to_latex(
    summary: pd.DataFrame,
    *,
    thresholds: tuple[float, float, float] = (0.5, 0.75, 0.9),
    alpha: float = 0.05,
    label: str = "tab:stability",
    note: str = "",
) -> str:
    """Return the summary of a stability table as a LaTeX longtable with booktabs rules.

    Parameters
    ----------
    summary : DataFrame
        From :func:`robustrad.stability.summary.summary`; rows of single image types and of controls are left
        out.
    thresholds : three floats
        With which the classes were made, for the footnote.
    alpha : float
        With which the intervals were made, for the footnote.
    label : str, default "tab:stability"
        For a reference.
    note : str
        A sentence for the end of the footnote (the engine and its parity).
    """
    rows = summary[(summary["image_type"] == "all") & (summary["role"] != "control")]
    told = footnote(rows, thresholds=thresholds, alpha=alpha)
    title = r"Stability of radiomic features: share of features per class (\%)."
    return longtable(
        _body(rows), columns=_COLUMNS, header=_HEADER, caption=title, label=label, footnote=f"{told} {note}"
    )


def longtable(
    body: Iterable[str], *, columns: str, header: str, caption: str, label: str, footnote: str
) -> str:
    """Return a LaTeX longtable with booktabs rules, its head on every page and a footnote below.

    Parameters
    ----------
    body : iterable of str
        Lines of LaTeX.
    columns, header, caption, label : str
        As LaTeX: the alignment of the columns, the line above them, the title, what a reference names.
    footnote : str
        As plain text.
    """
    lines = [
        r"% Needs \usepackage{booktabs,longtable} in the preamble.",
        rf"\begin{{longtable}}{{{columns}}}",
        rf"\caption{{{caption}}}\label{{{label}}}\\",
        rf"\toprule {header} \midrule \endfirsthead",
        rf"\toprule {header} \midrule \endhead",
        r"\bottomrule \endfoot",
        *body,
        r"\end{longtable}",
        r"\noindent{\footnotesize " + escape(footnote.rstrip()) + "}",
    ]
    return "\n".join(lines) + "\n"


def footnote(
    summary: pd.DataFrame,
    *,
    thresholds: tuple[float, float, float] = (0.5, 0.75, 0.9),
    alpha: float = 0.05,
) -> str:
    """Return what a reader must know to judge the table, as plain text.

    ICC forms and intervals, thresholds, n, k and dropped subjects, software; parameters as :func:`to_latex`.
    """
    used = [name for name in _LIMITS if name in set(summary["class_by"].dropna())]
    limits = "; ".join(_LIMITS[name] for name in used) or "no limit"
    low, middle, high = thresholds
    subjects = _range(summary, "n_min", "n_max")
    conditions = _range(summary, "k", "k")
    most = _largest(summary, "n_extreme") if "n_extreme" in summary else 0
    extreme = f"At most {most} of a row have no numbers: {BEYOND}. " if most else ""
    return (
        f"Classes by the lower limit of the two-sided {100 * (1 - alpha):g} % interval of {limits}: "
        f"poor below {low:g}, moderate from {low:g}, good from {middle:g}, excellent from {high:g}. "
        f"Subjects n = {subjects}, conditions k = {conditions} (the reference among them for agreement and "
        f"factor); at most {_largest(summary, 'max_dropped')} subjects dropped for a missing value. "
        "Shares are of the features that can be classified: invariant (Inv.), constant (Const.) and "
        f"insufficient (Insuf., n < 5 or more than 20 % dropped) ones are counted beside. {extreme}"
        "Median and interquartile range are of the estimate; of Spearman's correlation for definition "
        f"factors. robustrad {__version__}."
    )


def text_or(value: Any, null: str) -> str:
    """Return ``value`` as text, ``null`` where it is missing."""
    return null if pd.isna(value) else str(value)


def escape(text: str) -> str:
    """Return ``text`` with LaTeX's special characters escaped."""
    return "".join(_LATEX.get(character, character) for character in text)


def _body(rows: pd.DataFrame) -> Iterator[str]:
    keys = ["factor", "level", "estimand"]
    for i, (_, part) in enumerate(rows.groupby(keys, sort=False, dropna=False)):
        first = {str(name): value for name, value in part.iloc[0].items()}
        if i:
            yield r"\addlinespace"
        yield rf"\multicolumn{{10}}{{l}}{{\textit{{{escape(_title(first))}}}}} \\*"
        for row in part.to_dict("records"):
            yield _row({str(name): value for name, value in row.items()})


def _title(row: Mapping[str, object]) -> str:
    level, role = text_or(row["level"], ""), text_or(row["role"], "")
    draws = f", {row['draws']} draws" if row["draws"] != 1 else ""
    named = f"{row['factor']} = {level}" if level else row["factor"]
    return f"{named} ({role}{', ' if role else ''}{row['estimand']}, k = {row['k']}{draws})"


def _row(row: Mapping[str, object]) -> str:
    shares = [_percent(row[name]) for name in ("excellent", "good", "moderate", "poor")]
    counts = [str(row[name]) for name in ("n_invariant", "n_constant", "n_insufficient")]
    cells = [escape(str(row["feature_class"])), str(row["n_features"]), *shares, _median(row), *counts]
    return " & ".join(cells) + r" \\"


def _percent(value: object) -> str:
    share = float(str(value))
    return "--" if math.isnan(share) else f"{100 * share:.0f}"


def _median(row: Mapping[str, object]) -> str:
    median, q1, q3 = (float(str(row[name])) for name in ("median", "q1", "q3"))
    return "--" if math.isnan(median) else f"{_two(median)} [{_two(q1)}, {_two(q3)}]"


def _two(value: float) -> str:
    """Two decimals; a minus sign is set as such."""
    return f"{value:.2f}" if value >= 0 else f"$-${abs(value):.2f}"


def _range(summary: pd.DataFrame, low: str, high: str) -> str:
    if summary.empty:
        return "0"
    smallest, largest = int(summary[low].min()), int(summary[high].max())
    return str(smallest) if smallest == largest else f"{smallest} to {largest}"


def _largest(summary: pd.DataFrame, column: str) -> int:
    return 0 if summary.empty else int(summary[column].max())
