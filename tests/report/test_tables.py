"""CSV that reads back as it was, LaTeX that says what a reader must know."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import robustrad.report
from robustrad.core.errors import StudyError
from robustrad.report.tables import escape, footnote, to_latex, write_csv
from robustrad.stability.summary import summary
from robustrad.stability.table import stability_table
from tests.stability.cohort import example, roles


def test_floats_come_back_bit_for_bit_with_the_shortest_digits(tmp_path):
    rng = np.random.default_rng(0)
    values = np.concatenate(
        [rng.normal(size=500) * 10.0 ** rng.integers(-300, 300, 500), [0.1, 1e22, -0.0, 5e-324]]
    )
    path = write_csv(pd.DataFrame({"x": values}), tmp_path / "t.csv")
    lines = path.read_text().splitlines()[1:]
    assert [float(line) for line in lines] == values.tolist()
    assert lines == [repr(float(value)) for value in values]


def test_csv_has_unix_line_ends_and_empty_fields_for_missing_values(tmp_path):
    frame = pd.DataFrame(
        {"a": [1, 2], "level": ["x, y", None], "z": [np.nan, -np.inf], "flag": [True, False]}
    )
    path = write_csv(frame, tmp_path / "t.csv")
    assert path.read_bytes() == b'a,level,z,flag\n1,"x, y",,True\n2,,-inf,False\n'
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(StudyError, match="cannot be written"):
        write_csv(pd.DataFrame({"a": [1]}), tmp_path / "nothing" / "t.csv")


def test_latex_special_characters_are_escaped():
    assert escape("a_b & 50 % #1 {x} ~ ^ \\ $ <") == (
        r"a\_b \& 50 \% \#1 \{x\} \textasciitilde{} \textasciicircum{} \textbackslash{} \$ \textless{}"
    )


def test_latex_holds_every_row_of_the_summary_rounded_only_here():
    _, _, table = example()
    summarized = summary(table)
    text = to_latex(summarized)
    rows = summarized[summarized["image_type"].eq("all")]
    assert sum(line.endswith(r" \\") and " & " in line for line in text.splitlines()) == len(rows)
    one = rows[rows["level"].eq("4mm") & rows["feature_class"].eq("glcm")].iloc[0]
    shares = " & ".join(f"{100 * one[name]:.0f}" for name in ("excellent", "good", "moderate", "poor"))
    expected = (
        f"glcm & 12 & {shares} & {one['median']:.2f} [{one['q1']:.2f}, {one['q3']:.2f}] & 0 & 0 & 0 \\\\"
    )
    assert expected in text.splitlines()
    assert r"subvoxel\_shift = half (delineation, agreement, k = 2, 4 draws)" in text
    assert text.startswith(r"% Needs \usepackage{booktabs,longtable}")
    for rule in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert rule in text
    assert text.count("{") == text.count("}")


def test_the_footnote_names_forms_intervals_thresholds_and_numbers():
    _, _, table = example()
    text = footnote(summary(table), thresholds=(0.4, 0.7, 0.95), alpha=0.1)
    forms = ("ICC(1,1)", "ICC(A,1)", "ICC(C,1) after z-scoring", "90 %")
    bars = ("poor below 0.4", "good from 0.7", "excellent from 0.95")
    numbers = ("n = 24", "k = 2 to 5", "at most 0 subjects dropped", "robustrad")
    for part in (*forms, *bars, *numbers):
        assert part in text


def test_dropped_subjects_reach_the_footnote():
    features, conditions, _ = example()
    features = features.copy()
    features.loc[features["case_id"].lt("P003") & features["condition"].eq("blur=6mm"), "status"] = "failed"
    text = footnote(summary(stability_table(features, roles=roles(conditions))))
    assert "n = 21 to 24" in text
    assert "at most 3 subjects dropped" in text


def test_views_compute_no_statistics():
    folder = Path(robustrad.report.__file__).parent
    for path in (folder / name for name in ("tables.py", "figures.py", "heatmap.py")):
        nodes = ast.walk(ast.parse(path.read_text()))
        imports = [node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))]
        names = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in imports if isinstance(node, ast.ImportFrom)}
        assert not {name.split(".")[0] for name in names} & {"scipy", "sklearn", "SimpleITK", "radiomics"}
        assert not [name for name in names if name.startswith("robustrad.stability")]
