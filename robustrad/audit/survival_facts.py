"""What ``survival.json`` says of a run beside its findings."""

from __future__ import annotations

from typing import Any

import numpy as np

from robustrad.audit.facts import asked_facts, installed, remedy_facts, settings_facts
from robustrad.audit.options import judging_options, model_options, question_options, remedy_options
from robustrad.audit.survival_settings import SurvivalSettings
from robustrad.drift.data import DriftData
from robustrad.drift.question import Question
from robustrad.drift.survival.times import Survival


def survival_facts(
    data: DriftData, survival: Survival, settings: SurvivalSettings, question: Question
) -> dict[str, Any]:
    """Return what ``survival.json`` says of the run."""
    tau = survival.horizon if settings.tau is None else settings.tau
    return {
        "time": survival.time_name,
        "event": survival.event_name,
        "n": survival.time.size,
        "n_patients": data.n_patients,
        "n_events": int(survival.event.sum()),
        "follow_up_median": float(np.median(survival.time)),
        "tau": tau,
        **asked_facts(data, settings, question),
        "settings": settings_facts(settings, fitted=question.score is None),
        "options": [
            *question_options(question, time=survival.time_name),
            *model_options(settings.models, settings.run, default="cox"),
            *judging_options(
                margin=settings.margin,
                bootstraps=settings.bootstraps,
                threshold=settings.cutoff,
                tau=settings.tau,
            ),
            *remedy_options(settings.remedies),
        ],
        "remedies": remedy_facts(settings),
        "versions": installed("scikit-survival"),
        "warnings": list(data.warnings),
    }
