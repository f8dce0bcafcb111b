"""The tables of a report, each a view of one sheet: what HTML, LaTeX, Word and CSV have in common."""

from __future__ import annotations

from collections.abc import Iterator

from robustrad.core.extremes import BEYOND
from robustrad.report.catalog_views import INTERVAL, LEVEL_COLUMNS, filled, positions, whole
from robustrad.report.holdings import Holdings
from robustrad.report.views import Column, Table

_CHANGE = "SD of the change of the image in the ROI"


def cohort(holdings: Holdings) -> Table | None:
    """Who was in the study."""
    return whole(
        holdings,
        "cohort",
        "Cases of the study.",
        (
            Column("Variable", ("variable",)),
            Column("Value", ("value",), blank=True, width=0.3),
            Column("n", ("n",), "int"),
            Column("Share", ("share",), "share", blank=True),
            Column("Median [quartiles]", ("median", "q1", "q3"), "g", INTERVAL, blank=True),
            Column("Missing", ("n_missing",), "int", blank=True, quiet="0"),
        ),
        notes=("Share: of the cases that have a value.",),
    )


def strength(holdings: Holdings) -> Table | None:
    """What each perturbation really did."""
    sheet = holdings.sheet("strength")
    if sheet is None:
        return None
    unit = {"PT": " (SUV)", "CT": " (HU)"}.get(str(holdings.protocol.get("modality")), "")
    measures = (
        Column(f"Image, SD{unit}", ("sd_difference",), "g", quiet="0", about=_CHANGE),
        Column("Dice", ("dice",), "3f", quiet="1.000", about="Overlap with the original contour"),
        Column(
            "HD95 (mm)", ("hd95_mm",), "g", quiet="0", about="95 % Hausdorff distance to the original contour"
        ),
        Column(
            "Volume ratio", ("volume_ratio",), "3f", quiet="1.000", about="Volume after over volume before"
        ),
        Column("ROI voxels", ("roi_voxels",), "int", about="Voxels of the ROI on the analysis grid"),
        Column("Gray levels", ("bins",), "int", about="Gray levels after discretization"),
    )
    return Table(
        "strength",
        "Measured strength of the perturbations: medians over cases and draws.",
        sheet,
        range(len(sheet.frame)),
        (
            *LEVEL_COLUMNS,
            Column("n", ("n",), "int", about="Units (case and draw) measured"),
            *(column for column in measures if sheet.frame[column.names[0]].notna().any()),
        ),
        notes=(
            (
                "Measured on image and mask before any resampling; voxels and gray levels on the analysis "
                "grid. "
                "Quartiles stand in strength.csv."
            ),
        ),
    )


def by_factor(holdings: Holdings) -> Table | None:
    """Good or excellent features under each factor and severity."""
    return whole(
        holdings,
        "factors",
        "Features and clusters of features that stay good or excellent, the worse of repeatability and "
        "agreement.",
        (
            Column("Factor", ("factor",)),
            Column("Role", ("role",)),
            Column("Severity", ("severity",), "plain", blank=True),
            Column("Level", ("level",), blank=True),
            Column("Features", ("features", "n_features"), "int", "{} of {}"),
            Column("Share", ("share",), "share"),
            Column("Clusters", ("clusters", "n_clusters"), "int", "{} of {}"),
            Column(
                "Outside",
                ("n_outside",),
                "int",
                about="Features without a class",
            ),
        ),
        notes=(
            (
                "Levels of one severity are judged together (both signs). Features that a factor cannot "
                "touch, that are constant, have too few subjects or hold values that cannot be computed with "
                "stand outside the share."
            ),
        ),
    )


_EXTREME = (Column("Extreme", ("n_extreme",), "int", about=f"Features with {BEYOND}"),)


def summary(holdings: Holdings) -> Table | None:
    """Stability by class and factor."""
    sheet = holdings.sheet("summary")
    if sheet is None:
        return None
    frame = sheet.frame
    shown = frame["image_type"].eq("all") & frame["role"].ne("control")
    return Table(
        "stability_summary",
        "Stability of radiomic features: share of features per class (%).",
        sheet,
        positions(shown),
        (
            Column("Feature class", ("feature_class",)),
            Column("n", ("n_features",), "int"),
            Column("Excellent", ("excellent",), "share"),
            Column("Good", ("good",), "share"),
            Column("Moderate", ("moderate",), "share"),
            Column("Poor", ("poor",), "share"),
            Column("Median [IQR]", ("median", "q1", "q3"), "2f", INTERVAL),
            Column("Invariant", ("n_invariant",), "int"),
            Column("Constant", ("n_constant",), "int"),
            Column("Insufficient", ("n_insufficient",), "int"),
            *_EXTREME[: int("n_extreme" in frame and frame["n_extreme"].any())],
        ),
        groups=("factor", "level"),
        group_notes=("estimand", "role"),
    )


