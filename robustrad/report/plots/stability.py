"""How stability falls as a perturbation grows stronger."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from robustrad.report.plots.style import (
    COLORS,
    FEATURE_COLORS,
    GRAY,
    MARKERS,
    apart,
    drawing,
    legend_below,
    panels,
    tick,
    words,
)

ESTIMANDS = {"agreement": "median ICC(A,1) with the reference", "repeatability": "median ICC(1,1) of repeats"}


def dose_rows(summary: pd.DataFrame, *, estimand: str = "agreement") -> pd.DataFrame:
    """Return the rows of ``summary`` that have a severity: what :func:`plot_dose_response` draws."""
    return summary[
        summary["image_type"].eq("all")
        & summary["estimand"].eq(estimand)
        & ~summary["role"].isin(["control", "definition"])
        & summary["severity"].notna()
    ]


def plot_dose_response(summary: pd.DataFrame, ax: Axes, *, factor: str, estimand: str = "agreement") -> Axes:
    """Draw the median ICC of each feature class over the severity of one factor.

    Signed levels stand left and right of zero. Classes without a value (all features invariant) are left out.

    Parameters
    ----------
    summary : DataFrame
        From :func:`robustrad.stability.summary.summary`; the columns ``severity, sign, feature_class,
        median`` are drawn.
    ax : Axes
        To draw into.
    factor : str
        Whose levels to show.
    estimand : str, default "agreement"
        ``agreement`` or ``repeatability``.

    Returns
    -------
    Axes
        ``ax``.
    """
    rows = dose_rows(summary, estimand=estimand)
    rows = rows[rows["factor"].eq(factor)]
    rows = rows.assign(dose=rows["severity"] * rows["sign"].fillna(1))
    for i, (name, part) in enumerate(rows.groupby("feature_class", sort=False)):
        own = part[part["median"].notna()].sort_values("dose", kind="stable")
        if own.empty:
            continue
        ax.plot(
            own["dose"],
            own["median"],
            marker=MARKERS[i % len(MARKERS)],
            color=FEATURE_COLORS.get(str(name), GRAY),
            lw=1.8 if name == "all" else 0.9,
            zorder=3 if name == "all" else 2,
            label=str(name),
        )
    doses = sorted(set(rows["dose"]))
    ax.set_xticks(doses, [tick(dose, signed=bool(rows["sign"].notna().any())) for dose in doses])
    ax.margins(x=0.1)
    _bars(ax)
    ax.set_title(words(factor))
    ax.set_xlabel("severity")
    return ax


def dose_response_figure(
    summary: pd.DataFrame, *, width_mm: float, estimand: str = "agreement"
) -> Figure | None:
    """Return a panel per factor with declared severities; None where there is none."""
    rows = dose_rows(summary, estimand=estimand)
    factors = list(dict.fromkeys(rows["factor"]))
    if not factors:
        return None
    with drawing():
        figure, axes = panels(len(factors), width_mm=width_mm, legend_mm=6.0 if width_mm > 100 else 10.0)
        for ax, factor in zip(axes, factors, strict=True):
            plot_dose_response(summary, ax, factor=factor, estimand=estimand)
        axes[0].set_ylim(_floor(rows["median"]), 1.01)
        figure.supylabel(ESTIMANDS[estimand], fontsize=8)
        fullest = max(axes, key=lambda ax: len(ax.get_legend_handles_labels()[1]))
        legend_below(figure, fullest, columns=8 if width_mm > 100 else 4)
    return figure


def plot_survivors(factors: pd.DataFrame, ax: Axes, *, names: Sequence[str] | None = None) -> Axes:
    """Draw the share of features that stay good or excellent over severity, one line per factor.

    Parameters
    ----------
    factors : DataFrame
        From :func:`robustrad.stability.survivors.factor_counts`; ``severity`` and ``share`` are drawn.
    ax : Axes
        To draw into.
    names : sequence of str, optional
        Factors to show; default all that have a severity.

    Returns
    -------
    Axes
        ``ax``.
    """
    rows = factors[factors["severity"].notna() & factors["share"].notna()]
    for i, (factor, part) in enumerate(rows.groupby("factor", sort=False)):
        if names is not None and factor not in names:
            continue
        own = part.sort_values("severity", kind="stable")
        ax.plot(
            own["severity"],
            100 * own["share"],
            marker=MARKERS[i % len(MARKERS)],
            color=COLORS[i % len(COLORS)],
            label=words(str(factor)),
        )
    ax.set_ylim(0, 103)
    shown = rows if names is None else rows[rows["factor"].isin(list(names))]
    ticks = apart(sorted(set(shown["severity"])))
    ax.set_xticks(ticks, [tick(value, signed=False) for value in ticks])
    ax.set_xlabel("severity")
    ax.set_ylabel("features good or excellent (%)")
    return ax


def survivors_figure(factors: pd.DataFrame, *, width_mm: float) -> Figure | None:
    """Return :func:`plot_survivors` as a figure; None where no factor has a severity."""
    if not (factors["severity"].notna() & factors["share"].notna()).any():
        return None
    with drawing():
        figure, (ax,) = panels(1, width_mm=min(width_mm, 85.0), height_mm=58.0, legend_mm=9.0)
        plot_survivors(factors, ax)
        legend_below(figure, ax, columns=3)
    return figure


def _floor(medians: pd.Series) -> float:
    """Return where the y axis begins: just below the class that the lowest median falls into."""
    low = float(medians.min()) if medians.notna().any() else 0.0
    return next((bar - 0.04 for bar in (0.9, 0.75, 0.5, 0.0) if low >= bar), max(low - 0.05, -0.5))


def _bars(ax: Axes) -> None:
    """Thin lines where the classes begin."""
    for bar in (0.5, 0.75, 0.9):
        ax.axhline(bar, color=GRAY, lw=0.4, ls=(0, (4, 3)), zorder=0)
