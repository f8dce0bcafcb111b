"""A hash of everything that a model learned: what the leak test compares."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def fingerprint_of(*learned: object) -> str:
    """Return 16 hexadecimal digits over arrays, numbers, text and the attributes of objects, to the bit.

    Raises
    ------
    TypeError
        If an object has neither attributes nor a state.
    """
    digest = hashlib.sha256()
    for value in learned:
        _feed(digest, value, ())
    return digest.hexdigest()[:16]


def _feed(digest: Any, value: object, above: tuple[int, ...]) -> None:
    digest.update(type(value).__name__.encode())
    if id(value) in above:
        return
    within = (*above, id(value))
    if isinstance(value, np.ndarray):
        _feed_array(digest, value, within)
    elif value is None or isinstance(value, (str, bytes, bool, int, float, complex, np.generic, type)):
        digest.update(repr(value).encode())
    elif isinstance(value, (pd.DataFrame, pd.Series, pd.Index)):
        _feed(digest, value.to_numpy(), within)
    elif isinstance(value, Mapping):
        for key in sorted(value, key=repr):
            digest.update(repr(key).encode())
            _feed(digest, value[key], within)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _feed(digest, item, within)
    elif isinstance(value, (set, frozenset)):
        _feed(digest, sorted(value, key=repr), within)
    elif callable(value) and hasattr(value, "__qualname__"):
        digest.update(str(value.__qualname__).encode())
    else:
        _feed(digest, _state(value), within)


def _feed_array(digest: Any, array: np.ndarray[Any, Any], within: tuple[int, ...]) -> None:
    digest.update(repr((array.shape, array.dtype.str)).encode())
    if array.dtype.names:
        for name in array.dtype.names:  # field by field: the padding between them is not set
            _feed_array(digest, array[name], within)
    elif array.dtype.hasobject:
        for item in array.ravel().tolist():
            _feed(digest, item, within)
    else:
        digest.update(np.ascontiguousarray(array).tobytes())


def _state(value: object) -> object:
    if isinstance(value, np.random.RandomState):
        return value.get_state(legacy=False)
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    state = value.__getstate__()
    if state is None:
        # Compiled objects (losses, links) hold nothing that is learned; their type stands for them.
        return type(value).__qualname__
    return state
