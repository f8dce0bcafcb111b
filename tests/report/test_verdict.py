"""The first screen says that a model holds only where that is shown, and compares what can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from robustrad.report.holdings import Holdings
from robustrad.report.sheets import Sheet
from robustrad.report.verdict_drift import holds_until, model_verdict
from robustrad.report.verdict_stability import stability_verdict
from robustrad.report.verdict_survival import survival_verdict
from robustrad.stability.shared_features import shared_counts

LEVELS = (
    ("reference", "reference", None, None),
    ("noise", "mild", "acquisition", 1.0),
    ("noise", "strong", "acquisition", 2.0),
    ("volume", "plus10", "delineation", 1.0),
    ("bins", "32", "definition", None),
)


def holdings(sheets: Mapping[str, pd.DataFrame]) -> Holdings:
    known = {name: Sheet(f"{name}.csv", frame) for name, frame in sheets.items()}
    return Holdings(Path(), {}, {"outcome": "y"}, {"event": "dead"}, known, True)


def levels(
    *verdicts: str,
    auc: float = 0.8,
    low: float = 0.7,
    high: float = 0.9,
    status: str = "ok",
    what: str = "auc",
) -> pd.DataFrame:
    frame = pd.DataFrame(LEVELS, columns=["factor", "level", "role", "severity"])
    frame = frame.assign(arm="reference", model="logistic", train="reference", status=status)
    return frame.assign(verdict=["", *verdicts], **{what: auc, f"{what}_low": low, f"{what}_high": high})


def breakdown(**first: float) -> pd.DataFrame:
    rows = [
        {"arm": "reference", "model": "logistic", "factor": factor, "role": role, "status": "ok",
         "first_not_robust": first.get(factor, np.nan), "first_drifts": np.nan, "smallest_margin": 0.04,
         "margin": 0.05}
        for factor, role in (("noise", "acquisition"), ("volume", "delineation"))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def model(drift: pd.DataFrame, told: pd.DataFrame | None = None) -> tuple[str, str, str]:
    """Return the sentence on the model, its tone, and the sentence on how far it holds."""
    held = holdings({"drift": drift, "breakdown": breakdown() if told is None else told})
    (sentence,) = model_verdict(held)
    return str(sentence), sentence.tone, " ".join(map(str, holds_until(held)))


def test_levels_of_definitions_are_counted_apart() -> None:
    text, tone, until = model(levels("robust", "robust", "robust", "drifts"))
    assert "Of 3 acquisition and delineation levels: 3 robust. Of 1 definition levels: 1 drifts." in text
    assert tone == "good"
    assert "noise robust up to the largest severity tried" in until


@pytest.mark.parametrize(("low", "shown"), [(0.09, "0.09"), (0.5, "0.50"), (np.nan, "\N{EN DASH}")])
def test_a_model_that_is_not_shown_above_chance_is_not_said_to_hold(low: float, shown: str) -> None:
    text, tone, until = model(levels(*["robust"] * 4, auc=0.5, low=low, high=0.91))
    assert text.startswith("What has nothing to lose cannot drift: at the reference AUC 0.50 [")
    assert text.endswith("] of logistic for y is not shown above 0.5.")
    assert "robust" not in text + until
    assert tone == "poor"


@pytest.mark.parametrize("status", ["few", "insufficient"])
def test_few_patients_never_show_that_a_model_holds(status: str) -> None:
    text, tone, until = model(levels("robust", "small loss", "inconclusive", "drifts", status=status))
    assert "2 with too few patients to be called robust, 1 inconclusive" in text
    assert " robust," not in text.replace("called robust,", "")
    assert tone == "neutral"
    assert "noise seen on too few patients to be called robust" in until


def test_an_unchanged_order_is_neither_robust_nor_drift() -> None:
    text, tone, until = model(levels("robust", "unchanged", "unchanged", "inconclusive"))
    assert "Of 3 acquisition and delineation levels: 1 robust, 2 without any change of order." in text
    assert tone == "neutral"
    assert "noise robust or without any change of order up to the largest severity tried" in until
    assert "volume changes no patient's order" in until


def test_an_unchanged_order_is_told_whether_or_not_the_breakdown_takes_it_for_robust() -> None:
    _, _, until = model(levels(*["unchanged"] * 4), breakdown(noise=1.0, volume=1.0))
    assert "not shown robust" not in until


def test_separated_classes_have_no_interval_on_the_first_screen() -> None:
    text, _, _ = model(levels(*["inconclusive"] * 4, auc=1.0, low=1.0, high=1.0, status="separated"))
    assert "AUC 1.00 at the reference: the classes are separated, and an interval says nothing" in text


@pytest.mark.parametrize(("status", "says"), [("FAIL", False), ("PASS", True)])
def test_a_model_whose_permuted_labels_score_as_well_is_not_said_to_predict(status: str, says: bool) -> None:
    safeguards = pd.DataFrame({"check": ["permutation"], "subject": ["logistic"], "status": [status]})
    held = holdings({"drift": levels(*["robust"] * 4), "safeguards": safeguards})
    (sentence,) = model_verdict(held)
    assert ("Logistic predicts y with AUC 0.80" in str(sentence)) == says
    assert ("no signal is shown, scores y with AUC 0.80" in str(sentence)) != says
    followed = holdings({"survival": levels(*["robust"] * 4, what="c"), "survival_safeguards": safeguards})
    assert ("Logistic ranks the risk of dead" in str(next(survival_verdict(followed)))) == says


def test_constant_scores_are_not_taken_for_a_model() -> None:
    text, _, _ = model(levels(*["unchanged"] * 4, auc=0.5, low=0.5, high=0.5, status="tied"))
    assert "At the reference the scores of logistic for y are all the same: AUC 0.50 says nothing" in text


def test_a_time_to_event_is_judged_alike() -> None:
    held = holdings({"survival": levels(*["robust"] * 4, auc=0.55, low=0.4, high=0.7, what="c")})
    (sentence,) = survival_verdict(held)
    assert "at the reference C 0.55 [0.40, 0.70] of logistic for dead is not shown above 0.5" in str(sentence)
    held = holdings({"survival": levels(*["robust"] * 4, what="c")})
    (sentence,) = survival_verdict(held)
    assert "Logistic ranks the risk of dead with C 0.80" in str(sentence)


def classes() -> pd.DataFrame:
    """Noise cannot move shape and spares texture; a volume change spares texture and ruins shape."""
    rows = [
        (factor, role, severity, feature, name)
        for factor, role, severity, feature, name in (
            ("noise", "acquisition", 1.0, "shape", None),
            ("noise", "acquisition", 1.0, "a", "excellent"),
            ("noise", "acquisition", 1.0, "b", "moderate"),
            ("volume", "delineation", 1.0, "shape", "poor"),
            ("volume", "delineation", 1.0, "a", "good"),
            ("volume", "delineation", 1.0, "b", "excellent"),
            ("shift", "acquisition", 0.1, "a", "excellent"),
        )
    ]
    table = pd.DataFrame(rows, columns=["factor", "role", "severity", "feature", "class"])
    status = ["invariant" if name is None else "ok" for name in table["class"]]
    return table.assign(level="x", estimand="agreement", cluster=1, status=status)


def test_factors_are_compared_on_the_features_that_all_of_them_move() -> None:
    found = shared_counts(classes()).set_index("factor")
    assert found.loc["noise", ["features", "n_features", "n_own"]].tolist() == [1, 2, 2]
    assert found.loc["volume", ["features", "n_features", "n_own"]].tolist() == [2, 2, 3]
    assert "shift" not in found.index


def test_the_worst_factor_is_named_on_common_features_and_the_others_are_named_as_left_out() -> None:
    factors = pd.DataFrame(
        [("noise", "acquisition", 1.0, 1, 2, 0.5), ("volume", "delineation", 1.0, 2, 3, 2 / 3),
         ("shift", "acquisition", 0.1, 1, 1, 1.0)],
        columns=["factor", "role", "severity", "features", "n_features", "share"],
    )  # fmt: skip
    held = holdings({"factors": factors, "shared_features": shared_counts(classes())})
    (sentence,) = stability_verdict(held)
    assert str(sentence) == (
        "At equal severity (1), of the 2 features that can be classified under each factor, noise hurts "
        "most: 1 of 2 features stay good or excellent; volume leaves 2 of 2. Not compared, for want of this "
        "severity: shift."
    )
