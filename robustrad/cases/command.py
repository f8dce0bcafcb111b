"""What `robustrad check` and `robustrad cases` do and tell."""

from __future__ import annotations

from pathlib import Path

from robustrad.cases.check import Finding, check_cases
from robustrad.cases.folder import make_cases, write_cases
from robustrad.cases.modality import modality_of
from robustrad.cases.table import load_cases
from robustrad.core.told import Told
from robustrad.extract.parameters import Parameters
from robustrad.protocol.builtin import protocol_for
from robustrad.protocol.read import load_protocol


def check_command(path: Path, *, voxels: bool, protocol: str | None, params: str | None) -> tuple[int, Told]:
    """Check every case; exit code 2 if one cannot be used."""
    cases = load_cases(path)
    modalities = {modality_of(case) for case in cases}
    chosen = protocol or protocol_for(modalities.pop() if len(modalities) == 1 else "unknown")
    parameters: Parameters = load_protocol(chosen, params=params).parameters
    findings = check_cases(cases, voxels=voxels, parameters=parameters)
    bad = {finding.case.case_id for finding in findings if finding.severity == "error"}
    warned = {finding.case.case_id for finding in findings} - bad
    lines = [f"{finding.severity}: {finding.problem}" for finding in findings]
    lines.append(f"{cases.source}: {len(cases)} cases, {len(bad)} unusable, {len(warned)} with warnings.")
    data = {"cases": len(cases), "unusable": len(bad), "findings": [_plain(finding) for finding in findings]}
    return (2 if bad else 0), Told("\n".join(lines), data)


def cases_command(directory: Path, output: Path, *, image: str, mask: str, modality: str = "") -> Told:
    """Make a table of cases from a folder; files without a partner are told."""
    found = make_cases(directory, image=image, mask=mask)
    write_cases(found.rows, output, modality=modality)
    lines = [str(problem) for problem in found.problems]
    lines.append(f"{output}: {len(found.rows)} cases. Next: robustrad check {output}")
    return Told("\n".join(lines), {"cases": len(found.rows), "left_out": [str(p) for p in found.problems]})


def _plain(finding: Finding) -> dict[str, object]:
    return {
        "case_id": finding.case.case_id,
        "severity": finding.severity,
        **finding.problem._asdict(),
    }
