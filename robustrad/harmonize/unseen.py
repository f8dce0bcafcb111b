"""Batches that were not in the fit: an error, left as they are, or learned from some of their patients."""

from __future__ import annotations

import warnings
from typing import Literal, get_args

import numpy as np

from robustrad.harmonize.errors import HarmonizationError, HarmonizationWarning
from robustrad.harmonize.inputs import Labels

Unseen = Literal["raise", "passthrough", "calibrate"]

_TODO = {
    "raise": "on_unseen='passthrough' leaves them as they are, 'calibrate' learns them from unlabelled rows.",
    "calibrate": "Call calibrate() with some of their patients first.",
}


def check_policy(policy: str) -> None:
    """Raise a HarmonizationError if ``policy`` is none."""
    if policy not in get_args(Unseen):
        raise HarmonizationError("ComBat, on_unseen", f"{policy!r}", f"one of {get_args(Unseen)}")


def unseen_batches(labels: Labels, known: tuple[str, ...]) -> list[str]:
    """Return the batches of ``labels`` that are not ``known``, sorted."""
    return sorted(set(labels.tolist()) - set(known))


def meet_unseen(labels: Labels, known: tuple[str, ...], policy: Unseen) -> None:
    """Warn (``passthrough``) or raise a HarmonizationError if ``labels`` holds batches that are not known."""
    unseen = unseen_batches(labels, known)
    if not unseen:
        return
    if policy != "passthrough":
        raise HarmonizationError(
            "ComBat.transform, batch", f"{unseen} not in the fit", f"one of {list(known)}", _TODO[policy]
        )
    n = int(np.isin(labels, unseen).sum())
    told = f"ComBat: {n} rows of batches {unseen}, which were not in the fit, are left as they are."
    warnings.warn(told, HarmonizationWarning, stacklevel=3)
