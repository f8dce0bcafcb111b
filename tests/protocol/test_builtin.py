from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
import SimpleITK as sitk

from robustrad.core.errors import ProtocolError
from robustrad.extract.parameter_file import load_parameters
from robustrad.perturb.registry import kinds
from robustrad.protocol.builtin import builtin_protocols, describe, protocol_for
from robustrad.protocol.command import protocols_command
from robustrad.protocol.model import Factor, Level, Protocol, count_conditions
from robustrad.protocol.read import builtin_files, load_protocol
from robustrad.sweep.conditions import build_conditions

SAID = r"[Oo]urs|doi|PMC|hdl|issue|default|habit|example|abstract|code|paper|Usual|Mottola|CERR|Pfaehler"
CLASSES = {"shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"}


FULL = {"ct": ("CT", 109), "mr": ("MR", 126), "pet-full": ("PT", 160)}
PUBLISHED = {
    "cerr-rntvc": ("any", 31),
    "emaminejad2021-ct": ("CT", 36),
    "mottola2021": ("CT", 23),
    "orlhac2018-pet": ("PT", 2),
    "pfaehler2019-pet": ("PT", 84),
    "suter2020-mri": ("MR", 43),
    "teng2022": ("CT", 41),
    "welch2019-controls": ("any", 46),
    "zwanenburg2019-ntvc": ("CT", 31),
}
COUNTS = {"quick": ("any", 12), "pet": ("PT", 40), "mr-normalization": ("MR", 4), **FULL, **PUBLISHED}

ROLES = {
    "acquisition": {
        *("gaussian_noise", "gaussian_blur", "rotation", "subvoxel_shift", "ct_dose", "ct_kernel"),
        *("slice_thickness", "pet_counts", "pet_resolution", "pet_edges", "pet_matrix", "suv_scale"),
        *("rician_noise", "bias_field", "kspace_truncation", "motion_ghost"),
    },
    "delineation": {
        *("volume_change", "contour_shift", "supervoxel_contour", "pole_slices", "contour_smoothing"),
        *("mask_shift", "threshold_contour"),
    },
    "definition": {
        *("voxel_size", "fixed_bin_width", "fixed_bin_count", "interpolator", "resegment_range"),
        *("outlier_rule", "setting", "intensity_normalization"),
    },
    "control": {"shuffled_voxels", "sampled_voxels", "randomized_voxels"},
}
SCALAR = {
    "gaussian_noise": "relative_sd",
    "rician_noise": "relative_sd",
    "gaussian_blur": "fwhm_mm",
    "rotation": "angle_deg",
    "ct_dose": "fraction",
    "ct_kernel": "amount",
    "slice_thickness": "thickness_mm",
    "pet_counts": "fraction",
    "pet_resolution": "target_fwhm_mm",
    "pet_edges": "amount",
    "suv_scale": "percent",
    "bias_field": "peak_to_peak_percent",
    "kspace_truncation": "fraction",
    "motion_ghost": "displacement_mm",
    "volume_change": "fraction",
    "supervoxel_contour": "supervoxel_mm3",
    "pole_slices": "sd_mm",
    "contour_smoothing": "fwhm_mm",
    "mask_shift": "distance_mm",
}
WEAKER_WHEN_LARGER = {"ct_dose", "pet_counts", "kspace_truncation"}
RULES_WITHOUT_ORDER = {"threshold_contour"}


def test_the_built_in_protocols_are_these_with_so_many_conditions():
    found = {p.name: (p.modality, p.conditions) for p in builtin_protocols()}
    assert found == COUNTS
    assert COUNTS["quick"][1] <= 12
    assert COUNTS["pet"][1] <= 40


@pytest.mark.parametrize("name", COUNTS)
def test_a_built_in_protocol_loads_counts_its_conditions_and_cites(name):
    protocol = load_protocol(name)
    conditions = build_conditions(protocol, definition="x")
    assert protocol.name == name
    assert len(conditions) == count_conditions(protocol)
    assert len({c.fingerprint for c in conditions} | {c.name for c in conditions}) == 2 * len(conditions)
    assert protocol.about
    assert protocol.references
    designs = {"emaminejad2021-ct": "factorial", "pfaehler2019-pet": "factorial", "teng2022": "chains"}
    designs |= {"zwanenburg2019-ntvc": "chains", "cerr-rntvc": "chains"}
    assert protocol.design == designs.get(name, "one_at_a_time")
    assert len(set(protocol.parameters.settings["resampledPixelSpacing"])) == 1


