"""The sweep as its user runs it: same bytes however it is run, and nothing lost to what goes wrong."""

from __future__ import annotations

import json
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

import robustrad as rr
from robustrad.core.errors import DataError, ProtocolError, StorageFullError, StudyError
from robustrad.sweep import run, runner
from robustrad.sweep.command import read_shard, status_text
from robustrad.sweep.identity import CHANGES_RESULTS, RUNTIME_ONLY
from robustrad.sweep.status import study_status
from tests.sweep.conftest import PROTOCOL, write_case, write_cases, write_protocol


@pytest.fixture(scope="module")
def undisturbed(cohort: Path, protocol_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("undisturbed") / "OUT"
    sweep(cohort, out, protocol=protocol_file)
    return out


def sweep(table: Path, out: Path, **arguments: Any) -> rr.Study:
    """Sweep with PyRadiomics' engine; in this process unless told otherwise."""
    if "jobs" not in arguments:
        arguments.setdefault("executor", "serial")
    return rr.sweep(table, out, engine="pyradiomics", **arguments)


def features(out: Path) -> bytes:
    return (out / "features.parquet").read_bytes()


def test_features_have_a_row_per_case_and_condition_in_plan_order(undisturbed: Path) -> None:
    table = pd.read_parquet(undisturbed / "features.parquet")
    conditions = pd.read_csv(undisturbed / "conditions.csv")
    assert list(table.columns[:9]) == [
        "case_id", "condition", "factor", "level", "severity", "sign", "draw", "status", "reason",
    ]  # fmt: skip
    assert list(table["condition"][:12]) == list(conditions["condition"])
    assert list(table["case_id"].unique()) == [f"case{i}" for i in range(6)]
    reference = table[table["condition"] == "reference"].iloc[0]
    assert (reference["factor"], reference["level"], reference["severity"], reference["draw"]) == (
        "reference", "reference", 0.0, 0,
    )  # fmt: skip
    strength = [name for name in table.columns if name.startswith("strength_")]
    assert list(table.columns[9 : 9 + len(strength)]) == strength


def test_the_reference_equals_plain_extraction_of_the_same_float64_image(
    undisturbed: Path, cohort: Path
) -> None:
    case = rr.load_cases(cohort)[2]
    image = sitk.Cast(sitk.ReadImage(str(case.image)), sitk.sitkFloat64)
    plain = rr.extract(image, case.mask, params=PROTOCOL["extraction"], engine="pyradiomics")
    table = pd.read_parquet(undisturbed / "features.parquet")
    row = table[(table["case_id"] == "case2") & (table["condition"] == "reference")].iloc[0]
    for name, value in plain.items():
        assert row[name] == pytest.approx(value, rel=1e-9), name


def test_strength_tells_what_each_stage_did(undisturbed: Path) -> None:
    table = pd.read_parquet(undisturbed / "features.parquet").set_index(["case_id", "condition"]).loc["case0"]
    assert table.loc["reference", "strength_rmse"] == 0.0
    assert table.loc["reference", "strength_dice"] == 1.0
    assert 0 < table.loc["noise=mild/1", "strength_rmse"] < table.loc["noise=strong/1", "strength_rmse"]
    assert table.loc["volume=plus20", "strength_volume_ratio"] == pytest.approx(1.2, abs=0.002)
    assert table.loc["volume=plus20", "strength_dice"] < 1.0
    assert table.loc["bins=32", "strength_bins"] == 32
    assert table.loc["voxel_size=4mm", "strength_roi_voxels"] < table.loc["reference", "strength_roi_voxels"]
    noise_sd = table.loc["noise=mild/1", "strength_calibrated_gaussian_noise_sd"]
    assert table.loc["noise=strong/2", "strength_calibrated_gaussian_noise_sd"] == pytest.approx(4 * noise_sd)
    asked = table["strength_requested_gaussian_noise_relative_sd"]
    assert (asked["noise=mild/1"], asked["noise=strong/2"]) == (0.5, 2.0)
    assert noise_sd == pytest.approx(0.5 * table.loc["reference", "strength_noise_sd"])
    assert table.loc["noise=strong/1", "strength_ssim"] < table.loc["noise=mild/1", "strength_ssim"] < 1.0
    assert table.loc["noise=mild/1", "strength_difference_frequency"] > 0.0
    assert table.loc["volume=plus20", "strength_msd_mm"] > 0.0


def test_rising_levels_share_one_noise_field(undisturbed: Path) -> None:
    table = pd.read_parquet(undisturbed / "features.parquet").set_index(["case_id", "condition"]).loc["case1"]
    ratio = table.loc["noise=strong/2", "strength_rmse"] / table.loc["noise=mild/2", "strength_rmse"]
    assert ratio == pytest.approx(4.0, rel=1e-9)
    assert table.loc["noise=mild/1", "strength_rmse"] != table.loc["noise=mild/2", "strength_rmse"]


def test_a_condition_that_leaves_too_few_voxels_is_skipped_with_its_reason(undisturbed: Path) -> None:
    table = pd.read_parquet(undisturbed / "features.parquet")
    coarse = table[table["condition"] == "voxel_size=9mm"]
    assert set(coarse["status"]) == {"skipped"}
    assert coarse["reason"].str.fullmatch(r"\d+ voxels left on the analysis grid, fewer than 64").all()
    assert coarse["original_firstorder_Mean"].isna().all()


@pytest.mark.parametrize("jobs", [1, 2])
def test_worker_processes_write_the_same_bytes(
    undisturbed: Path, cohort: Path, protocol_file: Path, tmp_path: Path, jobs: int
) -> None:
    sweep(cohort, tmp_path / "OUT", protocol=protocol_file, jobs=jobs)
    assert features(tmp_path / "OUT") == features(undisturbed)


def test_three_shards_in_any_order_write_the_same_bytes(
    undisturbed: Path, cohort: Path, protocol_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "OUT"
    for shard in ((3, 3), (1, 3), (2, 3)):
        assert not (out / "features.parquet").exists()
        study = sweep(cohort, out, protocol=protocol_file, shard=shard)
    assert study.missing == 0
    assert features(out) == features(undisturbed)


def test_a_plan_grown_by_draws_levels_and_cases_computes_only_what_is_new(
    undisturbed: Path, cohort: Path, protocol_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = json.loads(json.dumps(PROTOCOL))
    small["factors"]["noise"]["draws"] = 1
    del small["factors"]["bins"]
    out = tmp_path / "OUT"
    sweep(cohort, out, protocol=write_protocol(tmp_path / "a.yaml", small), limit=4)
    computed: list[str] = []
    branch = runner.run_branch
    monkeypatch.setattr(
        runner,
        "run_branch",
        lambda task, setup: (computed.extend(c.name for c in task.conditions), branch(task, setup))[1],
    )
    sweep(cohort, out, protocol=protocol_file)
    assert features(out) == features(undisturbed)
    assert len(computed) == 4 * 5 + 2 * 12


def test_a_second_run_computes_nothing(
    undisturbed: Path, cohort: Path, protocol_file: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(undisturbed, tmp_path / "OUT")
    times = {path: path.stat().st_mtime_ns for path in (out / "parts").iterdir()}
    sweep(cohort, out, protocol=protocol_file)
    assert {path: path.stat().st_mtime_ns for path in (out / "parts").iterdir()} == times
    assert features(out) == features(undisturbed)


@pytest.mark.parametrize("change", ["seed", "bins", "level", "removed"])
def test_another_study_is_refused_and_nothing_is_touched(
    undisturbed: Path, cohort: Path, protocol_file: Path, tmp_path: Path, change: str
) -> None:
    out = shutil.copytree(undisturbed, tmp_path / "OUT")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    other = json.loads(json.dumps(PROTOCOL))
    if change == "bins":
        other["extraction"]["setting"]["binCount"] = 8
    elif change == "level":
        other["factors"]["volume"]["levels"]["plus20"]["fraction"] = 0.25
    elif change == "removed":
        del other["factors"]["volume"]
    chosen = protocol_file if change == "seed" else write_protocol(tmp_path / "p.yaml", other)
    with pytest.raises(StudyError, match="another study"):
        sweep(cohort, out, protocol=chosen, seed=1 if change == "seed" else 0)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_another_version_is_named_alone(
    undisturbed: Path, cohort: Path, protocol_file: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(undisturbed, tmp_path / "OUT")
    record = json.loads((out / "study.json").read_text())
    record["versions"]["PyWavelets"] = "1.0"
    (out / "study.json").write_text(json.dumps(record))
    with pytest.raises(StudyError) as raised:
        sweep(cohort, out, protocol=protocol_file)
    problems = [str(problem) for problem in raised.value.problems]
    assert len(problems) == 2
    assert f"made with PyWavelets 1.0; this environment has {version('PyWavelets')}." in problems[1]
    assert "numpy" not in problems[1]


def test_one_bad_case_does_not_stop_the_others(protocol_file: Path, tmp_path: Path) -> None:
    table = write_cases(tmp_path / "data", 3)
    (tmp_path / "data" / "case1_image.nii.gz").write_bytes(b"not an image")
    (tmp_path / "data" / "case2_mask.nii.gz").unlink()
    out = tmp_path / "OUT"
    study = sweep(table, out, protocol=protocol_file)
    assert study.failed == 24
    frame = study.features.set_index("case_id")
    assert (frame.loc["case0", "status"] != "failed").all()
    assert frame.loc["case1", "reason"].str.contains("case1_image").all()
    write_case(tmp_path / "data", "case1", seed=1, radius=6.0)
    write_case(tmp_path / "data", "case2", seed=2, radius=7.0)
    assert sweep(table, out, protocol=protocol_file).failed == 0
    assert list((out / "failures").iterdir()) == []


def test_retry_failed_computes_failed_tasks_again(
    cohort: Path, protocol_file: Path, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "OUT"

    def crash(task: object, setup: object) -> None:
        raise RuntimeError("boom")

    with monkeypatch.context() as patched:
        patched.setattr(runner, "run_branch", crash)
        assert sweep(cohort, out, protocol=protocol_file).failed == 72
    record = json.loads(next((out / "failures").iterdir()).read_text())
    assert "RuntimeError: boom" in record["failed"][0]["reason"]
    assert any("in crash" in line for line in record["failed"][0]["traceback"])
    assert sweep(cohort, out, protocol=protocol_file).failed == 72
    assert sweep(cohort, out, protocol=protocol_file, retry_failed=True).failed == 0
    assert list((out / "failures").iterdir()) == []
    assert features(out) == features(undisturbed)


def test_a_disk_that_fills_up_stops_the_sweep_and_the_same_call_resumes(
    cohort: Path, protocol_file: Path, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "OUT"
    written = runner.Store.write_part
    count = 0

    def limited(self: runner.Store, task: object, results: object) -> None:
        nonlocal count
        count += 1
        if count > 3:
            raise StorageFullError("parts", "no space left")
        written(self, task, results)

    with monkeypatch.context() as patched:
        patched.setattr(runner.Store, "write_part", limited)
        with pytest.raises(StorageFullError):
            sweep(cohort, out, protocol=protocol_file)
    assert len(list((out / "parts").iterdir())) == 3
    sweep(cohort, out, protocol=protocol_file)
    assert features(out) == features(undisturbed)


def test_bins_that_leave_one_level_or_overflow_are_refused_before_anything_runs(
    cohort: Path, tmp_path: Path
) -> None:
    for width, words in ((1e6, "one gray level"), (1e-7, "gray levels")):
        bad = json.loads(json.dumps(PROTOCOL))
        bad["factors"]["bins"] = {
            "kind": "fixed_bin_width", "role": "definition", "levels": {"bad": {"width": width}},
        }  # fmt: skip
        with pytest.raises(ProtocolError, match=f"bins=bad.*{words}"):
            sweep(cohort, tmp_path / "OUT", protocol=write_protocol(tmp_path / "p.yaml", bad))
        assert not (tmp_path / "OUT").exists()


def test_cases_of_several_modalities_are_refused(cohort: Path, protocol_file: Path, tmp_path: Path) -> None:
    lines = cohort.read_text().splitlines()
    mixed = cohort.parent / "mixed.csv"
    mixed.write_text("\n".join([lines[0] + ",modality", lines[1] + ",CT", lines[2] + ",PT"]) + "\n")
    with pytest.raises(DataError, match="several modalities"):
        sweep(mixed, tmp_path / "OUT", protocol=protocol_file)


def test_ct_and_pet_without_a_modality_are_refused_before_anything_runs(
    protocol_file: Path, tmp_path: Path
) -> None:
    table = write_cases(tmp_path / "data", 3)
    for case, shift in (("case1", 3.0), ("case2", -1000.0)):
        path = str(tmp_path / "data" / f"{case}_image.nii.gz")
        sitk.WriteImage(sitk.ReadImage(path) + shift, path)
    with pytest.raises(DataError, match="below -200, as in CT: case2; never negative, as in PET: case1"):
        sweep(table, tmp_path / "OUT", protocol=protocol_file)
    assert not (tmp_path / "OUT").exists()


def test_status_counts_units_and_names_reasons(undisturbed: Path) -> None:
    found = study_status(undisturbed)
    assert (found.cases, found.conditions, found.units, found.merged) == (6, 12, 72, True)
    assert found.counts == {"ok": 66, "skipped": 6}
    assert {trouble.condition for trouble in found.troubles} == {"voxel_size=9mm"}


def test_a_limited_run_keeps_the_cases_that_were_merged_before(
    undisturbed: Path, cohort: Path, protocol_file: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(undisturbed, tmp_path / "OUT")
    study = sweep(cohort, out, protocol=protocol_file, limit=2)
    assert features(out) == features(undisturbed)
    assert study.notes == (
        "features.parquet keeps 4 cases (case2, case3, case4, case5) beyond this run that it held before.",
    )


def test_a_limited_run_of_a_grown_plan_leaves_what_was_merged_and_status_says_it_is_older(
    undisturbed: Path, cohort: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(undisturbed, tmp_path / "OUT")
    more = json.loads(json.dumps(PROTOCOL))
    more["factors"]["bins"]["levels"]["64"] = {"count": 64}
    grown = write_protocol(tmp_path / "p.yaml", more)
    study = sweep(cohort, out, protocol=grown, limit=2)
    assert (study.missing, features(out)) == (4, features(undisturbed))
    assert study.notes[0].startswith("features.parquet is left as it was: it holds 4 cases (case2, ")
    assert (study_status(out).rows, study_status(out).units) == (72, 78)
    assert "features.parquet holds 72 of these 78 units." in status_text(out, failed=False).text
    sweep(cohort, out, protocol=grown)
    assert study_status(out).rows == 78


def test_a_table_with_fewer_cases_says_which_are_left_out(
    undisturbed: Path, cohort: Path, protocol_file: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(undisturbed, tmp_path / "OUT")
    fewer = cohort.parent / "fewer.csv"
    fewer.write_text("\n".join(cohort.read_text().splitlines()[:5]) + "\n")
    study = sweep(fewer, out, protocol=protocol_file)
    assert study.ok + study.skipped == 48
    assert study.notes[0].startswith("features.parquet held 2 cases (case4, case5) that ")
    sweep(cohort, out, protocol=protocol_file)
    assert features(out) == features(undisturbed)


def test_other_images_under_the_same_ids_are_told(protocol_file: Path, tmp_path: Path) -> None:
    table = write_cases(tmp_path / "data", 2)
    out = tmp_path / "OUT"
    assert sweep(table, out, protocol=protocol_file).notes == ()
    write_case(tmp_path / "data", "case1", seed=9)
    assert sweep(table, out, protocol=protocol_file, shard=(1, 2)).notes == ()
    with pytest.MonkeyPatch.context() as patched:  # interrupted after the parts, before merging
        patched.setattr(run, "finish", lambda *_, **__: rr.Study(out))
        study = sweep(table, out, protocol=protocol_file)
    assert study.notes[0].startswith("image, mask, label or modality of 1 case (case1) changed")
    assert study_status(out).older == ("case1",)
    assert "is of older files of 1 case (case1)" in status_text(out, failed=False).text
    assert sweep(table, out, protocol=protocol_file).notes[0] == study.notes[0]
    assert study_status(out).older == ()
    assert sweep(table, out, protocol=protocol_file).notes == ()


def test_spaces_around_a_case_id_are_no_part_of_it(protocol_file: Path, tmp_path: Path) -> None:
    table = write_cases(tmp_path / "data", 2)
    table.write_text(table.read_text().replace("case1,", " case1 ,"))
    study = sweep(table, tmp_path / "OUT", protocol=protocol_file)
    found = study_status(tmp_path / "OUT")
    assert (found.counts, found.rows) == ({"ok": study.ok, "skipped": study.skipped}, 24)


def test_every_argument_of_a_sweep_is_declared_as_identity_or_runtime() -> None:
    import inspect

    arguments = set(inspect.signature(rr.sweep).parameters)
    assert arguments == CHANGES_RESULTS | RUNTIME_ONLY
    assert not CHANGES_RESULTS & RUNTIME_ONLY


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/3"])
def test_a_shard_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="I/N"):
        read_shard(text)


def test_no_feature_of_an_ok_row_is_missing(undisturbed: Path) -> None:
    table = pd.read_parquet(undisturbed / "features.parquet")
    names = [name for name in table.columns if name.startswith("original_")]
    assert len(names) == 21
    assert np.isfinite(table.loc[table["status"] == "ok", names].to_numpy()).all()
