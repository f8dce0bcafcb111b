"""The summary of variance components as LaTeX."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from robustrad import __version__
from robustrad.report.tables import escape, longtable, text_or

_HEADER = (
    r"Feature class & $n$ & Subject & Level & Subj.\ $\times$ level & Draw & Residual & $H$ [IQR] & ICC(A,1) "
    r"& ICC(C,1) & After scaling \\"
)
_SHARES = ("subject", "level", "interaction", "draw", "residual")
_ICCS = ("icc_a_1", "ceiling_c_1", "ceiling_location_scale")
_FOOTNOTE = (
    "Mean shares (%) of the variance over the n features that vary under the factor; negative estimates set "
    "to 0, shares renormalized; without draws the residual includes subject x level. H: median harmonizable "
    "share (%), level / (all but subject): what ComBat's shift could remove at most. ICC(A,1): median over "
    "the features; ICC(C,1): its ceiling for a remedy that shifts each level; after scaling: for one that "
    "scales as well."
)


def components_latex(summary: pd.DataFrame, *, label: str = "tab:components", note: str = "") -> str:
    """Return the summary of variance components as a LaTeX longtable with booktabs rules.

    Parameters
    ----------
    summary : DataFrame
        From :func:`robustrad.stability.components_summary.components_summary`; controls are left out.
    label : str, default "tab:components"
        For a reference.
    note : str
        A sentence for the end of the footnote.
    """
    rows = summary[summary["role"] != "control"]
    return longtable(
        _body(rows),
        columns="lrrrrrrrrrr",
        header=_HEADER,
        caption="Variance components of radiomic features per factor.",
        label=label,
        footnote=f"{_FOOTNOTE} robustrad {__version__}. {note}",
    )


def _body(rows: pd.DataFrame) -> Iterator[str]:
    for i, (factor, part) in enumerate(rows.groupby("factor", sort=False)):
        first = part.iloc[0]
        if i:
            yield r"\addlinespace"
        role, draws = text_or(first["role"], ""), f", {first['draws']} draws" if first["draws"] > 1 else ""
        title = f"{factor} ({role}{', ' if role else ''}k = {first['k']}{draws})"
        yield rf"\multicolumn{{11}}{{l}}{{\textit{{{escape(title)}}}}} \\*"
        yield from (_row(row) for _, row in part.iterrows())


def _row(row: pd.Series) -> str:
    shares = [_number(row[name], 100, 1) for name in _SHARES]
    h, q1, q3 = (
        _number(row[name], 100, 0) for name in ("harmonizable_share", "harmonizable_q1", "harmonizable_q3")
    )
    share = "--" if h == "--" else f"{h} [{q1}, {q3}]"
    iccs = [_number(row[name], 1, 2) for name in _ICCS]
    cells = [escape(str(row["feature_class"])), str(row["n_used"]), *shares, share, *iccs]
    return " & ".join(cells) + r" \\"


def _number(value: float, times: float, digits: int) -> str:
    if pd.isna(value):
        return "--"
    text = f"{abs(times * value):.{digits}f}"
    return f"$-${text}" if value < 0 and float(text) else text
