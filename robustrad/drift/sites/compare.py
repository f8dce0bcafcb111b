"""From pairs won to numbers with intervals: how much there was to lose, what came back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robustrad.drift.data import Floats
from robustrad.drift.evaluate.limits import Estimate, area_estimate, difference_estimate
from robustrad.drift.sites.bootstrap import Resamples, Tables, areas
from robustrad.drift.sites.pairs import Unit

ALPHA = 0.05

RECOVERY_OK = "ok"
NO_DRIFT = "no drift to recover"
NO_REFERENCE = "no reference: real sites are not known without their effect"
NOT_A_REMEDY = "what the others are compared with"
NOT_FITTED = "not fitted"


@dataclass(frozen=True)
class Numbers:
    """AUCs of one remedy on the same patients, folds and resamples.

    Attributes
    ----------
    reference, before, after : Estimate
        Without perturbation and remedy; perturbed, without remedy; perturbed, with it.
    drift, gain, left : Estimate
        before - reference; after - before; after - reference.
    recovery : Estimate
        (after - before) / (reference - before); NaN unless there was a drift.
    recovery_status : str
        Why it is NaN.
    """

    reference: Estimate
    before: Estimate
    after: Estimate
    drift: Estimate
    gain: Estimate
    left: Estimate
    recovery: Estimate
    recovery_status: str


class Comparison:
    """Computes :class:`Numbers`; the samples of equal tables are computed once.

    Parameters
    ----------
    units : list of Unit
        Who was tested together.
    resamples : Resamples
        The same for all remedies.
    n : int
        Subjects.
    """

    def __init__(self, units: list[Unit], resamples: Resamples, n: int) -> None:
        self._units, self._resamples, self._n = units, resamples, n
        self._known: dict[bytes, Floats] = {}

    def samples(self, tables: Tables | None) -> Floats:
        """Return the AUC in every resample, the sample itself first; NaN without tables."""
        if tables is None:
            return np.full(len(self._resamples.subjects), np.nan)
        key = b"".join(part.tobytes() for parts in tables for part in parts)
        if key not in self._known:
            self._known[key] = areas(self._units, tables, self._resamples, self._n)
        return self._known[key]

    def numbers(self, reference: Tables | None, before: Tables, after: Tables, *, is_remedy: bool) -> Numbers:
        """Return AUCs, differences and recovery."""
        ref, bef, aft = self.samples(reference), self.samples(before), self.samples(after)
        drift = difference_estimate(bef - ref, ALPHA)
        status = _recovery_status(drift, is_remedy=is_remedy, reference=reference is not None)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = (aft - bef) / (ref - bef)
        recovery = difference_estimate(share, ALPHA) if status == RECOVERY_OK else _NAN
        return Numbers(
            area_estimate(ref, ALPHA), area_estimate(bef, ALPHA), area_estimate(aft, ALPHA), drift,
            difference_estimate(aft - bef, ALPHA), difference_estimate(aft - ref, ALPHA), recovery, status,
        )  # fmt: skip


_NAN = Estimate(float("nan"), float("nan"), float("nan"))


def _recovery_status(drift: Estimate, *, is_remedy: bool, reference: bool) -> str:
    if not is_remedy:
        return NOT_A_REMEDY
    if not reference:
        return NO_REFERENCE
    # A remedy recovers what was lost: only a loss whose interval lies below 0 is one.
    return RECOVERY_OK if drift.high < 0 else NO_DRIFT
