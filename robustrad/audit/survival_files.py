"""The files of a survival run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from robustrad.core.written import make_folder, remove_file, write_csv, write_text
from robustrad.drift.evaluate.sentences import Sentence
from robustrad.drift.sites.survival_tables import SURVIVAL_REMEDIES

HARMONIZATION = "survival_harmonization"


def write_survival(
    frames: Mapping[str, pd.DataFrame], said: Sequence[Sentence], facts: Mapping[str, Any], folder: Path
) -> tuple[Path, ...]:
    """Write the tables, by the names of their files, and ``survival.json``.

    Tables of remedies and of harmonization that are not among ``frames`` are removed. ``survival.json`` is
    written last: where it is, the tables are complete.
    """
    make_folder(folder)
    head = folder / "survival.json"
    remove_file(head)
    for name in (*SURVIVAL_REMEDIES, HARMONIZATION):
        if name not in frames:
            remove_file(folder / f"{name}.csv")
    paths = [write_csv(frame, folder / f"{name}.csv") for name, frame in frames.items()]
    content = {
        **facts,
        "tables": [path.name for path in paths],
        "sentences": [sentence._asdict() for sentence in said],
    }
    text = json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False)
    return (*paths, write_text(text + "\n", head))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
