"""What makes a drift run impossible or doubtful: everything at once, before anything is fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from robustrad.core.errors import Problem
from robustrad.drift.data import Codes, DriftData
from robustrad.drift.leaks import (
    clinical_copies,
    copies_of_the_outcome,
    perfect_clinical,
    perfect_features,
)
from robustrad.harmonize.check import FAIL
from robustrad.harmonize.confounding import few_pairs, prevalence_check
from robustrad.harmonize.inputs import Labels


def find_problems(data: DriftData, *, gaps: Codes | None = None, scored: bool = False) -> list[Problem]:
    """Return what stops a run.

    Parameters
    ----------
    data : DriftData
    gaps : ndarray of int, shape (n,), optional
        Features that each subject lacks somewhere.
    scored : bool
        The one feature is a finished score: it may call every subject rightly.
    """
    problems = []
    counts = np.bincount(data.outcome, minlength=2)
    if counts.min() == 0:
        name = f"outcome {data.outcome_name!r}"
        problems.append(Problem(name, f"one class only among {counts.sum()} usable subjects", "both"))
    if not data.features:
        problems.append(_nothing_whole(data, gaps))
    if data.batch is not None and counts.min() > 0:
        problems += _confounded(data.outcome, data.batch, str(data.batch_name), data.outcome_name)
    problems += clinical_copies(data)
    if not scored:
        problems += copies_of_the_outcome(data)
    return problems


def find_warnings(data: DriftData, *, scored: bool = False) -> list[str]:
    """Return what the reader must know of the data; size, prevalence and volume are for the safeguards."""
    told = [*([] if scored else perfect_features(data)), *perfect_clinical(data)]
    if data.batch is not None:
        told += _batches(data)
    if data.clinical.shape[1] > 1:
        told += _collinear(data.clinical)
    if len(data.dropped):
        told += _left_out(data.dropped, data.outcome_name)
    return told


def _confounded(outcome: Codes, batch: Labels, batch_name: str, outcome_name: str) -> list[Problem]:
    if np.unique(batch).size < 2:
        found = f"one batch only ({str(batch[0])!r})"
        return [Problem(f"batch {batch_name!r}", found, "two or more", "Leave out --batch.")]
    if prevalence_check(outcome, batch).verdict != FAIL:
        return []
    found = f"it and the outcome {outcome_name!r} are one: every batch holds one class"
    return [
        Problem(
            f"batch {batch_name!r}",
            found,
            "both classes in at least one batch",
            "Nothing can tell the site from the outcome in these data.",
        )
    ]


def _batches(data: DriftData) -> list[str]:
    assert data.batch is not None
    told = []
    frame = pd.DataFrame({"batch": data.batch, "y": data.outcome, "patient": data.groups})
    patients = frame.groupby("batch")["patient"].nunique()
    told += [
        f"Batch {name!r} has one patient: it cannot be harmonized, and says nothing of its own."
        for name in patients.index[patients == 1]
    ]
    per_class = frame.groupby(["batch", "y"])["patient"].nunique().unstack(fill_value=0)
    for name, row in per_class[(per_class < 2).any(axis=1) & (patients > 1)].iterrows():
        rare = int(row.to_numpy().argmin())
        told.append(
            f"Batch {name!r} has {int(row.min())} patient(s) with {data.outcome_name} = {rare}: "
            f"{few_pairs(*(int(n) for n in row))}"
        )
    return told


def _collinear(clinical: pd.DataFrame) -> list[str]:
    coded = pd.get_dummies(clinical, drop_first=True).astype(np.float64)
    varying = coded.loc[:, coded.std() > 0]
    z = (varying - varying.mean()) / varying.std()
    rank = int(np.linalg.matrix_rank(z.to_numpy(), tol=1e-8 * max(z.shape))) if z.size else 0
    if rank == z.shape[1]:
        return []
    names = ", ".join(map(str, clinical.columns))
    return [
        f"Clinical columns {names} are collinear (rank {rank} of {z.shape[1]}): they share their effects."
    ]


def _nothing_whole(data: DriftData, gaps: Codes | None) -> Problem:
    found, todo = "none is finite at all conditions of all subjects", ""
    if gaps is not None and gaps.any():
        most = np.argsort(-gaps, kind="stable")[:3]
        some = ", ".join(f"{data.subjects[i]} ({gaps[i]})" for i in most if gaps[i])
        found += f"; {int((gaps > 0).sum())} of {gaps.size} subjects lack some, most {some}"
        todo = "Leave out the subjects, or the features, with gaps: nothing is filled in."
    return Problem("features", found, "at least one", todo)


def _left_out(dropped: pd.DataFrame, outcome: str) -> list[str]:
    # Subjects without an outcome and lesions are told where they are found.
    without = dropped["reason"] == f"no {outcome}"
    subjects = int(((dropped["what"] == "subject") & ~without).sum())
    empty = dropped.loc[dropped["reason"] == "no subject has this condition", "what"]
    inside = (dropped["subject"] != "") & ~dropped["what"].isin(["subject", "lesion", *empty])
    cells = int(inside.sum())
    features = dropped[
        (dropped["subject"] == "")
        & dropped["reason"].str.startswith(("no value", "not finite", "values that"))
    ]
    told = []
    if subjects:
        reasons = dropped.loc[(dropped["what"] == "subject") & ~without, "reason"].value_counts()
        why = "; ".join(f"{reason} ({n})" for reason, n in reasons.head(3).items())
        told.append(f"{subjects} subjects are left out: {why} (dropped.csv).")
    if len(empty):
        some = ", ".join(empty.head(5))
        told.append(f"{len(empty)} conditions have no subject with features, hence no number: {some}.")
    if cells:
        told.append(
            f"{cells} subject x condition cells are missing: left out of those contrasts (dropped.csv)."
        )
    if len(features):
        first = ", ".join(features["what"].head(3))
        told.append(
            f"{len(features)} features are not usable everywhere and left out: {first} (dropped.csv)."
        )
    return told
