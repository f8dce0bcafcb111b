"""A model that is not fitted here: remedies cannot train it, but its predictions can be averaged."""

from __future__ import annotations

import numpy as np

from robustrad.drift.data import DriftData, Floats
from robustrad.drift.endpoints import followed
from robustrad.drift.evaluate.resample import patient_weights
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.remedies.registry import choose
from robustrad.drift.sites.bench import Bench
from robustrad.drift.sites.bootstrap import Resamples
from robustrad.drift.sites.needs import copies_needs
from robustrad.drift.sites.paired import judged_columns
from robustrad.drift.sites.results import UNSEEN, Result
from robustrad.drift.sites.rows import blank
from robustrad.drift.sites.run import NAMES, RemedyTables
from robustrad.drift.sites.settings import RemedySettings
from robustrad.drift.survival.times import Survival

REASON = "the model is frozen: remedies train it anew; see {}deployment_needs.csv for averaging"


def frozen_tables(
    data: DriftData,
    scores: Floats,
    settings: RemedySettings,
    *,
    margin: float,
    survival: Survival | None = None,
) -> RemedyTables:
    """Return how many predictions of a frozen model must be averaged; its other rows say why there is none.

    Parameters
    ----------
    data : DriftData
        Subjects.
    scores : ndarray of shape (1, n, k)
        The model's, at every condition.
    settings, margin, survival
        As for :func:`robustrad.drift.sites.run.compare_remedies`.
    """
    folds = np.zeros((1, len(data.subjects)), dtype=np.intp)
    if survival is not None:
        data = followed(data, survival)
    bench = Bench(data, folds, ModelSpec(), settings.seed, survival)
    reason = REASON.format("" if survival is None else "survival_")
    nothing = np.empty(0)
    words = np.empty(0, dtype=np.str_)
    columns = judged_columns(bench)
    one = Result(
        scores[0][:, columns], folds[0], np.empty((0, 0), dtype=np.bool_), nothing, words, words, 0.0
    )
    weights = patient_weights(data.outcome, data.groups, resamples=settings.resamples, seed=settings.seed)
    resamples = Resamples.make(weights, 1, resample_draws=False, seed=settings.seed)
    rows = [
        blank(NAMES[name], remedy.name, UNSEEN, reason)
        for name in settings.experiments
        for remedy in choose(settings.remedies)
    ]
    needs = copies_needs(bench, [one], resamples, margin)
    return RemedyTables.of(bench.endpoint, rows, [], needs)
