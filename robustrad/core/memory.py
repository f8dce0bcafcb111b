"""Remember the last results of a function of arrays, by their contents.

The tasks of one case follow each other in a worker, and ask the same of the same masks: each of its image
variants grows the mask to the same levels. What is remembered is what would be computed, so results never
depend on it.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")
_kept: list[OrderedDict[Any, Any]] = []


def remembering(last: int, *, largest: int | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that keeps the ``last`` results, by the values of all arguments.

    What arrays of more than ``largest`` elements give is not kept, where memory matters. Arguments are
    arrays, numbers, texts and tuples of them. Results are handed out as they are: their readers must not
    change them.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        kept: OrderedDict[tuple[Any, ...], R] = OrderedDict()
        _kept.append(kept)

        @wraps(function)
        def remembered(*args: P.args, **kwargs: P.kwargs) -> R:
            arrays = [value for value in (*args, *kwargs.values()) if isinstance(value, np.ndarray)]
            if largest is not None and any(array.size > largest for array in arrays):
                return function(*args, **kwargs)
            key = (*map(_key, args), *((name, _key(value)) for name, value in sorted(kwargs.items())))
            if key in kept:
                kept.move_to_end(key)
            else:
                kept[key] = function(*args, **kwargs)
                if len(kept) > last:
                    kept.popitem(last=False)
            return kept[key]

        return remembered

    return decorate


def forget() -> None:
    """Forget everything, for benchmarks: a first run is to be timed, not its repetition."""
    for results in _kept:
        results.clear()


def _key(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    plain = np.ascontiguousarray(value)
    digest = hashlib.blake2b(plain.view(np.uint8).data, digest_size=16).digest()
    return (value.dtype.str, value.shape, digest)
