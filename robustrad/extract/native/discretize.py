"""Gray levels as PyRadiomics forms them: fixed bin width (re-indexed from the ROI minimum) or fixed count."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.levels import GrayLevelsError
from robustrad.extract.native.extremes import larger, smaller
from robustrad.extract.native.frame import Work
from robustrad.extract.native.roi import Volume

_EPS = float(np.spacing(1))


class Levels(NamedTuple):
    """The gray levels of an ROI.

    Attributes
    ----------
    gray : ndarray of int64, (g,)
        The gray levels that occur, rising.
    counts : ndarray of int64, (g,)
        Voxels of each.
    spread : ndarray of float64, (2,)
        Entropy (bits) and uniformity of their histogram.
    """

    gray: NDArray[np.int64]
    counts: NDArray[np.int64]
    spread: NDArray[np.float64]


class Bins(NamedTuple):
    """Bins of fixed ``width``, or a fixed ``number``, between two intensities of the image's own type."""

    low: Any
    high: Any
    width: float
    number: int | None
    edges: NDArray[np.float64]

    def refusal(self) -> GrayLevelsError:
        """Return what to say where the edges do not rise from the lowest value."""
        return _no_edges(self.low, self.high, self.width, self.number)


def lay_bins(low: Any, high: Any, *, width: float = 25.0, count: int | None = None) -> Bins:
    """Return the bins over [low, high].

    Parameters
    ----------
    low, high : scalar
        Minimum and maximum of the ROI in the image's own type: edges are laid in it, as PyRadiomics does.
    width : float
        Fixed bin width; edges are multiples of it (``binWidth``).
    count : int or None
        Fixed number of bins between minimum and maximum (``binCount``); wins over ``width``.

    Raises
    ------
    GrayLevelsError
        If the type of the image cannot hold the edges.
    """
    edges = bin_edges(low, high, width=width, count=count).astype(np.float64, copy=False)
    bins = Bins(low, high, width, count, edges)
    if float(edges[0]) > float(low):
        raise bins.refusal()
    return bins


def histogram(values: NDArray[np.float64], bins: Bins) -> Levels:
    """Return the gray levels of ``values`` where no texture is asked for."""
    if not np.all(np.diff(bins.edges) > 0):
        raise bins.refusal()
    voxels = np.bincount(np.searchsorted(bins.edges, values, side="right"))
    gray = np.flatnonzero(voxels)
    p = voxels[gray] / len(values)
    return Levels(gray, voxels[gray], np.array([-(p * np.log2(p + _EPS)).sum(), (p * p).sum()]))


def discretize(values: NDArray[np.float64], bins: Bins, layout: Volume, work: Work) -> Levels:
    """Lay the gray levels of an ROI out in ``work.volume`` and ``work.tones``.

    Parameters
    ----------
    values : ndarray of float64, (n,)
        Finite intensities of the ROI.
    bins : Bins
        Between their extremes.
    layout : Volume
        Where the ROI lies in the flat volumes.
    work : Work
        With integers that are wide enough for as many levels as there are bins; see ``is_wide``.

    Raises
    ------
    GrayLevelsError
        If the edges of the bins do not rise.
    """
    tables = np.zeros((3, len(bins.edges) + 1), dtype=np.int64)
    spread = np.zeros(2)
    known = _digitize(
        *(values, bins.edges, layout.starts, layout.lengths, work.volume, work.tones, tables, spread)
    )
    if known < 0:
        raise bins.refusal()
    return Levels(tables[1, :known], tables[2, :known], spread)


def bin_edges(low: Any, high: Any, *, width: float, count: int | None) -> NDArray[Any]:
    """Return the bin edges between two scalars of the image's type.

    How many there may be is for ``levels.count_levels`` to say, before they are laid out.
    """
    with np.errstate(all="ignore"):  # an overflow shows in the edges
        if count is not None:
            edges = np.histogram_bin_edges(np.asarray([low, high]), count)
            edges[-1] += 1
        else:
            edges = np.arange(low - (low % width), high + 2 * width, width)
    if len(edges) == 1:
        edges = np.asarray([edges[0] - 0.5, edges[0] + 0.5])
    if len(edges) < 2:
        raise _no_edges(low, high, width, count)
    return edges


def _no_edges(low: Any, high: Any, width: float, count: int | None) -> GrayLevelsError:
    told = f"bins of width {width:g}" if count is None else f"{count} bins"
    setting = "binWidth" if count is None else "binCount"
    return GrayLevelsError(
        f"{told} between {float(low):g} and {float(high):g} cannot be laid out in "
        f"{np.asarray(low).dtype}. Change {setting}, or use float64 images"
    )


@bare
def _digitize(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    values: NDArray[np.float64],
    edges: NDArray[np.float64],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    volume: NDArray[Any],
    tones: NDArray[Any],
    tables: NDArray[np.int64],
    spread: NDArray[np.float64],
) -> int:
    # The level of a value is the number of edges at or below it: guessed, then put right. Fills the volumes
    # and, in ``tables``, the levels that occur and their voxels. Returns how many occur; -1 without order
    # among the edges.
    last = edges.shape[0]
    for k in range(1, last):
        if not edges[k] > edges[k - 1]:
            return -1
    start = edges[0]
    evenly = larger(last - 2, 1)  # the last edge of a fixed number of bins lies farther
    per_unit = evenly / (edges[evenly] - start)
    counts = tables[0]
    at = 0
    for k in range(starts.shape[0]):
        place = volume[starts[k] : starts[k] + lengths[k]]
        tone = tones[starts[k] : starts[k] + lengths[k]]
        for i in range(lengths[k]):
            value = values[at + i]
            level = smaller(larger(int((value - start) * per_unit), 0), last - 1) + 1
            while level > 0 and edges[level - 1] > value:
                level -= 1
            while level < last and edges[level] <= value:
                level += 1
            place[i] = level
            tone[i] = level
            counts[level] += 1
        at += lengths[k]
    known = 0
    for level in range(last + 1):
        count = counts[level]
        if count > 0:
            p = count / values.shape[0]
            spread[0] -= p * np.log2(p + _EPS)
            spread[1] += p * p
            tables[1, known] = level
            tables[2, known] = count
            known += 1
            counts[level] = known
    if known < tables[1, known - 1]:
        for k in range(starts.shape[0]):
            for i in range(starts[k], starts[k] + lengths[k]):
                volume[i] = counts[tones[i]]
    return known
