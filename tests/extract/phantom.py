"""Synthetic cases, and what PyRadiomics itself says about a case."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import numpy as np
import SimpleITK as sitk

from robustrad.core.geometry import Grid

OBLIQUE = (0.98, -0.17, 0.1, 0.17, 0.985, 0.0, -0.0985, 0.017, 0.995)


def orthonormal(direction: tuple[float, ...]) -> tuple[float, ...]:
    turned, _ = np.linalg.qr(np.array(direction).reshape(3, 3))
    signs = np.sign(np.diag(turned))
    return tuple(float(v) for v in (turned * signs).ravel())


def lesion(
    *,
    shape: tuple[int, int, int] = (14, 26, 24),
    spacing: tuple[float, float, float] = (1.5, 1.5, 3.0),
    direction: tuple[float, ...] | None = None,
    kind: type[np.generic] = np.float64,
    seed: int = 0,
) -> tuple[sitk.Image, sitk.Image]:
    """Return an image of smooth texture with noise, and a lobed region in its middle."""
    rng = np.random.default_rng(seed)
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    body = (
        60 * np.sin(4 * x + 1) * np.cos(3 * y) + 40 * np.sin(5 * z) + 120 * np.exp(-2 * (x**2 + y**2 + z**2))
    )
    array = (body + rng.normal(0, 15, shape)).astype(kind)
    inside = (x / 0.55) ** 2 + (y / 0.5) ** 2 + (z / 0.6) ** 2 < 1 + 0.3 * np.sin(5 * x) * np.cos(4 * y)
    grid = Grid(
        (shape[2], shape[1], shape[0]),
        spacing,
        (-31.3, 12.7, 101.9),
        orthonormal(direction) if direction else Grid((1, 1, 1), spacing).direction,
    )
    return grid.image(array), grid.image(inside.astype(np.uint32))


def plain(image: Any, mask: Any, params: dict[str, Any]) -> dict[str, float]:
    """Return the features of PyRadiomics' own extractor, on one thread."""
    with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
        from radiomics.featureextractor import RadiomicsFeatureExtractor

        logging.getLogger("radiomics").setLevel(logging.CRITICAL + 1)
        threads = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
        try:
            settings = {**params.get("setting", {}), "additionalInfo": False}
            found = RadiomicsFeatureExtractor({**params, "setting": settings}).execute(image, mask)
        finally:
            sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
            sitk.ProcessObject.SetGlobalDefaultCoordinateTolerance(1e-6)
            sitk.ProcessObject.SetGlobalDefaultDirectionTolerance(1e-6)
    return {name: float(np.real(value)) for name, value in found.items()}
