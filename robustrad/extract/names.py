"""The names of features: which columns a parameter file gives, in which order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from robustrad.extract.catalog import FEATURES, ON_REQUEST, RETIRED, SHAPE_CLASSES
from robustrad.extract.parameters import Parameters, Settings
from robustrad.extract.settings import resolved


def feature_names(parameters: Parameters) -> tuple[str, ...]:
    """Return the names of all features that ``parameters`` ask for, in PyRadiomics' order.

    Shape comes first, then the image types and in each the feature classes as the file lists them. A filter
    that cannot run on a small region (LoG) leaves out its own; without ``force2D`` there is no shape2D.
    """
    classes = parameters.feature_classes
    flat = resolved(parameters.settings)["force2D"]
    names = []
    for name in SHAPE_CLASSES:
        if name in classes and (flat or name != "shape2D"):
            names += [f"original_{name}_{feature}" for feature in enabled(name, classes[name])]
    for image in _images(parameters):
        for name, listed in classes.items():
            if name not in SHAPE_CLASSES:
                names += [f"{image}_{name}_{feature}" for feature in enabled(name, listed)]
    return tuple(dict.fromkeys(names))


@lru_cache(maxsize=256)
def enabled(name: str, listed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the features of class ``name`` that give a value; nothing listed means PyRadiomics' default."""
    asked = listed or tuple(feature for feature in FEATURES[name] if feature not in ON_REQUEST[name])
    return tuple(dict.fromkeys(feature for feature in asked if feature not in RETIRED[name]))


def _images(parameters: Parameters) -> Iterator[str]:
    for image_type, own in parameters.image_types.items():
        yield from image_names(image_type, {**parameters.settings, **own})


def imageless_note(parameters: Parameters) -> str:
    """Return a note on image types that give no image (a LoG without ``sigma``); empty if there is none."""
    own = parameters.image_types.items()
    empty = [name for name, settings in own if not image_names(name, {**parameters.settings, **settings})]
    if not empty:
        return ""
    hint = " LoG needs sigma, such as LoG: {sigma: [2.0, 4.0]}." if "LoG" in empty else ""
    return f"imageType {', '.join(empty)} gives no image, so no features beside shape.{hint}"


def image_names(image_type: str, settings: Settings) -> list[str]:
    """Return the names of the images that one image type gives under ``settings`` (its own included)."""
    values = resolved(settings)
    if image_type == "LoG":
        return [f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D" for sigma in values["sigma"]]
    if image_type == "LBP3D":
        return [*(f"lbp-3D-m{n + 1}" for n in range(values["lbp3DLevels"])), "lbp-3D-k"]
    if image_type == "Wavelet":
        return _wavelet_names(values["level"], 2 if values["force2D"] else 3)
    return ["lbp-2D" if image_type == "LBP2D" else image_type.lower()]


def _wavelet_names(levels: int, axes: int) -> list[str]:
    low, *bands = ("".join(letters) for letters in product("LH", repeat=axes))
    prefixes = ["wavelet" if n == 1 else f"wavelet{n}" for n in range(1, levels + 1)]
    return [*(f"{prefix}-{band}" for prefix in prefixes for band in bands), f"{prefixes[-1]}-{low}"]
