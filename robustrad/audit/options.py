"""The options of ``robustrad drift`` that make a run again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from robustrad.drift.experiment import RunSettings
from robustrad.drift.models.spec import MIN_BATCH, ModelSpec
from robustrad.drift.question import Question
from robustrad.drift.sites.settings import RemedySettings

TABLE = "TABLE"  # stands where the subjects came as a frame, which has no name


def question_options(question: Question, *, time: str | None = None) -> list[str]:
    """Return the options that ask ``question``, those at their default left out.

    A table of subjects is named without its folder: the record of a run does not depend on where it was made.
    """
    asked = ["--outcome", question.outcome] if time is None else ["--time", time, "--event", question.outcome]
    cases = question.cases
    table = None if cases is None else cases.name if isinstance(cases, Path) else TABLE
    plain, own, reading = Question(question.outcome), question, question.reading
    given: dict[str, tuple[object, object]] = {
        "--positive": (own.positive, None),
        "--cases": (table, None),
        "--batch": (own.batch, None),
        "--clinical": (",".join(own.clinical), ""),
        "--unit": (own.unit, plain.unit),
        "--lesion": (own.lesion, None),
        "--patient": (own.patient, plain.patient),
        "--score": (own.score, None),
        "--volume": (own.volume, None),
        "--case": (reading.case, plain.reading.case),
        "--condition": (reading.condition, plain.reading.condition),
        "--reference": (reading.reference, None),
    }
    return [*asked, *_changed(given)]


def model_options(specs: Sequence[ModelSpec], run: RunSettings, *, default: str) -> list[str]:
    """Return the options that train ``specs`` as ``run`` says, those at their default left out."""
    plain, usual = ModelSpec(default), RunSettings()
    first = specs[0] if specs else plain
    given: dict[str, tuple[object, object]] = {
        "--model": (",".join(spec.name for spec in specs) or default, default),
        "--n-features": (first.n_features, None),
        "--selector": (first.selector, plain.selector),
        "--min-batch": (dict(first.combat_settings).get("min_batch_size", MIN_BATCH), MIN_BATCH),
        "--folds": (run.folds, usual.folds),
        "--repeats": (run.repeats, usual.repeats),
        "--permutations": (run.permutations, usual.permutations),
        "--seed": (run.seed, usual.seed),
    }
    flags = {"--combat": first.combat, "--keep-isolated": first.keep_isolated, "--matrix": run.matrix}
    return [*_changed(given), *(flag for flag, on in flags.items() if on)]


def judging_options(
    *,
    margin: float,
    bootstraps: int,
    threshold: float | None = None,
    usual: float | None = None,
    tau: float | None = None,
) -> list[str]:
    """Return the options that judge a run; ``usual`` is the threshold that need not be said."""
    return _changed({
        "--margin": (margin, 0.05),
        "--bootstraps": (bootstraps, 2000),
        "--threshold": (threshold, usual),
        "--tau": (tau, None),
    })  # fmt: skip


def remedy_options(settings: RemedySettings | None) -> list[str]:
    """Return the options that compare remedies; none where none were compared."""
    if settings is None:
        return []
    own, usual = asdict(settings), asdict(RemedySettings())
    given: dict[str, tuple[object, object]] = {
        "--experiments": (",".join(own["experiments"]), ",".join(usual["experiments"])),
        **{f"--{name}": (own[name], usual[name]) for name in ("assignments", "kappa", "calibration")},
    }
    return ["--remedies", settings.remedies, *_changed(given)]


def _changed(given: dict[str, tuple[object, object]]) -> list[str]:
    return [
        part
        for name, (value, usual) in given.items()
        if value is not None and value != usual
        for part in (name, f"{value:g}" if isinstance(value, float) else str(value))
    ]
