from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage
from scipy.stats import spearmanr

from robustrad.core.errors import DataError
from robustrad.core.geometry import Grid, voxels_of
from robustrad.demo import Cohort, SyntheticCase, cohort
from tests.demo.test_outcome import auc


def local_contrast(voxels: NDArray[np.float64], mask: NDArray[np.bool_]) -> float:
    """Mean squared difference of neighbors in the mask: a GLCM contrast without grey levels."""
    squares = []
    for axis in range(3):
        both = mask & np.roll(mask, 1, axis)
        squares.append(((voxels - np.roll(voxels, 1, axis)) ** 2)[both])
    return float(np.concatenate(squares).mean())


@pytest.fixture(scope="module")
def patients() -> Cohort:
    return cohort(40, site_effect=None, seed=0)


@pytest.fixture(scope="module")
def scans(patients: Cohort) -> list[SyntheticCase]:
    return list(patients)


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_lesion_is_one_piece_of_its_volume_inside_the_image(
    patients: Cohort, scans: list[SyntheticCase]
) -> None:
    for scan, volume in zip(scans, patients.truth["volume_ml"], strict=True):
        where = np.argwhere(scan.mask)
        assert scan.mask.sum() * scan.grid.voxel_volume / 1000 == pytest.approx(volume, rel=1e-12)
        assert 14.9 < volume < 250.1
        assert ndimage.label(scan.mask)[1] == 1
        assert where.min() >= 3
        assert where.max() <= 36


def test_images_look_like_pet(scans: list[SyntheticCase]) -> None:
    for scan in scans:
        near = ndimage.binary_dilation(scan.mask, iterations=3)
        assert scan.voxels.shape == (40, 40, 40)
        assert np.isfinite(scan.voxels).all()
        assert scan.voxels.min() >= 0
        assert 2 < scan.voxels[scan.mask].mean() < 15
        assert scan.voxels[scan.mask].max() < 60
        assert scan.voxels[scan.mask].mean() > 2 * np.median(scan.voxels[~near])


def test_the_planted_texture_is_seen_through_the_scanner_and_lost_under_blur(
    patients: Cohort, scans: list[SyntheticCase]
) -> None:
    truth = patients.truth
    outcome = truth["outcome"].to_numpy()
    sharp = np.array([local_contrast(scan.voxels, scan.mask) for scan in scans])
    blurred = np.array(
        [local_contrast(ndimage.gaussian_filter(scan.voxels, 1.3), scan.mask) for scan in scans]
    )
    with_strength = spearmanr(sharp, truth["texture_strength"]).statistic
    assert with_strength > 0.6
    assert abs(spearmanr(sharp, truth["volume_ml"]).statistic) < 0.4
    assert spearmanr(blurred, truth["texture_strength"]).statistic < with_strength - 0.05
    assert auc(outcome, sharp) > auc(outcome, truth["volume_ml"].to_numpy()) + 0.1
    assert auc(outcome, blurred) < auc(outcome, sharp)


def test_written_files_are_the_scans(patients: Cohort, tmp_path: Path) -> None:
    few = cohort(4, seed=3, site_effect="calibration")
    path = few.write(tmp_path / "new" / "folder")
    table = pd.read_csv(path)
    assert path == tmp_path / "new" / "folder" / "cases.csv"
    assert list(table.columns) == ["case_id", "image", "mask", "patient", "modality", "site", "outcome"]
    assert set(table["modality"]) == {"PT"}
    pd.testing.assert_frame_equal(pd.read_csv(path.parent / "truth.csv"), few.truth, check_dtype=False)
    for row, scan in zip(table.itertuples(), few, strict=True):
        image = sitk.ReadImage(str(path.parent / str(row.image)))
        mask = sitk.ReadImage(str(path.parent / str(row.mask)))
        assert row.case_id == scan.case_id
        assert (image.GetPixelID(), mask.GetPixelID()) == (sitk.sitkFloat32, sitk.sitkUInt8)
        assert np.array_equal(voxels_of(image), scan.voxels)
        assert np.array_equal(voxels_of(mask), scan.mask)
        assert not Grid.of(image).differences(scan.grid)
        assert not Grid.of(mask).differences(scan.grid)


def test_same_seed_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("two", 7), ("other", 8)):
        cohort(4, seed=seed, site_effect="noise").write(tmp_path / name)
    one = hashes(tmp_path / "one")
    assert len(one) == 2 * 4 + 2
    assert one == hashes(tmp_path / "two")
    other = hashes(tmp_path / "other")
    assert all(one[name] != other[name] for name in one)


