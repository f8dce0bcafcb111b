"""Limits of the change of an area: of each alone, and of many together.

References
----------
Tango T. Stat Med 1998;17:891-908 (limits by the variance at the limit, for paired proportions).
    doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B
Hall P. The Bootstrap and Edgeworth Expansion. 1992. doi:10.1007/978-1-4612-4384-7
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from robustrad.drift.evaluate.changes import Change, stacked_changes
from robustrad.drift.evaluate.inputs import Floats
from robustrad.drift.evaluate.limits import Estimate
from robustrad.drift.evaluate.precision import Precision


class Band(NamedTuple):
    """Limits of many differences.

    Attributes
    ----------
    low, high : ndarray of shape (m,)
    critical : ndarray of shape (m,)
        Quantile of the largest |t|, on the scale of the normal.
    """

    low: Floats
    high: Floats
    critical: Floats


def single_bands(changes: Change, alpha: float) -> Band:
    """Return the limits that each change has alone; see :func:`simultaneous_band`."""
    return _band(changes, np.full(changes.value.shape, norm.isf(alpha / 2.0)))


def simultaneous_band(changes: Change, weights: Floats, alpha: float) -> Band:
    """Return limits that hold for all changes together, by the bootstrap of the largest |t|.

    Parameters
    ----------
    changes : Change
        Of shape (m,). One that does not vary has a band without width and does not count.
    weights : ndarray of shape (B, n)
        How often each subject was drawn. To first order the resamples tell how the changes correlate, and so
        how far out the largest |t| lies.
    alpha : float
        One minus the joint coverage.
    """
    deviation = changes.shares @ weights.T
    error = deviation.std(axis=1, ddof=1) if changes.value.size else np.zeros(0)
    varies = (error > 0.0) & (changes.known.error > 0.0)
    alone = single_bands(changes, alpha)
    if not varies.any():
        return alone
    largest = (np.abs(deviation[varies]) / error[varies, None]).max(axis=0)
    together = _band(changes, np.maximum(alone.critical, np.quantile(largest, 1.0 - alpha)))
    return Band(np.minimum(together.low, alone.low), np.maximum(together.high, alone.high), together.critical)


def change_of(change: Change, alpha: float) -> Estimate:
    """Return one change of an area with its limits."""
    limits = single_bands(stacked_changes([change]), alpha)
    return Estimate(float(change.value), float(limits.low[0]), float(limits.high[0]))


def _band(changes: Change, critical: Floats) -> Band:
    r"""Return the changes that their error at that change does not exclude, inside [-1, 1].

    A change that came out small has too small an error: fewer pairs have turned. With shares g won and l lost
    (g + l = s, g - l = d) and a true change :math:`\delta` the likeliest shares add up to
    :math:`s(\delta) = \tfrac12\bigl(s + \sqrt{s^2 + 4\delta(\delta-d)}\bigr)`, as those of two Poisson
    counts would; the variance goes with it. :math:`(\delta-d)^2 = q^2\,\mathrm{var}\,s(\delta)/s` is a cubic
    in :math:`x=\delta-d`: :math:`x^3-(q^2\mathrm{var}+k^2)\,x-k^2d=0` with :math:`k=q^2\mathrm{var}/s`, whose
    outer roots are the limits.
    """
    variance = (_quantile(critical, changes.known) * changes.known.error) ** 2
    k = variance / np.where(changes.turnover > 0.0, changes.turnover, 1.0)
    linear = (variance + k**2) / 3.0
    size = np.sqrt(linear)
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = np.clip(k**2 * changes.value / (2.0 * linear * size), -1.0, 1.0)
    turn = np.arccos(np.where(linear > 0.0, angle, 0.0)) / 3.0
    low = changes.value + 2.0 * size * np.cos(turn + 2.0 * np.pi / 3.0)
    high = changes.value + 2.0 * size * np.cos(turn)
    return Band(np.maximum(low, -1.0), np.minimum(high, 1.0), critical)


def _quantile(critical: Floats, known: Precision) -> Floats:
    """Return the quantile of Student's t that lies as far out as ``critical`` on the normal.

    Few patients carry a change that hardly anyone makes: error and change are then large together, and the
    tails of t lighter than Student's. Hall's expansion (1992, section 2.6) says by how much: degrees of
    freedom and kurtosis act as 1 / freedom - kurtosis (c^2 - 3) / (3 (c^2 + 1)). Never below the normal.
    """
    square = critical**2
    lighter = known.surplus * np.maximum(square - 3.0, 0.0) / (3.0 * (square + 1.0))
    inverse = np.maximum(1.0 / known.freedom - lighter, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(student.isf(norm.sf(critical), 1.0 / inverse))
