"""Gray levels as PyRadiomics forms them: fixed bin width (re-indexed from the ROI minimum) or fixed count."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.levels import GrayLevelsError
from robustrad.extract.native.extremes import larger, smaller

_EPS = float(np.spacing(1))


class Levels(NamedTuple):
    """The ROI in gray levels.

    Attributes
    ----------
    places : ndarray of int32, (n,)
        Gray level of every voxel, as 1-based position in ``gray``.
    gray : ndarray of int64, (g,)
        The gray levels that occur, rising.
    counts : ndarray of int64, (g,)
        Voxels of each.
    spread : ndarray of float64, (2,)
        Entropy (bits) and uniformity of their histogram.
    """

    places: NDArray[np.int32]
    gray: NDArray[np.int64]
    counts: NDArray[np.int64]
    spread: NDArray[np.float64]

    @property
    def highest(self) -> int:
        """The highest gray level (PyRadiomics' Ng)."""
        return int(self.gray[-1])


def discretize(
    values: NDArray[np.float64], low: Any, high: Any, *, width: float = 25.0, count: int | None = None
) -> Levels:
    """Return the gray levels of ``values``.

    Parameters
    ----------
    values : ndarray of float64, (n,)
        Finite intensities of the ROI.
    low, high : scalar
        Their minimum and maximum in the image's own type: edges are laid in it, as PyRadiomics does.
    width : float
        Fixed bin width; edges are multiples of it (``binWidth``).
    count : int or None
        Fixed number of bins between minimum and maximum (``binCount``); wins over ``width``.

    Raises
    ------
    GrayLevelsError
        If the type of the image cannot hold the edges.
    """
    edges = bin_edges(low, high, width=width, count=count)
    places = np.empty(len(values), dtype=np.int32)
    tables = np.zeros((3, len(edges) + 1), dtype=np.int64)
    spread = np.zeros(2)
    known = _digitize(values, edges.astype(np.float64, copy=False), places, tables, spread)
    if known < 0 or float(edges[0]) > float(low):
        raise _no_edges(low, high, width, count)
    return Levels(places, tables[1, :known], tables[2, :known], spread)


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
def _digitize(
    values: NDArray[np.float64],
    edges: NDArray[np.float64],
    places: NDArray[np.int32],
    tables: NDArray[np.int64],
    spread: NDArray[np.float64],
) -> int:
    # The level of a value is the number of edges at or below it: guessed, then put right. Fills the places
    # and, in ``tables``, the levels that occur and their voxels. Returns how many occur; -1 without order
    # among the edges.
    last = edges.shape[0]
    for k in range(1, last):
        if not edges[k] > edges[k - 1]:
            return -1
    start = edges[0]
    step = (edges[last - 1] - start) / (last - 1)
    histogram = tables[0]
    for i in range(values.shape[0]):
        value = values[i]
        level = smaller(larger(int((value - start) / step), 0), last - 1) + 1
        while level > 0 and edges[level - 1] > value:
            level -= 1
        while level < last and edges[level] <= value:
            level += 1
        places[i] = level
        histogram[level] += 1
    known = 0
    for level in range(last + 1):
        count = histogram[level]
        if count > 0:
            p = count / values.shape[0]
            spread[0] -= p * np.log2(p + _EPS)
            spread[1] += p * p
            tables[1, known] = level
            tables[2, known] = count
            known += 1
            histogram[level] = known
    if known < tables[1, known - 1]:
        for i in range(values.shape[0]):
            places[i] = histogram[places[i]]
    return known
