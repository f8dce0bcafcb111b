"""One parity case: both engines on a small synthetic lesion, for ``robustrad doctor``."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from robustrad.core.geometry import Grid
from robustrad.extract.catalog import FEATURE_CLASSES
from robustrad.extract.engine import Engine
from robustrad.extract.engines import choose_engine
from robustrad.extract.parameters import Parameters
from robustrad.extract.parity import Parity, compare
from robustrad.extract.settings import Verb, view
from robustrad.perturb.sample import Sampling

PARAMETERS = Parameters(
    {"binWidth": 10, "resampledPixelSpacing": [2, 2, 2], "interpolator": "sitkBSpline"},
    {"Original": {}, "Wavelet": {}, "LoG": {"sigma": [2.0, 4.0]}},
    {name: () for name in FEATURE_CLASSES if name != "shape2D"},
)


def parity_case() -> Parity:
    """Return how the native engine agrees with PyRadiomics on a textured ellipsoid of 3 mm voxels.

    Resampling, wavelet, LoG and all classes are on: about a thousand features, in seconds.
    """
    grid = Grid((26, 24, 20), (3.0, 3.0, 3.0))
    z, y, x = np.indices(grid.shape, dtype=np.float64)
    inside = ((x - 12) / 8) ** 2 + ((y - 11) / 7) ** 2 + ((z - 9) / 6) ** 2 <= 1
    noise = np.random.default_rng(0).normal(0.0, 6.0, grid.shape)
    voxels = inside * (60 + 40 * np.sin(x / 1.9) * np.cos(y / 2.7) + 15 * np.sin(z)) + noise
    image, mask = grid.image(voxels), sitk.Cast(grid.image(inside), sitk.sitkUInt32)
    native, pyradiomics = (choose_engine(name, PARAMETERS).engine for name in ("native", "pyradiomics"))
    return compare(_features(native, image, mask), _features(pyradiomics, image, mask))


def _features(engine: Engine, image: sitk.Image, mask: sitk.Image) -> dict[str, float]:
    prepared = engine.prepare(image, view(PARAMETERS, Verb.PREPARE))
    region = engine.region(prepared, mask, view(PARAMETERS, Verb.REGION), sampling=Sampling())
    return engine.features(region, view(PARAMETERS, Verb.LEVELS))
