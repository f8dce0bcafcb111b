"""What a folder holds that can be reported: its record, its tables, and what is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from robustrad.core.errors import StudyError
from robustrad.report.sheets import Sheet, read_sheet
from robustrad.stability.origin import RECORD, origin_of

STABILITY = ("stability", "summary", "headline", "components", "components_summary")
DRIFT = (
    "drift", "breakdown", "deployment", "patients", "matrix", "safeguards", "selected", "selection_stability",
    "calibration", "remedies", "calibration_sweep", "deployment_needs", "kaplan_meier", "survival",
    "survival_safeguards", "harmonization", "survival_harmonization",
    "survival_safeguards", "survival_remedies", "survival_calibration_sweep", "survival_deployment_needs",
)  # fmt: skip
_NUMBERS = {"components_summary": ("level", "subject")}  # there they are components, not names


@dataclass(frozen=True)
class Holdings:
    """A study folder (or the folder of an analysis of a feature table) as the report sees it.

    Attributes
    ----------
    folder : Path
        Where it is.
    record : dict
        ``study.json``; empty where the folder is no study.
    drift_record : dict
        ``drift/drift.json``; empty without a drift analysis.
    survival_record : dict
        ``drift/survival.json``; empty without an analysis of time to event.
    sheets : mapping of str to Sheet
        Tables by name: ``cases``, ``conditions``, those of the analyses, later those derived for the report.
    finished : bool
        Whether ``features.parquet`` is there (true for analyses of a feature table).
    captions : mapping of str to str
        Texts that analyses left beside their figures.
    stability_record : dict
        ``stability/source.json``: the feature table that stability was computed from; empty where not told.
    features_now : dict or None
        The ``features.parquet`` that is there now, see :func:`robustrad.stability.origin.origin_of`; None for
        analyses of a feature table.
    """

    folder: Path
    record: dict[str, Any]
    drift_record: dict[str, Any]
    survival_record: dict[str, Any]
    sheets: Mapping[str, Sheet]
    finished: bool
    captions: Mapping[str, str] = field(default_factory=dict)
    stability_record: dict[str, Any] = field(default_factory=dict)
    features_now: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """Name of the study: its folder's, unless that says nothing."""
        path = self.folder.resolve()
        return path.parent.name if path.name in {"study", "out", "OUT"} and path.parent.name else path.name

    @property
    def protocol(self) -> dict[str, Any]:
        """The protocol as resolved; empty where unknown."""
        found = self.record.get("protocol", {})
        return found if isinstance(found, dict) else {}

    @property
    def factors(self) -> dict[str, dict[str, Any]]:
        """The protocol's factors by name, in its order."""
        found = self.protocol.get("factors", {})
        if isinstance(found, list):
            return {str(factor.get("name")): factor for factor in found}
        return dict(found) if isinstance(found, dict) else {}

    @property
    def n_cases(self) -> int:
        """Number of cases swept: those of ``features.parquet``, before it is there those of ``cases.csv``."""
        swept = None if self.features_now is None else self.features_now["cases"]
        return len(self.frame("cases")) if swept is None else int(swept)

    def sheet(self, name: str) -> Sheet | None:
        """Return the table ``name`` where it is there and has rows."""
        found = self.sheets.get(name)
        return found if found is not None and len(found.frame) else None

    def frame(self, name: str) -> pd.DataFrame:
        """Return the rows of the table ``name``; an empty frame where it is not there."""
        found = self.sheets.get(name)
        return pd.DataFrame() if found is None else found.frame


def read_holdings(folder: Path) -> Holdings:
    """Return what ``folder`` holds.

    Parameters
    ----------
    folder : Path
        A study folder, or the folder into which ``robustrad stability`` or ``robustrad drift`` wrote the
        tables of a feature table.

    Raises
    ------
    StudyError
        If it holds nothing that can be reported, or a file cannot be read.
    """
    record = _json(folder / "study.json")
    sheets: dict[str, Sheet] = {}
    for name, files in _candidates().items():
        for file in files:
            found = read_sheet(folder, file, numbers=_NUMBERS.get(name, ()))
            if found is not None:
                sheets[name] = found
                break
    drift_record, survival_record = (
        _json(folder / "drift" / file) or _json(folder / file) for file in ("drift.json", "survival.json")
    )
    if not record and not {"stability", "drift", "survival"} & set(sheets):
        raise StudyError(
            str(folder),
            "nothing to report here" if folder.is_dir() else "no such folder",
            "a study folder (robustrad sweep), or the tables of robustrad stability or robustrad drift",
        )
    finished = (folder / "features.parquet").is_file() or not record
    return Holdings(
        folder,
        record,
        drift_record,
        survival_record,
        sheets,
        finished,
        stability_record=_json(folder / "stability" / RECORD) or _json(folder / RECORD),
        features_now=origin_of(folder) if record else None,
    )


def _candidates() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {name: (f"{name}.csv",) for name in ("cases", "conditions")}
    found |= {name: (f"stability/{name}.csv", f"{name}.csv") for name in STABILITY}
    return found | {name: (f"drift/{name}.csv", f"{name}.csv") for name in DRIFT}


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StudyError(str(path), f"cannot be read ({error})", "a file that robustrad wrote") from error
    return value if isinstance(value, dict) else {}
