"""Random images, masks and settings, most of them nasty: features or a named error, never anything else.

``NUMBA_BOUNDSCHECK=1 python -m tests.native.fuzz --cases 600``; with ``--oracle`` PyRadiomics must refuse
what the native engine refuses and compute what it computes. Prints the seed of the case that broke.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.errors import RobustradError
from robustrad.extract.engine import Engine, RegionRefusedError
from robustrad.extract.parameters import Parameters
from robustrad.perturb.sample import Sampling
from tests.native.side_by_side import NATIVE, PYRADIOMICS, features, images, parameters

Voxels = NDArray[Any]
Random = np.random.Generator
FILTERS: dict[str, dict[str, object]] = {
    "Original": {},
    "Wavelet": {},
    "LoG": {"sigma": [0.7, 2.5]},
    "Gradient": {},
    "Square": {},
    "Logarithm": {},
}


class Case(NamedTuple):
    """One case with its settings."""

    voxels: Voxels
    mask: NDArray[np.bool_]
    spacing: tuple[float, float, float]
    asked: Parameters
    sampling: Sampling


def main() -> int:
    """Try the cases; exit code 1 names the first that broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--oracle", action="store_true")
    chosen = parser.parse_args()
    outcomes: Counter[str] = Counter()
    for number in range(chosen.cases):
        case = draw(np.random.default_rng([chosen.seed, number]))
        told = outcome(NATIVE, case)
        outcomes[told] += 1
        theirs = outcome(PYRADIOMICS, case) if chosen.oracle else told
        if told not in {"features", "refused"} or theirs != told:
            print(f"seed {chosen.seed}, case {number}: native {told}; PyRadiomics {theirs}\n{case}")
            return 1
    print(dict(outcomes))
    return 0


def outcome(engine: Engine, case: Case) -> str:
    """Return ``features``, ``refused``, or what should not have happened."""
    pair = images(case.voxels, case.mask, case.spacing)
    try:
        found = features(engine, *pair, case.asked, case.sampling)
    except (RegionRefusedError, RobustradError) as error:
        return "refused" if str(error) else f"refused without a word: {error!r}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "features" if found else "nothing"


def draw(rng: Random) -> Case:
    """Return a random case."""
    depth, height, width = (int(n) for n in np.where(rng.random(3) < 0.1, 1, rng.integers(3, 13, 3)))
    shape = (depth, height, width)
    spacing = tuple(float(step) for step in rng.choice([0.3, 1.0, 2.7], 3))
    voxels = (_poisoned if rng.random() < 0.05 else _one_of(rng, IMAGES))(shape, rng)
    mask = (_nothing if rng.random() < 0.05 else _one_of(rng, MASKS))(shape, rng)
    settings: dict[str, object] = {
        "interpolator": _pick(rng, ["sitkBSpline", "sitkLinear", "sitkNearestNeighbor"]),
        "resampledPixelSpacing": _pick(rng, [None, [1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [0.7, 1.9, 0]]),
        "padDistance": int(rng.integers(0, 8)),
        "minimumROIDimensions": int(_pick(rng, [1, 1, 2, 3])),
        "distances": _pick(rng, [[1], [1], [1, 2], [3], [20]]),
        "weightingNorm": _pick(rng, [None, "euclidean", "infinity"]),
        "gldm_a": int(rng.integers(0, 4)),
        "force2D": bool(rng.random() < 0.2),
        "force2Ddimension": int(rng.integers(3)),
        "symmetricalGLCM": bool(rng.random() < 0.7),
        "resegmentRange": _pick(rng, [None, None, [-50.0, 60.0]]),
        "voxelArrayShift": int(_pick(rng, [0, 1000])),
    }
    settings |= _pick(rng, [{"binWidth": 25}, {"binWidth": 0.5}, {"binCount": 2}, {"binCount": 200}])
    some = {name: FILTERS[name] for name in FILTERS if name == "Original" or rng.random() < 0.3}
    sampling = _pick(rng, [Sampling(), Sampling(), Sampling(shift=(0.3, 0.1, -0.4))])
    if settings["resampledPixelSpacing"] is None:
        sampling = Sampling()
    first, second, third = spacing
    return Case(voxels, mask, (first, second, third), parameters(settings, some), sampling)


def _pick(rng: Random, choices: list[Any]) -> Any:
    return choices[int(rng.integers(len(choices)))]


def _one_of(rng: Random, choices: list[Callable[..., Any]]) -> Callable[..., Any]:
    return choices[int(rng.integers(len(choices)))]


def _poisoned(shape: tuple[int, ...], rng: Random) -> Voxels:
    voxels = rng.normal(0, 100, shape)
    voxels.flat[rng.integers(voxels.size)] = rng.choice([np.nan, np.inf, -np.inf])
    return voxels


def _nothing(shape: tuple[int, ...], _: Random) -> NDArray[np.bool_]:
    return np.zeros(shape, dtype=bool)


IMAGES: list[Callable[[tuple[int, ...], Random], Voxels]] = [
    lambda shape, rng: rng.normal(0, 100, shape),
    lambda shape, rng: rng.normal(1000, 300, shape).astype(np.int16),
    lambda shape, rng: rng.normal(0, 100, shape).astype(np.float32),
    lambda shape, rng: np.full(shape, rng.choice([0.0, -7.5, 1e6])),
    lambda shape, rng: 1e5 * rng.exponential(1.0, shape),
    lambda shape, rng: 1e-9 * rng.normal(0, 1, shape),
    lambda shape, rng: np.round(rng.random(shape)),
]
MASKS: list[Callable[[tuple[int, ...], Random], NDArray[np.bool_]]] = [
    lambda shape, _: np.ones(shape, dtype=bool),
    lambda shape, rng: rng.random(shape) < rng.choice([0.02, 0.2, 0.7]),
    lambda shape, _: np.indices(shape).sum(axis=0) == sum(shape) // 2,
    lambda shape, _: np.indices(shape).sum(axis=0) % 2 == 0,
    lambda shape, rng: np.indices(shape)[int(rng.integers(3))] == 0,
]

if __name__ == "__main__":
    sys.exit(main())
