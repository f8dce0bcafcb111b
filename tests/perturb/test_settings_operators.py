"""Settings as perturbations: each is staged where PyRadiomics reads it, and does there what it says."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from pydantic import ValidationError
from robustrad.perturbations.settings import Interpolator, OutlierRule, ResegmentRange, Setting
from scipy import ndimage

import robustrad as rr
from robustrad.core.errors import ProtocolError
from robustrad.core.geometry import Grid
from robustrad.core.settings import KEYS, VOXEL_KEYS, Verb
from robustrad.extract.engine import Engine
from robustrad.extract.native.engine import NativeEngine
from robustrad.extract.parameter_file import load_parameters
from robustrad.extract.parameters import Parameters
from robustrad.extract.pyradiomics import PyRadiomicsEngine
from robustrad.extract.sampling import lay_grid, sample_mask
from robustrad.extract.settings import view
from robustrad.perturb.apply import ContractError, apply
from robustrad.perturb.base import Perturbation, Stage, stage_of_setting
from robustrad.perturb.catalogue import catalogue, describe
from robustrad.perturb.sample import Sample
from robustrad.protocol.read import load_protocol
from robustrad.sweep.conditions import build_conditions
from tests.perturb.shapes import ball, sample_of
from tests.sweep.conftest import write_cases, write_protocol

RNG = np.random.default_rng(0)
VERB_AT = {Stage.IMAGE: Verb.PREPARE, Stage.GRID: Verb.REGION, Stage.DISCRETIZE: Verb.LEVELS}
WITHIN_A_CONDITION = [name for name, key in KEYS.items() if key.verbs and Verb.CASE not in key.verbs]
RIGHT = {name: key.default for name, key in KEYS.items() if key.default is not None} | {
    "removeOutliers": 3,
    "normalizeScale": 100,
    "resampledPixelSpacing": (3, 3, 3.5),
    "resegmentRange": (0, 5.5),
    "minimumROISize": 5,
    "sigma": (1, 2.5),
    "binWidth": 0.5,
    "binCount": 32,
    "weightingNorm": "manhattan",
}
WORDS = ("euclidean", "haar", "sitkLinear", "relative", "uniform")
VALUES = (None, True, 0, 1, -3, 2.5, (1,), (1, 2.5), (1, 2, 3), (0, 1, -1), *WORDS)


def texture() -> Sample:
    voxels = np.random.default_rng(4).gamma(4.0, size=(14, 16, 18))
    return sample_of(ball((14, 16, 18), 6.0), voxels, spacing=(2.0, 2.0, 3.0))


def after(operator: Perturbation, sample: Sample) -> Sample:
    result = apply(operator, sample, RNG)
    assert isinstance(result, Sample), result
    return result


def region_of(sample: Sample, **settings: object) -> np.ndarray:
    """Return the ROI's values with the sample's settings, as the sweep asks the engine for them."""
    mapping = {"setting": {"resampledPixelSpacing": [2.5, 2.5, 2.5], **settings}}
    parameters = view(load_parameters(mapping).overridden(sample.settings), Verb.REGION)
    image = PyRadiomicsEngine().prepare(sample.grid.image(sample.voxels), Parameters())
    mask = sitk.Cast(sample.grid.image(sample.mask), sitk.sitkUInt32)
    return PyRadiomicsEngine().region(image, mask, parameters, sampling=sample.sampling).values


def laid_mask(sample: Sample) -> sitk.Image:
    """Return the mask on the analysis grid that the sample asks for."""
    mask = sitk.Cast(sample.grid.image(sample.mask), sitk.sitkUInt32)
    settings = {"resampledPixelSpacing": [2.5, 2.5, 2.5], "padDistance": 2}
    return sample_mask(mask, lay_grid(sample.grid, mask, settings, sampling=sample.sampling))


def shape_of(engine: Engine, sample: Sample) -> list[float]:
    """Return the shape features of ``sample`` from one engine."""
    parameters = load_parameters(
        {"setting": {"resampledPixelSpacing": [2.5, 2.5, 2.5]}, "featureClass": {"shape": []}}
    )
    image = engine.prepare(sample.grid.image(sample.voxels), Parameters())
    mask = sitk.Cast(sample.grid.image(sample.mask), sitk.sitkUInt32)
    return list(engine.region(image, mask, parameters, sampling=sample.sampling).shape.values())


@pytest.mark.parametrize("key", WITHIN_A_CONDITION)
def test_a_setting_acts_at_the_stage_whose_verb_first_sees_it(key):
    operator = Setting(key=key, value=RIGHT[key])
    overridden = Parameters().overridden(after(operator, texture()).settings)
    seen = [verb for verb in Verb if key in view(overridden, verb).settings]
    assert VERB_AT[operator.acts_at] is seen[0]
    assert seen[0] is not Verb.CASE


@pytest.mark.parametrize(("key", "stage"), [
    ("normalize", Stage.IMAGE), ("padDistance", Stage.GRID), ("sigma", Stage.GRID), ("force2D", Stage.GRID),
    ("binWidth", Stage.DISCRETIZE), ("distances", Stage.DISCRETIZE),
])  # fmt: skip
def test_stages_of_well_known_settings(key, stage):
    assert Setting(key=key, value=RIGHT[key]).acts_at is stage


def test_keys_without_a_stage_are_those_of_the_case_and_of_the_run():
    outside = {key for key in KEYS if stage_of_setting(key) is None}
    assert outside == set(KEYS) - set(WITHIN_A_CONDITION)
    assert {"label", "geometryTolerance", "additionalInfo", *VOXEL_KEYS} <= outside
    assert stage_of_setting("padDistanze") is None


@pytest.mark.parametrize(("key", "told"), [
    ("padDistanze", "Did you mean padDistance"), ("label", "opens the case"),
    ("additionalInfo", "changes a feature"),
])  # fmt: skip
def test_keys_that_no_condition_can_differ_in_are_refused(key, told):
    with pytest.raises(ValidationError, match=told):
        Setting(key=key, value=1)


@pytest.mark.parametrize("key", WITHIN_A_CONDITION)
def test_a_value_is_right_where_a_parameter_file_says_so(key):
    """The same rule on both sides; but a study resamples, so that null for the interpolator is refused."""
    in_a_file = [value for value in VALUES if _accepted(load_parameters, {"setting": {key: value}})]
    here = [value for value in VALUES if _accepted(Setting.model_validate, {"key": key, "value": value})]
    assert here == [value for value in in_a_file if (key, value) != ("interpolator", None)]
    assert 0 < len(in_a_file) < len(VALUES)


def _accepted(reader, content) -> bool:
    try:
        reader(content)
    except (ProtocolError, ValidationError):
        return False
    return True


def test_what_was_expected_is_told():
    with pytest.raises(ValidationError, match="a whole number at least 0"):
        Setting(key="padDistance", value="twenty")
    with pytest.raises(ValidationError, match="a study resamples"):
        Setting(key="interpolator", value=None)


def test_of_two_ways_to_lay_bins_one_removes_the_other():
    counts = texture().with_settings({"binCount": 32})
    assert dict(after(Setting(key="binWidth", value=2), counts).settings) == {"binWidth": 2, "binCount": None}
    widths = texture().with_settings({"binWidth": 2})
    assert dict(after(Setting(key="binCount", value=16), widths).settings) == {
        "binWidth": None,
        "binCount": 16,
    }
    assert dict(after(Setting(key="binCount", value=None), counts).settings) == {"binCount": None}


def custom(settings: dict[str, object], at: Stage, *, only: bool = True) -> Perturbation:
    class Custom(Perturbation):
        """An operator made for one test."""

        kind: Literal["custom"] = "custom"
        stage: ClassVar[Stage] = at
        settings_only: ClassVar[bool] = only

        def apply(self, sample, rng):
            del rng
            return sample.with_settings(settings)

    return Custom()


@pytest.mark.parametrize(("settings", "stage"), [
    ({"padDistance": 9}, Stage.DISCRETIZE),  # too late: the region is made already
    ({"normalize": True}, Stage.GRID), ({"binWidth": 3}, Stage.GRID), ({"binWidth": 3}, Stage.IMAGE),
    ({"label": 2}, Stage.IMAGE), ({"no_such_key": 1}, Stage.DISCRETIZE), ({"padDistance": 9}, Stage.MASK),
    ({"padDistance": 9, "binWidth": 3}, Stage.GRID),
])  # fmt: skip
def test_the_contract_refuses_settings_that_act_elsewhere(settings, stage):
    with pytest.raises(ContractError, match=f"at stage {stage.value} it changed setting"):
        apply(custom(settings, stage), texture(), RNG)


def test_the_contract_lets_only_declared_operators_touch_settings_before_the_levels():
    with pytest.raises(ContractError, match="at stage grid it changed settings"):
        apply(custom({"padDistance": 9}, Stage.GRID, only=False), texture(), RNG)
    assert after(custom({"padDistance": 9}, Stage.GRID), texture()).settings == {"padDistance": 9}


def test_an_operator_of_settings_may_change_nothing_else():
    class Greedy(Perturbation):
        """An operator made for one test."""

        kind: Literal["greedy"] = "greedy"
        stage: ClassVar[Stage] = Stage.IMAGE
        settings_only: ClassVar[bool] = True

        def apply(self, sample, rng):
            del rng
            return sample.with_image(sample.voxels + 1.0).with_settings({"normalize": True})

    with pytest.raises(ContractError, match="at stage image it changed voxels"):
        apply(Greedy(), texture(), RNG)


def test_an_operator_without_a_stage_must_say_where_it_acts():
    class Nowhere(Perturbation):
        """An operator made for one test."""

        kind: Literal["nowhere"] = "nowhere"
        stage: ClassVar[Stage | None] = None

    with pytest.raises(NotImplementedError, match="neither a stage nor acts_at"):
        _ = Nowhere().acts_at


@pytest.mark.parametrize("mode", ["absolute", "relative"])
def test_resegmentation_keeps_what_lies_in_the_range(mode):
    sample = texture()
    whole = region_of(sample)
    unit = whole.max() if mode == "relative" else 1.0
    low, high = np.quantile(whole, (0.2, 0.9)) / unit
    kept = region_of(after(ResegmentRange(lower=low, upper=high, mode=mode), sample))
    np.testing.assert_array_equal(kept, whole[(whole >= low * unit) & (whole <= high * unit)])
    assert 0 < kept.size < whole.size
    open_ended = region_of(after(ResegmentRange(lower=low, mode=mode), sample))
    np.testing.assert_array_equal(open_ended, whole[whole >= low * unit])


def test_outliers_are_beyond_so_many_sds_of_the_roi():
    sample = texture()
    whole = region_of(sample)
    kept = region_of(after(OutlierRule(sds=1.5), sample))
    np.testing.assert_array_equal(kept, whole[np.abs(whole - whole.mean()) <= 1.5 * whole.std()])
    assert 0 < kept.size < whole.size
    np.testing.assert_array_equal(region_of(after(OutlierRule(sds=100.0), sample)), whole)


def test_a_range_of_the_study_is_replaced_as_a_whole():
    """A rule over SDs must not inherit the study's mode, nor a range its rule."""
    study = {"resegmentRange": [-2, 2], "resegmentMode": "sigma", "resegmentShape": True}
    sample = texture()
    whole = region_of(sample)
    np.testing.assert_array_equal(
        region_of(after(ResegmentRange(lower=4.0), sample), **study), whole[whole >= 4.0]
    )


