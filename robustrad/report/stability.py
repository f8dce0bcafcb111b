"""Everything that a stability analysis leaves: tables, figure, and a few lines to read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from robustrad.core.extremes import BEYOND, EXTREME
from robustrad.core.written import csv_text, make_folder, remove_file, write_bytes, write_csv, write_text
from robustrad.report.components import components_caption, components_figure
from robustrad.report.components_latex import components_latex
from robustrad.report.figures import heatmap_caption, render_figure, stability_figure
from robustrad.report.tables import text_or, to_latex
from robustrad.stability.classes import KOO_LI, Thresholds
from robustrad.stability.components_summary import components_summary, harmonizable_line
from robustrad.stability.origin import KEY, RECORD
from robustrad.stability.shared_patients import shared_patients_text
from robustrad.stability.strength import STRENGTH, strength_text
from robustrad.stability.summary import headline, summary


@dataclass(frozen=True)
class StabilityReport:
    """What was written.

    Attributes
    ----------
    table, summary, headline, components_summary : DataFrame
        From :mod:`robustrad.stability`; the last is None where components were not asked for.
    paths : tuple of Path
        Files, in the order in which they are told.
    thresholds : three floats
        Of the classes.
    not_used : tuple of str
        What to say of the columns that were not taken as features.
    """

    table: pd.DataFrame
    summary: pd.DataFrame
    headline: pd.DataFrame
    paths: tuple[Path, ...]
    thresholds: Thresholds
    components_summary: pd.DataFrame | None = None
    not_used: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """A few lines for the terminal: how many features survive what, and where the files are."""
        features = self.table["feature"].nunique()
        subjects = int(self.table["n"].max()) if features else 0
        bar = f"{self.thresholds[1]:g}"
        few = " Fewer than 20: the intervals are wide and uncertain." if subjects < 20 else ""
        lines = [
            f"{features} features, up to {subjects} cases.{few}",
            *filter(None, [shared_patients_text(self.table)]),
            *(f"Not used: {line}." for line in self.not_used),
            *self._extreme(),
            f"Good or excellent (lower limit of ICC >= {bar}), the worse of repeatability and agreement:",
            _columns("factor", "role", "severity or level", "strength", "features", "clusters"),
            *(_line(part) for _, part in self.headline.groupby(_KEYS, sort=False, dropna=False)),
            *self._harmonizable(),
            "Written:",
            *(f"  {path}" for path in self.paths),
        ]
        return "\n".join(lines)

    @property
    def data(self) -> dict[str, Any]:
        """The same for machines."""
        counts = self.headline.astype(object).where(self.headline.notna(), None)
        told: dict[str, Any] = {
            "headline": counts.to_dict("records"),
            "files": [str(path) for path in self.paths],
            "not_used": list(self.not_used),
        }
        if self.components_summary is not None:
            shares = self.components_summary[["factor", "role", "feature_class", "harmonizable_share"]]
            told["harmonizable"] = shares.astype(object).where(shares.notna(), None).to_dict("records")
        return told

    def _extreme(self) -> list[str]:
        names = self.table.loc[self.table["status"].eq(EXTREME), "feature"].unique()
        some = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        return [f"Without a number: {some} ({BEYOND})."] if len(names) else []

    def _harmonizable(self) -> list[str]:
        line = "" if self.components_summary is None else harmonizable_line(self.components_summary)
        return [line] if line else []


_KEYS = ["factor", "role", "severity", "level"]


def write_stability(
    table: pd.DataFrame,
    folder: Path,
    *,
    components: pd.DataFrame | None = None,
    thresholds: Thresholds = KOO_LI,
    alpha: float = 0.05,
    note: str = "",
    origins: Sequence[dict[str, Any]] = (),
    not_used: tuple[str, ...] = (),
) -> StabilityReport:
    """Write the views of a stability table into ``folder``: CSV, LaTeX, figures and their captions.

    Everything is made before the first file is written; the same table gives the same bytes.

    Parameters
    ----------
    table : DataFrame
        From :func:`robustrad.stability.table.stability_table`.
    folder : Path
        Where; made if it is not there.
    components : DataFrame, optional
        From :func:`robustrad.stability.components_table.components_table` of the same source.
    thresholds, alpha
        With which the table was made, for the texts.
    note : str
        A sentence for the footnotes: who computed the features.
    origins : sequence of dict
        The feature tables that the numbers come from (:func:`robustrad.stability.origin.origins_of`), for
        ``source.json``.
    not_used : tuple of str
        What to say of the columns that were not taken as features.

    Returns
    -------
    StabilityReport

    Raises
    ------
    StudyError
        If the folder cannot be written.
    StorageFullError
        If the disk is full.
    """
    note = f"{note} {shared_patients_text(table)}".strip()
    summarized, counted = summary(table), headline(table)
    latex = to_latex(summarized, thresholds=thresholds, alpha=alpha, note=note)
    figure = render_figure(stability_figure(summarized, thresholds=thresholds))
    caption = f"{heatmap_caption(summarized, alpha=alpha)} {note}".rstrip() + "\n"
    parts = None if components is None else components_summary(components, table)
    views = {} if components is None or parts is None else _component_views(components, parts, note)
    make_folder(folder)
    remove_file(folder / RECORD)  # written last: where it is, the tables are of its source
    paths = (
        write_csv(table, folder / "stability.csv"),
        write_csv(summarized, folder / "summary.csv"),
        write_csv(counted, folder / "headline.csv"),
        write_text(latex, folder / "summary.tex"),
        *(write_bytes(content, folder / f"heatmap{suffix}") for suffix, content in figure.items()),
        write_text(caption, folder / "heatmap.txt"),
        *(write_bytes(content, folder / name) for name, content in views.items()),
        write_text(json.dumps({KEY: list(origins)}, indent=2) + "\n", folder / RECORD),
    )
    return StabilityReport(table, summarized, counted, paths, thresholds, parts, not_used)


def _component_views(components: pd.DataFrame, parts: pd.DataFrame, note: str) -> dict[str, bytes]:
    figure = render_figure(components_figure(parts))
    caption = f"{components_caption(parts)} {note}".rstrip() + "\n"
    return {
        "components.csv": csv_text(components).encode(),
        "components_summary.csv": csv_text(parts).encode(),
        "components.tex": components_latex(parts, note=note).encode(),
        **{f"components{suffix}": content for suffix, content in figure.items()},
        "components.txt": caption.encode(),
    }


def _line(part: pd.DataFrame) -> str:
    first = part.iloc[0]
    severity = first["severity"]
    where = text_or(first["level"], "all" if pd.isna(severity) else f"{severity:g}")
    role = text_or(first["role"], "")
    units = {row["unit"]: _survive(row) for row in part.to_dict("records")}
    strength = strength_text({name: float(first[name]) for name in STRENGTH})
    return _columns(first["factor"], role, where, strength, units["features"], units["clusters"])


def _columns(factor: str, role: str, where: str, *counted: str) -> str:
    strength, features, clusters = counted
    return f"  {factor:<20} {role:<12} {where:<18} {strength:<12} {features:>16} {clusters:>16}"


def _survive(row: dict[Any, Any]) -> str:
    count, of = row["n_good"] + row["n_excellent"], row["n_classifiable"]
    return f"{count}/{of} ({100 * count / of:.0f} %)" if of else "none classified"
