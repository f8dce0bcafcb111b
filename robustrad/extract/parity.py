"""Compare the features of two engines.

Two values agree where ``|a - b| <= 1e-9 max(|a|, |b|) + 1e-12 scale``: relative error alone fails for
features near zero (skewness, means of filtered images), so the scale of what was summed up counts too. MCC is
an eigenvalue: it gets 1e-6. Imc2 near zero is the square root of rounding noise of 1e-16: it gets 1e-6, and
1e-8 absolute. NaN agrees with NaN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

RELATIVE = 1e-9
ABSOLUTE = 1e-12
_LOOSER = {"glcm_MCC": 1e-6, "glcm_Imc2": 1e-6}
_ROOTS_OF_NOISE = {"glcm_Imc2": 1e-8}


class Difference(NamedTuple):
    """One feature on which two engines disagree.

    Attributes
    ----------
    feature : str
        Its name.
    a, b : float
        The two values; NaN also where the feature is missing.
    relative : float
        ``|a - b| / max(|a|, |b|)``; infinite where one of them is NaN or missing.
    """

    feature: str
    a: float
    b: float
    relative: float


class Parity(NamedTuple):
    """How two engines agree.

    Attributes
    ----------
    differences : tuple of Difference
        Features beyond the tolerance, in order.
    missing : tuple of str
        Features that only one of the two has.
    worst : dict of str to float
        Feature class -> largest relative difference of the features that both have, tolerated ones too.
    identical : int
        Features that are the same to the last bit.
    compared : int
        Features that both have.
    """

    differences: tuple[Difference, ...]
    missing: tuple[str, ...]
    worst: dict[str, float]
    identical: int
    compared: int

    @property
    def holds(self) -> bool:
        """Whether no feature differs or is missing."""
        return not self.differences and not self.missing


def compare(
    a: Mapping[str, float],
    b: Mapping[str, float],
    *,
    relative: float = RELATIVE,
    absolute: float = ABSOLUTE,
    scales: Mapping[str, float] | None = None,
) -> Parity:
    """Return where two sets of features differ.

    Parameters
    ----------
    a, b : mapping of str to float
        Features by PyRadiomics' names.
    relative, absolute : float
        The tolerances; MCC and Imc2 get at least 1e-6 relative, and Imc2 1e-8 absolute, unless ``relative``
        is below 1e-9.
    scales : mapping of str to float, optional
        Magnitude of what each feature sums up, in its own unit; default 1.
    """
    shared = [name for name in a if name in b]
    found = [Difference(name, a[name], b[name], _relative(a[name], b[name])) for name in shared]
    differences = []
    for one in found:
        scale = scales.get(one.feature, 1.0) if scales else 1.0
        noise = _looser(one.feature, _ROOTS_OF_NOISE, relative, absolute * scale)
        if not _close(one, _looser(one.feature, _LOOSER, relative, relative), noise):
            differences.append(one)
    worst: dict[str, float] = {}
    for one in found:
        name = feature_class(one.feature)
        worst[name] = max(worst.get(name, 0.0), one.relative)
    return Parity(
        tuple(differences),
        tuple(name for name in [*a, *b] if (name in a) is not (name in b)),
        worst,
        sum(one.relative == 0 for one in found),
        len(found),
    )


def feature_class(feature: str) -> str:
    """Return the feature class of a PyRadiomics name (``original_glcm_Id`` -> ``glcm``)."""
    return feature.rsplit("_", 2)[-2]


def _looser(feature: str, limits: Mapping[str, float], relative: float, own: float) -> float:
    if relative < RELATIVE:
        return own
    return max([own, *(limit for name, limit in limits.items() if feature.endswith(name))])


def _close(one: Difference, relative: float, absolute: float) -> bool:
    if math.isinf(one.relative):
        return False
    size = max(abs(one.a), abs(one.b))
    return one.relative == 0 or abs(one.a - one.b) <= relative * size + absolute


def _relative(a: float, b: float) -> float:
    if a == b or (math.isnan(a) and math.isnan(b)):
        return 0.0
    if not (math.isfinite(a) and math.isfinite(b)):
        return math.inf
    return abs(a - b) / max(abs(a), abs(b))
