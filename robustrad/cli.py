"""The command line: one thin function per command; everything heavy is imported inside."""

from __future__ import annotations

import json
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="robustrad",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="The robustness benchmark for radiomics: perturb, extract, measure stability and drift.",
)


class EngineChoice(StrEnum):
    """Who computes the features."""

    auto = "auto"
    native = "native"
    native_shared = "native-shared"
    pyradiomics = "pyradiomics"


class ExecutorChoice(StrEnum):
    """Where tasks run."""

    processes = "processes"
    serial = "serial"


class ModalityChoice(StrEnum):
    """Modalities that protocols know."""

    CT = "CT"
    PT = "PT"
    MR = "MR"


class UnitChoice(StrEnum):
    """What a subject is."""

    case = "case"
    patient = "patient"


class LesionChoice(StrEnum):
    """How several lesions become one."""

    largest = "largest"
    mean = "mean"


class SelectorChoice(StrEnum):
    """How features are selected."""

    univariate = "univariate"
    l1 = "l1"
    none = "none"


CasesArg = Annotated[Path, typer.Argument(metavar="CASES", help="Table of cases (CSV or TSV).")]
OutArg = Annotated[Path, typer.Argument(metavar="OUT", help="Study folder.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout.")]
Protocol = Annotated[str | None, typer.Option("--protocol", help="Built-in name or YAML file.")]
Params = Annotated[str | None, typer.Option("--params", help="PyRadiomics parameter file.")]
Engine = Annotated[EngineChoice, typer.Option("--engine", help="Who computes the features.")]
Jobs = Annotated[int | None, typer.Option("-j", "--jobs", min=1, help="Worker processes [CPU cores].")]


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


@app.command()
def demo(
    out: Annotated[Path, typer.Argument(metavar="[OUT]", help="Folder of the demo.")] = Path("demo"),
    jobs: Jobs = None,
    n: Annotated[int, typer.Option("-n", min=8, help="Number of synthetic patients.")] = 40,
) -> None:
    """Run the whole chain on the built-in cohort: check, sweep (quick), stability, drift."""
    from robustrad.demo.run import run_demo

    raise typer.Exit(run_demo(out, jobs=jobs, n=n))


@app.command()
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
    _print(told, json_)
    raise typer.Exit(code)


@app.command()
def status(
    out: OutArg,
    failed: Annotated[bool, typer.Option("--failed", help="List skipped and failed units.")] = False,
    json_: Json = False,
) -> None:
    """Tell what a study folder holds: done, skipped, failed, missing."""
    from robustrad.sweep.command import status_text

    _print(status_text(out, failed=failed), json_)


@app.command()
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
    _print(told, json_)
    raise typer.Exit(code)


@app.command("cases")
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
    _print(cases_command(directory, output, image=image, mask=mask, modality=chosen), False)


@app.command()
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
    _print(told, False)
    raise typer.Exit(code)


@app.command()
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
    _print(told, json_)


@app.command()
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
    _print(told, json_)


