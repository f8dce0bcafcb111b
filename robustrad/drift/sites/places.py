"""Which conditions count as places where patients may come from, and the volume measured in each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.drift.data import DriftData, Floats
from robustrad.stability.observations import REFERENCE

HEADLINE = ("acquisition", "delineation")
VOLUMES = ("original_shape_MeshVolume", "original_shape_VoxelVolume")


@dataclass(frozen=True)
class Place:
    """A level of a factor.

    Attributes
    ----------
    label : str
        ``factor=level``.
    factor, level : str
        Of the protocol.
    columns : ndarray of int
        Its conditions: the draws.
    """

    label: str
    factor: str
    level: str
    columns: NDArray[np.intp]


def places_of(conditions: pd.DataFrame) -> tuple[Place, ...]:
    """Return the levels that remedies are judged on, in the order of the conditions.

    Acquisition and delineation. A definition (bins, voxel size of the analysis) changes what a feature is,
    and no site differs by it: such factors count only where there are no others. Controls never do.
    """
    role = conditions["role"].fillna(HEADLINE[0])
    wanted = role.isin(HEADLINE)
    wanted &= conditions["factor"] != REFERENCE
    if not wanted.any():
        wanted = (role == "definition") & (conditions["factor"] != REFERENCE)
    chosen = conditions.reset_index(drop=True)[wanted.to_numpy()]
    return tuple(
        Place(f"{factor}={level}", str(factor), str(level), rows.index.to_numpy(dtype=np.intp))
        for (factor, level), rows in chosen.groupby(["factor", "level"], sort=False)
    )


def factors_of(places: tuple[Place, ...]) -> tuple[str, ...]:
    """Return their factors, each once, in order."""
    return tuple(dict.fromkeys(place.factor for place in places))


def volumes_of(data: DriftData) -> Floats | None:
    """Return the volume of every subject at every condition in mm^3, shape (n, k); None without any.

    It is read from the features; where they do not hold it, the reference's volume stands for all conditions.
    """
    for name in VOLUMES if data.volume_name is None else (data.volume_name,):
        if name in data.features:
            return np.asarray(data.values[:, :, data.features.index(name)])
    if data.volume is None:
        return None
    return np.repeat(data.volume[:, None], data.values.shape[1], axis=1)