@pytest.mark.parametrize("name", COUNTS)
def test_roles_fit_the_kinds_and_severities_are_declared_and_rise_with_the_perturbation(name):
    for factor in load_protocol(name).factors:
        kind = factor.levels[0].operator.kind
        assert kind in ROLES[factor.role], factor.name
        severities = [level.severity for level in factor.levels]
        if factor.role in ("definition", "control") or kind in RULES_WITHOUT_ORDER:
            assert set(severities) == {None}, factor.name
            continue
        assert None not in severities, factor.name
        by_severity: dict[float, set[float]] = {}
        for level in factor.levels:
            by_severity.setdefault(level.severity, set()).add(round(_strength(level), 9))
            if level.sign and kind in ("rotation", "suv_scale", "volume_change"):
                assert level.sign == np.sign(getattr(level.operator, SCALAR[kind])), level.name
        ordered = [by_severity[severity] for severity in sorted(by_severity)]
        assert all(len(sizes) == 1 for sizes in ordered), f"{factor.name}: one severity, two strengths"
        sizes = [size for (size,) in ordered]
        assert sizes == sorted(set(sizes)), f"{factor.name}: strength must rise with severity"
        signed = [level.severity * (level.sign or 1) for level in factor.levels]
        if kind != "subvoxel_shift":
            assert signed == sorted(signed), f"{factor.name}: levels in order"


def _strength(level: Level) -> float:
    """Return a number that rises as the operator does more."""
    operator = level.operator
    if operator.kind == "subvoxel_shift":
        assert max(operator.fraction) - min(operator.fraction) in (0, 0.5)
        (nearest,) = {min(f, 1 - f) for f in operator.fraction}
        assert level.severity == nearest
        return nearest
    if operator.kind == "pet_matrix":
        return float(sum(operator.spacing_mm))
    if operator.kind == "contour_shift":
        return operator.amplitude_mm if operator.target_dice is None else -operator.target_dice
    size = abs(getattr(operator, SCALAR[operator.kind]))
    return -size if operator.kind in WEAKER_WHEN_LARGER else size


@pytest.mark.parametrize("name", ["pet", *FULL])
def test_the_catalogues_have_five_severities_wherever_there_is_an_order(name):
    for factor in load_protocol(name).factors:
        severities = {level.severity for level in factor.levels} - {None}
        assert len(severities) in (0, 5), factor.name
        if severities and factor.name not in ("rotation", "shift"):  # these carry their own scale
            assert severities == {1, 2, 3, 4, 5}, factor.name


@pytest.mark.parametrize("name", FULL)
def test_the_catalogues_use_every_operator_of_their_modality(name):
    """But for the fast form of ct_dose, other controls, and what the mr file says its z-score undoes."""
    left_out = {"ct_noise", "sampled_voxels", "randomized_voxels", "intensity_normalization"}
    general = {"gaussian_noise", "gaussian_blur"}  # what scanners do has operators of its own
    protocol = load_protocol(name)
    expected = {
        kind
        for kind, operator in kinds().items()
        if operator.__module__.startswith("robustrad.")
        and protocol.modality in (operator.modalities or COMMON)
    }
    used = {factor.levels[0].operator.kind for factor in protocol.factors}
    assert used >= expected - left_out - general


COMMON = ("CT", "MR", "PT")


def test_a_study_of_pet_continues_as_pet_full():
    part, whole = (
        {c.name: c.fingerprint for c in build_conditions(load_protocol(name), definition="x")}
        for name in ("pet", "pet-full")
    )
    assert {name: whole.get(name) for name in part} == part
    severities = {
        name: {
            (f.name, level.name): level.severity for f in load_protocol(name).factors for level in f.levels
        }
        for name in ("pet", "pet-full")
    }
    assert severities["pet"].items() <= severities["pet-full"].items()


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_protocol_says_what_is_the_papers_and_what_is_ours(name):
    header = builtin_files()[name].read_text(encoding="utf-8").partition("\nname:")[0]
    assert re.search(r"# From the paper|public code", header)
    assert re.search(r"^# Ours", header, re.MULTILINE)
    assert "not at hand" in header or name == "cerr-rntvc"


