"""The design ``chains``: which level of each factor stands in which chain, the same for all cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from robustrad.core.identity import fingerprint
from robustrad.protocol.model import Chains, Design, Factor, Level
from robustrad.protocol.problems import Problems, kind_of

Choice = tuple[Factor, Level]
"""A factor, and the level of it that acts."""

MOST_TRIES = 1000
"""Draws of one chain that may repeat an earlier one before it is said that there are no more."""

_EXAMPLE = "a mapping such as {n: 30, seed: 0}"


def read_chains(content: Mapping[str, Any], problems: Problems, *, design: Design) -> Chains | None:
    """Return the key ``chains`` of a protocol; what is wrong is added to ``problems``."""
    given, path = content.get("chains"), ("chains",)
    if design != "chains":
        if "chains" in content:
            problems.add(path, f"chains in the design {design}", "design: chains", "Remove one of the two.")
        return None
    if not isinstance(given, Mapping):
        problems.add(path if "chains" in content else (), f"chains is {kind_of(given)}", _EXAMPLE)
        return Chains(1)
    problems.unknown_keys(given, path, ("n", "seed"), "key of chains")
    if "n" not in given:
        problems.add(path, "there is no n", "the number of chains")
    n = problems.whole(given, path, "n", least=1, default=1)
    return Chains(n, problems.whole(given, path, "seed", least=0, default=0))


def draw_chains(factors: tuple[Factor, ...], chains: Chains) -> tuple[tuple[Choice, ...], ...]:
    """Return the chains: for each, the factors that it varies (in file order) and their levels.

    A chain varies a factor with the factor's ``chance``, at a level that is any of its levels with equal
    probability, independently of the other factors. A chain that varies nothing, or repeats an earlier one
    without drawing random numbers, is drawn again. Chain i depends on the protocol's seed, on the names of
    the factors, on i and on the chains before it; on neither ``n`` nor the study's seed.

    Parameters
    ----------
    factors : tuple of Factor
        Factors with their levels and chances.
    chains : Chains
        Number and seed.

    Returns
    -------
    tuple of tuple of (Factor, Level)
        ``chains.n`` of them, or fewer where no others are found.
    """
    drawn: list[tuple[Choice, ...]] = []
    seen: set[tuple[tuple[str, str], ...]] = set()
    for number in range(1, chains.n + 1):
        tries = (tuple(_draw(factors, chains.seed, number, again)) for again in range(MOST_TRIES))
        chain = next(
            (chain for chain in tries if chain and (_random(chain) or _names(chain) not in seen)), None
        )
        if chain is None:
            break
        drawn.append(chain)
        seen.add(_names(chain))
    return tuple(drawn)


def _draw(factors: tuple[Factor, ...], seed: int, number: int, again: int) -> Iterator[Choice]:
    for factor in factors:
        identity = ("chains", seed, factor.name, number, again)
        if _uniform(*identity, "acts") < factor.chance:
            yield factor, factor.levels[int(_uniform(*identity, "level") * len(factor.levels))]


def _uniform(*identity: str | int) -> float:
    """Return a number in [0, 1) from a hash: unlike a generator's, no version of NumPy can change it."""
    return (int(fingerprint(identity), 16) >> 11) / 2**53


def _random(chain: tuple[Choice, ...]) -> bool:
    return any(factor.random for factor, _ in chain)


def _names(chain: tuple[Choice, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((factor.name, level.name) for factor, level in chain)
