"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from robustrad.cli.choices import EngineChoice

CasesArg = Annotated[Path, typer.Argument(metavar="CASES", help="Table of cases (CSV or TSV).")]
OutArg = Annotated[Path, typer.Argument(metavar="OUT", help="Study folder.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout.")]
Protocol = Annotated[str | None, typer.Option("--protocol", help="Built-in name or YAML file.")]
Params = Annotated[str | None, typer.Option("--params", help="PyRadiomics parameter file.")]
Engine = Annotated[EngineChoice, typer.Option("--engine", help="Who computes the features.")]
Jobs = Annotated[int | None, typer.Option("-j", "--jobs", min=1, help="Worker processes [CPU cores].")]
