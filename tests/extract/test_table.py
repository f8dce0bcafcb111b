from __future__ import annotations

import csv
import errno
import math
from pathlib import Path
from typing import Any

import pytest

from robustrad.core.errors import DataError, StorageFullError
from robustrad.extract.names import feature_names
from robustrad.extract.parameter_file import load_parameters
from robustrad.extract.table import features_csv, write_features

PARAMETERS = load_parameters(
    {
        "imageType": {"LoG": {"sigma": [1.0, 2.0]}, "Original": {}},
        "featureClass": {"firstorder": ["Mean", "Energy"]},
    }
)
NAMES = feature_names(PARAMETERS)


def test_columns_stand_in_parameter_file_order_whatever_each_case_has() -> None:
    small = {name: 1.0 for name in NAMES if "2-0" not in name}
    whole = {name: 0.1 + index for index, name in enumerate(reversed(NAMES))}
    text = features_csv([("b", small), ("a", whole)], parameters=PARAMETERS)
    header, first, second, end = text.split("\n")
    assert header == ",".join(["case_id", *NAMES])
    assert NAMES[0] == "log-sigma-1-0-mm-3D_firstorder_Mean"
    assert first.split(",")[:4] == ["b", "1.0", "1.0", "nan"]
    assert second.startswith("a,5.1,4.1,3.1")
    assert end == ""
    assert "\r" not in text


def test_floats_read_back_the_same_and_features_that_no_case_has_get_no_column(tmp_path: Path) -> None:
    values = [1 / 3, 1e-300, -5.0, math.pi * 1e17]
    write_features(
        tmp_path / "f.csv", [("x,1", dict(zip(NAMES[:4], values, strict=True)))], parameters=PARAMETERS
    )
    with (tmp_path / "f.csv").open(newline="") as stream:
        header, row = csv.reader(stream)
    assert header == ["case_id", *NAMES[:4]]
    assert row[0] == "x,1"
    assert [float(text) for text in row[1:]] == values


@pytest.mark.parametrize(("code", "kind"), [(errno.ENOSPC, StorageFullError), (errno.EACCES, DataError)])
def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[Exception]
) -> None:
    (tmp_path / "f.csv").write_text("old")

    def full(*_: Any) -> None:
        raise OSError(code, "no")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(kind):
        write_features(tmp_path / "f.csv", [("a", {NAMES[0]: 1.0})], parameters=PARAMETERS)
    assert [path.name for path in tmp_path.iterdir()] == ["f.csv"]
    assert (tmp_path / "f.csv").read_text() == "old"
