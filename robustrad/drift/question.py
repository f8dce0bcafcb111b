"""What a drift run is asked: which column is the outcome, the batch, the patient; how sources are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from robustrad.stability.source import Reading

Unit = Literal["case", "patient"]
Lesion = Literal["largest", "mean"]


@dataclass(frozen=True)
class Question:
    """What is asked of the sources.

    Attributes
    ----------
    outcome : str
        Column with two values.
    positive : str, optional
        Value that counts as 1; default the larger of the two.
    cases : path or DataFrame, optional
        Table of the subjects, joined on ``case_id`` (or on ``patient``, where it has no ``case_id``). Default
        the study's own ``cases.csv``, or the feature table itself.
    batch : str, optional
        Column of the real batch (scanner, center, kernel).
    clinical : tuple of str
        Clinical columns.
    patient : str
        Column of the patient, where there is one.
    unit : {"case", "patient"}
        What a subject is.
    lesion : {"largest", "mean"}, optional
        How the lesions of a patient become one, where the unit is the patient: the one with the largest
        volume at the reference, or the mean of each feature.
    score : str, optional
        Column of finished scores, instead of features.
    volume : str, optional
        Column of the volume, in the source or the table of subjects, with or without a modality (``PT:``);
        default PyRadiomics' ``original_shape_MeshVolume`` or ``VoxelVolume``.
    reading : Reading
        Columns of a feature table, its reference, the roles of factors.
    """

    outcome: str
    positive: str | None = None
    cases: Path | pd.DataFrame | None = None
    batch: str | None = None
    clinical: tuple[str, ...] = ()
    patient: str = "patient"
    unit: Unit = "case"
    lesion: Lesion | None = None
    score: str | None = None
    volume: str | None = None
    reading: Reading = field(default_factory=Reading)

    @property
    def named(self) -> tuple[str, ...]:
        """Columns that are asked for by name and are no features."""
        maybe = (self.outcome, self.batch, *self.clinical, self.patient)
        return tuple(name for name in maybe if name is not None)
