"""The hot functions under pytest-benchmark: run once in the ordinary tests, timed with --benchmark-enable."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.cases import lesion
from bench.extraction import BIN_WIDTHS, CONFIGURATIONS, at_bin_widths, extract
from bench.stability import Icc
from bench.sweep import Sweep36
from robustrad.harmonize.combat import ComBat

SMALL = lesion(6.0)


@pytest.mark.parametrize("engine", ["native", "pyradiomics"])
def test_extraction(benchmark: Any, engine: str) -> None:
    found = benchmark(extract, engine, CONFIGURATIONS["common"], SMALL)
    assert len(found) == 1130


def test_six_bin_widths_share_one_region(benchmark: Any) -> None:
    found = benchmark(at_bin_widths, "native", CONFIGURATIONS["original"], SMALL)
    assert len(found) == len(BIN_WIDTHS)
    assert len({features["original_glcm_Contrast"] for features in found}) == len(BIN_WIDTHS)


def test_a_sweep_of_36_conditions(benchmark: Any) -> None:
    bench = Sweep36()
    bench.setup("native", "original")
    benchmark(bench.time_sweep, "native", "original")
    bench.teardown("native", "original")


def test_icc(benchmark: Any) -> None:
    bench = Icc()
    bench.setup()
    benchmark(bench.time_icc)


def test_combat(benchmark: Any) -> None:
    rng = np.random.default_rng(0)
    values, batch = rng.normal(size=(80, 300)), np.repeat(["a", "b"], 40)
    found = benchmark(lambda: ComBat().fit(values, batch=batch).transform(values, batch=batch))
    assert np.isfinite(found).all()
