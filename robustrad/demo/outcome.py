"""The plan of a cohort: what is planted in whom, before any image is made."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from robustrad.core.identity import generator

OutcomeKind = Literal["texture", "volume"]
OUTCOMES: tuple[str, ...] = get_args(OutcomeKind)
Values = NDArray[np.float64]

# A logistic model on a score spread evenly with mean 0 and SD 1: these two give a true AUC of 0.800
# and a prevalence of 45 % (solved by numerical integration; a test repeats it).
SLOPE = 1.2693173
INTERCEPT = -0.2753953
PREVALENCE = 0.45

VOLUME_ML = (15.0, 250.0)
# Fine enough to lose contrast when the resolution falls, coarse enough to be seen through 6 mm.
CORRELATION_MM = (3.5, 7.5)
# SD of log activity: about 0.12 (nearly even) to 0.64 (hot spots of three times the mean).
STRENGTH_MEAN = 0.38
STRENGTH_SD = 0.15


class Traits(NamedTuple):
    """What belongs to the patient alone, whoever else is in the cohort; arrays of length n.

    Attributes
    ----------
    voxels : ndarray of int
        Image voxels in the lesion; log-uniform over ``VOLUME_ML``.
    uptake_suv : ndarray
        Mean activity of the viable tumor; log-normal about 8 SUV, SD of the log 0.10.
    correlation_mm : ndarray
        Correlation length of the heterogeneity, log-uniform over ``CORRELATION_MM``.
    necrosis_fraction : ndarray
        Share of the lesion that is necrotic: 0 in 60 %, else 5 to 30 %.
    signal : ndarray
        Standardized even draw, from which the strength of the texture is made.
    luck : ndarray
        Standard logistic draw, added to the linear predictor.
    noise_z : ndarray
        Normal draw, cut at 2 SD: how noisy this patient's scan is among those of the scanner.
    order : ndarray
        Even draw that decides the order in which sites are handed out.
    """

    voxels: NDArray[np.int64]
    uptake_suv: Values
    correlation_mm: Values
    necrosis_fraction: Values
    signal: Values
    luck: Values
    noise_z: Values
    order: Values


class Planted(NamedTuple):
    """What depends on the sample; arrays of length n."""

    strength: Values
    linear_predictor: Values
    probability: Values
    outcome: NDArray[np.int64]
    site: NDArray[np.str_]


def draw_traits(n: int, seed: int, *, voxel_ml: float) -> Traits:
    """Draw the traits of patients 0 to n - 1, each from a generator of its own."""
    rows = []
    for patient in range(n):
        rng = generator("robustrad.demo", seed, patient, "traits")
        necrotic = rng.uniform() < 0.4
        rows.append(
            (
                round(float(np.exp(rng.uniform(*np.log(VOLUME_ML)))) / voxel_ml),
                float(np.exp(rng.normal(np.log(8.0), 0.10))),
                float(np.exp(rng.uniform(*np.log(CORRELATION_MM)))),
                float(rng.uniform(0.05, 0.30)) * necrotic,
                float(rng.uniform(-1.0, 1.0)) * 3**0.5,
                float(rng.logistic()),
                float(np.clip(rng.normal(), -2.0, 2.0)),
                float(rng.uniform()),
            )
        )
    voxels, *others = (np.array(column) for column in zip(*rows, strict=True))
    return Traits(voxels, *others)


def plant(traits: Traits, outcome: OutcomeKind) -> Planted:
    """Return strength of texture, outcome and site of every patient.

    The strength is ``STRENGTH_MEAN`` + ``STRENGTH_SD`` times the signal made orthogonal to log volume in
    this sample: their correlation is 0 to rounding. The outcome is positive in the round(0.45 n) patients
    in whom linear predictor + luck is largest: a logistic model whose count of events is fixed.
    """
    volume = standardize(np.log(traits.voxels))
    texture = orthogonal(traits.signal, volume)
    predictor = INTERCEPT + SLOPE * (texture if outcome == "texture" else volume)
    latent = predictor + traits.luck
    events = np.zeros(latent.size, dtype=np.int64)
    events[np.argsort(latent)[latent.size - round(PREVALENCE * latent.size) :]] = 1
    strength = STRENGTH_MEAN + STRENGTH_SD * texture
    return Planted(strength, predictor, expit(predictor), events, assign_sites(events, traits.order))


def standardize(values: Values) -> Values:
    """Return ``values`` with mean 0 and SD 1 (divisor n)."""
    return np.asarray((values - values.mean()) / values.std())


def orthogonal(values: Values, against: Values) -> Values:
    """Return what a straight line on ``against`` leaves of ``values``, with mean 0 and SD 1."""
    line = standardize(against)
    left = values - values.mean()
    return standardize(left - line * (left @ line) / (line @ line))


def assign_sites(outcome: NDArray[np.int64], order: Values) -> NDArray[np.str_]:
    """Return site A or B of every patient: equal shares, in each outcome too (to one patient)."""
    sites = np.empty(outcome.size, dtype="<U1")
    ranked = np.lexsort((order, outcome))
    sites[ranked[0::2]] = "A"
    sites[ranked[1::2]] = "B"
    return sites
