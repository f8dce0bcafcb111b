"""Parity on real cases at the common configuration: PyRadiomics' own and sarcomas, small to large."""

from __future__ import annotations

from pathlib import Path

import pytest
import SimpleITK as sitk

from tests.native.side_by_side import parameters, parity

FILTERS: dict[str, dict[str, object]] = {"Original": {}, "Wavelet": {}, "LoG": {"sigma": [1.0, 2.0, 3.0]}}
CASES = (
    *("brain1", "breast1", "STS_019/PET", "STS_019/CT", "STS_042/CT", "STS_015/PET"),
    *("STS_047/CT", "STS_036/CT", "STS_001/PET", "STS_031/PET"),
)


def _paths(data: Path, case: str) -> tuple[Path, Path]:
    if "/" not in case:
        folder = data / "reference" / "pyradiomics_cases"
        return folder / f"{case}_image.nrrd", folder / f"{case}_label.nrrd"
    patient, modality = case.split("/")
    folder = data / "sts" / "images" / patient
    return folder / f"{modality}_image.nii.gz", folder / f"{modality}_mask.nii.gz"


@pytest.mark.real_data
@pytest.mark.parametrize("case", CASES)
def test_common_configuration_is_pyradiomics(case: str, data_dir: Path) -> None:
    image_path, mask_path = _paths(data_dir, case)
    image = sitk.Cast(sitk.ReadImage(str(image_path)), sitk.sitkFloat64)
    mask = sitk.Cast(sitk.ReadImage(str(mask_path)) > 0, sitk.sitkUInt32)
    width = 0.25 if "PET" in case else 25.0
    settings: dict[str, object] = {"resampledPixelSpacing": [1, 1, 1], "binWidth": width}
    found = parity(image, mask, parameters(settings, FILTERS))
    assert found.holds, found.differences[:5]
    assert found.compared == 1130
