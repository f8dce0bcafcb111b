"""Patients as subjects: several modalities side by side, several lesions made one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.core.errors import DataError
from robustrad.drift.data import DROPPED_COLUMNS, Floats
from robustrad.drift.question import Lesion
from robustrad.drift.source import Opened
from robustrad.drift.volume import volume_column
from robustrad.stability.observations import REFERENCE, Observations

CONFLICT = "(differs between the lesions or modalities of the patient)"


def join_patients(
    sources: Sequence[Opened], *, lesion: Lesion | None, volume: str | None
) -> tuple[Opened, pd.DataFrame]:
    """Return patients as the cases of one source, and who was left out.

    With several sources, features and factors get the modality as prefix (``PT:``, ``CT:``); under a
    condition of one modality the others are at their reference.

    Parameters
    ----------
    sources : sequence of Opened
        Of different modalities.
    lesion : {"largest", "mean"} or None
        How the lesions of a patient become one.
    volume : str or None
        Column of the volume.

    Raises
    ------
    DataError
        If a patient has several lesions and no rule says which, or no patient is in all sources.
    """
    names = _prefixes(sources)
    single = [_one_lesion(source, lesion, volume) for source in sources]
    common = sorted(set.intersection(*(set(one.observed.cases) for one in single)))
    if not common:
        raise DataError("sources", "no patient is in all of them", "a column patient that links them")
    dropped = [
        (patient, "subject", f"not in {one.name}")
        for one in single
        for patient in sorted({p for other in single for p in other.observed.cases} - set(one.observed.cases))
    ]
    observed = _side_by_side([_pick(one.observed, common) for one in single], names)
    subjects = _agreeing([one.subjects for one in single], common)
    told = pd.DataFrame(dropped, columns=list(DROPPED_COLUMNS))
    return Opened(" + ".join(one.name for one in single), observed, subjects), told


def _prefixes(sources: Sequence[Opened]) -> list[str]:
    if len(sources) == 1:
        return [""]
    names = [source.observed.modality or source.name for source in sources]
    if len(set(names)) < len(names):
        raise DataError(
            "sources", f"{', '.join(names)}: two of one modality", "one source per modality",
            "Cases of one modality belong into one study.",
        )  # fmt: skip
    return [f"{name}:" for name in names]


def _one_lesion(source: Opened, lesion: Lesion | None, volume: str | None) -> Opened:
    """Return the source with patients as cases."""
    owner = np.array(source.patients, dtype=object)
    patients, counts = np.unique(owner.astype(str), return_counts=True)
    if counts.max() > 1 and lesion is None:
        raise DataError(
            source.name,
            f"{int((counts > 1).sum())} patients with several lesions (up to {int(counts.max())})",
            "a rule that makes them one",
            "Pass --lesion largest or --lesion mean.",
        )
    rows = [np.flatnonzero(owner == patient) for patient in patients]
    observed = source.observed
    if counts.max() > 1 and lesion == "largest":
        size = _volumes(source, volume)
        rows = [own[[int(np.argmax(np.nan_to_num(size[own], nan=-1.0)))]] for own in rows]
    values = np.stack([_mean_lesion(observed.values[own]) for own in rows])
    joined = Observations(
        values, tuple(patients.tolist()), np.arange(len(patients)), observed.conditions,
        observed.features, modality=observed.modality,
    )  # fmt: skip
    cases = np.array(observed.cases, dtype=object)
    known = [
        source.subjects.reindex(cases[own]).assign(patient=p) for own, p in zip(rows, patients, strict=True)
    ]
    return Opened(source.name, joined, pd.concat(known))


def _mean_lesion(values: Floats) -> Floats:
    """Return the mean over lesions; NaN where one of them is missing."""
    return np.asarray(values[0] if values.shape[0] == 1 else values.mean(axis=0))


def _volumes(source: Opened, volume: str | None) -> Floats:
    column = volume_column(source.observed.features, volume)
    if column is None or source.observed.reference is None:
        raise DataError(
            source.name, "no volume to tell the largest lesion", "a volume feature", "--lesion mean"
        )
    return np.asarray(source.observed.reference[:, column])


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
