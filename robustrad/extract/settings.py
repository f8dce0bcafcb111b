"""Which PyRadiomics setting belongs to which verb, what values it takes and what it is when left out.

Every key of PyRadiomics' schema stands in ``KEYS`` once (see ``core/settings.py``). A verb sees its own keys
only (``view``), so that what two conditions share is found by comparing views, and a setting that acts
elsewhere cannot be read.
"""

from __future__ import annotations

from typing import Any

from robustrad.core.settings import INTERPOLATORS, KEYS, VOXEL_KEYS, Key, Verb
from robustrad.extract.catalog import SHAPE_CLASSES
from robustrad.extract.parameters import Parameters, Settings

__all__ = ["INTERPOLATORS", "KEYS", "VOXEL_KEYS", "Key", "Verb", "resolved", "view"]

_BOTH = (Verb.REGION, Verb.LEVELS)


def view(parameters: Parameters, verb: Verb) -> Parameters:
    """Return what ``verb`` may see of ``parameters``: its own keys, in the filters' own settings too.

    Case and prepare see neither filters nor feature classes; region sees all filters and the shape classes,
    levels all filters and all classes.
    """
    filters = verb in _BOTH
    return Parameters(
        settings=_kept(parameters.settings, verb),
        image_types={name: _kept(own, verb) for name, own in parameters.image_types.items() if filters},
        feature_classes={
            name: features
            for name, features in parameters.feature_classes.items()
            if verb is Verb.LEVELS or (verb is Verb.REGION and name in SHAPE_CLASSES)
        },
    )


def resolved(settings: Settings) -> dict[str, Any]:
    """Return ``settings`` with PyRadiomics' defaults for everything that they leave out."""
    return {**{name: key.default for name, key in KEYS.items()}, **settings}


def _kept(settings: Settings, verb: Verb) -> dict[str, object]:
    return {name: value for name, value in settings.items() if verb in KEYS[name].verbs}
