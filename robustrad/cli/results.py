"""Commands on what a study, or a table of features, has found: stability and the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from robustrad.cli.options import Json
from robustrad.cli.told import tell


def stability(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="Study folder or feature table.")],
    case: Annotated[str | None, typer.Option("--case", help="Column of the case.")] = None,
    condition: Annotated[str | None, typer.Option("--condition", help="Column of the condition.")] = None,
    reference: Annotated[str | None, typer.Option("--reference", help="Condition to compare with.")] = None,
    exchangeable: Annotated[
        bool, typer.Option("--exchangeable", help="Conditions are repeats without order (test-retest).")
    ] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Folder of the tables.")] = None,
    json_: Json = False,
) -> None:
    """Say which features survive: stability per feature and factor, summary, heat map."""
    from robustrad.report.command import stability_command

    told = stability_command(
        source,
        case=case,
        condition=condition,
        reference=reference,
        exchangeable=exchangeable,
        output=output,
    )
    tell(told, json_)


def report(
    out: Annotated[
        list[Path], typer.Argument(metavar="OUT...", help="Study folder; more than one are compared.")
    ],
    title: Annotated[str | None, typer.Option("--title", help="Title of the report.")] = None,
    formats: Annotated[
        str | None,
        typer.Option("--format", metavar="LIST", help="Of html,csv,tex,docx,pdf-figures [all]."),
    ] = None,
    journal_width: Annotated[
        float, typer.Option("--journal-width", metavar="85|174", help="Width of the figures in mm.")
    ] = 174,
    cases: Annotated[
        Path | None,
        typer.Option("--cases", metavar="FILE", help="Table of the cases: adds a picture of one of them."),
    ] = None,
    protocol: Annotated[
        str | None, typer.Option("--protocol", metavar="FILE", help="For --cases, if it is not built in.")
    ] = None,
    json_: Json = False,
) -> None:
    """Write the report: one page to read, tables and figures for a paper, methods text, checklists."""
    from robustrad.report.report import report_command

    chosen = [name.strip() for name in formats.split(",")] if formats else None
    if cases is not None:
        from robustrad.preview.contact_sheet import contact_sheet

        contact_sheet(out[0], cases, protocol=protocol)
    tell(report_command(out, title=title, formats=chosen, journal_width=journal_width), json_)
