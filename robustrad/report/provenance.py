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
    told = f"Features by the {name} engine ({_definition(name)})"
    parity = study.get("parity")
    if not parity:
        return f"{told}; parity was not watched."
    worst = ", ".join(f"{kind} {value:.1e}" for kind, value in sorted(parity["worst"].items()))
    which = "unfiltered features of " if parity.get("compared") == "unfiltered" else ""
    beyond = len(parity["exceeded"])
    return (
        f"{told}; {which}{len(parity['units'])} units computed again by {distribution}: "
        f"worst relative difference by class: {worst or 'none'}; {beyond} features beyond the tolerance."
    )


def _definition(engine: str) -> str:
    if engine == "native-shared":
        return (
            "PyRadiomics definitions, but one filtered image for all masks, its LoG padded by 5 SD: "
            "not comparable with PyRadiomics' filtered images"
        )
    return "PyRadiomics definitions"
