"""Reading studies and feature tables, and what is said about those that cannot be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from robustrad.core.errors import DataError
from robustrad.stability.source import Reading, read_source
from robustrad.stability.table import stability_table
from tests.stability.cohort import cohort, roles, write_study


def small() -> tuple[pd.DataFrame, pd.DataFrame]:
    return cohort(
        8, factors={"blur": ("acquisition", 1, [("2mm", 1, None, 0.1, 0.1), ("None", 2, None, 0.1, 0.2)])}
    )


def plain_table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "case_id": np.repeat([f"{i}" for i in range(8)], 2),
            "condition": ["a", "b"] * 8,
            "x": rng.normal(size=16),
        }
    )


def test_folder_study_frame_and_files_say_the_same(tmp_path):
    features, conditions = small()
    table = stability_table(features, roles=roles(conditions))
    folder = write_study(tmp_path / "study", features, conditions, modality="any")

    @dataclass
    class Study:
        folder: Path
        features: pd.DataFrame
        conditions: pd.DataFrame

    features.to_csv(tmp_path / "f.csv", index=False)
    features.to_csv(tmp_path / "f.tsv", index=False, sep="\t")
    features.to_parquet(tmp_path / "f.parquet")
    expected = table.to_csv(index=False)
    assert stability_table(folder).to_csv(index=False) == expected
    assert stability_table(str(folder)).to_csv(index=False) == expected
    assert stability_table(Study(folder, features, conditions)).to_csv(index=False) == expected
    assert stability_table(Study(tmp_path / "none", features, conditions)).to_csv(index=False) == expected
    for name in ("f.csv", "f.tsv", "f.parquet"):
        assert stability_table(tmp_path / name, roles=roles(conditions)).to_csv(index=False) == expected


def test_a_level_named_none_is_a_level(tmp_path):
    features, _ = small()
    features.to_csv(tmp_path / "f.csv", index=False)
    table = stability_table(tmp_path / "f.csv")
    assert "None" in set(table["level"].dropna())


def test_case_ids_that_look_like_numbers_stay_as_they_are(tmp_path):
    (tmp_path / "f.csv").write_text("id,c,x\n007,a,1\n007,b,2\n8,a,1\n8,b,3\n")
    found = read_source(tmp_path / "f.csv", Reading(case="id", condition="c", reference="a"))
    assert found.cases == ("007", "8")


def test_a_study_gives_modality_and_patients(tmp_path):
    features, conditions = small()
    folder = write_study(tmp_path / "study", features, conditions)
    (folder / "cases.csv").write_text("case_id,patient\n" + "".join(f"P{i:03d},{i // 2}\n" for i in range(8)))
    found = read_source(folder, Reading())
    assert found.modality == "PT"
    assert found.patients.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_the_modality_of_the_cases_is_used_when_the_protocol_is_for_any(tmp_path):
    features, conditions = small()
    folder = write_study(tmp_path / "study", features, conditions, modality="any")
    (folder / "cases.csv").write_text("case_id,modality\n" + "".join(f"P{i:03d},CT\n" for i in range(8)))
    assert read_source(folder, Reading()).modality == "CT"


def test_strength_and_diagnostics_are_no_features():
    features, _ = small()
    features = features.assign(strength_rmse=1.0, diagnostics_Versions="x")
    found = read_source(features, Reading())
    assert not [name for name in found.features if name.startswith(("strength_", "diagnostics_"))]


def test_plain_tables_take_radiomic_columns_and_leave_clinical_numbers():
    frame = plain_table().assign(age=60.0, original_glcm_Contrast=1.0, **{"deep:0": 2.0})
    assert read_source(frame, Reading(reference="a")).features == ("original_glcm_Contrast", "deep:0")
    assert read_source(plain_table().assign(age=60), Reading(reference="a")).features == ("x",)
    assert read_source(frame, Reading(reference="a", features=["deep:0"])).features == ("deep:0",)


def test_infinite_values_and_failed_rows_are_missing():
    features, _ = small()
    features = features.copy()
    name = "original_glcm_Contrast"
    features.loc[0, name] = np.inf
    features.loc[1, "status"] = "failed"
    found = read_source(features, Reading())
    column = found.features.index(name)
    assert int(np.isnan(found.values[:, :, column]).sum()) == 2
    assert int(np.isnan(found.values).sum()) == 1 + len(found.features)


def broken(**changes: object) -> pd.DataFrame:
    return plain_table().assign(**changes)


@pytest.mark.parametrize(
    ("source", "reading", "told"),
    [
        (plain_table(), Reading(), ["none of them said to be the reference", "--exchangeable"]),
        (plain_table(), Reading(reference="c"), ["no condition 'c'", "Known: a, b"]),
        (plain_table(), Reading(reference="a", exchangeable=True), ["both a reference and exchangeable"]),
        (plain_table(), Reading(case="patient", reference="a"), ["no column 'patient'"]),
        (pd.concat([plain_table()] * 2), Reading(reference="a"), ["case '0' has more than one row"]),
        (plain_table().iloc[::2], Reading(reference="a"), ["one condition only"]),
        (plain_table().iloc[:0], Reading(reference="a"), ["no rows"]),
        (plain_table().drop(columns="x"), Reading(reference="a"), ["no feature columns"]),
        (broken(condition=["a", None] * 8), Reading(reference="a"), ["row 3", "no condition"]),
        (broken(original_glcm_Contrast="n/a"), Reading(reference="a"), ["Contrast' holds 'n/a'"]),
        (plain_table(), Reading(reference="a", features=["y"]), ["no feature 'y'"]),
        (plain_table(), Reading(reference="a", roles={"conditon": "control"}), ["Did you mean condition?"]),
        (plain_table(), Reading(reference="a", roles={"condition": "kontrol"}), ["'kontrol'", "acquisition"]),
        (small()[0], Reading(reference="a"), ["columns factor and level"]),
        (small()[0].assign(draw=lambda f: range(len(f))), Reading(), ["stands for several"]),
        (small()[0].assign(factor="reference"), Reading(), ["3 reference conditions"]),
        (42, Reading(), ["a int", "a study, a DataFrame or a path"]),
    ],
)
def test_unusable_tables_are_told(source, reading, told):
    with pytest.raises(DataError) as error:
        read_source(source, reading)
    for part in told:
        assert part in str(error.value)


def test_unusable_files_are_told(tmp_path):
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "table.xlsx").write_text("x")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "study.json").write_text("{}")
    for name, told in {
        "nothing.csv": "not there",
        "empty.csv": "cannot be read",
        "table.xlsx": "a .xlsx file",
        "study": "no features.parquet and no conditions.csv",
    }.items():
        with pytest.raises(DataError, match=told):
            read_source(tmp_path / name, Reading())


def test_features_asked_for_need_no_radiomic_name_beside_those_that_have_one():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(20, 2)), columns=["original_glcm_Contrast", "score"])
    frame.insert(0, "case_id", np.repeat([f"P{i}" for i in range(10)], 2))
    frame.insert(1, "condition", ["reference", "blur"] * 10)
    table = stability_table(frame, features=["score"])
    assert set(table["feature"]) == {"score"}


def test_factor_and_level_name_the_conditions_of_a_table_without_them():
    features, conditions = small()
    whole = read_source(features, Reading(roles=roles(conditions)))
    bare = read_source(features.drop(columns="condition"), Reading(roles=roles(conditions)))
    assert bare.conditions["condition"].tolist() == ["reference", "blur=2mm", "blur=None"]
    np.testing.assert_array_equal(bare.values, whole.values)


def test_a_row_without_a_factor_is_told_where_factors_name_the_conditions():
    features, _ = small()
    with pytest.raises(DataError, match=r"row 3.*no factor"):
        read_source(
            features.drop(columns="condition").assign(factor=features["factor"].mask(features.index == 1)),
            Reading(),
        )


def test_a_table_in_memory_is_called_what_the_caller_calls_it():
    with pytest.raises(DataError, match=r"^features\.csv: no column 'condition'"):
        read_source(plain_table().drop(columns="condition"), Reading(), where="features.csv")


def test_a_study_whose_files_are_broken_is_told(tmp_path):
    folder = write_study(tmp_path / "study", *small())
    (folder / "study.json").write_text('{"protocol": {')
    with pytest.raises(DataError, match=r"study\.json: cannot be read"):
        read_source(folder, Reading())
    (folder / "study.json").write_text('["protocol"]')
    with pytest.raises(DataError, match="not the record of a study"):
        read_source(folder, Reading())
    (folder / "features.parquet").write_bytes(b"")
    with pytest.raises(DataError, match=r"features\.parquet: cannot be read as Parquet.*sweep"):
        read_source(folder, Reading())


def test_columns_that_are_no_features_are_named():
    frame = plain_table().assign(outcome=np.repeat([0, 1] * 4, 2), site="A", y=np.arange(16.0))
    found = read_source(frame, Reading(reference="a"))
    assert found.features == ("x", "y")
    assert found.not_used == ("outcome: the same in every row of each case", "site: not numeric")
    found = read_source(frame.assign(original_glcm_Contrast=np.arange(16.0)), Reading(reference="a"))
    assert found.features == ("original_glcm_Contrast",)
    told = "x, outcome, site, y: without a PyRadiomics name (image_class_feature)"
    assert found.not_used == (told,)
    many = frame.assign(original_glcm_Contrast=1.0, **{f"z{i}": 1.0 for i in range(3)})
    assert (
        "x, outcome, site, y, z0, ... (7 columns): " in read_source(many, Reading(reference="a")).not_used[0]
    )
    assert read_source(frame, Reading(reference="a", features=["x", "outcome"])).not_used == ()


def test_a_table_with_factors_is_split_too_and_a_study_is_not():
    features, _ = small()
    cases = sorted(features["case_id"].unique())
    outcome = features["case_id"].map({case: index % 2 for index, case in enumerate(cases)})
    found = read_source(features.assign(outcome=outcome, site="A"), Reading())
    assert found.features == read_source(features, Reading()).features
    assert found.not_used == ("outcome, site: without a PyRadiomics name (image_class_feature)",)


def test_a_table_in_which_no_column_varies_is_used_as_it_is():
    frame = plain_table().assign(x=1.0)
    assert read_source(frame, Reading(reference="a")).features == ("x",)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("role", "aquisition", "column role: 'aquisition'. Did you mean acquisition?"),
        ("severity", -2.0, "column severity: -2 of 'blur=1'; expected 0 or more"),
        ("sign", 3.0, "column sign: 3 of 'blur=1'; expected -1, 1"),
    ],
)
def test_what_a_table_says_of_its_conditions_is_checked(column: str, value: object, told: str) -> None:
    cases = [f"c{i}" for i in range(6)] * 2
    table = pd.DataFrame({"case_id": cases, "condition": np.repeat(["reference", "blur=1"], 6)})
    table = table.assign(
        factor=np.repeat(["reference", "blur"], 6), level=np.repeat(["reference", "1"], 6),
        role=np.repeat([None, "acquisition"], 6), severity=np.repeat([0.0, 1.0], 6), sign=np.nan, draw=0,
        a=np.arange(12.0), b=np.arange(12.0) ** 2,
    )  # fmt: skip
    assert read_source(table, Reading()).features == ("a", "b")
    table[column] = table[column].astype(object).where(table["factor"] == "reference", value)
    with pytest.raises(DataError, match=re.escape(told)):
        read_source(table, Reading())
