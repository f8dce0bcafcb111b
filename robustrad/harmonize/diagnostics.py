"""May ComBat be used here? Each precondition with PASS, WARN or FAIL and its number.

References
----------
Orlhac F et al. J Nucl Med 2022;63:172-179. doi:10.2967/jnumed.121.262464
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from robustrad.harmonize.assumptions import (
    leaving_range,
    shape_p_values,
    share_significant,
    subject_p_values,
    tied_columns,
)
from robustrad.harmonize.calibration import read_patients
from robustrad.harmonize.check import FAIL, PASS, WARN, Check, judge
from robustrad.harmonize.combat import ComBat
from robustrad.harmonize.confounding import class_count_check, overlap_checks, prevalence_check, read_outcome
from robustrad.harmonize.covariates import learn_coding
from robustrad.harmonize.design import MAX_CONDITION, design_quality
from robustrad.harmonize.errors import HarmonizationError, HarmonizationWarning
from robustrad.harmonize.estimation import Codes, Floats
from robustrad.harmonize.inputs import Labels, read_batch, read_covariates, read_level
from robustrad.harmonize.isolation import isolate
from robustrad.harmonize.paired import level_pairs

ADVISED_ROWS = 20
MIN_ROWS = 10
COLLINEAR = 30.0  # Belsley, Kuh and Welsch 1980
MIN_PAIRS = 10
_FEW_FEATURES, _MANY_FEATURES = 0.05, 0.25


def preconditions(
    X: Any,
    *,
    batch: Any,
    covariates: Any = None,
    outcome: Any = None,
    combat: ComBat | None = None,
    patients: Any = None,
    reference: str | int | None = None,
    log_volume: Any = None,
) -> list[Check]:
    """Judge whether a shift and a factor per batch may be removed from these rows.

    Give training rows: nothing here is a result about new patients.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n, p)
        Features.
    batch, covariates
        As for :class:`~robustrad.harmonize.combat.ComBat`.
    outcome : sequence of length n, optional
        Two classes.
    combat : ComBat, optional
        The one that is intended (it is cloned); its default otherwise.
    patients : sequence of length n, optional
        Patient of each row. With ``reference`` and patients seen in several batches the data are paired.
    reference : str or int, optional
        Batch that paired rows are compared with; the ``ref_batch`` of ``combat`` if not given.
    log_volume : sequence of length n, optional
        Logarithm of the volume, for the subject-dependent effect.

    Returns
    -------
    list of Check
        See :func:`robustrad.harmonize.check.checks_table`.

    Raises
    ------
    HarmonizationError
        If inputs do not belong together, there is one batch only, or ``reference`` is none of them.
    """
    values = np.asarray(X, dtype=np.float64)
    if values.ndim != 2:
        raise HarmonizationError("preconditions, X", f"shape {values.shape}", "rows and features")
    rows = X if isinstance(X, pd.DataFrame) else values
    labels, table = read_batch(batch, rows, where="preconditions"), read_covariates(covariates, rows)
    planned = ComBat(min_batch_size=2) if combat is None else clone(combat)
    batches, codes = np.unique(labels, return_inverse=True)
    if batches.size < 2:
        raise HarmonizationError(
            "preconditions, batch", f"only one batch ({str(batches[0])!r})", "two or more"
        )
    people = None if patients is None else read_patients(patients, values, where="preconditions")
    checks = [_size(labels, people), _design(codes, table, planned)]
    checks += overlap_checks(table, labels, categorical=planned.categorical)
    if outcome is not None:
        y = read_outcome(outcome, len(labels))
        checks += [prevalence_check(y, labels), class_count_check(y, labels)]
    isolated = isolate(values, codes, np.zeros((len(labels), 0)), n_batches=batches.size, reference=None)
    usable = np.setdiff1d(np.arange(values.shape[1]), list(isolated))
    checks += [_isolated(isolated, values.shape[1]), _shape(values[:, usable], codes)]
    checks.append(_ties(values[:, usable], codes))
    against = planned.ref_batch if reference is None else reference
    if people is not None and against is not None:
        volume = None if log_volume is None else np.asarray(log_volume, dtype=np.float64)
        level = read_level(against, labels, where="preconditions")
        checks += _subjects(values[:, usable], labels, people, level, volume)
    checks.append(_range(planned, X, values, batch, covariates))
    return checks


def _size(labels: Labels, patients: np.ndarray[Any, Any] | None) -> Check:
    """Judge the smallest batch, by patients where they are known: their rows repeat each other."""
    rows = pd.Series(labels if patients is None else patients).groupby(labels)
    counts = rows.size() if patients is None else rows.nunique()
    n, what = int(counts.min()), "rows" if patients is None else "patients"
    detail = f"{n} {what} in the smallest batch {str(counts.idxmin())!r}; {len(counts)} batches"
    if n < 2:
        return Check("n_per_batch", FAIL, n, detail, "A batch of one has no scale. Join or drop it.")
    if n < ADVISED_ROWS:
        few = "Fewer than 10: shift and factor are hardly known. " if n < MIN_ROWS else ""
        return Check("n_per_batch", WARN, n, detail, f"{few}20 to 30 per batch are advised.")
    return Check("n_per_batch", PASS, n, detail)


def _design(codes: Codes, table: pd.DataFrame, planned: ComBat) -> Check:
    try:
        Z = learn_coding(table, categorical=planned.categorical).encode(table, fitting=True)
    except HarmonizationError as error:
        return Check("design", FAIL, float("nan"), str(error), "Mend the covariates.")
    quality = design_quality(codes, Z, n_batches=int(codes.max()) + 1)
    detail = f"rank {quality.rank} of {quality.columns} columns, condition number {quality.condition:.3g}"
    verdict = judge(quality.condition, warn=COLLINEAR, fail=MAX_CONDITION)
    if quality.rows <= quality.columns:
        verdict, detail = FAIL, f"{detail}, only {quality.rows} rows"
    advice = (
        "" if verdict == PASS else "Leave out covariates that repeat each other or follow from the batch."
    )
    return Check("design", verdict, quality.condition, detail, advice)


def _isolated(isolated: dict[int, str], p: int) -> Check:
    reasons = pd.Series(list(isolated.values()), dtype=object).value_counts()
    told = ", ".join(f"{n} {reason}" for reason, n in reasons.items()) or "none"
    advice = "They pass through as they are; drop them from models." if isolated else ""
    verdict = PASS if not isolated else FAIL if len(isolated) == p else WARN
    return Check("isolated_features", verdict, len(isolated), f"of {p} features: {told}", advice)


def _shape(X: Floats, codes: Codes) -> Check:
    if X.shape[1] == 0 or np.bincount(codes).min() < 2:
        return Check("shape", WARN, float("nan"), "not testable: no usable feature or a batch of one row", "")
    share = share_significant(shape_p_values(X, codes))
    verdict = judge(share, warn=_FEW_FEATURES, fail=_MANY_FEATURES)
    detail = f"{share:.0%} of {X.shape[1]} features differ in shape after alignment (KS, BH .05)"
    advice = "" if verdict == PASS else "Transform first (log, Yeo-Johnson), or leave these features out."
    return Check("shape", verdict, share, detail, advice)


def _ties(X: Floats, codes: Codes) -> Check:
    tied = tied_columns(X, codes)
    n, p = int(np.count_nonzero(tied)), X.shape[1]
    detail = f"{n} of {p} features have a value shared by more than 5 % of the rows, in several batches"
    advice = "ComBat makes one shared value another in each batch: a tree reads the batch from it. Leave out."
    return Check("ties", WARN if n else PASS, n, detail, advice if n else "")


def _subjects(
    X: Floats, labels: Labels, patients: np.ndarray[Any, Any], reference: str, log_volume: Floats | None
) -> list[Check]:
    checks = []
    for level, first, second in level_pairs(labels, patients, reference, at_least=MIN_PAIRS):
        name = f"subject_dependence:{level}"
        volume = None if log_volume is None else log_volume[first]
        share = share_significant(subject_p_values(X[first], X[second], volume))
        verdict = judge(share, warn=_FEW_FEATURES, fail=_MANY_FEATURES)
        what = "log volume" if volume is not None else "the feature itself (curvature)"
        detail = f"{share:.0%} of {X.shape[1]} features change with {what}, {first.size} pairs"
        advice = "" if verdict == PASS else "ComBat cannot repair what depends on the patient."
        checks.append(Check(name, verdict, share, detail, advice))
    return checks


def _range(planned: ComBat, X: Any, values: Floats, batch: Any, covariates: Any) -> Check:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HarmonizationWarning)  # told by the check of isolated features
            after = np.asarray(planned.fit_transform(X, batch=batch, covariates=covariates))
    except HarmonizationError as error:
        return Check("physical_range", FAIL, float("nan"), f"ComBat cannot be fitted: {error}", "See above.")
    share, features = leaving_range(values, after)
    verdict = judge(share, warn=0.0, fail=0.01)
    detail = f"{share:.2%} of values of nonnegative features turn negative, in {features.size} features"
    advice = "" if verdict == PASS else "Harmonize logarithms of these features, or leave them out."
    return Check("physical_range", verdict, share, detail, advice)
