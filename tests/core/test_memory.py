from __future__ import annotations

import numpy as np

from robustrad.core.memory import remembering


def test_equal_arguments_are_computed_once_and_others_anew() -> None:
    calls: list[float] = []

    @remembering(last=4)
    def total(values: np.ndarray, *, factor: float = 1.0) -> float:
        calls.append(factor)
        return float(values.sum()) * factor

    values = np.arange(6.0).reshape(2, 3)
    assert total(values, factor=2.0) == total(values.copy(), factor=2.0) == 30.0
    assert len(calls) == 1
    assert total(values, factor=3.0) == 45.0
    assert total(values.reshape(3, 2), factor=2.0) == 30.0
    assert total(values.astype(np.int64), factor=2.0) == 30.0
    assert len(calls) == 4


def test_a_changed_array_is_another_argument() -> None:
    @remembering(last=4)
    def first(values: np.ndarray) -> float:
        return float(values[0, 0])

    values = np.arange(12.0).reshape(3, 4)[:, ::2]  # not contiguous
    assert first(values) == 0.0
    values[0, 0] = 7.0
    assert first(values) == 7.0


def test_only_the_last_results_are_kept() -> None:
    calls: list[int] = []

    @remembering(last=2)
    def same(value: int) -> int:
        calls.append(value)
        return value

    for value in (1, 2, 1, 3, 1, 2):
        same(value)
    assert calls == [1, 2, 3, 2]


def test_what_large_arrays_give_is_not_kept() -> None:
    calls: list[int] = []

    @remembering(last=2, largest=10)
    def size(values: np.ndarray) -> int:
        calls.append(values.size)
        return values.size

    for length in (10, 11, 10, 11):
        assert size(np.zeros(length)) == length
    assert calls == [10, 11, 11]
