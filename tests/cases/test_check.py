from __future__ import annotations

import dataclasses
import shutil

import numpy as np
import pytest
import SimpleITK as sitk

from robustrad.cases.case import Cases
from robustrad.cases.check import check_case, check_cases
from robustrad.extract.parameters import Parameters
from tests.cases.files_on_disk import SHAPE, SPACING, box, case_in, save, volume


def told(case, **options) -> list[str]:
    return [f"{finding.severity}: {finding.problem}" for finding in check_case(case, **options)]


def with_image(case, array, **geometry):
    return dataclasses.replace(case, image=save(array, case.image.with_name("other.nii.gz"), **geometry))


def with_mask(case, array, **geometry):
    return dataclasses.replace(case, mask=save(array, case.mask.with_name("other_mask.nii.gz"), **geometry))


@pytest.mark.parametrize("voxels", [False, True])
def test_a_sound_case_has_no_findings(tmp_path, voxels):
    assert told(case_in(tmp_path), voxels=voxels, parameters=Parameters(settings={"binWidth": 0.25})) == []


# --- files -------------------------------------------------------------------------------------------


def test_a_missing_file_is_named_with_row_and_path(tmp_path):
    case = dataclasses.replace(case_in(tmp_path), image=tmp_path / "gone.nii.gz")
    (line,) = told(case, source="cases.csv")
    assert line.startswith("error: cases.csv row 2 (P1), image: no such file:")
    assert str(tmp_path / "gone.nii.gz") in line


def test_image_and_mask_are_both_reported(tmp_path):
    case = dataclasses.replace(case_in(tmp_path), image=tmp_path / "gone.nii", mask=tmp_path / "gone_m.nii")
    assert ["image: no such file" in line or "mask: no such file" in line for line in told(case)] == [
        True,
        True,
    ]


def test_a_folder_an_empty_file_and_text_are_no_images(tmp_path, capfd):
    case = case_in(tmp_path)
    (tmp_path / "folder.nii.gz").mkdir()
    (tmp_path / "empty.nii.gz").write_bytes(b"")
    (tmp_path / "text.nii.gz").write_bytes(b"version https://git-lfs\n")
    (tmp_path / "text.nrrd").write_bytes(b"hello world\n" * 50)
    said = {
        name: told(dataclasses.replace(case, image=tmp_path / name))
        for name in ("folder.nii.gz", "empty.nii.gz", "text.nii.gz", "text.nrrd")
    }
    assert all(len(lines) == 1 for lines in said.values())
    assert "is a folder" in said["folder.nii.gz"][0]
    assert "0 bytes" in said["empty.nii.gz"][0]
    assert "it begins with b'version http'" in said["text.nii.gz"][0]
    assert "cannot be read as an image" in said["text.nrrd"][0]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("share", [0.2, 0.5, 0.98])
@pytest.mark.parametrize("name", ["cut.nii", "cut.nii.gz"])
def test_a_nifti_file_that_was_cut_off_is_found_by_its_header_alone(tmp_path, name, share):
    case = case_in(tmp_path)
    whole = save(volume(), tmp_path / f"whole{name}").read_bytes()
    (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
    (line,) = told(dataclasses.replace(case, image=tmp_path / name))
    assert line.startswith("error")
    assert "cut off or damaged" in line


@pytest.mark.parametrize("name", ["cut.mha", "cut.nrrd"])
def test_other_formats_that_were_cut_off_are_found_with_voxels_and_print_nothing(tmp_path, capfd, name):
    case = case_in(tmp_path)
    whole = save(volume(), tmp_path / f"whole{name}").read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) * 2 // 3])
    (line,) = told(dataclasses.replace(case, image=tmp_path / name), voxels=True)
    assert "cannot be read as an image" in line
    assert capfd.readouterr().err == ""


def test_a_damaged_mask_is_found_without_voxels(tmp_path):
    case = case_in(tmp_path)
    raw = bytearray(case.mask.read_bytes())
    raw[-8] ^= 0xFF  # the checksum
    case.mask.write_bytes(raw)
    (line,) = told(case)
    assert "mask" in line
    assert "cut off or damaged" in line


