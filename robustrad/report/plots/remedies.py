"""Before and after: what each remedy gives back, and what more patients of a new site add."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from robustrad.report.plots.style import COLORS, GRAY, INK, MARKERS, drawing, legend_below, panels

NONE, UNSEEN = "none", "unseen"
_SPAN = 0.1


def ranked_rows(remedies: pd.DataFrame, experiment: str, *, measure: str = "AUC") -> pd.DataFrame:
    """Return the rows of one experiment that have a rank and a value, the best first."""
    rows = remedies[remedies["experiment"].eq(experiment) & remedies["rank"].notna()]
    return rows[rows[f"{measure.lower()}_after"].notna()].sort_values("rank", kind="stable")


def plot_remedies(remedies: pd.DataFrame, ax: Axes, *, experiment: str, measure: str = "AUC") -> Axes:
    """Draw AUC, or C, without and with each remedy of one experiment in their ranks, the reference as a line.

    Parameters
    ----------
    remedies : DataFrame
        ``remedies.csv``; ``remedy, rank, auc_before, auc_after, auc_reference`` are drawn, and the limits of
        ``auc_after``; or ``survival_remedies.csv``, with ``c_`` for ``auc_``.
    ax : Axes
        To draw into.
    experiment : str
        Which experiment.
    measure : str
        What the remedies are judged by: ``AUC``, or ``C`` for a time to event.

    Returns
    -------
    Axes
        ``ax``.
    """
    rows = ranked_rows(remedies, experiment, measure=measure)
    before, after, reference = (f"{measure.lower()}_{name}" for name in ("before", "after", "reference"))
    y = list(range(len(rows)))
    if {f"{after}_low", f"{after}_high"} <= set(rows.columns):
        ax.hlines(y, rows[f"{after}_low"], rows[f"{after}_high"], color=GRAY, lw=0.9, zorder=1)
    if len(rows) and rows[reference].notna().any():
        known = rows[reference].dropna().iloc[0]
        ax.axvline(known, color=GRAY, lw=0.6, ls=(0, (4, 3)), zorder=0, label="reference")
    ax.plot(rows[before], y, ls="", marker="o", ms=4.4, mfc="none", mew=0.8, color=INK, label="without")
    ax.plot(rows[after], y, ls="", marker="o", color=COLORS[2], label="with")
    ax.set_yticks(y, [str(name) for name in rows["remedy"]])
    for label, name in zip(ax.get_yticklabels(), rows["remedy"], strict=True):
        label.set_fontweight("bold" if name == NONE else "normal")
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_title(experiment)
    ax.set_xlabel(measure)
    return ax


def remedies_figure(
    remedies: pd.DataFrame, *, width_mm: float, order: Sequence[str], measure: str = "AUC"
) -> Figure | None:
    """Return a panel of :func:`plot_remedies` per experiment in this order; None without results."""
    sizes = {name: len(ranked_rows(remedies, name, measure=measure)) for name in order}
    known = [name for name in order if sizes[name]]
    if not known:
        return None
    longest = max(sizes.values())
    with drawing():
        figure, axes = panels(
            len(known),
            width_mm=width_mm,
            height_mm=20 + 4.4 * longest,
            columns=2 if width_mm > 100 else 1,
            legend_mm=6.0,
            share_y=False,
        )
        for ax, name in zip(axes, known, strict=True):
            plot_remedies(remedies, ax, experiment=name, measure=measure)
        fullest = max(axes, key=lambda ax: len(ax.get_legend_handles_labels()[1]))
        legend_below(figure, fullest)
    return figure


def plot_calibration_sweep(sweep: pd.DataFrame, ax: Axes, *, measure: str = "AUC") -> Axes:
    """Draw AUC, or C, at a new site over the number of its patients that each remedy may see.

    Remedies that need no patients are left out; without a remedy is a gray line.

    Parameters
    ----------
    sweep : DataFrame
        ``calibration_sweep.csv``; ``remedy, calibration_patients, auc_after, auc_reference`` are drawn; or
        ``survival_calibration_sweep.csv``, with ``c_`` for ``auc_``.
    ax : Axes
        To draw into.
    measure : str
        ``AUC`` or ``C``.

    Returns
    -------
    Axes
        ``ax``.
    """
    after, reference = f"{measure.lower()}_after", f"{measure.lower()}_reference"
    rows = sweep[sweep["scope"].eq(UNSEEN) & sweep[after].notna()]
    raw = rows.loc[rows["remedy"].eq(NONE)]
    if raw[after].notna().any():
        ax.axhline(raw[after].iloc[0], color=GRAY, lw=1.4, zorder=0, label="without a remedy")
    if raw[reference].notna().any():
        ax.axhline(raw[reference].iloc[0], color=GRAY, lw=0.6, ls=(0, (4, 3)), zorder=0, label="reference")
    learning = rows[rows["calibration_patients"].gt(0)]
    for i, (name, part) in enumerate(learning.groupby("remedy", sort=False)):
        own = part.sort_values("calibration_patients", kind="stable")
        ax.plot(
            own["calibration_patients"],
            own[after],
            marker=MARKERS[i % len(MARKERS)],
            color=COLORS[i % len(COLORS)],
            ls="-" if i < len(COLORS) else ":",
            label=str(name),
        )
    ticks = sorted(set(learning["calibration_patients"]))
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.margins(x=0.08)
    low, high = ax.get_ylim()
    if high - low < _SPAN:  # what is drawn small is small
        ax.set_ylim((low + high - _SPAN) / 2, (low + high + _SPAN) / 2)
    ax.set_xlabel("patients of the new site")
    ax.set_ylabel(f"{measure} there")
    return ax


def sweep_figure(sweep: pd.DataFrame, *, width_mm: float, measure: str = "AUC") -> Figure | None:
    """Return :func:`plot_calibration_sweep` as a figure; None without two numbers of patients."""
    known = sweep["scope"].eq(UNSEEN) & sweep[f"{measure.lower()}_after"].notna()
    rows = sweep[known & sweep["calibration_patients"].gt(0)]
    if rows["calibration_patients"].nunique() < 2:
        return None
    with drawing():
        wide = width_mm > 100
        figure, (ax,) = panels(1, width_mm=width_mm, height_mm=58.0, legend_mm=12.0 if wide else 20.0)
        plot_calibration_sweep(sweep, ax, measure=measure)
        legend_below(figure, ax, columns=4 if wide else 2)
    return figure
