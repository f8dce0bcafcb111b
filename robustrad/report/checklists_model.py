"""What an analysis of models answers of the checklists: only what was fitted, tested and compared."""

from __future__ import annotations

from typing import Any, NamedTuple

from robustrad.report.holdings import Holdings
from robustrad.report.model_facts import checks, fitted_models, given_models

FILLED, PARTLY, AUTHOR = "filled", "partly", "author"
_RECORD = "drift/drift.json"
_TABLE = "drift/drift.csv"
_SAFEGUARDS = "drift/safeguards.csv"


class Answer(NamedTuple):
    """What a study says on one item."""

    status: str
    evidence: str


def model_answers(holdings: Holdings) -> dict[str, Answer]:
    """Return the answers by rule; none for what finished scores and models do not tell of their making."""
    if holdings.sheet("drift") is None:
        return {}
    found = {
        "imbalance": Answer(PARTLY, f"prevalence in {_RECORD}"),
        "metrics": Answer(FILLED, f"AUC, Brier, calibration, flips ({_TABLE})"),
        "calibration": Answer(FILLED, f"calibration in the large, slope, Brier ({_TABLE})"),
        "uncertainty": Answer(FILLED, f"95 % intervals over patients, simultaneous bands ({_TABLE})"),
        "comparison": Answer(FILLED, _contrasts(holdings)),
        "performance": Answer(FILLED, _TABLE),
    }
    return {**found, **_of_fitting(holdings), **_of_safeguards(holdings)}


def _contrasts(holdings: Holdings) -> str:
    frame = holdings.frame("drift")
    delong = "delong_delta" in frame and frame["delong_delta"].notna().any()
    return f"paired differences with intervals{' and DeLong contrasts' if delong else ''} ({_TABLE})"


def _of_fitting(holdings: Holdings) -> dict[str, Answer]:
    """Answer how models were made: nothing where all came finished, a part where some did."""
    fitted = fitted_models(holdings)
    if not fitted:
        return {}
    whole = FILLED if not given_models(holdings) else PARTLY
    found = {
        "split": Answer(whole, f"stratified cross-validation grouped by patient ({_RECORD})"),
        "algorithm": Answer(whole, ", ".join(fitted)),
        "selection": Answer(PARTLY, "all models are reported; none is chosen afterwards"),
        "testing": Answer(PARTLY, "internal: cross-validation; external testing is the authors' step"),
        "code": Answer(PARTLY, "robustrad and the command in the report; sharing is the authors' step"),
        "dimensionality": Answer(
            PARTLY, "features selected and patients (drift/selected.csv, drift/drift.json)"
        ),
    }
    own = [name for name in fitted if ":" not in name]
    if not own:  # estimators of the user's may bring steps and settings that robustrad does not know
        return found
    told = whole if own == fitted else PARTLY
    spec = _first_spec(holdings.drift_record)
    steps = ["near-constant filter"]
    if spec.get("correlation", 0.9) < 1:
        bar = f"|rho| > {spec.get('correlation', 0.9):g}"
        found["redundant"] = Answer(told, f"correlation pruning at {bar} inside training folds")
        steps.append(f"correlation pruning ({bar})")
    if spec.get("selector") != "none":
        steps.append("selection")
    return {
        **found,
        "scaling": Answer(told, f"z-scores fitted on training patients ({_RECORD})"),
        "dimension": Answer(told, f"{', '.join(steps)} inside folds ({_RECORD})"),
        "tuning": Answer(told, f"inner grouped cross-validation ({_RECORD})"),
    }


def _first_spec(record: dict[str, Any]) -> dict[str, Any]:
    settings = record.get("settings")
    specs = settings.get("specs") if isinstance(settings, dict) else None
    return dict(specs[0]) if specs else {}


def _of_safeguards(holdings: Holdings) -> dict[str, Answer]:
    """Answer from the checks that gave a number: what was tested is not thereby handled."""
    made = checks(holdings)
    found = {}
    tested = [name for name in ("volume", "batch") if f"beats_{name}" in made]
    if tested:
        evidence = f"{' and '.join(tested)} tested, not adjusted for ({_SAFEGUARDS})"
        found["confounders"] = Answer(PARTLY, evidence)
    compared = [name for name in ("volume", "clinical") if f"beats_{name}" in made]
    if compared:
        models = " and ".join(f"{name}-only" for name in compared)
        missing = "" if "clinical" in compared else "; no clinical columns were given"
        status = FILLED if "clinical" in compared else PARTLY
        found["nonradiomic"] = Answer(status, f"{models} models ({_SAFEGUARDS}){missing}")
    return found
