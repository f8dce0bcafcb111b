"""Run the native engine and PyRadiomics on one case and tell where they differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from robustrad.core.geometry import Grid
from robustrad.extract.catalog import FEATURE_CLASSES
from robustrad.extract.engine import Engine, Region
from robustrad.extract.native.engine import NativeEngine
from robustrad.extract.parameters import Parameters
from robustrad.extract.parity import Parity, compare
from robustrad.extract.pyradiomics import PyRadiomicsEngine
from robustrad.extract.settings import Verb, view
from robustrad.perturb.sample import Sampling

NATIVE = NativeEngine()
PYRADIOMICS = PyRadiomicsEngine()
CLASSES: dict[str, tuple[str, ...]] = {name: () for name in FEATURE_CLASSES if name != "shape2D"}
ORIGINAL: dict[str, dict[str, object]] = {"Original": {}}


def parameters(
    settings: dict[str, object],
    image_types: dict[str, dict[str, object]] | None = None,
    classes: dict[str, tuple[str, ...]] | None = None,
) -> Parameters:
    return Parameters(settings, image_types or ORIGINAL, CLASSES if classes is None else classes)


def images(
    voxels: NDArray[Any], mask: NDArray[np.bool_], spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
) -> tuple[sitk.Image, sitk.Image]:
    """Return image and mask (UInt32) of arrays (z, y, x); spacing is (x, y, z)."""
    depth, height, width = voxels.shape
    grid = Grid((width, height, depth), spacing, (-11.3, 7.1, 23.9))
    return grid.image(voxels), sitk.Cast(grid.image(mask), sitk.sitkUInt32)


def region(
    engine: Engine, image: sitk.Image, mask: sitk.Image, asked: Parameters, sampling: Sampling | None = None
) -> Region:
    prepared = engine.prepare(image, view(asked, Verb.PREPARE))
    return engine.region(prepared, mask, view(asked, Verb.REGION), sampling=sampling or Sampling())


def features(
    engine: Engine, image: sitk.Image, mask: sitk.Image, asked: Parameters, sampling: Sampling | None = None
) -> dict[str, float]:
    return engine.features(region(engine, image, mask, asked, sampling), view(asked, Verb.LEVELS))


def scales(found: dict[str, float]) -> dict[str, float]:
    """Return what the features that can be near zero sum up, in their own units."""
    out = {}
    for name in found:
        image, kind, feature = name.rsplit("_", 2)
        if kind == "firstorder":
            ends = [abs(found.get(f"{image}_firstorder_{end}", 1.0)) for end in ("Maximum", "Minimum")]
            size, spread = max(1.0, *ends), found.get(f"{image}_firstorder_Range", 1.0)
            if feature in {"Skewness", "Kurtosis"}:
                out[name] = 1.0 + size / max(spread, 1e-300)
            else:
                out[name] = size**2 if feature in {"Variance", "Energy", "TotalEnergy"} else size
        elif feature == "ClusterShade":
            out[name] = 1.0 + found.get(f"{image}_glcm_ClusterProminence", 0.0)
    return out


def parity(
    image: sitk.Image, mask: sitk.Image, asked: Parameters, sampling: Sampling | None = None
) -> Parity:
    """Compare both engines on one case; the order of the features counts too."""
    theirs = features(PYRADIOMICS, image, mask, asked, sampling)
    ours = features(NATIVE, image, mask, asked, sampling)
    assert list(ours) == list(theirs)
    return compare(ours, theirs, scales=scales(theirs))