def test_bounds_must_be_ordered():
    with pytest.raises(ValidationError, match="upper 1 must lie above lower 2"):
        ResegmentRange(lower=2.0, upper=1.0)


def test_the_interpolator_is_the_one_asked_for():
    sample = texture()
    nearest = region_of(after(Interpolator(image="sitkNearestNeighbor"), sample))
    linear = region_of(after(Interpolator(image="sitkLinear"), sample))
    inside = sample.voxels
    assert np.isin(nearest, inside).all()
    assert not np.isin(linear, inside).all()
    assert linear.std() < nearest.std()
    np.testing.assert_array_equal(
        region_of(after(Interpolator(image="sitkBSpline"), sample)), region_of(sample)
    )
    with pytest.raises(ValidationError):
        Interpolator(image="sitkLabelGaussian")  # for masks
    with pytest.raises(ValidationError, match="give image, mask or both"):
        Interpolator()


@pytest.mark.parametrize("wish", [{}, {"shift": (0.3, 0.1, -0.2)}, {"spacing_mm": (0.9, 1.1, 1.3)}], ids=str)
def test_a_linear_mask_holds_what_is_at_least_half_inside(wish):
    """Interpolated here by SciPy at the places of the analysis grid's voxels."""
    sample = texture().with_sampling(**wish)
    nearest, linear = (laid_mask(asked) for asked in (sample, after(Interpolator(mask="linear"), sample)))
    grid = Grid.of(linear)
    points = grid.points(np.stack([axis.ravel() for axis in np.indices(grid.shape)], axis=1).astype(float))
    voxels = (points - sample.grid.origin) / sample.grid.spacing
    share = ndimage.map_coordinates(sample.mask.astype(float), voxels[:, ::-1].T, order=1, mode="nearest")
    found, other = (sitk.GetArrayViewFromImage(mask).astype(bool) for mask in (linear, nearest))
    np.testing.assert_array_equal(found.ravel(), share >= 0.5 - 1e-9)
    assert not np.array_equal(found, other)
    assert Grid.of(nearest) == grid


