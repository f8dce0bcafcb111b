"""The command ``drift``: an outcome of two values or a time to event, asked in one form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from robustrad.cli.choices import LesionChoice, SelectorChoice, UnitChoice
from robustrad.cli.options import Jobs, Json
from robustrad.cli.told import aside, tell


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
        with aside():
            survived = survival_command(sources, question, followed, time=time, output=output)
        tell(survived, json_)
        return
    from robustrad.audit.drift_settings import DriftSettings
    from robustrad.report.drift import drift_command

    if tau is not None:
        raise DataError("tau", "a horizon without --time", "", "It is for a time to event; leave it out.")
    cut = 0.5 if threshold is None else threshold
    settings = DriftSettings(specs, run, margin, bootstraps, cut, jobs, compare)
    with aside():
        drifted = drift_command(sources, question, settings, output=output)
    tell(drifted, json_)


def _words(text: str | None) -> tuple[str, ...]:
    """Return the words of a list with commas."""
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())
