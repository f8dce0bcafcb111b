from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from robustrad.cases.case import Case
from robustrad.core.errors import DataError, ProtocolError
from robustrad.core.geometry import Grid
from robustrad.extract.engines import choose_engine
from robustrad.extract.parameter_file import load_parameters
from robustrad.extract.single import extract, extract_case
from tests.extract.phantom import OBLIQUE, lesion, plain

FAST: dict[str, Any] = {"featureClass": {"shape": [], "firstorder": [], "glcm": ["Id", "MCC"]}}


def with_setting(**setting: Any) -> dict[str, Any]:
    return {**FAST, "setting": setting}


def ours(image: Any, mask: Any, params: Any = FAST, **more: Any) -> dict[str, float]:
    return extract(image, mask, params=params, engine="pyradiomics", **more)


@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.float32, np.float64, np.int32])
def test_files_keep_their_own_pixel_type_as_in_pyradiomics(tmp_path: Path, kind: Any) -> None:
    image, mask = lesion()
    values = sitk.GetArrayFromImage(image)
    if kind is np.uint8:
        values = np.clip(values / 2 + 100, 0, 180)
    sitk.WriteImage(Grid.of(image).image(values.astype(kind)), str(tmp_path / "i.nrrd"))
    sitk.WriteImage(sitk.Cast(mask, sitk.sitkUInt8), str(tmp_path / "m.nrrd"))
    params = with_setting(resampledPixelSpacing=[1.2, 1.2, 1.2])
    found = ours(tmp_path / "i.nrrd", str(tmp_path / "m.nrrd"), params)
    assert found == plain(str(tmp_path / "i.nrrd"), str(tmp_path / "m.nrrd"), params)


def test_nothing_given_means_pyradiomics_defaults() -> None:
    image, mask = lesion(shape=(8, 14, 12))
    assert extract(image, mask, engine="pyradiomics") == plain(image, mask, {})


def two_labels() -> tuple[sitk.Image, sitk.Image]:
    image, mask = lesion()
    labels = sitk.GetArrayFromImage(mask)
    labels[labels == 1] = 3
    labels[:6][labels[:6] == 3] = 7
    return image, Grid.of(image).image(labels)


def test_the_label_is_that_of_the_call_else_of_the_parameters_else_1() -> None:
    image, mask = two_labels()
    assert ours(image, mask, with_setting(label=7)) == plain(image, mask, with_setting(label=7))
    assert ours(image, mask, with_setting(label=7), label=3) == plain(image, mask, with_setting(label=3))
    with pytest.raises(DataError, match="label 1 is absent; labels present: 3, 7"):
        ours(image, mask)


def test_a_channel_of_a_segmentation_is_chosen_as_in_pyradiomics() -> None:
    image, mask = lesion()
    layers = sitk.Compose([mask * 0, sitk.Cast(mask, sitk.sitkUInt32)])
    params = with_setting(label_channel=1)
    assert ours(image, layers, params) == plain(image, layers, params)
    with pytest.raises(DataError, match="2 channels; expected a channel 2"):
        ours(image, layers, with_setting(label_channel=2))


def shifted(mask: sitk.Image, by: float) -> sitk.Image:
    moved = sitk.Image(mask)
    moved.SetOrigin([o + by for o in mask.GetOrigin()])
    return moved


@pytest.mark.parametrize("by", [1e-9, 5e-3])
def test_a_difference_of_the_grids_within_the_tolerance_is_none(by: float) -> None:
    image, mask = lesion(direction=OBLIQUE)
    near = shifted(mask, by)
    params = with_setting(geometryTolerance=0.01)
    assert ours(image, near, params) == plain(image, near, params) == ours(image, mask)


