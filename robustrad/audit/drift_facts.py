"""What ``drift.json`` says of a run beside its findings."""

from __future__ import annotations

from typing import Any

import numpy as np

from robustrad.audit.drift_settings import DriftSettings
from robustrad.audit.facts import asked_facts, installed, remedy_facts, settings_facts
from robustrad.audit.options import judging_options, model_options, question_options, remedy_options
from robustrad.drift.data import DriftData
from robustrad.drift.frozen import THRESHOLD
from robustrad.drift.question import Question
from robustrad.harmonize.confounding import prevalence_check


def drift_facts(data: DriftData, settings: DriftSettings, question: Question) -> dict[str, Any]:
    """Return what ``drift.json`` says of the run."""
    positive = int(data.outcome.sum())
    facts: dict[str, Any] = {
        "outcome": data.outcome_name,
        "positive": data.positive,
        "n": len(data.subjects),
        "n_patients": data.n_patients,
        "n_positive": positive,
        "prevalence": positive / len(data.subjects),
        **asked_facts(data, settings, question),
        "settings": settings_facts(settings, fitted=question.score is None),
        "remedies": remedy_facts(settings),
        "options": [
            *question_options(question),
            *model_options(settings.models, settings.run, default="logistic"),
            *judging_options(
                margin=settings.margin,
                bootstraps=settings.bootstraps,
                threshold=settings.threshold,
                usual=THRESHOLD,
            ),
            *remedy_options(settings.remedies),
        ],
        "versions": installed("neuroCombat"),
        "warnings": list(data.warnings),
    }
    if data.batch is not None:
        facts["prevalence_by_batch"] = {
            str(name): float(np.mean(data.outcome[data.batch == name])) for name in np.unique(data.batch)
        }
        facts["batch_outcome"] = prevalence_check(data.outcome, data.batch).detail
    return facts
