"""Supervoxels follow edges, are connected and have their size; contours made of them follow the image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from robustrad.perturb.registry import find
from robustrad.perturb.slic import supervoxels
from tests.perturb.noise_models import smooth
from tests.perturb_delineation.lesions import CT, dices, distances, draws, of, pieces, ratios, sphere

SupervoxelContour = find("supervoxel_contour", where="tests")
SHAPE = (18, 24, 30)
SPACING = (2.0, 1.0, 1.0)


def clustered(values, where=None, **scalars):
    where = np.ones(values.shape, dtype=bool) if where is None else where
    return supervoxels(values, where, spacing_zyx=SPACING, edge_mm=6.0, **scalars)


def noise(seed):
    return 0.5 + 0.15 * smooth(SHAPE, np.random.default_rng(seed), fwhm=3.0)


@pytest.mark.parametrize("seed", [0, 1])
def test_supervoxels_are_connected_cover_everything_and_are_not_tiny(seed):
    labels = clustered(noise(seed))
    count = labels.max() + 1
    assert np.array_equal(np.unique(labels), np.arange(count))
    assert all(ndimage.label(labels == label)[1] == 1 for label in range(count))
    assert np.bincount(labels.ravel()).min() >= 0.25 * 6.0**3 / 2.0
    assert np.prod(SHAPE) / count == pytest.approx(6.0**3 / 2.0, rel=0.4)


def test_supervoxels_of_a_flat_image_are_compact():
    labels = clustered(np.zeros(SHAPE))
    for label in range(labels.max() + 1):
        spread = np.argwhere(labels == label) * SPACING
        assert np.linalg.norm(spread - spread.mean(axis=0), axis=1).max() < 9.0


def test_supervoxels_do_not_cross_an_edge():
    """A step that runs askew through the lattice: each supervoxel lies on one side of it."""
    z, y, x = np.indices(SHAPE)
    inside = x + 0.6 * y + 0.3 * z > 24.0
    labels = clustered(np.where(inside, 0.8, 0.2))
    shares = np.bincount(labels.ravel(), weights=inside.ravel()) / np.bincount(labels.ravel())
    assert np.minimum(shares, 1 - shares).max() == 0.0


def test_compactness_trades_edges_for_shape():
    spreads = []
    for compactness in (0.02, 0.2, 2.0):
        labels = clustered(noise(2), compactness=compactness)
        places = np.argwhere(labels >= 0) * SPACING
        centers = np.stack([np.bincount(labels.ravel(), weights=p) for p in places.T], axis=1)
        centers /= np.bincount(labels.ravel())[:, None]
        spreads.append(np.mean(np.sum((places - centers[labels.ravel()]) ** 2, axis=1)))
    assert spreads == sorted(spreads, reverse=True)


def test_only_what_is_asked_for_is_labeled():
    where = np.zeros(SHAPE, dtype=bool)
    where[3:12, 5:20, 6:22] = True
    labels = clustered(noise(3), where)
    assert (labels[~where] == -1).all()
    assert (labels[where] >= 0).all()


def test_contour_along_a_sharp_edge_stays_there():
    """Where the image's edge is the contour, all observers agree; in a flat image they do not."""
    sample = sphere(15.0, spacing=CT)
    sharp = sample.with_image(np.where(sample.mask, 8.0, 1.0))
    flat = sample.with_image(np.ones(sample.mask.shape))
    operator = SupervoxelContour(supervoxel_mm3=500.0)
    agreed, disputed = (dices(s, draws(operator, s, 6)).mean() for s in (sharp, flat))
    assert agreed > 0.97
    assert disputed < 0.93


def test_of_a_contour_drawn_too_large_only_what_lies_beyond_the_edge_is_in_doubt():
    """Drawn 3 mm too large around a lesion with a sharp edge: all draws keep the lesion.

    To one voxel: the values of the smoothed edge's own voxels lie between those of its two sides.
    """
    sample = sphere(15.0)
    edge = distances(sample.grid, (30.0, -20.0, 7.0)) <= 12.0
    sample = sample.with_image(np.where(edge, 8.0, 1.0))
    for mask in draws(SupervoxelContour(supervoxel_mm3=300.0), sample, 3):
        parts = mask & ~edge
        assert not (ndimage.binary_erosion(edge) & ~mask).any()
        assert (sample.mask & ~edge & ~mask).sum() > 0.25 * (sample.mask & ~edge).sum()
        assert parts.any()
        assert pieces(mask) == 1


def test_overlap_is_the_chance_to_be_included():
    """In a flat image supervoxels astride the contour come in by their share: the volume is about kept."""
    sample = sphere(15.0, spacing=(2.0, 2.0, 2.0))
    sample = sample.with_image(np.ones(sample.mask.shape))
    found = ratios(sample, draws(SupervoxelContour(supervoxel_mm3=500.0), sample, 25))
    assert found.mean() == pytest.approx(1.0, abs=0.06)
    assert found.std() > 0.01


def test_strength_grows_with_the_size_of_supervoxels():
    sample = sphere(15.0, spacing=(2.0, 2.0, 2.0))
    sample = sample.with_image(np.ones(sample.mask.shape))
    means = [
        dices(sample, draws(SupervoxelContour(supervoxel_mm3=size), sample, 4)).mean()
        for size in (100.0, 500.0, 1500.0)
    ]
    assert means == sorted(means, reverse=True)


def test_lesion_smaller_than_a_supervoxel_is_skipped():
    mask = np.zeros((9, 9, 9), dtype=bool)
    mask[4, 3:6, 3:6] = True
    assert (
        SupervoxelContour(supervoxel_mm3=1.0).skip(of(mask)) == "9 voxels, fewer than the 20 of a supervoxel"
    )
    assert SupervoxelContour(supervoxel_mm3=0.0).skip(of(mask)) is None
