"""The heat map shows the summary's numbers, and the same bytes each time."""

from __future__ import annotations

import math

import matplotlib.colors
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from robustrad.report.figures import (
    BAND_COLORS,
    WIDTH_MM,
    heatmap_caption,
    plot_stability_heatmap,
    save_figure,
    stability_figure,
)
from robustrad.stability.summary import summary
from robustrad.stability.table import stability_table
from tests.stability.cohort import cohort, example, roles


@pytest.fixture(scope="module")
def summarized() -> pd.DataFrame:
    return summary(example()[2])


def drawn(axes) -> dict[tuple[float, float], tuple[str, str]]:
    """Text and color of each cell, by the cell's middle."""
    colors = {
        (patch.get_x() + 0.5, patch.get_y() + 0.5): matplotlib.colors.to_hex(patch.get_facecolor())
        for patch in axes.patches
        if isinstance(patch, Rectangle)
    }
    return {text.get_position(): (text.get_text(), colors[text.get_position()])
            for text in axes.texts if text.get_position() in colors}  # fmt: skip


def test_every_cell_shows_the_median_limit_in_its_band(summarized):
    axes = plot_stability_heatmap(summarized, Figure(figsize=(7, 4)).add_subplot())
    rows = summarized[summarized["image_type"].eq("all") & summarized["estimand"].eq("agreement")]
    expected = []
    for limit, invariant in zip(
        rows["median_limit"], rows["n_invariant"].eq(rows["n_features"]), strict=True
    ):
        if math.isnan(limit):
            expected.append(("inv." if invariant else "–", "#f0f0f0"))
        else:
            band = ["poor", "moderate", "good", "excellent"][sum(limit >= bar for bar in (0.5, 0.75, 0.9))]
            expected.append((f"{math.floor(100 * limit) / 100:.2f}".removeprefix("0"), BAND_COLORS[band]))
    cells = drawn(axes)
    in_table_order = [cells[key] for key in sorted(cells)]
    assert in_table_order == expected


def test_number_and_color_never_disagree(summarized):
    changed = summarized.assign(median_limit=0.8999)
    axes = plot_stability_heatmap(changed, Figure().add_subplot())
    assert set(drawn(axes).values()) == {(".89", BAND_COLORS["good"])}


def test_levels_and_classes_are_labeled(summarized):
    axes = plot_stability_heatmap(summarized, Figure().add_subplot())
    assert [label.get_text() for label in axes.get_yticklabels()][:4] == [
        "all",
        "firstorder",
        "shape",
        "glcm",
    ]
    levels = [label.get_text() for label in axes.get_xticklabels()]
    assert levels[:6] == ["2mm", "4mm", "6mm", "mild", "moderate", "strong"]
    told = {text.get_text() for text in axes.texts}
    assert {"acquisition", "delineation", "definition", "noise", "blur"} <= told


def test_it_is_174_mm_wide_and_nothing_sticks_out(summarized):
    figure = stability_figure(summarized)
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(WIDTH_MM)
    figure.draw_without_rendering()
    tight = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert tight.x0 >= 0
    assert tight.y0 >= 0
    assert tight.x1 <= width
    assert tight.y1 <= height


def test_cell_texts_do_not_overlap(summarized):
    figure = stability_figure(summarized)
    figure.draw_without_rendering()
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts if text.get_position() in drawn(axes)]
        pairs = ((a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
        assert not any(a.overlaps(b) for a, b in pairs)


def test_controls_are_not_drawn():
    features, conditions, _ = example()
    table = stability_table(features, roles={**roles(conditions), "blur": "control"})
    axes = plot_stability_heatmap(summary(table), Figure().add_subplot())
    assert "blur" not in {text.get_text() for text in axes.texts}


def test_files_are_the_same_bytes_each_time(summarized, tmp_path):
    few = summarized[summarized["factor"].eq("blur")]
    first, second = (save_figure(stability_figure(few), tmp_path / name) for name in "ab")
    assert [path.suffix for path in first] == [".png", ".pdf", ".svg"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert b"Date" not in first[2].read_bytes()


def test_test_retest_has_one_panel():
    features, _ = cohort(20, factors={"visit": ("acquisition", 1, [("second", None, None, 0.1, 0.3)])})
    plain = features.drop(columns=["factor", "level", "severity", "sign", "draw"])
    found = summary(stability_table(plain, exchangeable=True))
    figure = stability_figure(found)
    assert len(figure.axes) == 1
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["all"]


def test_the_caption_says_what_the_numbers_are(summarized):
    caption = heatmap_caption(summarized)
    for part in ("ICC(A,1)", "ICC(1,1)", "z-scoring", "Koo and Li", "n = 24", "95 %"):
        assert part in caption
