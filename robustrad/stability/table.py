"""The stability table: a row per feature and comparison, everything that is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.core.errors import DataError
from robustrad.core.extremes import blanked
from robustrad.stability import status as policy
from robustrad.stability.anova import Floats
from robustrad.stability.block import Block, Columns
from robustrad.stability.classes import KOO_LI, Thresholds, check_thresholds
from robustrad.stability.estimands import Comparison, comparisons
from robustrad.stability.facts import VOLUMES, FeatureFacts, feature_facts
from robustrad.stability.icc import FIXED, ICC_COLUMNS, complete_groups
from robustrad.stability.measures import measure
from robustrad.stability.observations import Observations
from robustrad.stability.source import Reading, read_source
from robustrad.stability.strength import STRENGTH, typical
from robustrad.stability.verdict import verdict

CONTRACT = (
    "feature", "factor", "level", "estimand", "role", "severity", *ICC_COLUMNS, FIXED, "n", "k", "status",
)  # fmt: skip
MEASURES = (
    "sign", "draws", "n_dropped", "fail_rate", "icc_a_1_high_fixed", "interval_fixed", "interval_note",
    "headline", "headline_by", "class", "class_point", "class_by", "class_limit", "scale_sensitive",
    "ccc", "ccc_low", "ccc_high", "bias_sd", "loa_low", "loa_high", "proportional_p", "spearman",
    "harmonizable_share", "harmonizable_share_low", "harmonizable_share_high",
    "ceiling_c_1", "ceiling_location_scale", "ceiling_location_scale_low",
    "icc_transformed", "icc_transformed_low", "icc_transformed_high", "icc_transformed_by",
    "wsd", "rc", "rc_low", "rc_high", "rdc", "wcv", "wcv_status", "qcd",
    "icc_volume_adjusted", "bias_f", "bias_p", "image_type", "feature_class", "cluster", *STRENGTH, "notes",
)  # fmt: skip
COLUMNS = (*CONTRACT, *MEASURES)


def stability_table(
    source: object,
    *,
    case: str = "case_id",
    condition: str = "condition",
    reference: str | None = None,
    exchangeable: bool = False,
    roles: Mapping[str, str] | None = None,
    features: Sequence[str] | None = None,
    modality: str | None = None,
    thresholds: Thresholds = KOO_LI,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Return how well each feature agrees over the conditions of a study or feature table.

    Parameters
    ----------
    source : study, path or DataFrame
        A study or its folder, or a feature table (CSV, TSV, Parquet, in memory) with one row per case and
        condition. With the columns ``factor`` and ``level`` it is read like a study's ``features.parquet``.
        A column ``patient`` says which cases belong together.
    case, condition : str
        Columns of case and condition.
    reference : str, optional
        Reference condition of a plain table; default ``reference`` if there is such a condition. The others
        are levels of one factor, named after the column (estimands ``agreement`` and ``factor``).
    exchangeable : bool, default False
        The conditions of a plain table are repeats of one thing, such as test and retest (estimand
        ``repeatability``, all conditions together).
    roles : mapping of factor to role, optional
        ``acquisition``, ``delineation``, ``definition`` or ``control``; over what the study says.
    features : sequence of str, optional
        Columns to use. Default: all features of a study; of a table, the columns with PyRadiomics names (or
        ``engine:name``) or, if there is none, the numeric ones that vary within cases (no outcome, no age).
    modality : str, optional
        ``PT`` makes intensities a ratio scale, so that wCV is defined for them; default the study's.
    thresholds : three floats, default (0.5, 0.75, 0.9)
        Lower bounds of the classes moderate, good and excellent.
    alpha : float, default 0.05
        One minus the coverage of all intervals.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`. Rows in the order of role, factor, level and feature; they and their values
        do not depend on the order of the source's rows. What the columns hold:

        - ``level`` null: all levels of the factor together. ``estimand``: see
          :mod:`robustrad.stability.estimands`. ``n`` complete subjects of ``n + n_dropped``; ``k``
          conditions, the reference among them for ``agreement`` and ``factor``; ``draws`` averaged over.
        - ``icc_*`` with ``_low`` and ``_high`` (McGraw and Wong; means over draws), ``icc_a_1_low_fixed``
          and ``icc_a_1_high_fixed`` (levels fixed; ``interval_fixed``: ``generalized`` or ``bootstrap``).
          ``interval_note``: where cases share patients, which limits are too narrow for it.
        - ``class`` judges ``class_limit``, which ``class_by`` names: the lower limit of ICC(1,1) for
          ``repeatability`` and ``chains``, ``icc_a_1_low_fixed`` for named levels, and
          ``ceiling_location_scale_low`` for named levels of a definition factor. ``class_point`` judges the
          estimate. Both are null for controls and for features that are constant, invariant,
          insufficient or extreme.
        - ``headline``: the estimate that ``headline_by`` names; Spearman for a definition factor.
        - ``scale_sensitive``: reference values with ``|skewness| > 2``, or the ICC of the logarithms falls
          into another class than the ICC.
        - ``ccc`` with limits, ``bias_sd``, ``loa_low`` and ``loa_high`` (all three in reference SDs),
          ``proportional_p``, ``spearman``; for ``factor`` the worst level's.
        - ``harmonizable_share`` with limits (levels fixed): the part of the disagreement that ComBat could
          remove at most, var_level / (var_level + all other variance but the subjects'), draws nested;
          ``ceiling_c_1``, ICC(C,1): the ICC that a remedy could reach which shifts each level;
          ``ceiling_location_scale``, ICC(C,1) after z-scoring each level: one which scales it as well. For
          named levels only, NaN for repeats and for invariant features.
        - ``icc_transformed`` with limits: the ICC of the comparison (ICC(A,1) of named levels, ICC(1,1) of
          repeats) after a monotone transform that ``icc_transformed_by`` names (``yeo_johnson``, else
          ``rank_normal``), fitted on the reference values; a sensitivity analysis for heavy tails. Its
          limits take levels as fixed (500 draws or resamples).
        - ``wsd``, ``rc`` (repeats) or ``rdc`` (named levels), in feature units; ``wcv`` and ``qcd``, NaN with
          ``wcv_status`` ``not_ratio_scale`` where a ratio means nothing.
        - ``icc_volume_adjusted``: ICC of the residual on the reference's log volume. ``bias_f``, ``bias_p``:
          do the conditions' means differ. ``fail_rate``: share of missing values at perturbed conditions.
        - ``strength_*``: what the level did, measured: medians over cases and draws of RMSE, SSIM, SD and
          mean frequency of the difference and added FWHM in the ROI, and of Dice, HD95, mean surface distance
          and volume ratio of the mask (see :mod:`robustrad.perturb.strength`). NaN where it was not measured,
          and for all levels together.
        - ``cluster``: features with pairwise ``|Spearman| > .9`` at the reference share a number.

    Raises
    ------
    DataError
        If the source cannot be read or what its conditions are is not clear.

    References
    ----------
    Koo and Li 2016, doi:10.1016/j.jcm.2016.02.012; McGraw and Wong 1996, doi:10.1037/1082-989X.1.1.30.
    """
    check_thresholds(thresholds)
    reading = Reading(case, condition, reference, exchangeable, dict(roles or {}), features, modality)
    return table_of(read_source(source, reading), thresholds=thresholds, alpha=alpha)


