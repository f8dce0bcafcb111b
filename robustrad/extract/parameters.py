"""A PyRadiomics parameter file in memory, and how a factor overrides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from robustrad.core.identity import fingerprint

Settings = Mapping[str, object]


@dataclass(frozen=True)
class Parameters:
    """Settings, image types and feature classes, in the order of the file.

    Attributes
    ----------
    settings : mapping
        The section ``setting`` (PyRadiomics' keys).
    image_types : mapping of str to mapping
        The section ``imageType``: filter -> its own settings, which win over ``settings``.
    feature_classes : mapping of str to tuple of str
        The section ``featureClass``: class -> feature names; empty means all that PyRadiomics enables.
    """

    settings: Settings = field(default_factory=dict)
    image_types: Mapping[str, Settings] = field(default_factory=lambda: {"Original": {}})
    feature_classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def overridden(self, overrides: Settings) -> Parameters:
        """Return a copy in which ``overrides`` win everywhere, in the filters' own settings too.

        A value of None removes the key. Other settings keep their places.
        """
        return replace(
            self,
            settings=_override(self.settings, overrides, add=True),
            image_types={
                name: _override(own, overrides, add=False) for name, own in self.image_types.items()
            },
        )

    def mapping(self) -> dict[str, object]:
        """Return the parameter file as PyRadiomics reads it (JSON)."""
        return {
            "setting": dict(self.settings),
            "imageType": {name: dict(own) for name, own in self.image_types.items()},
            "featureClass": {name: list(features) for name, features in self.feature_classes.items()},
        }

    @property
    def fingerprint(self) -> str:
        """Identity of these parameters."""
        return fingerprint(self.mapping())


def _override(settings: Settings, overrides: Settings, *, add: bool) -> dict[str, object]:
    merged = dict(settings)
    for key, value in overrides.items():
        if value is None:
            merged.pop(key, None)
        elif add or key in merged:
            merged[key] = value
    return merged
