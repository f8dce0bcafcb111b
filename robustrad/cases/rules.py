"""The extraction settings that decide which voxels of which file are the ROI."""

from __future__ import annotations

from typing import NamedTuple

from robustrad.cases.case import Case
from robustrad.extract.parameters import Settings

GRID_TOLERANCE = 1e-4  # in voxels: float32 headers of one patient agree to 1e-5; a real shift is above 1e-3


class Rules(NamedTuple):
    """What PyRadiomics' settings say of masks.

    Attributes
    ----------
    correct_mask : bool
        ``correctMask``: resample a mask of another grid onto the image's, nearest neighbor.
    tolerance : float
        ``geometryTolerance``: largest difference of the grids, in voxels and direction cosines.
    channel : int or None
        ``label_channel``: which values of a mask with several values per voxel; None: such a mask is refused.
    label : int or None
        ``label``: for cases whose table names none.
    dimensions : int
        ``minimumROIDimensions``: axes along which the ROI must extend.
    """

    correct_mask: bool = False
    tolerance: float = GRID_TOLERANCE
    channel: int | None = None
    label: int | None = None
    dimensions: int = 2

    @classmethod
    def of(cls, settings: Settings | None) -> Rules:
        """Return the rules that ``settings`` stand for."""
        given = settings or {}
        tolerance = given.get("geometryTolerance")
        channel, label, dimensions = (
            value if isinstance(value, int) else None
            for value in (given.get(key) for key in ("label_channel", "label", "minimumROIDimensions"))
        )
        return cls(
            bool(given.get("correctMask")),
            float(tolerance) if isinstance(tolerance, int | float) else GRID_TOLERANCE,
            channel,
            label,
            dimensions or cls().dimensions,
        )

    def label_of(self, case: Case) -> int:
        """Return the label of ``case``: the table's where it names one, else the settings', else 1."""
        named = case.label != 1 or bool(case.columns.get("label", "").strip())
        return case.label if named or self.label is None else self.label
