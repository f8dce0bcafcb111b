"""A small cohort and a small protocol: a sweep of seconds."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import yaml

PROTOCOL = {
    "name": "small",
    "modality": "any",
    "about": "For tests.",
    "references": [],
    "extraction": {
        "setting": {"binCount": 16, "resampledPixelSpacing": [3, 3, 3], "interpolator": "sitkBSpline"},
        "imageType": {"Original": {}},
        "featureClass": {"shape": ["MeshVolume"], "firstorder": [], "glcm": ["Contrast", "Idm"]},
    },
    "design": "one_at_a_time",
    "factors": {
        "noise": {
            "kind": "gaussian_noise",
            "role": "acquisition",
            "draws": 3,
            "levels": {
                "mild": {"relative_sd": 0.5, "severity": 1},
                "strong": {"relative_sd": 2.0, "severity": 2},
            },
        },
        "volume": {
            "kind": "volume_change",
            "role": "delineation",
            "levels": {
                "minus20": {"fraction": -0.2, "severity": 1, "sign": -1},
                "plus20": {"fraction": 0.2, "severity": 1, "sign": 1},
            },
        },
        "voxel_size": {
            "kind": "voxel_size",
            "role": "definition",
            "levels": {"4mm": {"spacing_mm": [4, 4, 4]}, "9mm": {"spacing_mm": [9, 9, 9]}},
        },
        "bins": {"kind": "fixed_bin_count", "role": "definition", "levels": {"32": {"count": 32}}},
    },
}


def write_case(folder: Path, name: str, *, seed: int, radius: float = 6.0) -> tuple[Path, Path]:
    """Write one lesion of ``radius`` voxels in a 24^3 image of 3 mm voxels."""
    rng = np.random.default_rng(seed)
    z, y, x = np.indices((24, 24, 24)) - 11.5
    mask = (x**2 + y**2 + (z * 1.2) ** 2) <= radius**2
    voxels = 1.0 + 4.0 * mask + rng.normal(0, 0.4, mask.shape) + 0.05 * x
    paths = folder / f"{name}_image.nii.gz", folder / f"{name}_mask.nii.gz"
    for path, array in zip(paths, (voxels.astype(np.float32), mask.astype(np.uint8)), strict=True):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing((3.0, 3.0, 3.0))
        sitk.WriteImage(image, str(path))
    return paths


def write_cases(folder: Path, n: int) -> Path:
    """Write ``n`` cases and their table; return the table."""
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "cases.csv"
    with table.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["case_id", "image", "mask", "outcome"])
        for i in range(n):
            image, mask = write_case(folder, f"case{i}", seed=i, radius=5.0 + i % 3)
            writer.writerow([f"case{i}", image.name, mask.name, i % 2])
    return table


def write_protocol(path: Path, protocol: dict[str, object] | None = None) -> Path:
    """Write a protocol as YAML; return its path."""
    path.write_text(yaml.safe_dump(protocol or PROTOCOL, sort_keys=False))
    return path


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Table of six small cases."""
    return write_cases(tmp_path_factory.mktemp("cohort"), 6)


@pytest.fixture(scope="session")
def protocol_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small protocol as a file."""
    return write_protocol(tmp_path_factory.mktemp("protocol") / "small.yaml")
