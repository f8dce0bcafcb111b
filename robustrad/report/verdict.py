"""The first screen: what a reader must know, each sentence selected from the tables."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from robustrad.report.catalog_remedies import NONE, experiments
from robustrad.report.holdings import Holdings
from robustrad.report.sheets import Number, Sentence, Sheet
from robustrad.report.verdict_survival import survival_verdict

_ROLES = ("acquisition", "delineation")
_HOLD = ("robust", "small loss")
_FEW = 20
Parts = tuple[str | Number, ...]


def verdict(holdings: Holdings) -> list[Sentence]:
    """Return the sentences of the first screen, in the order in which they are read."""
    found = [
        *_completeness(holdings),
        *_features(holdings),
        *_worst_factor(holdings),
        *_signal(holdings),
        *_model(holdings),
        *_until(holdings),
        *_volume(holdings),
        *survival_verdict(holdings),
        *_remedy(holdings),
    ]
    return [sentence for sentence in found if sentence is not None]


def _completeness(holdings: Holdings) -> Iterator[Sentence]:
    units = holdings.sheet("units")
    if units is None:
        return
    counts = {name: units.number(0, name, "int") for name in units.frame.columns}
    if counts["missing"].value:
        yield Sentence(
            "Unfinished",
            (
                "This study is not finished: ",
                counts["missing"],
                " of ",
                counts["units"],
                " units (case and condition) are missing. The same sweep command goes on where it stopped.",
            ),
            "failures",
            units.file,
            "poor",
        )
    elif not counts["ok"].value:
        yield Sentence(
            "No result",
            (
                "None of the ",
                counts["units"],
                " units gave features: ",
                counts["failed"],
                " failed, ",
                counts["skipped"],
                " were skipped.",
            ),
            "failures",
            units.file,
            "poor",
        )


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
        (frame["role"].isin(_ROLES) | frame["role"].isna())
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
    level = usable[usable["severity"] == severity].sort_values("share", kind="stable")
    order = [int(i) for i in level.index]
    worst = [i for i in order if level["share"][i] == level["share"].iloc[0]]
    names = _join([str(frame["factor"].iloc[i]) for i in worst])
    verb = "hurts most" if len(worst) == 1 else "hurt equally"
    parts = (
        "At equal severity (",
        sheet.number(order[0], "severity", "plain"),
        f"), {names} {verb}: ",
        *_survive(sheet, order[0]),
        " features stay good or excellent",
    )
    rest = [i for i in order if i not in worst]
    for i, row in enumerate(rest):
        parts += ("; " if i == 0 else ", ", f"{frame['factor'].iloc[row]} leaves ", *_survive(sheet, row))
    yield Sentence(
        "Worst factor",
        (*parts, ".", *_strength(holdings, str(frame["factor"].iloc[worst[0]]), severity)),
        "stability",
        sheet.file,
    )


def common_severity(usable: pd.DataFrame) -> float | None:
    """Return the severity that most factors share, the highest of those; None where none is shared."""
    shared = usable.groupby("severity")["factor"].nunique()
    shared = shared[shared > 1]
    return None if shared.empty else float(shared[shared == shared.max()].index.max())


def _survive(sheet: Sheet, row: int) -> Parts:
    return (sheet.number(row, "features", "int"), " of ", sheet.number(row, "n_features", "int"))


def _join(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


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


def _signal(holdings: Holdings) -> Iterator[Sentence]:
    """Does the model beat chance? Told first: without a signal nothing else about it means anything."""
    yield from _safeguard(holdings, "permutation", "Signal")


def _model(holdings: Holdings) -> Iterator[Sentence]:
    drift = holdings.sheet("drift")
    if drift is None:
        return
    record = holdings.drift_record
    name = record.get("outcome_name") or record.get("outcome") or "the outcome"
    frame = drift.frame
    own = frame[frame["arm"].eq(main_arm(drift))]
    for model in dict.fromkeys(own["model"]):
        rows = own[own["model"].eq(model)]
        reference = [int(str(i)) for i in rows.index[rows["factor"].eq("reference")]]
        if not reference:
            continue
        row = reference[0]
        judged = rows.loc[rows["verdict"].notna() & rows["verdict"].ne(""), "verdict"]
        words = judged.value_counts()
        told = ", ".join(f"{count} {word}" for word, count in words.items())
        verdicts = f" Of {len(judged)} perturbed levels: {told}." if len(judged) else ""
        tone = (
            "poor" if "drifts" in words else "good" if set(words) <= set(_HOLD) and len(words) else "neutral"
        )
        yield Sentence(
            "Model",
            (
                f"{str(model).replace('_', ' ').capitalize()} predicts {name} with AUC ",
                drift.number(row, "auc", "2f"),
                " (95 % interval ",
                drift.number(row, "auc_low", "2f"),
                " to ",
                drift.number(row, "auc_high", "2f"),
                f") at the reference.{verdicts}",
            ),
            "drift",
            drift.file,
            tone,
        )


def _until(holdings: Holdings) -> Iterator[Sentence]:
    """Until which severity the first model holds, factor by factor."""
    sheet = holdings.sheet("breakdown")
    if sheet is None:
        return
    frame = sheet.frame
    own = frame[frame["arm"].eq(main_arm(sheet)) & frame["role"].isin(_ROLES) & frame["status"].eq("ok")]
    own = own[own["model"].eq(own["model"].iloc[0])] if len(own) else own
    if own.empty:
        return
    parts: list[str | Number] = []
    for i, factor in own["factor"].items():
        row = int(str(i))
        first, drifts = frame["first_not_robust"].iloc[row], frame["first_drifts"].iloc[row]
        parts.append("; " if parts else "")
        if pd.isna(first):
            parts.append(f"{factor} robust up to the largest severity tried")
        elif pd.isna(drifts):
            parts += [
                f"{factor} not shown robust from severity ",
                sheet.number(row, "first_not_robust", "plain"),
                " on",
            ]
        else:
            parts += [f"{factor} drifts at severity ", sheet.number(row, "first_drifts", "plain")]
    widest = int(str(own["smallest_margin"].idxmax())) if own["smallest_margin"].notna().any() else None
    closing: tuple[str | Number, ...] = (
        (". The smallest margin that these patients could have verified is ",
         sheet.number(widest, "smallest_margin", "3f"), " AUC.")
        if widest is not None
        else (".",)
    )  # fmt: skip
    margin = own["margin"].iloc[0]
    poor = own["first_drifts"].notna().any()
    yield Sentence(
        "Holds until",
        (f"At a margin of {margin:g} AUC: ", *parts, *closing), "drift", sheet.file,
        "poor" if poor else "neutral",
    )  # fmt: skip


def main_arm(sheet: Sheet) -> str:
    """Return the arm that answers the main question: trained on the reference."""
    arms = list(dict.fromkeys(sheet.frame["arm"]))
    return "reference" if "reference" in arms else str(arms[0])


def _volume(holdings: Holdings) -> Iterator[Sentence]:
    yield from _safeguard(holdings, "beats_volume", "Volume")


def _safeguard(holdings: Holdings, check: str, topic: str) -> Iterator[Sentence]:
    """Tell what one safeguard says of each model."""
    sheet = holdings.sheet("safeguards")
    if sheet is None:
        return
    for row in sheet.rows(check=check):
        status = str(sheet.frame["status"].iloc[row])
        tone = {"PASS": "good", "WARN": "poor", "FAIL": "poor"}.get(status, "neutral")
        yield Sentence(topic, (sheet.number(row, "text", "text"),), "safeguards", sheet.file, tone)


def _remedy(holdings: Holdings) -> Iterator[Sentence]:
    """What the best remedy does where it matters: at a new site, where that was tried."""
    sheet = holdings.sheet("remedies")
    if sheet is None:
        return
    ranked = [
        name for name in experiments(sheet) if sheet.frame["rank"][sheet.frame["experiment"].eq(name)].any()
    ]
    if not ranked:
        return
    own = sheet.frame[sheet.frame["experiment"].eq(ranked[0]) & sheet.frame["rank"].eq(1)]
    best = str(own["remedy"].iloc[0])
    first: Parts = ("No remedy that was tried does better than none. ",) if best == NONE else ()
    told: Parts = (sheet.number(int(str(own.index[0])), "sentence", "text"),)
    if own["sentence"].notna().any():
        yield Sentence("Remedy", (*first, *told), "remedies", sheet.file)
