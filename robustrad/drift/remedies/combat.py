"""ComBat, in four forms, from the patients of each site; a new site's are calibration patients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from robustrad.core.identity import generator
from robustrad.drift.remedies.base import (
    SITES,
    FittedRemedy,
    Floats,
    Mask,
    NotApplicableError,
    Remedy,
    Rows,
    Training,
)
from robustrad.drift.remedies.moments import Moments, SiteEffects, SiteSamples, site_effects
from robustrad.drift.remedies.site_scaling import known_sites
from robustrad.harmonize.errors import HarmonizationError

RESAMPLES = 30
HOME = "reference"


@dataclass(frozen=True)
class Combat(Remedy):
    """Shift and scale each site to a common location (:class:`robustrad.harmonize.combat.ComBat`).

    ``combat``: empirical Bayes, to the mean of the sites. ``combat_no_eb``: without shrinkage.
    ``combat_ref``: to the home site, which stays as it is (M-ComBat). ``combat_bootstrap``: estimates
    averaged over resamples of the patients (B-ComBat). Features constant in a site pass through.
    """

    eb: bool = True
    to_home: bool = False
    resamples: int = 0
    learns_from: ClassVar[frozenset[str]] = frozenset({SITES})

    @property
    def name(self) -> str:
        form = "" if self.eb else "_no_eb"
        return f"combat{form}{'_ref' if self.to_home else ''}{'_bootstrap' if self.resamples else ''}"

    @classmethod
    def variants(cls) -> tuple[Self, ...]:
        """Return the four forms."""
        return cls(), cls(eb=False), cls(to_home=True), cls(resamples=RESAMPLES)

    def fit(self, training: Training) -> FittedRemedy:
        """Estimate every site's shift and scale; a calibrated site changes nothing but itself."""
        samples = training.sites
        known_sites(samples, training.rows.batch)
        active = samples.varying
        if not active.any():
            raise NotApplicableError("combat", "every feature is constant in some site", "features that vary")
        home = HOME if self.to_home and HOME in samples.labels else None
        home = samples.labels[0] if self.to_home and home is None else home
        try:
            effects = self._effects(samples, active, home, training.seed)
        except HarmonizationError as error:
            raise NotApplicableError("combat", str(error)) from error
        return _Fitted(effects, active)

    def _effects(self, samples: SiteSamples, active: Mask, home: str | None, seed: int) -> SiteEffects:
        n_known = len(samples.labels) - len(samples.calibrated)

        def once(moments: Moments) -> SiteEffects:
            part = Moments(moments.n, moments.mean[:, active], moments.variance[:, active])
            return site_effects(part, samples.labels, n_known=n_known, reference=home, eb=self.eb)

        if not self.resamples:
            return once(samples.moments)
        drawn = [
            m for m in samples.resampled(self.resamples, generator("b-combat", seed)) if _usable(m, active)
        ]
        if not drawn:
            raise NotApplicableError(
                "combat", "no resample leaves spread in every site", "more patients per site"
            )
        each = [once(m) for m in drawn]
        mean = {
            name: np.mean([getattr(e, name) for e in each], axis=0)
            for name in ("alpha", "sigma", "gamma", "delta")
        }
        return replace(each[0], **mean)


def _usable(moments: Moments, active: Mask) -> bool:
    # A resample of a small site may repeat one patient throughout.
    return bool((moments.variance[:, active] > 0).all())


@dataclass(frozen=True)
class _Fitted(FittedRemedy):
    effects: SiteEffects
    active: Mask

    def transform(self, rows: Rows) -> Rows:
        out = rows.X.copy()
        est, columns = self.effects, np.flatnonzero(self.active)
        for site, label in enumerate(est.labels):
            at = np.flatnonzero(rows.batch == label)
            if at.size:
                where = np.ix_(at, columns)
                shifted = rows.X[where] - est.alpha - est.sigma * est.gamma[site]
                out[where] = shifted / np.sqrt(est.delta[site]) + est.alpha
        return rows.with_values(out)

    def parameters(self) -> tuple[Floats, ...]:
        est = self.effects
        return est.alpha, est.sigma, est.gamma, est.delta