def test_gzip_in_several_members_is_legal(tmp_path):
    import gzip

    case = case_in(tmp_path)
    plain = gzip.decompress(case.image.read_bytes())
    case.image.write_bytes(gzip.compress(plain[:1000]) + gzip.compress(plain[1000:]))
    assert told(case, voxels=True) == []


# --- structure ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["image", "mask"])
@pytest.mark.parametrize(
    ("image", "said"),
    [
        (sitk.Image([12, 10], sitk.sitkUInt8), "2-D image of size 12x10"),
        (sitk.Image([12, 10, 8, 3], sitk.sitkUInt8), "4-D image of size 12x10x8x3"),
        (sitk.Image([12, 10, 8], sitk.sitkVectorUInt8, 3), "3 values per voxel"),
        (sitk.Image([12, 10, 8], sitk.sitkComplexFloat32), "complex numbers"),
    ],
)
def test_images_that_are_not_3d_scalars_are_refused(tmp_path, which, image, said):
    case = case_in(tmp_path)
    sitk.WriteImage(image, str(tmp_path / "odd.nrrd" if "complex" not in said else tmp_path / "odd.nii"))
    odd = tmp_path / ("odd.nrrd" if "complex" not in said else "odd.nii")
    (line,) = told(dataclasses.replace(case, **{which: odd}))
    assert line.startswith(f"error: row 2 (P1), {which}: ")
    assert said in line


def test_an_rgb_picture_is_refused_for_both_reasons(tmp_path):
    case = case_in(tmp_path)
    sitk.WriteImage(sitk.Image([4, 4], sitk.sitkVectorUInt8, 3), str(tmp_path / "rgb.png"))
    lines = told(dataclasses.replace(case, image=tmp_path / "rgb.png"))
    assert ["RGB" in lines[0], "2-D" in lines[1]] == [True, True]


TURNED = (0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("array", "geometry", "said"),
    [
        (box()[:-1], {}, "size 12x10x8 and 12x10x7"),
        (box(), {"spacing": (4.0, 4.0, 2.5)}, "spacing 4x4x5 and 4x4x2.5"),
        (box(), {"origin": (0.0, 0.0, 3.0)}, "origin 0x0x0 and 0x0x3"),
        (box(), {"direction": TURNED}, "direction 1x0x0x0x1x0x0x0x1 and 0x1x0x1x0x0x0x0x1"),
    ],
)
def test_grids_that_differ_are_told_with_both_numbers(tmp_path, array, geometry, said):
    (line,) = told(with_mask(case_in(tmp_path), array, **geometry))
    assert line.startswith("error")
    assert said in line
    assert "correctMask" in line


def test_rounding_of_headers_is_no_difference(tmp_path):
    assert told(with_mask(case_in(tmp_path), box(), spacing=(4.00001, 4.0, 5.0))) == []


def test_correct_mask_makes_it_a_warning_and_the_tolerance_is_respected(tmp_path):
    case = with_mask(case_in(tmp_path), box(), origin=(0.0, 0.0, 0.01))
    (line,) = told(case, parameters=Parameters(settings={"correctMask": True}))
    assert line.startswith("warning")
    assert told(case, parameters=Parameters(settings={"geometryTolerance": 0.01})) == []


def test_an_absent_label_names_those_present(tmp_path):
    mask = box(3)
    mask[0, 0, 0] = 7
    (line,) = told(with_mask(case_in(tmp_path), mask))
    assert "label 1 is absent; labels present: 3, 7" in line


def test_an_image_in_place_of_the_mask_is_suspected(tmp_path):
    case = case_in(tmp_path)
    (line,) = told(dataclasses.replace(case, mask=save(volume() * 50 + 10, tmp_path / "image2.nii.gz")))
    assert "Are image and mask swapped?" in line


def test_empty_mask_one_voxel_and_a_line_are_refused(tmp_path):
    case = case_in(tmp_path)
    mask = np.zeros(SHAPE, np.uint8)
    assert "the mask is empty" in told(with_mask(case, mask))[0]
    mask[4, 4, 4] = 1
    assert "label 1 marks one voxel" in told(with_mask(case, mask))[0]
    mask[4, 4, 4:9] = 1
    assert "5 voxels that extend along 1 of 3 axes" in told(with_mask(case, mask))[0]
    assert told(with_mask(case, mask), parameters=Parameters(settings={"minimumROIDimensions": 1})) == []
    mask[4, 5, 4] = 1
    assert told(with_mask(case, mask)) == []


