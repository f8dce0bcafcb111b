"""ICC(A,1) of features between the reference and another place, over out-of-fold patients, from sums."""

from __future__ import annotations

import numpy as np

from robustrad.drift.data import Floats


class AgreementSums:
    """Sums over patients that ICC(A,1) of two measurements needs, for q places and p features.

    Parameters
    ----------
    q, p : int
        Places and features.

    Notes
    -----
    The mean of the first patients added is subtracted from everything, so that large offsets cost no digits.
    """

    def __init__(self, q: int, p: int) -> None:
        self._n = np.zeros((q, 1))
        self._sums = np.zeros((5, q, p))
        self._center: Floats | None = None

    def add(self, place: int, reference: Floats, other: Floats) -> None:
        """Add patients: their rows at the reference and at ``place``; one with a NaN is left out."""
        there = np.isfinite(reference).all(axis=1) & np.isfinite(other).all(axis=1)
        if not there.any():
            return
        if self._center is None:
            self._center = reference[there].mean(axis=0)
        a, b = reference[there] - self._center, other[there] - self._center
        self._n[place] += a.shape[0]
        products = ((a, None), (b, None), (a, a), (b, b), (a, b))
        for total, (x, y) in zip(self._sums, products, strict=True):
            total[place] += x.sum(axis=0) if y is None else np.einsum("ip,ip->p", x, y)

    def icc(self) -> Floats:
        """Return ICC(A,1), shape (q, p); NaN with fewer than five patients or without spread."""
        n = np.where(self._n >= 5, self._n, np.nan)
        a, b, aa, bb, ab = self._sums
        with np.errstate(invalid="ignore", divide="ignore"):
            mean_a, mean_b = a / n, b / n
            var_a, var_b = (aa - n * mean_a**2) / (n - 1), (bb - n * mean_b**2) / (n - 1)
            cov = (ab - n * mean_a * mean_b) / (n - 1)
            error = (var_a + var_b - 2 * cov) / 2
            spread = var_a + var_b + (mean_a - mean_b) ** 2 - 2 * error / n
            return np.asarray(np.where(spread > 0, 2 * cov / spread, np.nan))
