"""Which patients of an unseen batch may be used to calibrate, and which are left to be judged."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustrad.core.identity import generator
from robustrad.harmonize.errors import HarmonizationError


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
