"""How every figure looks: 8 pt, thin lines, colors that any eye can tell apart, widths of a journal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK = "#1c2328"
GRAY = "#8a949b"
# Okabe and Ito, without black and yellow, which vanish on one of a dark and a light page.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
FEATURE_COLORS = {
    "all": INK,
    "firstorder": "#0072b2",
    "shape": GRAY,
    "shape2D": GRAY,
    "glcm": "#d55e00",
    "glrlm": "#e69f00",
    "glszm": "#cc79a7",
    "gldm": "#009e73",
    "ngtdm": "#56b4e9",
}
STYLE: Any = {  # matplotlib types the keys as a closed list of literals
    "font.family": "DejaVu Sans",
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.labelsize": 8.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.5,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.2,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "robustrad",
}


@contextmanager
def drawing() -> Iterator[None]:
    """Draw with :data:`STYLE`."""
    with mpl.rc_context(STYLE):
        yield


def panels(
    count: int,
    *,
    width_mm: float,
    height_mm: float = 46.0,
    columns: int | None = None,
    legend_mm: float = 0.0,
    share_y: bool = True,
) -> tuple[Figure, list[Axes]]:
    """Return a figure with ``count`` panels of one height, as many beside each other as fit ``width_mm``.

    Parameters
    ----------
    count : int
        Panels.
    width_mm : float
        Of the figure: 85 (a column) or 174 (a page).
    height_mm : float
        Of one row of panels, labels included.
    columns : int, optional
        Panels beside each other; default 4 on a page, 2 in a column.
    legend_mm : float
        Room below for a legend.
    share_y : bool
        One y axis for all.
    """
    most = columns or (4 if width_mm > 100 else 2)
    rows = math.ceil(count / most)
    across = math.ceil(count / rows)  # five panels stand as three and two, not as four and one
    height = rows * height_mm + legend_mm
    figure = Figure(figsize=(width_mm / 25.4, height / 25.4))
    FigureCanvasAgg(figure)
    room = (0.0, legend_mm / height, 1.0, 1.0 - legend_mm / height)
    figure.set_layout_engine("constrained", rect=room, w_pad=0.03, h_pad=0.04)
    grid = figure.subplots(rows, across, squeeze=False, sharey=share_y)
    axes = [ax for line in grid for ax in line]
    for ax in axes[count:]:
        ax.set_visible(False)
    return figure, axes[:count]


def settled(figure: Figure) -> Figure:
    """Return ``figure`` with everything in its final place: laid out once, not again for every format.

    The solver behind the layout orders its variables by their addresses in memory, so the last digits of a
    place differ from one figure to the next, and files are compared byte by byte (an SVG names its clip paths
    after them): places are rounded.
    """
    with drawing():
        figure.draw_without_rendering()
        figure.set_layout_engine(None)
        for ax in figure.axes:
            x, y, width, height = (round(float(v), 6) for v in ax.get_position(original=True).bounds)
            ax.set_position((x, y, width, height))
    return figure


def for_rendering(figure: Figure) -> Figure:
    """Return ``figure`` settled, whether or not that was done before."""
    return figure if figure.get_layout_engine() is None else settled(figure)


def legend_below(figure: Figure, source: Axes, *, columns: int = 4) -> None:
    """Put the legend of ``source`` under all panels."""
    handles, labels = source.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="lower center", ncols=min(columns, len(labels)), handlelength=1.8)


def words(name: str) -> str:
    """Return a factor's name as a heading."""
    return name.replace("_", " ")


def tick(dose: float, *, signed: bool) -> str:
    """Return a severity as a tick label, with a true minus sign."""
    text = f"{dose:+g}" if signed and dose else f"{dose:g}"
    return text.replace("-", "\N{MINUS SIGN}")


def apart(places: Sequence[float], *, share: float = 0.07) -> list[float]:
    """Return the rising ``places`` whose labels do not run into each other: ``share`` of their span apart."""
    kept: list[float] = []
    for place in places:
        if not kept or place - kept[-1] >= share * (places[-1] - places[0]):
            kept.append(place)
    return kept
