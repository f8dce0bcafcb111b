"""All images of a region: the original and the filtered ones, as values in the ROI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.extract.native.filters import POINTWISE, gradient
from robustrad.extract.native.log import laplacian
from robustrad.extract.native.roi import Box, Roi, gather
from robustrad.extract.native.wavelet import wavelet_bands
from robustrad.extract.parameters import Parameters, Settings
from robustrad.extract.settings import resolved

Array = NDArray[Any]


class RoiImage(NamedTuple):
    """One image in the ROI.

    Attributes
    ----------
    image_type : str
        The filter (``LoG``), whose own settings apply.
    name : str
        What features are named after (``log-sigma-1-0-mm-3D``).
    values : ndarray, (n,)
        In array order and in the filter's own precision.
    """

    image_type: str
    name: str
    values: Array


#: Image types that this engine knows.
IMAGE_TYPES = ("Original", "Wavelet", "LoG", "Gradient", *POINTWISE)


class Crop(NamedTuple):
    """The image on the analysis grid around an ROI.

    Attributes
    ----------
    image : ndarray, (z, y, x)
        With ``padDistance`` around the ROI: filters see all of it.
    box : Box
        Of the ROI in it.
    roi : Roi
        The ROI in the box.
    spacing : tuple of 3 float
        mm, (z, y, x).
    """

    image: Array
    box: Box
    roi: Roi
    spacing: tuple[float, float, float]

    def inside(self, image: Array) -> Array:
        """Return the values in the ROI of an image of the whole crop."""
        return gather(np.ascontiguousarray(image[self.box.slices]), self.roi.rows, self.roi.voxels)


def roi_images(crop: Crop, parameters: Parameters) -> Iterator[RoiImage]:
    """Yield all images that ``parameters`` ask for, in PyRadiomics' order."""
    for image_type, own in parameters.image_types.items():
        settings = resolved({**parameters.settings, **own})
        for name, values in _images(crop, image_type, settings):
            yield RoiImage(image_type, name, values)


def _images(crop: Crop, image_type: str, settings: Settings) -> Iterator[tuple[str, Array]]:
    chosen: dict[str, Any] = dict(settings)
    if image_type == "Original":
        yield "original", crop.inside(crop.image)
    elif image_type == "Wavelet":
        yield from wavelet_bands(
            crop.image,
            crop.box,
            crop.roi,
            wavelet=chosen["wavelet"],
            level=chosen["level"],
            start_level=chosen["start_level"],
            flat=chosen["force2Ddimension"] if chosen["force2D"] else None,
        )
    elif image_type == "LoG":
        yield from _logs(crop, chosen["sigma"])
    elif image_type == "Gradient":
        filtered = gradient(crop.image, crop.spacing, use_spacing=chosen["gradientUseSpacing"])
        yield "gradient", crop.inside(filtered)
    else:
        name, function = POINTWISE[image_type]
        with np.errstate(all="ignore"):
            yield name, crop.inside(function(crop.image))


def _logs(crop: Crop, sigmas: Any) -> Iterator[tuple[str, Array]]:
    # PyRadiomics leaves a sigma out, without a word in the features, where the crop is too small for it.
    size = np.asarray(crop.image.shape)
    if size.min() < 4:
        return
    for sigma in sigmas:
        if sigma > 0 and np.all(size >= np.ceil(sigma / np.asarray(crop.spacing)) + 1):
            values = laplacian(crop.image, crop.spacing, float(sigma), crop.box, crop.roi)
            yield f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D", values
