"""The larger and the smaller of two numbers, for kernels.

numba compiles a function of its own for ``max`` or ``min`` of every pair of types that a kernel asks it for:
.7 s of the first call of all.
"""

from __future__ import annotations

from typing import Any

from robustrad.core.jit import inlined


@inlined
def larger(a: Any, b: Any) -> Any:
    """Return ``max(a, b)``."""
    return b if b > a else a  # noqa: FURB136


@inlined
def smaller(a: Any, b: Any) -> Any:
    """Return ``min(a, b)``."""
    return b if b < a else a  # noqa: FURB136
