"""Every setting and image type of PyRadiomics: the native engine gives its numbers, or refuses by name."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.core.errors import ProtocolError
from robustrad.extract.catalog import FEATURE_CLASSES, IMAGE_TYPES, ON_REQUEST, RETIRED
from robustrad.extract.engine import RegionRefusedError
from robustrad.extract.engines import choose_engine
from robustrad.extract.settings import KEYS, Verb
from tests.native.side_by_side import NATIVE, PYRADIOMICS, features, images, parameters, parity

Settings = dict[str, object]
SPACING = (0.9, 1.1, 1.7)
REFUSED = {"LBP2D", "LBP3D"}

# Setting -> what to set (with what it needs to act), and the filter under which it acts.
VARIED: dict[str, tuple[Settings, str]] = {
    "normalize": ({"normalize": True}, "Original"),
    "normalizeScale": ({"normalize": True, "normalizeScale": 300}, "Original"),
    "removeOutliers": ({"normalize": True, "normalizeScale": 100, "removeOutliers": 1.5}, "Original"),
    "interpolator": ({"resampledPixelSpacing": [1, 1, 1], "interpolator": "sitkLinear"}, "Original"),
    "resampledPixelSpacing": ({"resampledPixelSpacing": [2, 0, 1.3]}, "Original"),
    "padDistance": ({"resampledPixelSpacing": [1, 1, 1], "padDistance": 2}, "LoG"),
    "preCrop": ({"preCrop": True, "padDistance": 2}, "LoG"),
    "resegmentRange": ({"resegmentRange": [-100, 150]}, "Original"),
    "resegmentMode": ({"resegmentRange": [-40, 2], "resegmentMode": "sigma"}, "Original"),
    "resegmentShape": ({"resegmentRange": [-100, 150], "resegmentShape": True}, "Original"),
    "sigma": ({"sigma": [1.5]}, "LoG"),
    "start_level": ({"start_level": 1}, "Wavelet"),
    "level": ({"level": 2}, "Wavelet"),
    "wavelet": ({"wavelet": "rbio2.2"}, "Wavelet"),
    "gradientUseSpacing": ({"gradientUseSpacing": False}, "Gradient"),
    "force2D": ({"force2D": True}, "Wavelet"),
    "force2Ddimension": ({"force2D": True, "force2Ddimension": 2}, "Original"),
    "binWidth": ({"binWidth": 40.5}, "Original"),
    "binCount": ({"binCount": 16}, "Original"),
    "distances": ({"distances": [1, 3]}, "Original"),
    "voxelArrayShift": ({"voxelArrayShift": 300}, "Original"),
    "symmetricalGLCM": ({"symmetricalGLCM": False}, "Original"),
    "weightingNorm": ({"weightingNorm": "euclidean"}, "Original"),
    "gldm_a": ({"gldm_a": 2}, "Original"),
}
# These refuse regions, change no number; or act under a filter that is refused.
ELSEWHERE = {"minimumROIDimensions", "minimumROISize"} | {name for name in KEYS if name.startswith("lbp")}


def _case() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(20)
    z, y, x = np.indices((14, 15, 16))
    voxels = 100 * np.sin(x / 2.0) * np.cos(y / 2.5) + 20 * z + rng.normal(0, 60, z.shape)
    return voxels, ((z - 7) / 4.2) ** 2 + ((y - 7) / 5.1) ** 2 + ((x - 7) / 4.7) ** 2 < 1


def _own(image_type: str) -> Settings:
    return {"sigma": [2.0]} if image_type == "LoG" else {}


def test_every_setting_that_acts_on_an_image_is_varied_here() -> None:
    acting = {name for name, key in KEYS.items() if set(key.verbs) - {Verb.CASE}}
    assert set(VARIED) | ELSEWHERE == acting


@pytest.mark.parametrize("name", VARIED)
def test_setting_has_pyradiomics_effect(name: str) -> None:
    settings, image_type = VARIED[name]
    image, mask = images(*_case(), SPACING)
    own = _own(image_type)
    if name == "sigma":
        own, settings = settings, {}
    asked = parameters(settings, {image_type: own})
    assert parity(image, mask, asked).holds
    without = {key: value for key, value in settings.items() if key != name}
    plain = parameters(without, {image_type: _own(image_type)})
    assert features(NATIVE, image, mask, plain) != features(NATIVE, image, mask, asked)


@pytest.mark.parametrize("norm", ["manhattan", "euclidean", "infinity", "no_weighting"])
def test_every_norm(norm: str) -> None:
    assert parity(*images(*_case(), SPACING), parameters({"weightingNorm": norm})).holds


@pytest.mark.parametrize("interpolator", [*range(1, 11), None])
def test_every_interpolator(interpolator: int | None) -> None:
    settings: Settings = {"resampledPixelSpacing": [1, 1, 1], "interpolator": interpolator}
    assert parity(*images(*_case(), SPACING), parameters(settings)).holds


@pytest.mark.parametrize("image_type", [name for name in IMAGE_TYPES if name not in REFUSED])
def test_every_image_type_that_is_not_refused(image_type: str) -> None:
    asked = parameters({"binCount": 16}, {image_type: _own(image_type)})
    found = parity(*images(*_case(), SPACING), asked)
    assert found.holds
    assert found.compared > 100


@pytest.mark.parametrize("image_type", sorted(REFUSED))
def test_image_types_that_are_refused_are_named(image_type: str) -> None:
    asked = parameters({}, {"Original": {}, image_type: {}})
    with pytest.raises(ProtocolError, match=f"image type {image_type}. Use --engine auto"):
        choose_engine("native", asked)
    assert NATIVE.unsupported(asked) == [f"image type {image_type}"]


@pytest.mark.parametrize("name", [name for name in FEATURE_CLASSES if name != "shape2D"])
def test_features_that_only_a_parameter_file_enables(name: str) -> None:
    asked = sorted(ON_REQUEST[name])
    if not asked:
        pytest.skip(f"{name} has none")
    image, mask = images(*_case(), SPACING)
    classes = {name: tuple(asked)}
    assert parity(image, mask, parameters({}, classes=classes)).compared == len(set(asked) - RETIRED[name])


@pytest.mark.parametrize(
    "settings", [{"minimumROIDimensions": 3}, {"minimumROISize": 30}, {"minimumROISize": 29}]
)
def test_least_sizes_refuse_what_pyradiomics_refuses(settings: Settings) -> None:
    voxels, mask = _case()
    mask = np.zeros_like(mask)
    mask[7, 3:8, 4:10] = True
    told = []
    for engine in (PYRADIOMICS, NATIVE):
        try:
            told.append(len(features(engine, *images(voxels, mask, SPACING), parameters(settings))))
        except RegionRefusedError:
            told.append(-1)
    assert told[0] == told[1]
    assert (told[0] == -1) == (settings != {"minimumROISize": 29})