def table_of(observed: Observations, *, thresholds: Thresholds = KOO_LI, alpha: float = 0.05) -> pd.DataFrame:
    """Return the table of :func:`stability_table` for values that are read already."""
    check_thresholds(thresholds)
    facts = feature_facts(observed)
    found = comparisons(observed)
    if not found:
        raise DataError("stability", "nothing but the reference", "at least one other condition")
    rows = [_rows(observed, facts, comparison, thresholds, alpha) for comparison in found]
    return pd.concat(rows, ignore_index=True)


def _rows(
    observed: Observations, facts: FeatureFacts, comparison: Comparison, thresholds: Thresholds, alpha: float
) -> pd.DataFrame:
    columns = _numbers(observed, facts, comparison, alpha)
    columns |= _identity(facts, comparison)
    columns |= _strength(observed, comparison)
    columns |= verdict(columns, comparison, facts.skewness, thresholds)
    columns["icc_transformed_by"] = facts.transformed_by.copy()
    columns["icc_transformed_by"][np.isnan(columns["icc_transformed"].astype(float))] = None
    ratio = facts.ratio & np.isfinite(columns["wcv"].astype(float))
    defined = np.isin(columns["status"], (policy.CONSTANT, policy.INSUFFICIENT, policy.EXTREME), invert=True)
    columns["wcv_status"] = np.full(ratio.size, None, dtype=object)
    columns["wcv_status"][defined] = policy.NOT_RATIO_SCALE
    columns["wcv_status"][ratio] = policy.OK
    for name in ("wcv", "qcd"):
        columns[name] = np.where(ratio, columns[name], np.nan)
    columns["notes"] = _notes(columns, comparison, facts)
    return pd.DataFrame({name: columns[name] for name in COLUMNS})