def test_both_engines_take_the_linear_mask():
    sample = after(Interpolator(mask="linear"), texture())
    ours, theirs = (shape_of(engine, sample) for engine in (NativeEngine(), PyRadiomicsEngine()))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert not np.allclose(ours, shape_of(NativeEngine(), texture()), rtol=1e-6)


def test_the_catalogue_lists_the_generic_setting_last_with_any_stage():
    assert (catalogue()[-1].kind, catalogue()[-1].stage) == ("setting", "any")
    assert [row.type for row in describe("setting")] == ["text", "any"]


FACTOR = "role: definition\n    levels:\n      one: {key: %s, value: %s}\n      two: {key: %s, value: %s}\n"


def protocol_of(path, levels: tuple[object, ...]):
    factor = FACTOR % levels
    path.write_text(
        "name: p\nmodality: any\nabout: A test.\nextraction: quick\ndesign: factorial\nfactors:\n"
        f"  padding:\n    kind: setting\n    {factor}"
        "  noise:\n    kind: gaussian_noise\n    role: acquisition\n    levels: {a: {sd: 1}}\n    draws: 2\n"
        "  bins:\n    kind: fixed_bin_count\n    role: definition\n    levels: {b: {count: 16}}\n"
    )
    return load_protocol(str(path))