# --- voxels ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_errors_in_the_roi_and_warnings_elsewhere(tmp_path, bad):
    case = case_in(tmp_path)
    inside, outside = volume(), volume()
    inside[3, 3, 3:5] = bad
    outside[0, 0, 0] = bad
    assert told(with_image(case, inside)) == []  # the header pass does not read the image
    (line,) = told(with_image(case, inside), voxels=True)
    assert line.startswith("error")
    assert "2 of 144 voxels in the ROI are NaN" in line
    (line,) = told(with_image(case, outside), voxels=True)
    assert line.startswith("warning")
    assert "SimpleITK reads them as 0" in line
    spline = Parameters(settings={"resampledPixelSpacing": [2, 2, 2], "binWidth": 0.25})
    assert told(with_image(case, outside), voxels=True, parameters=spline)[0].startswith("warning")
    nrrd = dataclasses.replace(case, image=save(outside, tmp_path / "nan.nrrd"))
    assert told(nrrd, voxels=True)[0].startswith("warning")
    (line,) = told(nrrd, voxels=True, parameters=spline)
    assert line.startswith("error")
    assert "spreads" in line


def test_fewer_than_64_voxels_are_a_warning(tmp_path):
    mask = np.zeros(SHAPE, np.uint8)
    mask[2:6, 2:6, 2:6] = 1
    case = with_mask(case_in(tmp_path), mask)
    assert told(case, voxels=True) == []
    mask[2, 2, 2] = 0
    (line,) = told(with_mask(case, mask), voxels=True)
    assert line.startswith("warning")
    assert "63 voxels" in line


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"binWidth": 1000}, "error: row 2 (P1), ROI: values from"),
        ({"binWidth": 0.01}, "warning"),
        ({"binCount": 257}, "give 257 gray levels at binCount 257"),
        ({}, "one gray level at binWidth 25;"),
        ({"binWidth": 0.25, "resegmentRange": [500, 600]}, "resegmentRange leaves no voxel"),
        ({"binWidth": 0.25, "normalize": True, "normalizeScale": 20}, "warning"),
        ({"binWidth": 0.0001}, "error: row 2 (P1), ROI: values from"),
    ],
)
def test_one_gray_level_and_too_many_are_told_at_the_protocols_bins(tmp_path, settings, said):
    (line,) = told(case_in(tmp_path), voxels=True, parameters=Parameters(settings=settings))
    assert said in line


@pytest.mark.parametrize("value", [5.0, 1e9])  # at 1e9 float32 cannot even hold the edges of 32 bins
def test_a_constant_region_is_called_one_at_any_bin_count(tmp_path, value):
    case = with_image(case_in(tmp_path, modality="MR"), np.full(SHAPE, value, np.float32))
    (line,) = told(case, voxels=True, parameters=Parameters(settings={"binCount": 32}))
    assert f"the ROI has one value ({value:g}), so one gray level at any bins" in line
    assert "bins," not in line.split("any bins")[1]


def test_pet_in_bq_per_ml_is_noticed_and_suv_is_not(tmp_path):
    case = with_image(case_in(tmp_path), volume() * 2000)
    (line,) = told(case, voxels=True)
    assert line.startswith("warning")
    assert "looks like Bq/mL" in line
    assert told(dataclasses.replace(case, modality="MR"), voxels=True) == []


def test_ct_that_is_not_in_hu_is_noticed(tmp_path):
    case = dataclasses.replace(case_in(tmp_path), modality="CT")
    for array in (volume() * 100, volume() / 10 - 0.5):
        (line,) = told(with_image(case, array), voxels=True)
        assert "do not look like HU" in line
    assert told(with_image(case, (volume() * 200 - 1000)), voxels=True) == []


def test_unit_spacing_is_suspicious(tmp_path):
    case = case_in(tmp_path)
    case = with_image(with_mask(case, box(), spacing=(1.0, 1.0, 1.0)), volume(), spacing=(1.0, 1.0, 1.0))
    (line,) = told(case, voxels=True)
    assert line.startswith("warning")
    assert "spacing is 1x1x1 mm" in line


# --- many --------------------------------------------------------------------------------------------


