"""All tables of a drift run, from the scores of its arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.drift.evaluate import deployment
from robustrad.drift.evaluate.breakdown import breakdown
from robustrad.drift.evaluate.deployment import deployment_row
from robustrad.drift.evaluate.drift_table import drift_table
from robustrad.drift.evaluate.inputs import Cohort, Scored, Settings, mean_scores
from robustrad.drift.evaluate.matrix import is_matrix, matrix_table
from robustrad.drift.evaluate.patients import patients_table
from robustrad.drift.evaluate.predictions import filled
from robustrad.drift.evaluate.resample import patient_weights
from robustrad.drift.evaluate.selection import COLUMNS as SELECTION_COLUMNS
from robustrad.drift.evaluate.selection import stability_over_conditions, stability_over_folds


@dataclass(frozen=True)
class DriftTables:
    """What a drift run says, one tidy frame each; ``matrix`` and the last three may be None.

    Attributes
    ----------
    drift, breakdown, deployment, patients, selection_stability, scores : DataFrame
    matrix, safeguards, selected : DataFrame or None
    """

    drift: pd.DataFrame
    breakdown: pd.DataFrame
    deployment: pd.DataFrame
    patients: pd.DataFrame
    selection_stability: pd.DataFrame
    scores: pd.DataFrame
    matrix: pd.DataFrame | None = None
    safeguards: pd.DataFrame | None = None
    selected: pd.DataFrame | None = None


def evaluate(
    arms: Sequence[Scored],
    cohort: Cohort,
    settings: Settings | None = None,
    *,
    clusters: NDArray[np.int64] | None = None,
    trained: Sequence[Scored] = (),
    strength: pd.Series | None = None,
) -> DriftTables:
    """Return the tables of all arms.

    Parameters
    ----------
    arms : sequence of Scored
        Arms called ``matrix:...`` enter the matrix and the selection over conditions only.
    cohort : Cohort
        The data that were scored.
    settings : Settings, optional
        Margin, resamples, seed.
    clusters : ndarray of int, shape (p,), optional
        Correlation cluster of each feature (:func:`robustrad.stability.clusters.correlation_clusters` of the
        reference); every feature its own by default.
    trained : sequence of Scored, optional
        Arms of every training condition with the same folds (the reference's and ``matrix:...``), whose
        selections are compared over conditions. Default: those among ``arms``.
    strength : Series, optional
        Measured strength by (factor, level): :func:`robustrad.drift.evaluate.strength.measured_strength`.
    """
    settings = settings or Settings()
    weights = patient_weights(cohort.outcome, cohort.groups, resamples=settings.resamples, seed=settings.seed)
    shown = [scored for scored in arms if not is_matrix(scored)]
    drift = pd.concat([drift_table(scored, cohort, weights, settings) for scored in shown], ignore_index=True)
    means = [mean_scores(scored) for scored in shown]
    mixes = [
        filled(
            {
                "arm": scored.arm.name, "model": scored.arm.model, "train": scored.arm.train,
                "slope_status": "",
            }
            | deployment_row(scored, cohort, scores, settings),
            deployment.COLUMNS,
        )
        for scored, scores in zip(shown, means, strict=True)
    ]  # fmt: skip
    return DriftTables(
        drift=drift,
        breakdown=breakdown(drift, margin=settings.margin, strength=strength),
        deployment=pd.DataFrame(mixes, columns=list(deployment.COLUMNS)),
        patients=pd.concat(
            [patients_table(s, cohort, m) for s, m in zip(shown, means, strict=True)], ignore_index=True
        ),
        selection_stability=_selection(arms, trained or arms, clusters),
        scores=pd.concat([scores_table(scored, cohort) for scored in arms], ignore_index=True),
        matrix=_matrix(arms, cohort),
    )


def scores_table(scored: Scored, cohort: Cohort) -> pd.DataFrame:
    """Return the scores of one arm as a long table: arm, model, repeat, subject, condition, fold, score."""
    r, n, k = scored.scores.shape
    repeat, subject, condition = (axis.ravel() for axis in np.indices((r, n, k)))
    table = pd.DataFrame(
        {
            "arm": scored.arm.name,
            "model": scored.arm.model,
            "repeat": repeat,
            "subject": np.asarray(cohort.subjects, dtype=object)[subject],
            "condition": cohort.conditions["condition"].to_numpy()[condition],
            "fold": scored.folds[repeat, subject],
            "score": scored.scores.ravel(),
        }
    )
    return table[table["score"].notna()].reset_index(drop=True)


def _matrix(arms: Sequence[Scored], cohort: Cohort) -> pd.DataFrame | None:
    trained = [scored for scored in arms if is_matrix(scored)]
    if not trained:
        return None
    if not any(scored.arm.train == "reference" for scored in trained):
        trained = [scored for scored in arms if scored.arm.name == "reference"] + trained
    return matrix_table(trained, cohort)


def _selection(
    arms: Sequence[Scored], trained: Sequence[Scored], clusters: NDArray[np.int64] | None
) -> pd.DataFrame:
    rows = []
    for scored in arms:
        p = scored.selected.shape[-1]
        # What is trained on each test condition has a selection for each: they are among ``trained``.
        if p == 0 or scored.frozen or is_matrix(scored) or scored.arm.train == "same":
            continue
        label = np.arange(p) if clusters is None else clusters
        rows.append(stability_over_folds(scored, label))
        others = [
            a.selected
            for a in trained
            if is_matrix(a) and a.arm.model == scored.arm.model and not a.untrained
        ]
        if scored.arm.name == "reference" and others:
            rows.append(stability_over_conditions([scored.selected, *others], scored, label))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=list(SELECTION_COLUMNS))
