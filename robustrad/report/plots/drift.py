"""What perturbation does to a model: performance, decisions, calibration, patients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from robustrad.report.plots.style import (
    COLORS,
    GRAY,
    INK,
    MARKERS,
    drawing,
    legend_below,
    panels,
    tick,
    words,
)

REFERENCE = "reference"
_MOST_PANELS = 16


def main_rows(drift: pd.DataFrame, arm: str = REFERENCE) -> pd.DataFrame:
    """Return the perturbed levels of one arm, controls left out."""
    arms = set(drift["arm"])
    chosen = arm if arm in arms else next(iter(drift["arm"]))
    return drift[drift["arm"].eq(chosen) & drift["factor"].ne(REFERENCE) & drift["role"].ne("control")]


def factors_of(drift: pd.DataFrame) -> list[str]:
    """Return the factors of the main arm in the table's order."""
    return list(dict.fromkeys(main_rows(drift)["factor"]))


def doses(rows: pd.DataFrame) -> tuple[pd.Series, list[float], list[str]]:
    """Return where each row stands on the x axis, and ticks: signed severity, or levels in their order."""
    if rows["severity"].notna().all():
        dose = rows["severity"] * rows["sign"].fillna(1)
        ticks = sorted(set(dose))
        signed = bool(rows["sign"].notna().any())
        return dose, ticks, [tick(value, signed=signed) for value in ticks]
    levels = list(dict.fromkeys(rows["level"]))
    return (
        rows["level"].map({level: float(i) for i, level in enumerate(levels)}),
        [*map(float, range(len(levels)))],
        levels,
    )


def plot_drift(
    drift: pd.DataFrame, ax: Axes, *, factor: str, margin: float = 0.05, arm: str = REFERENCE
) -> Axes:
    """Draw the change of AUC over the severity of one factor, with its simultaneous band, one line per model.

    A model is robust where its band stays above minus ``margin`` (dashed).

    Parameters
    ----------
    drift : DataFrame
        ``drift.csv``; the columns ``severity, sign, delta, delta_low_band, delta_high_band`` are drawn.
    ax : Axes
        To draw into.
    factor : str
        Whose levels to show; without severities its levels stand beside each other.
    margin : float, default 0.05
        Loss of AUC that matters.
    arm : str, default "reference"
        What the model was trained on.

    Returns
    -------
    Axes
        ``ax``.
    """
    rows = main_rows(drift, arm)
    rows = rows[rows["factor"].eq(factor)]
    dose, ticks, labels = doses(rows)
    rows = rows.assign(dose=dose)
    ordered = rows["severity"].notna().all()
    ax.axhline(0.0, color=GRAY, lw=0.5, zorder=0)
    ax.axhline(-margin, color=GRAY, lw=0.6, ls=(0, (4, 3)), zorder=0)
    for i, (model, part) in enumerate(rows.groupby("model", sort=False)):
        own = part.sort_values("dose", kind="stable")
        color = COLORS[i % len(COLORS)]
        style: dict[str, Any] = {"color": color, "marker": MARKERS[i % len(MARKERS)], "label": str(model)}
        if ordered:
            ax.fill_between(
                own["dose"], own["delta_low_band"], own["delta_high_band"], color=color, alpha=0.16, lw=0
            )
            ax.plot(own["dose"], own["delta"], **style)
        else:
            spread = [own["delta"] - own["delta_low_band"], own["delta_high_band"] - own["delta"]]
            shift = 0.16 * (i - (rows["model"].nunique() - 1) / 2)
            ax.errorbar(own["dose"] + shift, own["delta"], yerr=spread, ls="", elinewidth=0.9, **style)
    ax.set_xticks(ticks, labels)
    if not ordered:
        ax.tick_params(axis="x", rotation=35 if max(map(len, labels), default=0) > 6 else 0)
    ax.margins(x=0.12)
    ax.set_title(words(factor))
    ax.set_xlabel("severity" if ordered else "")
    return ax


def drift_figure(
    drift: pd.DataFrame, *, width_mm: float, margin: float, measure: str = "AUC"
) -> Figure | None:
    """Return a panel of :func:`plot_drift` per factor; None without perturbed levels."""
    factors = factors_of(drift)[:_MOST_PANELS]
    if not factors or not main_rows(drift)["delta"].notna().any():
        return None
    with drawing():
        figure, axes = panels(len(factors), width_mm=width_mm, legend_mm=6.0)
        for ax, factor in zip(axes, factors, strict=True):
            plot_drift(drift, ax, factor=factor, margin=margin)
        figure.supylabel(f"change of {measure}", fontsize=8)
        legend_below(figure, axes[0])
    return figure