def test_one_bad_case_never_stops_the_others_and_all_are_told(tmp_path, monkeypatch):
    sound = case_in(tmp_path)
    bad = dataclasses.replace(sound, case_id="bad", image=tmp_path / "gone.nii", row=3)
    bug = dataclasses.replace(sound, case_id="bug", row=4)
    absent = dataclasses.replace(sound, case_id="absent", label=9, row=5)
    from robustrad.cases import check

    real = check.check_case

    def breaking(case, **options):
        if case.case_id == "bug":
            raise MemoryError("too large")
        return real(case, **options)

    monkeypatch.setattr(check, "check_case", breaking)
    findings = check_cases(Cases("t.csv", (bad, bug, sound, absent), ("case_id", "image", "mask")))
    assert [finding.case.case_id for finding in findings] == ["bad", "bug", "absent"]
    assert "t.csv row 4 (bug): the check failed (MemoryError: too large)" in str(findings[1].problem)


def test_the_real_patients_are_clean(data_dir, tmp_path):
    from robustrad.cases.folder import make_cases, write_cases
    from robustrad.cases.table import load_cases

    shutil.rmtree(tmp_path / "x", ignore_errors=True)
    folder = data_dir / "sts" / "images"
    for name, modality, width in (("PET", "PT", 0.25), ("CT", "CT", 25)):
        found = make_cases(folder, image=f"*/{name}_image.nii.gz", mask=f"*/{name}_mask.nii.gz")
        write_cases(found.rows, tmp_path / f"{name}.csv", modality=modality)
        cases = load_cases(tmp_path / f"{name}.csv")
        assert (len(cases), found.problems) == (34, [])
        parameters = Parameters(settings={"binWidth": width})
        assert check_cases(cases, voxels=name == "PET", parameters=parameters) == []


def test_the_spacing_of_the_files_is_what_the_tests_say(tmp_path):
    image = sitk.ReadImage(str(case_in(tmp_path).image))
    assert image.GetSpacing() == pytest.approx(SPACING)


# --- masks that are none ------------------------------------------------------------------------------


@pytest.mark.parametrize("voxels", [False, True])
def test_columns_that_were_swapped_are_seen_in_the_values(tmp_path, voxels):
    case = case_in(tmp_path)
    (line,) = told(dataclasses.replace(case, image=case.mask, mask=case.image), voxels=voxels)
    assert "the mask holds values that are not whole numbers (" in line
    assert "Is it an image, or an interpolated mask?" in line


def test_an_interpolated_mask_is_seen(tmp_path):
    (line,) = told(with_mask(case_in(tmp_path), box() * np.float32(0.75)))
    assert "not whole numbers (0.75 ...); expected a label map" in line


def test_an_image_of_whole_numbers_is_no_mask(tmp_path):
    (line,) = told(with_mask(case_in(tmp_path), np.arange(np.prod(SHAPE)).reshape(SHAPE).astype(np.int16)))
    assert f"the mask holds {np.prod(SHAPE)} different values (0 to {np.prod(SHAPE) - 1})" in line


def test_an_image_is_not_its_own_mask(tmp_path):
    case = case_in(tmp_path)
    (line,) = told(dataclasses.replace(case, mask=case.image))
    assert "image and mask are the same file" in line


@pytest.mark.parametrize("labels", [[1, 60000], [1, *range(2, 121)]])
def test_many_labels_and_large_ones_are_a_label_map(tmp_path, labels):
    mask = box().astype(np.uint16)
    mask.flat[: len(labels)] = labels
    assert told(with_mask(case_in(tmp_path), mask)) == []


@pytest.mark.parametrize(
    ("classes", "spacing", "bad"),
    [(("shape2D",), None, True), (("shape2D",), [4, 4, 20], False), (("glcm",), None, False)],
)
def test_shape_in_two_dimensions_of_a_thick_region_is_told(tmp_path, classes, spacing, bad):
    settings = {"force2D": True, "binWidth": 0.25, "resampledPixelSpacing": spacing}
    parameters = Parameters(settings, feature_classes=dict.fromkeys(classes, ()))
    lines = told(case_in(tmp_path), parameters=parameters)
    assert ["the ROI has 4 slices along array axis 0 (force2Ddimension)" in line for line in lines] == [
        True
    ] * bad
