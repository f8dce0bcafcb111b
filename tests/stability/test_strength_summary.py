"""Measured strength per level: medians over cases, and whether they follow the severity."""

from __future__ import annotations

import numpy as np
import pandas as pd

from robustrad.stability.strength_summary import main_measure, rises_with_severity, strength_table

FEATURES = pd.DataFrame(
    [
        {
            "case_id": case,
            "factor": factor,
            "level": level,
            "severity": severity,
            "sign": sign,
            "status": status,
            "strength_rmse": value,
            "strength_noise_estimator": "hh1",
        }
        for factor, level, severity, sign, values in (
            ("reference", "reference", 0.0, None, (0.0, 0.0, 0.0)),
            ("noise", "mild", 1.0, None, (1.0, 2.0, 9.0)),
            ("noise", "strong", 2.0, None, (4.0, 5.0, np.nan)),
        )
        for case, value, status in zip(
            "abc", values, ("ok", "ok", "ok" if level != "mild" else "failed"), strict=True
        )
    ]
)


def test_medians_are_over_units_that_are_ok_and_measured() -> None:
    found = strength_table(FEATURES).set_index("level")
    assert (found.loc["mild", "median"], found.loc["mild", "n"]) == (1.5, 2)
    assert (found.loc["strong", "median"], found.loc["strong", "n"]) == (4.5, 2)
    assert set(found["measure"]) == {"rmse"}


def wide(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"factor": "f", "level": ["a", "b", "c"], "severity": [1.0, 2.0, 3.0], "sign": None, **columns}
    )


def test_dice_speaks_for_contours_and_the_difference_for_images() -> None:
    assert main_measure(wide(dice=[0.9, 0.8, 0.7], sd_difference=[0.0] * 3), "f") == "dice"
    assert main_measure(wide(dice=[1.0] * 3, sd_difference=[0.1, 0.2, 0.3]), "f") == "sd_difference"
    assert main_measure(wide(dice=[1.0] * 3, sd_difference=[0.0] * 3), "f") is None


def test_a_measure_that_turns_back_is_told() -> None:
    assert rises_with_severity(wide(sd_difference=[0.1, 0.2, 0.3]), "f") is True
    assert rises_with_severity(wide(sd_difference=[0.1, 0.3, 0.2]), "f") is False
    assert rises_with_severity(wide(sd_difference=[0.0] * 3), "f") is None
