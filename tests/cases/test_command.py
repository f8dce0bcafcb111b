from __future__ import annotations

import numpy as np
import pytest

from robustrad.cases.command import cases_command, check_command
from tests.cases.files_on_disk import box, save, volume


def patients(root):
    for name in ("P1", "P2"):
        (root / name).mkdir()
        save(volume(), root / name / "image.nii.gz")
        save(box(), root / name / "mask.nii.gz")
    return root


def test_a_folder_becomes_a_table_that_is_checked(tmp_path):
    root = patients(tmp_path)
    (root / "P3").mkdir()
    save(volume(), root / "P3" / "image.nii.gz")
    told = cases_command(root, tmp_path / "cases.csv", image="*/image.nii.gz", mask="*/mask.nii.gz")
    assert told.data["cases"] == 2
    assert "P3/image.nii.gz: this image has no mask" in told.text
    code, told = check_command(tmp_path / "cases.csv", voxels=True, protocol=None, params=None)
    assert code == 0
    (note,) = told.data.pop("notes")
    assert "modality unknown for 2 of 2 cases" in note
    assert told.data == {"cases": 2, "unusable": 0, "problems": [], "findings": []}


def test_findings_are_told_for_people_and_machines_and_errors_end_with_code_2(tmp_path):
    root = patients(tmp_path)
    (root / "P2" / "mask.nii.gz").unlink()
    table = tmp_path / "cases.csv"
    table.write_text(
        "case_id,image,mask\nP1,P1/image.nii.gz,P1/mask.nii.gz\nP2,P2/image.nii.gz,P2/mask.nii.gz\n"
    )
    code, told = check_command(table, voxels=False, protocol=None, params=None)
    assert code == 2
    assert told.data["unusable"] == 1
    (finding,) = told.data["findings"]
    assert (finding["case_id"], finding["severity"]) == ("P2", "error")
    assert "2 cases, 1 unusable" in told.text


def test_the_bins_are_those_of_the_protocol_or_parameter_file_that_is_named(tmp_path):
    patients(tmp_path)
    table = tmp_path / "cases.csv"
    table.write_text("case_id,image,mask\nP1,P1/image.nii.gz,P1/mask.nii.gz\n")
    coarse = tmp_path / "coarse.yaml"
    coarse.write_text("setting: {binWidth: 1000}\n")
    for arguments in ({"protocol": None, "params": str(coarse)}, {"protocol": "pet", "params": str(coarse)}):
        code, told = check_command(table, voxels=True, **arguments)
        assert code == 2
        assert "one gray level at binWidth 1000" in told.text
    code, told = check_command(table, voxels=True, protocol="pet", params=None)
    assert (code, told.data["findings"]) == (0, [])


def table_of(root, modalities):
    lines = [f"{name},{name}/image.nii.gz,{name}/mask.nii.gz,{word}" for name, word in modalities.items()]
    (root / "cases.csv").write_text("\n".join(["case_id,image,mask,modality", *lines]) + "\n")
    return root / "cases.csv"


def check(table, **options):
    return check_command(table, **{"voxels": False, "protocol": None, "params": None, **options})


def test_a_protocol_of_another_modality_is_a_problem_as_in_the_sweep(tmp_path):
    code, told = check(table_of(patients(tmp_path), {"P1": "PT", "P2": "PT"}), protocol="ct")
    assert code == 2
    assert "error: protocol ct: made for CT, but the cases of" in told.text


def test_several_modalities_are_a_problem_as_in_the_sweep(tmp_path):
    code, told = check(table_of(patients(tmp_path), {"P1": "PT", "P2": "CT"}))
    assert (code, "cases of several modalities (CT, PT)" in told.text) == (2, True)


@pytest.mark.parametrize(("first", "said"), [("", "3 of 3"), ("PT", "2 of 3")])
def test_ct_and_pet_without_a_modality_are_told_apart_by_their_values(tmp_path, first, said):
    root = patients(tmp_path)
    (root / "P3").mkdir()
    save((volume() * 100 - 1000).astype(np.float32), root / "P3" / "image.nii.gz")
    save(box(), root / "P3" / "mask.nii.gz")
    code, told = check(table_of(root, {"P1": first, "P2": "", "P3": ""}))
    assert code == 2
    assert (
        "values below -200, as in CT: P3; never negative, as in PET: P1, P2; expected one modality"
        in told.text
    )
    assert f"modality unknown for {said} cases" in told.text


def test_cases_of_one_kind_without_a_modality_are_only_a_warning(tmp_path):
    code, told = check(table_of(patients(tmp_path), {"P1": "", "P2": ""}))
    assert (code, told.data["problems"]) == (0, [])
    assert "warning: " in told.text


def test_a_table_made_without_a_modality_says_so(tmp_path):
    root = patients(tmp_path)
    patterns = {"image": "*/image.nii.gz", "mask": "*/mask.nii.gz"}
    assert "No --modality" in cases_command(root, tmp_path / "a.csv", **patterns).text
    assert "No --modality" not in cases_command(root, tmp_path / "b.csv", **patterns, modality="PT").text


def test_an_empty_cell_hides_no_problem_of_the_other_rows(tmp_path):
    root = patients(tmp_path)
    (root / "P2" / "mask.nii.gz").unlink()
    table = table_of(root, {"P1": "PT", "P2": "PT"})
    table.write_text(table.read_text().replace("P1/mask.nii.gz", ""))
    code, told = check(table)
    assert code == 2
    assert "row 2 (P1): column 'mask' is empty" in told.text
    assert "row 3 (P2), mask: no such file" in told.text


def test_an_image_type_without_an_image_is_told(tmp_path):
    table = table_of(patients(tmp_path), {"P1": "PT", "P2": "PT"})
    params = tmp_path / "params.yaml"
    params.write_text("imageType: {Original: {}, LoG: {}}\n")
    code, told = check(table, params=str(params))
    assert code == 0
    assert "warning: imageType LoG gives no image, so no features beside shape. LoG needs sigma" in told.text
    params.write_text("setting: {sigma: [4.0]}\nimageType: {LoG: {}}\n")
    assert "LoG gives no image" not in check(table, params=str(params))[1].text
