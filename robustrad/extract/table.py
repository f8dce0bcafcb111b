"""Write features of many cases as CSV: case_id first, then one column per feature in parameter-file order."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from robustrad.core.errors import DataError, StorageFullError
from robustrad.core.written import FULL, replacing
from robustrad.extract.names import feature_names
from robustrad.extract.parameters import Parameters

Row = tuple[str, Mapping[str, float]]


def write_features(path: Path, rows: Iterable[Row], *, parameters: Parameters) -> None:
    r"""Write ``rows`` of (case_id, features); the file appears whole or not at all.

    Lines end with ``\n``, floats are the shortest that read back the same, NaN stands where a case lacks a
    feature. Features that no case has (a LoG that no region is large enough for) get no column.

    Raises
    ------
    StorageFullError
        If the disk is full.
    DataError
        If the file cannot be written.
    """
    try:
        with (
            replacing(path) as temporary,
            temporary.open("w", encoding="utf-8", newline="") as stream,
        ):
            stream.write(features_csv(rows, parameters=parameters))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        if error.errno in FULL:
            raise StorageFullError(
                str(path), "the disk is full", "", "Make room and run it again."
            ) from error
        raise DataError(str(path), f"it cannot be written ({error.strerror})", "a writable file") from error


def features_csv(rows: Iterable[Row], *, parameters: Parameters) -> str:
    """Return the text of the table."""
    listed = list(rows)
    known = feature_names(parameters)
    present = {name for _, features in listed for name in features}
    unforeseen = [name for _, features in listed for name in features if name not in set(known)]
    columns = [*(name for name in known if name in present), *dict.fromkeys(unforeseen)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["case_id", *columns])
    for case_id, features in listed:
        writer.writerow([case_id, *(repr(float(features.get(name, float("nan")))) for name in columns)])
    return text.getvalue()
