"""The command: every format whole and the same bytes each time, clear errors, nothing half written."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from robustrad.core.errors import DataError, ProtocolError, RobustradError, StudyError
from robustrad.preview import command
from robustrad.preview.command import SUFFIXES, preview_command, render
from robustrad.preview.look import Look

START = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml", ".html": b"<!DOCTYPE html>"}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_look_gives_the_same_bytes(look: Look, suffix: str) -> None:
    short = replace(look, rows=look.rows[-2:])
    once = render(short, suffix)
    assert once.startswith(START[suffix])
    assert render(short, suffix) == once


def test_the_same_call_gives_the_same_file(table: Path, protocol_file: Path, tmp_path: Path) -> None:
    files = [tmp_path / "one.png", tmp_path / "other.png"]
    for file in files:
        preview_command(table, file, protocol=str(protocol_file), factor="noise")
    assert files[0].read_bytes() == files[1].read_bytes()


def test_the_page_opens_offline_and_tells_every_number(look: Look) -> None:
    page = render(look, ".html").decode()
    assert not re.findall(r"""(?:src|href)=["'](?!data:|\#)""", page)
    assert "@import" not in page
    assert page.count("data:image/png;base64,") == len(look.rows)
    for row in look.rows:
        for cell in row.cells:
            assert f"<td>{cell.level}</td>" in page
            assert cell.reason in page


def test_names_from_the_table_are_no_markup_on_the_page(look: Look) -> None:
    page = render(replace(look, case_id="<b>case</b> & co", rows=look.rows[:1]), ".html").decode()
    assert "<b>case</b>" not in page
    assert "&lt;b&gt;case&lt;/b&gt; &amp; co" in page


def test_it_tells_the_caption_the_skips_and_the_numbers(
    table: Path, protocol_file: Path, tmp_path: Path
) -> None:
    told = preview_command(
        table, tmp_path / "a.svg", protocol=str(protocol_file), case="case1", factor="voxel_size"
    )
    assert "case1" in told.text
    assert "20 mm" in told.text
    data = json.loads(json.dumps(told.data, allow_nan=False))
    by_name = {level["condition"]: level for level in data["levels"]}
    assert list(by_name) == ["reference", "voxel_size=4mm", "voxel_size=9mm"]
    assert data["skipped"] == 1
    assert data["failed"] == 0
    assert by_name["voxel_size=9mm"]["reason"] in told.text
    assert by_name["voxel_size=4mm"]["strength"]["strength_roi_voxels"] >= 64


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        ({"case": "cse1"}, DataError, "unknown case 'cse1'. Did you mean case1?"),
        ({"factor": "noize"}, ProtocolError, "unknown factor 'noize'. Did you mean noise?"),
        ({"protocol": "qick"}, ProtocolError, "quick"),
    ],
)
def test_a_mistake_is_told_and_leaves_what_was_there(
    table: Path,
    protocol_file: Path,
    tmp_path: Path,
    arguments: dict[str, Any],
    error: type[RobustradError],
    told: str,
) -> None:
    output = tmp_path / "old.png"
    output.write_bytes(b"old")
    with pytest.raises(error, match=re.escape(told)):
        preview_command(table, output, **{"protocol": str(protocol_file), **arguments})
    assert output.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.parametrize("name", ["a.tiff", "a", "none/a.png"])
def test_an_output_that_cannot_be_written_is_told_before_anything_runs(
    table: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "look_at", lambda *_: pytest.fail("it ran"))
    with pytest.raises((DataError, StudyError), match=r"suffix|folder"):
        preview_command(table, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_protocol_of_another_modality_is_refused(table: Path, tmp_path: Path) -> None:
    rows = table.read_text().splitlines()
    other = table.with_name("ct.csv")
    other.write_text("\n".join([rows[0] + ",modality", *(row + ",CT" for row in rows[1:])]))
    with pytest.raises(ProtocolError, match=r"made for PT, but row 2 \(case0\) is CT"):
        preview_command(other, tmp_path / "a.png", protocol="pet")


def test_the_command_line_writes_the_file_and_speaks_json(
    table: Path, protocol_file: Path, tmp_path: Path
) -> None:
    output = tmp_path / "a.png"
    arguments = ["preview", table, "-o", output, "--protocol", protocol_file, "--factor", "bins", "--json"]
    run = subprocess.run(
        [sys.executable, "-m", "robustrad", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["output"] == str(output)
    assert output.read_bytes().startswith(START[".png"])


@pytest.mark.real_data
@pytest.mark.parametrize(("kind", "modality"), [("PET", "PT"), ("CT", "CT")])
def test_a_real_lesion_is_drawn_without_a_failure(
    data_dir: Path, tmp_path: Path, kind: str, modality: str
) -> None:
    folder = data_dir / "sts" / "images" / "STS_001"
    cases = tmp_path / "cases.csv"
    row = f"STS_001,{folder / f'{kind}_image.nii.gz'},{folder / f'{kind}_mask.nii.gz'},{modality}"
    cases.write_text(f"case_id,image,mask,modality\n{row}\n")
    told = preview_command(cases, tmp_path / "a.png", protocol="quick")
    assert told.data["failed"] == 0
    assert told.data["skipped"] == 0
