"""Several batch variables (scanner, kernel, contrast): ComBat for one after the other.

References
----------
Horng H et al. Sci Rep 2022;12:4493 (nested ComBat). doi:10.1038/s41598-022-08412-9
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from robustrad.harmonize.combat import ComBat
from robustrad.harmonize.errors import HarmonizationError


class SequentialComBat(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Harmonize over several batch variables, one ComBat each, in the order given.

    Each step is fitted on what the steps before it returned. The order matters, and no step knows of the
    others: a later step can bring back part of what an earlier one removed.

    Parameters
    ----------
    steps : sequence of (str, ComBat)
        Column of ``batch``, and the (unfitted) transformer for it.

    Attributes
    ----------
    steps_ : list of (str, ComBat)
        The fitted ones.
    """

    def __init__(self, steps: Any) -> None:
        self.steps = steps

    def fit(self, X: Any, y: Any = None, *, batch: Any = None, covariates: Any = None) -> Self:
        """Fit each step on training rows; ``batch`` is a frame with a column per step."""
        self._fit(X, y, batch, covariates)
        return self

    def fit_transform(self, X: Any, y: Any = None, *, batch: Any = None, covariates: Any = None) -> Any:
        """Fit, and return the same rows harmonized: in sample, for training rows only."""
        return self._fit(X, y, batch, covariates)

    def transform(self, X: Any, *, batch: Any = None, covariates: Any = None) -> Any:
        """Return ``X`` harmonized by each step in turn."""
        check_is_fitted(self)
        for name, step in self.steps_:
            X = step.transform(X, batch=_column(batch, name), covariates=covariates)
        return X

    def save(self, path: str | Path) -> None:
        """Write the fitted chain as ``.json`` or ``.npz`` (exact to the bit, never pickle)."""
        from robustrad.harmonize.serialize import save_chain

        check_is_fitted(self)
        save_chain(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> SequentialComBat:
        """Return the chain that :meth:`save` wrote."""
        from robustrad.harmonize.serialize import load_chain

        fitted = load_chain(Path(path))
        chain = cls([(name, clone(step)) for name, step in fitted])
        chain._take(fitted)
        return chain

    def _fit(self, X: Any, y: Any, batch: Any, covariates: Any) -> Any:
        steps: list[tuple[str, ComBat]] = []
        for name, step in self.steps:
            fitted = clone(step)
            X = fitted.fit_transform(X, y, batch=_column(batch, name), covariates=covariates)
            steps.append((name, fitted))
        if not steps:
            raise HarmonizationError("SequentialComBat, steps", "none", "at least one (column, ComBat)")
        self._take(steps)
        return X

    def _take(self, steps: list[tuple[str, ComBat]]) -> None:
        self.steps_ = steps
        self.n_features_in_ = steps[0][1].n_features_in_
        if hasattr(steps[0][1], "feature_names_in_"):
            self.feature_names_in_ = steps[0][1].feature_names_in_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _column(batch: Any, name: str) -> Any:
    if not isinstance(batch, pd.DataFrame) or name not in batch.columns:
        found = f"columns {list(batch.columns)}" if isinstance(batch, pd.DataFrame) else type(batch).__name__
        raise HarmonizationError("SequentialComBat, batch", found, f"a frame with a column {name!r}")
    return batch[name]
