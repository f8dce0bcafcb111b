"""Pairs and runs of few gray levels: by counting bits.

Every level is a set of voxels, one bit each in a flat volume. The voxels of level j whose neighbor before has
level i are what the set of j and the set of i, moved by the step between them, have in common; the voxels
with a run of r behind them are found by moving the set of those with a run of r - 1. So 512 voxels are
counted by a few instructions, and the time grows with the number of pairs of levels: up to `MOST` this is
the faster way (measured), beyond it a counter per voxel and direction is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare, inner
from robustrad.extract.native.roi import Ints

Bits = NDArray[np.uint64]
MOST = 18  # levels
BLOCK = 256  # words that stay in the fastest cache for all pairs of levels
_LINE = 8  # words of a cache line, on which all sets begin


class Sets(NamedTuple):
    """Room for the sets of a flat volume.

    Attributes
    ----------
    members : ndarray of uint64, (MOST, lead + words)
        Voxels of each level, 64 a word, after ``lead`` empty words: no step leads to before them.
    repeated : ndarray of uint64, (3, lead + words)
        Voxels that have the same level as the one before, r before, and r + 1 before.
    moved : ndarray of uint64, (BLOCK,)
        A block of a set, moved.
    """

    members: Bits
    repeated: Bits
    moved: Bits


def sets_of(size: int, steps: Ints) -> Sets:
    """Return room for a flat volume of ``size`` voxels and neighbors ``steps`` before."""
    lead = _whole_lines(int(steps.max()) // 64 + 2)
    words = lead + _whole_lines(-(-size // 64))
    return Sets(_aligned(MOST, words), _aligned(3, words), _aligned(1, BLOCK)[0])


def _whole_lines(words: int) -> int:
    return -(-words // _LINE) * _LINE


def _aligned(rows: int, words: int) -> Bits:
    plain = np.zeros(rows * words + _LINE, dtype=np.uint64)
    first = -(plain.ctypes.data // 8) % _LINE
    return plain[first : first + rows * words].reshape(rows, words)


@inner
def _ones(word: np.uint64) -> np.uint64:
    # The compiler knows this way of counting bits, and puts its one instruction for it where there is one.
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + (word >> np.uint64(2) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@inner
def _common(one: Bits, other: Bits) -> np.int64:
    total = np.uint64(0)
    for w in range(one.shape[0]):
        total += _ones(one[w] & other[w])
    return np.int64(total)


@inner
def _move(members: Bits, step: int, begin: int, out: Bits) -> None:
    # Words from ``begin`` of the set whose voxels lie ``step`` farther.
    first = begin - (step >> 6)
    left = np.uint64(step & 63)
    near = members[first : first + out.shape[0]]
    far = members[first - 1 : first - 1 + out.shape[0]]
    for w in range(out.shape[0]):
        out[w] = (near[w] << left) | (far[w] >> np.uint64(1) >> (np.uint64(63) - left))


@inner
def complete(table: NDArray[np.int32], counts: Ints) -> None:
    """Fill in what follows in a table of ``count_pairs_and_runs`` from the other numbers of a run.

    They are as many as there are pairs of the same level; all others are the first of their run.
    """
    wide = counts.shape[0] + 1
    width = table.shape[0] // wide - wide
    for level in range(1, wide):
        begin = wide * wide + level * width
        again = 0
        for run in range(2, width):
            again += table[begin + run]
        table[level * wide + level] = again
        table[begin + 1] = counts[level - 1] - again


@bare
def count_sets(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    volume: NDArray[np.uint8],
    counts: Ints,
    offsets: Ints,
    members: Bits,
    repeated: Bits,
    moved: Bits,
    tables: NDArray[np.int32],
) -> None:
    # Fills ``tables`` as ``count_pairs_and_runs`` tells.
    known = counts.shape[0]
    words = volume.shape[0] // 64
    lead = members.shape[1] - words
    for level in range(known):
        own = members[level, lead:]
        for w in range(words):
            part = volume[64 * w : 64 * w + 64]
            word = np.uint64(0)
            for i in range(64):
                word |= np.uint64(part[i] == level + 1) << np.uint64(i)
            own[w] = word
    wide = known + 1
    base = wide * wide
    width = tables.shape[1] // wide - wide
    for a in range(offsets.shape[0]):
        table = tables[a]
        for begin in range(lead, lead + words, BLOCK):
            end = min(begin + BLOCK, lead + words)
            before = moved[: end - begin]
            same = repeated[0, begin:end]
            for w in range(end - begin):
                same[w] = np.uint64(0)
            for i in range(known):
                _move(members[i], offsets[a], begin, before)
                own = members[i, begin:end]
                for w in range(end - begin):
                    same[w] |= own[w] & before[w]
                for j in range(known):
                    table[(i + 1) * wide + j + 1] += _common(before, members[j, begin:end])
        for level in range(1, wide):
            table[base + level * width + 2] = table[level * wide + level]
        run = 2
        some = True
        while some:
            run += 1
            some = False
            shorter = repeated[0 if run == 3 else 1 + run % 2]
            for begin in range(lead, lead + words, BLOCK):
                end = min(begin + BLOCK, lead + words)
                longer = repeated[2 - run % 2, begin:end]
                _move(shorter, offsets[a], begin, longer)
                same = repeated[0, begin:end]
                left = np.uint64(0)
                for w in range(end - begin):
                    longer[w] &= same[w]
                    left |= longer[w]
                if left != np.uint64(0):
                    some = True
                    for level in range(1, wide):
                        at = base + level * width + run
                        if table[at - 1] > 0:
                            table[at] += _common(longer, members[level - 1, begin:end])
        for level in range(1, wide):
            for at in range(base + level * width + 2, base + (level + 1) * width - 1):
                table[at] -= table[at + 1]
        complete(table, counts)
