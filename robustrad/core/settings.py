"""Every setting of PyRadiomics: where it acts, which values it takes, what it is when left out.

Both sides of the sweep need it: an operator that changes a setting must know where that acts, and the
extraction shows every verb its own settings only. The settings stand in ``KEYS`` once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal


class Verb(Enum):
    """Where in the extraction a setting acts, in order."""

    CASE = "case"
    PREPARE = "prepare"
    REGION = "region"
    LEVELS = "levels"


Kind = Literal["int", "float", "bool", "word", "ints", "floats", "interpolator", "wavelet"]


@dataclass(frozen=True)
class Key:
    """One PyRadiomics setting.

    Attributes
    ----------
    verbs : tuple of Verb
        Where it acts; empty for a setting that changes no value of a region (runtime only).
    kind : str
        Type of its value; ``ints`` and ``floats`` are lists.
    default : object
        What PyRadiomics uses when it is left out.
    above, least, most : float or None
        Bounds of a number (or of each item): greater than ``above``, not less than ``least``, not more
        than ``most``.
    words : tuple of str
        Allowed words.
    null : bool
        Whether null means something (off).
    lengths : tuple of int
        Allowed lengths of a list; empty for any.
    """

    verbs: tuple[Verb, ...]
    kind: Kind
    default: object
    above: float | None = None
    least: float | None = None
    most: float | None = None
    words: tuple[str, ...] = ()
    null: bool = False
    lengths: tuple[int, ...] = ()

    @property
    def changes_results(self) -> bool:
        """Whether the setting changes any feature value."""
        return bool(self.verbs)

    def expected(self, value: object) -> str:
        """Return what was expected in place of ``value``; empty if it is right."""
        if value is None:
            right = self.null
        elif self.kind in {"ints", "floats"}:
            right = isinstance(value, (list, tuple)) and self._right_items(value)
        elif self.kind == "bool":
            right = isinstance(value, bool)
        elif self.kind == "word":
            right = value in self.words
        elif self.kind == "interpolator":
            right = value in self.words if isinstance(value, str) else self._right_number(value)
        elif self.kind == "wavelet":
            right = value in _wavelets()
        else:
            right = self._right_number(value)
        return "" if right else self._told()

    def _right_items(self, items: list[object] | tuple[object, ...]) -> bool:
        length = len(items) in self.lengths if self.lengths else bool(items)
        return length and all(self._right_number(item) for item in items)

    def _right_number(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            return False
        if isinstance(value, float) and self.kind in {"int", "ints", "interpolator"}:
            return False
        return (
            (self.above is None or value > self.above)
            and (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
        )

    def _told(self) -> str:
        noun = {"int": "a whole number", "float": "a number", "ints": "whole numbers", "floats": "numbers"}
        text = noun.get(self.kind, "")
        if self.kind in {"ints", "floats"}:
            text = f"a list of {' or '.join(map(str, self.lengths))} {text}".replace("  ", " ")
        if self.kind == "bool":
            text = "true or false"
        if self.kind == "wavelet":
            text = "a wavelet of PyWavelets (coif1, haar, db2, ...)"
        if self.words:
            text = f"one of {', '.join(self.words)}"
        bounds = [
            f"{word} {bound:g}"
            for word, bound in (("above", self.above), ("at least", self.least), ("at most", self.most))
            if bound is not None and not self.words
        ]
        text = " ".join([text, " and ".join(bounds)]).strip()
        return f"{text}, or null" if self.null else text


_CASE, _PREPARE, _REGION, _LEVELS = ((verb,) for verb in Verb)
_BOTH = (Verb.REGION, Verb.LEVELS)
INTERPOLATORS = (
    *("sitkNearestNeighbor", "sitkLinear", "sitkBSpline", "sitkGaussian", "sitkLabelGaussian"),
    *("sitkHammingWindowedSinc", "sitkCosineWindowedSinc", "sitkWelchWindowedSinc"),
    *("sitkLanczosWindowedSinc", "sitkBlackmanWindowedSinc"),
)

KEYS: Mapping[str, Key] = {
    # The case: which voxels of the mask file are the ROI, and whether its grid fits the image's.
    "label": Key(_CASE, "int", 1, above=0),
    "label_channel": Key(_CASE, "int", 0, least=0),
    "correctMask": Key(_CASE, "bool", False),
    "geometryTolerance": Key(_CASE, "float", None, above=0, null=True),
    # Prepare: the whole image.
    "normalize": Key(_PREPARE, "bool", False),
    "normalizeScale": Key(_PREPARE, "float", 1, above=0),
    "removeOutliers": Key(_PREPARE, "float", None, above=0, null=True),
    # Region: grid, resegmentation, filters, shape.
    "interpolator": Key(
        _REGION, "interpolator", "sitkBSpline", least=1, most=10, words=INTERPOLATORS, null=True
    ),
    "resampledPixelSpacing": Key(_REGION, "floats", None, least=0, null=True, lengths=(3,)),
    "padDistance": Key(_REGION, "int", 5, least=0),
    "preCrop": Key(_REGION, "bool", False),
    "minimumROIDimensions": Key(_REGION, "int", 2, least=1, most=3),
    "minimumROISize": Key(_REGION, "int", None, above=0, null=True),
    "resegmentRange": Key(_REGION, "floats", None, null=True, lengths=(1, 2)),
    "resegmentMode": Key(_REGION, "word", "absolute", words=("absolute", "relative", "sigma")),
    "resegmentShape": Key(_REGION, "bool", False),
    "sigma": Key(_REGION, "floats", (), above=0),
    "start_level": Key(_REGION, "int", 0, least=0),
    "level": Key(_REGION, "int", 1, above=0),
    "wavelet": Key(_REGION, "wavelet", "coif1"),
    "gradientUseSpacing": Key(_REGION, "bool", True),
    "lbp2DRadius": Key(_REGION, "float", 1, above=0),
    "lbp2DSamples": Key(_REGION, "int", 8, least=1),
    "lbp2DMethod": Key(_REGION, "word", "uniform", words=("default", "ror", "uniform", "var")),
    "lbp3DLevels": Key(_REGION, "int", 2, least=1),
    "lbp3DIcosphereRadius": Key(_REGION, "float", 1, above=0),
    "lbp3DIcosphereSubdivision": Key(_REGION, "int", 1, least=0),
    # Filters and shape look at them, and the texture matrices do.
    "force2D": Key(_BOTH, "bool", False),
    "force2Ddimension": Key(_BOTH, "int", 0, least=0, most=2),
    # Levels: discretization, matrices, first order.
    "binWidth": Key(_LEVELS, "float", 25, above=0),
    "binCount": Key(_LEVELS, "int", None, above=0, null=True),
    "distances": Key(_LEVELS, "ints", (1,), above=0),
    "voxelArrayShift": Key(_LEVELS, "int", 0),
    "symmetricalGLCM": Key(_LEVELS, "bool", True),
    "weightingNorm": Key(
        _LEVELS, "word", None, words=("euclidean", "manhattan", "infinity", "no_weighting"), null=True
    ),
    "gldm_a": Key(_LEVELS, "int", 0, least=0),
    # Runtime only: what PyRadiomics tells about a run, and its voxel-wise maps.
    "additionalInfo": Key((), "bool", True),
    "kernelRadius": Key((), "int", 1, above=0),
    "maskedKernel": Key((), "bool", True),
    "initValue": Key((), "float", 0),
    "voxelBatch": Key((), "int", -1, above=0),
}
# These four stand under ``voxelSetting`` in a parameter file, all others under ``setting``.
VOXEL_KEYS = ("kernelRadius", "maskedKernel", "initValue", "voxelBatch")


def _wavelets() -> list[str]:
    import pywt

    return list(pywt.wavelist())
