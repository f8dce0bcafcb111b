"""Words for imaging modalities, as people and files write them."""

from __future__ import annotations

_KINDS = {"CT": "CT", "PT": "PT", "PET": "PT", "MR": "MR", "MRI": "MR"}


def modality_kind(word: str) -> str | None:
    """Return ``CT``, ``PT`` or ``MR``, in which case ever it is written; None for any other word."""
    return _KINDS.get(word.strip().upper())
