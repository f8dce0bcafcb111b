"""What `robustrad check` and `robustrad cases` do and tell."""

from __future__ import annotations

from pathlib import Path

from robustrad.cases.check import Finding, check_cases
from robustrad.cases.folder import make_cases, write_cases
from robustrad.cases.table import read_cases
from robustrad.cases.together import (
    modalities_of,
    modality_problems,
    protocol_problem,
    the_one,
    unknown_note,
)
from robustrad.core.told import Told
from robustrad.extract.names import imageless_note
from robustrad.protocol.builtin import protocol_for
from robustrad.protocol.read import load_protocol


def check_command(path: Path, *, voxels: bool, protocol: str | None, params: str | None) -> tuple[int, Told]:
    """Check every case and the table; exit code 2 if a case, the table or the protocol cannot be used."""
    cases, unread = read_cases(path)
    modalities = modalities_of(cases)
    chosen = load_protocol(protocol or protocol_for(the_one(modalities)), params=params)
    other = protocol_problem(cases, modalities, chosen)
    problems = [*unread, *modality_problems(cases, modalities), *([other] if other else [])]
    told = (unknown_note(cases, modalities), imageless_note(chosen.parameters))
    notes = [note for note in told if note]
    findings = check_cases(cases, voxels=voxels, parameters=chosen.parameters)
    bad = {finding.case.case_id for finding in findings if finding.severity == "error"}
    warned = {finding.case.case_id for finding in findings} - bad
    lines = [f"error: {problem}" for problem in problems]
    lines += [f"warning: {note}" for note in notes]
    lines += [f"{finding.severity}: {finding.problem}" for finding in findings]
    lines.append(f"{cases.source}: {len(cases)} cases, {len(bad)} unusable, {len(warned)} with warnings.")
    data = {
        "cases": len(cases),
        "unusable": len(bad),
        "problems": [problem._asdict() for problem in problems],
        "notes": notes,
        "findings": [_plain(finding) for finding in findings],
    }
    return (2 if bad or problems else 0), Told("\n".join(lines), data)


def cases_command(directory: Path, output: Path, *, image: str, mask: str, modality: str = "") -> Told:
    """Make a table of cases from a folder; files without a partner are told."""
    found = make_cases(directory, image=image, mask=mask)
    write_cases(found.rows, output, modality=modality)
    lines = [str(problem) for problem in found.problems]
    if not modality:
        lines.append(
            "No --modality, so no column 'modality' is written: of files that do not tell theirs (NIfTI "
            "never does) it stays unknown, and two modalities in one table may go unseen."
        )
    lines.append(f"{output}: {len(found.rows)} cases. Next: robustrad check {output}")
    return Told("\n".join(lines), {"cases": len(found.rows), "left_out": [str(p) for p in found.problems]})


def _plain(finding: Finding) -> dict[str, object]:
    return {
        "case_id": finding.case.case_id,
        "severity": finding.severity,
        **finding.problem._asdict(),
    }
