"""From sources and a question to the data of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from robustrad.core.errors import DataError
from robustrad.drift.checks import find_problems, find_warnings
from robustrad.drift.clean import clean
from robustrad.drift.data import DROPPED_COLUMNS, DriftData
from robustrad.drift.joined import join_patients
from robustrad.drift.question import Question
from robustrad.drift.source import Opened, open_source
from robustrad.drift.subjects import read_facts
from robustrad.drift.volume import volume_column


def load_drift_data(sources: Sequence[object], question: Question) -> DriftData:
    """Return what a run works on.

    Parameters
    ----------
    sources : sequence of path, study or DataFrame
        One, or with ``unit="patient"`` several.
    question : Question
        Columns, unit, rules.

    Raises
    ------
    DataError
        With everything that makes the run impossible, at once.
    """
    opened = [open_source(source, question) for source in sources]
    if question.unit == "case" and len(opened) > 1:
        raise DataError("sources", f"{len(opened)} of them", "one", "--unit patient joins several.")
    if question.unit == "patient":
        source, left = join_patients(opened, lesion=question.lesion, volume=question.volume)
    else:
        source, left = opened[0], pd.DataFrame(columns=list(DROPPED_COLUMNS))
    return _arranged(source, left, question)


def _arranged(source: Opened, left: pd.DataFrame, question: Question) -> DriftData:
    observed = source.observed
    facts = read_facts(source.subjects, observed.cases, question, source.name)
    if facts.problems:
        raise DataError.of(facts.problems)
    rest = clean(observed, facts.kept)
    groups = np.unique(np.array(source.patients, dtype=np.str_)[rest.subjects], return_inverse=True)[1]
    features = tuple(observed.features[j] for j in rest.features)
    volume = volume_column(observed.features, question.volume)
    # The volume may be known where the feature itself is not: not finite under some condition.
    reference = observed.reference
    sizes = None if volume is None or reference is None else reference[rest.subjects, volume]
    told = [left, pd.DataFrame(facts.dropped, columns=list(DROPPED_COLUMNS)), rest.dropped]
    data = DriftData(
        values=rest.values,
        subjects=tuple(observed.cases[i] for i in rest.subjects),
        groups=groups.astype(np.intp),
        conditions=observed.conditions.iloc[rest.conditions].reset_index(drop=True),
        features=features,
        outcome=facts.outcome[rest.subjects],
        outcome_name=question.outcome,
        positive=facts.positive,
        batch=None if facts.batch is None else facts.batch[rest.subjects],
        batch_name=question.batch,
        clinical=facts.clinical.iloc[rest.subjects].reset_index(drop=True),
        volume=sizes if sizes is not None and np.isfinite(sizes).all() else None,
        dropped=pd.concat([f for f in told if len(f)] or [told[0]], ignore_index=True),
    )
    problems = find_problems(data)
    if problems:
        raise DataError.of(problems)
    return replace(data, warnings=(*facts.warnings, *find_warnings(data)))
