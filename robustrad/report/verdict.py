"""The first screen: what a reader must know, each sentence selected from the tables."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from robustrad.report.holdings import Holdings
from robustrad.report.sheets import Number, Sentence, Sheet

_ROLES = ("acquisition", "delineation")
_FEW = 20
Parts = tuple[str | Number, ...]


def verdict(holdings: Holdings) -> list[Sentence]:
    """Return the sentences of the first screen, in the order in which they are read."""
    found = [
        *_completeness(holdings),
        *_features(holdings),
        *_worst_factor(holdings),
        *_model(holdings),
        *_volume(holdings),
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
            ("This study is not finished: ", counts["missing"], " of ", counts["units"],
             " units (case and condition) are missing. The same sweep command goes on where it stopped."),
            "failures", units.file, "poor",
        )  # fmt: skip
    elif not counts["ok"].value:
        yield Sentence(
            "No result",
            ("None of the ", counts["units"], " units gave features: ", counts["failed"], " failed, ",
             counts["skipped"], " were skipped."),
            "failures", units.file, "poor",
        )  # fmt: skip


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
            ("No feature can be classified under every acquisition and delineation factor: ",
             counts.number(features, "n_outside", "int"), " are invariant, constant, or have too few subjects."),
            "stability", counts.file, "poor",
        )  # fmt: skip
        return
    share = counts.frame["n_good_or_excellent"].iloc[features] / classified
    parts: Parts = (
        counts.number(features, "n_good_or_excellent", "int"), " of ",
        counts.number(features, "n_classifiable", "int"),
        " features stay good or excellent under every acquisition and delineation factor tested (",
        counts.number(features, "factors", "int"), " factors at ",
        counts.number(features, "severities", "int"), " severities in all); so do ",
        counts.number(clusters, "n_good_or_excellent", "int"), " of ",
        counts.number(clusters, "n_classifiable", "int"), " clusters of features that say the same.",
    )  # fmt: skip
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
        row = int(usable["share"].idxmin())
        factor = str(frame["factor"].iloc[row])
        begin: Parts = (
            "The lowest share is that under ",
            factor,
            " at severity ",
            sheet.number(row, "severity", "plain"),
        )
        why = " No two factors share a severity, so none can be called the worst." if several else ""
        parts = (*begin, ": ", *_survive(sheet, row), f" features stay good or excellent.{why}")
        yield Sentence("Lowest share", (*parts, *_strength(holdings, factor, float(frame["severity"].iloc[row]))),
                       "stability", sheet.file)  # fmt: skip
        return
    level = usable[usable["severity"] == severity].sort_values("share", kind="stable")
    order = [int(i) for i in level.index]
    worst = [i for i in order if level["share"][i] == level["share"].iloc[0]]
    names = _join([str(frame["factor"].iloc[i]) for i in worst])
    verb = "hurts most" if len(worst) == 1 else "hurt equally"
    parts = (
        "At equal severity (", sheet.number(order[0], "severity", "plain"), f"), {names} {verb}: ",
        *_survive(sheet, order[0]), " features stay good or excellent",
    )  # fmt: skip
    rest = [i for i in order if i not in worst]
    for i, row in enumerate(rest):
        parts += ("; " if i == 0 else ", ", f"{frame['factor'].iloc[row]} leaves ", *_survive(sheet, row))
    yield Sentence(
        "Worst factor",
        (*parts, ".", *_strength(holdings, str(frame["factor"].iloc[worst[0]]), severity)),
        "stability", sheet.file,
    )  # fmt: skip


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
    for row in sheet.rows(factor=factor, severity=severity):
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
    return (" The measures of strength do not see it.",)


def _model(holdings: Holdings) -> Iterator[Sentence]:
    drift, breakdown = holdings.sheet("drift"), holdings.sheet("breakdown")
    if drift is None:
        return
    reference = [i for i in drift.rows(factor="reference") if drift.frame["arm"].iloc[i] == main_arm(drift)]
    if reference:
        row = reference[0]
        model = drift.frame["model"].iloc[row]
        name = holdings.drift_record.get("outcome_name") or "the outcome"
        others = drift.frame[
            drift.frame["arm"].eq(main_arm(drift))
            & drift.frame["model"].eq(model)
            & drift.frame["factor"].ne("reference")
        ]
        words = others["verdict"].value_counts()
        drifts = int(words.get("drifts", 0))
        told = ", ".join(f"{count} {word}" for word, count in words.items())
        yield Sentence(
            "Model",
            (f"Model {model} predicts {name} with AUC ", drift.number(row, "auc", "2f"), " (",
             drift.number(row, "auc_low", "2f"), " to ", drift.number(row, "auc_high", "2f"),
             f") on unperturbed images. Verdicts over {len(others)} perturbed levels: {told}."),
            "drift", drift.file, "poor" if drifts else "neutral",
        )  # fmt: skip
    if breakdown is not None:
        own = [
            i
            for i in breakdown.rows(arm=main_arm(breakdown))
            if pd.notna(breakdown.frame["first_drifts"].iloc[i])
        ]
        for row in own[:2]:
            yield Sentence(
                "Breakdown", (breakdown.number(row, "sentence", "text"),), "drift", breakdown.file, "poor"
            )


def main_arm(sheet: Sheet) -> str:
    """Return the arm that answers the main question: trained on the reference."""
    arms = list(dict.fromkeys(sheet.frame["arm"]))
    return "reference" if "reference" in arms else str(arms[0])


def _volume(holdings: Holdings) -> Iterator[Sentence]:
    sheet = holdings.sheet("safeguards")
    if sheet is None:
        return
    for row in range(len(sheet.frame)):
        if "volume" in str(sheet.frame["check"].iloc[row]) and pd.notna(sheet.frame["text"].iloc[row]):
            status = sheet.frame["status"].iloc[row]
            tone = {"PASS": "good", "FAIL": "poor"}.get(str(status), "neutral")
            yield Sentence("Volume", (sheet.number(row, "text", "text"),), "safeguards", sheet.file, tone)
            return


def _remedy(holdings: Holdings) -> Iterator[Sentence]:
    sheet = holdings.sheet("remedies")
    if sheet is None:
        return
    ranked = sheet.frame[sheet.frame["rank"].notna() & sheet.frame["sentence"].notna()].sort_values(
        "rank", kind="stable"
    )
    if len(ranked):
        row = int(ranked.index[0])
        yield Sentence("Remedy", (sheet.number(row, "sentence", "text"),), "remedies", sheet.file)
