"""The tables of a comparison of remedies: one per experiment, the sweep, what a deployment needs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from robustrad.report.catalog_views import INTERVAL, filled, positions
from robustrad.report.holdings import Holdings
from robustrad.report.judged import Judged, held
from robustrad.report.remedy_words import NONE, UNSEEN, experiments, short, title
from robustrad.report.sheets import Sheet
from robustrad.report.views import Column, Table


def _candidates(judged: Judged, *, ranked: bool) -> tuple[Column, ...]:
    first = (Column("Rank", ("rank",), "int", blank=True),) if ranked else ()
    return (
        Column("Remedy", ("remedy",)),
        *first,
        Column("Factor", ("scope",), about="Seen: the remedy learned from the factor that it meets; unseen"),
        Column(
            f"{judged.measure} before",
            (judged.column("before"),),
            "2f",
            about="Without a remedy, the same patients",
        ),
        Column(f"{judged.measure} after", judged.limits("after"), "2f", INTERVAL),
        Column(
            "Left to lose",
            ("left_to_lose", "left_to_lose_low", "left_to_lose_high"),
            "2f",
            INTERVAL,
            about=f"{judged.measure} at the reference minus {judged.measure} with the remedy",
        ),
        Column(
            "Recovery",
            ("recovery", "recovery_low", "recovery_high"),
            "share",
            INTERVAL,
            about="Share of the loss that came back; given only where there was a drift",
        ),
        Column("Agreement", ("agreement",), "2f", about="Median ICC(A,1) of the features with the reference"),
        Column("Slope", ("slope",), "2f", about="Calibration slope, 1 is ideal"),
        Column("CITL", ("citl",), "2f", about="Calibration in the large, 0 is ideal"),
        Column("Batch effect", ("batch_effect_share",), "share", about="Features that still differ by site"),
        Column(
            "Site told",
            ("batch_classifier",),
            "2f",
            about="How often a classifier tells the site from the features",
        ),
        Column("\u03c1 volume", ("spearman_volume",), "2f", about="Spearman's rho of the score with volume"),
        Column("Patients", ("cost_patients",), "plain", about="Patients of a site that it needs", quiet="0"),
        Column("Copies", ("cost_copies",), "plain", about="Perturbed copies per patient", quiet="0"),
        Column("Lost", ("features_lost",), "1f", about="Features that it takes away (mean)", quiet="0.0"),
        Column("Seconds", ("cost_seconds",), "g", about="Of all its fits together"),
    )


def _of(sheet: Sheet, judged: Judged, experiment: str, *, headline: bool) -> list[int]:
    frame = sheet.frame
    own = frame["experiment"].eq(experiment)
    ranked, known = frame["rank"].notna(), frame[judged.column("after")].notna()
    if not (own & ranked).any():
        chosen = own & known if headline else own & False
    else:
        chosen = own & (ranked if headline else ~ranked & known)
    return positions(chosen)


def experiment_table(holdings: Holdings, judged: Judged, experiment: str) -> Table | None:
    """Remedies of one experiment, ranked by what they do where they have seen nothing."""
    sheet = judged.sheet(holdings, "remedies")
    rows = [] if sheet is None else _of(sheet, judged, experiment, headline=True)
    if sheet is None or not rows:
        return None
    frame = sheet.frame.iloc[rows]
    ranked = bool(frame["rank"].notna().any())
    return Table(
        judged.name(f"remedies_{short(experiment)}"),
        judged.titled(title(experiment)),
        sheet,
        rows,
        _known(frame, _candidates(judged, ranked=ranked)),
        notes=(_notes(frame, judged, ranked=ranked),),
        marked=tuple(row for row in rows if sheet.frame["remedy"].iloc[row] == NONE),
        landscape=True,
    )


def seen_table(holdings: Holdings, judged: Judged, experiment: str) -> Table | None:
    """The same remedies where they had learned from the factor that they meet; they have no rank."""
    sheet = judged.sheet(holdings, "remedies")
    rows = [] if sheet is None else _of(sheet, judged, experiment, headline=False)
    if sheet is None or not rows:
        return None
    return Table(
        judged.name(f"remedies_{short(experiment)}_seen"),
        judged.titled("Where the remedy had learned from the factor that it meets (not ranked)."),
        sheet,
        rows,
        _known(sheet.frame.iloc[rows], _candidates(judged, ranked=False)),
        landscape=True,
    )


def refused_table(holdings: Holdings, judged: Judged) -> Table | None:
    """Remedies without a result, and why."""
    sheet = judged.sheet(holdings, "remedies")
    if sheet is None:
        return None
    rows = positions(sheet.frame[judged.column("after")].isna())
    return Table(
        judged.name("remedies_refused"),
        judged.titled("Remedies without a result."),
        sheet,
        rows,
        (
            Column("Experiment", ("experiment",)),
            Column("Remedy", ("remedy",)),
            Column("Factor", ("scope",)),
            Column("Why", ("status",), width=0.5),
        ),
    )


def _known(frame: pd.DataFrame, columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Leave out columns without a value."""
    there = [c for c in columns if c.names[0] in frame and frame[c.names[0]].notna().any()]
    return tuple(there)


