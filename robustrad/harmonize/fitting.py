"""From training rows to a :class:`~robustrad.harmonize.state.CombatState`: checks, isolation, engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from robustrad.harmonize import estimation, neurocombat_engine
from robustrad.harmonize.bootstrap import bootstrap_estimates
from robustrad.harmonize.design import check_design, design_quality
from robustrad.harmonize.errors import HarmonizationError
from robustrad.harmonize.estimation import Codes, Estimates, Floats, Recipe
from robustrad.harmonize.inputs import Labels, label_of
from robustrad.harmonize.isolation import isolate
from robustrad.harmonize.outcome_guard import OutcomeUse, guarded_coding
from robustrad.harmonize.state import CombatState

Engine = Literal["auto", "native", "neurocombat"]


@dataclass(frozen=True)
class FitSettings:
    """The parameters of :class:`~robustrad.harmonize.combat.ComBat` that fitting depends on."""

    eb: bool
    mean_only: bool
    ref_batch: str | int | None
    n_bootstrap: int
    min_batch_size: int
    parametric: bool
    categorical: tuple[str, ...]
    allow_outcome_covariate: OutcomeUse | None
    engine: Engine
    sva_compatible: bool
    seed: int

    def __post_init__(self) -> None:
        if self.engine not in get_args(Engine):
            raise HarmonizationError("ComBat, engine", f"{self.engine!r}", f"one of {get_args(Engine)}")
        if self.allow_outcome_covariate not in (None, *get_args(OutcomeUse)):
            raise HarmonizationError(
                "ComBat, allow_outcome_covariate",
                f"{self.allow_outcome_covariate!r}",
                f"None or one of {get_args(OutcomeUse)}",
            )
        for name in ("eb", "mean_only", "parametric", "sva_compatible"):
            if not isinstance(getattr(self, name), (bool, np.bool_)):
                raise HarmonizationError(f"ComBat, {name}", f"{getattr(self, name)!r}", "True or False")
        for name in ("n_bootstrap", "min_batch_size", "seed"):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 0:
                raise HarmonizationError(f"ComBat, {name}", f"{value!r}", "a whole number, 0 or more")
        if isinstance(self.categorical, str):
            todo = f"Write ({self.categorical!r},)."
            raise HarmonizationError("ComBat, categorical", f"{self.categorical!r}", "a tuple of names", todo)


def fit_state(
    X: Floats, labels: Labels, covariates: pd.DataFrame, *, y: Any, settings: FitSettings
) -> CombatState:
    """Return the state fitted on the rows of ``X`` (n x p, may hold NaN).

    Raises
    ------
    HarmonizationError
        One batch only, a batch too small, an unknown reference, the outcome among the covariates, a
        singular design, no usable feature, or an engine that is not right for these settings.
    """
    coding, optimistic = guarded_coding(
        covariates, y, categorical=settings.categorical, allow=settings.allow_outcome_covariate
    )
    Z = coding.encode(covariates, fitting=True)
    batches, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    check_batches(batches, counts, settings)
    n_batches = batches.size
    recipe = _recipe(batches, settings)
    check_design(design_quality(codes, Z, n_batches=n_batches))
    isolated = isolate(X, codes, Z, n_batches=n_batches, reference=recipe.reference)
    active = np.setdiff1d(np.arange(X.shape[1]), list(isolated)).astype(np.intp)
    if active.size == 0:
        raise HarmonizationError(
            "ComBat",
            f"none of {X.shape[1]} features can be harmonized ({_reasons(isolated)})",
            "finite features that vary within every batch",
        )
    engine = choose_engine(X[:, active], codes, Z, recipe=recipe, settings=settings)
    estimates = _estimate(
        engine, X[:, active], codes, Z, n_batches=n_batches, recipe=recipe, settings=settings
    )
    names = tuple(str(batch) for batch in batches)
    return CombatState(
        names,
        tuple(int(n) for n in counts),
        (),
        estimates,
        active,
        isolated,
        coding,
        recipe,
        engine,
        optimistic,
    )


def check_batches(batches: Labels, counts: Codes, settings: FitSettings) -> None:
    """Raise a HarmonizationError if there is nothing to harmonize, or too little to learn it from."""
    if batches.size < 2:
        raise HarmonizationError(
            "ComBat, batch",
            f"only one batch ({str(batches[0])!r})",
            "two or more",
            "There is nothing to harmonize.",
        )
    floor = max(settings.min_batch_size, 1 if settings.mean_only else 2)
    small = [
        f"{name!r} ({n})" for name, n in zip(batches.tolist(), counts.tolist(), strict=True) if n < floor
    ]
    if small:
        raise HarmonizationError(
            "ComBat, batch",
            f"too few rows in {', '.join(small)}",
            f"at least {floor} rows in each batch",
            "Join batches or drop them; a smaller min_batch_size accepts less reliable estimates "
            "(2 is the least; 1 with mean_only).",
        )
    if settings.ref_batch is not None and label_of(settings.ref_batch) not in batches:
        raise HarmonizationError(
            "ComBat, ref_batch",
            f"{settings.ref_batch!r} is not among the training rows",
            f"one of {[str(b) for b in batches]}",
        )


def choose_engine(X: Floats, codes: Codes, Z: Floats, *, recipe: Recipe, settings: FitSettings) -> str:
    """Return ``native`` or ``neurocombat``: with ``auto``, neuroCombat wherever it is right.

    Raises
    ------
    HarmonizationError
        If neuroCombat was asked for where it is not right.
    """
    if settings.engine == "native":
        return "native"
    sizes = np.bincount(codes)
    outside = (
        # Resamples could leave the envelope one by one; our own estimator has none.
        "n_bootstrap repeats it on resamples"
        if settings.n_bootstrap
        else neurocombat_engine.outside_envelope(
            recipe,
            n_features=X.shape[1],
            smallest_batch=int(sizes.min()),
            degenerate=neurocombat_engine.is_degenerate(X, codes, Z, n_batches=sizes.size),
        )
    )
    if outside is None:
        return "neurocombat"
    if settings.engine == "neurocombat":
        raise HarmonizationError("ComBat, engine='neurocombat'", outside, "engine='native' or 'auto'")
    return "native"


def _recipe(batches: Labels, settings: FitSettings) -> Recipe:
    reference = None
    if settings.ref_batch is not None:
        reference = int(np.flatnonzero(batches == label_of(settings.ref_batch))[0])
    # Without this, mean_only shrinks as if every batch had one sample and 86 % of the shift stays.
    eb = settings.eb and (not settings.mean_only or settings.sva_compatible)
    return Recipe(eb, settings.parametric, settings.mean_only, reference)


def _estimate(
    engine: str, X: Floats, codes: Codes, Z: Floats, *, n_batches: int, recipe: Recipe, settings: FitSettings
) -> Estimates:
    estimate = neurocombat_engine.estimate if engine == "neurocombat" else estimation.estimate

    def once(x: Floats, b: Codes, z: Floats) -> Estimates:
        return estimate(x, b, z, n_batches=n_batches, recipe=recipe)

    if not settings.n_bootstrap:
        return once(X, codes, Z)
    return bootstrap_estimates(
        once,
        X,
        codes,
        Z,
        n_batches=n_batches,
        reference=recipe.reference,
        n_bootstrap=settings.n_bootstrap,
        seed=settings.seed,
    )


def _reasons(isolated: dict[int, str]) -> str:
    names = list(isolated.values())
    return ", ".join(f"{names.count(reason)} {reason}" for reason in sorted(set(names)))
