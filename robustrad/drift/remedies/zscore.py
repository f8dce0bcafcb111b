"""Z-score per site: the plainest use of a site's statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from robustrad.drift.remedies.base import SITES, FittedRemedy, Floats, Remedy, Rows, Training
from robustrad.drift.remedies.site_scaling import known_sites


class ZScore(Remedy):
    """Give every feature mean 0 and SD 1 (ddof 1) within each site."""

    learns_from: ClassVar[frozenset[str]] = frozenset({SITES})

    @property
    def name(self) -> str:
        return "zscore"

    def fit(self, training: Training) -> FittedRemedy:
        """Take mean and SD of each site; a feature constant in a site is only centered there."""
        samples = training.sites
        known_sites(samples, training.rows.batch)
        spread = np.sqrt(samples.moments.variance)
        return _Fitted(samples.labels, samples.moments.mean, np.where(samples.varying, spread, 1.0))


@dataclass(frozen=True)
class _Fitted(FittedRemedy):
    labels: tuple[str, ...]
    mean: Floats
    spread: Floats

    def transform(self, rows: Rows) -> Rows:
        out = np.full_like(rows.X, np.nan)
        for site, label in enumerate(self.labels):
            at = rows.batch == label
            out[at] = (rows.X[at] - self.mean[site]) / self.spread[site]
        return rows.with_values(out)

    def parameters(self) -> tuple[Floats, ...]:
        return self.mean, self.spread
