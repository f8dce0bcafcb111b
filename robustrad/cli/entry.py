"""The application: which commands there are, in the order of its help, and what becomes of errors."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated

import typer

from robustrad.cli.cases import cases_, check, extract, preview
from robustrad.cli.drift import drift
from robustrad.cli.lists import doctor, perturbations, protocols
from robustrad.cli.results import report, stability
from robustrad.cli.study import demo, status, sweep

app = typer.Typer(
    name="robustrad",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="The robustness benchmark for radiomics: perturb, extract, measure stability and drift.",
)


def _version(asked: bool) -> None:
    if asked:
        from robustrad import __version__

        typer.echo(f"robustrad {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Tell the version and exit.")
    ] = False,
) -> None:
    """The robustness benchmark for radiomics: perturb, extract, measure stability and drift."""


app.command()(demo)
app.command()(sweep)
app.command()(status)
app.command()(check)
app.command("cases")(cases_)
app.command()(extract)
app.command()(stability)
app.command()(preview)
app.command()(drift)
app.command()(protocols)
app.command()(perturbations)
app.command()(doctor)
app.command()(report)


def main() -> None:
    """Run the command line; errors that a user can mend are told without a traceback."""
    from robustrad.core.errors import RobustradError

    try:
        app(prog_name="robustrad")
    except RobustradError as error:
        for problem in error.problems:
            typer.echo(f"robustrad: {problem}", err=True)
        sys.exit(error.exit_code)
    except BaseException as error:
        code = getattr(error, "interrupt_code", None)
        if code is None:
            raise
        again = shlex.join(["robustrad", *sys.argv[1:]])
        typer.echo(f"\nStopped. What is done is kept; to resume:\n  {again}", err=True)
        sys.exit(code)