def flips_figure(
    drift: pd.DataFrame,
    *,
    width_mm: float,
    names: tuple[str, str] = ("negative to positive", "positive to negative"),
) -> Figure | None:
    """Return, per factor, how many decisions change: up (to positive) above zero, down below."""
    rows = main_rows(drift)
    factors = factors_of(drift)[:_MOST_PANELS]
    if not factors or not rows["flips_up"].notna().any():
        return None
    model = rows["model"].iloc[0]
    with drawing():
        figure, axes = panels(len(factors), width_mm=width_mm, legend_mm=6.0)
        for ax, factor in zip(axes, factors, strict=True):
            own = rows[rows["factor"].eq(factor) & rows["model"].eq(model)]
            dose, ticks, labels = doses(own)
            place = dose.map({value: i for i, value in enumerate(ticks)})
            ax.bar(place, own["flips_up"], width=0.62, color=COLORS[1], label=names[0])
            ax.bar(place, -own["flips_down"], width=0.62, color=COLORS[0], label=names[1])
            ax.axhline(0, color=INK, lw=0.5)
            ax.set_xticks(range(len(ticks)), labels, rotation=35 if max(map(len, labels)) > 6 else 0)
            ax.set_xlim(-0.6, len(ticks) - 0.4)
            ax.set_title(words(factor))
            ax.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
        figure.supylabel(f"subjects that change class ({model})", fontsize=8)
        legend_below(figure, axes[0])
    return figure


def calibration_figure(drift: pd.DataFrame, *, width_mm: float) -> Figure | None:
    """Return calibration in the large and slope at every level, beside the reference's (vertical line)."""
    own = drift[drift["arm"].eq(drift["arm"].iloc[0]) & drift["model"].eq(drift["model"].iloc[0])]
    rows = own[own["factor"].ne(REFERENCE) & own["role"].ne("control")]
    reference = own[own["factor"].eq(REFERENCE)]
    if rows.empty or not rows["citl"].notna().any():
        return None
    with drawing():
        figure, axes = panels(2, width_mm=width_mm, height_mm=27 + 3.6 * len(rows), columns=2)
        for ax, name, ideal, title in zip(
            axes,
            ("citl", "slope"),
            (0.0, 1.0),
            ("calibration\nin the large", "calibration\nslope"),
            strict=True,
        ):
            y = np.arange(len(rows))
            ax.axvline(ideal, color=GRAY, lw=0.6, ls=(0, (4, 3)))
            if len(reference) and reference[name].notna().any():
                ax.axvline(reference[name].iloc[0], color=INK, lw=0.7)
            ax.plot(rows[name], y, ls="", marker="o", color=COLORS[0])
            labels = [
                f"{words(str(f))} {level}" for f, level in zip(rows["factor"], rows["level"], strict=True)
            ]
            ax.set_yticks(y, labels)
            ax.set_ylim(len(rows) - 0.4, -0.6)
            ax.set_title(title)
    return figure


def plot_patients(
    patients: pd.DataFrame, ax: Axes, *, arm: str = REFERENCE, model: str | None = None
) -> Axes:
    """Draw each subject's score at the reference and its range over all conditions.

    Parameters
    ----------
    patients : DataFrame
        ``patients.csv``; ``score_reference, score_min, score_max, outcome`` are drawn.
    ax : Axes
        To draw into.
    arm, model : str, optional
        Whose scores; default the arm trained on the reference, and its first model.

    Returns
    -------
    Axes
        ``ax``.
    """
    rows = patients[patients["arm"].eq(arm)] if arm in set(patients["arm"]) else patients
    rows = rows[rows["model"].eq(model or rows["model"].iloc[0])]
    rows = rows.sort_values(["score_reference", "subject"], kind="stable")
    x = np.arange(len(rows))
    for outcome, color, marker, name in ((0, COLORS[0], "o", "negative"), (1, COLORS[1], "s", "positive")):
        own = rows["outcome"].eq(outcome).to_numpy()
        ax.vlines(x[own], rows["score_min"][own], rows["score_max"][own], color=color, lw=1.1, alpha=0.65)
        ax.plot(x[own], rows["score_reference"][own], ls="", marker=marker, ms=2.6, color=color, label=name)
    ax.set_xticks([])
    ax.set_ylim(-0.02, 1.02)
    ax.set_xlabel("subjects, by score at the reference")
    ax.set_ylabel("score")
    return ax


def patients_figure(patients: pd.DataFrame, *, width_mm: float) -> Figure | None:
    """Return :func:`plot_patients` as a figure; None without scores."""
    if not patients["score_reference"].notna().any():
        return None
    with drawing():
        figure, (ax,) = panels(1, width_mm=width_mm, height_mm=52.0, legend_mm=6.0)
        plot_patients(patients, ax)
        legend_below(figure, ax)
    return figure
