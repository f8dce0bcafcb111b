"""The section on remedies: what would have happened to a new site, and what each remedy gives back."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from robustrad.report import catalog_remedies as catalog
from robustrad.report.blocks import figure_at, folded, heading, sentence_list, table_block
from robustrad.report.holdings import Holdings
from robustrad.report.judged import BY_AUC, Judged, held
from robustrad.report.plate import Plate
from robustrad.report.remedy_words import NONE, UNSEEN, experiments, meaning
from robustrad.report.sections import Section
from robustrad.report.sheets import Sentence, Sheet

_TELLING = ("ok", "not reached", "no draws")
_RUN = "robustrad drift {} {} --remedies all"


def remedies(holdings: Holdings, figures: Mapping[str, Plate]) -> list[Section]:
    """Compare remedies: a section for an outcome, one for a time to event, or one that says what to run."""
    return [_section(holdings, figures, judged) for judged in [*held(holdings)] or [BY_AUC]]


def _section(holdings: Holdings, figures: Mapping[str, Plate], judged: Judged) -> Section:
    sheet, anchor = judged.sheet(holdings, "remedies"), judged.name("remedies")
    needs = _needs(holdings, judged)
    if sheet is None:
        told = f"No remedy was tried. Run: {_RUN.format(holdings.folder.name, judged.options)}"
        return Section(anchor, judged.heading, (), needs, told)
    asked = experiments(sheet)
    body: list[Markup] = [figure_at(figures, anchor)]
    for experiment in asked:
        body += _experiment(holdings, judged, experiment, said=experiment != asked[0])
    sweep = table_block(catalog.sweep_table(holdings, judged))
    if sweep:
        drawn = figure_at(figures, judged.name("calibration_sweep"))
        body += [heading("How many patients of a new site"), drawn, folded("All numbers", sweep)]
    refused = table_block(catalog.refused_table(holdings, judged))
    if refused:
        body += [heading("Without a result"), refused]
    return Section(anchor, judged.heading, tuple(outcome(sheet, judged, asked[0])), (*body, *needs))


def outcome(sheet: Sheet, judged: Judged, experiment: str) -> list[Sentence]:
    """Return what happens in an experiment: without a remedy, and with the best one that was tried."""
    frame = sheet.frame
    own = frame[frame["experiment"].eq(experiment) & frame["sentence"].notna()]
    raw = own[own["remedy"].eq(NONE)]
    best = own[own["rank"].notna() & own["remedy"].ne(NONE)].sort_values("rank", kind="stable")
    return [
        Sentence(
            judged.topic,
            (sheet.number(int(str(part.index[0])), "sentence", "text"),),
            judged.name("remedies"),
            sheet.file,
        )
        for part in (raw, best)
        if len(part)
    ]


def _experiment(holdings: Holdings, judged: Judged, experiment: str, *, said: bool) -> list[Markup]:
    table = catalog.experiment_table(holdings, judged, experiment)
    if table is None:
        return []
    told = outcome(table.sheet, judged, experiment) if said else []
    tips = {name: meaning(name) for name in dict.fromkeys(table.sheet.frame["remedy"].astype(str))}
    seen = table_block(catalog.seen_table(holdings, judged, experiment), tips=tips)
    return [
        heading(experiment),
        *(Markup("<p>{}</p>").format(sentence) for sentence in told),
        table_block(table, tips=tips),
        folded("Where the remedy had seen the factor", seen),
    ]


def _needs(holdings: Holdings, judged: Judged) -> tuple[Markup, ...]:
    """Say in plain sentences what a deployment needs."""
    sheet = judged.sheet(holdings, "deployment_needs")
    if sheet is None:
        return ()
    frame = sheet.frame
    own = frame["kind"].ne("calibration") | frame["scope"].eq(UNSEEN)
    rows = [int(i) for i in (own & frame["status"].isin(_TELLING)).to_numpy().nonzero()[0]]
    said = [
        Sentence("Needs", (sheet.number(row, "sentence", "text"),), judged.name("remedies"), sheet.file)
        for row in rows
    ]
    rest = []
    if (own & frame["status"].eq("none needed")).any():
        rest.append("Every other level or remedy stays within the margin as it is, and needs nothing.")
    if (own & frame["status"].eq("no interval")).any():
        rest.append("How many patients a new site needs is not known here: its loss has no interval.")
    tables = Markup("").join(table_block(table) for table in catalog.needs_tables(holdings, judged))
    return (
        heading("What a deployment needs"),
        sentence_list(said),
        *(Markup("<p>{}</p>").format(text) for text in rest),
        folded("All numbers", tables),
    )
