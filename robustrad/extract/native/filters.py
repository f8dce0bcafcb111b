"""Point-wise filters and the gradient magnitude, on the whole padded crop as PyRadiomics takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare

Array = NDArray[Any]
Floats = NDArray[np.float64]


def square(image: Array) -> Floats:
    """Return the squares, rescaled to the range of the image."""
    values = image.astype(np.float64)
    return np.asarray((1 / np.sqrt(np.max(np.abs(values))) * values) ** 2, dtype=np.float64)


def square_root(image: Array) -> Floats:
    """Return the square roots of the magnitudes with their signs, rescaled."""
    values = image.astype(np.float64)
    scale = np.max(np.abs(values))
    return np.asarray(np.copysign(np.sqrt(np.abs(values) * scale), values), dtype=np.float64)


def logarithm(image: Array) -> Floats:
    """Return log(|x| + 1) with the signs of x, rescaled."""
    values = image.astype(np.float64)
    largest = np.max(np.abs(values))
    logs = np.copysign(np.log(np.abs(values) + 1), values)
    return np.asarray(logs * (largest / np.max(np.abs(logs))), dtype=np.float64)


def exponential(image: Array) -> Floats:
    """Return exp(c x) with c such that the largest magnitude keeps its value."""
    values = image.astype(np.float64)
    largest = np.max(np.abs(values))
    return np.asarray(np.exp(np.log(largest) / largest * values), dtype=np.float64)


#: Image type of a parameter file -> its name in features, and the function.
POINTWISE: dict[str, tuple[str, Callable[[Array], Floats]]] = {
    "Square": ("square", square),
    "SquareRoot": ("squareroot", square_root),
    "Logarithm": ("logarithm", logarithm),
    "Exponential": ("exponential", exponential),
}


def gradient(
    image: Array, spacing: tuple[float, float, float], *, use_spacing: bool = True
) -> NDArray[np.float32]:
    """Return the gradient magnitude by central differences, the border replicated, in float32 as ITK has it.

    Parameters
    ----------
    image : ndarray, (z, y, x)
        The padded crop.
    spacing : tuple of 3 float
        mm, (z, y, x).
    use_spacing : bool
        Per mm (True) or per voxel (``gradientUseSpacing``).
    """
    steps = np.asarray(spacing) if use_spacing else np.ones(3)
    out = np.empty(image.shape, dtype=np.float32)
    _fill_gradient(np.ascontiguousarray(image, dtype=np.float64), 0.5 / steps, out)
    return out


@bare
def _fill_gradient(image: Floats, halves: Floats, out: NDArray[np.float32]) -> None:
    depth, height, width = image.shape
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                dx = (image[z, y, min(x + 1, width - 1)] - image[z, y, max(x - 1, 0)]) * halves[2]
                dy = (image[z, min(y + 1, height - 1), x] - image[z, max(y - 1, 0), x]) * halves[1]
                dz = (image[min(z + 1, depth - 1), y, x] - image[max(z - 1, 0), y, x]) * halves[0]
                out[z, y, x] = np.float32(np.sqrt(dx * dx + dy * dy + dz * dz))
