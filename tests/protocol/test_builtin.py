from __future__ import annotations

import json
import re

import numpy as np
import pytest
import SimpleITK as sitk

from robustrad.core.errors import ProtocolError
from robustrad.extract.parameter_file import load_parameters
from robustrad.protocol.builtin import builtin_protocols, describe, protocol_for
from robustrad.protocol.command import protocols_command
from robustrad.protocol.model import Factor, Level, Protocol, count_conditions
from robustrad.protocol.read import builtin_files, load_protocol
from robustrad.sweep.conditions import build_conditions

CLASSES = {"shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"}


@pytest.mark.parametrize(("name", "most", "modality"), [("quick", 12, "any"), ("pet", 40, "PT")])
def test_the_built_in_protocols_keep_to_their_number_of_conditions(name, most, modality):
    protocol = load_protocol(name)
    conditions = build_conditions(protocol, definition="x")
    assert len(conditions) == count_conditions(protocol) <= most
    assert (protocol.modality, protocol.design) == (modality, "one_at_a_time")


@pytest.mark.parametrize("name", ["quick", "pet"])
def test_roles_fit_the_kinds_and_severities_rise_with_the_perturbation(name):
    roles = {
        "gaussian_noise": "acquisition",
        "gaussian_blur": "acquisition",
        "rotation": "acquisition",
        "subvoxel_shift": "acquisition",
        "volume_change": "delineation",
        "voxel_size": "definition",
        "fixed_bin_width": "definition",
        "fixed_bin_count": "definition",
    }
    for factor in load_protocol(name).factors:
        kind = factor.levels[0].operator.kind
        assert factor.role == roles[kind]
        severities = [level.severity for level in factor.levels]
        assert all(s is None for s in severities) if factor.role == "definition" else None not in severities
        if kind != "subvoxel_shift" and factor.role != "definition":
            sizes = [abs(_scalar(level)) for level in factor.levels]
            assert np.array_equal(np.argsort(sizes, kind="stable"), np.argsort(severities, kind="stable"))
            signs = [level.sign for level in factor.levels]
            if any(signs):
                assert signs == [int(np.sign(_scalar(level))) for level in factor.levels]


def _scalar(level: Level) -> float:
    (value,) = level.operator.model_dump(exclude={"kind"}, exclude_none=True).values()
    return float(value)


def test_no_level_repeats_the_reference_or_upsamples():
    for name, finest in (("quick", 5.5), ("pet", 3.0)):
        protocol = load_protocol(name)
        reference = protocol.parameters.settings
        for factor in protocol.factors:
            for level in factor.levels:
                values = level.operator.model_dump(mode="json")
                assert values.get("count") != reference.get("binCount", -1)
                assert values.get("width") != reference.get("binWidth", -1)
                spacing = values.get("spacing_mm")
                assert spacing is None or (
                    min(spacing) >= finest and spacing != list(reference["resampledPixelSpacing"])
                )


@pytest.mark.parametrize(("name", "filters"), [("quick", ["Original"]), ("pet", ["Original", "LoG"])])
def test_the_built_in_parameter_files_are_isotropic_without_wavelets_with_all_classes(name, filters):
    parameters = load_parameters(name)
    assert list(parameters.image_types) == filters
    assert set(parameters.feature_classes) == CLASSES
    assert len(set(parameters.settings["resampledPixelSpacing"])) == 1
    for sigma in parameters.image_types.get("LoG", {}).get("sigma", ()):
        sizes = [
            level.operator.model_dump()["spacing_mm"]
            for f in load_protocol(name).factors
            for level in f.levels
            if f.name == "voxel_size"
        ]
        # A sampled Gaussian fails below half a voxel.
        assert sigma > 0.5 * max(max(size) for size in sizes)


