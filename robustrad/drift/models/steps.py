"""The steps before the estimator, fitted in order on training rows and frozen together."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robustrad.core.errors import DataError
from robustrad.drift.data import Codes, Floats
from robustrad.drift.models.filters import lasso_order, near_constant, prune, univariate_order
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.models.stability import PatientStability
from robustrad.harmonize.combat import ComBat
from robustrad.harmonize.errors import HarmonizationWarning

_MOST, _LEAST, _PATIENTS_PER_FEATURE = 10, 2, 5
_WIDE = 30  # what an elastic net selects from

Stability = Floats | PatientStability


@dataclass(frozen=True)
class Steps:
    """Harmonization, subset and scale, as learned.

    Attributes
    ----------
    combat : ComBat or None
        Fitted on the columns ``varying`` of the training rows.
    varying : ndarray of int
        Features that vary among the training rows, in the order of the table.
    columns : ndarray of int
        Which of those are kept.
    center, scale : ndarray
        Of the kept ones, over the training rows.
    """

    combat: ComBat | None
    varying: NDArray[np.intp]
    columns: NDArray[np.intp]
    center: Floats
    scale: Floats

    @property
    def kept(self) -> NDArray[np.intp]:
        """Columns of the table that enter the estimator."""
        return self.varying[self.columns]

    @property
    def isolated(self) -> dict[int, str]:
        """Columns of the table that ComBat could not harmonize, with the reason."""
        if self.combat is None:
            return {}
        return {int(self.varying[column]): why for column, why in self.combat.state_.isolated.items()}

    def apply(self, X: Floats, batch: ArrayLike | None = None) -> Floats:
        """Return the columns that enter the estimator, scaled."""
        if self.combat is None:
            return np.asarray((X[:, self.kept] - self.center) / self.scale)
        even = np.asarray(self.combat.transform(X[:, self.varying], batch=batch))
        return np.asarray((even[:, self.columns] - self.center) / self.scale)


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
    # The functions of the transformers, not the transformers: their checks of X cost more than the work.
    varying = np.flatnonzero(~near_constant(X, same_value=spec.same_value))
    if not varying.size:
        raise DataError("model", "no feature varies among the training patients", "at least one")
    combat, even, usable = None, X[:, varying], np.arange(varying.size)
    if spec.combat:
        combat = _harmonizer(spec, even, y, batch)
        even = np.asarray(combat.transform(even, batch=batch))
        usable = usable if spec.keep_isolated else combat.state_.active
    worth = stability.values() if isinstance(stability, PatientStability) else stability
    worth = None if worth is None else worth[varying[usable]]
    columns = usable[np.flatnonzero(prune(even[:, usable], threshold=spec.correlation, stability=worth))]
    center, scale = even[:, columns].mean(axis=0), even[:, columns].std(axis=0)
    scaled = (even[:, columns] - center) / scale
    wanted = features_wanted(spec, y, groups)
    if spec.selector != "none" and wanted < columns.size:
        order = univariate_order if spec.selector == "univariate" else lasso_order
        best = np.sort(order(scaled, y, n=wanted))
        columns, center, scale, scaled = columns[best], center[best], scale[best], scaled[:, best]
    return Steps(combat, varying, columns, center, scale), np.ascontiguousarray(scaled)


def _harmonizer(spec: ModelSpec, X: Floats, y: Codes, batch: ArrayLike | None) -> ComBat:
    """Return ComBat of these rows; what it isolates is told of the whole run, by :attr:`Steps.isolated`."""
    settings: dict[str, Any] = dict(spec.combat_settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HarmonizationWarning)
        return ComBat(**settings).fit(X, y, batch=batch)


def features_wanted(spec: ModelSpec, y: Codes, groups: Codes) -> int:
    """Return how many features to select; see :class:`robustrad.drift.models.spec.ModelSpec`."""
    if spec.n_features is not None:
        return spec.n_features
    rarer = min(int(np.unique(groups[y == label]).size) for label in (0, 1))
    few = min(_MOST, max(_LEAST, rarer // _PATIENTS_PER_FEATURE))
    return _WIDE if spec.name == "elasticnet" else few
