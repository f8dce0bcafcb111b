"""Figures: what is drawn is what the table says, at the width of a journal, the same bytes each time."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kiwisolver import Variable
from matplotlib._layoutgrid import LayoutGrid
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

import robustrad as rr
from robustrad.report.blocks import figure_block
from robustrad.report.derived import derive
from robustrad.report.figures import render_figure
from robustrad.report.holdings import Holdings, read_holdings
from robustrad.report.plates import Plate, plates
from robustrad.report.plots.drift import drift_figure
from robustrad.report.plots.matrix import matrix_figure
from robustrad.report.plots.remedies import plot_calibration_sweep
from robustrad.report.plots.stability import dose_rows
from robustrad.report.plots.style import apart
from robustrad.report.plots.survival import at_risk, plot_kaplan_meier
from robustrad.report.svg import inline_svg


@pytest.fixture(scope="module")
def holdings(reported: Path) -> Holdings:
    return derive(read_holdings(reported))


@pytest.fixture(scope="module")
def drawn(holdings: Holdings) -> dict[str, Plate]:
    return {plate.name: plate for plate in plates(holdings)}


def axes() -> object:
    return Figure(figsize=(4, 3)).add_subplot()


def test_dose_response_draws_the_medians_of_the_summary(holdings: Holdings) -> None:
    summary = holdings.frame("summary")
    ax = rr.plot_dose_response(summary, axes(), factor="volume")
    rows = dose_rows(summary)
    own = rows[rows["factor"].eq("volume") & rows["feature_class"].eq("glcm")]
    line = next(line for line in ax.lines if line.get_label() == "glcm")
    expected = dict(zip(own["severity"] * own["sign"].fillna(1), own["median"], strict=True))
    assert dict(zip(line.get_xdata(), line.get_ydata(), strict=True)) == pytest.approx(expected)
    assert ax.get_xticklabels()[0].get_text().startswith("\u2212")


def test_drift_draws_change_and_band(holdings: Holdings) -> None:
    drift = holdings.frame("drift")
    ax = rr.plot_drift(drift, axes(), factor="noise", margin=0.05)
    line = next(line for line in ax.lines if line.get_label() == "logistic")
    assert list(line.get_ydata()) == [-0.01, -0.21]
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx(-0.25)
    assert any(np.allclose(line.get_ydata(), -0.05) for line in ax.lines)


def test_patients_are_ordered_by_their_score(holdings: Holdings) -> None:
    ax = rr.plot_patients(holdings.frame("patients"), axes())
    marks = [line for line in ax.lines if len(line.get_xdata()) > 1]
    points = sorted((x, y) for line in marks for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True))
    scores = [y for _, y in points]
    assert len(scores) == 24
    assert scores == sorted(scores)


def test_remedies_stand_in_their_rank(holdings: Holdings) -> None:
    ax = rr.plot_remedies(holdings.frame("remedies"), axes(), experiment="E3 new site")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["icc_filter_0.9", "combat", "none"]
    after = next(line for line in ax.lines if line.get_label() == "with")
    assert list(after.get_xdata()) == [0.76, 0.7, 0.6]


def test_remedies_for_a_time_to_event_are_drawn_by_c(holdings: Holdings) -> None:
    table = holdings.frame("survival_remedies")
    ax = rr.plot_remedies(table, axes(), experiment="E3 new site", measure="C")
    assert ax.get_xlabel() == "C"
    after = next(line for line in ax.lines if line.get_label() == "with")
    assert list(after.get_xdata()) == [0.72, 0.7, 0.6]
    swept = plot_calibration_sweep(holdings.frame("survival_calibration_sweep"), axes(), measure="C")
    combat = next(line for line in swept.lines if line.get_label() == "combat")
    assert list(combat.get_ydata()) == [0.65, 0.72]
    assert swept.get_ylabel() == "C there"


def test_survival_curves_are_stairs_from_one_with_the_numbers_at_risk(holdings: Holdings) -> None:
    curves = holdings.frame("kaplan_meier")
    ax = plot_kaplan_meier(curves, axes())
    own = curves[curves["factor"].eq("reference") & curves["group"].eq("high")].sort_values("time")
    line = next(line for line in ax.lines if line.get_label() == "high risk")
    assert list(line.get_xdata()) == [0.0, *own["time"]]
    assert list(line.get_ydata()) == [1.0, *own["survival"]]
    assert at_risk(own, 0.0) == own["at_risk"].iloc[0]
    assert at_risk(own, own["time"].iloc[2]) == own["at_risk"].iloc[2]
    assert at_risk(own, own["time"].max() + 1) == 0
    assert str(own["at_risk"].iloc[0]) in {text.get_text() for text in ax.texts}


def test_the_sweep_draws_remedies_that_need_patients_and_the_rest_as_lines(holdings: Holdings) -> None:
    ax = plot_calibration_sweep(holdings.frame("calibration_sweep"), axes())
    lines = {line.get_label(): line for line in ax.lines}
    assert set(lines) == {"without a remedy", "reference", "combat"}
    assert list(lines["combat"].get_xdata()) == [5, 20]
    assert list(lines["combat"].get_ydata()) == [0.65, 0.72]


@pytest.mark.parametrize("width", [85.0, 174.0])
def test_figures_are_as_wide_as_a_journal_and_nothing_sticks_out(
    drawn: dict[str, Plate], width: float
) -> None:
    fixed = {"heatmap", "components"}  # they need a page's width
    for name, plate in drawn.items():
        figure = plate.draw(width)
        inches = figure.get_size_inches()
        assert inches[0] * 25.4 <= (174.0 if name in fixed else width) + 1e-6, name
        figure.draw_without_rendering()
        tight = figure.get_tightbbox()
        assert tight.x0 >= -0.02, name
        assert tight.x1 <= inches[0] + 0.02, name
        assert tight.y0 >= -0.02, name


@pytest.mark.parametrize("width", [85.0, 174.0])
def test_tick_labels_of_an_axis_do_not_run_into_each_other(drawn: dict[str, Plate], width: float) -> None:
    for name, plate in drawn.items():
        figure = plate.draw(width)
        figure.draw_without_rendering()
        for ax in figure.axes:
            flat = [
                text.get_window_extent()
                for text in ax.get_xticklabels()
                if text.get_text() and not text.get_rotation()
            ]
            pairs = itertools.pairwise(flat)
            assert not [1 for a, b in pairs if a.overlaps(b)], name


def test_severities_too_close_for_two_labels_get_one() -> None:
    assert apart([0.25, 0.5, 1.0, 2.0, 6.0]) == [0.25, 1.0, 2.0, 6.0]
    assert apart([1.0, 2.0, 3.0]) == [1.0, 2.0, 3.0]
    assert apart([2.0]) == [2.0]
    assert apart([]) == []


def test_a_figure_is_laid_out_once_for_page_and_files(drawn: dict[str, Plate]) -> None:
    plate = drawn["drift_auc"]
    figure = plate.draw(174.0)
    assert plate.draw(174.0) is figure
    assert plate.draw(85.0) is not figure
    before = [ax.get_position().bounds for ax in figure.axes]
    files = render_figure(figure)
    assert [ax.get_position().bounds for ax in figure.axes] == before
    assert render_figure(figure) == files


def several_factors(holdings: Holdings, count: int = 9) -> pd.DataFrame:
    """The drift table with its factors again and again, under other names and a little smaller."""
    drift = holdings.frame("drift")
    own = drift[drift["factor"].eq("noise")]
    again = [own.assign(factor=f"factor {i}", delta=own["delta"] * (1 - 0.05 * i)) for i in range(count)]
    return pd.concat([drift[drift["factor"].eq("reference")], *again], ignore_index=True)


def rendered(drift: pd.DataFrame, width: float) -> tuple[str, dict[str, bytes]]:
    figures = [drift_figure(drift, width_mm=width, margin=0.05) for _ in range(2)]
    assert figures[0] is not None
    assert figures[1] is not None
    return str(inline_svg(figures[0], "drift", alt="")), render_figure(figures[1])


@pytest.mark.parametrize("width", [85.0, 174.0])
def test_the_last_digits_of_the_layout_are_in_no_file(
    holdings: Holdings, width: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    drift = several_factors(holdings, 5)
    expected = rendered(drift, width)
    exact, rng = LayoutGrid.get_inner_bbox, np.random.default_rng(0)

    def noisy(*cells: Any, **more: Any) -> Bbox:
        points = exact(*cells, **more).get_points()
        return Bbox(points + 1e-13 * rng.uniform(-1, 1, points.shape))

    monkeypatch.setattr(LayoutGrid, "get_inner_bbox", noisy)
    assert rendered(drift, width) == expected


def test_a_figure_is_the_same_wherever_the_layout_lies_in_memory(holdings: Holdings) -> None:
    drift, rng = several_factors(holdings), np.random.default_rng(0)
    seen = set()
    for _ in range(6):
        variables = [Variable() for _ in range(20_000)]
        rng.shuffle(variables)  # what is freed in this order is given out again in it
        while len(variables) > 2_000:
            variables.pop()
        figure = drift_figure(drift, width_mm=85.0, margin=0.05)
        assert figure is not None
        seen.add(str(inline_svg(figure, "drift", alt="")))
    assert len(seen) == 1


def matrix_of(size: int) -> pd.DataFrame:
    names = [f"condition {i}" for i in range(size)]
    rows = [(a, b, 0.5 + 0.4 * (i == j)) for i, a in enumerate(names) for j, b in enumerate(names)]
    return pd.DataFrame(rows, columns=["train", "test", "auc"]).assign(model="logistic")


@pytest.mark.parametrize(
    ("size", "width", "expected"), [(12, 85.0, 85.0), (60, 85.0, 174.0), (60, 174.0, 174.0)]
)
def test_a_matrix_too_large_for_a_column_takes_a_page(size: int, width: float, expected: float) -> None:
    figure = matrix_figure(matrix_of(size), width_mm=width)
    assert figure is not None
    figure.draw_without_rendering()
    assert figure.get_figwidth() * 25.4 == pytest.approx(expected, abs=1)
    labels = [text.get_window_extent() for text in figure.axes[0].get_yticklabels()]
    assert not [1 for a, b in itertools.pairwise(labels) if a.overlaps(b)]


def test_a_phone_gets_the_layout_of_a_column_and_wide_figures_scroll(drawn: dict[str, Plate]) -> None:
    both = str(figure_block(drawn["remedies"]))
    assert both.count("<svg") == 2
    assert both.index('class="wide"') < both.index('class="narrow"')
    assert str(figure_block(drawn["survivors"])).count("<svg") == 1
    scrolling = str(figure_block(drawn["components"]))
    assert scrolling.count("<svg") == 1
    assert 'class="scroll" role="region" tabindex="0"' in scrolling


def test_every_figure_has_its_data_and_caption_beside_it(drawn: dict[str, Plate], reported: Path) -> None:
    expected = {
        "heatmap",
        "dose_response",
        "survivors",
        "components",
        "drift_auc",
        "flips",
        "calibration",
        "patients",
        "matrix",
        "remedies",
        "calibration_sweep",
        "survival_remedies",
        "survival_calibration_sweep",
        "survival_c",
        "survival_flips",
        "kaplan_meier",
    }
    assert set(drawn) == expected
    for name in expected:
        for suffix in (".pdf", ".svg", ".png", ".csv", ".txt"):
            assert (reported / "report" / "figures" / f"{name}{suffix}").stat().st_size > 0
        assert len(pd.read_csv(reported / "report" / "figures" / f"{name}.csv"))


def test_a_figure_in_the_page_follows_its_ink_and_keeps_its_ids_apart(drawn: dict[str, Plate]) -> None:
    text = str(inline_svg(drawn["survivors"].draw(85.0), "one", alt='a "b" <c>'))
    assert "currentColor" in text
    assert "#1c2328" not in text
    assert 'aria-label="a &#34;b&#34; &lt;c&gt;"' in text
    assert "<text" in text
    ids = {part.split('"')[0] for part in text.split('id="')[1:]}
    assert ids
    assert all(name.startswith("one-") for name in ids)
