"""The methods text on models: what was trained or given, how it was judged, which checks were made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from robustrad.report.holdings import Holdings
from robustrad.report.model_facts import (
    checks,
    fitted_models,
    given_models,
    margin_words,
    option,
    score_column,
)

ESTIMATORS = {
    "logistic": "logistic regression with a ridge penalty (C of 0.01, 0.1, 1 or 10)",
    "elasticnet": (
        "logistic regression with an elastic-net penalty (C of 0.05, 0.2 or 1; L1 ratio of 0.9 or 0.5; of at "
        "most 30 features)"
    ),
    "random_forest": "random forest of 100 trees (leaves of at least 10 or 3)",
    "svm": "support vector machine with a radial kernel (C of 0.1, 1 or 10; Platt's sigmoid)",
    "gradient_boosting": "gradient boosting of 100 trees (depth 1 or 2)",
}
"""Estimators by name, with what they are tuned over."""

_SELECTORS = {
    "univariate": "by the AUC of each feature",
    "l1": "by their order of entry into the lasso path",
}
_SHUFFLED = {"shuffled_voxels", "randomized_voxels", "sampled_voxels"}


def model_text(holdings: Holdings) -> Iterator[str]:
    """Yield the sentences on models of an outcome with two values; nothing where none was examined."""
    if holdings.sheet("drift") is None:
        return
    yield from _trained(holdings)
    yield from _given(holdings)
    yield from _judged(holdings)
    yield from _checked(holdings)
    yield from _remedies(holdings)


def _trained(holdings: Holdings) -> Iterator[str]:
    models, record = fitted_models(holdings), holdings.drift_record
    if not models:
        return
    settings = _settings(record)
    how = "stratified cross-validation"
    if settings.get("folds") and settings.get("repeats"):
        how += f" (folds: {settings['folds']}, repeats: {settings['repeats']})"
    yield (
        f"Models ({', '.join(models)}) of {_outcome(record)} were trained on unperturbed images and applied "
        f"to every condition of the same held-out patients in {how} that never splits a patient."
    )
    yield from _pipeline(settings, models)
    mean = _mean_selected(holdings.frame("selection_stability"))
    if mean:
        yield f"Features selected per fit, on average: {mean}."
    arms = set(holdings.frame("drift")["arm"].astype(str))
    if "same_condition" in arms:
        yield (
            "Beside this, at every condition a model trained at that condition was tested on the patients "
            "held out there (arm same_condition)."
        )
    if any(arm.startswith("matrix") for arm in arms):
        yield "Models trained at each condition were also tested at every other one (arms matrix)."


def _pipeline(settings: dict[str, Any], models: list[str]) -> Iterator[str]:
    """Tell what was fitted inside the training folds, as far as the record says it."""
    specs = [spec for spec in settings.get("specs", []) if spec["name"] in models]
    if not specs:
        yield (
            "Scaling, selection and tuning were fitted inside the training folds, and thresholds were never "
            "chosen again."
        )
        return
    whole = [spec for spec in specs if spec.get("own_steps")]
    if whole:
        names = ", ".join(str(spec["name"]) for spec in whole)
        yield (
            f"{names} brought all steps with it (a Pipeline of the user's): they were fitted inside the "
            "training folds, to all features, and nothing was tuned; the threshold with the best balanced "
            f"accuracy came from {whole[0]['inner_folds']} inner folds and was never chosen again."
        )
    specs = [spec for spec in specs if spec not in whole]
    if not specs:
        return
    first = specs[0]
    steps = first_steps(first)
    if first["selector"] in _SELECTORS:
        wanted = first.get("n_features") or "a fifth of the training patients of the rarer class (2 to 10)"
        steps.append(f"features were selected {_SELECTORS[first['selector']]}, at most {wanted}")
    yield f"Inside the training folds {', '.join(steps)}; what was kept was z-scored."
    named = [
        ESTIMATORS.get(str(spec["name"]), f"{spec['name']} (an estimator of the user's)") for spec in specs
    ]
    yield (
        f"The estimator was {'; '.join(named)}. The hyperparameters with the best AUC, and the threshold "
        f"with the best balanced accuracy, came from {first['inner_folds']} inner folds; thresholds were "
        "never chosen again."
    )


def first_steps(spec: dict[str, Any]) -> list[str]:
    """Return what is done to the features of a training fold before any is selected."""
    steps = [f"features with one value in more than {100 * spec['same_value']:g} % of rows were dropped"]
    steps += ["batches were harmonized by ComBat [@Johnson2007]"] if spec.get("combat") else []
    if spec["correlation"] < 1:
        steps.append(
            f"of features with |Spearman| above {spec['correlation']:g} the more stable one was kept"
        )
    return steps


def _given(holdings: Holdings) -> Iterator[str]:
    models, record = given_models(holdings), holdings.drift_record
    if not models:
        return
    what = "Scores" if score_column(record) else "Finished models"
    came = "came with the data" if score_column(record) else "were given"
    threshold = option(record, "--threshold") or "0.5"
    yield (
        f"{what} ({', '.join(models)}) for {_outcome(record)} {came} and were only evaluated: nothing was "
        "fitted, selected or tuned here, and on which patients they were made is not known to robustrad. The "
        f"same subjects were compared at every condition, with classes from a fixed threshold of {threshold}."
    )


def _judged(holdings: Holdings) -> Iterator[str]:
    frame, record = holdings.frame("drift"), holdings.drift_record
    resamples = _settings(record).get("bootstraps")
    of_whom = f"{resamples:,} resamples of the patients" if resamples else "resamples of the patients"
    if fitted_models(holdings):
        yield "AUC was computed within folds and averaged over folds and repeats."
    yield (
        "Intervals are 95 % score intervals, of AUC [@Wilson1927] and of differences from the reference "
        "[@Tango1998], with the unbiased variance over all pairs of patients [@Bamber1975] and Student's t; "
        f"the simultaneous band over all levels has its critical value from {of_whom} (drawn within each "
        "class, one set for all conditions)."
    )
    notes = sorted({str(note) for note in frame["interval_note"].dropna()})
    if notes:
        yield f"What these intervals claim: {'; '.join(notes)}."
    if "delong_delta" in frame and frame["delong_delta"].notna().any():
        yield "DeLong contrasts [@DeLong1988] [@SunXu2014] stand beside them."
    yield (
        f"With a margin of {margin_words(record)}, a model is called robust where the simultaneous interval "
        "lies above minus the margin, drifting where it lies below, and inconclusive otherwise; where no two "
        "patients changed their order it is called unchanged."
    )


def _checked(holdings: Holdings) -> Iterator[str]:
    """Tell the checks that gave a number, and only those."""
    made, record = checks(holdings), holdings.drift_record
    if "permutation" in made:
        number = _settings(record).get("permutations")
        many = f"{number} permutations" if number else "permutations"
        within = " within batches" if record.get("batch") else ""
        yield (
            f"Whether there is a signal was judged by {many} of the labels{within}, through the whole "
            "pipeline in one repeat of the folds."
        )
    against = []
    if "beats_volume" in made:
        against.append("volume alone [@Welch2019]")
    if "beats_batch" in made:
        against.append(f"the batch label ({record.get('batch') or 'batch'})")
    if "beats_clinical" in made:
        against.append(f"clinical columns ({', '.join(map(str, record.get('clinical', []))) or 'named'})")
    if against:
        yield f"Models were compared with {', '.join(against)} in the same folds, on the same patients."
    if "auc_within_batch" in made:
        yield "AUC was also computed among patients of one batch."
    if _shuffles(holdings):
        yield "Negative controls shuffled or drew the voxels of the image anew [@Welch2019]."


def _remedies(holdings: Holdings) -> Iterator[str]:
    sheet = holdings.sheet("remedies")
    if sheet is None:
        return
    combat = sheet.frame["remedy"].astype(str).str.contains("combat").any()
    cited = "; ComBat as in Johnson et al. [@Johnson2007]" if combat else ""
    yield f"Remedies were fitted on training patients only{cited}."


def _outcome(record: dict[str, Any]) -> str:
    """Return the outcome with its numbers: ``y (27 positive of 60 subjects, 60 patients)``."""
    name = str(record.get("outcome_name") or record.get("outcome") or "the outcome")
    n, positive, patients = record.get("n"), record.get("n_positive"), record.get("n_patients")
    if not n:
        return name
    known = f"{positive} positive of " if positive is not None else ""
    return f"{name} ({known}{n} subjects, {patients or n} patients)"


def _settings(record: dict[str, Any]) -> dict[str, Any]:
    found = record.get("settings", {})
    return found if isinstance(found, dict) else {}


def _mean_selected(stability: pd.DataFrame) -> str:
    if stability.empty:
        return ""
    rows = stability[
        stability["over"].eq("folds") & stability["level"].eq("feature") & stability["train"].eq("reference")
    ]
    known = rows[rows["mean_selected"].notna()]
    return ", ".join(f"{row['model']} {row['mean_selected']:.1f}" for _, row in known.iterrows())


def _shuffles(holdings: Holdings) -> bool:
    return any(
        level.get("kind") in _SHUFFLED
        for factor in holdings.factors.values()
        for level in dict(factor.get("levels", {})).values()
    )
