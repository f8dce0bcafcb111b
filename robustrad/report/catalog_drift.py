"""The tables of a report on models: drift by severity, breakdown, deployment, safeguards."""

from __future__ import annotations

from collections.abc import Iterator

from robustrad.drift.evaluate.notes import FEW_OF_CLASS
from robustrad.report.catalog_views import (
    INTERVAL,
    LEVEL_COLUMNS,
    VERDICT,
    cautions,
    change_column,
    filled,
    harmonization,
    interval_words,
    positions,
    safeguards,
    status_column,
    status_words,
    whole,
)
from robustrad.report.holdings import Holdings
from robustrad.report.model_facts import margin_words
from robustrad.report.views import Column, Table
from robustrad.stability.status import FEW_SUBJECTS

STATUSES = {
    "few": f"fewer than {FEW_SUBJECTS} patients, or fewer than {FEW_OF_CLASS} of a class",
    "separated": "an AUC of exactly 0 or 1; its interval has no width and says nothing",
    "tied": "one score for all; the interval has no width and says nothing",
    "one_class": "only one class is left",
    "insufficient": "fewer than 5 patients, or more than 20 % dropped",
}


def drift_table(holdings: Holdings) -> Table | None:
    """Performance at every level."""
    sheet = holdings.sheet("drift")
    if sheet is None:
        return None
    made = interval_words(sheet.frame)
    return Table(
        "drift",
        "Performance of the model at every level, and what changed against the reference (same patients).",
        sheet,
        range(len(sheet.frame)),
        (
            *LEVEL_COLUMNS,
            Column("n", ("n",), "int"),
            Column("AUC", ("auc", "auc_low", "auc_high"), "2f", INTERVAL),
            change_column("AUC"),
            VERDICT,
            Column("Brier", ("brier",), "3f"),
            Column("Slope", ("slope",), "2f", about="Calibration slope"),
            Column("CITL", ("citl",), "2f", about="Calibration in the large"),
            Column("Flips", ("flips",), "plain", about="Subjects whose class changes"),
            Column("Score ICC", ("score_icc_a_1",), "2f", about="ICC(A,1) of the score with the reference"),
            *status_column(sheet.frame),
        ),
        groups=("model",),
        group_notes=("arm",),
        notes=(
            (
                f"Intervals of AUC: 95 %, {made}. Change: simultaneous 95 % band over "
                "all levels. "
                f"Verdicts at a margin of {margin_words(holdings.drift_record)}; controls and the "
                f"reference have none.{status_words(sheet.frame, STATUSES)}"
                f"{cautions(sheet.frame, 'AUC', 'auc')}"
            ),
        ),
        landscape=True,
    )


def breakdown_table(holdings: Holdings) -> Table | None:
    """From which severity on the model no longer holds."""
    return whole(
        holdings,
        "breakdown",
        "Breakdown: the first severity that is not shown robust, and the first that drifts.",
        (
            Column("Factor", ("factor",)),
            Column("Not robust from", ("first_not_robust",), "plain"),
            Column("Drifts from", ("first_drifts",), "plain"),
            Column(
                "Smallest margin",
                ("smallest_margin",),
                "3f",
                about="The smallest margin that this number of patients could have verified",
            ),
            Column("In words", ("sentence",), width=0.46),
        ),
        groups=("model",),
        group_notes=("arm",),
        notes=tuple(note for note in (cautions(holdings.frame("drift"), "AUC", "auc").strip(),) if note),
    )


def deployment_table(holdings: Holdings) -> Table | None:
    """Every patient at a random condition."""
    sheet = holdings.sheet("deployment")
    separated = sheet is not None and sheet.frame["auc"].isin((0.0, 1.0)).any()
    edge = " An AUC of exactly 0 or 1 has an interval without width, which says nothing." if separated else ""
    return whole(
        holdings,
        "deployment",
        "Deployment: every patient at a random acquisition or delineation condition.",
        (
            Column("Model", ("model", "arm"), "text", "{} ({})"),
            Column("AUC", ("auc", "auc_low", "auc_high"), "2f", INTERVAL),
            Column("at reference", ("auc_reference",), "2f"),
            Column("Brier", ("brier",), "3f"),
            Column("at reference", ("brier_reference",), "3f"),
            Column("Slope", ("slope",), "2f"),
            Column("Balanced accuracy", ("balanced_accuracy",), "2f"),
            Column("Mixes", ("n_mixes",), "int"),
        ),
        notes=(
            (
                "AUC per level is blind to a shift that all patients share; in a mix of conditions that "
                "shift costs "
                f"thresholds, calibration and AUC.{edge}"
            ),
        ),
    )


def safeguards_table(holdings: Holdings) -> Table | None:
    """What volume, batch, clinic and chance would score."""
    title = "Safeguards: what volume, batch, clinic and chance would score."
    return safeguards(holdings, "safeguards", title)


def harmonization_table(holdings: Holdings) -> Table | None:
    """May ComBat be used, and what did it achieve?"""
    title = "ComBat: preconditions, and its effect out of fold."
    return harmonization(holdings, "harmonization", title)


def selected_table(holdings: Holdings) -> Table | None:
    """Which features the models use."""
    sheet = holdings.sheet("selected")
    if sheet is None:
        return None
    frame = sheet.frame
    often = frame["frequency"].ge(0.5)
    rows = positions(often) or list(range(min(10, len(frame))))
    return Table(
        "selected",
        "Features that at least half of the fits of a model use.",
        sheet,
        rows,
        (
            Column("Feature", ("feature",), width=0.4),
            Column("Used in", ("frequency",), "share", about="Share of the fits"),
            Column("Spearman with volume", ("spearman_volume",), "2f"),
            Column("Flag", ("flag",), blank=True),
        ),
        groups=("model",),
        group_notes=("arm",),
    )


def selection_table(holdings: Holdings) -> Table | None:
    """How stable the selection is."""
    return whole(
        holdings,
        "selection_stability",
        "Stability of the selection (Nogueira's measure): below .4 poor, above .75 excellent.",
        (
            Column("Model", ("model", "arm"), "text", "{} ({})"),
            Column("Over", ("over",)),
            Column("Of", ("level",)),
            Column("Phi", ("phi", "low", "high"), "2f", INTERVAL),
            Column("Runs", ("runs",), "int"),
            Column("Status", ("status",)),
        ),
    )


def every(holdings: Holdings) -> Iterator[Table]:
    """Yield the tables that a drift analysis can fill."""
    yield from filled(
        holdings,
        (
            drift_table,
            breakdown_table,
            deployment_table,
            safeguards_table,
            harmonization_table,
            selected_table,
            selection_table,
        ),
    )
