"""Rows of several modalities in one table: refused, since nothing is ever pooled over modalities."""

from __future__ import annotations

import pandas as pd

from robustrad.core.errors import DataError
from robustrad.core.modality import modality_kind

_UNKNOWN = ("", "unknown")


def refuse_modalities(frame: pd.DataFrame, where: str, *, condition: str) -> None:
    """Refuse a table whose column ``modality`` names more than one imaging modality.

    A column of other words (``surgery``) tells something else and stays what it is, as does the column of the
    ``condition``: modalities are compared there, because that was asked for.

    Raises
    ------
    DataError
        If all of its words, but for empty ones, are imaging modalities, and of more than one kind.
    """
    for position, name in enumerate(frame.columns):
        if str(name).lower() != "modality" or name == condition:
            continue
        words = ["" if pd.isna(word) else str(word).strip() for word in frame.iloc[:, position]]
        rows = [row for row, word in enumerate(words) if word.lower() not in _UNKNOWN]
        kinds = [modality_kind(words[row]) for row in rows]
        if None in kinds or len(set(kinds)) < 2:
            continue
        counts = [
            f"{words[row]} in {kinds.count(kind)} rows, first in row {row + 2}"
            for kind in dict.fromkeys(kinds)
            for row in [rows[kinds.index(kind)]]
        ]
        raise DataError(
            f"{where}, column {str(name)!r}",
            "; ".join(counts),
            "one modality in a table, for nothing is pooled over modalities",
            "Make a table of each: robustrad drift takes them side by side (CT.csv PT.csv --unit patient). A "
            "column that tells something else needs another name.",
        )
