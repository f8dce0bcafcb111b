"""What the intervals of an arm may claim."""

from __future__ import annotations

import numpy as np

from robustrad.drift.evaluate.inputs import Flags, Ints, Scored

NOMINAL = "nominal: frozen model, independent patients"
APPROXIMATE = "approximate: frozen model, fewer than 20 patients of a class"
CONDITIONAL = "conditional on these fits"
CLUSTERED = "; several subjects of a patient: no DeLong, and Wilson and McNemar take them for independent"
NO_WIDTH = "no width: these patients cannot tell how far off it is"
SEPARATED = "separated"
TIED = "tied"
NOMINAL_FROM = 20  # patients of the rarer class; with fewer, the limits of high AUCs fall short
FEW_OF_CLASS = 10


def interval_note(scored: Scored, outcome: Ints, groups: Ints, present: Flags) -> str:
    """Return what the intervals of an arm may claim for the subjects present.

    Parameters
    ----------
    scored : Scored
    outcome : ndarray of int, shape (n,)
        0 or 1; the event, for a time to event.
    groups : ndarray of int, shape (n,)
        Patient of each subject.
    present : ndarray of bool, shape (n,)
    """
    note = CONDITIONAL
    if scored.frozen:
        note = NOMINAL if rarer_class(outcome, groups, present) >= NOMINAL_FROM else APPROXIMATE
    repeated = np.unique(groups).size < groups.size
    return note.replace("independent", "resampled") + CLUSTERED if repeated else note


def without_width(area: float, error: float) -> str:
    """Return the status of an AUC or C that all pairs of patients agree on; empty where it varies.

    ``separated``: all are ordered alike, it is exactly 0 or 1. ``tied``: none is ordered, the score is
    constant.
    """
    if error != 0.0:
        return ""
    return SEPARATED if area in {0.0, 1.0} else TIED


def rarer_class(outcome: Ints, groups: Ints, present: Flags) -> int:
    """Return the number of patients with a subject of the rarer class, among those present."""
    return min(int(np.unique(groups[present & (outcome == label)]).size) for label in (0, 1))
