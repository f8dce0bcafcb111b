from __future__ import annotations

from pathlib import Path

import pytest

from robustrad.core.errors import ProtocolError
from robustrad.core.marked_yaml import MAX_BYTES, load_marked

TEXT = """\
# a comment
name: pet
factors:
  noise:
    levels: {mild: {sd: 0.5}, on: {sd: 1e-3}}
  list:
  - 1
  - two
"""


def test_values_and_lines_of_every_key_and_item() -> None:
    marked = load_marked(TEXT, "pet.yaml")
    assert marked.value == {
        "name": "pet",
        "factors": {
            "noise": {"levels": {"mild": {"sd": 0.5}, "on": {"sd": 0.001}}},
            "list": [1, "two"],
        },
    }
    assert marked.lines["name",] == 2
    assert marked.lines["factors", "noise", "levels"] == 5
    assert marked.lines["factors", "list", 1] == 8
    assert marked.where(("factors", "list", 1)) == "pet.yaml line 8"


def test_a_path_that_was_not_written_is_told_by_what_stands_above_it() -> None:
    assert load_marked(TEXT, "pet.yaml").where(("factors", "noise", "draws")) == "pet.yaml line 4"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("-.5E+2", -50.0),
        ("12", 12),
        ("012", 12),
        ("0x1F", 31),
        ("true", True),
        ("yes", "yes"),
        ("off", "off"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2020-01-01", "2020-01-01"),
        ("'1'", "1"),
        ("null", None),
        ("~", None),
        (".inf", float("inf")),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    found = load_marked(f"key: {text}").value
    assert found == {"key": value}
    assert type(found["key"]) is type(value)  # type: ignore[index]  # a mapping, see above


def test_scalars_are_those_of_pyradiomics_own_reader() -> None:
    from ruamel.yaml import YAML

    text = "a: 1e-3\nb: 25\nc: on\nd: [1, 2.5, null]\ne: coif1\nf: 1.\ng: -3\nh: False\n3: x\n"
    theirs = YAML(typ="safe", pure=True).load(text)
    assert load_marked(text).value == {str(key): value for key, value in theirs.items()}


def test_all_duplicate_keys_are_told_with_their_lines() -> None:
    with pytest.raises(ProtocolError) as caught:
        load_marked("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n", "x.yaml")
    assert [problem.where for problem in caught.value.problems] == ["x.yaml line 4", "x.yaml line 5"]
    assert "'a' stands twice (first on line 1)" in str(caught.value)


def test_anchors_and_merges_work_and_own_keys_win() -> None:
    text = "base: &b {x: 1, y: 2}\nmore: {<<: *b, y: 3}\nboth: {<<: [{x: 9}, *b]}\n"
    assert load_marked(text).value == {
        "base": {"x": 1, "y": 2},
        "more": {"x": 1, "y": 3},
        "both": {"x": 9, "y": 2},
    }


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
        + "".join(
            f"{c}: &{c} [{','.join('*' + p for _ in range(10))}]\n"
            for p, c in zip("abcdef", "bcdefg", strict=True)
        ),
        "a: &a [*a]",
        "[" * 80 + "]" * 80,
        "[" * 500 + "]" * 500,
        "a: " + "x" * MAX_BYTES,
    ],
    ids=["bomb", "loop", "deep", "deeper", "large"],
)
def test_what_unfolds_without_end_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        load_marked(text)


@pytest.mark.parametrize(
    "text", ["a: !!python/object/apply:os.system [true]", "a: !thing 3", "a: !!python/name:os.system"]
)
def test_tags_that_make_objects_are_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match="tag"):
        load_marked(text)


def test_broken_yaml_names_file_and_line() -> None:
    with pytest.raises(ProtocolError, match=r"x\.yaml line 3: not YAML: expected"):
        load_marked("a: 1\nb: [1, 2\nc: 3\n", "x.yaml")


def test_json_with_tabs_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text('{\n\t"setting": {\n\t\t"binWidth": 2.5E1, "x": "a\\tb"\n\t}\n}\n')
    marked = load_marked(path)
    assert marked.value == {"setting": {"binWidth": 25.0, "x": "a\tb"}}
    assert marked.lines["setting", "binWidth"] == 3


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="cannot be read"):
        load_marked(tmp_path)
    (tmp_path / "latin").write_bytes(b"name: \xe9t\xe9\n")
    with pytest.raises(ProtocolError, match="UTF-8"):
        load_marked(tmp_path / "latin")


def test_an_empty_document_is_null() -> None:
    assert load_marked("# nothing\n").value is None
