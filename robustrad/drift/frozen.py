"""Scores and models that the user brings finished: evaluated, never fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.core.errors import DataError
from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.data import DriftData, Floats
from robustrad.drift.labels import whole
from robustrad.drift.models.fingerprint import fingerprint_of
from robustrad.drift.models.tuning import raw_scores
from robustrad.harmonize.inputs import label_of

THRESHOLD = 0.5


def score_column(data: DriftData, arm: Arm, *, threshold: float = THRESHOLD) -> ArmScores:
    """Return the one feature of ``data`` as scores of a frozen arm.

    Raises
    ------
    DataError
        If a score, or the threshold, is not a probability.
    """
    scores = data.values[:, :, 0]
    _probabilities(scores, f"column {data.features[0]!r}")
    return _frozen(data, arm, scores, threshold=threshold, fingerprint=fingerprint_of(data.features))


def score_with(data: DriftData, estimator: object, arm: Arm, *, threshold: float = THRESHOLD) -> ArmScores:
    """Return the scores that a fitted estimator gives every subject at every condition.

    Its ``feature_names_in_`` choose and order the columns; without them it must have been fitted on as many
    as there are. Its ``classes_`` say which probability is that of the positive label; without them it is
    the second.

    Raises
    ------
    DataError
        If the columns or the classes do not fit, or it gives no probabilities.
    """
    columns, positive = _columns(data, estimator), _positive_class(data, estimator)
    there = data.present
    scores = np.full(there.shape, np.nan)
    cells: Any = data.values[:, :, columns][there]
    if hasattr(estimator, "feature_names_in_"):
        cells = pd.DataFrame(cells, columns=estimator.feature_names_in_)
    scores[there] = raw_scores(estimator, cells, positive=positive)
    _probabilities(scores, f"model {arm.model!r}")
    used = np.zeros(len(data.features), dtype=np.bool_)
    used[columns] = True
    return _frozen(data, arm, scores, threshold=threshold, fingerprint=fingerprint_of(estimator), used=used)


def _columns(data: DriftData, estimator: object) -> list[int]:
    named = getattr(estimator, "feature_names_in_", None)
    if named is None:
        wanted = getattr(estimator, "n_features_in_", len(data.features))
        if wanted != len(data.features):
            raise DataError(
                "model",
                f"fitted on {wanted} features without names, and the source has {len(data.features)}",
                "the same features in the same order",
                "Fit it on a DataFrame, so that it knows their names.",
            )
        return list(range(len(data.features)))
    missing = [str(name) for name in named if str(name) not in set(data.features)]
    if missing:
        raise DataError(
            "model",
            f"{len(missing)} of its {len(named)} features are absent, first {missing[0]!r}",
            "all features that it was fitted on, finite at every condition",
        )
    where = {name: i for i, name in enumerate(data.features)}
    return [where[str(name)] for name in named]


def _positive_class(data: DriftData, estimator: object) -> int:
    """Return which of the two classes of a fitted estimator is the positive label.

    Classes 0 and 1 are taken for those of the run, whatever the labels of its outcome.
    """
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return 1
    names = [whole(label_of(label)) for label in np.asarray(classes, dtype=object).ravel().tolist()]
    if len(names) == 2:
        if data.positive in names:
            return names.index(data.positive)
        if names in (["0", "1"], ["False", "True"]):
            return 1
    raise DataError(
        "model",
        f"its classes are {', '.join(names[:5])}{' ...' if len(names) > 5 else ''}",
        f"two, one of them {data.positive!r}, the positive label of {data.outcome_name!r}; or 0 and 1",
        "Fit it on the labels of the outcome, or name its class with --positive.",
    )


def _probabilities(scores: Floats, where: str) -> None:
    known = scores[np.isfinite(scores)]
    if known.size and (known.min() < 0 or known.max() > 1):
        raise DataError(
            where,
            f"scores from {known.min():.4g} to {known.max():.4g}",
            "probabilities of the positive class, 0 to 1",
            "Transform them; calibration and thresholds mean nothing otherwise.",
        )


def _frozen(
    data: DriftData,
    arm: Arm,
    scores: Floats,
    *,
    threshold: float,
    fingerprint: str,
    used: NDArray[np.bool_] | None = None,
) -> ArmScores:
    if not 0.0 <= threshold <= 1.0:
        raise DataError("threshold", f"{threshold:g}", "a probability, 0 to 1")
    used = np.ones(len(data.features), dtype=np.bool_) if used is None else used
    return ArmScores(
        arm=arm,
        scores=scores[None],
        folds=np.zeros((1, len(data.subjects)), dtype=np.intp),
        thresholds=np.full((1, 1), threshold),
        selected=used[None, None],
        fingerprints=(fingerprint,),
        frozen=True,
    )
