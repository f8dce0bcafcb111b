"""How many gray levels a region has, by PyRadiomics' bin edges, without laying out edges or matrices.

With ``binWidth`` w the edges are ``arange(low, max + 2 w, w)`` with ``low = min - min % w``, computed in the
image's own type; with ``binCount`` n they part [min, max] into n bins. The level of a value is the number of
edges at or below it.

The limit. PyRadiomics' co-occurrence features hold about 425 bytes for each pair of levels at their peak
(measured at 512 and 768 levels, 13 directions): 612 MB at 1,200 levels, which keeps a worker near 1 GB, and
minutes of time; its other classes need less. More levels than that are refused. One level is not refused
here: PyRadiomics gives values for it, and a sweep skips it by the count.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.extract.engine import RegionRefusedError
from robustrad.extract.parameters import Settings
from robustrad.extract.settings import resolved

MAX_LEVELS = 1200  # with texture classes: see above
MAX_EDGES = 10_000_000  # without them: 80 MB of edges


class GrayLevelsError(RegionRefusedError):
    """The gray levels cannot be formed: too many of them, or edges that the numbers cannot hold."""


def count_levels(values: NDArray[Any], settings: Settings, *, limit: int = MAX_LEVELS) -> int:
    """Return the number of bins from the one of the lowest to the one of the highest value.

    Parameters
    ----------
    values : ndarray, (n,)
        Intensities of the ROI, n >= 1, in the image's own type.
    settings : mapping
        ``binWidth``, ``binCount`` (wins where it is set); others are ignored.
    limit : int
        Most levels; the default protects the texture matrices.

    Returns
    -------
    int
        1 where all values fall into one bin.

    Raises
    ------
    GrayLevelsError
        If there are more than ``limit``, if edges overflow the image's integer type or lie closer than its
        floating-point numbers, or if values are not finite.

    Examples
    --------
    >>> count_levels(np.array([54.0, 166.0]), {"binWidth": 25})
    5
    """
    return count_between(values.min(), values.max(), resolved(settings), limit=limit)


def count_between(low: Any, high: Any, settings: Settings, *, limit: int = MAX_LEVELS) -> int:
    """Return `count_levels` of values between ``low`` and ``high``, scalars of the image's own type.

    The settings are resolved ones.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        raise GrayLevelsError("values in the ROI are NaN or infinite: gray levels are not defined")
    count: Any = settings["binCount"]
    width: Any = settings["binWidth"]
    told = f"binWidth {width}" if count is None else f"binCount {count}"
    if count is not None:
        # A flat region fills one bin in the middle of PyRadiomics' [value - 0.5, value + 0.5].
        _refuse_crowded(low, high, count)
        highest, levels = count, 1 if low == high else count
    else:
        edges = _edges(low, high, width)
        highest = edges.level(float(high), limit)
        # Rounding may leave the lowest bin empty: 1 % 0.1 is 0.0999..., and bins begin at 0.9.
        levels = highest - edges.level(float(low), limit) + 1
    if highest > limit:
        raise GrayLevelsError(
            f"{told} gives {'over ' * (highest > MAX_EDGES)}{min(highest, MAX_EDGES)} gray levels between "
            f"{low:g} and {high:g}, more than the {limit} that memory allows; choose fewer or wider bins"
        )
    return int(levels)


class _Edges(NamedTuple):
    """Edge i is start + i step, for i below number: what ``arange`` writes."""

    start: float
    step: float
    number: int

    def level(self, value: float, limit: int) -> int:
        """Return how many edges lie at or below ``value``; beyond ``limit`` about how many."""
        index = math.floor((value - self.start) / self.step)
        if index > limit + 1:
            return index
        while self.start + index * self.step > value:
            index -= 1
        while self.start + (index + 1) * self.step <= value:
            index += 1
        return min(index + 1, self.number)


def _edges(low: Any, high: Any, width: float) -> _Edges:
    """Return the edges over [low, high] in the arithmetic of their type, as PyRadiomics computes them."""
    if isinstance(low, np.integer):
        _refuse_overflow(low, high, width)
        low, high = int(low), int(high)
    with np.errstate(all="ignore"):
        start = low - low % width
        stop = high + 2 * width
        step = float(start + width) - float(start)
        number = float((stop - start) / width)
    if not (math.isfinite(number) and step > 0):
        raise GrayLevelsError(
            f"binWidth {width} is finer than the numbers of the image around {low:g} can tell apart; "
            "choose wider bins"
        )
    return _Edges(float(start), step, math.ceil(number))


def _refuse_crowded(low: Any, high: Any, count: int) -> None:
    """Refuse more bins than there are numbers between two values: numpy cannot lay out their edges."""
    try:
        np.histogram_bin_edges(np.asarray([low, high]), min(count, MAX_EDGES))
    except ValueError:
        if low == high:
            raise GrayLevelsError(f"the ROI has one value ({low:g}): no bins can tell it apart") from None
        raise GrayLevelsError(
            f"binCount {count} is more than the numbers of the image between {low:g} and {high:g} can tell "
            "apart; choose fewer bins"
        ) from None


def _refuse_overflow(low: Any, high: Any, width: float) -> None:
    """Refuse edges that an integer image cannot hold: numpy would let them wrap around."""
    if not isinstance(width, int):
        return  # a fractional width makes the edges float64
    kind = np.iinfo(low.dtype)
    first, last = int(low) - int(low) % width, int(high) + 2 * width
    if first < kind.min or last > kind.max:
        raise GrayLevelsError(
            f"binWidth {width} over values from {low} to {high} needs edges from {first} to {last}, which "
            f"overflow the image's {low.dtype}; store it as a wider type (float32), or choose other bins"
        )
