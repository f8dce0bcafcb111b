"""Supervoxels: compact pieces of an image that follow its edges (SLIC in three dimensions)."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from robustrad.core.geometry import Mask, Triple, Voxels

Labels = NDArray[np.int64]

ROUNDS = 10
MERGED = 0.25
"""Connected parts of less than this share of a regular supervoxel join a neighbor."""
_NEIGHBORS = tuple(itertools.product((-1, 0, 1), repeat=3))


class _Points(NamedTuple):
    """The voxels to cluster.

    ``features`` (n, 4) are the position in edge lengths times the compactness, and the value; ``home`` (n,)
    is the lattice cell of a voxel as a flat index into the ``lattice`` of cells, padded by one.
    """

    features: NDArray[np.float32]
    home: Labels
    lattice: tuple[int, int, int]


def supervoxels(
    values: Voxels, where: Mask, *, spacing_zyx: Triple, edge_mm: float, compactness: float = 0.05
) -> Labels:
    """Return the supervoxel of every voxel in ``where``: 0, 1, ...; -1 elsewhere.

    Simple linear iterative clustering: k-means of (position, value) from the cells of a regular lattice, each
    voxel choosing among the 27 cells around its own by ``(value difference)^2 + compactness^2 (distance /
    edge_mm)^2``. Parts that the clustering cut off, and small ones, join the neighbor of the longest border:
    supervoxels are connected by faces, unless ``where`` is not.

    Achanta 2012, doi 10.1109/TPAMI.2012.120.

    Parameters
    ----------
    values : ndarray of float64, (z, y, x)
        The image, smoothed and scaled to about 0 to 1.
    where : ndarray of bool, (z, y, x)
        Voxels to cluster; not empty.
    spacing_zyx : tuple of 3 float
        Spacing in mm.
    edge_mm : float
        Edge length of the lattice's cells, mm.
    compactness : float
        Weight of a distance of one edge length against a difference of values of 1.
    """
    points = _points(values, where, spacing_zyx=spacing_zyx, edge_mm=edge_mm, compactness=compactness)
    cluster = _cluster(points)
    number = np.full(where.shape, -1, dtype=np.int64)
    number[where] = np.arange(len(cluster))
    cell = edge_mm**3 / float(np.prod(spacing_zyx))
    labels = np.full(where.shape, -1, dtype=np.int64)
    labels[where] = _connected(cluster, _face_pairs(number), smallest=MERGED * cell)
    return labels


def _points(
    values: Voxels, where: Mask, *, spacing_zyx: Triple, edge_mm: float, compactness: float
) -> _Points:
    places = np.stack(np.nonzero(where), axis=1) * (np.asarray(spacing_zyx) / edge_mm)
    cells = np.floor(places).astype(np.int64)
    cells -= cells.min(axis=0) - 1
    nz, ny, nx = (int(count) + 2 for count in cells.max(axis=0))
    features = np.column_stack([places * compactness, values[where]]).astype(np.float32)
    return _Points(features, np.ravel_multi_index(tuple(cells.T), (nz, ny, nx)), (nz, ny, nx))


def _cluster(points: _Points) -> Labels:
    """Return the cell to whose center every voxel (n,) belongs after the last round."""
    features, home, lattice = points
    steps = np.array([lattice[1] * lattice[2], lattice[2], 1])
    label = home
    centers = np.full((4, int(np.prod(lattice))), np.inf, dtype=np.float32)
    for _ in range(ROUNDS):
        counts = np.bincount(label, minlength=centers.shape[1])
        for axis in range(4):
            sums = np.bincount(label, weights=features[:, axis], minlength=centers.shape[1])
            centers[axis, counts > 0] = sums[counts > 0] / counts[counts > 0]
        nearest = np.full(len(home), np.inf, dtype=np.float32)
        following = label.copy()
        for neighbor in _NEIGHBORS:
            candidate = home + int(np.dot(neighbor, steps))
            squared = np.zeros(len(home), dtype=np.float32)
            for axis in range(4):
                squared += (features[:, axis] - centers[axis][candidate]) ** 2
            closer = squared < nearest
            nearest[closer] = squared[closer]
            following[closer] = candidate[closer]
        if np.array_equal(following, label):
            break
        label = following
    return label


def _face_pairs(number: Labels) -> Labels:
    """Return the numbers (2, m) of all pairs of voxels that share a face; -1 is no voxel."""
    found = []
    for axis in range(3):
        a = number[tuple(slice(None, -1) if i == axis else slice(None) for i in range(3))]
        b = number[tuple(slice(1, None) if i == axis else slice(None) for i in range(3))]
        both = (a >= 0) & (b >= 0)
        found.append(np.stack([a[both], b[both]]))
    return np.concatenate(found, axis=1)


def _connected(cluster: Labels, pairs: Labels, *, smallest: float) -> Labels:
    """Return connected supervoxels (n,), counted from 0: the parts of the clusters, small ones merged."""
    a, b = pairs
    within = cluster[a] == cluster[b]
    part = _components(a[within], b[within], len(cluster))
    while True:
        sizes = np.bincount(part)
        one, other = part[a], part[b]
        border = one != other
        ends = np.concatenate([one[border], other[border]]), np.concatenate([other[border], one[border]])
        contact = coo_array((np.ones(len(ends[0])), ends), shape=(len(sizes), len(sizes))).tocsr()
        contact.sum_duplicates()
        small = np.flatnonzero((sizes < smallest) & (np.diff(contact.indptr) > 0))
        if not len(small):
            return part
        longest = [
            contact.indices[start + int(np.argmax(contact.data[start:stop]))]
            for start, stop in zip(contact.indptr[small], contact.indptr[small + 1], strict=True)
        ]
        part = _components(small, np.asarray(longest), len(sizes))[part]


def _components(a: Labels, b: Labels, count: int) -> Labels:
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
