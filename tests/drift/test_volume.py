"""Volume beside the features: wherever it stands, for whatever is scored, and told where it is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from robustrad.audit.drift import drift
from robustrad.audit.survival import survival_drift
from robustrad.core.errors import DataError
from robustrad.drift.load import load_drift_data
from robustrad.drift.question import Question
from tests.drift.tables import FEATURES, features, subjects, write_study

VOLUME = FEATURES[0]
FAST = {"repeats": 1, "folds": 3, "bootstraps": 200, "permutations": 0, "jobs": 1}


@pytest.fixture
def cases():
    return subjects()


@pytest.fixture
def volume():
    return np.exp(np.random.default_rng(7).normal(9, 1, 40))


@pytest.mark.parametrize("named", [None, VOLUME])
def test_scores_stand_beside_the_volume_of_their_table(cases, volume, named):
    table = cases.assign(p=np.argsort(np.argsort(volume)) / 40, **{VOLUME: volume})
    data = load_drift_data([table], Question("relapse", score="p", volume=named))
    assert data.features == ("p",)
    np.testing.assert_array_equal(data.volume, volume)
    rows = drift(table, outcome="relapse", score="p", volume=named, **FAST).tables.safeguards
    assert rows.set_index("check").loc["score_volume", "value"] == pytest.approx(1.0)


def test_scores_under_conditions_take_the_volume_of_the_reference(cases, volume):
    parts = [
        cases.assign(condition=name, p=0.4, ml=volume * factor)
        for name, factor in (("reference", 1.0), ("blur", 3.0))
    ]
    data = load_drift_data([pd.concat(parts)], Question("relapse", score="p", volume="ml"))
    assert data.values.shape == (40, 2, 1)
    np.testing.assert_array_equal(data.volume, volume)
    assert data.volume_name == "ml"


def test_a_plain_table_names_its_volume_which_is_no_feature(cases, volume):
    table = cases[["case_id", "relapse"]].assign(texture=np.arange(40.0), ml=volume)
    data = load_drift_data([table], Question("relapse", volume="ml"))
    assert data.features == ("texture",)
    np.testing.assert_array_equal(data.volume, volume)
    with pytest.raises(DataError, match=r"no column 'mll'.*Did you mean ml"):
        load_drift_data([table], Question("relapse", volume="mll"))


def test_another_column_takes_the_place_of_the_radiomic_volume(cases, volume):
    table = features(cases).merge(cases.assign(ml=volume), on="case_id")
    data = load_drift_data([table], Question("relapse", volume="ml"))
    assert data.features == FEATURES
    np.testing.assert_array_equal(data.volume, volume)


def test_the_cases_file_may_bring_the_volume(tmp_path, cases, volume):
    study = write_study(tmp_path / "study", cases, features(cases))
    clinic = cases.assign(ml=volume).sample(frac=1.0, random_state=1)
    clinic.to_csv(tmp_path / "clinic.csv", index=False)
    question = Question("relapse", cases=tmp_path / "clinic.csv", volume="ml")
    np.testing.assert_array_equal(load_drift_data([study], question).volume, volume)
    worded = clinic.assign(ml="large")
    with pytest.raises(DataError, match=r"column 'ml': 'large'; expected volumes, as numbers"):
        load_drift_data([study], Question("relapse", cases=worded, volume="ml"))


def test_subjects_without_a_volume_leave_its_comparisons_and_nothing_else(cases):
    table = features(cases).merge(cases, on="case_id")
    table.loc[(table["case_id"] == "case007") & (table["level"] == "reference"), VOLUME] = np.nan
    result = drift(table, outcome="relapse", **FAST)
    assert len(result.data.subjects) == 40
    assert "1 of 40 subjects have no volume (original_shape_MeshVolume)" in " ".join(result.data.warnings)
    rows = result.tables.safeguards.set_index("check")
    assert rows.loc["beats_volume", "n"] == 39
    assert np.isfinite(rows.loc["beats_volume", "value"])
    assert result.facts["volume"] == {"column": VOLUME, "n": 39}


def test_risks_are_compared_with_the_volumes_that_there_are(cases, volume):
    table = cases.assign(risk=volume, months=1.0 + np.arange(40) % 13, **{VOLUME: volume})
    table.loc[3, VOLUME] = np.nan
    result = survival_drift(table, time="months", event="relapse", score="risk", **FAST)
    rows = result.safeguards.set_index("check")
    assert rows.loc["volume_only", "n"] == 39
    assert rows.loc["score_volume", "value"] == pytest.approx(1.0)


def two(cases, tmp_path):
    return [
        write_study(tmp_path / "pet", cases, features(cases), modality="PT"),
        write_study(tmp_path / "ct", cases, features(cases, seed=2), modality="CT"),
    ]


@pytest.mark.parametrize(
    ("named", "whose"), [(None, "PT"), (VOLUME, "PT"), (f"PT:{VOLUME}", "PT"), (f"CT:{VOLUME}", "CT")]
)
def test_of_several_modalities_it_is_said_whose_volume_it_is(tmp_path, cases, named, whose):
    sources = two(cases, tmp_path)
    data = load_drift_data(sources, Question("relapse", unit="patient", volume=named))
    assert data.volume_name == f"{whose}:{VOLUME}"
    np.testing.assert_array_equal(data.volume, data.reference[:, data.features.index(f"{whose}:{VOLUME}")])
    assert data.warnings[0].startswith(f"The volume is {whose}:{VOLUME}; --volume chooses another one")
    with pytest.raises(DataError, match="no column 'MR:"):
        load_drift_data(sources, Question("relapse", unit="patient", volume=f"MR:{VOLUME}"))


def test_the_largest_lesion_of_each_modality_is_found_by_the_named_volume(tmp_path, cases):
    lesions = cases.assign(patient=[f"P{i // 2:02d}" for i in range(40)], relapse=np.arange(40) // 2 % 2)
    question = Question("relapse", unit="patient", lesion="largest", volume=f"CT:{VOLUME}")
    data = load_drift_data(two(lesions, tmp_path), question)
    largest = (
        features(lesions, seed=2).query("level == 'reference'")[VOLUME].to_numpy().reshape(20, 2).max(axis=1)
    )
    np.testing.assert_array_equal(data.volume, largest)


def test_a_standardized_volume_keeps_everybody_and_says_so(cases):
    joined = features(cases).merge(cases, on="case_id")
    name = FEATURES[0]
    log = np.log(joined[name])
    standardized = joined.assign(**{name: (log - log.mean()) / log.std()})
    ask = {"outcome": "relapse", "repeats": 1, "permutations": 0, "bootstraps": 100, "jobs": 1}
    plain, given = drift(joined, **ask), drift(standardized, **ask)
    assert np.isfinite(given.data.volume).all()
    assert any("is negative for" in told for told in given.data.warnings)
    rows = [found.tables.safeguards.set_index("check").loc["volume_only"] for found in (plain, given)]
    assert rows[0]["n"] == rows[1]["n"] == 40
    assert rows[0]["value"] == pytest.approx(rows[1]["value"], abs=1e-12)
