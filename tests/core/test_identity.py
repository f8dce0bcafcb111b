"""Identity: what is the same is the same wherever it is asked, what differs differs."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustrad.core.identity import canonical_json, content_hash, fingerprint, generator

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_order_of_keys_and_kind_of_number_do_not_matter():
    one = {"b": (1.0, 2.5), "a": {"y": np.float64(4.0), "x": np.int64(3)}}
    other = {"a": {"x": 3, "y": 4}, "b": [1, 2.5]}
    assert canonical_json(one) == canonical_json(other) == '{"a":{"x":3,"y":4},"b":[1,2.5]}'
    assert fingerprint(one) == fingerprint(other)


def test_minus_zero_is_zero():
    assert canonical_json(-0.0) == "0"


def test_booleans_stay_booleans():
    assert canonical_json([True, 1]) == "[true,1]"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, {"a": [np.nan]}])
def test_numbers_that_are_not_finite_are_refused(value):
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(value)


def test_what_is_not_json_is_refused():
    with pytest.raises(TypeError):
        canonical_json({"mask": object()})


@given(json_values)
def test_canonical_json_is_a_fixed_point(value):
    import json

    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text


def test_fingerprint_is_the_start_of_sha256():
    assert fingerprint({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()[:16]


def test_content_hash_follows_bytes_not_names(tmp_path):
    one, other = tmp_path / "a.nrrd", tmp_path / "b.nrrd"
    one.write_bytes(b"voxels")
    other.write_bytes(b"voxels")
    assert content_hash(one) == content_hash(other)
    other.write_bytes(b"voxelz")
    assert content_hash(one) != content_hash(other)


@pytest.mark.parametrize(
    ("header", "data"),
    [
        ("scan.mhd", "scan.raw"),
        ("scan.mhd", "scan.zraw"),
        ("scan.hdr", "scan.img"),
        ("scan.nhdr", "scan.raw.gz"),
    ],
)
def test_detached_header_brings_its_data(tmp_path, header, data):
    (tmp_path / header).write_bytes(b"header")
    (tmp_path / data).write_bytes(b"one")
    (tmp_path / "another.raw").write_bytes(b"not mine")
    before = content_hash(tmp_path / header)
    (tmp_path / "another.raw").write_bytes(b"still not mine")
    assert content_hash(tmp_path / header) == before
    (tmp_path / data).write_bytes(b"two")
    assert content_hash(tmp_path / header) != before


def test_attached_header_ignores_files_beside_it(tmp_path):
    (tmp_path / "scan.mha").write_bytes(b"all of it")
    before = content_hash(tmp_path / "scan.mha")
    (tmp_path / "scan.raw").write_bytes(b"another file")
    assert content_hash(tmp_path / "scan.mha") == before


def draws(*identity):
    return generator(*identity).normal(size=4).tolist()


def test_seed_is_identity_not_order():
    forth = [draws(0, "P1", "noise", 0, d) for d in range(5)]
    back = [draws(0, "P1", "noise", 0, d) for d in reversed(range(5))][::-1]
    assert forth == back


def test_every_part_of_the_identity_counts():
    identities = [(0, "P1", "noise", 0, 1), (1, "P1", "noise", 0, 1), (0, "P2", "noise", 0, 1),
                  (0, "P1", "blur", 0, 1), (0, "P1", "noise", 1, 1), (0, "P1", "noise", 0, 2),
                  (0, "P1", "noise", 1, 0), ("0", "P1", "noise", 0, 1), (0, "P1n", "oise", 0, 1)]  # fmt: skip
    assert len({tuple(draws(*identity)) for identity in identities}) == len(identities)


def test_numpy_numbers_are_the_same_identity():
    assert draws(np.int64(7), "P1", 2) == draws(7, "P1", 2)


def test_another_process_draws_the_same_numbers():
    code = "from robustrad.core.identity import generator; print(generator(7, 'LUNG-1', 'noise', 0, 3).normal(size=4).tolist())"  # noqa: E501 - one program
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(draws(7, "LUNG-1", "noise", 0, 3))
