from __future__ import annotations

from pathlib import Path

import pytest

from robustrad.cases.table import load_cases
from robustrad.core.errors import DataError


def write(folder: Path, text: str | bytes, name: str = "cases.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(DataError) as caught:
        load_cases(write(folder, text))
    return [str(problem) for problem in caught.value.problems]


def test_a_table_is_read_with_defaults_and_unknown_columns(tmp_path):
    cases = load_cases(
        write(tmp_path, "case_id,image,mask,age\nA,a.nii,sub/a_m.nii,61\nB,/x/b.nii,b_m.nii,\n")
    )
    a, b = cases
    assert (a.case_id, a.label, a.patient, a.modality, a.row) == ("A", 1, "A", "unknown", 2)
    assert a.image == tmp_path / "a.nii"
    assert a.mask == tmp_path / "sub" / "a_m.nii"
    assert b.image == Path("/x/b.nii")
    assert a.columns["age"] == "61"
    assert cases.header == ("case_id", "image", "mask", "age")


def test_optional_columns_are_used(tmp_path):
    text = "mask,case_id,image,label,patient,modality\nm,A,i,3,P,pet\nm,B,i,2.0,P,MR\nm,C,i,,,\n"
    a, b, c = load_cases(write(tmp_path, text))
    assert [(x.label, x.patient, x.modality) for x in (a, b, c)] == [
        (3, "P", "PT"),
        (2, "P", "MR"),
        (1, "C", "unknown"),
    ]


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("separator", [b",", b"\t"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_bom_tabs_line_ends_and_blank_rows_make_no_difference(tmp_path, bom, separator, end):
    lines = [b"case_id,image,mask", b"\xc3\x84,i,m", b"", b"B,i,m", b",,"]
    text = bom + end.join(line.replace(b",", separator) for line in lines) + end
    a, b = load_cases(write(tmp_path, text))
    assert (a.case_id, a.row, b.row) == ("Ä", 2, 4)


def test_quoted_cells_may_hold_commas_and_line_ends(tmp_path):
    first, second = load_cases(
        write(tmp_path, 'case_id,image,mask,note\nA,"a, b.nii",m,"two\nlines"\nB,i,m,\n')
    )
    assert first.image.name == "a, b.nii"
    assert second.row == 3


def test_pyradiomics_batch_form_is_accepted_as_it_is(tmp_path):
    text = "Patient,Image,Mask,Label,Reader\nP1,a.nrrd,a_m.nrrd,2,x\nP1,a.nrrd,a_n.nrrd,1,y\n"
    first, second = cases = load_cases(write(tmp_path, text))
    assert (first.image, first.mask, first.label) == (tmp_path / "a.nrrd", tmp_path / "a_m.nrrd", 2)
    assert first.patient == second.patient == "P1"
    assert first.case_id != second.case_id
    assert cases.header[:3] == ("case_id", "image", "mask")
    assert dict(first.columns)["Reader"] == "x"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ID,Image,Mask\nx,a.nii,m\ny,a.nii,m\n", ["x", "y"]),
        ("ID,PatientID,Image,Mask\nx,p,a.nii,m\nx,q,a.nii,m\n", ["p", "q"]),
        ("Image,Mask\nd/a.nii.gz,m.nii\nd/b.nii.gz,m.nii\n", ["a", "b"]),
        ("Image,Mask\np/ct.nii.gz,m\nq/ct.nii.gz,m\n", ["p_ct", "q_ct"]),
        ("Image,Mask\np\\ct.nii,m\nq\\ct.nii,m\n", ["p_ct", "q_ct"]),
        ("Image,Mask\np/ct.nii,p/m.nii\np/ct.nii,p/n.nii\n", ["p_ct_m", "p_ct_n"]),
        ("Image,Mask,Label\np/ct.nii,m.nii,1\np/ct.nii,m.nii,2\n", ["p_ct_m_1", "p_ct_m_2"]),
        ("Image,Mask\na.nii,m.nii\na.nii,m.nii\n", ["row-2", "row-3"]),
        ("case_id,Image,Mask\nu,a.nii,m\nv,a.nii,m\n", ["u", "v"]),
    ],
)
def test_the_batch_form_gets_the_first_unique_names(tmp_path, text, names):
    assert [case.case_id for case in load_cases(write(tmp_path, text))] == names


def test_a_missing_column_names_the_nearest(tmp_path):
    problems = refused(tmp_path, "caseid,Image,mask\nA,i,m\n")
    assert len(problems) == 2
    assert "no column 'case_id'" in problems[0]
    assert "Did you mean caseid?" in problems[0]
    assert "Rename column 'Image' to 'image'" in problems[1]


def test_all_problems_of_all_rows_are_told_at_once(tmp_path):
    text = "case_id,image,mask,label,modality\nA,,m,1,CT\nB,i,m,zero,CT\nA,i,m,0,US\n,i,m,1.5,\nC,i,m,1,CT\n"
    problems = refused(tmp_path, text)
    told = "\n".join(problems)
    assert len(problems) == 7
    assert "row 2 (A): column 'image' is empty" in told
    assert "row 3 (B): label 'zero'" in told
    assert "row 4 (A): label '0'" in told
    assert "row 4 (A): modality 'US'" in told
    assert "row 5: column 'case_id' is empty" in told
    assert "row 5: label '1.5'" in told
    assert "rows 2 and 4: case_id 'A' occurs 2 times" in told


def test_a_row_with_too_many_cells_is_named(tmp_path):
    (problem,) = refused(tmp_path, "case_id,image,mask\nA,i,m\nB,i,m,x,y\n")
    assert "row 3: it has 5 cells; expected 3" in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"case_id,image,mask\n", "no rows"),
        (b"case_id,image,mask\nA,i\0,m\n", "line 2: it holds NUL bytes"),
        (b"case_id,image,mask\nA\xe4,i,m\n", "line 2: byte 0xe4 is not UTF-8"),
        ("case_id,image,mask\nA,i,m\n".encode("utf-16"), "is not UTF-8"),
        (b"case_id;image;mask\nA;i;m\n", "separated by ';'"),
        (b"case_id,image,mask,age,age\nA,i,m,1,2\n", "column 'age' occurs 2 times"),
        (b"case_id,,image,mask,,x\nA,,i,m,,\n", "columns have no name"),
        (b'case_id,image,mask\nA,"i,m\n', "not CSV"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(tmp_path, text, said):
    (problem,) = refused(tmp_path, text)
    assert said in problem


def test_a_missing_file_and_a_folder_say_so(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        load_cases(tmp_path / "nowhere.csv")
    with pytest.raises(DataError, match="Is a directory"):
        load_cases(tmp_path)


def test_empty_cells_beyond_the_header_and_rows_cut_short_are_a_spreadsheets_way(tmp_path):
    a, b = load_cases(write(tmp_path, "case_id,image,mask,note,,\nA,i,m,,,\nB,i,m\n"))
    assert (a.columns["note"], b.columns["note"]) == ("", "")


def test_an_excel_workbook_is_called_one(tmp_path):
    (tmp_path / "cases.xlsx").write_bytes(b"PK\x03\x04\x14\x00\x84\x00")
    with pytest.raises(DataError, match=r"this is an Excel workbook.*CSV UTF-8"):
        load_cases(tmp_path / "cases.xlsx")
