"""What is written down about PyRadiomics must be what the installed PyRadiomics says."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from robustrad.extract.catalog import FEATURES, IMAGE_TYPES, ON_REQUEST, RETIRED
from robustrad.extract.parameters import Parameters
from robustrad.extract.settings import KEYS, VOXEL_KEYS, Verb, resolved, view

with warnings.catch_warnings(action="ignore"):
    import radiomics
    from radiomics.featureextractor import RadiomicsFeatureExtractor

HOME = Path(radiomics.__file__).parent
SCHEMA: dict[str, Any] = yaml.safe_load((HOME / "schemas" / "paramSchema.yaml").read_text())["mapping"]
KINDS = {"int": "int", "float": "float", "bool": "bool", "str": "word"}
EXAMPLE = Parameters(
    settings={
        "binWidth": 5,
        "sigma": (1,),
        "normalize": True,
        "label": 2,
        "force2D": True,
        "additionalInfo": True,
    },
    image_types={"Original": {}, "LoG": {"sigma": (2,), "binWidth": 1, "normalize": True, "label": 9}},
    feature_classes={"glcm": ("Id",), "shape": ()},
)


def test_every_key_of_pyradiomics_schema_is_assigned_and_no_other() -> None:
    assert set(KEYS) == {*SCHEMA["setting"]["mapping"], *SCHEMA["voxelSetting"]["mapping"]}
    assert set(VOXEL_KEYS) == set(SCHEMA["voxelSetting"]["mapping"])


@pytest.mark.parametrize("name", KEYS)
def test_types_and_bounds_are_those_of_the_schema(name: str) -> None:
    rule = {**SCHEMA["setting"]["mapping"], **SCHEMA["voxelSetting"]["mapping"]}[name]
    key = KEYS[name]
    if "seq" in rule:
        rule = rule["seq"][0]
        assert key.kind == KINDS[rule["type"]] + "s"
    elif "func" not in rule:
        assert key.kind == KINDS[rule["type"]]
    if "range" in rule:
        assert rule["range"] == {
            word: bound
            for word, bound in (("min-ex", key.above), ("min", key.least), ("max", key.most))
            if bound is not None
        }
    if "enum" in rule:
        assert key.words == tuple(rule["enum"])


def _literal_defaults() -> Iterator[tuple[str, Any]]:
    """Yield every ``kwargs.get("key", default)`` of PyRadiomics' code."""
    for path in HOME.glob("*.py"):
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "get"
                and ast.unparse(node.func.value) in {"kwargs", "self.settings", "_settings"}
                and isinstance(node.args[0], ast.Constant)
            ):
                given = node.args[1] if len(node.args) > 1 else ast.Constant(None)
                try:
                    yield str(node.args[0].value), ast.literal_eval(given)
                except ValueError:
                    continue  # sitk.sitkBSpline


def test_defaults_are_those_of_pyradiomics_code() -> None:
    theirs = RadiomicsFeatureExtractor._getDefaultSettings()
    found = {name for name, _ in _literal_defaults()} & set(KEYS)
    assert len(found) > 25
    for name, default in _literal_defaults():
        # The extractor's own defaults are handed on and win over those of the functions.
        if name in KEYS and name not in theirs and name != "additionalInfo":
            expected = list(default) if isinstance(default, list) else default
            ours = KEYS[name].default
            assert (list(ours) if isinstance(ours, tuple) else ours) == expected, name
    for name, default in theirs.items():
        ours = KEYS[name].default
        assert (list(ours) if isinstance(ours, tuple) else ours) == default, name


def test_image_types_classes_and_features_are_pyradiomics_own() -> None:
    assert set(IMAGE_TYPES) == set(radiomics.getImageTypes())
    classes = radiomics.getFeatureClasses()
    assert list(FEATURES) == list(classes)
    for name, features in FEATURES.items():
        theirs = classes[name].getFeatureNames()
        assert features == tuple(theirs)
        assert ON_REQUEST[name] == {feature for feature, deprecated in theirs.items() if deprecated}


def test_retired_features_are_those_that_raise_a_deprecation() -> None:
    classes = radiomics.getFeatureClasses()
    raising = {
        name: {feature for feature in features if _raises_deprecation(classes[name], feature)}
        for name, features in FEATURES.items()
    }
    assert {name: set(found) for name, found in RETIRED.items()} == raising


def _raises_deprecation(owner: Any, feature: str) -> bool:
    try:
        getattr(owner, f"get{feature}FeatureValue")(object.__new__(owner))
    except DeprecationWarning:
        return True
    except Exception:
        return False
    return False


def test_a_view_holds_the_keys_of_its_verb_only_in_filters_too() -> None:
    levels = view(EXAMPLE, Verb.LEVELS)
    assert levels.settings == {"binWidth": 5, "force2D": True}
    assert levels.image_types == {"Original": {}, "LoG": {"binWidth": 1}}
    assert levels.feature_classes == EXAMPLE.feature_classes
    region = view(EXAMPLE, Verb.REGION)
    assert region.settings == {"sigma": (1,), "force2D": True}
    assert region.image_types == {"Original": {}, "LoG": {"sigma": (2,)}}
    assert region.feature_classes == {"shape": ()}
    assert view(EXAMPLE, Verb.PREPARE) == Parameters({"normalize": True}, {}, {})
    assert view(EXAMPLE, Verb.CASE) == Parameters({"label": 2}, {}, {})


def test_every_key_that_changes_results_shows_in_the_view_of_its_verbs() -> None:
    for name, key in KEYS.items():
        parameters = Parameters({name: key.default})
        seen = [verb for verb in Verb if name in view(parameters, verb).settings]
        assert tuple(seen) == key.verbs
        assert key.changes_results == bool(seen)


def test_only_the_story_of_a_run_and_voxel_maps_change_nothing() -> None:
    assert {name for name, key in KEYS.items() if not key.changes_results} == {"additionalInfo", *VOXEL_KEYS}


def test_given_settings_win_over_defaults() -> None:
    assert resolved({"binWidth": 3})["binWidth"] == 3
    assert resolved({})["binWidth"] == 25
