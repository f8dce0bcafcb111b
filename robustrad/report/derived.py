"""Tables that the report adds to a study's own: who was in it, what failed, what survives everything.

They are counted by the rooms that know how; here they are called, named, and written beside the report.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from robustrad.cases.cohort import cohort_table
from robustrad.report.checklists import checklist
from robustrad.report.dictionary import explain
from robustrad.report.holdings import Holdings
from robustrad.report.sheets import Sheet
from robustrad.report.tables import write_csv
from robustrad.report.troubles import trouble_counts, trouble_reasons
from robustrad.stability.facts import VOLUMES
from robustrad.stability.files import read_columns, read_parquet
from robustrad.stability.observations import CHAINS, REFERENCE
from robustrad.stability.shared_features import shared_counts
from robustrad.stability.strength_summary import strength_table
from robustrad.stability.survivors import factor_counts, survivor_counts, survivors
from robustrad.sweep.status import study_status

FOLDER = "report/tables"
_STATUSES = ("ok", "skipped", "failed", "missing")
_MEASURES = (
    "sd_difference", "rmse", "ssim", "noise_sd", "dice", "hd95_mm", "volume_ratio", "roi_voxels", "bins",
)  # fmt: skip
_CLASS_ESTIMANDS = ("agreement", "repeatability", *CHAINS)


def derive(holdings: Holdings) -> Holdings:
    """Return ``holdings`` with the derived tables among its sheets; nothing is written."""
    added: dict[str, pd.DataFrame] = {}
    features = _features(holdings)
    if holdings.record:
        units = _units(holdings, features)
        added["units"] = _unit_counts(units)
        added["troubles"] = units[units["status"].isin(_STATUSES[1:3])].reset_index(drop=True)
        added["trouble_counts"] = trouble_counts(added["troubles"])
        added["trouble_reasons"] = trouble_reasons(added["troubles"])
    if features is not None:
        added["strength"] = _wide(strength_table(features))
    cases = holdings.sheet("cases")
    if cases is not None:
        swept = _swept(cases.frame, features)
        added["cohort"] = cohort_table(swept, volumes_ml=_volumes(swept, features))
    stability = holdings.sheet("stability")
    if stability is not None:
        added["survivors"] = survivors(stability.frame)
        added["survivor_counts"] = survivor_counts(stability.frame)
        added["shared_features"] = shared_counts(stability.frame)
        added["limits"] = _limits(stability.frame)
        added["dictionary"] = explain(dict.fromkeys(stability.frame["feature"]))
    headline = holdings.sheet("headline")
    if headline is not None:
        added["factors"] = factor_counts(headline.frame)
    known = dataclasses.replace(holdings, sheets={**holdings.sheets, **_sheets(added)})
    added["checklists"] = checklist(known)
    return dataclasses.replace(holdings, sheets={**holdings.sheets, **_sheets(added)})


def _sheets(added: Mapping[str, pd.DataFrame]) -> dict[str, Sheet]:
    return {name: Sheet(f"{FOLDER}/{name}.csv", frame) for name, frame in added.items()}


def write_derived(holdings: Holdings, folder: Path) -> list[Path]:
    """Write the derived tables of ``holdings`` into ``folder`` (``report/tables``)."""
    own = [sheet for sheet in holdings.sheets.values() if sheet.file.startswith(f"{FOLDER}/")]
    return [write_csv(sheet.frame, folder / sheet.file.rsplit("/", 1)[1]) for sheet in own]


def _features(holdings: Holdings) -> pd.DataFrame | None:
    """Return identity, strength and volume columns of ``features.parquet``, where it is there."""
    path = holdings.folder / "features.parquet"
    if not holdings.record or not path.is_file():
        return None
    identity = ("case_id", "condition", "factor", "level", "severity", "sign", "draw", "status", "reason")
    names = read_columns(path)
    wanted = [name for name in names if name in (*identity, *VOLUMES) or name.startswith("strength_")]
    return read_parquet(path, columns=wanted)


def _units(holdings: Holdings, features: pd.DataFrame | None) -> pd.DataFrame:
    """Return case, condition, factor, level, status and reason of every unit that has come to something."""
    columns = ["case_id", "condition", "factor", "level", "status", "reason"]
    if features is not None:
        return features[columns]
    found = study_status(holdings.folder)
    conditions = holdings.frame("conditions").set_index("condition")
    troubles = pd.DataFrame(
        [(t.case_id, t.condition, t.status, t.reason) for t in found.troubles],
        columns=["case_id", "condition", "status", "reason"],
    )
    for name in ("factor", "level"):
        troubles[name] = troubles["condition"].map(conditions[name]) if name in conditions else ""
    others = pd.DataFrame(
        [(status,) for status in ("ok", "missing") for _ in range(found.counts.get(status, 0))],
        columns=["status"],
    )
    return pd.concat([troubles, others], ignore_index=True).reindex(columns=columns)


def _unit_counts(units: pd.DataFrame) -> pd.DataFrame:
    counts = units["status"].value_counts()
    row = {name: int(counts.get(name, 0)) for name in _STATUSES}
    return pd.DataFrame([{"units": sum(row.values()), **row}])


def _wide(strength: pd.DataFrame) -> pd.DataFrame:
    """Return a row per factor and level with median and quartiles of each measure."""
    keys = ["factor", "level", "severity", "sign"]
    rows = []
    for key, part in strength.groupby(keys, sort=False, dropna=False):
        row: dict[str, object] = dict(zip(keys, key, strict=True))
        row["n"] = int(part["n"].max())
        own = part.set_index("measure")
        for measure in (name for name in _MEASURES if name in own.index):
            median, q1, q3 = own.loc[measure, ["median", "q1", "q3"]]
            row |= {measure: median, f"{measure}_q1": q1, f"{measure}_q3": q3}
        rows.append(row)
    each = [name for measure in _MEASURES for name in (measure, f"{measure}_q1", f"{measure}_q3")]
    return pd.DataFrame(rows, columns=[*keys, "n", *each])


def _swept(cases: pd.DataFrame, features: pd.DataFrame | None) -> pd.DataFrame:
    """Return the rows of the cases that were swept; all of them before that is known."""
    if features is None or "case_id" not in cases:
        return cases
    return cases[cases["case_id"].str.strip().isin(features["case_id"])].reset_index(drop=True)


def _volumes(cases: pd.DataFrame, features: pd.DataFrame | None) -> pd.Series | None:
    """Return each case's volume at the reference in mL."""
    if features is None or "case_id" not in cases:
        return None
    name = next((volume for volume in VOLUMES if volume in features.columns), None)
    if name is None:
        return None
    reference = features[features["factor"] == REFERENCE].drop_duplicates("case_id").set_index("case_id")
    return cases["case_id"].map(reference[name]) / 1000.0


def _or_all(level: pd.Series) -> pd.Series:
    known = level.astype(object)
    return known.where(known.notna(), "all").astype(str)


def _limits(stability: pd.DataFrame) -> pd.DataFrame:
    """Return the limit that decides each class, a row per feature, a column per comparison."""
    rows = stability[stability["estimand"].isin(_CLASS_ESTIMANDS) & stability["role"].ne("control")]
    names = rows["factor"].str.cat(_or_all(rows["level"]), sep="=")
    repeats = rows["estimand"].ne("agreement")
    names = names.where(~repeats, names + " (repeats)")
    order = list(dict.fromkeys(names))
    features = list(dict.fromkeys(rows["feature"]))
    values = np.full((len(features), len(order)), np.nan)
    values[
        pd.Index(features).get_indexer(pd.Index(rows["feature"])),
        pd.Index(order).get_indexer(pd.Index(names)),
    ] = rows["class_limit"]
    return pd.concat([pd.DataFrame({"feature": features}), pd.DataFrame(values, columns=order)], axis=1)