@pytest.mark.parametrize(("levels", "stage", "order"), [
    (("padDistance", 5, "padDistance", 20), Stage.GRID, ["noise", "padding", "bins"]),
    (("normalize", "true", "normalizeScale", 100), Stage.IMAGE, ["padding", "noise", "bins"]),
    (("distances", "[1, 2]", "symmetricalGLCM", "false"), Stage.DISCRETIZE, ["noise", "padding", "bins"]),
])  # fmt: skip
def test_a_factor_of_settings_stands_in_the_chain_where_its_settings_act(tmp_path, levels, stage, order):
    protocol = protocol_of(tmp_path / "p.yaml", levels)
    assert protocol.factors[0].stage is stage
    combined = [c for c in build_conditions(protocol, definition="d") if c.factor == "padding+noise+bins"]
    assert len(combined) == 4
    for condition in combined:
        assert [step.factor for step in condition.steps] == order
        assert "padding" in [step.factor for step in condition.steps_of(stage)]


def test_levels_that_act_at_different_stages_are_refused_with_their_line(tmp_path):
    with pytest.raises(ProtocolError, match=r"line \d+.*stages"):
        protocol_of(tmp_path / "p.yaml", ("padDistance", 5, "binWidth", 2))


def test_a_wrong_setting_is_told_with_its_line(tmp_path):
    with pytest.raises(
        ProtocolError, match=r"line 11: key.*mean padDistance.*\n.*line 12: value.*whole number"
    ):
        protocol_of(tmp_path / "p.yaml", ("padDistanze", 5, "padDistance", "far"))


