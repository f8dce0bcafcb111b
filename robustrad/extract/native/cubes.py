"""The triangles of a cube of eight voxels, and what each kind of cube adds to volume and surface.

The list of triangles is the one PyRadiomics uses (BSD-3, after Lorensen and Cline 1987,
doi:10.1145/37402.37422). It is data: another list of the many in use gives other volumes, because ambiguous
faces are cut differently.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: One word per kind of cube 0-127 (bit k: corner k is inside); three edges a triangle, edges in base 12.
_WORDS = """
    - 083 190 183198 12a 08312a 92a029 2832a8a98 b23 b2008b 190b23 b2119b98b 3a1ba3 a1008a8ba
    9033b9ba9 98aba8 478 043473 190478 194147173 12a478 34730412a 92a902478 2a9297273479 478b23
    b47b24204 190478b23 47b94bb29192 3a1ba3478 ba114b10447b 4789033b9ba9 47b4b99ba 954 954083 054015
    854835315 12a954 08312a954 2a5542240 2a5325354834 954b23 b2008b954 054015b23 215258b28548
    3a1ba3954 549a1008a8ba 54050ba5bb03 548a58ba8 789579 309539357 780017715 157173 78957912a
    12a309395357 0288258572a5 2a5253357 579789b23 579972209b27 b23018178157 21b17b157 7895793a1ba3
    5705097b0a10ba0 ba003ba50078570 ba557b 65a 08365a 19065a 18319865a 165126 165126083 965906026
    598582526832 b2365a b2008b65a 190b2365a b2119b98b65a 63b653513 08b0b50515b6 63b036065059 65969bb98
    47865a 04347365a 19047865a 19414717365a 478165126 043473165126 478965906026 739479329596269
    b2347865a b47b2420465a 190b2347865a 47b94bb2919265a 47863b653513 51b5b610b47b04b 47863b036065059
    65969b4797b9 a4964a a4964a083 01aa60640 18316886461a 149124264 149124264083 024426 832824426
    b23a4964a b2008ba4964a b2301aa60640 64161a148b2118b 964369139b63 18b081b61149641 63b036640 86468b
    67a78a89a 67a0a709a073 67a1a7178018 67a1a7173 126168189678 269129679309739 078706602 273267
    b2367a78a89a 207b2709767a9a7 67a1a7178018b23 b2117ba61167 896678169b63136 09167b 07870603bb60 67b
"""

TRIANGLES = tuple(_WORDS.split())

#: Middle of each edge, (z, y, x), in a cube of side 1.
EDGES = np.array(
    [
        *((0, 0, 0.5), (0, 0.5, 1), (0, 1, 0.5), (0, 0.5, 0)),
        *((1, 0, 0.5), (1, 0.5, 1), (1, 1, 0.5), (1, 0.5, 0)),
        *((0.5, 0, 0), (0.5, 0, 1), (0.5, 1, 1), (0.5, 1, 0)),
    ]
)


class CubeTerms(NamedTuple):
    """What each of the 256 kinds of cube adds.

    Attributes
    ----------
    volume : ndarray of float64, (256, 4)
        Six times the volume in mm^3: a constant, and a factor for each of the cube's places z, y, x.
    area : ndarray of float64, (256,)
        Surface in mm^2.
    """

    volume: Floats
    area: Floats


@lru_cache(maxsize=16)
def cube_terms(spacing: tuple[float, float, float]) -> CubeTerms:
    """Return the terms for voxels of ``spacing``, mm, (z, y, x)."""
    steps = np.asarray(spacing)
    kinds, (a, b, c) = _triangles()
    one = np.cross(a, b)
    scaled = np.cross((a - c) * steps, (b - c) * steps)
    volume, area = np.zeros((256, 4)), np.zeros(256)
    np.add.at(volume[:, 0], kinds, np.sum(one * c, axis=1))
    np.add.at(volume[:, 1:], kinds, one + np.cross(b, c) + np.cross(c, a))
    np.add.at(area, kinds, 0.5 * np.sqrt(np.sum(scaled**2, axis=1)))
    volume[128:], area[128:] = -volume[127::-1], area[127::-1]  # inside and outside changed
    return CubeTerms(volume * np.prod(steps), area)


def _triangles() -> tuple[NDArray[np.int64], Floats]:
    # The kind of cube of every triangle, and its three corners, (3, t, 3).
    words = [word.strip("-") for word in TRIANGLES]
    edges = [int(edge, 12) for edge in "".join(words)]
    kinds = np.repeat(np.arange(len(words)), [len(word) // 3 for word in words])
    return kinds, EDGES[edges].reshape(-1, 3, 3).transpose(1, 0, 2)