def test_no_level_repeats_the_reference_or_goes_far_below_its_voxels():
    for name, finest in (("quick", 5.5), ("pet", 3.0), ("pet-full", 3.0), ("ct", 1.5), ("mr", 1.5)):
        protocol = load_protocol(name)
        reference = protocol.parameters.settings
        for factor in protocol.factors:
            for level in factor.levels:
                values = level.operator.model_dump(mode="json")
                assert values.get("count") != reference.get("binCount", -1)
                assert values.get("width") != reference.get("binWidth", -1)
                spacing = values["spacing_mm"] if values["kind"] == "voxel_size" else None
                assert spacing is None or (
                    min(spacing) >= finest and spacing != list(reference["resampledPixelSpacing"])
                )


@pytest.mark.parametrize(
    ("name", "filters"),
    [("quick", ["Original"]), *((name, ["Original", "LoG"]) for name in ("pet", "ct", "mr"))],
)
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
            if re.search(r"[:\[] ?-?\d", code):
                assert re.search(SAID, comment), (
                    entry.name,
                    line,
                )


def test_the_protocol_of_a_modality():
    assert [protocol_for(m) for m in ("PT", "CT", "MR", "unknown")] == ["pet", "ct", "mr", "quick"]
    assert [entry.name for entry in builtin_protocols()] == list(builtin_files())


def test_a_protocol_is_described_with_its_numbers():
    text = describe(load_protocol("pet"))
    for said in (
        "40 conditions",
        "binWidth: 0.25",
        "LoG, sigma: [6]",
        "relative_sd 1.73, severity 4",
        "2 draws",
        "fraction -0.1, severity 2 sign -1",
    ):
        assert said in text


def test_the_command_lists_shows_and_refuses():
    listed = protocols_command(None)
    assert [entry["name"] for entry in listed.data] == sorted(COUNTS)
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


@pytest.mark.parametrize(
    ("name", "patient", "image", "spacings"),
    [
        ("pet", "STS_001", "PET", (3.0, 4.0)),
        ("ct", "STS_019", "CT", (1.5, 2.0)),
        ("mr", "STS_042", "MR_T1", (1.5, 2.0)),
    ],
)
def test_the_log_of_the_files_has_converged_on_a_real_lesion(data_dir, name, patient, image, spacings):
    pytest.importorskip("radiomics")
    from radiomics import imageoperations

    folder = data_dir / "sts" / "images" / patient
    parameters = load_parameters(name)
    (sigma,) = parameters.image_types["LoG"]["sigma"]
    whole = sitk.Cast(sitk.ReadImage(str(folder / f"{image}_image.nii.gz")), sitk.sitkFloat64)
    inside = sitk.Cast(sitk.ReadImage(str(folder / f"{image}_mask.nii.gz")), sitk.sitkUInt32)
    around = [min(math.ceil(40 * max(spacings) / s), n - 1) for s, n in zip(*_grid(whole), strict=True)]
    whole, inside = sitk.MirrorPad(whole, around, around), sitk.ConstantPad(inside, around, around, 0)

    def in_roi(pad: int, spacing: float) -> np.ndarray:
        moved = imageoperations.resampleImage(
            whole,
            inside,
            resampledPixelSpacing=[spacing] * 3,
            interpolator="sitkBSpline",
            label=1,
            padDistance=pad,
        )
        ((log, _, _),) = imageoperations.getLoGImage(*moved, sigma=[sigma])
        return sitk.GetArrayFromImage(log)[sitk.GetArrayFromImage(moved[1]) == 1]

    for spacing in spacings:
        converged = in_roi(40, spacing)
        difference = np.abs(in_roi(int(parameters.settings["padDistance"]), spacing) - converged).max()
        assert difference < 1e-3 * converged.std()


def _grid(image: sitk.Image) -> tuple[tuple[float, ...], tuple[int, ...]]:
    return image.GetSpacing(), image.GetSize()
