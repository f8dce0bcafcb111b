"""The first screen: what a reader must know, each sentence selected from the tables."""

from __future__ import annotations

from collections.abc import Iterator

from robustrad.report.freshness import out_of_date
from robustrad.report.holdings import Holdings
from robustrad.report.judged import Judged, held
from robustrad.report.remedy_words import NONE, experiments
from robustrad.report.sheets import Sentence
from robustrad.report.verdict_drift import holds_until, model_verdict, signal, volume
from robustrad.report.verdict_stability import Parts, stability_verdict
from robustrad.report.verdict_survival import survival_verdict


def verdict(holdings: Holdings) -> list[Sentence]:
    """Return the sentences of the first screen, in the order in which they are read."""
    return [
        *_completeness(holdings),
        *out_of_date(holdings),
        *stability_verdict(holdings),
        *signal(holdings),
        *model_verdict(holdings),
        *holds_until(holdings),
        *volume(holdings),
        *survival_verdict(holdings),
        *(sentence for judged in held(holdings) for sentence in _remedy(holdings, judged)),
    ]


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


def _remedy(holdings: Holdings, judged: Judged) -> Iterator[Sentence]:
    """What the best remedy does where it matters: at a new site, where that was tried."""
    sheet = judged.sheet(holdings, "remedies")
    if sheet is None:
        return
    ranked = [
        name for name in experiments(sheet) if sheet.frame["rank"][sheet.frame["experiment"].eq(name)].any()
    ]
    if not ranked:
        return
    own = sheet.frame[sheet.frame["experiment"].eq(ranked[0]) & sheet.frame["rank"].eq(1)]
    best = str(own["remedy"].iloc[0])
    others = sheet.frame["experiment"].eq(ranked[0]) & sheet.frame["rank"].gt(1)
    none = "does better than none" if others.any() else "has a result there"
    first: Parts = (f"No remedy that was tried {none}. ",) if best == NONE else ()
    told: Parts = (sheet.number(int(str(own.index[0])), "sentence", "text"),)
    if own["sentence"].notna().any():
        yield Sentence(judged.topic, (*first, *told), judged.name("remedies"), sheet.file)
