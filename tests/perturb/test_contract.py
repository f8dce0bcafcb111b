"""One contract for every operator the registry finds, ours and third parties'."""

from __future__ import annotations

import inspect
import itertools
import json

import numpy as np
import pytest
from pydantic import ValidationError

from robustrad.perturb.apply import apply
from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.registry import kinds
from robustrad.perturb.sample import Sample
from robustrad.perturb.strength import measure
from tests.perturb.noise_models import smooth
from tests.perturb.shapes import lobed, sample_of

OPERATORS = list(kinds().values())
EXAMPLES = [
    pytest.param(operator, scalars, id=f"{kind}-{number}")
    for kind, operator in kinds().items()
    for number, scalars in enumerate(operator.examples)
]
SHAPE = (20, 36, 40)


def lesion(modality: str) -> Sample:
    """A lobed lesion brighter than its surroundings, with correlated noise, in plausible units."""
    mask = np.zeros(SHAPE, dtype=bool)
    mask[4:16, 8:28, 8:30] = lobed(11, (12, 20, 22), share=0.2)
    noise = smooth(SHAPE, np.random.default_rng(5), fwhm=1.5)
    high, low, sd = {"CT": (60.0, 20.0, 12.0), "MR": (600.0, 300.0, 25.0)}.get(modality, (6.0, 1.5, 0.2))
    voxels = np.where(mask, high, low) + sd * noise
    plain = sample_of(mask, voxels, spacing=(2.0, 2.0, 3.0))
    return Sample(plain.voxels, plain.mask, plain.grid, modality)


def sample_for(operator: type[Perturbation]) -> Sample:
    return lesion((*operator.modalities, "PT")[0])


def concrete(operator: Perturbation, sample: Sample) -> Perturbation:
    return operator.calibrate(sample, np.random.default_rng(99))


def applied(operator: Perturbation, sample: Sample, seed: int = 3) -> Sample:
    result = apply(concrete(operator, sample), sample, np.random.default_rng(seed))
    assert isinstance(result, Sample), result
    return result


def same(one: Sample, other: Sample) -> bool:
    """Whether two samples are bit for bit the same."""
    return (
        one.voxels.tobytes() == other.voxels.tobytes()
        and one.mask.tobytes() == other.mask.tobytes()
        and (one.grid, one.modality, one.sampling) == (other.grid, other.modality, other.sampling)
        and dict(one.settings) == dict(other.settings)
    )


def test_the_first_operators_are_found():
    assert {
        *("gaussian_noise", "gaussian_blur", "voxel_size", "subvoxel_shift", "rotation"),
        *("volume_change", "fixed_bin_width", "fixed_bin_count"),
    } <= set(kinds())


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.model_fields["kind"].default)
def test_operator_declares_what_the_engine_needs(operator):
    assert all(isinstance(operator(**scalars).acts_at, Stage) for scalars in operator.examples)
    assert operator.stage is None or {operator(**s).acts_at for s in operator.examples} == {operator.stage}
    assert isinstance(operator.version, int)
    assert operator.version >= 1
    assert isinstance(operator.random, bool)
    assert set(operator.modalities) <= {"CT", "PT", "MR"}
    assert operator.examples, "examples"
    assert operator.model_config["frozen"]
    assert operator.model_config["extra"] == "forbid"


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.model_fields["kind"].default)
def test_operator_is_documented(operator):
    text = inspect.getdoc(operator)
    assert text
    assert text != inspect.getdoc(Perturbation)
    assert len(text.splitlines()) > 2, "model and source after the first line"
    for name, field in operator.model_fields.items():
        if name != "kind":
            assert field.description, name
            assert field.description.endswith("."), name


@pytest.mark.parametrize(("operator", "scalars"), EXAMPLES)
def test_scalars_are_frozen_and_survive_json(operator, scalars):
    instance = operator(**scalars)
    with pytest.raises(ValidationError):
        setattr(instance, next(iter(scalars)), next(iter(scalars.values())))
    record = json.loads(json.dumps(instance.record()))
    assert record.pop("version") == operator.version
    assert operator(**record) == instance


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.model_fields["kind"].default)
def test_unknown_scalar_is_refused(operator):
    with pytest.raises(ValidationError):
        operator(**operator.examples[0], no_such_scalar=1)


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.model_fields["kind"].default)
def test_zero_is_bit_identical_to_the_reference(operator):
    sample = sample_for(operator)
    if operator.zero is not None:
        assert same(applied(operator(**operator.zero), sample), sample)
        return
    # Without a zero, setting what is set already changes nothing.
    for scalars in operator.examples:
        once = applied(operator(**scalars), sample)
        assert same(applied(operator(**scalars), once), once)


@pytest.mark.parametrize(("operator", "scalars"), EXAMPLES)
def test_example_changes_something_and_only_at_its_stage(operator, scalars):
    sample = sample_for(operator)
    result = applied(operator(**scalars), sample)  # apply() refuses changes of another stage
    assert not same(result, sample)


@pytest.mark.parametrize(("operator", "scalars"), EXAMPLES)
def test_same_draw_gives_the_same_result_and_input_is_untouched(operator, scalars):
    sample = sample_for(operator)
    voxels, mask = sample.voxels.copy(), sample.mask.copy()
    one, again = (applied(operator(**scalars), sample, seed=8) for _ in range(2))
    assert same(one, again)
    np.testing.assert_array_equal(sample.voxels, voxels)
    np.testing.assert_array_equal(sample.mask, mask)


@pytest.mark.parametrize(("operator", "scalars"), EXAMPLES)
def test_draws_differ_for_random_operators_and_only_for_them(operator, scalars):
    sample = sample_for(operator)
    one, other = (applied(operator(**scalars), sample, seed=seed) for seed in (1, 2))
    assert same(one, other) != operator.random


@pytest.mark.parametrize(("operator", "scalars"), EXAMPLES)
def test_deterministic_operator_leaves_the_generator_alone(operator, scalars):
    rng = np.random.default_rng(4)
    before = rng.bit_generator.state
    sample = sample_for(operator)
    apply(concrete(operator(**scalars), sample), sample, rng)
    if not operator.random:
        assert rng.bit_generator.state == before


@pytest.mark.parametrize(("operator", "scalars"), EXAMPLES)
def test_calibrated_scalars_are_concrete_and_need_no_second_calibration(operator, scalars):
    sample = sample_for(operator)
    first = concrete(operator(**scalars), sample)
    assert isinstance(first, operator)
    assert first == concrete(operator(**scalars), sample)
    assert concrete(first, sample) == first


@pytest.mark.parametrize(
    "operator", [o for o in OPERATORS if o.trend], ids=lambda o: o.model_fields["kind"].default
)
def test_measured_strength_follows_the_examples(operator):
    column, direction = operator.trend
    sample = sample_for(operator)
    found = [
        measure(sample, sample)[column],
        *(measure(sample, applied(operator(**scalars), sample))[column] for scalars in operator.examples),
    ]
    assert all((after - before) * direction > 0 for before, after in itertools.pairwise(found)), found
