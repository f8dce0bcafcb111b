"""ComBat from counts, means and variances of the sites alone: no covariates, hence a closed form.

The same numbers as :class:`robustrad.harmonize.combat.ComBat` (a test compares them), for many sites and
resamples at a small part of its cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from robustrad.harmonize.isolation import RELATIVE_TOLERANCE
from robustrad.harmonize.shrinkage import shrink_moments

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Of s sites and p features.

    Attributes
    ----------
    n : ndarray of shape (s,)
        Rows.
    mean, variance : ndarray of shape (s, p)
        Variance with ddof 1.
    """

    n: Floats
    mean: Floats
    variance: Floats


@dataclass(frozen=True)
class SiteSamples:
    """Unlabelled rows of each site.

    Attributes
    ----------
    rows : mapping of str to ndarray of shape (n_s, p)
        Finite.
    calibrated : frozenset of str
        New sites: their rows define nothing but the site itself.
    patients : mapping of str to int
        Patients that the rows of a site are of.
    """

    rows: Mapping[str, Floats]
    calibrated: frozenset[str]
    patients: Mapping[str, int]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Sites, the known ones first."""
        return (*(s for s in self.rows if s not in self.calibrated), *sorted(self.calibrated))

    @cached_property
    def moments(self) -> Moments:
        """Of all sites, in the order of ``labels``."""
        parts = [self.rows[label] for label in self.labels]
        return Moments(
            np.array([part.shape[0] for part in parts], dtype=np.float64),
            np.stack([part.mean(axis=0) for part in parts]),
            np.stack([part.var(axis=0, ddof=1) for part in parts]),
        )

    @cached_property
    def varying(self) -> NDArray[np.bool_]:
        """Features that are not constant in any site."""
        scale = np.stack([np.abs(part).max(axis=0) for part in self.rows.values()])
        order = [self.labels.index(label) for label in self.rows]
        spread = np.sqrt(self.moments.variance[order])
        return np.asarray((spread > RELATIVE_TOLERANCE * scale).all(axis=0))

    def resampled(self, draws: int, rng: np.random.Generator) -> list[Moments]:
        """Return moments of bootstrap resamples, each site's rows resampled within the site."""
        n, mean, variance = [], [], []
        for label in self.labels:
            rows = self.rows[label]
            size = rows.shape[0]
            weights = rng.multinomial(size, np.full(size, 1.0 / size), size=draws).astype(np.float64)
            # About the site's own mean, so that a large offset costs no digits.
            center = rows.mean(axis=0)
            left = rows - center
            first = weights @ left / size
            second = weights @ left**2 / size
            n.append(float(size))
            mean.append(center + first)
            variance.append(np.maximum(second - first**2, 0.0) * size / max(size - 1, 1))
        return [
            Moments(np.array(n), np.stack([m[b] for m in mean]), np.stack([v[b] for v in variance]))
            for b in range(draws)
        ]


@dataclass(frozen=True)
class SiteEffects:
    """What ComBat learned.

    Attributes
    ----------
    labels : tuple of str
        Sites.
    alpha, sigma : ndarray of shape (p,)
        Common location and residual SD (divisor n), in units of the feature.
    gamma, delta : ndarray of shape (s, p)
        Shift in units of sigma, and variance in units of sigma squared.
    """

    labels: tuple[str, ...]
    alpha: Floats
    sigma: Floats
    gamma: Floats
    delta: Floats


def site_effects(
    moments: Moments, labels: tuple[str, ...], *, n_known: int, reference: str | None, eb: bool
) -> SiteEffects:
    r"""Return ComBat's estimates from moments of features that vary in every site.

    .. math:: \alpha = \sum_i \frac{n_i}{n} \bar y_i, \quad \sigma^2 = \frac1n \sum_i (n_i - 1) s_i^2

    over the known sites, or those of the reference alone; then gamma and delta of each site, shrunk
    over the features with ``eb``.

    Parameters
    ----------
    moments : Moments
        Of s sites; the first ``n_known`` define alpha and sigma.
    labels : tuple of str
        Their names.
    n_known : int
        Sites that are not calibrated ones.
    reference : str or None
        Site that stays as it is.
    eb : bool
        Empirical Bayes.

    References
    ----------
    Johnson 2007, doi:10.1093/biostatistics/kxj037; Da-Ano 2020, doi:10.1038/s41598-020-66110-w.
    """
    n, mean, variance = moments.n, moments.mean, moments.variance
    # One known site is its own reference: there is no other location to go to.
    stays = reference if n_known > 1 else labels[0]
    if stays is None:
        share = n[:n_known] / n[:n_known].sum()
        alpha = share @ mean[:n_known]
        sigma2 = ((n[:n_known] - 1) / n[:n_known].sum()) @ variance[:n_known]
    else:
        at = labels.index(stays)
        alpha, sigma2 = mean[at], variance[at] * (n[at] - 1) / n[at]
    sigma = np.sqrt(sigma2)
    gamma, delta = np.zeros_like(mean), np.ones_like(mean)
    for site, label in enumerate(labels):
        if label == stays:
            continue
        shift, spread = (mean[site] - alpha) / sigma, variance[site] / sigma2
        if eb and shift.size > 1:
            shift, spread = shrink_moments(int(n[site]), shift, spread, spread * (n[site] - 1))
        gamma[site], delta[site] = shift, spread
    return SiteEffects(labels, alpha, sigma, gamma, delta)
