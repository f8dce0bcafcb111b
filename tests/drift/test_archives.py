"""Files of arrays: what is read is what was kept, bit by bit; what is not whole is not there."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from robustrad.drift.archives import Archives, there

DTYPES = st.sampled_from([np.float64, np.float32, np.int64, np.bool_, np.dtype("U7")])
ARRAYS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrays=st.dictionaries(st.sampled_from("abc"), ARRAYS))
def test_arrays_come_back_bit_by_bit(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    store = Archives(tmp_path / "made" / "on demand")
    store.keep("key", arrays)
    found = store.arrays("key")
    assert found is not None
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()
    assert [path.name for path in store.folder.iterdir()] == ["key.npz"]


def test_a_file_cut_anywhere_counts_as_absent(tmp_path: Path) -> None:
    store = Archives(tmp_path)
    store.keep("key", {"scores": np.arange(50.0), "names": np.array(["a", "b"])})
    whole = store.path("key").read_bytes()
    for length in range(0, len(whole), 7):
        store.path("key").write_bytes(whole[:length])
        assert store.arrays("key") is None
    assert store.arrays("other") is None


def test_nothing_is_pickled_or_unpickled(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "made"),)

    store = Archives(tmp_path)
    with pytest.raises(ValueError, match="pickle"):
        store.keep("key", {"objects": np.array([{}], dtype=object)})
    store.path("key").write_bytes(pickle.dumps(Harmful()))
    assert store.arrays("key") is None
    np.savez(store.path("key"), objects=np.array([Harmful()], dtype=object))
    assert store.arrays("key") is None
    assert not (tmp_path / "made").exists()


def test_a_result_that_vanished_is_a_bug() -> None:
    assert there(0) == 0
    with pytest.raises(RuntimeError, match="not in its folder"):
        there(None)
