"""From sources to data: what is read, what is left out, and every problem at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from robustrad.core.errors import DataError
from robustrad.drift.load import load_drift_data
from robustrad.drift.question import Question
from robustrad.stability.source import Reading
from tests.drift.tables import FEATURES, features, subjects, write_study

ASK = Question("relapse", batch="site", clinical=("age", "sex"))


@pytest.fixture
def cases():
    return subjects()


@pytest.fixture
def table(cases):
    return features(cases)


def problems(source, question):
    with pytest.raises(DataError) as caught:
        load_drift_data([source], question)
    return [str(problem) for problem in caught.value.problems]


def test_a_study_folder_gives_features_outcome_batch_clinic_and_volume(tmp_path, cases, table):
    study = write_study(tmp_path / "study", cases, table)
    data = load_drift_data([study], ASK)
    assert data.values.shape == (40, 3, 4)
    assert data.conditions["condition"].tolist() == ["reference", "blur=2mm", "blur=4mm"]
    assert data.conditions["role"].tolist()[1:] == ["acquisition", "acquisition"]
    np.testing.assert_array_equal(data.outcome, cases["relapse"])
    assert data.batch.tolist() == cases["site"].tolist()
    assert data.clinical["age"].dtype == float
    assert set(data.clinical["sex"]) == {"f", "m"}
    np.testing.assert_array_equal(data.volume, table[FEATURES[0]][:40])
    assert data.warnings == ()


def test_a_table_of_subjects_beside_the_source_takes_its_place(tmp_path, cases, table):
    study = write_study(tmp_path / "study", cases[["case_id"]], table)
    other = cases.assign(relapse=1 - cases["relapse"]).sample(frac=1.0, random_state=0)
    other.to_csv(tmp_path / "clinic.csv", index=False)
    data = load_drift_data([study], Question("relapse", cases=tmp_path / "clinic.csv"))
    np.testing.assert_array_equal(data.outcome, 1 - cases["relapse"])
    by_frame = load_drift_data([table], Question("relapse", cases=other))
    np.testing.assert_array_equal(by_frame.outcome, data.outcome)


def test_the_order_of_rows_changes_nothing(cases, table):
    joined = table.merge(cases, on="case_id")
    a = load_drift_data([joined], ASK)
    b = load_drift_data([joined.sample(frac=1.0, random_state=3)], ASK)
    np.testing.assert_array_equal(a.values, b.values)
    np.testing.assert_array_equal(a.outcome, b.outcome)
    assert a.subjects == b.subjects


def test_a_table_of_one_row_per_case_has_the_reference_alone(cases):
    rng = np.random.default_rng(0)
    table = cases.assign(texture=rng.normal(size=40), entropy=rng.normal(size=40))
    data = load_drift_data([table], ASK)
    assert data.values.shape == (40, 1, 2)
    assert data.features == ("texture", "entropy")
    assert data.conditions["factor"].tolist() == ["reference"]
    assert data.volume is None


def test_a_score_column_is_the_only_feature(cases, table):
    scored = table[["case_id", "condition"]].assign(p=0.4).merge(cases, on="case_id")
    data = load_drift_data([scored], Question("relapse", score="p"))
    assert data.features == ("p",)
    assert data.values.shape == (40, 3, 1)


def test_subjects_without_outcome_are_left_out_and_told(cases, table):
    cases = cases.astype({"relapse": object})
    cases.loc[[3, 5], "relapse"] = [np.nan, "NA"]
    data = load_drift_data([table], Question("relapse", cases=cases))
    assert len(data.subjects) == 38
    assert "2 of 40 subjects have no 'relapse'" in data.warnings[0]
    assert data.dropped["subject"].tolist() == ["case003", "case005"]


def test_missing_cells_features_and_references_are_listed_never_filled(cases, table):
    table = table.copy()
    table.loc[(table["case_id"] == "case001") & (table["level"] == "4mm"), "status"] = "failed"
    table.loc[(table["case_id"] == "case002") & (table["level"] == "reference"), "status"] = "skipped"
    table.loc[7, "original_glcm_Idm"] = np.inf
    data = load_drift_data([table], Question("relapse", cases=cases))
    assert data.values.shape == (39, 3, 3)
    assert np.isnan(data.values[1, 2]).all()
    assert np.isnan(data.values).sum() == 3
    told = data.dropped.set_index("what")["reason"]
    assert told["subject"] == "no features at the reference"
    assert told["blur=4mm"] == "no features at this condition"
    assert told["original_glcm_Idm"] == "not finite in 1 of 116 cells"
    assert any("original_glcm_Idm" in warning for warning in data.warnings)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0] * 40, "1 value(s): 0 (40)"),
        ([0, 1, 2, 1] * 10, "3 value(s): 0 (10), 1 (20), 2 (10)"),
        ([np.nan] * 40, "0 value(s)"),
    ],
)
def test_an_outcome_that_is_not_two_valued_is_an_error(cases, table, values, said):
    found = problems(table, Question("relapse", cases=cases.assign(relapse=values)))
    assert len(found) == 1
    assert said in found[0]


def test_a_text_outcome_names_its_event(cases, table):
    worded = cases.assign(relapse=np.where(cases["relapse"] == 1, "no", "yes"))
    data = load_drift_data([table], Question("relapse", cases=worded))
    assert data.positive == "yes"
    assert "'yes' counts as the event" in data.warnings[0]
    asked = load_drift_data([table], Question("relapse", cases=worded, positive="no"))
    np.testing.assert_array_equal(asked.outcome, 1 - data.outcome)
    assert not any("counts as the event" in warning for warning in asked.warnings)
    assert "'maybe'" in problems(table, Question("relapse", cases=worded, positive="maybe"))[0]


def test_unknown_columns_are_told_all_at_once_with_the_nearest(cases, table):
    found = problems(table, Question("relaps", batch="sight", clinical=("agee",), cases=cases))
    assert len(found) == 3
    assert "Did you mean relapse?" in found[0]
    assert "Did you mean age?" in found[2]


def test_a_batch_that_is_the_outcome_is_an_error(cases, table):
    one = cases.assign(site=np.where(cases["relapse"] == 1, "A", "B"))
    found = problems(table, Question("relapse", batch="site", cases=one))
    assert "every batch holds one class" in found[0]
    assert (
        "one batch only"
        in problems(table, Question("relapse", batch="site", cases=cases.assign(site="A")))[0]
    )


def test_missing_batches_and_covariates_are_errors_together(cases, table):
    holes = cases.astype({"site": object})
    holes.loc[0, "site"] = None
    holes.loc[1, "age"] = np.nan
    found = problems(table, Question("relapse", batch="site", clinical=("age",), cases=holes))
    assert ["column 'site'" in found[0], "column 'age'" in found[1]] == [True, True]


def test_a_batch_of_one_patient_or_of_one_class_is_told(cases, table):
    odd = cases.copy()
    odd.loc[0, "site"] = "lonely"
    odd.loc[[2, 4, 6], "site"] = "healthy"
    told = " ".join(load_drift_data([table], Question("relapse", batch="site", cases=odd)).warnings)
    assert "Batch 'lonely' has one patient" in told
    assert "Batch 'healthy' has 0 patient(s) with relapse = 1" in told


def test_a_covariate_that_is_the_outcome_is_an_error_and_collinear_ones_are_told(cases, table):
    same = cases.assign(copy=3.0 - 2.0 * cases["relapse"], months=12.0 * cases["age"])
    assert "in another form" in problems(table, Question("relapse", clinical=("copy",), cases=same))[0]
    data = load_drift_data([table], Question("relapse", clinical=("age", "months"), cases=same))
    assert "collinear (rank 1 of 2)" in data.warnings[0]


def test_a_constant_covariate_is_not_called_collinear(cases, table):
    flat = cases.assign(flat=1.0)
    data = load_drift_data([table], Question("relapse", clinical=("age", "flat"), cases=flat))
    assert not any("collinear" in warning for warning in data.warnings)


def test_other_names_of_cases_are_told(cases, table):
    strange = cases.assign(case_id="X" + cases["case_id"])
    assert "none of the 40 subjects" in problems(table, Question("relapse", cases=strange))[0]


def test_no_reference_and_repeated_rows_are_errors(cases, table):
    plain = table.drop(columns=["factor", "level", "severity", "sign", "draw"]).merge(cases, on="case_id")
    renamed = plain.replace({"condition": {"reference": "first"}})
    assert "none of them said to be the reference" in problems(renamed, ASK)[0]
    named = Question("relapse", reading=Reading(reference="first"))
    assert load_drift_data([renamed], named).conditions["condition"].tolist()[0] == "first"
    no_condition = plain.drop(columns="condition")
    assert "several rows and there is no condition column" in problems(no_condition, ASK)[0]


def test_modalities_of_a_patient_stand_side_by_side(tmp_path, cases):
    patients = cases.assign(patient=[f"P{i}" for i in range(40)])
    pet = patients.assign(case_id=[f"P{i}_PET" for i in range(40)])
    ct = patients.assign(case_id=[f"P{i}_CT" for i in range(40)])[1:]
    sources = [
        write_study(tmp_path / "pet", pet, features(pet), modality="PT"),
        write_study(tmp_path / "ct", ct, features(ct, seed=2), modality="CT"),
    ]
    data = load_drift_data(sources, Question("relapse", unit="patient", batch="site"))
    assert data.values.shape == (39, 5, 8)
    assert data.features[0] == "PT:original_shape_MeshVolume"
    assert data.features[4] == "CT:original_shape_MeshVolume"
    names = ["reference", "PT:blur=2mm", "PT:blur=4mm", "CT:blur=2mm", "CT:blur=4mm"]
    assert data.conditions["condition"].tolist() == names
    np.testing.assert_array_equal(data.values[:, 1, 4:], data.values[:, 0, 4:])
    np.testing.assert_array_equal(data.values[:, 3, :4], data.values[:, 0, :4])
    assert (data.values[:, 1, 1] != data.values[:, 0, 1]).all()
    assert data.dropped["reason"].tolist() == ["not in ct"]
    order = [int(name[1:]) for name in data.subjects]
    np.testing.assert_array_equal(data.outcome, np.array(order) % 2)
    with pytest.raises(DataError, match="--unit patient"):
        load_drift_data(sources, Question("relapse"))
    with pytest.raises(DataError, match="two of one modality"):
        load_drift_data([sources[0], sources[0]], Question("relapse", unit="patient"))


def test_lesions_of_a_patient_become_one_by_the_declared_rule(tmp_path, cases):
    lesions = cases.assign(patient=[f"P{i // 2:02d}" for i in range(40)], relapse=np.arange(40) // 2 % 2)
    table = features(lesions)
    study = write_study(tmp_path / "pet", lesions, table)
    with pytest.raises(DataError, match="20 patients with several lesions"):
        load_drift_data([study], Question("relapse", unit="patient"))
    largest = load_drift_data([study], Question("relapse", unit="patient", lesion="largest"))
    mean = load_drift_data([study], Question("relapse", unit="patient", lesion="mean"))
    reference = table[table["level"] == "reference"][list(FEATURES)].to_numpy().reshape(20, 2, 4)
    np.testing.assert_allclose(mean.reference, reference.mean(axis=1))
    chosen = reference[:, :, 0].argmax(axis=1)
    np.testing.assert_array_equal(largest.reference, reference[np.arange(20), chosen])
    by_case = load_drift_data([study], Question("relapse"))
    assert by_case.n_patients == 20
    assert len(by_case.subjects) == 40


def test_lesions_that_disagree_on_the_outcome_are_an_error(tmp_path, cases):
    lesions = cases.assign(patient=[f"P{i // 2:02d}" for i in range(40)])
    study = write_study(tmp_path / "pet", lesions, features(lesions))
    found = problems(study, Question("relapse", unit="patient", lesion="mean"))
    assert "differs between the lesions or modalities of P00" in found[0]


def test_a_table_of_patients_joins_by_patient(tmp_path, cases):
    lesions = cases[["case_id"]].assign(patient=[f"P{i // 2:02d}" for i in range(40)])
    study = write_study(tmp_path / "pet", lesions, features(cases))
    clinic = pd.DataFrame({"patient": [f"P{i:02d}" for i in range(20)], "relapse": np.arange(20) % 2})
    data = load_drift_data([study], Question("relapse", cases=clinic))
    np.testing.assert_array_equal(data.outcome, np.arange(40) // 2 % 2)


def test_values_that_cannot_be_computed_with_are_left_out_by_name(cases, table):
    joined = table.merge(cases, on="case_id")
    for factor in (1e300, 1e-300):
        data = load_drift_data([joined.assign(**{FEATURES[1]: factor * joined[FEATURES[1]]})], ASK)
        assert FEATURES[1] not in data.features
        row = data.dropped.set_index("what").loc[FEATURES[1]]
        assert row["reason"].startswith("values that cannot be computed with")
        assert any(FEATURES[1] in told for told in data.warnings)
    assert load_drift_data([joined.assign(**{FEATURES[1]: 0.0})], ASK).features == FEATURES


def test_columns_that_are_asked_for_and_not_there_are_told(cases, table):
    joined = table.merge(cases, on="case_id")
    (told,) = problems(joined, Question("relapse", batch=""))
    assert told.startswith("table: no column ''")
    (told,) = problems(joined, Question("relapse", reading=Reading(condition="levle")))
    assert told.startswith(
        "table: no column 'levle'; expected the column of the conditions. Did you mean level?"
    )
    (told,) = problems(joined.iloc[:0], Question("relapse"))
    assert told.startswith("table: no rows")


def test_two_columns_of_one_name_are_refused(tmp_path, cases, table):
    joined = table.merge(cases, on="case_id").rename(columns={"age": FEATURES[1]})
    (told,) = problems(joined, Question("relapse"))
    assert told.startswith(f"table: two columns named '{FEATURES[1]}'")
    joined.to_csv(tmp_path / "table.csv", index=False)
    (told,) = problems(tmp_path / "table.csv", Question("relapse"))
    assert f"two columns named '{FEATURES[1]}'" in told


def test_infinite_covariates_and_outcomes_without_any_value_are_told(cases, table):
    joined = table.merge(cases.assign(age=cases["age"].where(cases.index > 1, np.inf)), on="case_id")
    assert "table, column 'age': infinite for 2 subjects; expected finite numbers." in problems(joined, ASK)
    (told,) = problems(joined.assign(relapse=np.nan), Question("relapse"))
    assert told == "table, column 'relapse': 0 value(s): all are empty; expected two values."
