from __future__ import annotations

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
    assert (code, told.data) == (0, {"cases": 2, "unusable": 0, "findings": []})


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
