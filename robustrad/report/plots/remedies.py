"""Before and after: what each remedy gives back."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from robustrad.report.plots.style import COLORS, GRAY, INK, drawing, legend_below, panels, words


def plot_remedies(remedies: pd.DataFrame, ax: Axes, *, experiment: str, scope: str | None = None) -> Axes:
    """Draw AUC before and after each remedy of one experiment, the reference as a line.

    Parameters
    ----------
    remedies : DataFrame
        ``remedies.csv``; ``remedy, auc_before, auc_after, auc_reference`` are drawn, in the table's order.
    ax : Axes
        To draw into.
    experiment : str
        Which experiment.
    scope : str, optional
        ``seen`` or ``unseen``; default the first of the experiment.

    Returns
    -------
    Axes
        ``ax``.
    """
    rows = remedies[remedies["experiment"].eq(experiment)]
    rows = rows[rows["scope"].eq(scope or rows["scope"].iloc[0])]
    rows = rows[rows["auc_after"].notna()].sort_values("rank", kind="stable", na_position="last")
    y = range(len(rows))
    for i, row in zip(y, rows.to_dict("records"), strict=True):
        ax.plot([row["auc_before"], row["auc_after"]], [i, i], color=GRAY, lw=0.9, zorder=1)
    ax.plot(rows["auc_before"], list(y), ls="", marker="o", mfc="none", color=INK, label="before")
    ax.plot(rows["auc_after"], list(y), ls="", marker="o", color=COLORS[2], label="after")
    if len(rows) and rows["auc_reference"].notna().any():
        ax.axvline(rows["auc_reference"].iloc[0], color=GRAY, lw=0.6, ls=(0, (4, 3)), label="reference")
    ax.set_yticks(list(y), [words(str(name)) for name in rows["remedy"]])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_title(experiment)
    ax.set_xlabel("AUC")
    return ax


def remedies_figure(remedies: pd.DataFrame, *, width_mm: float) -> Figure | None:
    """Return a panel of :func:`plot_remedies` per experiment; None without results."""
    known = remedies[remedies["auc_after"].notna()]
    experiments = list(dict.fromkeys(known["experiment"].astype(str)))
    if not experiments:
        return None
    longest = max(int(known["experiment"].eq(name).sum()) for name in experiments)
    with drawing():
        figure, axes = panels(
            len(experiments),
            width_mm=width_mm,
            height_mm=20 + 4.4 * longest,
            columns=2 if width_mm > 100 else 1,
            legend_mm=6.0,
            share_y=False,
        )
        for ax, name in zip(axes, experiments, strict=True):
            plot_remedies(known, ax, experiment=name)
        legend_below(figure, axes[0])
    return figure
