"""What sources say of themselves, and of what in them is wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from robustrad.core.errors import DataError
from robustrad.drift.load import load_drift_data
from robustrad.drift.question import Question
from tests.drift.tables import FEATURES, features, subjects, write_study

KEYS = ["condition", "severity", "sign", "draw", "status", "reason"]


@pytest.fixture
def cases():
    return subjects()


@pytest.fixture
def joined(cases):
    return features(cases).merge(cases, on="case_id")


def problems(source, question):
    with pytest.raises(DataError) as caught:
        load_drift_data([source], question)
    return [str(problem) for problem in caught.value.problems]


def test_factor_and_level_suffice_to_tell_conditions_apart(joined):
    data = load_drift_data([joined.drop(columns=KEYS)], Question("relapse"))
    assert data.conditions["condition"].tolist() == ["reference", "blur=2mm", "blur=4mm"]
    np.testing.assert_array_equal(data.values, load_drift_data([joined], Question("relapse")).values)


def test_draws_of_a_level_are_told_apart_by_their_number(joined):
    again = joined[joined["level"] == "4mm"].assign(draw=1)
    table = pd.concat([joined, again]).drop(columns=["condition", "status", "reason"])
    data = load_drift_data([table], Question("relapse"))
    assert data.conditions["condition"].tolist() == ["reference", "blur=2mm", "blur=4mm/0", "blur=4mm/1"]


def test_an_outcome_that_stands_in_the_reference_rows_alone_is_the_case_s(joined, cases):
    table = joined.astype({"relapse": float})
    table.loc[table["level"] != "reference", "relapse"] = np.nan
    np.testing.assert_array_equal(load_drift_data([table], Question("relapse")).outcome, cases["relapse"])


def test_an_outcome_that_differs_between_the_rows_of_a_case_is_an_error_that_names_file_and_case(
    tmp_path, joined
):
    joined.loc[(joined["case_id"] == "case004") & (joined["level"] == "4mm"), "relapse"] = 1
    joined.to_csv(tmp_path / "both.csv", index=False)
    (found,) = problems(tmp_path / "both.csv", Question("relapse"))
    assert found.startswith("both.csv, column 'relapse': differs between the rows of case 'case004' (0, 1)")


def test_errors_of_reading_name_the_file(tmp_path, joined):
    joined.rename(columns={"level": "step", "factor": "what"}).assign(condition="blur").to_csv(
        tmp_path / "odd.csv", index=False
    )
    assert problems(tmp_path / "odd.csv", Question("relapse"))[0].startswith("odd.csv: ")


def test_an_outcome_with_gaps_that_pandas_wrote_with_point_zero_keeps_its_values(tmp_path, joined):
    holes = joined.astype({"relapse": float})
    holes.loc[holes["case_id"] == "case003", "relapse"] = np.nan
    holes.to_csv(tmp_path / "holes.csv", index=False)
    assert "1.0" in (tmp_path / "holes.csv").read_text()
    for positive in (None, "1", "1.0"):
        data = load_drift_data([tmp_path / "holes.csv"], Question("relapse", positive=positive))
        assert data.positive == "1"
        assert data.outcome.sum() == 19
    (told,) = [text for text in data.warnings if "case" in text or "subjects" in text]
    assert told == "1 of 40 subjects have no 'relapse': left out (dropped.csv)."


@pytest.mark.parametrize("key", ["patient", "case_id"])
def test_numbers_written_with_point_zero_join(tmp_path, cases, key):
    numbered = cases.assign(case_id=np.arange(40).astype(str), patient=np.arange(40).astype(str))
    study = write_study(tmp_path / "study", numbered[["case_id", "patient"]], features(numbered))
    clinic = pd.DataFrame({key: np.arange(40.0), "relapse": cases["relapse"]})
    clinic.loc[40] = [np.nan, 1]
    clinic = clinic if key == "patient" else clinic[:40]
    clinic.to_csv(tmp_path / "clinic.csv", index=False)
    data = load_drift_data([study], Question("relapse", cases=tmp_path / "clinic.csv"))
    order = [int(name) for name in data.subjects]
    np.testing.assert_array_equal(data.outcome, np.array(order) % 2)


def test_a_cases_file_of_other_patients_is_named_with_what_it_has(tmp_path, cases):
    own = cases[["case_id"]].assign(patient=[f"P{i}" for i in range(40)])
    study = write_study(tmp_path / "study", own, features(cases))
    other = pd.DataFrame({"patient": [f"Q{i}" for i in range(9)], "relapse": 1})
    other.to_csv(tmp_path / "other.csv", index=False)
    (found,) = problems(study, Question("relapse", cases=tmp_path / "other.csv"))
    assert found.startswith("other.csv: none of the 40 patients (such as 'P0') is in it; it has 'Q0', 'Q1'")
    strange = cases.assign(case_id="X" + cases["case_id"])
    strange.to_csv(tmp_path / "strange.csv", index=False)
    (found,) = problems(study, Question("relapse", cases=tmp_path / "strange.csv"))
    assert found.startswith(
        "strange.csv: none of the 40 subjects (such as 'case000') is in it; it has 'Xcase000'"
    )


def test_gaps_in_a_batch_are_told_with_their_number_and_whose_they_are(joined):
    joined.loc[joined["case_id"].isin(["case001", "case005"]), "site"] = None
    (found,) = problems(joined, Question("relapse", batch="site"))
    assert "empty for 2 of the 40 subjects with an outcome (case001, case005)" in found


def test_where_no_feature_is_whole_the_subjects_with_gaps_are_named(cases):
    table = cases[["case_id", "relapse"]].assign(**{name: np.arange(40.0) for name in FEATURES})
    for row, name in enumerate(FEATURES):
        table.loc[row, name] = np.nan
    (found,) = problems(table, Question("relapse"))
    assert "4 of 40 subjects lack some, most case000 (1), case001 (1), case002 (1)" in found


def test_one_batch_is_named_plainly(joined):
    assert "one batch only ('A')" in problems(joined.assign(site="A"), Question("relapse", batch="site"))[0]


def test_undeclared_roles_are_acquisition_and_told(joined):
    data = load_drift_data([joined], Question("relapse"))
    assert data.conditions["role"].tolist()[1:] == ["acquisition", "acquisition"]
    assert any("No role is declared for blur" in told for told in data.warnings)
    declared = joined.assign(role=np.where(joined["factor"] == "blur", "definition", None))
    data = load_drift_data([declared], Question("relapse"))
    assert data.conditions["role"].tolist()[1:] == ["definition", "definition"]
    assert not any("No role" in told for told in data.warnings)


def test_numeric_columns_without_a_radiomic_name_are_told_where_others_have_one(joined):
    data = load_drift_data([joined.assign(GLCM_contrast=1.0, other=2.0)], Question("relapse"))
    assert data.features == FEATURES
    (told,) = [text for text in data.warnings if "have no PyRadiomics name" in text]
    assert told.startswith("3 numeric columns of table")
    assert "GLCM_contrast" in told
    assert "age" in told
    assert "The 4 that have one are" in told


def test_a_colon_in_a_name_does_not_make_it_the_only_feature(cases):
    # A column of Keek 2020 is called so; all its others have names of another software.
    rng = np.random.default_rng(0)
    names = ["GLCM_contrast", "Shape_areaD+BJX:BKUensityBB", "Stats_mean"]
    table = pd.DataFrame(rng.normal(size=(len(cases), 3)), columns=names).assign(**cases)
    data = load_drift_data([table], Question("relapse"))
    assert set(names) <= set(data.features)


def test_columns_of_a_frame_may_be_numbers(cases):
    values = np.random.default_rng(0).normal(size=(len(cases), 3))
    table = pd.DataFrame(values).assign(**cases[["case_id", "relapse"]])
    data = load_drift_data([table], Question("relapse"))
    assert data.features == ("0", "1", "2")
    np.testing.assert_array_equal(data.reference, values)


def test_durations_and_complex_numbers_are_no_features(cases):
    days = np.arange(len(cases))
    table = cases.assign(a=days % 7 + 0.5, wait=pd.to_timedelta(days, "D"), z=1j * days)
    assert load_drift_data([table], Question("relapse")).features == ("age", "a")


def test_each_known_word_is_listed_once(joined):
    (told,) = problems(joined, Question("relapse", volume="original_shape_Meshvolume"))
    assert told.count(FEATURES[0]) == 2  # as what was meant, and in the list