@pytest.mark.parametrize("folder", ["params", "protocols"])
def test_every_number_of_a_built_in_file_has_a_comment_that_says_where_it_comes_from(folder):
    from importlib.resources import files

    for entry in (files("robustrad.perturbations") / folder).iterdir():
        comment = ""
        for line in entry.read_text(encoding="utf-8").splitlines():
            code, _, said = line.partition("#")
            comment = f"{comment} {said}" if said or not code.strip() else comment
            if re.match(r"  \w+:$", line):  # a factor, or a setting with a block: a comment of its own
                comment = said
            if re.search(r"[:\[] ?-?\d", code) and "severity" not in code:
                assert re.search(r"[Oo]urs|doi|PMC|issue|default|habit|Mottola|CERR|Pfaehler", comment), (
                    entry.name,
                    line,
                )


def test_the_protocol_of_a_modality():
    assert [protocol_for(m) for m in ("PT", "CT", "MR", "unknown")] == ["pet", "quick", "quick", "quick"]
    assert [entry.name for entry in builtin_protocols()] == list(builtin_files())


def test_a_protocol_is_described_with_its_numbers():
    text = describe(load_protocol("pet"))
    for said in (
        "39 conditions",
        "binWidth: 0.25",
        "LoG, sigma: [6]",
        "relative_sd 1.73, severity 3",
        "5 draws",
        "fraction -0.1, severity 1 sign -1",
    ):
        assert said in text


def test_the_command_lists_shows_and_refuses():
    listed = protocols_command(None)
    assert [entry["name"] for entry in listed.data] == ["pet", "quick"]
    assert "12 conditions" in listed.text
    shown = protocols_command("quick")
    assert shown.data == load_protocol("quick").resolved()
    assert json.loads(json.dumps(shown.data))["factors"]["blur"]["levels"]["3mm"]["fwhm_mm"] == 3
    with pytest.raises(ProtocolError):
        protocols_command("nothing")


def test_conditions_are_counted_as_they_are_built():
    pet = load_protocol("pet")
    noise, blur, volume = (
        next(f for f in pet.factors if f.name == name) for name in ("noise", "blur", "volume")
    )
    few = Factor(noise.name + "2", noise.role, noise.levels[:2], 2)
    for factors in ((noise,), (blur, volume), (noise, blur), (few, noise, blur), (few, blur, volume)):
        for design in ("one_at_a_time", "factorial"):
            protocol = Protocol("p", "", "any", (), "pet", pet.parameters, design, factors)
            assert count_conditions(protocol) == len(build_conditions(protocol, definition="x"))


def test_the_log_of_the_pet_file_has_converged_on_a_real_lesion(data_dir):
    pytest.importorskip("radiomics")
    from radiomics import imageoperations

    folder = data_dir / "sts" / "images" / "STS_001"
    parameters = load_parameters("pet")
    (sigma,) = parameters.image_types["LoG"]["sigma"]
    image = sitk.MirrorPad(
        sitk.Cast(sitk.ReadImage(str(folder / "PET_image.nii.gz")), sitk.sitkFloat64), [40] * 3, [40] * 3
    )
    mask = sitk.ConstantPad(
        sitk.Cast(sitk.ReadImage(str(folder / "PET_mask.nii.gz")), sitk.sitkUInt32), [40] * 3, [40] * 3, 0
    )

    def in_roi(pad: int, spacing: float) -> np.ndarray:
        moved = imageoperations.resampleImage(
            image,
            mask,
            resampledPixelSpacing=[spacing] * 3,
            interpolator="sitkBSpline",
            label=1,
            padDistance=pad,
        )
        ((log, _, _),) = imageoperations.getLoGImage(*moved, sigma=[sigma])
        return sitk.GetArrayFromImage(log)[sitk.GetArrayFromImage(moved[1]) == 1]

    for spacing in (3.0, 4.0):
        converged = in_roi(40, spacing)
        difference = np.abs(in_roi(int(parameters.settings["padDistance"]), spacing) - converged).max()
        assert difference < 1e-3 * converged.std()
