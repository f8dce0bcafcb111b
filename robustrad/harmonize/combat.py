"""ComBat as a scikit-learn transformer: learned on training rows, applied to any rows."""

from __future__ import annotations

import warnings
from copy import copy
from dataclasses import fields
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from robustrad.harmonize.calibration import check_enough, read_patients
from robustrad.harmonize.errors import HarmonizationError, HarmonizationWarning, OptimisticWarning
from robustrad.harmonize.estimation import Estimates, Floats
from robustrad.harmonize.fitting import Engine, FitSettings, fit_state
from robustrad.harmonize.inputs import read_batch, read_covariates
from robustrad.harmonize.outcome_guard import OutcomeUse
from robustrad.harmonize.state import CombatState, add_batch, harmonize
from robustrad.harmonize.unseen import Unseen, check_policy, meet_unseen, unseen_batches


class ComBat(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    r"""Remove location and scale effects of batches, keeping those of covariates.

    Each feature of batch i is mapped by
    :math:`y^* = (y - c - \sigma\gamma_i)/\sqrt{\delta_i} + c`, :math:`c = \alpha + z^\top\beta`, with all
    estimates from the rows given to ``fit``. Not changed: rows of the reference batch, and features that
    are not finite or constant (overall or within a batch); both come back bit by bit. It removes a shift
    and a factor per batch and nothing else; :mod:`robustrad.harmonize.diagnostics` says whether that is
    what the batches differ by, :mod:`robustrad.harmonize.effect` what it achieved out of fold.

    Parameters
    ----------
    eb : bool
        Shrink the effects of a batch towards their distribution over the features (empirical Bayes).
    mean_only : bool
        Shift only. Implies no shrinkage: sva and neuroCombat shrink here as if each batch held one
        sample, which leaves 86 % of the shift (two batches of 200); ``sva_compatible`` brings that back.
    ref_batch : str or int, optional
        Batch that stays as it is and to which the others are mapped (M-ComBat).
    on_unseen : {"raise", "passthrough", "calibrate"}
        Batch in ``transform`` that was not in ``fit``: an error; unchanged, with a warning; or an error
        until :meth:`calibrate` was called with some of its patients.
    n_bootstrap : int
        Average the estimates over so many bootstrap resamples (B-ComBat); 0: none.
    min_batch_size : int
        Smallest batch accepted, in rows. The default is combat.enigma's; 20 to 30 are advised.
    parametric : bool
        Parametric priors; otherwise the empirical distribution of the other features.
    categorical : tuple of str
        Covariates that are numbers but mean categories.
    allow_outcome_covariate : {None, "fit_only", "optimistic"}
        A covariate that is the outcome ``y`` is refused; or used in ``fit`` and set to its mean in
        ``transform``; or used in both, which no new patient allows: marked in ``optimistic_``.
    n_calibration : int
        Patients per unseen batch that :meth:`calibrate` needs at least.
    engine : {"auto", "native", "neurocombat"}
        Who estimates. ``auto``: neuroCombat where it is right, else our own; both agree to 1e-9.
    sva_compatible : bool
        Keep empirical Bayes with ``mean_only``, as sva does.
    seed : int
        Of the bootstrap.

    Attributes
    ----------
    state_ : CombatState
        Everything learned. The following read from it.
    batches_, engine_, optimistic_, estimates_, isolated_
        Batches; engine used; whether the outcome enters the transform; estimates of the harmonized
        features; features that pass through, with the reason.

    Notes
    -----
    Batch labels are compared as text (``1``, ``1.0`` and ``"1"`` are one batch). In a ``Pipeline``:
    ``sklearn.set_config(enable_metadata_routing=True)`` and
    ``ComBat().set_fit_request(batch=True).set_transform_request(batch=True)``.

    References
    ----------
    Johnson 2007, doi:10.1093/biostatistics/kxj037. Fortin 2018, doi:10.1016/j.neuroimage.2017.11.024.
    Da-Ano 2020 (M- and B-ComBat), doi:10.1038/s41598-020-66110-w. Orlhac 2022, doi:10.2967/jnumed.121.262464.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(60, 5))
    >>> site = np.repeat(["A", "B"], 30)
    >>> X[site == "B"] += 2.0
    >>> even = ComBat(ref_batch="A").fit_transform(X, batch=site)
    >>> bool(abs(even[site == "B"].mean() - even[site == "A"].mean()) < 0.1)
    True
    """

    def __init__(
        self,
        *,
        eb: bool = True,
        mean_only: bool = False,
        ref_batch: str | int | None = None,
        on_unseen: Unseen = "raise",
        n_bootstrap: int = 0,
        min_batch_size: int = 10,
        parametric: bool = True,
        categorical: tuple[str, ...] = (),
        allow_outcome_covariate: OutcomeUse | None = None,
        n_calibration: int = 20,
        engine: Engine = "auto",
        sva_compatible: bool = False,
        seed: int = 0,
    ) -> None:
        self.eb = eb
        self.mean_only = mean_only
        self.ref_batch = ref_batch
        self.on_unseen = on_unseen
        self.n_bootstrap = n_bootstrap
        self.min_batch_size = min_batch_size
        self.parametric = parametric
        self.categorical = categorical
        self.allow_outcome_covariate = allow_outcome_covariate
        self.n_calibration = n_calibration
        self.engine = engine
        self.sva_compatible = sva_compatible
        self.seed = seed

    def fit(self, X: Any, y: Any = None, *, batch: Any = None, covariates: Any = None) -> Self:
        """Estimate the effects of the batches from training rows only.

        Parameters
        ----------
        X : DataFrame or ndarray of shape (n, p)
            Features; float64 inside whatever comes in. NaN isolates a feature.
        y : sequence of length n, optional
            Outcome, used for nothing but to keep it out of the covariates.
        batch : sequence of length n
            Batch of each row.
        covariates : DataFrame or ndarray of n rows, optional
            What is to be preserved; numbers, or text for categories.

        Raises
        ------
        HarmonizationError
            No batch, one batch, small batches, unknown reference, collinear or missing covariates, the
            outcome among them.
        """
        check_policy(self.on_unseen)
        settings = FitSettings(**{field.name: getattr(self, field.name) for field in fields(FitSettings)})
        values, rows = _features(self, X, reset=True)
        labels, table = read_batch(batch, rows), read_covariates(covariates, rows)
        self.state_ = fit_state(values, labels, table, y=y, settings=settings)
        self._warn()
        return self

    def transform(self, X: Any, *, batch: Any = None, covariates: Any = None) -> Any:
        """Return ``X`` harmonized, as a frame if it is one; rows, columns and order as given.

        Parameters
        ----------
        X, batch, covariates
            As in :meth:`fit`. Covariates are not needed with ``mean_only``. A value that is not finite stays
            so; for a harmonized feature there is a warning with its name and number.

        Raises
        ------
        HarmonizationError
            Unseen batch (see ``on_unseen``), a covariate that is absent or has an unknown category.
        """
        check_is_fitted(self)
        where = "ComBat.transform"
        values, rows = _features(self, X, reset=False)
        labels = read_batch(batch, rows, where=where)
        meet_unseen(labels, self.batches_, self.on_unseen)
        Z = _encode(self.state_, covariates, rows, where, needed=self.state_.needs_covariates)
        self._warn_of_missing(values)
        out = harmonize(self.state_, values, labels, Z)
        return pd.DataFrame(out, index=X.index, columns=X.columns) if isinstance(X, pd.DataFrame) else out

    def fit_transform(self, X: Any, y: Any = None, *, batch: Any = None, covariates: Any = None) -> Any:
        """Return ``fit(...).transform(...)`` of the same rows: in sample, for training rows only."""
        return self.fit(X, y, batch=batch, covariates=covariates).transform(
            X, batch=batch, covariates=covariates
        )

    def calibrate(self, X: Any, *, batch: Any = None, covariates: Any = None, patients: Any = None) -> ComBat:
        """Return a copy that also knows the unseen batches of these unlabelled rows.

        Only gamma and delta of the new batches are estimated; alpha, beta and sigma stay as trained.
        Use patients that are not evaluated later (:func:`robustrad.harmonize.calibration.calibration_rows`).

        Parameters
        ----------
        X, batch, covariates
            As in :meth:`fit`.
        patients : sequence of length n, optional
            Patient of each row. Without it each row counts as a patient, and rows that are equal are a
            warning: the spread within one patient is not that of the batch.

        Raises
        ------
        HarmonizationError
            ``on_unseen`` is not ``"calibrate"``, no new batch, or fewer than ``n_calibration`` patients of
            one.

        References
        ----------
        Da-Ano 2021, doi:10.1371/journal.pone.0253653.
        """
        check_is_fitted(self)
        where = "ComBat.calibrate"
        values, given = _features(self, X, reset=False)
        labels = read_batch(batch, given, where=where)
        fresh = unseen_batches(labels, self.batches_)
        if self.on_unseen != "calibrate" or not fresh:
            found = f"on_unseen={self.on_unseen!r}" if fresh else f"no batch beyond {list(self.batches_)}"
            raise HarmonizationError(where, found, "on_unseen='calibrate' and rows of a batch not in the fit")
        Z = _encode(self.state_, covariates, given, where, needed=True)
        people = None if patients is None else read_patients(patients, given)
        state = self.state_
        for label in fresh:
            rows = labels == label
            check_enough(values[rows], label, None if people is None else people[rows], self.n_calibration)
            state = add_batch(state, values[rows], label, Z[rows])
        known = copy(self)
        known.state_ = state
        return known

    def save(self, path: str | Path) -> None:
        """Write the fitted transformer as ``.json`` or ``.npz`` (exact to the bit, never pickle)."""
        from robustrad.harmonize.serialize import save

        check_is_fitted(self)
        save(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> ComBat:
        """Return the transformer that :meth:`save` wrote."""
        from robustrad.harmonize.serialize import load

        return load(Path(path))

    @property
    def batches_(self) -> tuple[str, ...]:
        """Known batches; calibrated ones at the end."""
        return self.state_.batches

    @property
    def engine_(self) -> str:
        """Engine that estimated."""
        return self.state_.engine

    @property
    def optimistic_(self) -> bool:
        """The outcome enters the transform."""
        return self.state_.optimistic

    @property
    def estimates_(self) -> Estimates:
        """Estimates of the features in ``state_.active``."""
        return self.state_.estimates

    @property
    def isolated_(self) -> dict[str, str]:
        """Features that pass through, with the reason."""
        state, names = self.state_, self.get_feature_names_out()
        return {str(names[column]): reason for column, reason in state.isolated.items()}

    def _warn_of_missing(self, values: Floats) -> None:
        active = self.state_.active
        missing = np.count_nonzero(~np.isfinite(values[:, active]), axis=0)
        if not missing.any():
            return
        names, which = self.get_feature_names_out()[active], np.flatnonzero(missing)
        first = ", ".join(f"{names[i]} ({missing[i]})" for i in which[:3])
        told = (
            f"ComBat: {int(missing.sum())} values of {which.size} harmonized features are not finite and "
            f"stay so: {first}{' ...' if which.size > 3 else ''}"
        )
        warnings.warn(told, HarmonizationWarning, stacklevel=3)

    def _warn(self) -> None:
        isolated = self.isolated_
        if isolated:
            first = ", ".join(f"{name} ({reason})" for name, reason in list(isolated.items())[:3])
            share = f"{len(isolated)} of {self.n_features_in_} features"
            told = f"ComBat: {share} pass through unharmonized: {first}{' ...' if len(isolated) > 3 else ''}"
            warnings.warn(told, HarmonizationWarning, stacklevel=3)
        if self.optimistic_:
            told = "ComBat: the outcome enters the transform; results on these patients are optimistic."
            warnings.warn(told, OptimisticWarning, stacklevel=3)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _features(estimator: ComBat, X: Any, *, reset: bool) -> tuple[Floats, Any]:
    """Return X as float64, and what the index of batch and covariates is compared with."""
    values = validate_data(
        estimator,
        X,
        reset=reset,
        dtype=np.float64,
        ensure_all_finite=False,
        ensure_min_samples=2 if reset else 1,
    )
    return values, X if isinstance(X, pd.DataFrame) else values


def _encode(state: CombatState, covariates: Any, rows: Any, where: str, *, needed: bool) -> Floats:
    if not needed:
        return np.zeros((rows.shape[0], len(state.coding.columns)))
    return state.coding.encode(read_covariates(covariates, rows, where=where), where=where)
