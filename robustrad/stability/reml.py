"""Variance components of subjects and conditions when cells are missing: REML, one feature at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from robustrad.stability import status as policy
from robustrad.stability.anova import Floats

Indices = NDArray[np.intp]


class Components(NamedTuple):
    """Variances of subjects, conditions and residual of a crossed random-effects model."""

    subjects: float
    conditions: float
    error: float


def reml_forms(cells: Floats) -> dict[str, float] | None:
    """Return the six ICC point estimates of one incomplete feature, or None when it cannot be estimated.

    Parameters
    ----------
    cells : ndarray of shape (n_subjects, k_conditions)
        NaN or infinite where missing.

    Notes
    -----
    The components stand for mean squares of a complete table of k conditions (MSR = k var_s + var_e,
    MSC = n var_c + var_e), so ICC(1,1) includes McGraw and Wong's MSW = var_e + var_c.
    None for fewer than five subjects or two conditions, no variation, or fewer cells than parameters.
    """
    found = reml_of(cells)
    if found is None:
        return None
    k = found.k
    s, c, e = found.components
    rows, within = k * s + e, e + c
    single = {
        "icc_1_1": (rows - within) / (rows + (k - 1) * within),
        "icc_a_1": s / (s + c + e),
        "icc_c_1": s / (s + e),
    }
    return single | {f"{form[:-1]}k": k * r / (1 + (k - 1) * r) for form, r in single.items()}


class Fit(NamedTuple):
    """Components of an incomplete feature, with the subjects and conditions that have a value."""

    components: Components
    n: int
    k: int


def reml_of(cells: Floats) -> Fit | None:
    """Return the components of one incomplete feature, or None when they cannot be estimated.

    Parameters
    ----------
    cells : ndarray of shape (n_subjects, k_conditions)
        NaN or infinite where missing.
    """
    finite = np.isfinite(cells)
    cells = cells[finite.any(axis=1)][:, finite.any(axis=0)]
    n, k = cells.shape
    known = cells[np.isfinite(cells)]
    if not policy.enough(n, k, 0) or known.size <= n + k:
        return None
    if known.std() <= policy.RELATIVE_TOLERANCE * np.abs(known).max():
        return None
    return Fit(components(cells), n, k)


def components(cells: Floats) -> Components:
    """Return the REML variance components of y = mean + subject + condition + error, all effects random.

    Notes
    -----
    The criterion is profiled over the mean and the residual variance; what is left are the two SDs relative
    to the residual's (Bates et al. 2015, doi:10.18637/jss.v067.i01, section 3.4).
    """
    subject, condition = np.nonzero(np.isfinite(cells))
    y = cells[subject, condition]
    center, spread = y.mean(), y.std()
    model = _Model.of(subject, condition, (y - center) / spread, cells.shape)
    starts = ((1.0, 1.0), (3.0, 0.3), (0.3, 3.0))
    fits = [
        minimize(lambda t: model.profile(t)[0], start, method="Nelder-Mead", bounds=[(0, None)] * 2,
                 options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 2000})
        for start in starts
    ]  # fmt: skip
    theta = min(fits, key=lambda fit: float(fit.fun)).x
    error = model.profile(theta)[1] * spread**2
    return Components(float(theta[0] ** 2 * error), float(theta[1] ** 2 * error), float(error))


class _Model(NamedTuple):
    zz: Floats  # Z'Z of the subject and condition indicators
    zx: Floats  # Z'1
    zy: Floats  # Z'y
    xy: float
    yy: float
    cells: int
    n: int

    @classmethod
    def of(cls, subject: Indices, condition: Indices, y: Floats, shape: tuple[int, int]) -> _Model:
        n, k = shape
        z = np.zeros((y.size, n + k))
        z[np.arange(y.size), subject] = 1.0
        z[np.arange(y.size), n + condition] = 1.0
        return cls(z.T @ z, z.sum(axis=0), z.T @ y, float(y.sum()), float(y @ y), y.size, n)

    def profile(self, theta: Floats) -> tuple[float, float]:
        """Return -2 x the profiled restricted log-likelihood (plus a constant), and the error variance."""
        weight = np.repeat(np.asarray(theta, dtype=float), [self.n, self.zx.size - self.n])
        lower = np.linalg.cholesky(weight[:, None] * self.zz * weight + np.eye(weight.size))
        u = np.linalg.solve(lower, np.column_stack([weight * self.zx, weight * self.zy]))
        xx = self.cells - u[:, 0] @ u[:, 0]
        xy = self.xy - u[:, 0] @ u[:, 1]
        residual = self.yy - u[:, 1] @ u[:, 1] - xy**2 / xx
        df = self.cells - 1
        criterion = 2 * np.log(np.diag(lower)).sum() + np.log(xx) + df * np.log(residual)
        return float(criterion), float(residual / df)
