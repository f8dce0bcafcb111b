"""The command line: exit codes, messages, machine-readable output, and that help answers at once."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.sweep.conftest import PROTOCOL, write_cases, write_protocol


def robustrad(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "robustrad", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cases(tmp_path_factory.mktemp("cases"), 5)


@pytest.fixture(scope="module")
def protocol(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_protocol(tmp_path_factory.mktemp("protocol") / "p.yaml")


@pytest.fixture(scope="module")
def study(table: Path, protocol: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("study") / "OUT"
    run = robustrad("sweep", table, out, "--protocol", protocol, "--executor", "serial")
    assert run.returncode == 0, run.stderr
    return out


def test_help_names_every_command() -> None:
    told = robustrad("--help").stdout
    names = "demo sweep cases check extract status stability protocols perturbations doctor"
    for name in names.split():
        assert f"\n  {name} " in told


def test_the_version_is_told() -> None:
    run = robustrad("--version")
    assert (run.returncode, run.stdout) == (0, f"robustrad {version('robustrad')}\n")


def test_check_tells_all_problems_and_exits_2(tmp_path: Path) -> None:
    bad = write_cases(tmp_path, 3)
    (tmp_path / "case0_image.nii.gz").write_bytes(b"")
    (tmp_path / "case2_mask.nii.gz").unlink()
    run = robustrad("check", bad, "--json")
    assert run.returncode == 2
    found = json.loads(run.stdout)
    assert found["unusable"] == 2
    assert {finding["case_id"] for finding in found["findings"]} == {"case0", "case2"}


def test_check_of_good_cases_exits_0(table: Path) -> None:
    run = robustrad("check", table, "--voxels", "--protocol", "quick")
    assert run.returncode == 0, run.stdout
    assert "5 cases, 0 unusable" in run.stdout


def test_a_table_of_cases_is_made_from_a_folder(table: Path, tmp_path: Path) -> None:
    output = tmp_path / "made.csv"
    run = robustrad(
        "cases", table.parent, "--image", "*_image.nii.gz", "--mask", "*_mask.nii.gz", "-o", output
    )
    assert run.returncode == 0, run.stderr
    assert [row["case_id"] for row in rows_of(output)] == [f"case{i}" for i in range(5)]
    assert robustrad("check", output).returncode == 0


def test_a_dry_run_counts_and_writes_nothing(table: Path, protocol: Path, tmp_path: Path) -> None:
    run = robustrad(
        "sweep", table, tmp_path / "OUT", "--protocol", protocol, "--dry-run", "--json", "-j", "2"
    )
    assert run.returncode == 0, run.stderr
    cost = json.loads(run.stdout)
    assert (cost["cases"], cost["conditions"], cost["units"], cost["tasks"]) == (5, 12, 60, 35)
    assert cost["seconds"] > 0
    assert cost["megabytes"] > 0
    assert not (tmp_path / "OUT").exists()


def test_status_tells_what_is_there_and_why_units_are_skipped(study: Path) -> None:
    told = robustrad("status", study, "--failed").stdout
    assert "5 cases x 12 conditions = 60 units: 55 ok, 5 skipped" in told
    assert "case0  voxel_size=9mm  skipped: " in told
    assert "To go on" not in told


def test_status_tells_a_broken_case_once_and_how_to_go_on(protocol: Path, tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "data", 2)
    (tmp_path / "data" / "case1_image.nii.gz").write_bytes(b"junk")
    command = ("sweep", cases, tmp_path / "OUT", "--protocol", protocol, "--executor", "serial")
    robustrad(*command, "--shard", "2/2")
    told = robustrad("status", tmp_path / "OUT", "--failed").stdout
    assert told.count("case1_image") == 1
    assert "case1  all 12 conditions  failed: " in told
    assert f"To go on: robustrad {' '.join(map(str, command))}\n" in told


def test_stability_writes_its_tables_and_figure(study: Path, tmp_path: Path) -> None:
    run = robustrad("stability", study, "-o", tmp_path / "stability")
    assert run.returncode == 0, run.stderr
    for name in ("stability.csv", "summary.csv", "summary.tex", "heatmap.png", "heatmap.pdf", "heatmap.svg"):
        assert (tmp_path / "stability" / name).stat().st_size > 0


def test_plain_extraction_goes_on_after_a_bad_case_and_exits_1(tmp_path: Path) -> None:
    bad = write_cases(tmp_path, 3)
    (tmp_path / "case1_image.nii.gz").write_bytes(b"junk")
    params = write_protocol(tmp_path / "params.yaml", PROTOCOL["extraction"])  # type: ignore[arg-type]
    run = robustrad("extract", bad, "-o", tmp_path / "features.csv", "--params", params, "-j", "2")
    assert run.returncode == 1
    assert "case1" in run.stdout
    rows = rows_of(tmp_path / "features.csv")
    assert [row["case_id"] for row in rows] == ["case0", "case1", "case2"]
    assert rows[1]["original_glcm_Contrast"] == "nan"
    assert float(rows[2]["original_glcm_Contrast"]) > 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "gausian_noise"}, "Did you mean gaussian_noise"),
        ({"levels": {"mild": {"sd": -1}}}, "sd"),
        ({"levels": {}}, "level"),
        ({"role": "aquisition"}, "Did you mean acquisition"),
    ],
)
def test_a_protocol_that_is_wrong_exits_2_and_writes_nothing(
    table: Path, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    bad = json.loads(json.dumps(PROTOCOL))
    bad["factors"]["noise"].update(change)
    run = robustrad(
        "sweep", table, tmp_path / "OUT", "--protocol", write_protocol(tmp_path / "bad.yaml", bad)
    )
    assert run.returncode == 2
    assert words in run.stderr
    assert "bad.yaml" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "OUT").exists()


def test_a_parameter_file_with_an_unknown_key_exits_2(table: Path, tmp_path: Path) -> None:
    params = tmp_path / "params.yaml"
    params.write_text("setting:\n  binWdth: 25\n")
    run = robustrad("sweep", table, tmp_path / "OUT", "--params", params)
    assert run.returncode == 2
    assert "binWidth" in run.stderr
    assert "line 2" in run.stderr
    assert not (tmp_path / "OUT").exists()


def test_a_folder_of_another_study_exits_2(study: Path, table: Path, protocol: Path) -> None:
    before = (study / "study.json").read_bytes()
    run = robustrad("sweep", table, study, "--protocol", protocol, "--seed", "7")
    assert run.returncode == 2
    assert "another study" in run.stderr
    assert (study / "study.json").read_bytes() == before


def test_an_output_that_cannot_be_written_exits_2(table: Path, protocol: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = robustrad("sweep", table, tmp_path / "file", "--protocol", protocol)
    assert run.returncode == 2
    assert "Choose another OUT" in run.stderr


def test_a_sweep_with_failed_units_exits_1(protocol: Path, tmp_path: Path) -> None:
    bad = write_cases(tmp_path / "data", 2)
    (tmp_path / "data" / "case1_mask.nii.gz").write_bytes(b"junk")
    run = robustrad("sweep", bad, tmp_path / "OUT", "--protocol", protocol, "--executor", "serial")
    assert run.returncode == 1
    assert "12 failed" in run.stdout
    assert "case1" in run.stderr


def test_all_cases_bad_exits_2_with_all_problems(protocol: Path, tmp_path: Path) -> None:
    bad = write_cases(tmp_path / "data", 2)
    for path in (tmp_path / "data").glob("*_image.nii.gz"):
        path.unlink()
    run = robustrad("sweep", bad, tmp_path / "OUT", "--protocol", protocol)
    assert run.returncode == 2
    assert run.stderr.count("case0_image") == run.stderr.count("case1_image") == 1


@pytest.mark.parametrize("command", ["protocols", "perturbations", "doctor"])
def test_lists_are_told_for_people_and_machines(command: str) -> None:
    assert robustrad(command).returncode == 0
    assert json.loads(robustrad(command, "--json").stdout)


def test_a_perturbation_tells_its_parameters_and_a_typo_is_helped() -> None:
    assert "relative_sd" in robustrad("perturbations", "gaussian_noise").stdout
    run = robustrad("perturbations", "gaussian_nose")
    assert run.returncode == 2
    assert "Did you mean gaussian_noise" in run.stderr


def test_a_horizon_without_a_time_is_refused(tmp_path: Path) -> None:
    run = robustrad("drift", tmp_path / "none.csv", "--outcome", "y", "--tau", "5")
    assert run.returncode == 2
    assert run.stderr.startswith("robustrad: tau: a horizon without --time")
