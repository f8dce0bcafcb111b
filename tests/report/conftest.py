"""One study with everything, reported once for all tests that only read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from robustrad.report.write import write_report
from tests.report.studies import add_drift, add_survival, study

TITLE = 'Report <b>of</b> 100 % & "friends" _ \u0633\u0631\u0637\u0627\u0646 \u80bf\u7624'


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a study with difficult names and everything that can be analyzed, and its report."""
    folder = study(tmp_path_factory.mktemp("report") / "study", nasty=True)
    add_survival(add_drift(folder))
    formats = ["html", "csv", "tex", "pdf-figures"]
    write_report(folder, title=TITLE, formats=formats)
    return folder
