from __future__ import annotations

import math

import pytest

from robustrad.extract.parity import compare, feature_class

NAN = math.nan


def single(a: float, b: float, *, name: str = "original_glcm_Id", **options: float) -> bool:
    return compare({name: a}, {name: b}, **options).holds


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (1.0, 1.0 + 9e-10, True),
        (1.0, 1.0 + 1.1e-9, False),
        (1e9, 1e9 + 0.9, True),
        (0.0, 9e-13, True),
        (0.0, 2e-12, False),
        (NAN, NAN, True),
        (NAN, 1.0, False),
        (math.inf, math.inf, True),
        (math.inf, 1.0, False),
        (-1.0, 1.0, False),
    ],
)
def test_relative_and_absolute_tolerance(a: float, b: float, same: bool) -> None:
    assert single(a, b) is same
    assert single(b, a) is same


def test_eigenvalues_and_square_roots_of_noise_get_more() -> None:
    for name in ("original_glcm_MCC", "log-sigma-1-0-mm-3D_glcm_Imc2"):
        assert single(1.0, 1.0 + 5e-7, name=name)
        assert not single(1.0, 1.0 + 5e-6, name=name)
        assert not single(1.0, 1.0 + 5e-7, name=name, relative=1e-12)


def test_only_imc2_is_noise_near_zero() -> None:
    for name, same in (("original_glcm_Imc2", True), ("original_glcm_MCC", False)):
        assert single(4.215e-6, 4.215e-6 + 5e-9, name=name) is same
    assert not single(4.2e-6, 4.2e-6 + 5e-8, name="original_glcm_Imc2")
    assert not single(0.0, 5e-9, name="original_glcm_Imc2", relative=1e-12)


def test_the_scale_of_a_feature_widens_what_is_tolerated_near_zero() -> None:
    a, b = {"original_firstorder_Mean": 1e-14}, {"original_firstorder_Mean": 5e-10}
    assert not compare(a, b).holds
    assert compare(a, b, scales={"original_firstorder_Mean": 1000.0}).holds


def test_what_differs_is_missing_and_worst_is_told() -> None:
    a = {"original_glcm_Id": 1.0, "original_glcm_Idm": 2.0, "original_ngtdm_Busyness": 4.0, "x_shape_A": 1.0}
    b = {"original_glcm_Id": 1.0, "original_glcm_Idm": 2.2, "original_ngtdm_Busyness": 4.0 + 4e-10}
    found = compare(a, b)
    assert [one.feature for one in found.differences] == ["original_glcm_Idm"]
    assert found.differences[0].relative == pytest.approx(0.2 / 2.2)
    assert found.missing == ("x_shape_A",)
    assert found.worst == {"glcm": pytest.approx(0.2 / 2.2), "ngtdm": pytest.approx(1e-10, rel=1e-3)}
    assert (found.identical, found.compared, found.holds) == (1, 3, False)


def test_the_class_of_a_feature_is_read_from_its_name() -> None:
    assert feature_class("log-sigma-1-0-mm-3D_glszm_ZoneEntropy") == "glszm"
    assert feature_class("original_shape2D_Perimeter") == "shape2D"
