"""Calibration patients of a new site: the same for every remedy, nested, never among those judged."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.identity import generator
from robustrad.drift.data import Codes

SWEEP = (5, 10, 20, 40)
MIN_JUDGED = 8
MIN_OF_A_CLASS = 3


class CalibrationSplit(NamedTuple):
    """Patients of one new site.

    Attributes
    ----------
    judged : ndarray of int
        Rows that are scored, whatever the number of calibration patients.
    pools : dict of int to ndarray of int
        Calibration rows for each number of patients that the site can give.
    refused : dict of int to str
        Numbers that it cannot give, with the reason.
    """

    judged: NDArray[np.intp]
    pools: dict[int, NDArray[np.intp]]
    refused: dict[int, str]


def split_site(
    rows: NDArray[np.intp], groups: Codes, y: Codes, *, sizes: tuple[int, ...], seed: tuple[str | int, ...]
) -> CalibrationSplit:
    """Return who calibrates and who is judged.

    Patients are drawn without looking at the outcome; the first 5 of them are among the first 10, and so
    on. Whoever would calibrate in the largest number that the site can give is judged in none. A number
    can be given if 8 patients are left, 3 of either class.

    Parameters
    ----------
    rows : ndarray of int
        Subjects of the site.
    groups, y : ndarray of int, shape (n,)
        Patient and outcome of all subjects.
    sizes : tuple of int
        Numbers of patients asked for.
    seed : tuple
        Of the draw.
    """
    patients = np.unique(groups[rows])
    order = generator("calibration", *seed).permutation(patients)
    pools: dict[int, NDArray[np.intp]] = {}
    refused: dict[int, str] = {}
    for size in sorted(sizes):
        left = rows[~np.isin(groups[rows], order[:size])]
        if _enough(groups[left], y[left]):
            pools[size] = rows[np.isin(groups[rows], order[:size])]
        else:
            refused[size] = f"{patients.size} patients at the site: {size} leave too few to be judged"
    largest = max(pools, default=0)
    judged = rows[~np.isin(groups[rows], order[:largest])]
    return CalibrationSplit(judged, pools, refused)


def _enough(groups: Codes, y: Codes) -> bool:
    per_class = [np.unique(groups[y == label]).size for label in (0, 1)]
    return bool(np.unique(groups).size >= MIN_JUDGED and min(per_class) >= MIN_OF_A_CLASS)
