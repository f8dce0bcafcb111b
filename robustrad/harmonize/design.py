"""Is the design of batches and covariates one that least squares can answer?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.harmonize.errors import HarmonizationError
from robustrad.harmonize.estimation import Codes, Floats, one_hot

MAX_CONDITION = 1e6
"""Beyond it more than six of the sixteen digits are lost; exact copies in float32 lie near 1e7."""


class DesignQuality(NamedTuple):
    """Rank and condition number of the design with columns of unit length."""

    rank: int
    columns: int
    condition: float
    rows: int

    @property
    def full_rank(self) -> bool:
        """All effects can be told apart."""
        return self.rank == self.columns


def design_quality(codes: Codes, Z: Floats, *, n_batches: int) -> DesignQuality:
    """Return rank and condition of [batch indicators | Z], in float64, columns scaled to unit length."""
    design = np.hstack([one_hot(codes, n_batches), Z])
    length = np.linalg.norm(design, axis=0)
    singular = np.linalg.svd(design / np.where(length > 0, length, 1.0), compute_uv=False)
    threshold = singular.max() * max(design.shape) * np.finfo(np.float64).eps
    rank = int((singular > threshold).sum())
    condition = float(singular.max() / singular.min()) if rank == design.shape[1] else float("inf")
    return DesignQuality(rank, design.shape[1], condition, design.shape[0])


def check_design(quality: DesignQuality) -> None:
    """Raise a HarmonizationError if effects of batches and covariates cannot be told apart."""
    if not quality.full_rank:
        raise HarmonizationError(
            "ComBat, covariates",
            f"the design of batches and covariates has rank {quality.rank} with {quality.columns} columns",
            "full rank: no covariate may be a combination of others or follow from the batch",
            "Leave out the covariate that repeats another, or that is the same within every batch.",
        )
    if quality.condition > MAX_CONDITION:
        raise HarmonizationError(
            "ComBat, covariates",
            f"the design is nearly singular (condition number {quality.condition:.2g})",
            f"at most {MAX_CONDITION:.0g}",
            "Leave out the covariate that nearly repeats another.",
        )
    if quality.rows <= quality.columns:
        raise HarmonizationError(
            "ComBat",
            f"{quality.rows} rows for {quality.columns} batches and covariates",
            "more rows than columns of the design",
            "Use fewer covariates or join small batches.",
        )
