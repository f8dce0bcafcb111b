from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk

from robustrad.cases.modality import modality_of
from robustrad.cases.open import open_case
from robustrad.core.errors import DataError
from robustrad.core.geometry import Grid
from tests.cases.files_on_disk import SHAPE, box, case_in, save, volume


def array(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)


def test_image_keeps_its_type_and_the_mask_becomes_one_and_zero(tmp_path):
    case = case_in(tmp_path)
    labels = box(3)
    labels[0] = 1
    case = dataclasses.replace(case, label=3, mask=save(labels, tmp_path / "labels.nii.gz"))
    opened = open_case(case)
    assert opened.image.GetPixelID() == sitk.sitkFloat32
    assert opened.mask.GetPixelID() == sitk.sitkUInt32
    assert np.array_equal(array(opened.mask), box(1))
    assert np.array_equal(array(opened.image), volume())
    assert Grid.of(opened.mask) == Grid.of(opened.image) == opened.grid


def test_within_the_tolerance_the_mask_takes_over_the_images_grid(tmp_path):
    case = case_in(tmp_path)
    case = dataclasses.replace(case, mask=save(box(), tmp_path / "m.nii.gz", spacing=(4.00001, 4.0, 5.0)))
    opened = open_case(case)
    assert Grid.of(opened.mask) == Grid.of(opened.image)


def test_another_grid_is_refused_and_correct_mask_resamples(tmp_path):
    case = case_in(tmp_path)
    cropped = save(box()[1:, 1:, 1:], tmp_path / "m.nii.gz", origin=(4.0, 4.0, 5.0))
    case = dataclasses.replace(case, mask=cropped)
    with pytest.raises(DataError, match="grids differ"):
        open_case(case)
    opened = open_case(case, settings={"correctMask": True})
    assert np.array_equal(array(opened.mask), box())


def test_correct_mask_refuses_a_region_that_reaches_out_of_the_image(tmp_path):
    case = case_in(tmp_path)
    case = dataclasses.replace(case, mask=save(box(), tmp_path / "m.nii.gz", origin=(0.0, 0.0, 400.0)))
    with pytest.raises(DataError, match="reaches out of the image"):
        open_case(case, settings={"correctMask": True})


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.uint16])
def test_masks_of_any_number_type_are_read(tmp_path, dtype):
    case = case_in(tmp_path)
    case = dataclasses.replace(case, label=2, mask=save(box(2).astype(dtype), tmp_path / "m.nii.gz"))
    assert int(array(open_case(case).mask).sum()) == int(box().sum())


def test_what_cannot_be_used_is_refused_in_words(tmp_path):
    case = case_in(tmp_path)
    with pytest.raises(DataError, match="label 5 is absent; labels present: 1"):
        open_case(dataclasses.replace(case, label=5))
    with pytest.raises(DataError, match="no such file"):
        open_case(dataclasses.replace(case, mask=tmp_path / "gone"))
    broken = volume()
    broken[3, 3, 3] = np.nan
    with pytest.raises(DataError, match="1 of 144 voxels in the ROI"):
        open_case(dataclasses.replace(case, image=save(broken, tmp_path / "nan.nii.gz")))
    with pytest.raises(DataError, match="1 of 144 voxels in the ROI"):
        open_case(dataclasses.replace(case, image=save(broken.astype(np.float64), tmp_path / "nan.nrrd")))
    line = np.zeros(SHAPE, np.uint8)
    line[4, 4, 4:9] = 1
    flat = dataclasses.replace(case, mask=save(line, tmp_path / "line.nii.gz"))
    assert int(array(open_case(flat).mask).sum()) == 5  # the engine's minimumROIDimensions judges lines


def test_a_channel_of_a_vector_mask_and_the_label_of_the_parameters_are_used(tmp_path):
    case = case_in(tmp_path)
    other = np.zeros_like(box())
    other[3, 3:5, 3] = 2
    sitk.WriteImage(
        sitk.Compose(sitk.ReadImage(str(case.mask)), _like(other, case)), str(tmp_path / "seg.nrrd")
    )
    vector = dataclasses.replace(case, mask=tmp_path / "seg.nrrd")
    with pytest.raises(DataError, match="set label_channel"):
        open_case(vector)
    opened = open_case(vector, settings={"label_channel": 1, "label": 2})
    assert np.array_equal(array(opened.mask), other // 2)
    with pytest.raises(DataError, match="more than 2, as label_channel asks"):
        open_case(vector, settings={"label_channel": 2})
    named = dataclasses.replace(vector, columns={"label": "1"})
    assert np.array_equal(array(open_case(named, settings={"label": 2, "label_channel": 0}).mask), box())


def _like(values: np.ndarray, case) -> sitk.Image:
    image = sitk.GetImageFromArray(values)
    image.CopyInformation(sitk.ReadImage(str(case.mask)))
    return image


def test_the_modality_is_the_tables_word_else_the_headers_else_unknown(tmp_path):
    case = case_in(tmp_path)
    assert modality_of(case) == "PT"
    case = dataclasses.replace(case, modality="unknown")
    assert modality_of(case) == "unknown"
    image = sitk.GetImageFromArray(volume())
    image.SetMetaData("0008|0060", "PT")
    sitk.WriteImage(image, str(tmp_path / "tagged.nrrd"))
    assert modality_of(dataclasses.replace(case, image=tmp_path / "tagged.nrrd")) == "PT"
    assert modality_of(dataclasses.replace(case, image=tmp_path / "gone.nrrd")) == "unknown"


def test_the_tag_of_a_dicom_file_is_read(data_dir, tmp_path):
    case = case_in(tmp_path, modality="unknown")
    slices = sorted((data_dir / "sts_dicom" / "STS_019" / "CT" / "image").glob("*.dcm"))
    assert modality_of(dataclasses.replace(case, image=slices[0])) == "CT"
