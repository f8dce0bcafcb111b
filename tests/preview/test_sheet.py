"""The figure: 174 mm wide, nothing overlaps, contours follow voxel edges, differences are symmetric."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from robustrad.preview.captions import unseen_text
from robustrad.preview.frame import Frame, Plane
from robustrad.preview.layout import Layout, pages
from robustrad.preview.look import Look, Row
from robustrad.preview.panel import plot_contours, plot_difference, plot_scale_bar
from robustrad.preview.sheet import preview_figure


@pytest.fixture(scope="module")
def figure(look: Look) -> Figure:
    return preview_figure(look)


def texts(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]


def extent(text: Text, figure: Figure) -> Bbox:
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    return text.get_window_extent(canvas.get_renderer())


def test_it_is_174_mm_wide(figure: Figure) -> None:
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(174.0)


def test_no_text_is_larger_than_8_pt_or_too_small_to_read(figure: Figure) -> None:
    assert {text.get_fontsize() for text in texts(figure)} <= {8.0, 7.0, 6.5, 6.0}


def test_no_text_leaves_the_figure_or_lies_on_another(figure: Figure) -> None:
    figure.canvas.draw()
    boxes = [(text.get_text(), extent(text, figure)) for text in texts(figure)]
    for name, box in boxes:
        assert min(box.x0, box.y0) >= 0, name
        assert box.x1 <= figure.bbox.x1, name
        assert box.y1 <= figure.bbox.y1, name
    for (one, a), (other, b) in combinations(boxes, 2):
        width, height = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert width <= 0 or height <= 1.0, (one, other)


def test_every_level_has_its_picture_or_its_reason(figure: Figure, look: Look) -> None:
    written = " ".join(text.get_text().replace("\n", " ") for text in texts(figure))
    for row in look.rows:
        for cell in row.cells:
            assert cell.level in written
            assert cell.shot is not None or cell.reason[:30] in written
    levels = [row.factor.stage.value for row in look.rows for _ in row.cells]
    skipped = sum(cell.shot is None for row in look.rows for cell in row.cells)
    pictures = sum(1 for ax in figure.axes if ax.images)
    assert pictures == len(look.rows) + len(levels) - skipped + levels.count("image")


def test_changes_in_other_slices_are_told_because_they_cannot_be_seen(look: Look) -> None:
    row = next(row for row in look.rows if row.factor.name == "volume")
    assert unseen_text(row, look) == ""
    before = look.frame.cut(look.sample.mask, look.sample.grid)
    cells = tuple(replace(cell, shot=cell.shot and replace(cell.shot, mask=before)) for cell in row.cells)
    hidden = Row(row.factor, (cells,))
    assert unseen_text(hidden, look) == "Changes other slices than this one."
    figure = preview_figure(replace(look, rows=(hidden,)))
    assert any("Changes other slices" in text.get_text().replace("\n", " ") for text in texts(figure))


def test_the_strength_printed_is_the_one_measured(figure: Figure, look: Look) -> None:
    written = [text.get_text() for text in texts(figure)]
    smaller = next(row for row in look.rows if row.factor.name == "volume").cells[0].strength
    dice, ratio = smaller["strength_dice"], smaller["strength_volume_ratio"]
    assert any(f"Dice {dice:.3f}" in text and f"{ratio:.3f}" in text for text in written)
    assert any("32 bins" in text for text in written)


def test_a_contour_encloses_the_area_of_its_voxels() -> None:
    mask = np.zeros((9, 11), dtype=bool)
    mask[2:7, 3:8] = True
    mask[3, 8] = True
    plane = Plane(mask, (10.0, 10.0 + 11 * 4.0, -3.0, -3.0 + 9 * 2.0))
    ax = Figure().add_subplot()
    plot_contours(plane, plane, ax)
    (drawn,) = [artist for artist in ax.get_children() if isinstance(artist, QuadContourSet)]
    (polygon,) = drawn.get_paths()[0].to_polygons()
    x, y = np.asarray(polygon).T
    area = abs(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2
    assert area == pytest.approx(mask.sum() * 4.0 * 2.0, rel=0.01)
    apart = [np.abs(v - np.round(v)) for v in ((x - 10.0) / 4.0, (y + 3.0) / 2.0)]
    assert np.all(np.minimum(*apart) < 1e-9)  # every corner lies on an edge of a voxel


def test_before_and_after_are_drawn_where_they_differ_and_once_where_not() -> None:
    mask = np.zeros((8, 8), dtype=bool)
    mask[2:5, 2:5] = True
    before = Plane(mask, (0.0, 8.0, 0.0, 8.0))
    after = Plane(np.roll(mask, 1, axis=0), before.extent)
    for other, count in ((before, 1), (after, 2)):
        ax = Figure().add_subplot()
        plot_contours(before, other, ax)
        assert sum(isinstance(artist, QuadContourSet) for artist in ax.get_children()) == count


def test_differences_are_symmetric_about_zero_on_a_diverging_scale(look: Look) -> None:
    ax = Figure().add_subplot()
    plane = look.frame.cut(look.sample.voxels, look.sample.grid)
    mask = look.frame.cut(look.sample.mask, look.sample.grid)
    plot_difference(plane, mask, ax, frame=look.frame, limit=2.0)
    image = ax.images[0]
    assert image.get_clim() == (-2.0, 2.0)
    assert image.get_cmap()(0.5)[:3] == pytest.approx((0.97, 0.97, 0.97), abs=0.02)


def test_the_scale_bar_is_20_mm_long(look: Look) -> None:
    ax = Figure().add_subplot()
    ax.set_xlim(look.frame.extent[0], look.frame.extent[1])
    plot_scale_bar(ax, frame=look.frame, dark=True, text=True)
    (bar,) = ax.lines
    first, last = np.asarray(bar.get_xdata())
    width = look.frame.extent[1] - look.frame.extent[0]
    assert (last - first) * width == pytest.approx(20.0)
    assert [text.get_text() for text in ax.texts] == ["20 mm"]


def test_a_picture_has_the_proportions_of_the_patient(figure: Figure, look: Look) -> None:
    for ax in figure.axes:
        if ax.images:
            box = ax.get_window_extent()
            left, right, top, bottom = look.frame.extent
            assert box.width / box.height == pytest.approx((right - left) / (bottom - top), rel=1e-6)


def test_mirrored_images_are_drawn_mirrored(look: Look) -> None:
    frame = Frame(look.frame.grid, look.frame.slice_index, look.frame.extent, (True, True))
    plane = frame.cut(look.sample.voxels, look.sample.grid)
    ax = Figure().add_subplot()
    plot_difference(plane, plane, ax, frame=frame, limit=1.0)
    assert ax.get_xlim()[0] > ax.get_xlim()[1]
    assert ax.get_ylim()[0] < ax.get_ylim()[1]


def test_pages_are_no_taller_than_asked_and_keep_every_row(look: Look) -> None:
    layout = Layout.of(look.rows)
    found = pages(look.rows, tallest_mm=110.0)
    assert [row for page in found for row in page] == list(look.rows)
    assert len(found) > 1
    assert all(layout.total(page) <= 110.0 or len(page) == 1 for page in found)


def test_one_factor_alone_is_drawn_larger(look: Look) -> None:
    assert Layout.of(look.rows[:1]).picture > Layout.of(look.rows).picture
