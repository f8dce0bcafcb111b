"""The steps before the estimator, fitted in order on training rows and frozen together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robustrad.core.errors import DataError
from robustrad.drift.data import Codes, Floats
from robustrad.drift.models.filters import CorrelationPruner, NearConstantFilter, TopFeatures
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.models.stability import PatientStability
from robustrad.harmonize.combat import ComBat

_MOST, _LEAST, _PATIENTS_PER_FEATURE = 10, 2, 5
_WIDE = 30  # what an elastic net selects from

Stability = Floats | PatientStability


@dataclass(frozen=True)
class Steps:
    """Harmonization, subset and scale, as learned.

    Attributes
    ----------
    combat : ComBat or None
        Fitted on the training rows.
    columns : ndarray of int
        Features kept, in the order of the table.
    center, scale : ndarray
        Of those, over the training rows.
    """

    combat: ComBat | None
    columns: NDArray[np.intp]
    center: Floats
    scale: Floats

    def apply(self, X: Floats, batch: ArrayLike | None = None) -> Floats:
        """Return the columns that enter the estimator, scaled."""
        if self.combat is not None:
            X = np.asarray(self.combat.transform(X, batch=batch))
        return np.asarray((X[:, self.columns] - self.center) / self.scale)


def fit_steps(
    spec: ModelSpec,
    X: Floats,
    y: Codes,
    groups: Codes,
    *,
    stability: Stability | None,
    batch: ArrayLike | None,
) -> tuple[Steps, Floats]:
    """Return the fitted steps and the training rows after them.

    Raises
    ------
    DataError
        If no feature varies in these rows.
    """
    combat = None
    if spec.combat:
        settings: dict[str, Any] = dict(spec.combat_settings)
        combat = ComBat(**settings).fit(X, y, batch=batch)
        X = np.asarray(combat.transform(X, batch=batch))
    varies = NearConstantFilter(same_value=spec.same_value).fit(X).get_support(indices=True)
    if not varies.size:
        raise DataError("model", "no feature varies among the training patients", "at least one")
    worth = stability.values() if isinstance(stability, PatientStability) else stability
    pruner = CorrelationPruner(
        threshold=spec.correlation, stability=None if worth is None else worth[varies]
    ).fit(X[:, varies])
    columns = varies[pruner.get_support(indices=True)]
    center, scale = X[:, columns].mean(axis=0), X[:, columns].std(axis=0)
    scaled = (X[:, columns] - center) / scale
    wanted = features_wanted(spec, y, groups)
    if spec.selector != "none" and wanted < columns.size:
        best = TopFeatures(n_features=wanted, by=spec.selector).fit(scaled, y).get_support(indices=True)
        columns, center, scale, scaled = columns[best], center[best], scale[best], scaled[:, best]
    return Steps(combat, columns, center, scale), np.ascontiguousarray(scaled)


def features_wanted(spec: ModelSpec, y: Codes, groups: Codes) -> int:
    """Return how many features to select; see :class:`robustrad.drift.models.spec.ModelSpec`."""
    if spec.n_features is not None:
        return spec.n_features
    rarer = min(int(np.unique(groups[y == label]).size) for label in (0, 1))
    few = min(_MOST, max(_LEAST, rarer // _PATIENTS_PER_FEATURE))
    return _WIDE if spec.name == "elasticnet" else few
