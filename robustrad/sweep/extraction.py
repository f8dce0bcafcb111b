"""Plain extraction of many cases in worker processes: no perturbation; one bad case stops no other."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustrad.cases.case import Case
from robustrad.cases.table import load_cases
from robustrad.core.errors import RobustradError
from robustrad.core.told import Told
from robustrad.extract.engines import choose_engine
from robustrad.extract.parameter_file import load_parameters
from robustrad.extract.single import extract_case
from robustrad.extract.table import write_features
from robustrad.sweep.progress import Progress
from robustrad.workers.interrupt import interruptible
from robustrad.workers.pool import run_pool
from robustrad.workers.threads import single_threaded


@dataclass(frozen=True)
class ExtractionJob:
    """One case to extract."""

    case: Case

    def message(self) -> dict[str, Any]:
        """Return the case as JSON."""
        return {
            "case_id": self.case.case_id,
            "image": str(self.case.image),
            "mask": str(self.case.mask),
            "label": self.case.label,
            "columns": dict(self.case.columns),
        }


class Extraction:
    """The service of a worker: made from ``{"params": mapping or null, "engine": name}``."""

    def __init__(self, setup: dict[str, Any]) -> None:
        self._parameters = load_parameters(setup["params"])
        self._engine = choose_engine(setup["engine"], self._parameters).engine

    def run(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return ``{"features": ...}`` or ``{"error": ...}`` of one case."""
        case = Case(
            message["case_id"],
            Path(message["image"]),
            Path(message["mask"]),
            message["label"],
            columns=message["columns"],
        )
        try:
            with single_threaded():
                return {"features": extract_case(case, self._parameters, engine=self._engine)}
        except RobustradError as error:
            return {"error": str(error)}
        except Exception as error:  # the boundary around one case: recorded, and on to the next
            return {"error": f"{case.case_id}: {type(error).__name__}: {error}"}


def extract_command(
    path: Path, output: Path, *, params: str | None, engine: str, jobs: int | None
) -> tuple[int, Told]:
    """Extract every case of the table ``path`` into the CSV ``output``; exit code 1 if a case failed."""
    cases = load_cases(path)
    parameters = load_parameters(params)
    note = choose_engine(engine, parameters).note
    setup = {"params": parameters.mapping(), "engine": engine}
    rows: dict[str, dict[str, float]] = {}
    errors: dict[str, str] = {}
    work = [ExtractionJob(case) for case in cases]
    answers = run_pool(
        "robustrad.sweep.extraction:Extraction", setup, work, workers=jobs or os.cpu_count() or 1
    )
    with interruptible(), Progress(len(work), len(work), show=True) as bar:
        for job, value, last_words in answers:
            told = value or {"error": f"{job.case.case_id}: killed its worker twice: {last_words}"}
            if "features" in told:
                rows[job.case.case_id] = told["features"]
            else:
                errors[job.case.case_id] = told["error"]
            bar.step(failed="error" in told)
    ordered = [(case.case_id, rows.get(case.case_id, {})) for case in cases]
    write_features(output, ordered, parameters=parameters)
    lines = [note] if note else []
    lines += [errors[case.case_id] for case in cases if case.case_id in errors]
    lines.append(f"{output}: {len(rows)} cases, {len(errors)} failed.")
    return (1 if errors else 0), Told("\n".join(lines), {"ok": len(rows), "errors": errors})
