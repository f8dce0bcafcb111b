"""What a comparison's numbers mean: the class, the headline number, and whether the scale matters."""

from __future__ import annotations

import numpy as np

from robustrad.stability import status as policy
from robustrad.stability.anova import Floats
from robustrad.stability.block import Columns
from robustrad.stability.classes import Thresholds, classify
from robustrad.stability.estimands import Comparison
from robustrad.stability.icc import FIXED
from robustrad.stability.shared_patients import OVER_PATIENTS

_SKEWED = 2.0


def verdict(columns: Columns, comparison: Comparison, skewness: Floats, thresholds: Thresholds) -> Columns:
    """Return class, headline and scale flag of each feature, each with what it rests on.

    Parameters
    ----------
    columns : dict of str to ndarray
        Numbers and status of one comparison.
    comparison : Comparison
        What is compared; controls get neither class nor headline.
    skewness : ndarray of shape (p_features,)
        Of the reference values.
    thresholds : three floats
        Of the classes.
    """
    p = columns["n"].size
    form = "icc_a_1" if comparison.with_reference else "icc_1_1"
    point, limit, headline = form, FIXED if comparison.with_reference else f"{form}_low", form
    if comparison.with_reference and comparison.role == "definition":
        point, limit, headline = "ceiling_location_scale", "ceiling_location_scale_low", "spearman"
    usable = np.isin(columns["status"], policy.CLASSIFIABLE) & (comparison.role != "control")
    limits = np.where(usable, columns[limit], np.nan)
    varied = np.isin(columns["status"], policy.CLASSIFIABLE)
    logarithmic = classify(columns["log_icc"], thresholds)
    other_class = np.isfinite(columns["log_icc"]) & (logarithmic != classify(columns[form], thresholds))
    fixed, draws = np.isfinite(columns[FIXED]), columns["draws"][0]
    resampled = np.array([draws > 1 or OVER_PATIENTS in str(note) for note in columns["interval_note"]])
    method = np.where(resampled, "bootstrap", "generalized")
    return {
        "headline": columns[headline] if comparison.role != "control" else np.full(p, np.nan),
        "headline_by": np.full(p, headline if comparison.role != "control" else None, dtype=object),
        "class": classify(limits, thresholds),
        "class_point": classify(np.where(usable, columns[point], np.nan), thresholds),
        "class_by": np.full(p, limit if comparison.role != "control" else None, dtype=object),
        "class_limit": limits,
        "scale_sensitive": varied & ((np.abs(skewness) > _SKEWED) | other_class),
        "interval_fixed": np.array(
            [name if known else None for name, known in zip(method.tolist(), fixed, strict=True)], object
        ),
    }
