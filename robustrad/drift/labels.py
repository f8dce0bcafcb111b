"""Labels as text: the same thing written in two ways (``1`` and ``1.0``) is one label."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import pandas as pd

from robustrad.harmonize.inputs import label_of

_EMPTY = {"", "na", "nan", "n/a", "none", "null", "--"}
_WHOLE = re.compile(r"(-?\d+)(?:\.0+)?")


def labels_of(column: pd.Series) -> list[str | None]:
    """Return the values as text; None where there is none.

    A column of whole numbers loses the ``.0`` that pandas writes where such a column has gaps.
    """
    labels = [
        None if pd.isna(value) or label_of(value).strip().lower() in _EMPTY else label_of(value).strip()
        for value in column
    ]
    known = [label for label in labels if label is not None]
    if all(_WHOLE.fullmatch(label) for label in known):
        return [None if label is None else whole(label) for label in labels]
    return labels


def whole(label: str) -> str:
    """Return ``1`` for ``1.0``; any other label as it is."""
    match = _WHOLE.fullmatch(label)
    return match[1] if match else label


def spelled_as(labels: Sequence[str], known: Collection[str]) -> list[str]:
    """Return ``labels`` as ``known`` spells them, where none of them is there but for a ``.0``."""
    if not set(labels).isdisjoint(known):
        return list(labels)
    spelled = {whole(name): name for name in known}
    return [spelled.get(whole(label), label) for label in labels]
