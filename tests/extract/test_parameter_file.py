from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from robustrad.core.errors import ProtocolError
from robustrad.extract.catalog import FEATURE_CLASSES
from robustrad.extract.parameter_file import builtin_names, load_parameters, parameters_from
from robustrad.extract.settings import KEYS, VOXEL_KEYS
from tests.extract.phantom import lesion, plain

FILE = """\
# PyRadiomics' own layout
imageType:
  Original: {}
  LoG:
    sigma: [1.0, 2.0]
    binWidth: 1e-1
  Wavelet:
featureClass:
  shape:
  firstorder: []
  glcm:
    - 'JointEnergy'
    - Id
setting:
  binWidth: 25
  resampledPixelSpacing: [1, 1, 0]
  weightingNorm:
  label: 1
  additionalInfo: true
voxelSetting:
  kernelRadius: 2
"""


def test_a_parameter_file_of_pyradiomics_is_read_unchanged_and_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(FILE)
    found = load_parameters(path)
    assert found.settings == {
        "binWidth": 25,
        "resampledPixelSpacing": (1, 1, 0),
        "weightingNorm": None,
        "label": 1,
    }
    assert list(found.image_types.items()) == [
        ("Original", {}),
        ("LoG", {"sigma": (1.0, 2.0), "binWidth": 0.1}),
        ("Wavelet", {}),
    ]
    assert list(found.feature_classes.items()) == [
        ("shape", ()),
        ("firstorder", ()),
        ("glcm", ("JointEnergy", "Id")),
    ]
    assert load_parameters(str(path)) == found


def test_whole_numbers_stay_whole_since_bin_edges_are_laid_in_the_images_type() -> None:
    assert type(load_parameters({"setting": {"binWidth": 25}}).settings["binWidth"]) is int


def test_its_mapping_reads_back_as_the_same_parameters() -> None:
    found = load_parameters(json.loads(json.dumps({"setting": {"sigma": [1], "binCount": 8}})))
    assert load_parameters(json.loads(json.dumps(found.mapping()))) == found


def test_without_sections_it_means_what_pyradiomics_means() -> None:
    image, mask = lesion(shape=(8, 14, 12))
    assert list(load_parameters({}).feature_classes) == list(FEATURE_CLASSES)
    assert "shape2D" not in load_parameters(None).feature_classes
    from robustrad.extract.single import extract

    assert extract(image, mask, params={}, engine="pyradiomics") == plain(image, mask, {})


GOOD: dict[str, Any] = {
    "int": 2,
    "float": 0.5,
    "bool": True,
    "ints": [1],
    "wavelet": "db2",
    "interpolator": 3,
}


@pytest.mark.parametrize("name", [name for name in KEYS if name not in VOXEL_KEYS])
def test_every_setting_is_accepted_globally_and_in_a_filter(name: str) -> None:
    key = KEYS[name]
    value = (
        [1.5] * max(key.lengths, default=1)
        if key.kind == "floats"
        else key.words[0]
        if key.words
        else GOOD[key.kind]
    )
    found = load_parameters({"setting": {name: value}, "imageType": {"LoG": {name: value}}})
    kept = tuple(value) if isinstance(value, list) else value
    assert found.settings == ({name: kept} if key.changes_results else {})
    assert found.image_types["LoG"] == found.settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("binWidth", 0),
        ("binWidth", "25"),
        ("binWidth", True),
        ("binWidth", float("nan")),
        ("binWidth", None),
        ("binCount", 8.0),
        ("normalize", 1),
        ("force2Ddimension", 3),
        ("resampledPixelSpacing", [1, 1]),
        ("resampledPixelSpacing", [1, -1, 1]),
        ("resampledPixelSpacing", 1),
        ("resegmentRange", [1, 2, 3]),
        ("resegmentMode", "sigmaa"),
        ("wavelet", "coif"),
        ("interpolator", "bspline"),
        ("interpolator", 11),
        ("weightingNorm", "euclid"),
        ("distances", [1.5]),
        ("distances", []),
        ("label", 0),
    ],
)
def test_a_value_of_the_wrong_type_or_size_is_an_error_that_says_what_was_expected(
    name: str, value: object
) -> None:
    with pytest.raises(ProtocolError, match=rf"setting\.{name}: {name} is .*; expected ") as caught:
        load_parameters({"setting": {name: value}})
    assert caught.value.exit_code == 2


def test_all_problems_are_told_at_once_with_lines_and_nearest_words(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(
        "setting:\n  binWidht: 25\n  force2D: 1\nimageType:\n  Wavlet: {}\n  LoG: {sgima: [1]}\n"
        "featureClass:\n  glcmm:\n  shape:\n    - MeshVolume\n    - Volume2\nimageTypes: {}\n"
    )
    with pytest.raises(ProtocolError) as caught:
        load_parameters(path)
    told = {problem.where.rpartition(" ")[2]: str(problem) for problem in caught.value.problems}
    assert set(told) == {"2", "3", "5", "6", "8", "11", "12"}
    assert "Did you mean binWidth?" in told["2"]
    assert "expected true or false" in told["3"]
    assert "Did you mean Wavelet?" in told["5"]
    assert "Did you mean sigma?" in told["6"]
    assert "Did you mean glcm?" in told["8"]
    assert "unknown shape feature 'Volume2'" in told["11"]
    assert "Did you mean imageType?" in told["12"]
    assert all(str(path) in text for text in told.values())


@pytest.mark.parametrize(
    "mapping",
    [
        {"imageType": None},
        {"featureClass": ["glcm"]},
        {"setting": [1]},
        {"featureClass": {"glcm": "Id"}},
        {"imageType": {"LoG": [1]}},
        {"voxelSetting": {"kernelRadius": 0}},
        {"setting": {"kernelRadius": 1}},
    ],
)
def test_sections_of_the_wrong_shape_are_errors(mapping: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        load_parameters(mapping)


@pytest.mark.parametrize("text", ["", "- 1\n", "just words\n"])
def test_a_file_that_is_no_mapping_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ProtocolError, match="mapping with setting, imageType, featureClass"):
        load_parameters(tmp_path / "p.yaml")


def test_a_name_that_is_neither_file_nor_built_in_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="no such file and no built-in"):
        load_parameters("no_such_parameters")


def test_every_built_in_file_loads_by_its_name() -> None:
    for name in builtin_names():
        assert load_parameters(name).feature_classes


def test_an_inline_mapping_is_blamed_where_its_owner_says() -> None:
    with pytest.raises(ProtocolError, match="protocol line 7: unknown setting 'x'"):
        parameters_from({"setting": {"x": 1}}, where=lambda path: f"protocol line {5 + len(path)}")
