"""Sections on the study itself: what was done, what the perturbations did, what failed, how to repeat it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from robustrad.report import catalog
from robustrad.report.blocks import conditions_picture, heading, picture_block, preformatted, table_block
from robustrad.report.holdings import Holdings
from robustrad.report.provenance import engine_note
from robustrad.report.sections import Section
from robustrad.report.sheets import Number, Sentence

_REASONS = 4  # told in a sentence; the table has all


def done(holdings: Holdings) -> Section:
    """Say who was studied under which conditions."""
    picture = conditions_picture(holdings)
    if not holdings.record:
        return Section(
            "done",
            "What was done",
            lacking="These are analyses of a feature table; it does not say how it was made.",
        )
    conditions = holdings.frame("conditions")
    protocol = holdings.protocol
    lead: list[str | Sentence | Markup] = []
    if len(conditions):
        perturbed = conditions[conditions["factor"].ne("reference")]
        lead.append(
            f"Protocol {protocol.get('name', 'without a name')}: {perturbed['factor'].nunique()} factors, "
            f"{len(conditions)} conditions with the unperturbed reference, over "
            f"{holdings.n_cases} cases. Every case was seen under every "
            "condition; what was skipped, and why, stands under Failures and skips."
        )
    body = (heading("Conditions"), picture, heading("Cases"), table_block(catalog.cohort(holdings)))
    return Section("done", "What was done", tuple(lead), body)


def strength(holdings: Holdings, sheet: bytes | None = None) -> Section:
    """Show what each perturbation really did, and, where there is one, a contact sheet of one case."""
    title = "The perturbations"
    picture = (
        picture_block(
            sheet,
            caption="One case under every condition: what the perturbations look like.",
            alt="Contact sheet: slices of one case through the lesion, one tile per condition.",
        )
        if sheet
        else Markup("")
    )
    table = table_block(catalog.strength(holdings))
    if not table and not picture:
        return Section("strength", title, lacking="No strength was measured, or the sweep is not finished.")
    lead = (
        (
            "What was asked of a perturbation and what it did are two things; this is what it did, measured "
            "on the "
            "image and the contour before any resampling."
        ),
    )
    return Section("strength", title, lead, (picture, table))


def failures(holdings: Holdings) -> Section:
    """Count what has no features, and why."""
    title, units = "Failures and skips", holdings.sheet("units")
    if units is None:
        return Section("failures", title, lacking="A feature table does not say what failed.")

    def number(name: str) -> Number:
        return units.number(0, name, "int")

    told = Sentence(
        "units",
        (
            "Of ",
            number("units"),
            " units (case and condition) ",
            number("ok"),
            " gave features, ",
            number("skipped"),
            " were skipped, ",
            number("failed"),
            " failed, and ",
            number("missing"),
            " are not computed yet.",
            *_reasons(holdings),
        ),
        "failures",
        units.file,
    )
    counts, every = catalog.troubles(holdings), catalog.trouble_list(holdings)
    body = [table_block(counts)]
    if every is not None and 0 < len(every.rows) <= 2000:
        body.append(
            Markup("<details><summary>Every unit without features</summary>{}</details>").format(
                table_block(every)
            )
        )
    return Section("failures", title, (told,), tuple(body))


def _reasons(holdings: Holdings) -> Iterator[str | Number]:
    """Yield why units were skipped or failed, the most frequent reasons with their counts."""
    sheet = holdings.sheet("trouble_reasons")
    if sheet is None:
        return
    for row in range(min(_REASONS, len(sheet.frame))):
        yield f" {str(sheet.frame['status'].iloc[row]).capitalize()}: "
        yield sheet.number(row, "reason", "text")
        yield " (units: "
        yield sheet.number(row, "units", "int")
        yield ", cases: "
        yield sheet.number(row, "cases", "int")
        yield ")."
    if len(sheet.frame) > _REASONS:
        yield " Other reasons stand in the table."


def provenance(holdings: Holdings) -> Section:
    """Tell versions, seed, hashes, parity and the command that reproduces the study."""
    title, record = "Provenance", holdings.record
    if not {"versions", "engine"} <= set(record):
        return Section("provenance", title, lacking="The study does not say what it was made with.")
    versions = Markup("").join(
        Markup("<tr><th scope=row>{}</th><td>{}</td></tr>").format(name, text)
        for name, text in record["versions"].items()
    )
    table = Markup(
        '<div class="scroll" role="region" tabindex="0" aria-label="Table: versions"><table>'
        "<caption><span>Versions of everything that computes.</span></caption>"
        '<thead><tr><th scope="col">Software</th><th scope="col">Version</th></tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(versions)
    settings = json.dumps(holdings.protocol.get("parameters", {}), indent=1, ensure_ascii=False)
    lead = (
        (
            f"Seed {record.get('seed')}, engine {record['engine'].get('name')} "
            f"(definition {record['engine'].get('definition')}). {engine_note(holdings.folder)}"
        ),
        (
            "The seed of a draw is a hash of study seed, case, factor, position in the chain and draw; with "
            "the same seed "
            "and versions the same command gives the same tables to the byte, whatever the number of workers."
        ),
    )
    body = (
        heading("The command that makes it again"),
        preformatted(reproduce(holdings)),
        table,
        heading("Extraction settings"),
        preformatted(settings),
        _fingerprints(holdings),
    )
    return Section("provenance", title, lead, body)


def reproduce(holdings: Holdings) -> str:
    """Return the commands that make study and report again."""
    protocol, record = holdings.protocol, holdings.record
    engine = record.get("engine", {}).get("name", "auto")
    name = protocol.get("name", "PROTOCOL")
    analyses = ["robustrad stability OUT"] if holdings.sheet("stability") else []
    analyses += [
        shlex.join(["robustrad", "drift", "OUT", *_options(run, default)])
        for table, run, default in (
            ("drift", holdings.drift_record, "OUTCOME"), ("survival", holdings.survival_record, "")
        )
        if holdings.sheet(table)
    ]  # fmt: skip
    sweep = (
        f"robustrad sweep cases.csv OUT --protocol {name} --engine {engine} --seed {record.get('seed', 0)}"
    )
    return "\n".join([sweep, *analyses, "robustrad report OUT"])


def _options(run: dict[str, Any], default: str) -> list[str]:
    """Return the options of a run as it recorded them; what an older record lets one say."""
    found = run.get("options")
    if isinstance(found, list):
        return [str(option) for option in found]
    if run.get("time"):
        return ["--time", str(run["time"]), "--event", str(run.get("event"))]
    outcome = str(run.get("outcome_name") or run.get("outcome") or default)
    return ["--outcome", outcome, *(["--batch", str(run["batch"])] if run.get("batch") else [])]


def _fingerprints(holdings: Holdings) -> Markup:
    frame = holdings.frame("conditions")
    if frame.empty or "fingerprint" not in frame:
        return Markup("")
    rows = Markup("").join(
        Markup("<tr><td>{}</td><td><code>{}</code></td></tr>").format(name, print_)
        for name, print_ in zip(frame["condition"], frame["fingerprint"], strict=True)
    )
    return Markup(
        "<details><summary>Fingerprints of the conditions</summary>"
        '<div class="scroll" role="region" tabindex="0" aria-label="Table: fingerprints"><table><thead><tr>'
        "<th scope=col>Condition</th><th "
        "scope=col>Fingerprint</th></tr></thead><tbody>{}</tbody></table></div></details>"
    ).format(rows)