def test_another_grid_is_an_error_unless_corrected_and_then_as_in_pyradiomics() -> None:
    image, mask = lesion()
    near = shifted(mask, 0.7)
    with pytest.raises(
        DataError, match=r"its grid differs from the image's .*origin .*correctMask"
    ) as caught:
        ours(image, near)
    assert caught.value.exit_code == 2
    for setting in ({"correctMask": True}, {"correctMask": True, "preCrop": True, "padDistance": 2}):
        assert ours(image, near, with_setting(**setting)) == plain(image, near, with_setting(**setting))


def test_a_mask_of_another_size_can_be_corrected() -> None:
    image, mask = lesion()
    part = mask[2:-2, 2:-2, 1:-1]
    params = with_setting(resampledPixelSpacing=[2, 2, 2])
    assert ours(image, part, params) == plain(image, part, params)
    assert ours(image, part, with_setting(correctMask=True)) == ours(image, mask)


@pytest.mark.parametrize("setting", [{"correctMask": True}, {"resampledPixelSpacing": [2, 2, 2]}])
def test_a_region_outside_the_image_is_an_error(setting: Any) -> None:
    image, mask = lesion()
    with pytest.raises(DataError, match="leaves the image"):
        ours(image, shifted(mask, 20.0), with_setting(**setting))


def test_resampled_regions_may_come_on_their_own_grid_as_in_pyradiomics() -> None:
    image, mask = lesion()
    near = shifted(mask, 0.7)
    for setting in ({"resampledPixelSpacing": [2, 2, 2]}, {"resampledPixelSpacing": [1.5, 1.5, 3]}):
        assert ours(image, near, with_setting(**setting)) == plain(image, near, with_setting(**setting))


def test_what_is_no_region_of_a_3d_scalar_image_is_an_error(tmp_path: Path) -> None:
    image, mask = lesion()
    with pytest.raises(DataError, match="2-D image"):
        ours(image[:, :, 3], mask)
    with pytest.raises(DataError, match="2 values per voxel"):
        ours(sitk.Compose([image, image]), mask)
    with pytest.raises(DataError, match="the mask is empty"):
        ours(image, mask * 0)
    with pytest.raises(DataError, match="no such file"):
        ours(tmp_path / "none.nrrd", mask)
    one = mask * 0
    one[5, 5, 5] = 1
    with pytest.raises(DataError, match="only contains 1 segmented voxel"):
        ours(image, one)


def test_nan_in_the_region_is_an_error_and_beside_it_none() -> None:
    image, mask = lesion()
    values, inside = sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(mask)
    values[0, 0, 0] = np.nan
    assert ours(Grid.of(image).image(values), mask) == ours(image, mask)
    values[tuple(np.argwhere(inside)[7])] = np.nan
    with pytest.raises(DataError, match="1 voxels in the ROI are NaN"):
        ours(Grid.of(image).image(values), mask)


def test_too_many_gray_levels_are_a_data_error() -> None:
    image, mask = lesion()
    with pytest.raises(DataError, match="gray levels between"):
        ours(image, mask, with_setting(binWidth=1e-5))


def test_an_unknown_engine_is_an_error_with_the_known_ones() -> None:
    with pytest.raises(ProtocolError, match="Did you mean pyradiomics"):
        extract(*lesion(), engine="pyradiomic")


def test_a_row_of_the_table_brings_its_label(tmp_path: Path) -> None:
    image, mask = two_labels()
    paths = tmp_path / "i.nrrd", tmp_path / "m.nrrd"
    for one, path in zip((image, mask), paths, strict=True):
        sitk.WriteImage(one, str(path))
    parameters = load_parameters(with_setting(label=7))
    engine = choose_engine("pyradiomics", parameters).engine
    told = Case("a", *paths, label=3, columns={"Label": "3"})
    assert extract_case(told, parameters, engine=engine) == ours(image, mask, label=3)
    assert extract_case(Case("a", *paths), parameters, engine=engine) == ours(image, mask, label=7)
    with pytest.raises(DataError, match=r"a, mask .*m\.nrrd: label 9 is absent"):
        extract_case(Case("a", *paths, label=9, columns={"label": "9"}), parameters, engine=engine)
