"""From sources and a question to the data of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.core.errors import DataError
from robustrad.drift.checks import find_problems, find_warnings
from robustrad.drift.clean import clean
from robustrad.drift.data import DROPPED_COLUMNS, DriftData, Floats
from robustrad.drift.joined import join_patients
from robustrad.drift.question import Question
from robustrad.drift.source import Opened, open_source
from robustrad.drift.subjects import read_facts
from robustrad.drift.volume import Volume, choose_volume
from robustrad.stability.observations import REFERENCE


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
        source, left, told = join_patients(opened, question)
        return _arranged(source, left, question, told)
    source = opened[0]
    known = [*source.observed.features, *(str(name) for name in source.subjects.columns)]
    choose_volume([source.volume], [""], question.volume, known)
    return _arranged(source, pd.DataFrame(columns=list(DROPPED_COLUMNS)), question, ())


def _arranged(
    source: Opened, left: pd.DataFrame, question: Question, told_before: tuple[str, ...]
) -> DriftData:
    observed = source.observed
    facts = read_facts(source.subjects, observed.cases, question, source.told_by)
    if facts.problems:
        raise DataError.of(facts.problems)
    rest = clean(observed, facts.kept)
    groups = np.unique(np.array(source.patients, dtype=np.str_)[rest.subjects], return_inverse=True)[1]
    sizes, about_volume = _sizes(source.volume, rest.subjects)
    told = [left, pd.DataFrame(facts.dropped, columns=list(DROPPED_COLUMNS)), rest.dropped]
    conditions, about_roles = _with_roles(observed.conditions)
    data = DriftData(
        values=rest.values,
        subjects=tuple(observed.cases[i] for i in rest.subjects),
        groups=groups.astype(np.intp),
        conditions=conditions.iloc[rest.conditions].reset_index(drop=True),
        features=tuple(observed.features[j] for j in rest.features),
        outcome=facts.outcome[rest.subjects],
        outcome_name=question.outcome,
        positive=facts.positive,
        batch=None if facts.batch is None else facts.batch[rest.subjects],
        batch_name=question.batch,
        clinical=facts.clinical.iloc[rest.subjects].reset_index(drop=True),
        volume=sizes,
        dropped=pd.concat([f for f in told if len(f)] or [told[0]], ignore_index=True),
        volume_name=None if sizes is None or source.volume is None else source.volume.name,
        absent=conditions.iloc[rest.absent].reset_index(drop=True),
        left_out=source.left_out,
    )
    scored = question.score is not None
    problems = find_problems(data, gaps=rest.gaps, scored=scored)
    if problems:
        raise DataError.of(problems)
    warnings = (*told_before, *facts.warnings, *_taken(source), *about_volume)
    return replace(data, warnings=(*warnings, *find_warnings(data, scored=scored), *about_roles))


def _sizes(volume: Volume | None, subjects: NDArray[np.intp]) -> tuple[Floats | None, list[str]]:
    """Return the volumes of the subjects, NaN where there is none; they stay in all that needs no volume.

    Negative ones are logarithms or were standardized: returned is the exponential of their standardized
    values, whose logarithm is what the safeguards work with.
    """
    if volume is None:
        return None, []
    values = volume.values[subjects]
    known = np.isfinite(values)
    below = int((values[known] < 0).sum())
    if below:
        spread = float(values[known].std()) or 1.0
        told = f"{volume.name} is negative for {below} of {known.size} subjects: a logarithm, or standardized"
        ordered = np.exp((values - values[known].mean()) / spread)
        return ordered, [
            f"{told}. What is compared with it uses these numbers as they are, not their logarithm."
        ]
    known &= values > 0
    if known.all():
        return values, []
    if not known.any():
        return None, [f"No subject has a volume (positive number) in {volume.name}."]
    told = f"{int((~known).sum())} of {known.size} subjects have no volume ({volume.name})"
    return np.where(known, values, np.nan), [f"{told}: left out of what is compared with volume."]


def _with_roles(conditions: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the conditions with a role for each; as in stability, none declared is acquisition."""
    open_ = conditions["role"].isna() & (conditions["factor"] != REFERENCE)
    if not open_.any():
        return conditions, []
    factors = ", ".join(map(str, conditions.loc[open_, "factor"].unique()[:5]))
    role = conditions["role"].astype(object).mask(open_, "acquisition")
    return conditions.assign(role=role), [
        f"No role is declared for {factors}: taken as acquisition (a column role says otherwise)."
    ]


def _taken(source: Opened) -> list[str]:
    """Return what the reader of a table must know of its columns: what was taken, and what was not."""
    if source.unused:
        some = ", ".join(source.unused[:5]) + (" ..." if len(source.unused) > 5 else "")
        what = f"{len(source.unused)} numeric columns of {source.name} have no PyRadiomics name"
        return [f"{what} and are not used: {some}. The {len(source.observed.features)} that have one are."]
    if source.left_out is None:
        return []
    names = source.observed.features
    out = ", ".join(source.left_out[:8]) + (" ..." if len(source.left_out) > 8 else "")
    first = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
    taken = f"its {len(names)} numeric columns are taken as features ({first}); left out: {out or 'none'}"
    return [f"{source.name} has no PyRadiomics names: {taken}."]