@app.command()
def drift(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE...", help="Study folder or feature table; see --unit.")
    ],
    outcome: Annotated[
        str | None, typer.Option("--outcome", metavar="COL", help="Column with two values.")
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", metavar="COL", help="Time to the event or to censoring.")
    ] = None,
    event: Annotated[
        str | None, typer.Option("--event", metavar="COL", help="1: the event, 0: censored; with --time.")
    ] = None,
    positive: Annotated[str | None, typer.Option("--positive", help="Value that is the event.")] = None,
    cases: Annotated[
        Path | None, typer.Option("--cases", metavar="FILE", help="Table of the subjects [the study's own].")
    ] = None,
    batch: Annotated[str | None, typer.Option("--batch", metavar="COL", help="Column of the batch.")] = None,
    clinical: Annotated[
        str | None, typer.Option("--clinical", metavar="COL,COL", help="Columns of the clinical model.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="NAME,NAME",
            help="logistic, elasticnet, random_forest, svm, gradient_boosting, module:object; with --time "
            "cox, survival_forest.",
        ),
    ] = None,
    n_features: Annotated[int | None, typer.Option("--n-features", min=1, help="Features to select.")] = None,
    selector: Annotated[SelectorChoice, typer.Option(help="How they are.")] = SelectorChoice.univariate,
    combat: Annotated[bool, typer.Option("--combat", help="Harmonize --batch inside the folds.")] = False,
    min_batch: Annotated[
        int, typer.Option("--min-batch", min=2, help="Smallest batch that --combat may learn from.")
    ] = 10,
    keep_isolated: Annotated[
        bool, typer.Option("--keep-isolated", help="Keep features in the model that --combat cannot change.")
    ] = False,
    matrix: Annotated[bool, typer.Option("--matrix", help="Train on every condition as well.")] = False,
    unit: Annotated[UnitChoice, typer.Option(help="What a subject is.")] = UnitChoice.case,
    lesion: Annotated[
        LesionChoice | None, typer.Option("--lesion", help="How the lesions of a patient become one.")
    ] = None,
    patient: Annotated[str, typer.Option("--patient", metavar="COL", help="Column of patients.")] = "patient",
    score: Annotated[
        str | None, typer.Option("--score", metavar="COL", help="Finished probabilities; fits nothing.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Of frozen probabilities [0.5], or of frozen risks [their median].")
    ] = None,
    tau: Annotated[float | None, typer.Option(help="Horizon of Uno's C, with --time.")] = None,
    volume: Annotated[
        str | None, typer.Option("--volume", metavar="COL", help="Column of the volume [MeshVolume].")
    ] = None,
    case: Annotated[str, typer.Option("--case", help="Column of the case in a table.")] = "case_id",
    condition: Annotated[str, typer.Option("--condition", help="Column of the condition.")] = "condition",
    reference: Annotated[str | None, typer.Option("--reference", help="Condition to compare with.")] = None,
    margin: Annotated[float, typer.Option(help="Loss of AUC that would matter.")] = 0.05,
    repeats: Annotated[int, typer.Option(min=1, help="Repeats of the cross-validation.")] = 5,
    folds: Annotated[int, typer.Option(min=2, help="Outer folds.")] = 5,
    bootstraps: Annotated[int, typer.Option(min=100, help="Resamples of the patients.")] = 2000,
    permutations: Annotated[int, typer.Option(min=0, help="Of the labels.")] = 100,
    remedies: Annotated[
        str | None, typer.Option("--remedies", metavar="all|NAME,NAME", help="Remedies to compare.")
    ] = None,
    experiments: Annotated[
        str, typer.Option("--experiments", metavar="e1,..", help="e1 paired, e2 sites, e3 new site, e4 null.")
    ] = "e1,e2,e3,e4",
    assignments: Annotated[int, typer.Option("--assignments", min=2, help="To virtual sites.")] = 20,
    kappa: Annotated[float, typer.Option("--kappa", help="Confounding of site and outcome, 0 to 1.")] = 0.0,
    calibration: Annotated[
        int, typer.Option("--calibration", help="Unlabelled patients of a new site.")
    ] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = 0,
    jobs: Jobs = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Folder of the tables.")] = None,
    json_: Json = False,
) -> None:
    """Say what perturbation does to a model: performance, predictions and safeguards."""
    from robustrad.audit.asked import asked_models, asked_remedies
    from robustrad.core.errors import DataError
    from robustrad.drift.experiment import RunSettings
    from robustrad.drift.question import Question
    from robustrad.stability.source import Reading

    if (outcome is None) == (time is None) or (time is None) != (event is None):
        raise DataError("drift", "no single question", "--outcome COL, or --time COL with --event COL")
    names = _words(model or ("logistic" if time is None else "cox"))
    specs = asked_models(
        names, n_features=n_features, selector=selector.value, combat=combat, min_batch=min_batch,
        keep_isolated=keep_isolated,
    )  # fmt: skip
    question = Question(
        outcome=outcome or event or "",
        positive=positive,
        cases=cases,
        batch=batch,
        clinical=_words(clinical),
        patient=patient,
        unit=unit.value,
        lesion=lesion.value if lesion else None,
        score=score,
        volume=volume,
        reading=Reading(case=case, condition=condition, reference=reference),
    )
    run = RunSettings(folds=folds, repeats=repeats, permutations=permutations, matrix=matrix, seed=seed)
    compare = asked_remedies(
        remedies or "", experiments=_words(experiments), assignments=assignments, kappa=kappa,
        calibration=calibration, resamples=bootstraps, seed=seed,
    )  # fmt: skip
    if time is not None:
        from robustrad.audit.survival_settings import SurvivalSettings
        from robustrad.report.survival import survival_command

        followed = SurvivalSettings(specs, run, margin, bootstraps, tau, threshold, jobs, compare)
        _print(survival_command(sources, question, followed, time=time, output=output), json_)
        return
    from robustrad.audit.drift_settings import DriftSettings
    from robustrad.report.drift import drift_command

    if tau is not None:
        raise DataError("tau", "a horizon without --time", "", "It is for a time to event; leave it out.")
    cut = 0.5 if threshold is None else threshold
    settings = DriftSettings(specs, run, margin, bootstraps, cut, jobs, compare)
    _print(drift_command(sources, question, settings, output=output), json_)


@app.command()
def protocols(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A built-in protocol or a file.")
    ] = None,
    json_: Json = False,
) -> None:
    """List the built-in protocols, or show one as resolved."""
    from robustrad.protocol.command import protocols_command

    _print(protocols_command(name), json_)


@app.command()
def perturbations(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A kind of perturbation.")] = None,
    json_: Json = False,
) -> None:
    """List the perturbations, or show the parameters of one."""
    from robustrad.perturb.command import perturbations_command

    _print(perturbations_command(name), json_)


@app.command()
def doctor(json_: Json = False) -> None:
    """Tell versions, which distribution provides radiomics, and whether this machine is usable."""
    from robustrad.doctor import doctor_command

    code, told = doctor_command()
    _print(told, json_)
    raise typer.Exit(code)


def _words(text: str | None) -> tuple[str, ...]:
    """Return the words of a list with commas."""
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())


@app.command()
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
    _print(report_command(out, title=title, formats=chosen, journal_width=journal_width), json_)


def _print(told: Any, as_json: bool) -> None:
    """Print a result: an object with ``text`` and ``data``, or a string."""
    if as_json:
        typer.echo(json.dumps(told.data, indent=2, ensure_ascii=False))
    else:
        typer.echo(told if isinstance(told, str) else told.text)


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
