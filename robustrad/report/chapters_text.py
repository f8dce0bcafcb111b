"""Sections made of words: methods, checklists, dictionary, references."""

from __future__ import annotations

import re

from markupsafe import Markup

from robustrad.report import catalog
from robustrad.report.blocks import heading, table_block
from robustrad.report.holdings import Holdings
from robustrad.report.methods import Methods
from robustrad.report.references import library
from robustrad.report.sections import Section


def methods_section(text: Methods) -> Section:
    """Show the methods text as it goes into a paper."""
    keys = {key: i for i, key in enumerate(text.keys, start=1)}
    body = tuple(
        Markup("<p><strong>{}.</strong> {}</p>").format(title, _cited(paragraph, keys))
        for title, paragraph in text.paragraphs
    )
    lead = (
        (
            "Written from what the study says of itself; as text in methods.txt, the sources in "
            "references.bib. Read it before "
            "you use it: what the study does not know (patients, scanners, who segmented) is yours to add."
        ),
    )
    return Section("methods", "Methods text", lead, body)


def checklists_section(holdings: Holdings) -> Section:
    """Show what the study answers of three reporting lists."""
    table = catalog.checklists(holdings)
    lead = (
        (
            "Items of CLEAR, METRICS and the IBSI's reporting list, paraphrased. Filled: the evidence "
            "answers the item. Partly: "
            "it answers a part, the authors confirm. Author: only the authors can. No score is computed."
        ),
    )
    block = Markup("<details><summary>All items</summary>{}</details>").format(table_block(table))
    return Section("checklists", "Checklists", lead, (_tally(holdings), block))


def references_section(holdings: Holdings, text: Methods) -> Section:
    """List the sources of methods and protocol, and the dictionary of the features."""
    items = Markup("").join(Markup("<li>{}</li>").format(library()[key].text) for key in text.keys)
    body = [Markup('<ol class="refs">{}</ol>').format(items)]
    if text.sources:
        named = Markup("").join(Markup("<li>{}</li>").format(source) for source in text.sources)
        body += [heading("Sources of the protocol"), Markup('<ul class="refs">{}</ul>').format(named)]
    dictionary = catalog.dictionary_table(holdings)
    if dictionary is not None:
        block = Markup("<details><summary>What each feature means</summary>{}</details>")
        body += [heading("Dictionary"), block.format(table_block(dictionary))]
    return Section("references", "References", (), tuple(body))


def _tally(holdings: Holdings) -> Markup:
    frame = holdings.frame("checklists")
    lines = [
        Markup("<tr><th scope=row>{}</th>{}</tr>").format(
            name,
            Markup("").join(
                Markup("<td class=n>{}</td>").format(int(part["status"].eq(status).sum()))
                for status in ("filled", "partly", "author")
            ),
        )
        for name, part in frame.groupby("framework", sort=False)
    ]
    return Markup(
        '<div class="scroll" role="region" tabindex="0" aria-label="Table: items by status"><table>'
        "<caption><span>Items by status.</span></caption><thead><tr><th scope=col>List</th>"
        "<th scope=col class=n>Filled</th><th scope=col class=n>Partly</th><th scope=col "
        "class=n>Author</th></tr></thead>"
        "<tbody>{}</tbody></table></div>"
    ).format(Markup("").join(lines))


def _cited(text: str, keys: dict[str, int]) -> str:
    """Return ``text`` with its keys as the numbers of the list of references."""
    return re.sub(r"\[@(\w+)\]", lambda match: f"[{keys[match[1]]}]", text)
