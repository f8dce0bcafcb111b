"""The picture of one case under every condition that a report shows."""

from __future__ import annotations

import json
from pathlib import Path

from robustrad.core.errors import StudyError
from robustrad.core.written import make_folder
from robustrad.preview.command import preview_command
from robustrad.protocol.read import builtin_files

NAME = "contact_sheet.png"


def contact_sheet(study: Path, cases: Path, *, case: str | None = None, protocol: str | None = None) -> Path:
    """Draw one case of ``cases`` under every level of the study's protocol into the study's report folder.

    Parameters
    ----------
    study : Path
        Study folder; ``report/contact_sheet.png`` is written, and shown by the next report.
    cases : Path
        Table of its cases: the study itself does not know where the images are.
    case : str, optional
        Which case; default the first.
    protocol : str, optional
        File of the protocol, where it is not built in.

    Raises
    ------
    StudyError
        If the study's protocol is not built in and no file of it was given.
    """
    record = json.loads((study / "study.json").read_text(encoding="utf-8"))
    name = protocol or str(record.get("protocol", {}).get("name", ""))
    if protocol is None and name not in builtin_files():
        raise StudyError(
            str(study), f"its protocol {name!r} is not built in", "its file", "Pass --protocol FILE."
        )
    path = study / "report" / NAME
    make_folder(path.parent)
    preview_command(cases, path, protocol=name, case=case)
    return path
