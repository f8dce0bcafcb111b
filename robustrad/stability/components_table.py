"""The table of variance components: a row per feature, factor and component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.core.errors import DataError
from robustrad.core.extremes import blanked, extreme_columns
from robustrad.stability import status as policy
from robustrad.stability.anova import Floats, mean_squares
from robustrad.stability.components import Decomposition, Term, decompose
from robustrad.stability.designs import Design, designs
from robustrad.stability.icc import complete_groups
from robustrad.stability.naming import parse
from robustrad.stability.observations import Observations
from robustrad.stability.reml import reml_of
from robustrad.stability.source import Reading, read_source

REML = "reml"
COMPONENT_COLUMNS = (
    "feature", "feature_class", "image_type", "factor", "role", "component", "term", "variance", "share",
    "truncated", "n", "n_dropped", "k", "draws", "status",
)  # fmt: skip
Missing = Literal["drop", "reml"]


def components_table(
    source: object,
    *,
    case: str = "case_id",
    condition: str = "condition",
    reference: str | None = None,
    exchangeable: bool = False,
    roles: Mapping[str, str] | None = None,
    features: Sequence[str] | None = None,
    missing: Missing = "drop",
) -> pd.DataFrame:
    """Return the variance components of each feature and factor of a study or feature table.

    Parameters
    ----------
    source, case, condition, reference, exchangeable, roles, features
        As of :func:`robustrad.stability.table.stability_table`.
    missing : {"drop", "reml"}, default "drop"
        What becomes of a feature with missing cells. ``drop``: subjects without all cells are left out; with
        more than 20 % of them, or fewer than five left, the feature is ``insufficient``. ``reml``: restricted
        maximum likelihood on all cells of one factor without draws (crossed random effects; tens of
        milliseconds a feature), status ``reml``; other designs stay ``insufficient``.

    Returns
    -------
    DataFrame
        Columns :data:`COMPONENT_COLUMNS`; factors in the order of the stability table, then features, then
        terms. ``component`` is ``subject``, ``level``, ``interaction``, ``draw`` or ``residual``; ``term``
        names its axes (``noise``, ``subject:noise``). ``variance`` in squared feature units; negative
        estimates are 0 with ``truncated``, and ``share`` is of the truncated sum. The reference is a level of
        every factor. Draws are nested in a subject and level; without draws ``residual`` includes the
        interaction of subject and factor. A factorial study has a set of terms per combination of factors
        (``noise+blur``). Chains, and tables of exchangeable conditions, have ``subject`` and ``draw``.
        ``invariant`` features have share 1 of the subject by convention, ``constant``,
        ``insufficient`` and ``extreme`` ones NaN.

    Raises
    ------
    DataError
        If the source cannot be read, or ``missing`` is unknown.
    """
    reading = Reading(case, condition, reference, exchangeable, dict(roles or {}), features)
    return components_of(read_source(source, reading), missing=missing)


def components_of(observed: Observations, *, missing: Missing = "drop") -> pd.DataFrame:
    """Return the table of :func:`components_table` for values that are read already."""
    if missing not in {"drop", "reml"}:
        raise DataError("components_table(missing)", f"{missing!r}", "drop or reml")
    extreme = extreme_columns(observed.values)
    parts = [_rows(observed, design, missing, extreme) for design in designs(observed)]
    if not parts:
        return pd.DataFrame(columns=list(COMPONENT_COLUMNS))
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class _Numbers:
    """What is known of each feature (columns) and term (rows) of a design; filled step by step."""

    terms: tuple[Term, ...]
    variance: Floats
    share: Floats
    truncated: NDArray[np.bool_]
    n: NDArray[np.int64]
    n_dropped: NDArray[np.int64]
    status: NDArray[np.object_]

    @classmethod
    def unknown(cls, design: Design, p: int) -> _Numbers:
        """Nothing yet: every feature insufficient."""
        *levels, draws = design.conditions.shape
        nothing = np.zeros((2, *levels, draws if levels else max(draws, 2), 1))
        terms = decompose(nothing, design.factors).terms
        blank = np.full((len(terms), p), np.nan)
        counts = np.zeros(p, dtype=np.int64)
        status = np.full(p, policy.INSUFFICIENT, dtype=object)
        return cls(terms, blank, blank.copy(), np.zeros(blank.shape, bool), counts, counts.copy(), status)

    def put(self, features: Any, found: Decomposition) -> None:
        self.variance[:, features], self.share[:, features] = found.variance, found.share
        self.truncated[:, features] = found.truncated

    def apply_conventions(self) -> None:
        """A feature that the factor does not move is all subject; one that never varies is nothing."""
        constant, invariant = self.status == policy.CONSTANT, self.status == policy.INVARIANT
        self.variance[:, constant], self.share[:, constant] = np.nan, np.nan
        self.variance[1:, invariant], self.share[:, invariant] = 0.0, 0.0
        self.share[0, invariant] = 1.0
        self.truncated[:, constant | invariant] = False


def _rows(
    observed: Observations, design: Design, missing: Missing, extreme: NDArray[np.bool_]
) -> pd.DataFrame:
    values = observed.values[:, design.conditions]
    n, p = values.shape[0], values.shape[-1]
    numbers = _Numbers.unknown(design, p)
    numbers.n[:] = np.isfinite(values.reshape(n, -1, p)).all(axis=1).sum(axis=0)
    numbers.n_dropped[:] = n - numbers.n
    values = blanked(values, extreme)
    for group in complete_groups(values.reshape(n, -1, p)):
        used, cells, _ = group.values.shape
        if not policy.enough(used, cells, n - used):
            continue
        squares = mean_squares(group.values)
        numbers.status[group.features] = policy.judge(squares, n - used, one_way=not design.factors)
        grid = group.values.reshape(used, *values.shape[1:-1], -1)
        numbers.put(group.features, decompose(grid, design.factors))
    if missing == "reml" and len(design.factors) == 1 and design.draws == 1:
        _fill_reml(values[:, :, 0], numbers)
    numbers.status[extreme] = policy.EXTREME
    numbers.apply_conventions()
    return _frame(observed, design, numbers)


def _fill_reml(cells: Floats, numbers: _Numbers) -> None:
    """Estimate the incomplete features, one by one, from all their cells."""
    for feature in np.flatnonzero(~np.isfinite(cells).all(axis=(0, 1))):
        found = reml_of(cells[:, :, feature])
        if found is None:
            continue
        # REML does not leave the admissible values: nothing is truncated.
        numbers.put([feature], Decomposition(numbers.terms, np.array(found.components)[:, None]))
        numbers.n[feature], numbers.n_dropped[feature] = found.n, cells.shape[0] - found.n
        numbers.status[feature] = REML


def _frame(observed: Observations, design: Design, numbers: _Numbers) -> pd.DataFrame:
    t, p = numbers.variance.shape
    names = [parse(name) for name in observed.features]

    def same(value: object) -> NDArray[np.object_]:
        return np.full(t * p, value, dtype=object)

    def per_feature(values: object) -> NDArray[Any]:
        return np.repeat(np.asarray(values), t)

    def per_term(values: list[str]) -> NDArray[Any]:
        return np.tile(np.array(values, dtype=object), p)

    columns = {
        "feature": per_feature(np.array(observed.features, dtype=object)),
        "feature_class": per_feature(np.array([name.feature_class for name in names], dtype=object)),
        "image_type": per_feature(np.array([name.image_type for name in names], dtype=object)),
        "factor": same(design.factor),
        "role": same(design.role),
        "component": per_term([term.component for term in numbers.terms]),
        "term": per_term([term.name for term in numbers.terms]),
        "variance": numbers.variance.T.ravel(),
        "share": numbers.share.T.ravel(),
        "truncated": numbers.truncated.T.ravel(),
        "n": per_feature(numbers.n),
        "n_dropped": per_feature(numbers.n_dropped),
        "k": np.full(t * p, design.k),
        "draws": np.full(t * p, design.draws),
        "status": per_feature(numbers.status),
    }
    return pd.DataFrame({name: columns[name] for name in COMPONENT_COLUMNS})
