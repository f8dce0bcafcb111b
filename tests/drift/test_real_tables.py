"""Four real centers: one held out, harmonized by its own unlabelled patients, judged by its others."""

from __future__ import annotations

import numpy as np
import pytest

from bench.keek2020 import hold_out, read

pytestmark = pytest.mark.real_data


def test_a_held_out_center_is_judged_without_its_calibration_patients(data_dir):
    features, y, center = read(data_dir)
    X = features.to_numpy(dtype=np.float64)
    assert X.shape == (273, 1322)
    rows = hold_out(X, y, center, "VUMC", model="logistic", n_calibration=20, seed=0)
    by_arm = {row["arm"]: row for row in rows}
    assert set(by_arm) == {"raw", "calibrate", "passthrough"}
    assert {(row["n"], row["positive"]) for row in rows} == {(40, by_arm["raw"]["positive"])}
    # The table was z-scored over all centers together: harmonization has little left to do.
    assert abs(by_arm["calibrate"]["auc"] - by_arm["raw"]["auc"]) < 0.15
    assert by_arm["calibrate"]["low"] < by_arm["raw"]["auc"] < by_arm["calibrate"]["high"]


def test_calibration_patients_are_drawn_without_their_labels(data_dir):
    features, y, center = read(data_dir)
    X = features.to_numpy(dtype=np.float64)[:, :60]
    ask = {"model": "logistic", "n_calibration": 20, "seed": 1}
    other = np.where(center == "VUMC", 1 - y, y)
    first, second = (hold_out(X, labels, center, "VUMC", **ask) for labels in (y, other))
    for a, b in zip(first, second, strict=True):
        assert a["auc"] == pytest.approx(1.0 - b["auc"], abs=1e-12)
