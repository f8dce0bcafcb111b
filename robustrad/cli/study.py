"""Commands that make a study, or tell what it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from robustrad.cli.choices import EngineChoice, ExecutorChoice
from robustrad.cli.options import CasesArg, Engine, Jobs, Json, OutArg, Params, Protocol
from robustrad.cli.told import tell


def demo(
    out: Annotated[Path, typer.Argument(metavar="[OUT]", help="Folder of the demo.")] = Path("demo"),
    jobs: Jobs = None,
    n: Annotated[int, typer.Option("-n", min=8, help="Number of synthetic patients.")] = 40,
) -> None:
    """Run the whole chain on the built-in cohort: check, sweep (quick), stability, drift."""
    from robustrad.demo.run import run_demo

    raise typer.Exit(run_demo(out, jobs=jobs, n=n))


def sweep(
    cases: CasesArg,
    out: OutArg,
    protocol: Protocol = None,
    params: Params = None,
    engine: Engine = EngineChoice.auto,
    jobs: Jobs = None,
    executor: Annotated[ExecutorChoice, typer.Option(help="Where tasks run.")] = ExecutorChoice.processes,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the study.")] = 0,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Compute failed tasks again.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N cases.")] = None,
    shard: Annotated[str | None, typer.Option(metavar="I/N", help="The I-th of N shards.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count and estimate; write nothing.")] = False,
    json_: Json = False,
) -> None:
    """Run a protocol over cases; the same command again resumes."""
    from robustrad.sweep.command import SweepRequest, dry_run_text, sweep_command

    request = SweepRequest(
        cases, out, protocol, params, engine.value, jobs, executor.value, seed, retry_failed, limit, shard
    )
    code, told = (dry_run_text if dry_run else sweep_command)(request)
    tell(told, json_)
    raise typer.Exit(code)


def status(
    out: OutArg,
    failed: Annotated[bool, typer.Option("--failed", help="List skipped and failed units.")] = False,
    json_: Json = False,
) -> None:
    """Tell what a study folder holds: done, skipped, failed, missing."""
    from robustrad.sweep.command import status_text

    tell(status_text(out, failed=failed), json_)
