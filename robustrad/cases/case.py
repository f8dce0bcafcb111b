"""A case: one image with one mask, of one patient; a row of cases.csv."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload

MODALITIES = ("CT", "PT", "MR", "unknown")


@dataclass(frozen=True)
class Case:
    """One row of cases.csv.

    Attributes
    ----------
    case_id : str
        Unique name of the case.
    image, mask : Path
        Absolute paths of files that SimpleITK reads.
    label : int
        Value of the ROI in the mask.
    patient : str
        Groups cases of one patient; default the case_id.
    modality : str
        ``CT``, ``PT``, ``MR`` or ``unknown``.
    row : int
        Row in the file, the header being row 1 (for messages).
    columns : mapping of str to str
        Every column as read, unknown ones too.
    """

    case_id: str
    image: Path
    mask: Path
    label: int = 1
    patient: str = ""
    modality: str = "unknown"
    row: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where the case stands, for messages: ``row 8 (LUNG-012)``."""
        return f"row {self.row} ({self.case_id})" if self.row else f"case {self.case_id}"


@dataclass(frozen=True)
class Cases(Sequence[Case]):
    """All cases of a table, in its order.

    Attributes
    ----------
    source : str
        Name of the table, for messages.
    rows : tuple of Case
        The cases.
    header : tuple of str
        Column names in file order (``case_id``, ``image`` and ``mask`` first where the file had other names).
    """

    source: str
    rows: tuple[Case, ...]
    header: tuple[str, ...]

    @overload
    def __getitem__(self, index: int) -> Case: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Case, ...]: ...
    def __getitem__(self, index: int | slice) -> Case | tuple[Case, ...]:
        """Return a case, or a tuple of cases."""
        return self.rows[index]

    def __len__(self) -> int:
        """Return the number of cases."""
        return len(self.rows)

    def __iter__(self) -> Iterator[Case]:
        """Return an iterator over the cases in file order."""
        return iter(self.rows)
