"""ICC filter: the model may use only features that perturbations leave alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from robustrad.core.errors import DataError
from robustrad.drift.remedies.base import (
    PERTURBATIONS,
    FittedRemedy,
    Floats,
    Mask,
    NotApplicableError,
    Remedy,
    Training,
)
from robustrad.drift.remedies.copies import require_copies

THRESHOLDS = (0.5, 0.75, 0.9, 0.95)
_PREFIX = "icc_filter_"


@dataclass(frozen=True)
class IccFilter(Remedy):
    """Keep features whose lower limit of ICC(A,1) reaches ``threshold`` for every factor.

    Limits come from the training patients' copies alone. Thresholds as in Koo and Li 2016,
    doi:10.1016/j.jcm.2016.02.012, and .95 (Zhang 2023, doi:10.1038/s41598-023-45477-6).
    """

    threshold: float
    learns_from: ClassVar[frozenset[str]] = frozenset({PERTURBATIONS})

    @property
    def name(self) -> str:
        return f"{_PREFIX}{self.threshold:g}"

    @classmethod
    def variants(cls) -> tuple[Self, ...]:
        """Return the filters of the usual thresholds."""
        return tuple(cls(threshold) for threshold in THRESHOLDS)

    @classmethod
    def parse(cls, name: str) -> Self | None:
        """Return the filter of any threshold, ``icc_filter_0.8``."""
        if not name.startswith(_PREFIX):
            return None
        try:
            threshold = float(name.removeprefix(_PREFIX))
        except ValueError:
            threshold = np.nan
        if not 0.0 < threshold < 1.0:
            raise DataError(
                f"remedy {name!r}", "no threshold", "a number between 0 and 1, as icc_filter_0.75"
            )
        return cls(threshold)

    def fit(self, training: Training) -> FittedRemedy:
        """Judge every feature; NaN (constant, too few patients) does not pass."""
        copies = require_copies(training)
        with np.errstate(invalid="ignore"):
            stable = np.asarray((copies.lower_limits >= self.threshold).all(axis=0))
        if not (training.kept & stable).any():
            raise NotApplicableError(
                self.name,
                f"no feature has a lower limit of {self.threshold:g} over {', '.join(copies.names)}",
            )
        return _Fitted(stable)


@dataclass(frozen=True)
class _Fitted(FittedRemedy):
    stable: Mask

    def training(self, training: Training) -> Training:
        return replace(training, kept=training.kept & self.stable)

    def parameters(self) -> tuple[Floats, ...]:
        return (self.stable.astype(np.float64),)
