"""Which PyRadiomics setting belongs to which verb, what values it takes and what it is when left out.

Every key of PyRadiomics' schema stands in ``KEYS`` once. A verb sees its own keys only (``view``), so that
what two conditions share is found by comparing views, and a setting that acts elsewhere cannot be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from robustrad.extract.catalog import SHAPE_CLASSES
from robustrad.extract.parameters import Parameters, Settings


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
DEFAULTS = {name: key.default for name, key in KEYS.items()}
VOXEL_KEYS = ("kernelRadius", "maskedKernel", "initValue", "voxelBatch")


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
    return {**DEFAULTS, **settings}


def _kept(settings: Settings, verb: Verb) -> dict[str, object]:
    return {name: value for name, value in settings.items() if verb in KEYS[name].verbs}
