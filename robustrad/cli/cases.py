"""Commands on images and masks that need no study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from robustrad.cli.choices import EngineChoice, ModalityChoice
from robustrad.cli.options import CasesArg, Engine, Jobs, Json, Params, Protocol
from robustrad.cli.told import tell


def check(
    cases: CasesArg,
    voxels: Annotated[bool, typer.Option("--voxels", help="Look at the voxels of the images too.")] = False,
    protocol: Protocol = None,
    params: Params = None,
    json_: Json = False,
) -> None:
    """Open every image and mask and tell all problems at once."""
    from robustrad.cases.command import check_command

    code, told = check_command(cases, voxels=voxels, protocol=protocol, params=params)
    tell(told, json_)
    raise typer.Exit(code)


def cases_(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to look in.")],
    image: Annotated[str, typer.Option("--image", metavar="GLOB", help="Pattern of image files.")],
    mask: Annotated[str, typer.Option("--mask", metavar="GLOB", help="Pattern of mask files.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Table to write.")],
    modality: Annotated[
        ModalityChoice | None,
        typer.Option("--modality", help="Modality of all of them (NIfTI does not tell)."),
    ] = None,
) -> None:
    """Make a table of cases from a folder."""
    from robustrad.cases.command import cases_command

    chosen = modality.value if modality else ""
    tell(cases_command(directory, output, image=image, mask=mask, modality=chosen), False)


def extract(
    cases: CasesArg,
    output: Annotated[Path, typer.Option("-o", "--output", help="CSV to write.")],
    params: Params = None,
    engine: Engine = EngineChoice.auto,
    jobs: Jobs = None,
) -> None:
    """Extract features once per case, as PyRadiomics does, many cases in parallel."""
    from robustrad.sweep.extraction import extract_command

    code, told = extract_command(cases, output, params=params, engine=engine.value, jobs=jobs)
    tell(told, False)
    raise typer.Exit(code)


def preview(
    cases: CasesArg,
    output: Annotated[Path, typer.Option("-o", "--output", help="File: .png, .pdf, .svg or .html.")],
    protocol: Protocol = None,
    params: Params = None,
    case: Annotated[str | None, typer.Option("--case", help="Which case [the first].")] = None,
    factor: Annotated[str | None, typer.Option("--factor", help="Only this factor, larger.")] = None,
    dpi: Annotated[int, typer.Option("--dpi", min=50, max=1200, help="Pixels per inch.")] = 300,
    json_: Json = False,
) -> None:
    """Look before you run: every level of a protocol on one case, in pictures and numbers."""
    from robustrad.preview.command import preview_command

    told = preview_command(cases, output, protocol=protocol, params=params, case=case, factor=factor, dpi=dpi)
    tell(told, json_)
