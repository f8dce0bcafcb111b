"""What each feature means, in one sentence, with the IBSI's name and code where it defines the feature."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import pandas as pd

from robustrad.stability.naming import parse

COLUMNS = ("feature", "image", "feature_class", "meaning", "ibsi_name", "ibsi_code", "note")
_IMAGES = {
    "original": "the unfiltered image",
    "wavelet": "a wavelet decomposition (letters: low or high pass along x, y, z)",
    "log": "the Laplacian of Gaussian",
    "square": "the squared image",
    "squareroot": "the square root of the image",
    "logarithm": "the logarithm of the image",
    "exponential": "the exponential of the image",
    "gradient": "the magnitude of the gradient",
    "lbp": "local binary patterns",
}


@cache
def dictionary() -> pd.DataFrame:
    """Return the meaning of every feature that PyRadiomics defines, indexed by class and name."""
    with (files("robustrad.report") / "data" / "feature_dictionary.csv").open(encoding="utf-8") as stream:
        table = pd.read_csv(stream, dtype=str, keep_default_na=False)
    return table.set_index(["feature_class", "feature"])


def explain(features: Iterable[str]) -> pd.DataFrame:
    """Return a row per feature with :data:`COLUMNS`; ``meaning`` is empty for names of others.

    The IBSI's name and code say which definition a feature follows in kind; values are by PyRadiomics'
    definitions, with the deviations that ``note`` and the methods text name.
    """
    known = dictionary().to_dict("index")
    rows = []
    for name in features:
        parts = parse(name)
        key = (parts.feature_class, parts.feature)
        found = known.get(key, {})
        image = _IMAGES.get(parts.family.split("2D")[0].split("3D")[0].rstrip("-"), parts.image_type)
        rows.append({"feature": name, "image": image, "feature_class": parts.feature_class, **found})
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    return table.where(table.notna(), "")


def meanings(features: Iterable[str]) -> dict[str, str]:
    """Return the sentence of each feature that has one: tooltips of the page."""
    table = explain(features)
    told = table["meaning"].where(
        table["ibsi_code"].eq(""), table["meaning"] + " IBSI " + table["ibsi_code"] + "."
    )
    return {name: text for name, text in zip(table["feature"], told, strict=True) if text}
