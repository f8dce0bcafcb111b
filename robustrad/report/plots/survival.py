"""Survival of the risk groups, with the numbers at risk."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from robustrad.report.plots.style import COLORS, GRAY, INK, drawing, legend_below, panels, words

REFERENCE = "reference"
GROUPS = {"high": (COLORS[1], "high risk"), "low": (COLORS[0], "low risk")}
_MOST_PANELS = 9
_TICKS = 4


def shown_levels(curves: pd.DataFrame) -> list[tuple[str, str]]:
    """Return (factor, level) of the panels: the reference, and the strongest level of each factor."""
    own = first_arm(curves)
    own = own[own["role"].ne("control")].drop_duplicates(["factor", "level"])
    found = [(REFERENCE, REFERENCE)]
    for factor, part in own[own["factor"].ne(REFERENCE)].groupby("factor", sort=False):
        severity = part["severity"]
        row = int(severity.fillna(-1.0).to_numpy().argmax()) if severity.notna().any() else -1
        found.append((str(factor), str(part["level"].iloc[row])))
    return found[:_MOST_PANELS]


def first_arm(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the arm trained on the reference (else the first) and of its first model."""
    arms = set(curves["arm"])
    own = curves[curves["arm"].eq(REFERENCE if REFERENCE in arms else curves["arm"].iloc[0])]
    return own[own["model"].eq(own["model"].iloc[0])]


def at_risk(group: pd.DataFrame, time: float) -> int:
    """Return how many of a group are followed until ``time``: those at risk at the next time in the table."""
    later = group[group["time"].ge(time)]
    return int(later["at_risk"].iloc[0]) if len(later) else 0


def plot_kaplan_meier(
    curves: pd.DataFrame, ax: Axes, *, factor: str = REFERENCE, level: str = REFERENCE
) -> Axes:
    """Draw the survival of high and low risk at one level, with bands; dashed: the same at the reference.

    Under the time axis stand the numbers at risk. Marks are censored subjects.

    Parameters
    ----------
    curves : DataFrame
        ``kaplan_meier.csv``; ``group, time, at_risk, censored, survival, survival_low, survival_high`` are
        drawn, of the arm trained on the reference and its first model.
    ax : Axes
        To draw into.
    factor, level : str, default "reference"
        Which level.

    Returns
    -------
    Axes
        ``ax``.
    """
    own = first_arm(curves)
    rows = own[own["factor"].eq(factor) & own["level"].eq(level)]
    ticks = _ticks(own["time"].max())
    for place, (name, (color, label)) in enumerate(GROUPS.items()):
        part = rows[rows["group"].eq(name)].sort_values("time", kind="stable")
        if part.empty:
            continue
        if factor != REFERENCE:
            before = own[own["factor"].eq(REFERENCE) & own["group"].eq(name)].sort_values(
                "time", kind="stable"
            )
            ax.step(
                *_stairs(before, "survival"), where="post", color=color, lw=0.7, ls=(0, (3, 2)), alpha=0.8
            )
        times, low = _stairs(part, "survival_low")
        ax.fill_between(
            times, low, _stairs(part, "survival_high")[1], step="post", color=color, alpha=0.13, lw=0
        )
        ax.step(*_stairs(part, "survival"), where="post", color=color, label=label)
        lost = part[part["censored"].gt(0)]
        ax.plot(lost["time"], lost["survival"], ls="", marker="|", ms=3.5, mew=0.7, color=color)
        for tick in ticks:
            ax.annotate(
                f"{at_risk(part, tick)}", (tick, 0), xycoords=("data", "axes fraction"), size=6.5, color=INK,
                xytext=(0, -26 - 8 * place), textcoords="offset points", ha="center", va="top",
            )  # fmt: skip
        ax.annotate(
            name, (0, 0), xycoords="axes fraction", size=6.5, color=color,
            xytext=(-10, -26 - 8 * place), textcoords="offset points", ha="right", va="top",
        )  # fmt: skip
    ax.set_xlim(0, own["time"].max() * 1.02)
    ax.set_ylim(0, 1.03)
    ax.set_xlabel("time", labelpad=1)
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.axhline(0.5, color=GRAY, lw=0.4, ls=(0, (4, 3)), zorder=0)
    ax.set_title(words(factor) if factor == REFERENCE else f"{words(factor)} {level}")
    return ax


def kaplan_meier_figure(curves: pd.DataFrame, *, width_mm: float) -> Figure | None:
    """Return :func:`plot_kaplan_meier` for the reference and each factor's strongest level."""
    if curves.empty or not first_arm(curves)["survival"].notna().any():
        return None
    levels = shown_levels(curves)
    with drawing():
        figure, axes = panels(
            len(levels), width_mm=width_mm, height_mm=58.0, columns=3 if width_mm > 100 else 1, legend_mm=6.0
        )
        for ax, (factor, level) in zip(axes, levels, strict=True):
            plot_kaplan_meier(curves, ax, factor=factor, level=level)
        figure.supylabel("survival", fontsize=8)
        legend_below(figure, axes[0])
    return figure


def _stairs(part: pd.DataFrame, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Return times and values from time 0, where everybody is alive; an undefined limit is not drawn."""
    times = np.concatenate([[0.0], part["time"].to_numpy(dtype=float)])
    return times, np.concatenate([[1.0], part[column].to_numpy(dtype=float)])


def _ticks(last: float) -> list[float]:
    return [
        float(t)
        for t in MaxNLocator(nbins=_TICKS, steps=[1, 2, 2.5, 5, 10]).tick_values(0, last)
        if 0 <= t <= last
    ]
