"""What goes with the batch besides the scanner: covariates that do not overlap, outcomes that differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2_contingency

from robustrad.harmonize.check import FAIL, PASS, WARN, Check
from robustrad.harmonize.errors import HarmonizationError
from robustrad.harmonize.inputs import Labels, label_of

MIN_OVERLAP = 0.8
MAX_CRAMER = 0.1


def read_outcome(outcome: Any, n: int) -> NDArray[np.intp]:
    """Return a binary outcome as 0 and 1 (the larger label is 1).

    Raises
    ------
    HarmonizationError
        Another length, missing values, one class or more than two.
    """
    values = np.asarray(outcome, dtype=object)
    if values.shape != (n,):
        raise HarmonizationError("outcome", f"shape {values.shape}", f"one value for each of {n} rows")
    missing = pd.isna(values)
    if missing.any():
        raise HarmonizationError(
            "outcome", f"{int(missing.sum())} missing values", "0 or 1 for every row", "Drop those rows."
        )
    labels = np.array([label_of(value) for value in values])
    classes = np.unique(labels)
    if classes.size != 2:
        raise HarmonizationError("outcome", f"{classes.size} classes {classes[:5].tolist()}", "two classes")
    return np.asarray(labels == classes[1], dtype=np.intp)


def overlap_checks(covariates: pd.DataFrame, labels: Labels, *, categorical: tuple[str, ...]) -> list[Check]:
    """Return, per covariate, the share of rows whose value is found in every batch.

    Numbers: rows inside the range that all batches share. Categories: rows whose category every batch has.
    Outside, the covariate's effect is extrapolated and cannot be told from the batch.
    """
    checks = []
    for name in covariates.columns:
        values = covariates[name]
        number = pd.api.types.is_numeric_dtype(values) and values.dtype != bool and name not in categorical
        if number:
            by_batch = values.groupby(labels)
            inside = values.between(by_batch.min().max(), by_batch.max().min())
        else:
            categories = values.map(label_of)
            found_in = categories.groupby(categories).transform(lambda rows: len(set(labels[rows.index])))
            inside = found_in == np.unique(labels).size
        share = float(inside.mean())
        verdict = PASS if share >= MIN_OVERLAP else FAIL if share == 0.0 else WARN
        detail = f"{name}: {share:.0%} of rows have a value that every batch has"
        advice = "" if verdict == PASS else "Restrict to comparable patients; adjustment would extrapolate."
        checks.append(Check(f"covariate_overlap:{name}", verdict, share, detail, advice))
    return checks


def prevalence_check(outcome: NDArray[np.intp], labels: Labels) -> Check:
    """Return how much the outcome depends on the batch (Cramer's V)."""
    table = pd.crosstab(labels, outcome)
    result = chi2_contingency(table.to_numpy(), correction=False)
    v = float(np.sqrt(result.statistic / table.to_numpy().sum()))
    share = table[1] / table.sum(axis=1)
    span = f"{share.min():.0%} ({share.idxmin()}) to {share.max():.0%} ({share.idxmax()})"
    detail = f"Cramer's V = {v:.2f}, chi2 p = {result.pvalue:.3g}; prevalence {span}"
    if v <= MAX_CRAMER:
        return Check("outcome_prevalence", PASS, v, detail)
    advice = (
        "The site itself predicts the outcome: a model can score without any radiomic signal. "
        "Judge by the AUC within batches, and beside the batch-only model."
    )
    if v > 0.999:
        return Check("outcome_prevalence", FAIL, v, detail, f"Batch and outcome are one. {advice}")
    return Check("outcome_prevalence", WARN, v, detail, advice)


def class_count_check(outcome: NDArray[np.intp], labels: Labels) -> Check:
    """Return the smallest number of rows of a class in a batch."""
    table = pd.crosstab(labels, outcome).reindex(columns=[0, 1], fill_value=0)
    smallest = int(table.to_numpy().min())
    batch = str(table.min(axis=1).idxmin())
    detail = f"{smallest} rows of the rarer class in batch {batch!r}"
    if smallest >= 2:
        return Check("outcome_counts", PASS, smallest, detail)
    return Check(
        "outcome_counts", WARN, smallest, detail, "This batch says nothing of the AUC within batches."
    )
