"""Training by test: the AUC of a model trained on one condition and tested on another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from robustrad.report.plots.style import drawing, panels, words

# What a cell of the matrix needs in mm: for labels of 4.5 and of 7 pt beside each other, for a number in it.
_LEAST_CELL_MM, _LABEL_CELL_MM, _NUMBER_CELL_MM = 1.9, 3.0, 4.3
_WIDEST_MM, _BESIDE_MM = 174.0, 34.0


def matrix_figure(matrix: pd.DataFrame, *, width_mm: float) -> Figure | None:
    """Return AUC of each training (rows) by each test condition (columns) of the first model.

    Where so many conditions could not be told apart in a column, the figure takes the width of a page.
    """
    rows = matrix[matrix["model"].eq(matrix["model"].iloc[0])]
    table = rows.pivot_table(index="train", columns="test", values="auc", sort=False, dropna=False)
    order = [name for name in table.columns if name in table.index]
    table = table.reindex(index=[*order, *(n for n in table.index if n not in order)])
    if table.empty:
        return None
    size = max(table.shape)
    if size * _LEAST_CELL_MM > width_mm - _BESIDE_MM:
        width_mm = _WIDEST_MM
    side = min(width_mm - _BESIDE_MM, max(60.0, 5.6 * size))
    cell = side / size
    with drawing():
        figure, (ax,) = panels(1, width_mm=min(width_mm, side + 52), height_mm=side + 30)
        values = table.to_numpy(dtype=float)
        image = ax.imshow(values, cmap="viridis", vmin=min(0.5, np.nanmin(values)), vmax=1.0, aspect="equal")
        names = [words(str(name)) for name in table.columns], [words(str(name)) for name in table.index]
        small = 7.0 if cell >= _LABEL_CELL_MM else 4.5
        ax.set_xticks(range(table.shape[1]), names[0], rotation=90, size=small)
        ax.set_yticks(range(table.shape[0]), names[1], size=small)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        for i, j, value in _cells(values):
            if cell >= _NUMBER_CELL_MM:
                ax.text(
                    j,
                    i,
                    f"{value:.2f}".lstrip("0"),
                    ha="center",
                    va="center",
                    size=6,
                    color=_on(value, image),
                )
        ax.set_xlabel("tested on")
        ax.set_ylabel("trained on")
        bar = figure.colorbar(image, ax=ax, shrink=0.6, pad=0.02)
        bar.outline.set_visible(False)
        bar.set_label("AUC")
    return figure


def _cells(values: np.ndarray) -> Iterator[tuple[int, int, float]]:
    for i, j in np.ndindex(*values.shape):
        if np.isfinite(values[i, j]):
            yield i, j, float(values[i, j])


def _on(value: float, image: object) -> str:
    """White on the dark half of the color map."""
    norm = image.norm  # type: ignore[attr-defined]  # an AxesImage
    return "white" if norm(value) < 0.6 else "#101010"
