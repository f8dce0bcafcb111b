"""Identity: canonical JSON, fingerprints of settings, content hashes of files, seeds of draws.

Two things are the same when their canonical JSON is the same; a draw's random numbers depend on what it
is (study, case, factor, position, draw), never on when or where it is computed.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

_DETACHED = {".mhd", ".nhdr", ".hdr", ".img"}


def canonical_json(value: object) -> str:
    """Return ``value`` as JSON with sorted keys and no spaces; NaN and Inf are errors.

    Tuples become lists and integral floats integers, so that ``4`` and ``4.0`` are the same setting.

    Raises
    ------
    ValueError
        If a number is not finite.
    TypeError
        If something is not JSON.
    """
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def fingerprint(value: object) -> str:
    """Return 16 hexadecimal digits (64 bits) of SHA-256 over the canonical JSON of ``value``."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:16]


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes; a detached header brings the data files that share its stem."""
    parts = [path]
    if path.suffix.lower() in _DETACHED:
        parts = sorted(p for p in path.parent.iterdir() if p.name.split(".")[0] == path.name.split(".")[0])
    digest = hashlib.sha256()
    for part in parts:
        with part.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def generator(*identity: str | int) -> np.random.Generator:
    """Return the random generator that belongs to ``identity``, the same wherever and whenever it is asked.

    Parameters
    ----------
    *identity : str or int
        For a draw: study seed, case_id, factor, position in the chain, draw. The level is left out on
        purpose: rising levels share one noise field (common random numbers).
    """
    digest = hashlib.sha256(canonical_json(list(identity)).encode()).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int.from_bytes(digest, "big"))))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and math.isfinite(value) and value == int(value) and abs(value) < 2**53:
        return int(value)
    return value
