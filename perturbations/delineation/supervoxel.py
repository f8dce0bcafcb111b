"""The contour as an observer might have drawn it along the image's edges."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import ndimage
from scipy.special import ndtr

from robustrad.core.geometry import Mask, Triple
from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.displacement import Waves, centroid, draw_waves, field_at
from robustrad.perturb.level_set import Box, box_around, put
from robustrad.perturb.pieces import intact_draw
from robustrad.perturb.sample import Sample
from robustrad.perturb.slic import supervoxels

FEWEST_VOXELS = 20
"""Of a supervoxel: of coarse voxels it is larger than asked for."""
REACH = 1.5
"""Edge lengths around the surface within which supervoxels are made."""
SURE_IN, SURE_OUT = 0.9, 0.1
"""Overlap with the mask from which on, and below which, no observer hesitates. As far from 1 as from 0, so
that what is never lost and what is never gained balance. With 0.9 and 0.2 (MIRP, public code) contours
shrink: a ball of 15 mm radius by 11 % with supervoxels of 500 mm3."""
RANGE_MARGIN = 0.1
"""Part of the ROI's range of intensities that counts beyond it; of an even ROI, of all around it."""
SMOOTHING = 0.7
"""SD, in units of the smallest spacing, of the Gaussian that takes out noise. With 1 (MIRP, public code) the
blurred voxels of a sharp edge make supervoxels of their own."""
_CROSS = ndimage.generate_binary_structure(3, 1)


class _Parts(NamedTuple):
    """Supervoxels around the surface, and how much of each lies in the mask."""

    box: Box
    core: Mask  # voxels of the mask that are too deep to be in a supervoxel
    labels: NDArray[np.int64]  # -1: in none
    overlap: NDArray[np.float64]
    centers: NDArray[np.float64]  # (n, 3), (x, y, z) in mm


class SupervoxelContour(Perturbation):
    """Redraw the contour along the edges of the image, by supervoxels; the image is untouched.

    Model: the neighborhood of the surface is divided into supervoxels of ``supervoxel_mm3`` that follow the
    image's edges (SLIC, compactness 0.05, intensities clipped to those of the ROI and 10 % more, smoothed by
    a Gaussian of 0.7 times the smallest spacing). One of which the mask holds the share p belongs to the new
    mask with the probability p; from 0.9 on surely, below 0.1 never, and that of the largest share always. A
    closing by one voxel removes fissures. A draw is a function of the supervoxels' places in mm. Crumbs fall
    off; a draw that would break the mask apart is drawn again, up to 16 times.

    How strong that is depends on the lesion: supervoxels of one size change a small lesion more. The Dice
    that results is measured with every draw. Zwanenburg 2019 (doi 10.1038/s41598-018-36938-4) randomizes
    contours by supervoxels likewise.
    """

    kind: Literal["supervoxel_contour"] = "supervoxel_contour"
    stage: ClassVar[Stage] = Stage.MASK
    random: ClassVar[bool] = True
    zero: ClassVar = {"supervoxel_mm3": 0.0}
    examples: ClassVar = ({"supervoxel_mm3": 250.0}, {"supervoxel_mm3": 500.0}, {"supervoxel_mm3": 1000.0})
    trend: ClassVar = ("strength_dice", -1)

    supervoxel_mm3: float = Field(
        ge=0,
        le=20_000,
        description="Volume of a supervoxel in mm3, no less than 20 voxels (500 is 8 x 8 x 8 mm); 0 changes "
        "nothing.",
    )

    def skip(self, sample: Sample) -> str | None:
        """Skip where the mask is smaller than a supervoxel."""
        count, least = int(sample.mask.sum()), self._edge_mm(sample) ** 3 / sample.grid.voxel_volume
        if self.supervoxel_mm3 > 0 and count < least:
            return f"{count} voxels, fewer than the {least:.0f} of a supervoxel"
        return None

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with a mask made of supervoxels."""
        if self.supervoxel_mm3 == 0:
            return sample
        edge = self._edge_mm(sample)
        parts = _parts(sample, edge)
        center = centroid(sample.mask, sample.grid)

        def draw() -> Mask:
            return _chosen(parts, draw_waves(rng), center=center, correlation_mm=edge / 3.0)

        before = sample.mask[parts.box]
        return sample.with_mask(put(sample.mask, parts.box, intact_draw(before, draw)))

    def _edge_mm(self, sample: Sample) -> float:
        least = FEWEST_VOXELS * sample.grid.voxel_volume
        return float(max(self.supervoxel_mm3, least) ** (1.0 / 3.0))


def _parts(sample: Sample, edge_mm: float) -> _Parts:
    spacing = sample.grid.spacing_zyx
    box = box_around(sample.mask, spacing, margin_mm=REACH * edge_mm)
    mask = np.ascontiguousarray(sample.mask[box])
    near = _within(~mask, spacing, REACH * edge_mm) & _within(mask, spacing, REACH * edge_mm)
    labels = supervoxels(_scaled(sample, box), near, spacing_zyx=spacing, edge_mm=edge_mm)
    here = labels[near]
    sizes = np.bincount(here)
    overlap = np.bincount(here, weights=mask[near]) / sizes
    corner = np.array([part.start for part in box])
    places = [np.bincount(here, weights=axis) / sizes for axis in np.nonzero(near)]
    centers = sample.grid.points(np.stack(places, axis=1) + corner)
    return _Parts(box, mask & ~near, labels, overlap, centers)


def _chosen(parts: _Parts, waves: Waves, *, center: Triple, correlation_mm: float) -> Mask:
    """Return the mask of a draw, in the box of ``parts``."""
    chance = ndtr(field_at(waves, parts.centers, center=center, correlation_mm=correlation_mm))
    p = parts.overlap
    taken = ((chance < p) & (p >= SURE_OUT)) | (p >= SURE_IN) | (p == p.max())
    mask = parts.core | (np.append(taken, False)[parts.labels])
    closed = ndimage.binary_closing(np.pad(mask, 1, mode="edge"), _CROSS)[1:-1, 1:-1, 1:-1]
    return np.asarray(mask | closed)


def _within(outside: Mask, spacing_zyx: Triple, reach_mm: float) -> Mask:
    """Return where voxels of ``outside`` are at most ``reach_mm`` from the others; all others too."""
    return np.asarray(ndimage.distance_transform_edt(outside, sampling=spacing_zyx) <= reach_mm)


def _scaled(sample: Sample, box: Box) -> NDArray[np.float64]:
    """Return the image in ``box``, clipped to the ROI's intensities, from 0 to 1, smoothed."""
    roi = sample.voxels[box][sample.mask[box]]
    low, high = float(roi.min()), float(roi.max())
    margin = RANGE_MARGIN * (high - low if high > low else float(np.ptp(sample.voxels[box])))
    clipped = np.clip(sample.voxels[box], low - margin, high + margin)
    spacing = sample.grid.spacing_zyx
    sds = [SMOOTHING * min(spacing) / step for step in spacing]
    smooth = ndimage.gaussian_filter(clipped, sds, mode="nearest")
    width = high - low + 2.0 * margin
    return np.asarray((smooth - low + margin) / width if width > 0 else np.zeros_like(smooth))
