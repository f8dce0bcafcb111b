"""Reading cases.csv: all problems of the table at once, each with its row.

Two forms are accepted. Our own has the columns ``case_id, image, mask``. PyRadiomics' batch form has
``Image, Mask[, Label]`` and no ``case_id``; see ``robustrad.cases.batch`` for the names its cases get.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from robustrad.cases.batch import from_batch_form, is_batch_form
from robustrad.cases.case import Case, Cases
from robustrad.cases.text_table import REQUIRED, Table, read_text_table
from robustrad.core.errors import DataError, Problem, nearest
from robustrad.core.modality import modality_kind

_LARGEST_LABEL = 2**32 - 1  # masks are read as unsigned 32-bit integers


def load_cases(path: Path | str) -> Cases:
    """Read a table of cases; the images themselves are not opened.

    Parameters
    ----------
    path : path
        CSV or TSV in UTF-8, with or without a byte order mark. Required columns: ``case_id, image, mask``
        (or PyRadiomics' ``Image, Mask``). Optional: ``label`` (default 1), ``patient`` (default the
        case_id), ``modality`` (``CT``, ``PT``, ``MR``; default ``unknown``, see ``modality_of``). Other
        columns are kept as text. Paths are relative to the table.

    Returns
    -------
    Cases
        In file order, with absolute paths.

    Raises
    ------
    DataError
        With every problem of the table: missing columns, empty cells, duplicated case_id, bad labels,
        rows that are too long, no rows, a file that cannot be read.
    """
    cases, problems = read_cases(path)
    _refuse(problems)
    return cases


def read_cases(path: Path | str) -> tuple[Cases, list[Problem]]:
    """Read what can be read of a table of cases, and return the problems of its rows beside it.

    Parameters
    ----------
    path : path
        As in :func:`load_cases`.

    Returns
    -------
    Cases
        The sound rows.
    list of Problem
        Of the others: empty cells, bad labels or modalities, a case_id that occurs twice.

    Raises
    ------
    DataError
        If the table itself is of no use: it cannot be read, columns are missing, rows are too long, or no
        row is sound.
    """
    path = Path(path)
    table = read_text_table(path)
    _refuse(_header_problems(table))
    _refuse(_width_problems(table))
    header = table.header
    records = [(row, dict(zip(header, cells, strict=True))) for row, cells in table.rows]
    if is_batch_form(header):
        header, records = from_batch_form(header, records)
    problems: list[Problem] = []
    names = Counter(cells["case_id"].strip() for _, cells in records)
    cases: list[Case] = []
    for row, cells in records:
        found = list(_cell_problems(table.source, row, cells))
        problems += found
        if not found and names[cells["case_id"].strip()] == 1:
            cases.append(_case(row, cells, path.absolute().parent))
    problems += _duplicates(table.source, records)
    if not cases:
        _refuse(problems)
    return Cases(table.source, tuple(cases), header), problems


def _header_problems(table: Table) -> Iterator[Problem]:
    where, header = f"{table.source} row 1", table.header
    if len(header) == 1 and ";" in header[0]:
        yield Problem(where, "columns are separated by ';'", "commas or tabs", "Save it with commas.")
        return
    if not is_batch_form(header):
        for name in REQUIRED:
            if name not in header:
                yield Problem(where, f"there is no column {name!r}", "", _column_hint(name, header))
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            what = f"column {name!r} occurs {header.count(name)} times" if name else "columns have no name"
            yield Problem(where, what, "a name of its own for each", "Rename or remove them.")
    if not table.rows:
        yield Problem(table.source, "there is a header but no rows", "one row a case")


def _column_hint(name: str, header: Sequence[str]) -> str:
    for there in header:
        if there.lower().replace(" ", "_") == name:
            return f"Rename column {there!r} to {name!r}. Known: {', '.join(header)}."
    return nearest(name, [there for there in header if there not in REQUIRED])


def _width_problems(table: Table) -> Iterator[Problem]:
    width = len(table.header)
    for row, cells in table.rows:
        if len(cells) > width:
            yield Problem(
                f"{table.source} row {row}",
                f"it has {len(cells)} cells",
                f"{width}, as in the header",
                "Put text that holds a comma into quotes.",
            )


def _cell_problems(source: str, row: int, cells: Mapping[str, str]) -> Iterator[Problem]:
    name = cells["case_id"].strip()
    where = f"{source} row {row}" + (f" ({name})" if name else "")
    for column in REQUIRED:
        if not cells[column].strip():
            yield Problem(where, f"column {column!r} is empty", "", "Fill it in or remove the row.")
    label = cells.get("label", "")
    if _label(label) is None:
        yield Problem(
            where, f"label {label.strip()!r}", "a whole number of 1 or more", "0 is the background."
        )
    modality = cells.get("modality", "").strip()
    if _modality(modality) is None:
        yield Problem(where, f"modality {modality!r}", "CT, PT or MR, or an empty cell", "")


def _duplicates(source: str, records: Sequence[tuple[int, Mapping[str, str]]]) -> Iterator[Problem]:
    seen: dict[str, list[int]] = {}
    for row, cells in records:
        seen.setdefault(cells["case_id"].strip(), []).append(row)
    for name, rows in seen.items():
        if name and len(rows) > 1:
            places = f"{', '.join(map(str, rows[:-1]))} and {rows[-1]}"
            yield Problem(
                f"{source} rows {places}",
                f"case_id {name!r} occurs {len(rows)} times",
                "a case_id of its own for each row",
                "Rows of one patient share the column 'patient' instead.",
            )


def _case(row: int, cells: Mapping[str, str], folder: Path) -> Case:
    name = cells["case_id"].strip()
    label = _label(cells.get("label", ""))
    modality = _modality(cells.get("modality", ""))
    assert label is not None, "labels were checked"
    assert modality is not None, "modalities were checked"
    return Case(
        case_id=name,
        image=folder / cells["image"].strip(),
        mask=folder / cells["mask"].strip(),
        label=label,
        patient=cells.get("patient", "").strip() or name,
        modality=modality,
        row=row,
        columns={**cells, "case_id": name},
    )


def _modality(text: str) -> str | None:
    """Return the modality; ``unknown`` for an empty cell, None if it is none that cases have."""
    return "unknown" if text.strip().lower() in {"", "unknown"} else modality_kind(text)


def _label(text: str) -> int | None:
    """Return the label; 1 for an empty cell, None if it is no whole number from 1 on ("2.0" is one)."""
    if not text.strip():
        return 1
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if value.is_integer() and 1 <= value <= _LARGEST_LABEL else None


def _refuse(problems: Iterator[Problem] | Sequence[Problem]) -> None:
    listed = list(problems)
    if listed:
        raise DataError.of(listed)
