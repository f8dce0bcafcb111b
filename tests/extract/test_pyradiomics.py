"""The engine against PyRadiomics' own extractor, on synthetic and on real cases."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from robustrad.core.geometry import Grid
from robustrad.extract.catalog import FEATURE_CLASSES
from robustrad.extract.engine import RegionRefusedError
from robustrad.extract.levels import MAX_LEVELS, GrayLevelsError
from robustrad.extract.names import feature_names
from robustrad.extract.parameter_file import load_parameters
from robustrad.extract.parameters import Parameters
from robustrad.extract.parity import compare
from robustrad.extract.pyradiomics import PyRadiomicsEngine
from robustrad.extract.settings import Verb, view
from robustrad.extract.single import extract
from robustrad.perturb.sample import Sampling
from tests.extract.phantom import OBLIQUE, lesion, plain

ENGINE = PyRadiomicsEngine()
FILTERS = {"Original": {}, "Wavelet": {"binWidth": 20}, "LoG": {"sigma": [1.0, 3], "binCount": 12}}
EVERYTHING = {
    "setting": {
        "binWidth": 15,
        "resampledPixelSpacing": [2, 2, 2],
        "normalize": True,
        "normalizeScale": 100,
        "removeOutliers": 3,
        "voxelArrayShift": 300,
        "resegmentRange": [-2.5, 2.5],
        "resegmentMode": "sigma",
    },
    "imageType": FILTERS,
}
THICK = {name: [] for name in FEATURE_CLASSES if name != "shape2D"}
ON_REQUEST = {
    "shape": ["Compactness1", "VoxelVolume", "Compactness2", "SphericalDisproportion"],
    "firstorder": ["StandardDeviation", "Mean", "Mean"],
    "glcm": ["Homogeneity1", "Id", "SumVariance", "Dissimilarity", "Homogeneity2"],
    "gldm": ["DependencePercentage", "GrayLevelNonUniformityNormalized", "DependenceEntropy"],
}
CASES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "everything": EVERYTHING,
    "resampling in plane only": {"setting": {"resampledPixelSpacing": [2, 2, 0], "padDistance": 8}},
    "the image's own spacing": {
        "setting": {"resampledPixelSpacing": [1.5, 1.5, 3]},
        "imageType": {"LoG": {"sigma": [2.0]}},
    },
    "another interpolator": {"setting": {"resampledPixelSpacing": [1, 1, 1], "interpolator": "sitkLinear"}},
    "an interpolator's number": {"setting": {"resampledPixelSpacing": [1, 1, 1], "interpolator": 2}},
    "interpolator off": {"setting": {"resampledPixelSpacing": [1, 1, 1], "interpolator": None}},
    "precropped": {"setting": {"preCrop": True, "padDistance": 3}, "imageType": FILTERS},
    "filters on the whole image": {"imageType": FILTERS},
    "flat": {
        "setting": {"force2D": True, "force2Ddimension": 0, "binCount": 16},
        "imageType": {"Original": {}, "Wavelet": {}},
        "featureClass": THICK,
    },
    "flat across x": {
        "setting": {"force2D": True, "force2Ddimension": 2},
        "imageType": {"Wavelet": {}},
        "featureClass": THICK,
    },
    "absolute resegmentation": {"setting": {"resegmentRange": [20]}},
    "relative resegmentation, shape too": {
        "setting": {"resegmentRange": [0.2, 0.9], "resegmentMode": "relative", "resegmentShape": True}
    },
    "several distances": {"setting": {"distances": [1, 2], "gldm_a": 1, "symmetricalGLCM": False}},
    "euclidean weights": {"setting": {"weightingNorm": "euclidean"}},
    "weights of one": {"setting": {"weightingNorm": "no_weighting"}},
    "on request and retired": {"featureClass": ON_REQUEST},
    "another order": {
        "imageType": {"LoG": {"sigma": [2.0]}, "Original": {}},
        "featureClass": {"ngtdm": None, "shape": [], "glszm": ["ZoneEntropy", "SmallAreaEmphasis"]},
    },
    "shape alone": {"featureClass": {"shape": []}},
    "a small bin width in one bin": {"setting": {"binWidth": 100000}},
    "a size limit that it passes": {"setting": {"minimumROISize": 20, "minimumROIDimensions": 3}},
}


def assert_equal(ours: dict[str, float], theirs: dict[str, float]) -> None:
    assert list(ours) == list(theirs)
    parity = compare(ours, theirs, relative=1e-12, absolute=0.0)
    assert parity.holds, parity.differences


def as_case(name: str) -> tuple[sitk.Image, sitk.Image]:
    return lesion(direction=OBLIQUE, kind=np.int16 if len(name) % 2 else np.float64, seed=len(name))


@pytest.mark.parametrize("name", CASES)
def test_it_equals_pyradiomics(name: str) -> None:
    image, mask = as_case(name)
    params = CASES[name]
    ours = extract(image, mask, params=params, engine="pyradiomics")
    assert_equal(ours, plain(image, mask, params))
    assert tuple(ours) == feature_names(load_parameters(params))


def test_a_flat_region_has_the_shape_of_a_plane() -> None:
    image, mask = lesion()
    slices = sitk.GetArrayFromImage(mask)
    slices[:6] = slices[7:] = 0
    mask = Grid.of(image).image(slices)
    params = {"setting": {"force2D": True}, "featureClass": {"shape2D": [], "shape": [], "glrlm": []}}
    ours = extract(image, mask, params=params, engine="pyradiomics")
    assert any("shape2D" in name for name in ours)
    assert_equal(ours, plain(image, mask, params))
    assert tuple(ours) == feature_names(load_parameters(params))


def test_a_filter_too_wide_for_the_image_leaves_out_its_features_as_in_pyradiomics() -> None:
    image, mask = lesion(shape=(5, 20, 20))
    params = {"imageType": {"LoG": {"sigma": [1.0, 30.0]}}, "featureClass": {"firstorder": []}}
    ours = extract(image, mask, params=params, engine="pyradiomics")
    assert_equal(ours, plain(image, mask, params))
    assert not any("30" in name for name in ours)


REAL = [
    ("reference/pyradiomics_cases/brain1_image.nrrd", "reference/pyradiomics_cases/brain1_label.nrrd"),
    ("reference/pyradiomics_cases/brain2_image.nrrd", "reference/pyradiomics_cases/brain2_label.nrrd"),
    ("reference/pyradiomics_cases/breast1_image.nrrd", "reference/pyradiomics_cases/breast1_label.nrrd"),
    ("sts/images/STS_019/PET_image.nii.gz", "sts/images/STS_019/PET_mask.nii.gz"),
    ("sts/images/STS_002/PET_image.nii.gz", "sts/images/STS_002/PET_mask.nii.gz"),
]


@pytest.mark.parametrize(
    "files", REAL, ids=lambda files: Path(files[0]).parent.name + "/" + Path(files[0]).stem
)
def test_it_equals_pyradiomics_on_real_cases(files: tuple[str, str], data_dir: Path) -> None:
    image, mask = (str(data_dir / name) for name in files)
    ours = extract(image, mask, params=EVERYTHING, engine="pyradiomics")
    assert len(ours) > 1000
    assert_equal(ours, plain(image, mask, EVERYTHING))


def _region(image: sitk.Image, mask: sitk.Image, parameters: Parameters, **wish: Any) -> Any:
    prepared = ENGINE.prepare(image, view(parameters, Verb.PREPARE))
    return ENGINE.region(prepared, mask, view(parameters, Verb.REGION), sampling=Sampling(**wish))


def test_a_region_tells_its_voxels_before_and_its_values_after_resegmentation() -> None:
    image, mask = lesion()
    region = _region(image, mask, load_parameters({"setting": {"resegmentRange": [50]}}))
    values = sitk.GetArrayFromImage(image)[sitk.GetArrayFromImage(mask) == 1]
    assert region.voxel_count == values.size
    np.testing.assert_array_equal(region.values, values[values >= 50])
    assert region.notes == ()
    assert region.shape.keys() == {n for n in feature_names(load_parameters({})) if "_shape_" in n}


def test_one_region_serves_several_settings_of_gray_levels() -> None:
    image, mask = lesion()
    base = load_parameters({**EVERYTHING, "imageType": {"Original": {}, "LoG": FILTERS["LoG"]}})
    region = _region(image, mask, base)
    for overrides in ({"binWidth": 30}, {"binWidth": None, "binCount": 8}):
        parameters = base.overridden(overrides)
        alone = extract(image, mask, params=parameters, engine="pyradiomics")
        assert ENGINE.features(region, view(parameters, Verb.LEVELS)) == alone
    assert ENGINE.features(region, view(base, Verb.LEVELS)) == extract(
        image, mask, params=base, engine="pyradiomics"
    )


def test_a_wished_spacing_equals_the_setting() -> None:
    image, mask = lesion()
    base = load_parameters({"setting": {"resampledPixelSpacing": [2, 2, 2]}, "imageType": FILTERS})
    wished = _region(image, mask, base, spacing_mm=(2.5, 2.5, 2.5))
    alone = extract(
        image, mask, params=base.overridden({"resampledPixelSpacing": (2.5, 2.5, 2.5)}), engine="pyradiomics"
    )
    assert ENGINE.features(wished, view(base, Verb.LEVELS)) == alone


def test_a_shift_and_a_rotation_change_features_but_not_the_region() -> None:
    image, mask = lesion()
    base = load_parameters({"setting": {"resampledPixelSpacing": [1.1, 1.1, 1.1]}})
    volume = "original_shape_MeshVolume"
    still = _region(image, mask, base).shape[volume]
    for wish in ({"shift": (0.5, 0.5, 0.5)}, {"rotation_deg": 8.0}):
        moved = _region(image, mask, base, **wish).shape[volume]
        assert moved != still
        assert moved == pytest.approx(still, rel=0.03)


def test_a_region_hands_on_what_its_grid_lost() -> None:
    image, mask = lesion()
    thin = load_parameters({"setting": {"resampledPixelSpacing": [0.4, 0.4, 0.4], "padDistance": 0}})
    assert "voxels of the ROI lie beyond the analysis grid" in _region(image, mask, thin).notes[0]


def _box(shape: tuple[int, int, int]) -> tuple[sitk.Image, sitk.Image]:
    image, _ = lesion()
    inside = np.zeros(Grid.of(image).shape, np.uint32)
    inside[tuple(slice(3, 3 + n) for n in shape)] = 1
    return image, Grid.of(image).image(inside)


@pytest.mark.parametrize(
    ("shape", "setting", "reason"),
    [
        ((1, 1, 1), {}, "only contains 1 segmented voxel"),
        ((1, 1, 5), {}, "too few dimensions"),
        ((1, 4, 4), {"minimumROIDimensions": 3}, "too few dimensions"),
        ((3, 3, 3), {"minimumROISize": 27}, "too small"),
        ((3, 3, 3), {"resegmentRange": [1e6]}, "excluded too many voxels"),
        ((3, 3, 3), {"force2D": True}, "is more than 1, cannot compute 2D shape"),
    ],
)
def test_what_pyradiomics_refuses_is_a_refusal_with_its_reason(shape: Any, setting: Any, reason: str) -> None:
    image, mask = _box(shape)
    params = (
        {"setting": setting}
        if "force2D" not in setting
        else {"setting": setting, "featureClass": {"shape2D": []}}
    )
    with pytest.raises(RegionRefusedError, match=reason):
        _region(image, mask, load_parameters(params))
    with pytest.raises(ValueError):
        plain(image, mask, params)


def test_a_region_without_neighbors_is_refused() -> None:
    image, mask = _box((2, 2, 2))
    params = {"setting": {"distances": [10]}, "featureClass": {"glcm": []}}
    parameters = load_parameters(params)
    region = _region(image, mask, parameters)
    with pytest.raises(RegionRefusedError, match="no two voxels are neighbors"):
        ENGINE.features(region, view(parameters, Verb.LEVELS))
    with pytest.raises(RuntimeError):
        plain(image, mask, params)


def test_too_many_gray_levels_are_refused_before_anything_is_allocated() -> None:
    image, mask = lesion()
    parameters = load_parameters({"setting": {"binWidth": 1e-6}})
    region = _region(image, mask, parameters)
    with pytest.raises(GrayLevelsError, match=f"image original: .*more than the {MAX_LEVELS}"):
        ENGINE.features(region, view(parameters, Verb.LEVELS))


def test_first_order_alone_may_have_many_gray_levels() -> None:
    image, mask = lesion()
    params = {"setting": {"binWidth": 0.01}, "featureClass": {"firstorder": []}}
    assert_equal(extract(image, mask, params=params, engine="pyradiomics"), plain(image, mask, params))


def test_a_feature_that_raises_is_nan(monkeypatch: pytest.MonkeyPatch) -> None:
    with warnings.catch_warnings(action="ignore"):
        from radiomics.firstorder import RadiomicsFirstOrder

    def broken(self: Any) -> float:
        raise ZeroDivisionError

    monkeypatch.setattr(RadiomicsFirstOrder, "getMeanFeatureValue", broken)
    image, mask = lesion()
    found = extract(
        image, mask, params={"featureClass": {"firstorder": ["Mean", "Energy"]}}, engine="pyradiomics"
    )
    assert np.isnan(found["original_firstorder_Mean"])
    assert found["original_firstorder_Energy"] > 0


def test_it_says_nothing_and_puts_global_states_back(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with warnings.catch_warnings(action="ignore"):
        import radiomics  # noqa: F401  # its logger is set up by the first import
    logger = logging.getLogger("radiomics")
    before = (
        logger.level,
        sitk.ProcessObject.GetGlobalWarningDisplay(),
        sitk.ProcessObject.GetGlobalDefaultNumberOfThreads(),
        sitk.ProcessObject.GetGlobalDefaultCoordinateTolerance(),
        sitk.ProcessObject.GetGlobalDefaultDirectionTolerance(),
    )
    image, mask = lesion()
    params = {
        "setting": {"geometryTolerance": 0.01, "binCount": 4, "symmetricalGLCM": False},
        "imageType": {"LoG": {"sigma": [1.0, 500.0]}, "Original": {}},
        "featureClass": ON_REQUEST | {"shape2D": [], "glszm": []},
    }
    extract(image, mask, params=params, engine="pyradiomics")
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
    assert before == (
        logger.level,
        sitk.ProcessObject.GetGlobalWarningDisplay(),
        sitk.ProcessObject.GetGlobalDefaultNumberOfThreads(),
        sitk.ProcessObject.GetGlobalDefaultCoordinateTolerance(),
        sitk.ProcessObject.GetGlobalDefaultDirectionTolerance(),
    )


def test_inputs_are_not_changed() -> None:
    image, mask = lesion()
    copies = [sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(mask)]
    extract(image, mask, params=EVERYTHING, engine="pyradiomics")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), copies[0])
    np.testing.assert_array_equal(sitk.GetArrayFromImage(mask), copies[1])


def test_filters_that_lack_a_package_are_told_before_anything_runs() -> None:
    told = ENGINE.unsupported(load_parameters({"imageType": {"LBP3D": {}, "Original": {}}}))
    assert told == [] or "LBP3D needs" in told[0]
    assert ENGINE.unsupported(load_parameters(EVERYTHING)) == []
