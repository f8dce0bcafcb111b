"""Commands that tell what is installed and built in."""

from __future__ import annotations

from typing import Annotated

import typer

from robustrad.cli.options import Json
from robustrad.cli.told import tell


def protocols(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A built-in protocol or a file.")
    ] = None,
    json_: Json = False,
) -> None:
    """List the built-in protocols, or show one as resolved."""
    from robustrad.protocol.command import protocols_command

    tell(protocols_command(name), json_)


def perturbations(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A kind of perturbation.")] = None,
    json_: Json = False,
) -> None:
    """List the perturbations, or show the parameters of one."""
    from robustrad.perturb.command import perturbations_command

    tell(perturbations_command(name), json_)


def doctor(json_: Json = False) -> None:
    """Tell versions, which distribution provides radiomics, and whether this machine is usable."""
    from robustrad.doctor import doctor_command

    code, told = doctor_command()
    tell(told, json_)
    raise typer.Exit(code)
