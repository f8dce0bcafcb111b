"""Outcome, batch and clinical columns of the subjects, read from a table, with all its problems at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.core.errors import Problem, nearest
from robustrad.drift.case_table import none_of
from robustrad.drift.joined import CONFLICT
from robustrad.drift.labels import labels_of, whole
from robustrad.drift.question import Question


@dataclass
class Facts:
    """What the table says of the subjects that can be used.

    Attributes
    ----------
    kept : ndarray of bool, shape (n,)
        Subjects with an outcome.
    outcome : ndarray of int, shape (n,)
        0 or 1; 0 where there is none.
    positive : str
        Value that counts as 1.
    batch : ndarray of str or None
        Batch of each subject.
    clinical : DataFrame
        Clinical columns; text is left as categories.
    dropped : list of (subject, what, reason)
        Subjects without an outcome.
    problems : list of Problem
        What stops the run.
    warnings : list of str
        What the reader must know.
    """

    kept: NDArray[np.bool_]
    outcome: NDArray[np.intp]
    positive: str = ""
    batch: NDArray[np.str_] | None = None
    clinical: pd.DataFrame = field(default_factory=pd.DataFrame)
    dropped: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_facts(table: pd.DataFrame, subjects: Sequence[str], question: Question, where: str) -> Facts:
    """Return outcome, batch and clinical columns of ``subjects``, in their order; problems are collected.

    Parameters
    ----------
    table : DataFrame
        Indexed by subject.
    subjects : sequence of str
        Whose facts.
    question : Question
        Which columns.
    where : str
        Name of the table, for messages.
    """
    rows = table.reindex(list(subjects))
    facts = Facts(np.zeros(len(subjects), dtype=np.bool_), np.zeros(len(subjects), dtype=np.intp))
    columns = [str(name) for name in table.columns]
    wanted = [question.outcome, *([] if question.batch is None else [question.batch]), *question.clinical]
    for name in wanted:
        if name not in columns:
            facts.problems.append(Problem(where, f"no column {name!r}", "", nearest(name, columns)))
    if facts.problems:
        return facts
    if not rows[question.outcome].notna().any() and not set(subjects) & set(table.index):
        found = none_of("subjects", subjects, [str(name) for name in table.index])
        facts.problems.append(Problem(where, found, "the same names of cases in both"))
        return facts
    _read_outcome(rows[question.outcome], subjects, question, facts, where)
    if question.batch is not None:
        facts.batch = _read_batch(rows[question.batch], subjects, question.batch, facts, where)
    facts.clinical = _read_clinical(rows, subjects, question, facts, where)
    return facts


def _read_outcome(
    column: pd.Series, subjects: Sequence[str], question: Question, facts: Facts, where: str
) -> None:
    labels = labels_of(column)
    at = f"{where}, column {question.outcome!r}"
    differing = [s for s, label in zip(subjects, labels, strict=True) if label == CONFLICT]
    if differing:
        found = f"differs between the lesions or modalities of {', '.join(differing[:5])}"
        facts.problems.append(Problem(at, found, "one outcome per patient"))
        return
    facts.kept = np.array([label is not None for label in labels])
    facts.dropped += [
        (subject, "subject", f"no {question.outcome}")
        for subject, label in zip(subjects, labels, strict=True)
        if label is None
    ]
    if facts.dropped:
        few = f"{len(facts.dropped)} of {len(subjects)} subjects"
        facts.warnings.append(f"{few} have no {question.outcome!r}: left out (dropped.csv).")
    classes = _ordered({label for label in labels if label is not None})
    if len(classes) != 2:
        shown = ", ".join(f"{name} ({labels.count(name)})" for name in classes[:6])
        todo = "Derive a column with two values." if len(classes) > 2 else ""
        found = f"{len(classes)} value(s): {shown or 'all are empty'}"
        facts.problems.append(Problem(at, found, "two values", todo))
        return
    facts.positive = classes[1] if question.positive is None else str(question.positive)
    if facts.positive not in classes:
        facts.positive = whole(facts.positive)
    if facts.positive not in classes:
        facts.problems.append(
            Problem("positive", f"{facts.positive!r}", f"one of {classes[0]}, {classes[1]}")
        )
    elif question.positive is None and classes not in (["0", "1"], ["False", "True"]):
        facts.warnings.append(f"{question.outcome!r} = {facts.positive!r} counts as the event (positive=).")
    facts.outcome = np.array([label == facts.positive for label in labels], dtype=np.intp)


def _read_batch(
    column: pd.Series, subjects: Sequence[str], name: str, facts: Facts, where: str
) -> NDArray[np.str_]:
    labels = labels_of(column)
    _refuse_gaps(labels, subjects, facts, f"{where}, column {name!r}", "a batch for every subject")
    return np.array(["" if label is None else label for label in labels], dtype=np.str_)


def _read_clinical(
    rows: pd.DataFrame, subjects: Sequence[str], question: Question, facts: Facts, where: str
) -> pd.DataFrame:
    found = {}
    for name in question.clinical:
        labels = labels_of(rows[name])
        at = f"{where}, column {name!r}"
        _refuse_gaps(labels, subjects, facts, at, "a value for every subject")
        numbers = pd.to_numeric(pd.Series(labels, dtype=object), errors="coerce").to_numpy(dtype=np.float64)
        infinite = int(np.isinf(numbers[facts.kept]).sum())
        if infinite:
            facts.problems.append(Problem(at, f"infinite for {infinite} subjects", "finite numbers"))
        is_number = np.isfinite(numbers[facts.kept]).all() if facts.kept.any() else False
        found[name] = (
            numbers if is_number else np.array(["" if v is None else v for v in labels], dtype=object)
        )
    return pd.DataFrame(found, index=range(len(rows)))


def _refuse_gaps(
    labels: list[str | None], subjects: Sequence[str], facts: Facts, at: str, expected: str
) -> None:
    kept = [(s, label) for s, label, use in zip(subjects, labels, facts.kept, strict=True) if use]
    empty = [subject for subject, label in kept if label is None]
    if empty:
        some = ", ".join(empty[:3]) + (" ..." if len(empty) > 3 else "")
        found = f"empty for {len(empty)} of the {len(kept)} subjects with an outcome ({some})"
        facts.problems.append(Problem(at, found, expected, "Fill it in, or leave them out of the table."))
    if CONFLICT in labels:
        facts.problems.append(
            Problem(at, "differs between the lesions or modalities of a patient", "one value")
        )


def _ordered(labels: set[str]) -> list[str]:
    """Return the labels in order: as numbers where all are, else as text."""
    try:
        return sorted(labels, key=float)
    except ValueError:
        return sorted(labels)
