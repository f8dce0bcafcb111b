"""``robustrad demo``: the whole chain on the built-in cohort, told step by step."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from robustrad.audit.drift_settings import DriftSettings
from robustrad.cases.check import check_cases
from robustrad.cases.table import load_cases
from robustrad.demo.cohort import cohort
from robustrad.drift.question import Question
from robustrad.preview.contact_sheet import contact_sheet
from robustrad.protocol.read import load_protocol
from robustrad.report.command import stability_command
from robustrad.report.drift import drift_command
from robustrad.report.report import report_command
from robustrad.sweep.progress import duration
from robustrad.sweep.run import sweep

PROTOCOL = "quick"
OUTCOME, BATCH = "outcome", "site"


def run_demo(out: Path, *, jobs: int | None = None, n: int = 40) -> int:
    """Write the cohort, check it, sweep it, measure stability and drift, report; return the exit code.

    Parameters
    ----------
    out : Path
        Folder: ``cohort/`` (images, masks, tables) and ``study/`` (the study) are made in it. What is there
        already is used, so that an interrupted demo resumes.
    jobs : int, optional
        Worker processes; default the number of CPU cores.
    n : int
        Number of synthetic patients.
    """
    begin = time.monotonic()
    _say(f"1. {n} synthetic PET lesions with planted truth")
    patients = cohort(n=n)
    table = patients.write(out / "cohort")
    cases = load_cases(table)
    _say(f"2. robustrad check {table} --voxels --protocol {PROTOCOL}")
    findings = check_cases(cases, voxels=True, parameters=load_protocol(PROTOCOL).parameters)
    for finding in findings:
        _say(f"   {finding.severity}: {finding.problem}")
    _say(f"   {len(cases)} cases, {len(findings)} findings")
    folder = out / "study"
    _say(f"3. robustrad sweep {table} {folder} --protocol {PROTOCOL} --engine pyradiomics")
    # PyRadiomics itself: on a fresh installation the native engine would first compile for most of the time.
    study = sweep(cases, folder, protocol=PROTOCOL, engine="pyradiomics", jobs=jobs, progress=True)
    _say(f"   {study.ok} ok, {study.skipped} skipped, {study.failed} failed")
    _say(f"4. robustrad stability {folder}\n")
    print(stability_command(folder).text)
    _say(f"\n5. robustrad drift {folder} --outcome {OUTCOME} --batch {BATCH}\n")
    question = Question(OUTCOME, batch=BATCH)
    settings = DriftSettings(jobs=jobs)
    print(drift_command([folder], question, settings).text)
    _say(f"\n6. robustrad report {folder} --cases {table}\n")
    contact_sheet(folder, table)
    print(report_command([folder], title="The built-in cohort").text)
    _say(f"\nDone in {duration(time.monotonic() - begin)}. Look at {folder / 'report' / 'report.html'}")
    return 1 if study.failed else 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
