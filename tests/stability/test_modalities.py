"""Nothing is pooled over modalities: a table with rows of several is refused, with what to do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import robustrad as rr
from robustrad.core.errors import DataError
from robustrad.drift.load import load_drift_data
from robustrad.drift.question import Question
from robustrad.stability.source import Reading, read_source
from tests.drift.tables import features, subjects


def mixed(*words: object, column: str = "modality") -> pd.DataFrame:
    """A table of cases under conditions; the words of the column go round over the cases."""
    cases = subjects(24)
    cases["patient"] = [f"patient{i // 2}" for i in range(24)]
    cases[column] = [words[i % len(words)] for i in range(24)]
    cases["relapse"] = np.arange(24) // 2 % 2
    return features(cases).merge(cases, on="case_id")


@pytest.mark.parametrize(
    "words", [("CT", "PT"), ("pet", "Ct", None), ("MRI", "CT", "unknown"), ("MR", "PET")]
)
def test_rows_of_two_modalities_are_refused(words: tuple[object, ...]) -> None:
    table = mixed(*words)
    told = (
        r"table, column 'modality': .* in \d+ rows, first in row 2; .* in \d+ rows, first in row 3; expected"
    )
    for unit in ("case", "patient"):
        question = Question("relapse", unit=unit, lesion="mean" if unit == "patient" else None)
        with pytest.raises(DataError, match=told) as caught:
            load_drift_data([table], question)
        assert "--unit patient" in str(caught.value)
    with pytest.raises(DataError, match=told):
        rr.stability_table(table)
    plain = table[["case_id", "condition", "modality", "original_firstorder_Mean"]]
    with pytest.raises(DataError, match=told):
        rr.stability_table(plain, reference="reference")
    alone = table[table["condition"].eq("reference")].drop(columns=["condition", "factor", "level"])
    with pytest.raises(DataError, match=told):
        load_drift_data([alone], Question("relapse"))


@pytest.mark.parametrize(
    "words", [("PT", "PET"), ("CT", None), ("CT", "surgery"), ("CT", "PT", "surgery"), ("surgery", "chemo")]
)
def test_one_modality_and_columns_of_other_words_stay_what_they_are(words: tuple[object, ...]) -> None:
    table = mixed(*words)
    found = load_drift_data([table], Question("relapse"))
    same = load_drift_data([table.drop(columns="modality")], Question("relapse"))
    np.testing.assert_array_equal(found.values, same.values)
    assert len(rr.stability_table(table)) == len(rr.stability_table(table.drop(columns="modality")))


def test_modalities_may_be_the_conditions_that_are_compared() -> None:
    rows = [(f"case{i}", name, float(i + j)) for i in range(8) for j, name in enumerate(("CT", "PT"))]
    table = pd.DataFrame(rows, columns=["case_id", "modality", "size"])
    found = read_source(table, Reading(condition="modality", reference="CT"))
    assert found.conditions["condition"].tolist() == ["CT", "PT"]
