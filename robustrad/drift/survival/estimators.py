"""Cox regression and random survival forests of scikit-survival, with the grids they are tuned over."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from robustrad.core.errors import DataError, EnvironmentUnusableError, nearest
from robustrad.drift.data import Floats
from robustrad.drift.survival.times import Survival

SURVIVAL_MODELS = ("cox", "survival_forest")

Params = dict[str, Any]


class SurvivalChoice(NamedTuple):
    """Parameters of an estimator, and what it is tuned over.

    Attributes
    ----------
    name : str
        One of :data:`SURVIVAL_MODELS`.
    fixed : dict
        Parameters as they are.
    grid : tuple of dict
        From the strongest regularization to the weakest: of equally good ones the first wins.
    """

    name: str
    fixed: Params
    grid: tuple[Params, ...]

    @property
    def default(self) -> Params:
        """Hyperparameters where nothing can be tuned."""
        return self.grid[len(self.grid) // 2]


def choose_survival(name: str) -> SurvivalChoice:
    """Return the model of a name.

    Raises
    ------
    DataError
        If there is none.
    """
    if name == "cox":
        return SurvivalChoice(name, {}, tuple({"alpha": alpha} for alpha in (100.0, 10.0, 1.0)))
    if name == "survival_forest":
        grid = tuple({"min_samples_leaf": leaf} for leaf in (15, 6))
        return SurvivalChoice(name, {"n_estimators": 100, "max_features": "sqrt", "n_jobs": 1}, grid)
    raise DataError("model", f"unknown {name!r} for times to event", "", nearest(name, SURVIVAL_MODELS))


def require_survival() -> None:
    """Make sure that scikit-survival is there.

    Raises
    ------
    EnvironmentUnusableError
        With the command that installs it.
    """
    try:
        import sksurv  # noqa: F401
    except ImportError as error:
        raise EnvironmentUnusableError(
            "models for times to event",
            f"scikit-survival cannot be imported ({error})",
            "the extra 'survival'",
            "Install it: python -m pip install 'robustrad[survival]'. Finished risk scores (--score) need "
            "no extra.",
        ) from error


def fit_estimator(choice: SurvivalChoice, params: Params, X: Floats, y: Survival, *, seed: int) -> Any:
    """Return the estimator fitted on training rows.

    Parameters
    ----------
    choice : SurvivalChoice
        Which one.
    params : dict
        Of its grid.
    X : ndarray of shape (m, q)
        Scaled features.
    y : Survival
        Of the m rows.
    seed : int
        Of the forest.
    """
    require_survival()
    from sksurv.ensemble import RandomSurvivalForest
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    settings = {**choice.fixed, **params}
    if choice.name == "cox":
        estimator: Any = CoxPHSurvivalAnalysis(**settings)
    else:
        estimator = RandomSurvivalForest(**settings, random_state=seed)
    return estimator.fit(X, Surv.from_arrays(y.event, y.time))


def predicted_risk(estimator: Any, X: Floats) -> Floats:
    """Return the risk of each row: higher means earlier."""
    return np.asarray(estimator.predict(X), dtype=np.float64)
