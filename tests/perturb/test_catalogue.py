"""What `robustrad perturbations` tells comes from the classes themselves."""

from __future__ import annotations

import pytest

from robustrad.core.errors import ProtocolError
from robustrad.perturb.catalogue import catalogue, describe, documentation
from robustrad.perturb.registry import kinds


def test_every_operator_has_a_line_and_stages_come_in_order():
    entries = catalogue()
    assert {entry.kind for entry in entries} == set(kinds())
    stages = [entry.stage for entry in entries]
    assert stages == sorted(stages, key=["image", "mask", "grid", "discretize", "any"].index)
    assert all(entry.summary.endswith(".") for entry in entries)


def test_every_parameter_of_every_operator_is_described():
    for kind, operator in kinds().items():
        rows = describe(kind)
        assert [row.parameter for row in rows] == [name for name in operator.model_fields if name != "kind"]
        assert all(row.description for row in rows)


@pytest.mark.parametrize(("kind", "row"), [
    ("volume_change", ("fraction", "number", "required", "> -1, <= 1")),
    ("gaussian_noise", ("sd", "number", "-", ">= 0")),
    ("voxel_size", ("spacing_mm", "[number, number, number]", "required", "> 0, <= 50")),
    ("fixed_bin_count", ("count", "integer", "required", ">= 2, <= 1024")),
])  # fmt: skip
def test_type_default_and_range(kind, row):
    found = describe(kind)[0]
    assert (found.parameter, found.type, found.default, found.range) == row


def test_unknown_kind_gets_the_nearest():
    with pytest.raises(ProtocolError, match="Did you mean gaussian_noise"):
        describe("gausian_noise")


def test_documentation_is_the_docstring():
    assert "2.3548" in documentation("gaussian_blur")
