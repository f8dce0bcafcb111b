"""Which feature is the volume."""

from __future__ import annotations

from collections.abc import Sequence

from robustrad.core.errors import DataError, nearest

NAMES = ("original_shape_MeshVolume", "original_shape_VoxelVolume")


def volume_column(features: Sequence[str], named: str | None = None) -> int | None:
    """Return the column of the volume: the named one, else PyRadiomics', of the first modality that has it.

    Raises
    ------
    DataError
        If the named one is absent.
    """
    if named is not None:
        if named not in features:
            raise DataError("volume", f"no feature {named!r}", "", nearest(named, features[:200]))
        return list(features).index(named)
    for name in NAMES:
        for column, feature in enumerate(features):
            if feature == name or feature.endswith(f":{name}"):
                return column
    return None
