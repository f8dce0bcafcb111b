"""What the first screen says of features: how many stay, and what hurts them most."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from robustrad.report.holdings import Holdings
from robustrad.report.sheets import Number, Sentence, Sheet

ROLES = ("acquisition", "delineation")
_FEW = 20
Parts = tuple[str | Number, ...]


def stability_verdict(holdings: Holdings) -> Iterator[Sentence]:
    """Yield how many features stay, and which factor leaves fewest."""
    yield from _features(holdings)
    yield from _worst_factor(holdings)


def _features(holdings: Holdings) -> Iterator[Sentence]:
    counts = holdings.sheet("survivor_counts")
    if counts is None or not counts.rows(role="both"):
        return
    rows = {unit: counts.rows(role="both", unit=unit)[0] for unit in ("features", "clusters")}
    features, clusters = rows["features"], rows["clusters"]
    classified = counts.frame["n_classifiable"].iloc[features]
    if not classified:
        yield Sentence(
            "Features",
            (
                "No feature can be classified under every acquisition and delineation factor: ",
                counts.number(features, "n_outside", "int"),
                " are invariant or constant, or have too few subjects.",
            ),
            "stability",
            counts.file,
            "poor",
        )
        return
    share = counts.frame["n_good_or_excellent"].iloc[features] / classified
    parts: Parts = (
        counts.number(features, "n_good_or_excellent", "int"),
        " of ",
        counts.number(features, "n_classifiable", "int"),
        " features stay good or excellent under every acquisition and delineation factor tested (",
        counts.number(features, "factors", "int"),
        " factors at ",
        counts.number(features, "severities", "int"),
        " severities in all); so do ",
        counts.number(clusters, "n_good_or_excellent", "int"),
        " of ",
        counts.number(clusters, "n_classifiable", "int"),
        " clusters of features that say the same.",
    )
    tone = "good" if share >= 0.75 else "poor" if share < 0.5 else "neutral"
    yield Sentence("Features", (*parts, *_few(holdings)), "stability", counts.file, tone)


def _few(holdings: Holdings) -> Parts:
    table = holdings.sheet("survivors")
    if table is None or table.frame["n"].isna().all():
        return ()
    row = int(table.frame["n"].to_numpy(dtype=float, na_value=-1).argmax())
    if table.frame["n"].iloc[row] >= _FEW:
        return ()
    return (" With at most ", table.number(row, "n", "int"), " subjects the intervals are wide.")


def _worst_factor(holdings: Holdings) -> Iterator[Sentence]:
    sheet = holdings.sheet("factors")
    if sheet is None:
        return
    frame = sheet.frame
    usable = frame[
        (frame["role"].isin(ROLES) | frame["role"].isna())
        & frame["severity"].notna()
        & frame["share"].notna()
    ]
    if usable.empty:
        return
    severity = common_severity(usable)
    if severity is None:
        several = usable["factor"].nunique() > 1
        row = int(str(usable["share"].idxmin()))
        factor = str(frame["factor"].iloc[row])
        begin: Parts = (
            "The lowest share is that under ",
            factor,
            " at severity ",
            sheet.number(row, "severity", "plain"),
        )
        why = " No two factors share a severity, so none can be called the worst." if several else ""
        parts = (*begin, ": ", *_survive(sheet, row), f" features stay good or excellent.{why}")
        yield Sentence(
            "Lowest share",
            (*parts, *_strength(holdings, factor, float(frame["severity"].iloc[row]))),
            "stability",
            sheet.file,
        )
        return
    yield from _at_equal_severity(holdings, usable, severity)


def _at_equal_severity(holdings: Holdings, usable: pd.DataFrame, severity: float) -> Iterator[Sentence]:
    """Compare the factors of one severity on the features that all of them move."""
    sheet = holdings.sheet("shared_features")
    if sheet is None:
        return
    level = sheet.frame[sheet.frame["severity"].eq(severity)].sort_values("share", kind="stable")
    order = [int(str(i)) for i in level.index]
    others = _join(list(dict.fromkeys(usable["factor"][~usable["factor"].isin(level["factor"])])))
    left = f" Not compared, for want of this severity: {others}." if others else ""
    begin: Parts = ("At equal severity (", sheet.number(order[0], "severity", "plain"), "), ")
    if level["share"].isna().all():
        said = "no feature can be classified under every factor, so none can be called the worst."
        yield Sentence("Worst factor", (*begin, said, left), "stability", sheet.file)
        return
    worst = [i for i in order if level["share"][i] == level["share"].iloc[0]]
    names = _join([str(sheet.frame["factor"].iloc[i]) for i in worst])
    verb = "hurts most" if len(worst) == 1 else "hurt equally"
    among: Parts = ()
    if level["n_own"].ne(level["n_features"]).any():
        common = sheet.number(order[0], "n_features", "int")
        among = ("of the ", common, " features that can be classified under each factor, ")
    parts: Parts = (*begin, *among, f"{names} {verb}: ", *_survive(sheet, order[0]),
                    " features stay good or excellent")  # fmt: skip
    for place, row in enumerate(i for i in order if i not in worst):
        factor = f"{sheet.frame['factor'].iloc[row]} leaves "
        parts += ("; " if place == 0 else ", ", factor, *_survive(sheet, row))
    strength = _strength(holdings, str(sheet.frame["factor"].iloc[worst[0]]), severity)
    yield Sentence("Worst factor", (*parts, ".", *strength, left), "stability", sheet.file)


def common_severity(usable: pd.DataFrame) -> float | None:
    """Return the severity that most factors share, the highest of those; None where none is shared."""
    shared = usable.groupby("severity")["factor"].nunique()
    shared = shared[shared > 1]
    return None if shared.empty else float(shared[shared == shared.max()].index.max())


def _survive(sheet: Sheet, row: int) -> Parts:
    return (sheet.number(row, "features", "int"), " of ", sheet.number(row, "n_features", "int"))


def _join(names: list[str]) -> str:
    return "".join(names) if len(names) < 2 else f"{', '.join(names[:-1])} and {names[-1]}"


def _strength(holdings: Holdings, factor: str, severity: float) -> Parts:
    sheet = holdings.sheet("strength")
    if sheet is None:
        return ()
    measured = {
        "sd_difference": "the image in the lesion changed by an SD of ",
        "dice": "Dice with the original contour ",
    }
    rows = sheet.rows(factor=factor, severity=severity)
    for row in rows:
        for name, words in measured.items():
            value = sheet.frame[name].iloc[row]
            unchanged = {"sd_difference": 0.0, "dice": 1.0}[name]
            if pd.notna(value) and value != unchanged:
                level = sheet.frame["level"].iloc[row]
                return (
                    f" Measured at {factor} {level}: {words}",
                    sheet.number(row, name, "g"),
                    " (median over cases).",
                )
    return (" Nothing of it is seen in image and contour before resampling.",) if rows else ()