STUDY = {"binWidth": 0.5, "resampledPixelSpacing": [2.5, 2.5, 2.5], "interpolator": "sitkBSpline"}
CLASSES = {"shape": ["MeshVolume"], "firstorder": ["Mean", "Energy"], "glcm": ["Contrast"]}
SWEPT = {
    "normalize=on": ("setting", {"key": "normalize", "value": True}, {"normalize": True}),
    "norm=city": (
        "setting", {"key": "weightingNorm", "value": "manhattan"}, {"weightingNorm": "manhattan"},
    ),
    "distance=two": ("setting", {"key": "distances", "value": [2]}, {"distances": [2]}),
    "pad=none": ("setting", {"key": "padDistance", "value": 0}, {"padDistance": 0}),
    "count=16": ("setting", {"key": "binCount", "value": 16}, {"binCount": 16, "binWidth": None}),
    "interpolation=linear": ("interpolator", {"image": "sitkLinear"}, {"interpolator": "sitkLinear"}),
    "outliers=two": (
        "outlier_rule", {"sds": 2.0}, {"resegmentRange": [-2.0, 2.0], "resegmentMode": "sigma"},
    ),
    "range=low": ("resegment_range", {"lower": 3.5}, {"resegmentRange": [3.5]}),
}  # fmt: skip


def test_a_swept_setting_gives_what_plain_extraction_with_that_setting_gives(tmp_path):
    """The whole chain: read, staged, overridden and extracted, once for each stage and operator."""
    factors = {
        name.partition("=")[0]: {
            "kind": kind, "role": "definition", "levels": {name.partition("=")[2]: scalars},
        }
        for name, (kind, scalars, _) in SWEPT.items()
    }  # fmt: skip
    extraction = {"setting": STUDY, "imageType": {"Original": {}}, "featureClass": CLASSES}
    protocol = write_protocol(
        tmp_path / "p.yaml",
        {"name": "p", "modality": "any", "about": "A test.", "references": [], "extraction": extraction,
         "design": "one_at_a_time", "factors": factors},
    )  # fmt: skip
    cases = rr.load_cases(write_cases(tmp_path / "cohort", 1))
    rr.sweep(cases, tmp_path / "out", protocol=str(protocol), engine="pyradiomics", executor="serial")
    table = pd.read_parquet(tmp_path / "out" / "features.parquet").set_index("condition")
    image = sitk.Cast(sitk.ReadImage(str(cases[0].image)), sitk.sitkFloat64)
    reference = table.loc["reference"]
    for name, (_, _, settings) in SWEPT.items():
        given = {key: value for key, value in {**STUDY, **settings}.items() if value is not None}
        plain = rr.extract(
            image, cases[0].mask, params={**extraction, "setting": given}, engine="pyradiomics"
        )
        row = table.loc[name]
        assert row["status"] == "ok", row["reason"]
        for feature, value in plain.items():
            assert row[feature] == pytest.approx(value, rel=1e-9), (name, feature)
        if name != "pad=none":  # without filters padding is only B-spline's business
            assert any(row[feature] != reference[feature] for feature in plain), name
