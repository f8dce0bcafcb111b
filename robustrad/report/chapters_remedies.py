"""The section on remedies: what would have happened to a new site, and what each remedy gives back."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from robustrad.report import catalog_remedies as catalog
from robustrad.report.blocks import figure_at, folded, heading, sentence_list, table_block
from robustrad.report.holdings import Holdings
from robustrad.report.plate import Plate
from robustrad.report.sections import Section
from robustrad.report.sheets import Sentence, Sheet

_TELLING = ("ok", "not reached", "no draws")
_RUN = "robustrad drift {} --outcome COLUMN --remedies all"


def remedies(holdings: Holdings, figures: Mapping[str, Plate]) -> Section:
    """Compare remedies."""
    sheet = holdings.sheet("remedies")
    if sheet is None:
        told = f"No remedy was tried. Run: {_RUN.format(holdings.folder.name)}"
        return Section("remedies", "Remedies", (), _needs(holdings), told)
    asked = catalog.experiments(sheet)
    body: list[Markup] = [figure_at(figures, "remedies")]
    for experiment in asked:
        body += _experiment(holdings, sheet, experiment, said=experiment != asked[0])
    sweep = table_block(catalog.sweep_table(holdings))
    if sweep:
        body += [heading("How many patients of a new site"), figure_at(figures, "calibration_sweep"),
                 folded("All numbers", sweep)]  # fmt: skip
    refused = table_block(catalog.refused_table(holdings))
    if refused:
        body += [heading("Without a result"), refused]
    return Section("remedies", "Remedies", tuple(outcome(sheet, asked[0])), (*body, *_needs(holdings)))


def outcome(sheet: Sheet, experiment: str) -> list[Sentence]:
    """Return what happens in an experiment: without a remedy, and with the best one that was tried."""
    frame = sheet.frame
    own = frame[frame["experiment"].eq(experiment) & frame["sentence"].notna()]
    raw = own[own["remedy"].eq(catalog.NONE)]
    best = own[own["rank"].notna() & own["remedy"].ne(catalog.NONE)].sort_values("rank", kind="stable")
    return [
        Sentence(
            "Remedy", (sheet.number(int(str(part.index[0])), "sentence", "text"),), "remedies", sheet.file
        )
        for part in (raw, best)
        if len(part)
    ]


def _experiment(holdings: Holdings, sheet: Sheet, experiment: str, *, said: bool) -> list[Markup]:
    table = catalog.experiment_table(holdings, experiment)
    if table is None:
        return []
    told = outcome(sheet, experiment) if said else []
    tips = {name: catalog.meaning(name) for name in dict.fromkeys(sheet.frame["remedy"].astype(str))}
    seen = table_block(catalog.seen_table(holdings, experiment), tips=tips)
    return [
        heading(experiment),
        *(Markup("<p>{}</p>").format(sentence) for sentence in told),
        table_block(table, tips=tips),
        folded("Where the remedy had seen the factor", seen),
    ]


def _needs(holdings: Holdings) -> tuple[Markup, ...]:
    """Say in plain sentences what a deployment needs."""
    sheet = holdings.sheet("deployment_needs")
    if sheet is None:
        return ()
    frame = sheet.frame
    own = frame["kind"].ne("calibration") | frame["scope"].eq(catalog.UNSEEN)
    rows = [int(i) for i in (own & frame["status"].isin(_TELLING)).to_numpy().nonzero()[0]]
    said = [
        Sentence("Needs", (sheet.number(row, "sentence", "text"),), "remedies", sheet.file) for row in rows
    ]
    rest = []
    if (own & frame["status"].eq("none needed")).any():
        rest.append("Every other level or remedy stays within the margin as it is, and needs nothing.")
    if (own & frame["status"].eq("no interval")).any():
        rest.append("How many patients a new site needs is not known here: its loss has no interval.")
    tables = Markup("").join(table_block(table) for table in catalog.needs_tables(holdings))
    return (
        heading("What a deployment needs"),
        sentence_list(said),
        *(Markup("<p>{}</p>").format(text) for text in rest),
        folded("All numbers", tables),
    )
