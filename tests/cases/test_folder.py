from __future__ import annotations

from pathlib import Path

import pytest

from robustrad.cases.folder import make_cases, write_cases
from robustrad.cases.table import load_cases
from robustrad.core.errors import DataError


def folder(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def pairs(root: Path, image: str, mask: str) -> list[tuple[str, str, str]]:
    rows = make_cases(root, image=image, mask=mask).rows
    return [
        (r.case_id, r.image.relative_to(root).as_posix(), r.mask.relative_to(root).as_posix()) for r in rows
    ]


STS = (
    "S1/PET_image.nii.gz",
    "S1/PET_mask.nii.gz",
    "S2/PET_image.nii.gz",
    "S2/PET_mask.nii.gz",
    "S2/CT.nii.gz",
)


@pytest.mark.parametrize(
    ("image", "mask"),
    [("*/PET_image.nii.gz", "*/PET_mask.nii.gz"), ("PET_image.nii.gz", "PET_mask.nii.gz")],
)
def test_files_of_one_folder_are_paired(tmp_path, image, mask):
    root = folder(tmp_path, *STS)
    assert pairs(root, image, mask) == [
        ("S1", "S1/PET_image.nii.gz", "S1/PET_mask.nii.gz"),
        ("S2", "S2/PET_image.nii.gz", "S2/PET_mask.nii.gz"),
    ]


@pytest.mark.parametrize(
    ("names", "image", "mask", "ids"),
    [
        (("i/a_0000.nii", "i/b_0000.nii", "l/a.nii", "l/b.nii"), "i/*_0000.nii", "l/*.nii", ["a", "b"]),
        (("a.nii", "a_mask.nii", "b.nii", "b_mask.nii"), "*.nii", "*_mask.nii", ["a", "b"]),
        (("a/ct.nii", "a/m_x.nii", "a/m_y.nii"), "*/ct.nii", "*/m_*.nii", ["a_x", "a_y"]),
        (("a/pet.nii", "a/ct.nii", "a/roi.nrrd"), "*/*.nii", "*/roi.nrrd", ["a_ct", "a_pet"]),
        (("h/a/i.nii", "h/a/m.nii", "k/a/i.nii", "k/a/m.nii"), "**/i.nii", "**/m.nii", ["h_a", "k_a"]),
        (("h/a/i.nii", "h/a/m.nii"), "*/*/i.nii", "*/*/m.nii", ["h_a"]),
        (("p1.nii", "p1m.nii", "p2.nii", "p2m.nii"), "p?.nii", "p?m.nii", ["1", "2"]),
        (("v1.nii", "v1m.nii", "v9.nii", "v9m.nii"), "v[1-5].nii", "v[1-5]m.nii", ["1"]),
        (("image.nii", "mask.nii"), "image.nii", "mask.nii", ["image"]),
        (("x/a (1).nii", "x/a (1)_m.nii"), "x/* (1).nii", "x/* (1)_m.nii", ["a"]),
    ],
)
def test_the_wildcards_pair_the_files_and_name_the_case(tmp_path, names, image, mask, ids):
    assert [case_id for case_id, _, _ in pairs(folder(tmp_path, *names), image, mask)] == ids


def test_files_without_a_partner_are_named_and_left_out(tmp_path):
    root = folder(tmp_path, "S1/i.nii", "S1/m.nii", "S2/i.nii", "S3/m.nii")
    found = make_cases(root, image="*/i.nii", mask="*/m.nii")
    assert [row.case_id for row in found.rows] == ["S1"]
    told = [str(problem) for problem in found.problems]
    assert told[0].startswith("S2/i.nii: this image has no mask")
    assert told[1].startswith("S3/m.nii: this mask has no image")


def test_no_pair_at_all_is_an_error_that_names_the_nearest(tmp_path):
    root = folder(tmp_path, "i/patient_01.nii", "m/patient-01.nii")
    with pytest.raises(DataError, match=r"this image has no mask.*Nearest mask: m/patient-01.nii"):
        make_cases(root, image="i/*.nii", mask="m/*.nii")


def test_an_ambiguous_pairing_is_refused(tmp_path):
    root = folder(tmp_path, "a_b/c.nii", "a_b/c.m", "a/b_c.nii", "a/b_c.m")
    with pytest.raises(DataError, match=r"case_id 'a_b_c': 2 pairs have it"):
        make_cases(root, image="*/*.nii", mask="*/*.m")


@pytest.mark.parametrize(
    ("image", "mask", "said"),
    [
        ("*.mha", "*.nii", r"--image \*.mha: it matches no file"),
        ("*.nii", "*.mha", r"--mask \*.mha: it matches no file"),
        ("/abs/*.nii", "*.nii", "not relative"),
        ("", "*.nii", "not relative"),
    ],
)
def test_patterns_that_cannot_work_say_why(tmp_path, image, mask, said):
    with pytest.raises(DataError, match=said):
        make_cases(folder(tmp_path, "a.nii"), image=image, mask=mask)


def test_a_missing_folder_says_so(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        make_cases(tmp_path / "gone", image="*", mask="*")


def test_the_table_is_relative_to_itself_and_is_read_back(tmp_path):
    root = folder(tmp_path / "data", *STS)
    rows = make_cases(root, image="*/PET_image.nii.gz", mask="*/PET_mask.nii.gz").rows
    output = tmp_path / "cases.csv"
    write_cases(rows, output, modality="PT")
    assert output.read_text().splitlines()[1] == "S1,data/S1/PET_image.nii.gz,data/S1/PET_mask.nii.gz,PT"
    cases = load_cases(output)
    assert [case.image.resolve() for case in cases] == [row.image.resolve() for row in rows]
    assert {case.modality for case in cases} == {"PT"}
    with pytest.raises(DataError, match="the file exists"):
        write_cases(rows, output)
    assert len(load_cases(output)) == 2
    with pytest.raises(DataError, match="cannot be written"):
        write_cases(rows, tmp_path / "nowhere" / "cases.csv")