def _notes(frame: pd.DataFrame, judged: Judged, *, ranked: bool) -> str:
    told = ["Everything was fitted on training patients only; intervals 95 %."]
    if ranked:
        told.append(
            f"Ranked by {judged.measure} where the remedy has not seen the factor; remedies that need "
            "patients of a site (seen) learned from training patients of every site. The row none is the "
            "model as it is."
        )
    others = frame[frame["remedy"].ne(NONE) & frame["recovery"].isna()]
    reasons = list(dict.fromkeys(others["recovery_status"].dropna().astype(str)))
    if ranked and reasons:
        told.append(f"No recovery is given where: {'; '.join(reasons)}.")
    if "calibration_status" in frame and frame["slope"].isna().all():
        states = dict.fromkeys(frame["calibration_status"].dropna().astype(str))
        told += [f"Calibration is {state}." for state in states]
    return " ".join(told)


def sweep_table(holdings: Holdings, judged: Judged) -> Table | None:
    """What the number of patients of a new site does."""
    sheet = judged.sheet(holdings, "calibration_sweep")
    if sheet is None:
        return None
    frame = sheet.frame
    rows = frame[judged.column("after")].notna() & frame["scope"].eq(UNSEEN)
    return Table(
        judged.name("calibration_sweep"),
        f"{judged.title}{judged.measure} at a new site by the number of its unlabelled patients that the "
        "remedy may see.",
        sheet,
        positions(rows),
        _known(
            frame[rows],
            (
                Column("Remedy", ("remedy",)),
                Column("Patients", ("calibration_patients",), "int"),
                Column(f"{judged.measure} after", judged.limits("after"), "2f", INTERVAL),
                Column("Drift", ("drift_after", "drift_after_low", "drift_after_high"), "2f", INTERVAL,
                       about=f"{judged.measure} with the remedy minus {judged.measure} at the reference"),
                Column("Recovery", ("recovery", "recovery_low", "recovery_high"), "share", INTERVAL),
                Column("Slope", ("slope",), "2f", about="Calibration slope, 1 is ideal"),
                Column("CITL", ("citl",), "2f", about="Calibration in the large, 0 is ideal"),
                Column("Sites", ("sites_judged",), "int", about="New sites judged, over all assignments"),
            ),
        ),
        notes=("The patients that the remedy sees are never judged. Zero: it needs none.",),
    )  # fmt: skip


def needs_tables(holdings: Holdings, judged: Judged) -> Iterator[Table]:
    """Yield how many predictions to average, and how many patients to collect, until the drift is small."""
    sheet = judged.sheet(holdings, "deployment_needs")
    if sheet is None:
        return
    delta = Column("Drift then", ("delta", "delta_low", "delta_high"), "3f", INTERVAL)
    without = Column("Drift without", ("delta_without",), "3f")
    asked = {
        "copies": (
            "Predictions to be averaged until the drift stays within the margin.",
            (Column("Level", ("factor", "level"), "text", "{} {}"),
             Column("Needed", ("needed",), "int"), Column("Draws", ("tried",), "int"), without, delta,
             Column("Score ICC", ("score_icc",), "2f", about="ICC(A,1) of the score between draws"),
             Column("For ICC .9", ("copies_for_score_icc",), "int",
                    about="Draws whose mean has an ICC of .9, by Spearman and Brown")),
        ),
        "calibration": (
            "Patients of a new site to be collected until the drift stays within the margin.",
            (Column("Remedy", ("remedy",)), Column("Factor", ("scope",)),
             Column("Needed", ("needed",), "int"), Column("Tried", ("tried",), "int"), without, delta),
        ),
    }  # fmt: skip
    for kind, (caption, columns) in asked.items():
        rows = sheet.rows(kind=kind)
        if rows:
            shown = _known(sheet.frame.iloc[rows], columns)
            yield Table(
                judged.name(f"deployment_needs_{kind}"),
                judged.titled(caption),
                sheet,
                rows,
                (*shown, Column("Status", ("status",))),
            )


def every(holdings: Holdings) -> Iterator[Table]:
    """Yield the tables that comparisons of remedies can fill, those by AUC first."""
    for judged in held(holdings):
        sheet = judged.sheet(holdings, "remedies")
        for experiment in () if sheet is None else experiments(sheet):
            for table in (
                experiment_table(holdings, judged, experiment),
                seen_table(holdings, judged, experiment),
            ):
                if table is not None:
                    yield table
        yield from filled(holdings, [partial(build, judged=judged) for build in (sweep_table, refused_table)])
        yield from needs_tables(holdings, judged)
