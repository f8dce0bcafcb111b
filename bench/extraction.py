"""asv: plain extraction per engine, configuration and size."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from robustrad.core.geometry import Grid
from robustrad.extract.engines import choose_engine
from robustrad.extract.parameters import Parameters
from robustrad.extract.settings import Verb, view
from robustrad.perturb.sample import Sampling

CLASSES = dict.fromkeys(("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"), ())
CONFIGURATIONS = {
    "original": Parameters({"binWidth": 25}, {"Original": {}}, CLASSES),
    "common": Parameters(
        {"binWidth": 25, "resampledPixelSpacing": [1, 1, 1], "interpolator": "sitkBSpline"},
        {"Original": {}, "Wavelet": {}, "LoG": {"sigma": [1.0, 2.0, 3.0]}},
        CLASSES,
    ),
}
RADII_MM = {"small": 8.0, "medium": 16.0}


def lesion(radius_mm: float) -> tuple[sitk.Image, sitk.Image]:
    """A CT-like lesion in 1 x 1 x 2 mm voxels: correlated texture in a ball, white noise around."""
    rng = np.random.default_rng(0)
    half = int(radius_mm) + 12
    grid = Grid((2 * half, 2 * half, half), (1.0, 1.0, 2.0))
    z, y, x = np.indices(grid.shape, dtype=np.float64)
    distance = np.sqrt((x - half) ** 2 + (y - half) ** 2 + (2 * z - half) ** 2)
    texture = np.sin(x / 2.3) * np.cos(y / 3.1) * np.sin(z / 1.7)
    inside = distance <= radius_mm
    voxels = -80 + inside * (110 + 60 * texture) + rng.normal(0, 15, grid.shape)
    return grid.image(voxels), sitk.Cast(grid.image(inside), sitk.sitkUInt32)


def extract(
    engine_name: str, parameters: Parameters, image: sitk.Image, mask: sitk.Image
) -> dict[str, float]:
    """All three verbs, as a sweep calls them for one condition."""
    engine = choose_engine(engine_name, parameters).engine
    prepared = engine.prepare(image, view(parameters, Verb.PREPARE))
    region = engine.region(prepared, mask, view(parameters, Verb.REGION), sampling=Sampling())
    return engine.features(region, view(parameters, Verb.LEVELS))


class Extraction:
    """One extraction, warm."""

    params = (["pyradiomics"], list(CONFIGURATIONS), list(RADII_MM))
    param_names = ("engine", "configuration", "size")
    timeout = 300

    def setup(self, engine: str, configuration: str, size: str) -> None:
        self.image, self.mask = lesion(RADII_MM[size])
        extract(engine, CONFIGURATIONS[configuration], self.image, self.mask)

    def time_extract(self, engine: str, configuration: str, size: str) -> None:
        extract(engine, CONFIGURATIONS[configuration], self.image, self.mask)
