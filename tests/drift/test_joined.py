"""Lesions of a patient: what differs between them, or failed, is told."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.core.errors import DataError
from robustrad.drift.load import load_drift_data
from robustrad.drift.question import Question
from robustrad.drift.survival.load import load_survival_data
from tests.drift.tables import FEATURES, features, subjects

LARGEST = Question("relapse", unit="patient", lesion="largest")


@pytest.fixture
def lesions():
    cases = subjects()
    owner = [f"P{i // 2:02d}" for i in range(40)]
    return features(cases).merge(cases.assign(patient=owner, relapse=np.arange(40) // 2 % 2), on="case_id")


def larger(table, patient):
    """The larger lesion of a patient."""
    own = table[(table["patient"] == patient) & (table["level"] == "reference")]
    return own.loc[own[FEATURES[0]].idxmax(), "case_id"]


def test_outcomes_that_differ_between_the_lesions_are_an_error_under_either_rule(lesions):
    lesions.loc[lesions["case_id"] == "case004", "relapse"] = 1 - lesions["relapse"]
    for rule in ("largest", "mean"):
        with pytest.raises(DataError, match="differs between the lesions or modalities of P02"):
            load_drift_data([lesions], Question("relapse", unit="patient", lesion=rule))


def test_the_outcome_of_a_patient_may_stand_with_any_lesion(lesions):
    lesions = lesions.astype({"relapse": float})
    lesions.loc[lesions["case_id"] == larger(lesions, "P05"), "relapse"] = np.nan
    data = load_drift_data([lesions], LARGEST)
    np.testing.assert_array_equal(data.outcome, np.arange(20) % 2)


def test_the_largest_lesion_brings_its_own_batch(lesions):
    lesions["site"] = np.where(lesions["case_id"] == larger(lesions, "P05"), "far", "near")
    lesions.loc[lesions["patient"] == "P06", "site"] = "far"
    data = load_drift_data([lesions], Question("relapse", unit="patient", lesion="largest", batch="site"))
    assert data.batch[5] == "far"


def test_a_failed_lesion_is_told_where_another_stands_for_its_patient(lesions):
    failed = larger(lesions, "P03")
    lesions.loc[(lesions["case_id"] == failed) & (lesions["level"] == "reference"), list(FEATURES)] = np.nan
    data = load_drift_data([lesions], LARGEST)
    row = data.dropped.iloc[0]
    assert (row["subject"], row["what"]) == (failed, "lesion")
    assert "stands for P03" in row["reason"]
    assert data.warnings[0].startswith(f"1 lesions have no volume at the reference ({failed})")


def test_a_patient_of_failed_lesions_alone_is_left_out_and_told(lesions):
    gone = (lesions["patient"] == "P03") & (lesions["level"] == "reference")
    lesions.loc[gone, list(FEATURES)] = np.nan
    data = load_drift_data([lesions], LARGEST)
    assert "P03" not in data.subjects
    assert len(data.subjects) == 19
    told = data.dropped.set_index("subject").loc["P03", "reason"]
    assert told == "none of 2 lesions has a volume at the reference"
    assert any("none of 2 lesions has a volume" in text for text in data.warnings)


def test_times_that_differ_between_the_lesions_are_an_error(lesions):
    lesions["months"] = 5.0
    lesions.loc[lesions["case_id"] == "case004", "months"] = 6.0
    with pytest.raises(DataError, match="column 'months': differs between the lesions of P02"):
        load_survival_data([lesions], LARGEST, time="months")


def test_tables_are_told_apart_by_their_modality_or_their_file(tmp_path):
    cases = subjects()
    table = features(cases).merge(cases, on="case_id")
    frames = [table.assign(modality=name) for name in ("PT", "CT")]
    joined = load_drift_data(frames, Question("relapse", unit="patient"))
    assert {name.partition(":")[0] for name in joined.features} == {"PT", "CT"}
    for name in ("pet", "ct"):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    paths = [tmp_path / "pet.csv", tmp_path / "ct.csv"]
    joined = load_drift_data(paths, Question("relapse", unit="patient"))
    assert {name.partition(":")[0] for name in joined.features} == {"pet", "ct"}
    with pytest.raises(DataError, match="a column modality tells tables apart"):
        load_drift_data([table, table], Question("relapse", unit="patient"))
