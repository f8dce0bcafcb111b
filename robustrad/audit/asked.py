"""Models and remedies as they are asked for, by name."""

from __future__ import annotations

from collections.abc import Sequence

from robustrad.drift.models.spec import MIN_BATCH, ModelSpec, Selector, model_spec
from robustrad.drift.sites.settings import RemedySettings


def asked_models(
    names: str | Sequence[str],
    *,
    n_features: int | None,
    selector: Selector,
    combat: bool,
    min_batch: int = MIN_BATCH,
    keep_isolated: bool = False,
) -> tuple[ModelSpec, ...]:
    """Return the models of one name or several, made alike; see :class:`ModelSpec`."""
    listed = (names,) if isinstance(names, str) else tuple(names)
    return tuple(
        model_spec(
            name, n_features, selector, combat=combat, min_batch=min_batch, keep_isolated=keep_isolated
        )
        for name in listed
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
    """Return how remedies of these names are compared, see :class:`RemedySettings`; None without a name."""
    named = names if isinstance(names, str) else ",".join(names)
    if not named:
        return None
    parts = tuple(experiments)
    return RemedySettings(named, parts, assignments, kappa, calibration, resamples, seed)