def _numbers(observed: Observations, facts: FeatureFacts, comparison: Comparison, alpha: float) -> Columns:
    """Measure the features in groups that miss the same subjects."""
    members = np.array(comparison.conditions)
    values = observed.values[:, members]
    n, k, draws, p = values.shape
    columns: Columns = {name: np.full(p, np.nan) for name in (*COLUMNS, "log_icc")}
    columns["status"] = np.full(p, policy.INSUFFICIENT, dtype=object)
    columns["interval_note"] = np.full(p, "", dtype=object)
    columns["n"] = np.isfinite(values).all(axis=(1, 2)).sum(axis=0)
    columns["n_dropped"] = n - columns["n"]
    columns["k"], columns["draws"] = np.full(p, k), np.full(p, draws)
    perturbed = values[:, 1:] if comparison.with_reference else values
    transformed = facts.transformed[:, members]
    columns["fail_rate"] = 1 - np.isfinite(perturbed).mean(axis=(0, 1, 2))
    for group in complete_groups(blanked(values, facts.extreme).reshape(n, k * draws, p)):
        used = group.values.shape[0]
        if not policy.enough(used, k, n - used):
            continue
        block = Block(
            values=group.values.reshape(used, k, draws, -1),
            transformed=transformed[group.subjects][..., group.features],
            baseline=facts.baseline[group.subjects][:, group.features],
            log_volume=facts.log_volume[group.subjects],
            patients=observed.patients[group.subjects],
            n_dropped=n - used,
            with_reference=comparison.with_reference,
            nested=comparison.nested,
        )
        for name, part in measure(block, alpha=alpha).items():
            columns[name][group.features] = part
    columns["status"][facts.extreme] = policy.EXTREME
    return columns


def _identity(facts: FeatureFacts, comparison: Comparison) -> Columns:
    p = facts.names.size

    def same(value: object) -> NDArray[np.object_]:
        return np.full(p, value, dtype=object)

    def number(value: float | None) -> Floats:
        return np.full(p, np.nan if value is None else value)

    return {
        "feature": facts.names,
        "factor": same(comparison.factor),
        "level": same(comparison.level),
        "estimand": same(comparison.estimand),
        "role": same(comparison.role),
        "severity": number(comparison.severity),
        "sign": number(comparison.sign),
        "image_type": facts.image_type,
        "feature_class": facts.feature_class,
        "cluster": facts.cluster,
    }


def _strength(observed: Observations, comparison: Comparison) -> Columns:
    """Return the medians over cases and draws of one level; NaN for all levels together."""
    p, found = len(observed.features), dict.fromkeys(STRENGTH, np.nan)
    if observed.strength is not None and comparison.level is not None:
        own = {i for members in comparison.conditions[int(comparison.with_reference) :] for i in members}
        found = typical(observed.strength[:, sorted(own)])
    return {name: np.full(p, value) for name, value in found.items()}


def _notes(columns: Columns, comparison: Comparison, facts: FeatureFacts) -> NDArray[np.object_]:
    usable = np.isin(columns["status"], policy.CLASSIFIABLE) & (comparison.role != "control")
    remarks = (
        (columns["n"] < policy.FEW_SUBJECTS, f"n < {policy.FEW_SUBJECTS}"),
        (usable & np.isnan(columns["class_limit"]), "no class: does not vary at one of the levels"),
        (not facts.has_volume, f"icc_volume_adjusted: no {' or '.join(VOLUMES)}"),
        (comparison.role is None, "role not declared: judged like acquisition"),
    )
    notes = np.full(facts.names.size, "", dtype=object)
    for holds, remark in remarks:
        notes = np.where(holds, np.where(notes == "", remark, notes + f"; {remark}"), notes)
    return notes
