"""The figure, table and line of variance components show the summary's numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from robustrad.report.components import (
    COMPONENT_COLORS,
    components_caption,
    components_figure,
    plot_variance_components,
)
from robustrad.report.components_latex import components_latex
from robustrad.report.figures import WIDTH_MM, save_figure
from robustrad.stability.components_summary import (
    COMPONENTS_SUMMARY_COLUMNS,
    components_summary,
    harmonizable_line,
)
from robustrad.stability.components_table import components_table
from tests.stability.cohort import example, roles


@pytest.fixture(scope="module")
def summarized() -> pd.DataFrame:
    features, conditions, table = example()
    return components_summary(components_table(features, roles=roles(conditions)), table)


def test_shares_are_means_over_the_features_that_vary(summarized):
    features, conditions, stability = example()
    components = components_table(features, roles=roles(conditions))
    assert tuple(summarized.columns) == COMPONENTS_SUMMARY_COLUMNS
    own = components[components["factor"].eq("noise") & components["feature_class"].eq("glcm")]
    found = summarized[summarized["factor"].eq("noise") & summarized["feature_class"].eq("glcm")].iloc[0]
    for component in ("subject", "level", "interaction", "draw"):
        assert found[component] == pytest.approx(own.loc[own["component"].eq(component), "share"].mean())
    assert np.isnan(found["residual"])
    rows = stability[
        stability["factor"].eq("noise")
        & stability["estimand"].eq("factor")
        & stability["feature_class"].eq("glcm")
    ]
    assert found["harmonizable_share"] == pytest.approx(rows["harmonizable_share"].median())
    assert found["ceiling_c_1"] == pytest.approx(rows["icc_c_1"].median())
    shape = summarized[summarized["factor"].eq("noise") & summarized["feature_class"].eq("shape")].iloc[0]
    assert (shape["n_features"], shape["n_used"]) == (5, 0)
    assert np.isnan(shape["subject"])


def test_shares_sum_to_one_or_are_unknown(summarized):
    used = summarized["n_used"].gt(0)
    sums = summarized.loc[used, list(COMPONENT_COLORS)].sum(axis=1)
    assert sums.to_numpy() == pytest.approx(np.ones(used.sum()))


def test_bars_are_the_shares_and_texts_the_harmonizable_share(summarized):
    axes = plot_variance_components(summarized, Figure().add_subplot(), factor="noise")
    rows = summarized[summarized["factor"].eq("noise")]
    for name, color in COMPONENT_COLORS.items():
        widths = [patch.get_width() for patch in axes.patches if to_hex(patch.get_facecolor()) == color]
        assert widths == pytest.approx(rows[name].fillna(0).tolist())
    texts = [text.get_text() for text in axes.texts][: len(rows)]
    expected = ["–" if np.isnan(h) else f"{100 * h:.0f}" for h in rows["harmonizable_share"]]
    assert texts == expected
    assert [label.get_text() for label in axes.get_yticklabels()] == rows["feature_class"].tolist()


def test_the_figure_is_174_mm_wide_and_nothing_sticks_out(summarized):
    figure = components_figure(summarized)
    width, height = figure.get_size_inches()
    assert width * 25.4 == pytest.approx(WIDTH_MM)
    assert len(figure.axes) == summarized["factor"].nunique()
    figure.draw_without_rendering()
    tight = figure.get_tightbbox()
    assert tight.x0 >= 0
    assert tight.x1 <= width
    assert tight.y0 >= 0
    assert tight.y1 <= height


def test_files_are_the_same_bytes_each_time(summarized, tmp_path):
    few = summarized[summarized["factor"].eq("blur")]
    first, second = (save_figure(components_figure(few), tmp_path / name) for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_controls_are_neither_drawn_nor_told(summarized):
    changed = summarized.assign(role=summarized["role"].where(summarized["factor"].ne("blur"), "control"))
    assert len(components_figure(changed).axes) == summarized["factor"].nunique() - 1
    assert "blur" not in harmonizable_line(changed)
    assert "blur" not in components_latex(changed)


def test_the_line_tells_each_factors_median_in_percent(summarized):
    line = harmonizable_line(summarized)
    assert "\n" not in line
    for row in summarized[summarized["feature_class"].eq("all")].itertuples():
        assert f"{row.factor} {100 * row.harmonizable_share:.0f} %" in line
    assert harmonizable_line(summarized.iloc[:0]) == ""


def test_latex_has_a_row_per_class_and_says_what_the_numbers_are(summarized):
    text = components_latex(summarized, note="Made by hand.")
    body = [line for line in text.splitlines() if line.endswith(r" \\") and line.count("&") == 10]
    assert len(body) == len(summarized)
    assert "Made by hand." in text
    assert r"subvoxel\_shift" in text
    assert "ComBat" in text
    assert "n = 24" in components_caption(summarized)


def test_factors_without_anything_are_drawn_empty():
    nothing = pd.DataFrame(columns=list(COMPONENTS_SUMMARY_COLUMNS))
    assert components_figure(nothing).axes == []
