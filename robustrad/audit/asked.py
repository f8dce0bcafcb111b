"""Models and remedies as they are asked for, by name."""

from __future__ import annotations

from collections.abc import Sequence

from robustrad.core.errors import DataError
from robustrad.drift.models.spec import MIN_BATCH, ModelSpec, Selector, model_spec
from robustrad.drift.sites.settings import RemedySettings


def listed(names: str | Sequence[str]) -> tuple[str, ...]:
    """Return names as they are given: one alone, or several."""
    return (names,) if isinstance(names, str) else tuple(names)


def asked_models(
    names: str | Sequence[str],
    *,
    n_features: int | None,
    selector: Selector,
    combat: bool,
    min_batch: int = MIN_BATCH,
    keep_isolated: bool = False,
) -> tuple[ModelSpec, ...]:
    """Return the models of one name or several, made alike; see :class:`ModelSpec`.

    Raises
    ------
    DataError
        If something is said of ComBat and it is not asked for, or ``min_batch`` is below 2.
    """
    if not combat and (min_batch != MIN_BATCH or keep_isolated):
        name = "keep_isolated" if keep_isolated else "min_batch"
        raise DataError(
            name, "it is for --combat, which is not asked for", "", "Pass --combat (combat=True)."
        )
    if min_batch < 2:
        raise DataError("min_batch", f"{min_batch}", "2 or more")
    return tuple(
        model_spec(
            name, n_features, selector, combat=combat, min_batch=min_batch, keep_isolated=keep_isolated
        )
        for name in listed(names)
    )


def asked_remedies(
    names: str | Sequence[str],
    *,
    experiments: Sequence[str],
    assignments: int,
    kappa: float,
    calibration: int,
    resamples: int,
    seed: int,
) -> RemedySettings | None:
    """Return how remedies of these names are compared, see :class:`RemedySettings`; None without a name.

    Raises
    ------
    DataError
        If something is said of the experiments and no remedy is named.
    """
    named = names if isinstance(names, str) else ",".join(names)
    how = RemedySettings(named, tuple(experiments), assignments, kappa, calibration, resamples, seed)
    if named:
        return how
    if how != RemedySettings("", resamples=resamples, seed=seed):
        found = "--experiments, --assignments, --kappa or --calibration without --remedies"
        raise DataError("remedies", found, "", "Name remedies to compare (all), or leave these out.")
    return None
