"""Arms: what is trained on what, and the scores that come of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustrad.drift.data import Codes, Floats
from robustrad.drift.models.spec import Tuned


@dataclass(frozen=True)
class Arm:
    """What is trained on what.

    Attributes
    ----------
    name : str
        ``reference``, ``same_condition``, ``matrix:<condition>``; remedies have names of their own.
    model : str
        Name of the model.
    train : str
        Condition of the training rows (``reference``), ``same`` as the test rows, or ``none``: frozen.
    seed : int
        Of the run.
    settings : dict
        Everything else that changes the scores, as JSON: specification of the model, folds, remedy.
    """

    name: str
    model: str
    train: str
    seed: int
    settings: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class ArmScores:
    """Out-of-fold scores of one arm.

    Attributes
    ----------
    arm : Arm
        Whose they are.
    scores : ndarray of shape (r, n, k)
        Probability of class 1 of subject i at condition j, from the model of repeat r that has not seen
        subject i; NaN where the subject is missing or the arm is not tested there.
    folds : ndarray of int, shape (r, n)
        Outer fold in which the subject was tested; a frozen model has one repeat and one fold 0.
    thresholds : ndarray of shape (r, n_folds)
        Chosen on the reference's training rows of that fold, never tuned again.
    selected : ndarray of bool, shape (r, n_folds, p)
        Features that the model of each fold uses.
    fingerprints : tuple of str
        Hash of everything learned, per repeat and fold (r * n_folds, row by row).
    frozen : bool
        Scores or model came from the user: nothing was fitted here.
    tuned : tuple of Tuned
        What the inner folds of each (repeat, fold) found, in the order of ``fingerprints``.
    untrained : dict of str to str
        Conditions at which no model could be trained, with the reason: they have no scores.
    isolated : tuple of dict of int to str
        Features (by number) that ComBat could not harmonize in each fit, with the reason; the same order.
    """

    arm: Arm
    scores: Floats
    folds: Codes
    thresholds: Floats
    selected: NDArray[np.bool_]
    fingerprints: tuple[str, ...]
    frozen: bool = False
    tuned: tuple[Tuned, ...] = ()
    untrained: dict[str, str] = field(default_factory=dict)
    isolated: tuple[dict[int, str], ...] = ()
