"""Tables of models say what their statuses mean, and only those that a row has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from robustrad.report.catalog_drift import deployment_table, drift_table
from robustrad.report.catalog_survival import survival_table
from robustrad.report.catalog_views import cautions
from robustrad.report.chapters_stability import stability
from robustrad.report.derived import derive
from robustrad.report.factor_text import factor_text
from robustrad.report.holdings import Holdings, read_holdings
from robustrad.report.sheets import Sheet
from robustrad.report.views import Table
from robustrad.stability.classes import KOO_LI
from tests.report.studies import study

APPROXIMATE = "approximate: frozen model, fewer than 20 patients of a class"


def held(name: str, frame: pd.DataFrame, **record: Any) -> Holdings:
    return Holdings(Path(), {}, record, record, {name: Sheet(f"{name}.csv", frame)}, True)


def drift_of(*statuses: str, **record: Any) -> Table:
    frame = pd.DataFrame({"status": statuses, "interval_note": APPROXIMATE, "auc": 0.9})
    table = drift_table(held("drift", frame, **record))
    assert table is not None
    return table


def titles(table: Table) -> list[str]:
    return [column.title for column in table.columns]


def test_a_status_has_its_column_and_its_meaning() -> None:
    table = drift_of("ok", "few", "separated", margin=0.1)
    assert "Status" in titles(table)
    (note,) = table.notes
    assert "Status few: fewer than 20 patients, or fewer than 10 of a class." in note
    assert "Status separated: an AUC of exactly 0 or 1; its interval has no width and says nothing." in note
    assert "a margin of 0.1 AUC (set by the user)" in note
    assert APPROXIMATE in note


def test_without_an_unusual_status_there_is_neither() -> None:
    table = drift_of("ok", "ok")
    assert "Status" not in titles(table)
    assert "Status" not in table.notes[0]
    assert "a margin of 0.05 AUC (robustrad's default)" in table.notes[0]


def test_a_time_to_event_tells_its_own(tmp_path: Path) -> None:
    frame = pd.DataFrame({"status": ["few"], "interval_note": APPROXIMATE})
    table = survival_table(held("survival", frame, margin=0.05))
    assert table is not None
    assert "Status" in titles(table)
    assert "Status few: fewer than 20 patients." in table.notes[0]
    assert "a margin of 0.05 C (robustrad's default)" in table.notes[0]


@pytest.mark.parametrize(("auc", "said"), [(1.0, True), (0.99, False)])
def test_a_perfect_mix_has_an_interval_that_says_nothing(auc: float, said: bool) -> None:
    table = deployment_table(held("deployment", pd.DataFrame({"auc": [auc], "status": ["ok"]})))
    assert table is not None
    assert ("says nothing" in table.notes[0]) == said


def test_tables_of_verdicts_say_what_keeps_them_from_showing_that_a_model_holds() -> None:
    frame = pd.DataFrame({"factor": ["reference", "noise"], "auc_low": [0.4, 0.6]})
    frame = frame.assign(model="svm", status="few")
    said = cautions(frame, "AUC", "auc")
    assert (
        "What has nothing to lose cannot drift: at the reference AUC of svm is not shown above 0.5." in said
    )
    assert "Few patients cannot show that a model is robust." in said
    assert cautions(frame.assign(auc_low=[0.6, 0.4], status="ok"), "AUC", "auc") == ""


def test_definition_factors_are_said_to_be_judged_as_they_are(tmp_path: Path) -> None:
    factors = {"bins": ("definition", 1, [("16", None, None, 0.1, 0.2)])}
    holdings = derive(read_holdings(study(tmp_path / "study", n=6, factors=factors)))
    lead = " ".join(map(str, stability(holdings, {}, thresholds=KOO_LI, tips={}).lead))
    assert "by ranks" not in lead
    assert "judged after z-scoring each level, by ICC(C,1)" in lead


@pytest.mark.parametrize("name", ["pet", "pet-full", "ct", "mr", "quick"])
def test_numbers_and_severities_of_built_in_protocols_pair(name: str) -> None:
    from robustrad.protocol.read import load_protocol

    factors: Any = load_protocol(name).resolved()["factors"]
    for factor, content in factors.items():
        told = factor_text(factor, content)
        levels = list(content["levels"].values())
        severities = {level["severity"] for level in levels}
        if None in severities or len(severities) == len(levels):
            continue
        assert all(f" {severity:g} (" in told for severity in severities), told
