"""Who computed the features of a study, and how well that is known: a sentence for footnotes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def engine_note(source: Path) -> str:
    """Return a sentence on the engine and its parity; empty for a feature table, which does not say.

    Parameters
    ----------
    source : Path
        Study folder, or a feature table.
    """
    record = source / "study.json"
    if not record.is_file():
        return ""
    study: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    if not {"versions", "engine"} <= set(study):
        return ""
    distribution = f"PyRadiomics {study['versions']['pyradiomics-bhklab']}"
    name = study["engine"]["name"]
    if name == "pyradiomics":
        return f"Features by {distribution} (PyRadiomics definitions)."
    told = f"Features by the {name} engine (PyRadiomics definitions)"
    parity = study.get("parity")
    if not parity:
        return f"{told}; parity was not watched."
    worst = max(parity["worst"].items(), key=lambda item: item[1], default=("none", 0.0))
    beyond = len(parity["exceeded"])
    return (
        f"{told}; {len(parity['units'])} units computed again by {distribution}: "
        f"worst relative difference {worst[1]:.1e} ({worst[0]}), {beyond} features beyond the tolerance."
    )
