"""How much of a factor's disagreement ComBat could remove at most: the harmonizable share.

ComBat and its kin move every subject of a level by the same amount (and scale it by the same factor). What a
factor does to each subject differently, random noise or an effect that depends on the lesion, stays. So
H = var_level / (var_level + everything else that is not the subject), and ICC(C,1), agreement without the
level's shift, is the ceiling of any remedy that shifts; ``ceiling_location_scale`` of one that also scales.
In simulations a shift and scale of each level gives ICC(A,1) .68, .95 after ComBat on paired data; random
noise .66 and .68; an effect that depends on the subject .73 and .77.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.interpolate import PchipInterpolator

from robustrad.stability.anova import Floats, MeanSquares
from robustrad.stability.components import LEVEL, SUBJECT, Decomposition
from robustrad.stability.fixed import Limits, share_samples, tails

_LOWEST, _HIGHEST, _POINTS = np.log(1e-4), np.log(1e8), 481


def harmonizable_share(components: Decomposition) -> Floats:
    """Return the share of the level in all variance that is not the subject's; NaN where there is none."""
    level = components.of(LEVEL)
    rest = components.variance.sum(axis=0) - components.of(SUBJECT)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(rest > 0, level / rest, np.nan))


def harmonizable_limits(squares: MeanSquares, *, alpha: float = 0.05) -> Limits:
    """Return the generalized interval of the share for fixed levels without draws.

    Parameters
    ----------
    squares : MeanSquares
        Of a complete table.
    alpha : float, default 0.05
        One minus the coverage of the two-sided interval.

    Notes
    -----
    The draws of :func:`robustrad.stability.fixed.fixed_limits` give theta2* / (theta2* + MSE*). For n
    subjects and k conditions its quantiles depend on F = MSC/MSE alone, so they are tabulated once over log F
    (40 points a decade) and interpolated.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        f = squares.columns / squares.error
        at = np.clip(np.log(f), _LOWEST, _HIGHEST)
    low, high = (curve(at) for curve in _curves(squares.n, squares.k, alpha))
    return Limits(np.clip(low, 0, 1), np.clip(high, 0, 1))


@lru_cache(maxsize=64)
def _curves(n: int, k: int, alpha: float) -> tuple[PchipInterpolator, PchipInterpolator]:
    grid = np.linspace(_LOWEST, _HIGHEST, _POINTS)
    limits = tails(share_samples(np.exp(grid), n, k), alpha)
    return PchipInterpolator(grid, limits.low), PchipInterpolator(grid, limits.high)
