"""The study folder before a sweep: is it this study's, and what stands in it beside the parts."""

from __future__ import annotations

import csv
import io

from robustrad.cases.case import Cases
from robustrad.core.errors import StudyError
from robustrad.sweep.conditions import Condition
from robustrad.sweep.identity import check_same_study
from robustrad.sweep.prepare import Sweep
from robustrad.sweep.store import Store
from robustrad.sweep.study import CASES, CONDITIONS, STUDY


def check_folder(ready: Sweep, store: Store) -> None:
    """Raise StudyError if the folder holds something else than this study."""
    folder = store.folder
    if folder.exists() and not folder.is_dir():
        raise StudyError(str(folder), "a file", "a folder", "Choose another OUT.")
    if not (folder / STUDY).is_file():
        if folder.is_dir() and (any((folder / "parts").glob("*")) or (folder / "parts").is_file()):
            raise StudyError(str(folder), "has parts but no study.json", "a study", "Choose another OUT.")
        return
    with (folder / CONDITIONS).open(encoding="utf-8", newline="") as stream:
        old_names = {row["condition"]: row["fingerprint"] for row in csv.DictReader(stream)}
    new_names = {condition.name: condition.fingerprint for condition in ready.conditions}
    check_same_study(
        str(folder), store.read_json(STUDY), ready.record, old_names=old_names, new_names=new_names
    )


def write_study(ready: Sweep, store: Store) -> None:
    """Write the tables of cases and conditions, and ``study.json`` where it says something else."""
    store.write_bytes(CASES, _cases_csv(ready.cases))
    store.write_bytes(CONDITIONS, _conditions_csv(ready.conditions))
    if not store.holds(STUDY, ready.record):
        store.write_json(STUDY, ready.record)


def _cases_csv(cases: Cases) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(cases.header)
    writer.writerows([case.columns.get(name, "") for name in cases.header] for case in cases)
    return text.getvalue().encode()


def _conditions_csv(conditions: tuple[Condition, ...]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["condition", "factor", "level", "role", "severity", "sign", "draw", "fingerprint"])
    for c in conditions:
        severity = "" if c.severity is None else repr(float(c.severity))
        sign = "" if c.sign is None else c.sign
        writer.writerow([c.name, c.factor, c.level, c.role, severity, sign, c.draw, c.fingerprint])
    return text.getvalue().encode()
