from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from robustrad.extract.engine import RegionRefusedError
from robustrad.extract.levels import MAX_EDGES, MAX_LEVELS, GrayLevelsError, count_levels

with warnings.catch_warnings(action="ignore"):
    from radiomics.imageoperations import binImage


def theirs(values: Any, **options: Any) -> int:
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        levels, _ = binImage(values, (np.arange(len(values)),), **options)
    return int(levels.max() - levels.min() + 1)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int16, np.int32])
@settings(deadline=None, max_examples=60)
@given(
    numbers=st.lists(st.floats(-900, 900), min_size=1, max_size=8),
    width=st.one_of(st.integers(1, 60), st.floats(0.9, 60), st.sampled_from([0.1, 0.25, 0.3, 12.5])),
    on_edges=st.booleans(),
)
def test_it_is_pyradiomics_number_of_bins(
    kind: Any, numbers: list[float], width: Any, on_edges: bool
) -> None:
    values = np.array(numbers)
    if on_edges:  # values that are multiples of the width are where rounding decides
        values = np.round(values / width) * width
    values = values.astype(kind)
    assume(np.ptp(values.astype(float)) / width < MAX_LEVELS - 2)
    assert count_levels(values, {"binWidth": width}) == theirs(values, binWidth=width)


@settings(deadline=None, max_examples=50)
@given(numbers=st.lists(st.floats(-900, 900), min_size=1, max_size=8), count=st.integers(1, 300))
def test_it_is_pyradiomics_number_of_bins_for_a_fixed_count(numbers: list[float], count: int) -> None:
    values = np.array(numbers)
    assume(values.min() == values.max() or np.ptp(values) > 1e-6)
    assert count_levels(values, {"binWidth": 1, "binCount": count}) == theirs(values, binCount=count)


def test_the_example_of_pyradiomics_documentation() -> None:
    assert count_levels(np.array([54.0, 166.0]), {}) == 5


@pytest.mark.parametrize("options", [{"binWidth": 1000}, {"binCount": 32}, {"binWidth": 0.25}])
def test_a_region_in_one_bin_has_one_level(options: dict[str, Any]) -> None:
    flat = np.full(5, 0.1)
    assert count_levels(flat, options) == 1
    assert count_levels(np.array([1.0, 999.0]), {"binWidth": 1000}) == 1


def test_more_levels_than_memory_allows_are_refused_without_laying_them_out() -> None:
    values = np.array([0.0, 1.0])
    assert count_levels(values, {"binWidth": 1 / (MAX_LEVELS - 1)}) <= MAX_LEVELS
    for options in ({"binWidth": 1e-3 / 2}, {"binCount": MAX_LEVELS + 1}, {"binWidth": 1e-15}):
        with pytest.raises(GrayLevelsError, match=f"more than the {MAX_LEVELS} that memory allows"):
            count_levels(values, options)
    assert count_levels(values, {"binWidth": 1e-6}, limit=MAX_EDGES) in {1_000_000, 1_000_001}


@pytest.mark.parametrize(
    ("kind", "numbers", "width"),
    [
        (np.int16, [0, 32760], 25),
        (np.int16, [-32768, 0], 25),
        (np.uint8, [3, 250], 25),
        (np.uint8, [3, 250], 300),
    ],
)
def test_edges_that_overflow_an_integer_image_are_a_named_error(
    kind: Any, numbers: list[int], width: int
) -> None:
    with pytest.raises(GrayLevelsError, match=f"overflow the image's {np.dtype(kind)}"):
        count_levels(np.array(numbers, kind), {"binWidth": width})
    assert count_levels(np.array(numbers, kind), {"binWidth": width + 0.5}, limit=MAX_EDGES) >= 1


def test_bins_finer_than_the_numbers_of_the_image_are_refused() -> None:
    with pytest.raises(GrayLevelsError, match="finer than the numbers"):
        count_levels(np.array([1e8, 1e8 + 8], np.float32), {"binWidth": 0.5})


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(bad: float) -> None:
    with pytest.raises(RegionRefusedError, match="NaN or infinite"):
        count_levels(np.array([1.0, bad]), {})
