"""Safeguards of the cohort, before any model: size, and what the site knows of the outcome."""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2_contingency

from robustrad.audit.safeguards.row import PASS, WARN, Row, plain
from robustrad.drift.data import DriftData
from robustrad.drift.evaluate.notes import rarer_class
from robustrad.harmonize.confounding import class_count_check, prevalence_check
from robustrad.stability.status import FEW_SUBJECTS

EVENTS = 100  # Collins 2016: at least 100 of the rarer class to judge a model, better 200


def cohort_rows(data: DriftData) -> list[Row]:
    """Return ``sample_size`` and, with a batch, ``outcome_prevalence`` and ``outcome_counts``."""
    return [_size(data), *([] if data.batch is None else _batch(data, data.batch))]


def _size(data: DriftData) -> Row:
    n, p = len(data.subjects), len(data.features)
    rarer = rarer_class(data.outcome, data.groups, np.ones(n, dtype=bool))
    text = f"{n} subjects of {data.n_patients} patients, {rarer} patients of the rarer class, {p} features."
    if rarer >= EVENTS:
        return plain("sample_size", data.outcome_name, rarer, n=n, status=PASS, text=text)
    text += f" Fewer than {EVENTS} of a class leave wide intervals: absence of a difference shows nothing."
    if data.n_patients < FEW_SUBJECTS or p > 10 * rarer:
        text += f" With {p / max(rarer, 1):.0f} features per event, chance alone fits the training patients."
    return plain("sample_size", data.outcome_name, rarer, n=n, status=WARN, text=text)


def _batch(data: DriftData, batch: np.ndarray[tuple[int, ...], np.dtype[np.str_]]) -> list[Row]:
    name, n = str(data.batch_name), len(data.subjects)
    if np.unique(batch).size < 2:
        text = f"All subjects have one value of {name}: nothing can be said of it."
        return [plain("outcome_prevalence", name, float("nan"), n=n, status=WARN, text=text)]
    counts = np.array(
        [[((batch == b) & (data.outcome == c)).sum() for c in (0, 1)] for b in np.unique(batch)]
    )
    p = float(chi2_contingency(counts, correction=False).pvalue)
    rows = []
    for check, value in (
        (prevalence_check(data.outcome, batch), p),
        (class_count_check(data.outcome, batch), np.nan),
    ):
        text = f"{name}: {check.detail}. {check.advice}".strip()
        rows.append(plain(check.check, name, check.value, n=n, status=check.verdict, text=text, p=value))
    return rows
