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
ONE = 0.999
LEVEL = 0.05


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


def cramers_v(table: NDArray[np.intp]) -> float:
    """Return Cramer's V of a table of counts, freed of what independence alone gives in few patients.

    Without the correction V is about sqrt((r - 1) / n) where nothing is associated. Batches and classes
    without a row do not count. Negative estimates of phi squared are 0.

    References
    ----------
    Bergsma 2013, doi:10.1016/j.jkss.2012.10.002.
    """
    counts = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    n, (r, c) = float(counts.sum()), counts.shape
    phi2 = chi2_contingency(counts, correction=False).statistic / n
    free = max(0.0, phi2 - (r - 1) * (c - 1) / (n - 1))
    sides = (r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1))
    least = min(sides) - 1.0
    return float(np.sqrt(free / least)) if least > 0 else float("nan")


def prevalence_check(outcome: NDArray[np.intp], labels: Labels) -> Check:
    """Return how much the outcome depends on the batch: Cramer's V, bias-corrected.

    A warning says that the site predicts only where chi-square does not leave it to chance. Batch and
    outcome are one (FAIL) where the plain V is 1.
    """
    table = pd.crosstab(labels, outcome)
    counts = table.to_numpy()
    result = chi2_contingency(counts, correction=False)
    plain = float(np.sqrt(result.statistic / counts.sum()))
    v = cramers_v(counts)
    share = table[1] / table.sum(axis=1)
    span = f"{share.min():.0%} ({share.idxmin()}) to {share.max():.0%} ({share.idxmax()})"
    detail = (
        f"Cramer's V = {plain:.2f}, bias-corrected {v:.2f}, chi2 p = {result.pvalue:.3g}; prevalence {span}"
    )
    judge_by = "Judge by the AUC within batches, and beside the batch-only model."
    predicts = (
        f"The site itself predicts the outcome: a model can score without any radiomic signal. {judge_by}"
    )
    if plain > ONE:
        return Check("outcome_prevalence", FAIL, v, detail, f"Batch and outcome are one. {predicts}")
    if v <= MAX_CRAMER:
        return Check("outcome_prevalence", PASS, v, detail)
    if result.pvalue < LEVEL:
        return Check("outcome_prevalence", WARN, v, detail, predicts)
    chance = (
        f"The prevalence differs in these patients (p = {result.pvalue:.2g}), which chance may explain; "
        f"a model may use it all the same. {judge_by}"
    )
    return Check("outcome_prevalence", WARN, v, detail, chance)


def class_count_check(outcome: NDArray[np.intp], labels: Labels) -> Check:
    """Return the smallest number of rows of a class in a batch, and what pairs of the batch that leaves."""
    table = pd.crosstab(labels, outcome).reindex(columns=[0, 1], fill_value=0)
    smallest = int(table.to_numpy().min())
    batch = str(table.min(axis=1).idxmin())
    detail = f"{smallest} rows of the rarer class in batch {batch!r}"
    if smallest >= 2:
        return Check("outcome_counts", PASS, smallest, detail)
    return Check(
        "outcome_counts", WARN, smallest, detail, few_pairs(*(int(n) for n in table.loc[batch].to_numpy()))
    )


def few_pairs(negative: int, positive: int) -> str:
    """Return what a batch with so few of a class adds to the AUC within batches, as a sentence."""
    if not negative or not positive:
        return "This batch adds no pair to the AUC within batches."
    return (
        f"Its pairs in the AUC within batches, at most {negative * positive}, all rest on "
        f"{min(negative, positive)} of that class."
    )
