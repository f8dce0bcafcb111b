"""Variance components as stacked bars: what a factor moves alike in all subjects, and what it does not."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from robustrad.report.figures import STYLE, WIDTH_MM
from robustrad.report.heatmap import fitting_size

# Okabe and Ito: told apart with any color vision, on light and on dark. The subject's share is quiet.
COMPONENT_COLORS = {
    "subject": "#d5dfe8",
    "level": "#e69f00",
    "interaction": "#d55e00",
    "draw": "#0072b2",
    "residual": "#cc79a7",
}
_LABELS = {
    "subject": "subject",
    "level": "level (harmonizable)",
    "interaction": "subject × level",
    "draw": "draw",
    "residual": "residual",
}
_COLUMNS, _ROW_MM, _HEAD_MM, _FOOT_MM, _LEFT_MM, _GAP_MM, _LEGEND_MM = 3, 4.2, 9.0, 8.0, 19.0, 11.0, 7.0


def plot_variance_components(summary: pd.DataFrame, ax: Axes, *, factor: str) -> Axes:
    """Draw a stacked bar of mean shares per feature class for one factor, the harmonizable share beside it.

    The number to the right of a bar is the class's median ``harmonizable_share`` in percent: the part of the
    disagreement that a common shift per level could take away. A class without a feature that varies has no
    bar and a dash. Every number drawn stands in ``summary``.

    Parameters
    ----------
    summary : DataFrame
        From :func:`robustrad.stability.components_summary.components_summary`.
    ax : Axes
        To draw into.
    factor : str
        Which factor.

    Returns
    -------
    Axes
        ``ax``.
    """
    rows = summary[summary["factor"] == factor].reset_index(drop=True)
    places = np.arange(len(rows)) + 0.35 * (np.arange(len(rows)) > 0)  # all features are set apart
    left = np.zeros(len(rows))
    for component, color in COMPONENT_COLORS.items():
        width = rows[component].fillna(0.0).to_numpy(dtype=float)
        ax.barh(places, width, left=left, height=0.78, color=color, lw=0)
        left += width
    for y, share in zip(places, rows["harmonizable_share"], strict=True):
        text = "\N{EN DASH}" if pd.isna(share) else f"{100 * share:.0f}"
        ax.text(1.03, y, text, va="center", ha="left", color="#7a5400")
    ax.text(1.03, -0.75, "H, %", va="bottom", ha="left", color="#7a5400")
    ax.set_xlim(0, 1)
    ax.set_ylim((places[-1] if len(rows) else 0) + 0.6, -0.6)
    ax.set_yticks(places, rows["feature_class"])
    ax.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    ax.tick_params(axis="y", length=0, pad=2)
    ax.tick_params(axis="x", length=2, pad=1.5, width=0.5)
    ax.spines[["top", "right", "left"]].set_visible(False)
    return ax


def components_figure(summary: pd.DataFrame) -> Figure:
    """Return the variance components of all factors but controls, 174 mm wide, three panels in a row.

    Parameters
    ----------
    summary : DataFrame
        From :func:`robustrad.stability.components_summary.components_summary`.
    """
    shown = summary[summary["role"] != "control"]
    factors = list(dict.fromkeys(shown["factor"]))
    classes = max((int((shown["factor"] == factor).sum()) for factor in factors), default=1)
    bars_mm = (classes + 0.55) * _ROW_MM
    panel_mm = bars_mm + _HEAD_MM + _FOOT_MM
    lines = max(1, -(-len(factors) // _COLUMNS))
    total = lines * panel_mm + _LEGEND_MM
    width_mm = (WIDTH_MM - _LEFT_MM - _COLUMNS * _GAP_MM) / _COLUMNS
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_MM / 25.4, total / 25.4))
        FigureCanvasAgg(figure)
        for i, factor in enumerate(factors):
            line, column = divmod(i, _COLUMNS)
            x = _LEFT_MM + column * (width_mm + _GAP_MM)
            y = total - line * panel_mm - _HEAD_MM - bars_mm
            box = (x / WIDTH_MM, y / total, width_mm / WIDTH_MM, bars_mm / total)
            ax = plot_variance_components(shown, figure.add_axes(box), factor=factor)
            _head(ax, factor, width_mm)
            if column:
                ax.set_yticklabels([])
            ax.set_xlabel("share of variance", labelpad=1.5)
        _legend(figure, shown)
    return figure


def components_caption(summary: pd.DataFrame) -> str:
    """Return the caption of :func:`components_figure`."""
    shown = summary[(summary["role"] != "control") & (summary["feature_class"] == "all")]
    n = _span(shown, "n_min", "n_max")
    return (
        "Variance components per factor (panels) and feature class (rows): mean shares over the features "
        "that vary under the factor; negative estimates set to 0, shares renormalized. The reference is one "
        "of the levels. Level: shifts that all subjects share. Subject × level and draw: what differs from "
        "subject to subject and from draw to draw; without draws both are the residual. H: median "
        "harmonizable share, level / (all but subject), what ComBat's shift could remove at most. A dash: no "
        "feature of the class varies. "
        f"Subjects n = {n}."
    )


def _head(ax: Axes, factor: str, width_mm: float) -> None:
    name = factor.replace("_", " ")
    ax.set_title(name, loc="left", weight="bold", pad=4, size=fitting_size(width_mm, characters=len(name)))


def _legend(figure: Figure, shown: pd.DataFrame) -> None:
    present = [name for name in COMPONENT_COLORS if shown[name].notna().any()]
    handles = [Patch(fc=COMPONENT_COLORS[name], label=_LABELS[name]) for name in present]
    figure.legend(handles=handles, loc="lower center", ncols=5, frameon=False, handlelength=1.2, borderpad=0)


def _span(rows: pd.DataFrame, low: str, high: str) -> str:
    if rows.empty:
        return "0"
    smallest, largest = int(rows[low].min()), int(rows[high].max())
    return str(smallest) if smallest == largest else f"{smallest} to {largest}"