def test_tables_have_unix_lines_and_numbers_that_read_back_exactly(tmp_path: Path) -> None:
    patients = cohort(4)
    path = patients.write(tmp_path)
    assert b"\r" not in path.read_bytes()
    with (path.parent / "truth.csv").open() as stream:
        written = [float(row["linear_predictor"]) for row in csv.DictReader(stream)]
    assert written == patients.truth["linear_predictor"].tolist()


def test_a_site_effect_leaves_site_a_as_it_is() -> None:
    plain, changed = cohort(4, seed=1), cohort(4, seed=1, site_effect="calibration")
    for index, site in enumerate(plain.truth["site"]):
        before, after = plain.scan(index).voxels, changed.scan(index).voxels
        if site == "A":
            assert np.array_equal(before, after)
        else:
            np.testing.assert_allclose(after[before > 0], 1.3 * before[before > 0] + 0.1, rtol=1e-6)


def test_a_traveling_patient_keeps_the_body_and_gets_new_noise() -> None:
    patients = cohort(4, site_effect="psf")
    home, again, away = (
        patients.scan(0, site="A"),
        patients.scan(0, site="A", repeat=1),
        patients.scan(0, site="B"),
    )
    assert np.array_equal(home.mask, away.mask)
    difference = again.voxels - home.voxels
    noise = float(patients.truth["noise_sd"].iloc[0]) * np.sqrt(2 * home.voxels[~home.mask].mean())
    assert difference[~home.mask].std() == pytest.approx(noise, rel=0.1)
    assert away.voxels[home.mask].std() < home.voxels[home.mask].std()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"n": 3}, "4 or more"),
        ({"n": 40.0}, "whole number"),
        ({"n": True}, "whole number"),
        ({"n": "40"}, "whole number"),
        ({"site_effect": "pfs"}, "Did you mean psf"),
        ({"outcome": "volumes"}, "Did you mean volume"),
        ({"seed": 1.5}, "whole number"),
    ],
)
def test_bad_arguments_are_told(arguments: dict[str, object], told: str) -> None:
    with pytest.raises(DataError, match=told):
        cohort(**arguments)  # type: ignore[arg-type]  # wrong on purpose


def test_all_bad_arguments_are_told_at_once() -> None:
    with pytest.raises(DataError) as caught:
        cohort(0, site_effect="none", outcome="", seed="x")  # type: ignore[arg-type]  # wrong on purpose
    assert len(caught.value.problems) == 4


def test_whole_numbers_of_numpy_are_numbers() -> None:
    assert cohort(np.int64(5), seed=np.int64(2)).truth.equals(cohort(5, seed=2).truth)  # type: ignore[arg-type]  # numpy's


def test_an_unknown_site_or_row_is_told() -> None:
    with pytest.raises(DataError, match="A, B"):
        cohort(4).scan(0, site="C")
    with pytest.raises(IndexError):
        cohort(4).scan(4)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="written to"):
        cohort(4).write(tmp_path / "file")


def test_an_image_that_cannot_be_written_is_told_and_leaves_no_table(tmp_path: Path) -> None:
    (tmp_path / "images" / "case_0001_image.nii.gz").mkdir(parents=True)
    with pytest.raises(DataError, match="case_0001"):
        cohort(4).write(tmp_path)
    assert not (tmp_path / "cases.csv").exists()


def share_of_level(reference: NDArray[np.float64], level: NDArray[np.float64]) -> float:
    """Harmonizable share of two conditions: variance of the level over level and residual."""
    shift = level - reference
    residual = shift.var(ddof=1) / 2
    between = max(0.0, shift.mean() ** 2 / 2 - residual / shift.size)
    return float(between / (between + residual))


@pytest.mark.slow
def test_calibration_can_be_harmonized_and_noise_cannot() -> None:
    shares = {}
    for effect in ("calibration", "noise"):
        patients = cohort(80, seed=0, site_effect=effect)
        pairs = []
        for index in range(80):
            home, away = (patients.scan(index, site=s, repeat=r) for s, r in (("A", 0), ("B", 1)))
            pairs.append([np.log(local_contrast(c.voxels, c.mask)) for c in (home, away)])
        shares[effect] = share_of_level(*np.array(pairs).T)
    assert shares["calibration"] > 0.8
    assert shares["noise"] < 0.4
