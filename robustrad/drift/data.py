"""What every drift analysis works on: subjects x conditions x features, with outcome, batch and volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from robustrad.core.errors import DataError
from robustrad.stability.observations import CONDITION_COLUMNS, REFERENCE

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

DROPPED_COLUMNS = ("subject", "what", "reason")


@dataclass(frozen=True)
class DriftData:
    """Features of all subjects under all conditions, and what is known of the subjects.

    Attributes
    ----------
    values : ndarray of shape (n, k, p)
        Features; NaN in all p where a subject is missing at a condition, finite everywhere else.
    subjects : tuple of str
        ``case_id``, or the patient where the unit is the patient; sorted.
    groups : ndarray of int, shape (n,)
        Patient 0 .. of each subject; folds never split a patient.
    conditions : DataFrame
        A row per condition with :data:`robustrad.stability.observations.CONDITION_COLUMNS`; row 0 is the
        reference.
    features : tuple of str
        The p columns.
    outcome : ndarray of int, shape (n,)
        0 or 1.
    outcome_name, positive : str
        Its column, and the label that counts as 1.
    batch : ndarray of str, shape (n,), or None
        Real batch of each subject.
    batch_name : str or None
        Its column.
    clinical : DataFrame
        n rows of clinical columns; maybe none.
    volume : ndarray of shape (n,), or None
        Volume at the reference in mm^3 (or as the source has it), NaN where a subject has none; None where
        nobody has one. It need not be a feature.
    dropped : DataFrame
        What was left out: ``subject``, ``what`` (a condition, a feature, the subject), ``reason``.
    warnings : tuple of str
        What the reader must know of these data.
    volume_name : str or None
        Column of the volume, with its modality where there are several.
    absent : DataFrame or None
        Conditions that no subject has, with the columns of ``conditions``.
    left_out : tuple of str or None
        Columns of a table without PyRadiomics' names that were not taken for features; None of any other.
    """

    values: Floats
    subjects: tuple[str, ...]
    groups: Codes
    conditions: pd.DataFrame
    features: tuple[str, ...]
    outcome: Codes
    outcome_name: str
    positive: str
    batch: NDArray[np.str_] | None
    batch_name: str | None
    clinical: pd.DataFrame
    volume: Floats | None
    dropped: pd.DataFrame
    warnings: tuple[str, ...] = ()
    volume_name: str | None = None
    absent: pd.DataFrame | None = None
    left_out: tuple[str, ...] | None = None

    @property
    def reference(self) -> Floats:
        """Features at the reference, shape (n, p)."""
        return self.values[:, 0]

    @property
    def present(self) -> NDArray[np.bool_]:
        """Whether each subject has each condition, shape (n, k)."""
        return np.asarray(np.isfinite(self.values).all(axis=2))

    @property
    def n_patients(self) -> int:
        """Number of patients."""
        return int(np.unique(self.groups).size)

    def take(self, rows: ArrayLike) -> DriftData:
        """Return the data of some subjects (indices or a mask); groups keep their numbers."""
        chosen = np.arange(len(self.subjects))[np.asarray(rows)]
        return replace(
            self,
            values=self.values[chosen],
            subjects=tuple(self.subjects[i] for i in chosen),
            groups=self.groups[chosen],
            outcome=self.outcome[chosen],
            batch=None if self.batch is None else self.batch[chosen],
            clinical=self.clinical.iloc[chosen].reset_index(drop=True),
            volume=None if self.volume is None else self.volume[chosen],
        )

    def with_features(self, values: Floats, features: Sequence[str]) -> DriftData:
        """Return the same subjects and conditions with other features (a baseline, a remedy).

        Parameters
        ----------
        values : ndarray of shape (n, k, q)
            Their values.
        features : sequence of str
            Their q names.
        """
        n, k = len(self.subjects), len(self.conditions)
        if values.shape != (n, k, len(features)):
            raise ValueError(f"values: shape {values.shape}; expected ({n}, {k}, {len(features)})")
        return replace(self, values=values, features=tuple(features))


def drift_data(
    values: ArrayLike,
    outcome: ArrayLike,
    *,
    features: Sequence[str] | None = None,
    conditions: pd.DataFrame | None = None,
    subjects: Sequence[str] | None = None,
    groups: ArrayLike | None = None,
    batch: ArrayLike | None = None,
    volume: ArrayLike | None = None,
    clinical: pd.DataFrame | None = None,
    outcome_name: str = "outcome",
) -> DriftData:
    """Return data from arrays; what is not given is made up plainly (each subject a patient, ``f0`` ...).

    Parameters
    ----------
    values : array of shape (n, k, p) or (n, p)
        Features; two dimensions mean the reference alone.
    outcome : array of shape (n,)
        0 or 1.
    features, conditions, subjects, groups, batch, volume, clinical, outcome_name
        See :class:`DriftData`. Without ``conditions``: factor ``condition`` with levels 1 .. k - 1.

    Raises
    ------
    DataError
        If the outcome is not 0 and 1, or a shape does not fit.
    """
    cube = np.asarray(values, dtype=np.float64)
    cube = cube[:, None, :] if cube.ndim == 2 else cube
    y = np.asarray(outcome)
    n, k, p = cube.shape
    if y.shape != (n,) or set(np.unique(y)) != {0, 1}:
        raise DataError("outcome", f"shape {y.shape}, values {np.unique(y)[:5]}", f"{n} values, 0 and 1")
    codes = np.arange(n) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    return DriftData(
        values=cube,
        subjects=tuple(subjects or (f"s{i:04d}" for i in range(n))),
        groups=codes.astype(np.intp),
        conditions=_plain_conditions(k) if conditions is None else conditions,
        features=tuple(features or (f"f{j}" for j in range(p))),
        outcome=y.astype(np.intp),
        outcome_name=outcome_name,
        positive="1",
        batch=None if batch is None else np.asarray(batch).astype(np.str_),
        batch_name=None if batch is None else "batch",
        clinical=pd.DataFrame(index=range(n)) if clinical is None else clinical,
        volume=None if volume is None else np.asarray(volume, dtype=np.float64),
        dropped=pd.DataFrame(columns=list(DROPPED_COLUMNS)),
    )


def reference_conditions() -> pd.DataFrame:
    """Return a table of conditions that holds the reference alone."""
    row = dict.fromkeys(CONDITION_COLUMNS, np.nan) | {
        "condition": REFERENCE,
        "factor": REFERENCE,
        "level": REFERENCE,
        "role": None,
        "severity": 0.0,
        "draw": 0.0,
    }
    return pd.DataFrame([row], columns=list(CONDITION_COLUMNS))


def _plain_conditions(k: int) -> pd.DataFrame:
    rows = reference_conditions()
    others = [
        {
            "condition": f"condition={level}",
            "factor": "condition",
            "level": str(level),
            "role": "acquisition",
            "severity": float(level),
            "sign": np.nan,
            "draw": 0.0,
        }
        for level in range(1, k)
    ]
    records = [*rows.to_dict("records"), *others]
    return pd.DataFrame(records, columns=list(CONDITION_COLUMNS))
