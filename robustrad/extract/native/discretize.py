"""Gray levels as PyRadiomics forms them: fixed bin width (re-indexed from the ROI minimum) or fixed count."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.levels import GrayLevelsError


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
    """

    places: NDArray[np.int32]
    gray: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def highest(self) -> int:
        """The highest gray level (PyRadiomics' Ng)."""
        return int(self.gray[-1])


def discretize(
    values: NDArray[Any], low: float, high: float, *, width: float = 25.0, count: int | None = None
) -> Levels:
    """Return the gray levels of ``values``.

    Parameters
    ----------
    values : ndarray, (n,)
        Finite intensities of the ROI; edges are laid in their own type, as PyRadiomics does.
    low, high : float
        Their minimum and maximum.
    width : float
        Fixed bin width; edges are multiples of it (``binWidth``).
    count : int or None
        Fixed number of bins between minimum and maximum (``binCount``); wins over ``width``.

    Raises
    ------
    GrayLevelsError
        If the type of the image cannot hold the edges.
    """
    edges = bin_edges(values.dtype.type(low), values.dtype.type(high), width=width, count=count)
    step = (float(edges[-1]) - float(edges[0])) / (len(edges) - 1)
    index = np.empty(len(values), dtype=np.int32)
    histogram = np.zeros(len(edges) + 1, dtype=np.int64)
    _digitize(values.astype(np.float64, copy=False), edges.astype(np.float64), step, index, histogram)
    gray = np.flatnonzero(histogram)
    if len(gray) < gray[-1]:
        place = np.zeros(len(histogram), dtype=np.int32)
        place[gray] = np.arange(1, len(gray) + 1)
        index = place[index]
    return Levels(index, gray, histogram[gray])


def bin_edges(low: Any, high: Any, *, width: float, count: int | None) -> NDArray[Any]:
    """Return the bin edges between two scalars of the image's type, rising.

    How many there may be is for ``levels.count_levels`` to say, before they are laid out.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an overflow shows in the edges, see below
        if count is not None:
            edges = np.histogram_bin_edges(np.asarray([low, high]), count)
            edges[-1] += 1
        else:
            edges = np.arange(low - (low % width), high + 2 * width, width)
    if len(edges) == 1:
        edges = np.asarray([edges[0] - 0.5, edges[0] + 0.5])
    if len(edges) < 2 or np.any(edges[1:] <= edges[:-1]) or float(edges[0]) > float(low):
        raise GrayLevelsError(
            f"bins of width {width:g} between {float(low):g} and {float(high):g} cannot be laid out in "
            f"{np.asarray(low).dtype}. Change binWidth, or use float64 images"
        )
    return edges


@bare
def _digitize(
    values: NDArray[np.float64],
    edges: NDArray[np.float64],
    step: float,
    index: NDArray[np.int32],
    histogram: NDArray[np.int64],
) -> None:
    # The level of a value is the number of edges at or below it: guessed, then put right.
    last = edges.shape[0]
    start = edges[0]
    for i in range(values.shape[0]):
        value = values[i]
        level = min(max(int((value - start) / step), 0), last - 1) + 1
        while level > 0 and edges[level - 1] > value:
            level -= 1
        while level < last and edges[level] <= value:
            level += 1
        index[i] = level
        histogram[level] += 1
