"""The volume of each case: a feature, a column beside the features, or a column of the table of subjects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustrad.core.errors import DataError, nearest
from robustrad.drift.data import Floats
from robustrad.stability.observations import Observations

NAMES = ("original_shape_MeshVolume", "original_shape_VoxelVolume")


class Volume(NamedTuple):
    """Volumes at the reference.

    Attributes
    ----------
    name : str
        The column.
    values : ndarray of shape (n_cases,)
        In the order of the cases; NaN where there is none.
    """

    name: str
    values: Floats


def volume_names(named: str | None) -> tuple[str, ...]:
    """Return the columns to look for in one source: the named one, with and without a modality (``PT:``)."""
    if named is None:
        return NAMES
    bare = named.partition(":")[2]
    return (named, bare) if bare else (named,)


def find_volume(
    observed: Observations, subjects: pd.DataFrame, named: str | None, where: str
) -> Volume | None:
    """Return the volume of a source's cases: from its features at the reference, else from its subjects.

    Raises
    ------
    DataError
        If the column of the subjects is not numeric.
    """
    for name in volume_names(named):
        if name in observed.features and observed.reference is not None:
            return Volume(name, np.asarray(observed.reference[:, observed.features.index(name)]))
        if name in subjects.columns:
            column = subjects[name].reindex(list(observed.cases))
            numbers = pd.to_numeric(column, errors="coerce")
            text = column[column.notna() & numbers.isna()]
            if len(text):
                raise DataError(f"{where}, column {name!r}", f"{text.iloc[0]!r}", "volumes, as numbers")
            return Volume(name, numbers.to_numpy(dtype=np.float64))
    return None


class Chosen(NamedTuple):
    """The volume of a run, whose it is, and what the reader must know of it."""

    volume: Volume | None
    source: int
    warnings: tuple[str, ...]


def choose_volume(
    volumes: Sequence[Volume | None], prefixes: Sequence[str], named: str | None, known: Sequence[str]
) -> Chosen:
    """Return whose volume counts where several sources may have one: the named one, else the first.

    Parameters
    ----------
    volumes : sequence of Volume or None
        One per source.
    prefixes : sequence of str
        Of their columns: ``PT:``, ``CT:``; empty for a single source.
    named : str, optional
        As the user calls it, with or without the prefix.
    known : sequence of str
        Columns to choose from, for the error.

    Raises
    ------
    DataError
        If there is none of that name.
    """
    there = [(i, prefixes[i] + one.name, one) for i, one in enumerate(volumes) if one is not None]
    if named is not None:
        fitting = [found for found in there if named in {found[1], found[2].name}]
        if not fitting:
            raise DataError("volume", f"no column {named!r} in the sources", "", nearest(named, known))
    else:
        fitting = sorted(there, key=lambda found: NAMES.index(found[2].name))
    if not fitting:
        return Chosen(None, 0, ())
    i, full, volume = fitting[0]
    others = [name for _, name, _ in there if name != full]
    told = (f"The volume is {full}; --volume chooses another one ({', '.join(others)}).",) if others else ()
    return Chosen(Volume(full, volume.values), i, told)
