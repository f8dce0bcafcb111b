"""Several studies side by side: which features are robust in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from robustrad.core.errors import StudyError
from robustrad.report.blocks import table_block
from robustrad.report.derived import FOLDER, derive
from robustrad.report.freshness import out_of_date
from robustrad.report.holdings import Holdings, read_holdings
from robustrad.report.html_table import BANDS
from robustrad.report.sections import Section
from robustrad.report.sheets import Sheet
from robustrad.report.views import Column, Table


def comparison(folders: Sequence[Path]) -> tuple[tuple[Section, ...], tuple[Table, ...], tuple[Sheet, ...]]:
    """Return the section, its tables and the sheets behind them.

    Parameters
    ----------
    folders : sequence of Path
        Two studies or more, each with its stability measured.

    Raises
    ------
    StudyError
        If a study has no stability table.
    """
    studies = [derive(read_holdings(folder)) for folder in folders]
    for study in studies:
        if study.sheet("survivors") is None:
            raise StudyError(
                str(study.folder), "no stability to compare", "measured stability",
                f"Run: robustrad stability {study.folder}",
            )  # fmt: skip
    names = labels(studies)
    features, counts = compare_features(studies, names), compare_studies(studies, names)
    sheets = (
        Sheet(f"{FOLDER}/compare_studies.csv", counts),
        Sheet(f"{FOLDER}/compare_features.csv", features),
    )
    tables = (_studies_table(sheets[0]), _features_table(sheets[1], names))
    in_all = int(features["in_all"].eq("yes").sum())
    common = int(features["in_all"].ne("").sum())
    older = [
        f"{name}: {sentence}"
        for name, study in zip(names, studies, strict=True)
        for sentence in out_of_date(study)
        if sentence.anchor == "stability"
    ]
    lead = (
        *older,
        (
            f"{in_all} of the {common} features that all {len(studies)} studies can classify are good or "
            "excellent under every "
            "acquisition and delineation factor of each of them."
        ),
        (
            "Studies differ in protocol, modality and cohort: a feature that survives in all of them has "
            "survived "
            "what each of them tried, no more."
        ),
    )
    body = (table_block(tables[0]), table_block(tables[1], search=True))
    return (Section("compare", "Side by side", lead, body),), tables, sheets


def labels(studies: Sequence[Holdings]) -> list[str]:
    """Return a name for each study, with a number where two would share one."""
    names = [study.name for study in studies]
    return [name if names.count(name) == 1 else f"{name} ({i})" for i, name in enumerate(names, start=1)]


def compare_features(studies: Sequence[Holdings], names: Sequence[str]) -> pd.DataFrame:
    """Return a row per feature: its class in each study, and whether it is good or excellent in all.

    ``in_all`` is empty where a study lacks the feature or cannot classify it.
    """
    columns = {}
    for name, study in zip(names, studies, strict=True):
        frame = study.frame("survivors").set_index("feature")
        columns[name] = frame["class"]
    table = pd.DataFrame(columns).rename_axis("feature")
    order = dict.fromkeys(feature for study in studies for feature in study.frame("survivors")["feature"])
    table = table.reindex(list(order))
    known = table.notna().all(axis=1)
    robust = table.isin(BANDS[2:]).all(axis=1)
    told = [
        "yes" if good else "no" if all_known else "" for good, all_known in zip(robust, known, strict=True)
    ]
    return table.assign(in_all=told).reset_index()


def compare_studies(studies: Sequence[Holdings], names: Sequence[str]) -> pd.DataFrame:
    """Return a row per study: what it was, and how many features and clusters survive."""
    rows = []
    for name, study in zip(names, studies, strict=True):
        counts = study.frame("survivor_counts")
        both = counts[counts["role"].eq("both")].set_index("unit")
        cases = study.frame("cases")
        modality = cases["modality"].dropna().astype(str) if "modality" in cases else pd.Series(dtype=str)
        rows.append(
            {
                "study": name,
                "modality": ", ".join(dict.fromkeys(modality)) or study.protocol.get("modality", ""),
                "protocol": study.protocol.get("name", ""),
                "cases": len(cases) or None,
                "conditions": len(study.frame("conditions")) or None,
                "features": _of(both, "features", "n_good_or_excellent"),
                "n_features": _of(both, "features", "n_classifiable"),
                "clusters": _of(both, "clusters", "n_good_or_excellent"),
                "n_clusters": _of(both, "clusters", "n_classifiable"),
            }
        )
    return pd.DataFrame(rows)


def _of(counts: pd.DataFrame, unit: str, column: str) -> int | None:
    return int(counts.loc[unit, column]) if unit in counts.index else None  # type: ignore[arg-type]  # a number


def _studies_table(sheet: Sheet) -> Table:
    return Table(
        "compare_studies",
        "The studies, and the features that stay good or excellent in each.",
        sheet,
        range(len(sheet.frame)),
        (
            Column("Study", ("study",)),
            Column("Modality", ("modality",)),
            Column("Protocol", ("protocol",)),
            Column("Cases", ("cases",), "int"),
            Column("Conditions", ("conditions",), "int"),
            Column("Features", ("features", "n_features"), "int", "{} of {}"),
            Column("Clusters", ("clusters", "n_clusters"), "int", "{} of {}"),
        ),
    )


def _features_table(sheet: Sheet, names: Sequence[str]) -> Table:
    return Table(
        "compare_features",
        "The worst class of each feature in each study.",
        sheet,
        range(len(sheet.frame)),
        (
            Column("Feature", ("feature",), width=0.4),
            *(Column(name, (name,), band=name) for name in names),
            Column("Good or excellent in all", ("in_all",), blank=True),
        ),
    )