_FEATURE_COLUMNS = (
    Column("Feature", ("feature",), width=0.34),
    Column(
        "Class", ("class",), band="class", about="Worst class over all acquisition and delineation factors"
    ),
    Column("ICC", ("icc",), "2f", about="Estimate at the worst comparison"),
    Column("95 % interval", ("limit", "high"), "limit", "{} to {}"),
    Column("Worst at", ("factor", "level"), "text", "{} {}"),
    Column("n", ("n",), "int", about="Complete subjects"),
    Column(
        "wCV",
        ("wcv",),
        "share",
        about="Within-subject coefficient of variation, where a ratio means something",
    ),
    Column("Volume-adj.", ("icc_volume_adjusted",), "2f", about="ICC of the residual on log volume"),
    Column("Cluster", ("cluster",), "int", about="Features with pairwise |Spearman| > .9 share a number"),
    Column("Flags", ("flags",), blank=True),
)


def features(holdings: Holdings) -> Table | None:
    """Every feature at its worst."""
    return whole(
        holdings,
        "survivors",
        "Every feature at its worst acquisition or delineation comparison.",
        _FEATURE_COLUMNS,
        name="features",
        landscape=True,
    )


def robust(holdings: Holdings) -> Table | None:
    """Features that stay good or excellent everywhere."""
    sheet = holdings.sheet("survivors")
    if sheet is None:
        return None
    return Table(
        "robust_features",
        "Features that stay good or excellent under every acquisition and delineation factor.",
        sheet,
        sheet.rows(survives="yes"),
        (*_FEATURE_COLUMNS[:6], _FEATURE_COLUMNS[8]),
        landscape=True,
    )


def troubles(holdings: Holdings) -> Table | None:
    """Why units have no features."""
    return whole(
        holdings,
        "trouble_counts",
        "Units without features, by reason (with the range where its number differs).",
        (
            Column("Factor", ("factor",)),
            Column("Level", ("level",)),
            Column("Status", ("status",)),
            Column("Reason", ("reason",), width=0.4),
            Column("Units", ("units",), "int"),
            Column("Cases", ("cases",), "int"),
        ),
    )


def trouble_list(holdings: Holdings) -> Table | None:
    """Every unit without features."""
    return whole(
        holdings,
        "troubles",
        "Every unit without features.",
        tuple(
            Column(name.capitalize().replace("_", " "), (name,))
            for name in ("case_id", "condition", "status", "reason")
        ),
    )


def every(holdings: Holdings) -> Iterator[Table]:
    """Yield the tables that the study can fill, in the order of a paper."""
    yield from filled(
        holdings,
        (cohort, strength, by_factor, summary, robust, features, dictionary_table, checklists),
    )


def checklists(holdings: Holdings) -> Table | None:
    """Items of the reporting lists, with the evidence."""
    return whole(
        holdings,
        "checklists",
        "Reporting lists: what the study answers.",
        (
            Column("List", ("framework",)),
            Column("Item", ("item",), width=0.1),
            Column("Topic", ("topic",), width=0.28),
            Column("Status", ("status",)),
            Column("Evidence", ("evidence",), blank=True, width=0.38),
        ),
        landscape=True,
    )


def dictionary_table(holdings: Holdings) -> Table | None:
    """What each feature means."""
    return whole(
        holdings,
        "dictionary",
        "What each feature means.",
        (
            Column("Feature", ("feature",), width=0.26),
            Column("Meaning", ("meaning",), blank=True, width=0.3),
            Column("IBSI name", ("ibsi_name",), blank=True, width=0.16),
            Column("Code", ("ibsi_code",), blank=True),
            Column("Note", ("note",), blank=True, width=0.16),
        ),
        notes=("Values are by PyRadiomics definitions; name and code say which IBSI feature it is in kind.",),
        landscape=True,
    )
