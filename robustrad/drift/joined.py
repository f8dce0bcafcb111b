"""Patients as subjects: several modalities side by side, several lesions made one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.core.errors import DataError
from robustrad.drift.data import DROPPED_COLUMNS, Floats
from robustrad.drift.labels import labels_of
from robustrad.drift.question import Question
from robustrad.drift.source import Opened
from robustrad.drift.volume import Volume, choose_volume
from robustrad.stability.observations import REFERENCE, Observations

CONFLICT = "(differs between the lesions or modalities of the patient)"


class Joined(NamedTuple):
    """Patients as the cases of one source, who was left out, and what the reader must know."""

    source: Opened
    dropped: pd.DataFrame
    warnings: tuple[str, ...]


def join_patients(sources: Sequence[Opened], question: Question) -> Joined:
    """Return patients as the cases of one source.

    With several sources, features and factors get the modality as prefix (``PT:``, ``CT:``; of a table that
    does not tell it, the name of its file); under a condition of one modality the others are at their
    reference.

    Parameters
    ----------
    sources : sequence of Opened
        Of different modalities.
    question : Question
        How the lesions of a patient become one, the volume, the outcome.

    Raises
    ------
    DataError
        If a patient has several lesions and no rule says which, or no patient is in all sources.
    """
    names = _prefixes(sources)
    made = [_one_lesion(source, question) for source in sources]
    single = [one.source for one in made]
    common = sorted(set.intersection(*(set(one.observed.cases) for one in single)))
    if not common:
        raise DataError("sources", "no patient is in all of them", "a column patient that links them")
    gone = {
        (row[0], one.source.name) for one in made for row in one.dropped.to_numpy() if row[1] == "subject"
    }
    dropped = [
        (patient, "subject", f"not in {one.name}")
        for one in single
        for patient in sorted({p for other in single for p in other.observed.cases} - set(one.observed.cases))
        if (patient, one.name) not in gone
    ]
    observed = _side_by_side([_pick(one.observed, common) for one in single], names)
    subjects = _agreeing([one.subjects for one in single], common)
    known = [
        name + feature for one, name in zip(single, names, strict=True) for feature in one.observed.features
    ]
    columns = [str(column) for column in subjects.columns]
    chosen = choose_volume([one.volume for one in single], names, question.volume, [*known, *columns])
    volume = chosen.volume
    if volume is not None:
        cases = single[chosen.source].observed.cases
        rows = [cases.index(patient) for patient in common]
        volume = Volume(volume.name, volume.values[rows])
    left = [one.left_out for one in sources if one.left_out is not None]
    source = Opened(
        " + ".join(one.name for one in single), observed, subjects,
        " + ".join(dict.fromkeys(one.told_by for one in single)), volume,
        tuple(dict.fromkeys(name for names in left for name in names)) if left else None,
        tuple(dict.fromkeys(name for one in sources for name in one.unused)),
    )  # fmt: skip
    told = pd.DataFrame(dropped, columns=list(DROPPED_COLUMNS))
    frames = [frame for frame in (*(one.dropped for one in made), told) if len(frame)]
    return Joined(
        source,
        pd.concat(frames, ignore_index=True) if frames else told,
        (*(text for one in made for text in one.warnings), *chosen.warnings),
    )


def _prefixes(sources: Sequence[Opened]) -> list[str]:
    if len(sources) == 1:
        return [""]
    names = [source.observed.modality or _without_suffix(source.name) for source in sources]
    if len(set(names)) < len(names):
        raise DataError(
            "sources", f"{', '.join(names)}: two of one modality", "one source per modality",
            "Cases of one modality belong into one study; a column modality tells tables apart.",
        )  # fmt: skip
    return [f"{name}:" for name in names]


def _without_suffix(name: str) -> str:
    """Return the name of a table without ``.csv``; a folder may have a point in its name."""
    path = Path(name)
    return path.stem if path.suffix.lower() in {".csv", ".tsv", ".parquet", ".pq"} else name


def _one_lesion(source: Opened, question: Question) -> Joined:
    """Return the source with patients as cases."""
    owner = np.array(source.patients, dtype=object)
    patients, counts = np.unique(owner.astype(str), return_counts=True)
    if counts.max() > 1 and question.lesion is None:
        raise DataError(
            source.name,
            f"{int((counts > 1).sum())} patients with several lesions (up to {int(counts.max())})",
            "a rule that makes them one",
            "Pass --lesion largest or --lesion mean.",
        )
    of = {str(patient): np.flatnonzero(owner == patient) for patient in patients}
    chosen, dropped = of, list[tuple[str, str, str]]()
    if counts.max() > 1 and question.lesion == "largest":
        chosen, dropped = _largest(source, of)
    observed = source.observed
    joined = Observations(
        np.stack([_mean_lesion(observed.values[own]) for own in chosen.values()]), tuple(chosen),
        np.arange(len(chosen)), observed.conditions, observed.features, modality=observed.modality,
    )  # fmt: skip
    cases = np.array(observed.cases, dtype=object)
    known = pd.concat([source.subjects.reindex(cases[own]).assign(patient=p) for p, own in chosen.items()])
    if question.lesion == "largest" and question.outcome in known.columns:
        # The lesion brings its own site and covariates; the outcome is the patient's, whichever lesion it is.
        labels = np.array(labels_of(source.subjects[question.outcome].reindex(cases)), dtype=object)
        agreed = pd.Series([_agreed(labels[of[p]]) for p in chosen], index=known.index, dtype=object)
        known = known.assign(**{question.outcome: agreed})
    volume = source.volume
    if volume is not None:
        volume = Volume(volume.name, np.array([volume.values[own].mean() for own in chosen.values()]))
    made = Opened(source.name, joined, known, source.told_by, volume, source.left_out)
    return Joined(made, pd.DataFrame(dropped, columns=list(DROPPED_COLUMNS)), _told_lesions(dropped))


def _largest(
    source: Opened, of: dict[str, NDArray[np.intp]]
) -> tuple[dict[str, NDArray[np.intp]], list[tuple[str, str, str]]]:
    """Return the largest lesion of each patient, and the lesions that could not be compared."""
    if source.volume is None:
        raise DataError(
            source.name,
            "no volume to tell the largest lesion",
            "a volume",
            "Pass --volume, or --lesion mean.",
        )
    size, cases = source.volume.values, source.observed.cases
    chosen, dropped = {}, []
    for patient, own in of.items():
        unknown = own[~np.isfinite(size[own])]
        if own.size > 1 and unknown.size == own.size:
            dropped.append((patient, "subject", f"none of {own.size} lesions has a volume at the reference"))
            continue
        if own.size > 1:
            reason = f"no volume at the reference: the largest other lesion stands for {patient}"
            dropped += [(cases[i], "lesion", reason) for i in unknown]
        chosen[patient] = own[[int(np.argmax(np.nan_to_num(size[own], nan=-1.0)))]]
    if not chosen:
        raise DataError(source.name, "no lesion has a volume at the reference", "volumes", "--lesion mean")
    return chosen, dropped


def _told_lesions(dropped: Sequence[tuple[str, str, str]]) -> tuple[str, ...]:
    failed = [case for case, what, _ in dropped if what == "lesion"]
    if not failed:
        return ()
    some = ", ".join(failed[:3]) + (" ..." if len(failed) > 3 else "")
    told = f"{len(failed)} lesions have no volume at the reference ({some})"
    return (f"{told}: the largest known lesion stands for their patients (dropped.csv).",)


def _agreed(labels: NDArray[np.object_]) -> str | None:
    """Return what the lesions of a patient say together; :data:`CONFLICT` where they differ."""
    said = {label for label in labels if label is not None}
    return CONFLICT if len(said) > 1 else next(iter(said), None)


def _mean_lesion(values: Floats) -> Floats:
    """Return the mean over lesions; NaN where one of them is missing."""
    return np.asarray(values[0] if values.shape[0] == 1 else values.mean(axis=0))


def _pick(observed: Observations, patients: Sequence[str]) -> Observations:
    rows = [observed.cases.index(patient) for patient in patients]
    return Observations(
        observed.values[rows], tuple(patients), np.arange(len(rows)), observed.conditions,
        observed.features, modality=observed.modality,
    )  # fmt: skip


def _side_by_side(parts: Sequence[Observations], names: Sequence[str]) -> Observations:
    if len(parts) == 1:
        return parts[0]
    at_reference = [_at_reference(part) for part in parts]
    n = len(parts[0].cases)
    blocks = [np.concatenate(at_reference, axis=1)[:, None, :]]
    rows = [parts[0].conditions[parts[0].conditions["factor"] == REFERENCE]]
    for i, (part, name) in enumerate(zip(parts, names, strict=True)):
        others = np.flatnonzero((part.conditions["factor"] != REFERENCE).to_numpy())
        k = others.size
        block = [np.broadcast_to(ref[:, None, :], (n, k, ref.shape[1])) for ref in at_reference]
        block[i] = part.values[:, others]
        blocks.append(np.concatenate(block, axis=2))
        table = part.conditions.iloc[others]
        rows.append(table.assign(condition=name + table["condition"], factor=name + table["factor"]))
    features = tuple(
        name + feature for part, name in zip(parts, names, strict=True) for feature in part.features
    )
    return Observations(
        np.concatenate(blocks, axis=1),
        parts[0].cases,
        np.arange(n),
        pd.concat(rows, ignore_index=True),
        features,
    )


def _at_reference(part: Observations) -> Floats:
    if part.reference is None:
        raise DataError("sources", "one without a reference", "a reference in each")
    return part.reference


def _agreeing(tables: Sequence[pd.DataFrame], patients: Sequence[str]) -> pd.DataFrame:
    """Return what the tables say of each patient; :data:`CONFLICT` where they differ.

    An outcome, batch or covariate that differs is refused later; what nobody asked for may differ.
    """
    stacked = pd.concat(tables)
    by_patient = stacked.groupby(stacked["patient"].astype(str))
    distinct = by_patient.nunique(dropna=True)
    first = by_patient.first()
    conflict: NDArray[np.bool_] = (distinct.reindex(columns=first.columns, fill_value=1) > 1).to_numpy()
    told = first.astype(object).mask(conflict, other=CONFLICT) if conflict.any() else first
    return told.reindex(list(patients)).assign(patient=list(patients))
