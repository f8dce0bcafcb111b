"""``rr.drift``: a drift run in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from robustrad.audit.asked import asked_models, asked_remedies, listed
from robustrad.audit.drift_run import DriftResult, run_drift
from robustrad.audit.drift_settings import DriftSettings
from robustrad.drift.experiment import RunSettings
from robustrad.drift.frozen import THRESHOLD
from robustrad.drift.models.spec import MIN_BATCH, Selector
from robustrad.drift.question import Lesion, Question, Unit
from robustrad.drift.sites.settings import EXPERIMENTS
from robustrad.stability.source import Reading


def drift(
    source: object,
    *,
    outcome: str,
    positive: str | None = None,
    cases: str | Path | pd.DataFrame | None = None,
    batch: str | None = None,
    clinical: str | Sequence[str] = (),
    patient: str = "patient",
    unit: Unit = "case",
    lesion: Lesion | None = None,
    model: str | Sequence[str] = "logistic",
    n_features: int | None = None,
    selector: Selector = "univariate",
    combat: bool = False,
    min_batch: int = MIN_BATCH,
    keep_isolated: bool = False,
    score: str | None = None,
    threshold: float = THRESHOLD,
    volume: str | None = None,
    case: str = "case_id",
    condition: str = "condition",
    reference: str | None = None,
    roles: Mapping[str, str] | None = None,
    matrix: bool = False,
    margin: float = 0.05,
    repeats: int = 5,
    folds: int = 5,
    bootstraps: int = 2000,
    permutations: int = 100,
    remedies: str | Sequence[str] = (),
    experiments: Sequence[str] = EXPERIMENTS,
    assignments: int = 20,
    kappa: float = 0.0,
    calibration: int = 20,
    seed: int = 0,
    jobs: int | None = None,
    output: str | Path | None = None,
    progress: bool = False,
) -> DriftResult:
    """Measure what perturbation does to a model: train on the reference, test every condition.

    Everything that learns is fitted on training patients only; the same patients are tested at every
    condition. Beside performance stand the safeguards: what volume, the batch, the clinic and permuted
    labels would score.

    Parameters
    ----------
    source : path, study, DataFrame, or a list of them
        A study folder; a feature table with conditions, or of one row per case. Several with
        ``unit="patient"``.
    outcome : str
        Column with two values, in ``cases``, the study's ``cases.csv`` or the table.
    positive : str, optional
        Value that counts as the event; default the larger.
    cases : path or DataFrame, optional
        Table of the subjects, joined on ``case_id``.
    batch : str, optional
        Column of the real batch: labels are permuted within it, and the batch-only model stands beside.
    clinical : str or sequence of str
        Clinical columns, for the clinical-only model.
    patient : str
        Column of the patient; folds and resamples never split one.
    unit, lesion
        See :class:`robustrad.drift.question.Question`.
    model : str or sequence of str
        ``logistic``, ``elasticnet``, ``random_forest``, ``svm``, ``gradient_boosting``, ``module:object``.
    n_features, selector, combat
        See :class:`robustrad.drift.models.spec.ModelSpec`.
    min_batch : int
        Smallest batch that ComBat may learn from, in rows of a training fold.
    keep_isolated : bool
        Keep features in the model that ComBat cannot harmonize.
    score : str, optional
        Column of finished scores in a table with conditions; nothing is fitted.
    threshold : float
        Probability from which frozen scores count as positive; an error with models that are fitted here.
    volume : str, optional
        Column of the volume, in the table or in ``cases``; default PyRadiomics' ``original_shape_MeshVolume``
        or ``VoxelVolume``.
    case, condition, reference, roles
        How a feature table is read.
    matrix : bool
        Train on every condition and test on every condition.
    margin : float
        Loss of AUC that would matter.
    remedies : str or sequence of str
        ``all``, or names of remedies to compare (:mod:`robustrad.drift.remedies`).
    experiments, assignments, kappa, calibration
        See :class:`robustrad.drift.sites.settings.RemedySettings`.
    repeats, folds, bootstraps, permutations, seed, jobs
        Of cross-validation, intervals and the permutation test.
    output : path, optional
        Folder for tables and the resume state; without it nothing is kept.
    progress : bool
        Tell progress on stderr.

    Raises
    ------
    DataError
        With everything that makes the run impossible, at once.

    Examples
    --------
    >>> import numpy as np, pandas as pd, robustrad as rr
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], 20)
    >>> signal = y + rng.normal(size=40)
    >>> rows = [
    ...     {"case_id": f"c{i}", "condition": c, "y": y[i], "a": signal[i] + shift, "b": rng.normal()}
    ...     for i in range(40) for c, shift in (("reference", 0.0), ("blur", 0.5))
    ... ]
    >>> result = rr.drift(pd.DataFrame(rows), outcome="y", repeats=1, permutations=0, bootstraps=200, jobs=1)
    >>> result.tables.drift[["arm", "condition"]].drop_duplicates().shape[0]
    4
    """
    question = Question(
        outcome=outcome,
        positive=positive,
        cases=Path(cases) if isinstance(cases, str) else cases,
        batch=batch,
        clinical=listed(clinical),
        patient=patient,
        unit=unit,
        lesion=lesion,
        score=score,
        volume=volume,
        reading=Reading(case=case, condition=condition, reference=reference, roles=dict(roles or {})),
    )
    specs = asked_models(
        model, n_features=n_features, selector=selector, combat=combat, min_batch=min_batch,
        keep_isolated=keep_isolated,
    )  # fmt: skip
    run = RunSettings(folds=folds, repeats=repeats, permutations=permutations, matrix=matrix, seed=seed)
    compare = asked_remedies(
        remedies, experiments=experiments, assignments=assignments, kappa=kappa, calibration=calibration,
        resamples=bootstraps, seed=seed,
    )  # fmt: skip
    settings = DriftSettings(specs, run, margin, bootstraps, threshold, jobs, compare)
    sources = list(source) if isinstance(source, (list, tuple)) else [source]
    folder = None if output is None else Path(output)
    return run_drift(sources, question, settings, folder=folder, progress=progress)
