"""Which patients of an unseen batch may be used to calibrate, and which are left to be judged."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustrad.core.identity import generator
from robustrad.harmonize.errors import HarmonizationError, HarmonizationWarning
from robustrad.harmonize.estimation import Floats


def calibration_rows(patients: Any, *, n_patients: int = 20, seed: int = 0) -> NDArray[np.bool_]:
    """Return which rows of one batch belong to its calibration patients; the other rows are to be judged.

    Parameters
    ----------
    patients : sequence of length n
        Patient of each row of the batch; all rows of a patient go together.
    n_patients : int
        Patients to draw, without looking at any outcome.
    seed : int
        Of the draw.

    Raises
    ------
    HarmonizationError
        If no patient would be left to be judged.
    """
    names = np.array([str(patient) for patient in patients])
    distinct = np.unique(names)
    if n_patients >= distinct.size:
        raise HarmonizationError(
            "calibration_rows",
            f"{n_patients} of {distinct.size} patients",
            "fewer than all",
            "Calibration patients must not be those that are judged.",
        )
    drawn = generator("calibration", seed).permutation(distinct)[:n_patients]
    return np.isin(names, drawn)


def read_patients(patients: Any, X: Any, *, where: str = "ComBat.calibrate") -> NDArray[Any]:
    """Return the patient of each row of ``X``.

    Raises
    ------
    HarmonizationError
        If there is not one for each row.
    """
    names = np.asarray(patients)
    if names.shape != (X.shape[0],):
        raise HarmonizationError(
            f"{where}, patients", f"{names.size} of them", f"one for each of {X.shape[0]} rows"
        )
    return names


def check_enough(X: Floats, label: str, patients: NDArray[Any] | None, least: int) -> None:
    """Make sure that a batch is calibrated on enough patients; rows where patients are not told.

    Raises
    ------
    HarmonizationError
        If there are fewer than ``least``, or than two; or ``least`` is no whole number.
    """
    if not isinstance(least, (int, np.integer)):
        raise HarmonizationError("ComBat, n_calibration", f"{least!r}", "a whole number")
    n, what = (len(X), "rows") if patients is None else (int(np.unique(patients).size), "patients")
    if n < max(least, 2):
        raise HarmonizationError(
            f"ComBat.calibrate, batch {label!r}",
            f"{n} {what}",
            f"at least {max(least, 2)}",
            "Give more patients, or a smaller n_calibration.",
        )
    distinct = len(np.unique(X, axis=0)) if patients is None else len(X)
    if distinct < len(X):
        told = (
            f"ComBat.calibrate, batch {label!r}: {len(X) - distinct} of {len(X)} rows repeat another row. "
            "Each row counts as a patient; give patients= to count them."
        )
        warnings.warn(told, HarmonizationWarning, stacklevel=4)
