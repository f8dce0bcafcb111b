"""One picture: image, contours before and after, difference map, gray levels, scale bar."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from robustrad.preview.frame import Frame, Plane
from robustrad.preview.lens import Shot
from robustrad.preview.window import Window, rounded_up, window_for

# Okabe-Ito: told apart with any color vision, on dark and on light; the dashes tell them apart in gray.
BEFORE, AFTER = "#56B4E9", "#D55E00"
DIFFERENCE_COLORS = "RdBu_r"
LEVEL_COLORS = "viridis"
BAR_MM = 20.0
SMALL_PT = 6.0
_NOTHING = "0.92"  # where there is no image
_FINE, _FINEST = 8, 800  # parts of a voxel and of a picture: contours follow voxel edges
_LINE_PT, _HALO_PT = 0.75, 1.3


def plot_image(plane: Plane, ax: Axes, *, frame: Frame, window: Window) -> Axes:
    """Draw ``plane`` in ``window``, its voxels as they are, cropped to ``frame``."""
    fitting = window_for(plane, window)
    _show(plane, ax, frame, colors=fitting.colors, limits=(fitting.low, fitting.high))
    if fitting is not window:
        _note(f"window {fitting.low:.3g} to {fitting.high:.3g}".replace("-", "\N{MINUS SIGN}"), ax)
    return ax


def plot_difference(plane: Plane, mask: Plane, ax: Axes, *, frame: Frame, limit: float) -> Axes:
    """Draw a difference map from ``-limit`` (blue) over 0 (white) to ``limit`` (red), and the ROI."""
    _show(plane, ax, frame, colors=DIFFERENCE_COLORS, limits=(-limit, limit))
    _contour(mask, ax, color="0.25", style="solid", halo=False)
    return ax


def plot_levels(levels: Plane, below: Plane, ax: Axes, *, frame: Frame, window: Window) -> Axes:
    """Draw gray levels of the ROI, lowest dark and highest light, over the faded image."""
    plot_image(below, ax, frame=frame, window=window)
    ax.images[-1].set_alpha(0.45)
    ax.set_facecolor("white")
    inside = levels.values[np.isfinite(levels.values)]
    limits = (float(inside.min()), float(inside.max())) if inside.size else (1.0, 1.0)
    return _show(levels, ax, frame, colors=LEVEL_COLORS, limits=(limits[0], max(limits[1], limits[0] + 1)))


def plot_contours(before: Plane, after: Plane, ax: Axes) -> Axes:
    """Draw the contour after (solid), and the one before (dashed) where it differs."""
    same = before.extent == after.extent and np.array_equal(before.values, after.values)
    if not same:
        _contour(before, ax, color=BEFORE, style=(0, (2.2, 1.4)))
    _contour(after, ax, color=AFTER, style="solid")
    return ax


def plot_contour_before(before: Plane, ax: Axes) -> Axes:
    """Draw the contour of the reference alone, as where it is compared with."""
    _contour(before, ax, color=BEFORE, style=(0, (2.2, 1.4)))
    return ax


def plot_scale_bar(ax: Axes, *, frame: Frame, dark: bool, text: bool) -> Axes:
    """Draw a bar of 20 mm in the lower left corner, black if ``dark``, with its length if ``text``."""
    share = BAR_MM / (frame.extent[1] - frame.extent[0])
    color, around = ("black", "white") if dark else ("white", "black")
    ax.plot(
        [0.05, 0.05 + share],
        [0.08, 0.08],
        transform=ax.transAxes,
        color=color,
        lw=1.6,
        solid_capstyle="butt",
        path_effects=[withStroke(linewidth=2.2, foreground=around)],
        zorder=5,
    )
    if text:
        ax.text(
            0.05,
            0.12,
            f"{BAR_MM:g} mm",
            transform=ax.transAxes,
            color=color,
            size=SMALL_PT,
            ha="left",
            va="bottom",
            path_effects=[withStroke(linewidth=0.8, foreground=around)],
            zorder=5,
        )
    return ax


def plot_reason(reason: str, ax: Axes, *, characters: int) -> Axes:
    """Write why there is no picture."""
    _bare(ax)
    ax.set_facecolor("0.96")
    text = textwrap.fill(reason, characters, max_lines=6, placeholder=" ...")
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", size=SMALL_PT, color="0.25")
    return ax


def difference_limit(shots: Sequence[Shot], mask: Plane) -> float:
    """Return the symmetric limit of difference maps: the 99th percentile of their sizes in ``mask``."""
    inside = mask.values.astype(bool)
    sizes = [np.abs(shot.difference.values[inside]) for shot in shots] or [np.zeros(1)]
    finite = np.concatenate(sizes)[np.isfinite(np.concatenate(sizes))]
    return rounded_up(float(np.percentile(finite, 99))) if finite.size else 1.0


def _show(plane: Plane, ax: Axes, frame: Frame, *, colors: str, limits: tuple[float, float]) -> Axes:
    left, right, top, bottom = plane.extent
    ax.imshow(
        plane.values,
        cmap=mpl.colormaps[colors],
        vmin=limits[0],
        vmax=limits[1],
        extent=(left, right, bottom, top),
        origin="upper",
        interpolation="nearest",
        aspect="auto",
    )
    _bare(ax)
    ax.set_facecolor(_NOTHING)
    x, y = frame.extent[:2], frame.extent[2:]
    ax.set_xlim(*(reversed(x) if frame.mirrored[0] else x))
    ax.set_ylim(*(y if frame.mirrored[1] else reversed(y)))
    return ax


def _note(text: str, ax: Axes) -> None:
    halo = [withStroke(linewidth=1.2, foreground="black")]
    ax.text(
        0.03,
        0.96,
        text,
        transform=ax.transAxes,
        color="white",
        size=5.5,
        va="top",
        path_effects=halo,
        zorder=5,
    )


def _bare(ax: Axes) -> None:
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_color("0.6")
    ax.spines[:].set_linewidth(0.4)


def _contour(mask: Plane, ax: Axes, *, color: str, style: object, halo: bool = True) -> None:
    if not mask.values.any():
        return
    parts = min(_FINE, max(3, _FINEST // max(mask.values.shape)))
    padded = np.pad(mask.values.astype(np.float64), 1)
    fine = np.kron(padded, np.ones((parts, parts)))
    left, right, top, bottom = mask.extent
    rows, columns = mask.values.shape
    x = _centers(left, (right - left) / columns, columns, parts)
    y = _centers(top, (bottom - top) / rows, rows, parts)
    drawn = ax.contour(
        x, y, fine, levels=[0.5], colors=[color], linewidths=_LINE_PT if halo else 0.4, linestyles=[style]
    )
    if halo:
        drawn.set_path_effects([withStroke(linewidth=_HALO_PT, foreground="white", alpha=0.75)])


def _centers(
    start: float, step: float, count: int, parts: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return centers of the ``parts`` of ``count`` voxels from ``start`` on, and of one more each side."""
    numbers = np.arange((count + 2) * parts, dtype=np.float64)
    return start - step + (numbers + 0.5) * step / parts
