"""The engine that is PyRadiomics: its own filters and feature classes behind the three verbs.

The only module that imports ``radiomics``. The analysis grid comes from ``sampling``, which is PyRadiomics'
own where nothing is varied; everything else is PyRadiomics' code, called in the order of its extractor.
Values equal those of ``RadiomicsFeatureExtractor.execute`` on the same image. Nothing is printed, ITK runs on
one thread (its sums depend on the number of threads), and global states are put back.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from robustrad.core.geometry import Grid
from robustrad.extract.catalog import SHAPE_CLASSES
from robustrad.extract.engine import PYRADIOMICS_DEFINITION, Region, RegionRefusedError
from robustrad.extract.levels import MAX_EDGES, MAX_LEVELS, count_levels
from robustrad.extract.parameters import Parameters, Settings
from robustrad.extract.sampling import lay_grid, sample_image, sample_mask
from robustrad.extract.settings import resolved
from robustrad.perturb.sample import Sampling


class FilteredImage(NamedTuple):
    """One image of one filter: its intensities in the ROI, since no class looks outside.

    Attributes
    ----------
    image_type : str
        The filter (``LoG``), whose own settings apply.
    name : str
        What features are named after (``log-sigma-1-0-mm-3D``).
    values : ndarray, (n,)
        Intensities in the ROI in array order, in the filter's own type.
    """

    image_type: str
    name: str
    values: NDArray[Any]

    def image(self, mask: sitk.Image) -> sitk.Image:
        """Return the image on the grid of the cropped ``mask``, 0 outside the ROI."""
        inside = sitk.GetArrayViewFromImage(mask) == 1
        array = np.zeros(inside.shape, self.values.dtype)
        array[inside] = self.values
        image = sitk.GetImageFromArray(array)
        image.CopyInformation(mask)
        return image


class Payload(NamedTuple):
    """What ``features`` needs of a region: the filtered images, and the mask cropped to its bounding box."""

    images: tuple[FilteredImage, ...]
    mask: sitk.Image


class PyRadiomicsEngine:
    """Computes features with PyRadiomics' own code; see ``robustrad.extract.engine.Engine``."""

    name = "pyradiomics"
    definition = PYRADIOMICS_DEFINITION

    def unsupported(self, parameters: Parameters) -> list[str]:
        """Return what PyRadiomics would leave out for want of a package."""
        return [
            f"image type {name} needs {' and '.join(missing)}"
            for name, needed in _EXTRAS.items()
            if name in parameters.image_types and (missing := [p for p in needed if not _importable(p)])
        ]

    def prepare(self, image: sitk.Image, parameters: Parameters) -> sitk.Image:
        """Return the image, normalized if the parameters ask for it."""
        settings = resolved(parameters.settings)
        if not settings["normalize"]:
            return image
        with _quiet() as radiomics:
            return radiomics.imageoperations.normalizeImage(image, **settings)

    def region(
        self, prepared: sitk.Image, mask: sitk.Image, parameters: Parameters, *, sampling: Sampling
    ) -> Region:
        """Resample, check, resegment and filter one mask; see ``Engine.region``."""
        settings = _passed(parameters.settings)
        laid = lay_grid(Grid.of(prepared), mask, parameters.settings, sampling=sampling)
        with _quiet() as radiomics:
            image = sample_image(prepared, laid, settings["interpolator"])
            whole = sample_mask(mask, laid)
            inner, box = _resegmented(radiomics, image, whole, settings)
            shaped = inner if settings["resegmentShape"] else whole
            shape = _shape(radiomics, image, shaped, box, parameters)
            images = tuple(_filtered(radiomics, image, inner, parameters))
            _, cropped = radiomics.imageoperations.cropToTumorMask(image, inner, box)
        voxels = int(np.count_nonzero(sitk.GetArrayViewFromImage(whole)))
        return Region(voxels, _within(image, inner), shape, Payload(images, cropped), laid.notes)

    def features(self, region: Region, parameters: Parameters) -> dict[str, float]:
        """Discretize and compute all classes of all filtered images; see ``Engine.features``."""
        payload: Payload = region.payload
        classes = {n: f for n, f in parameters.feature_classes.items() if n not in SHAPE_CLASSES}
        limit = MAX_EDGES if set(classes) <= {"firstorder"} else MAX_LEVELS
        found = dict(region.shape)
        for filtered in payload.images if classes else ():
            own = parameters.image_types[filtered.image_type]
            settings = _passed({**parameters.settings, **own})
            _check_levels(filtered, settings, limit)
            image = filtered.image(payload.mask)
            with _quiet() as radiomics, _refusing():
                for name, listed in classes.items():
                    calculator = radiomics.getFeatureClasses()[name](image, payload.mask, **settings)
                    found |= _computed(calculator, listed, f"{filtered.name}_{name}")
        return found


_EXTRAS = {"LBP2D": ("skimage",), "LBP3D": ("trimesh", "scipy.ndimage.interpolation")}


@cache
def _importable(package: str) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):
            import_module(package)
    except ImportError:
        return False
    return True


def _passed(settings: Settings) -> dict[str, Any]:
    """Return what PyRadiomics' extractor hands on as keyword arguments; the ROI's label is always 1 here."""
    return {**resolved(settings), "label": 1, "additionalInfo": False}


def _resegmented(
    radiomics: Any, image: sitk.Image, mask: sitk.Image, settings: dict[str, Any]
) -> tuple[sitk.Image, Any]:
    """Return the mask of the gray-level features and its bounding box, once PyRadiomics has checked both."""
    operations = radiomics.imageoperations
    with _refusing():
        box, _ = operations.checkMask(image, mask, **settings)
        if settings["resegmentRange"] is None:
            return mask, box
        inner = operations.resegmentMask(image, mask, **settings)
        box, _ = operations.checkMask(image, inner, **settings)
        return inner, box


def _shape(
    radiomics: Any, image: sitk.Image, mask: sitk.Image, box: Any, parameters: Parameters
) -> dict[str, float]:
    # PyRadiomics cuts the mask of shape to the bounding box of the resegmented one, and so do we.
    classes = {name: f for name, f in parameters.feature_classes.items() if name in SHAPE_CLASSES}
    settings = _passed(parameters.settings)
    cropped_image, cropped_mask = radiomics.imageoperations.cropToTumorMask(image, mask, box)
    found: dict[str, float] = {}
    for name in SHAPE_CLASSES:
        if name in classes and (name == "shape" or _flat_asked(settings, box)):
            with _refusing():
                calculator = radiomics.getFeatureClasses()[name](cropped_image, cropped_mask, **settings)
            found |= _computed(calculator, classes[name], f"original_{name}")
    return found


def _flat_asked(settings: dict[str, Any], box: Any) -> bool:
    """Return whether PyRadiomics computes shape2D; its check looks at the axes from the other end."""
    size = box[1::2] - box[0::2] + 1
    return bool(settings["force2D"]) and bool(size[settings["force2Ddimension"]] > 1)


def _filtered(
    radiomics: Any, image: sitk.Image, mask: sitk.Image, parameters: Parameters
) -> Iterator[FilteredImage]:
    for image_type, own in parameters.image_types.items():
        settings = _passed({**parameters.settings, **own})
        images = getattr(radiomics.imageoperations, f"get{image_type}Image")(image, mask, **settings)
        for filtered, name, _ in images:
            yield FilteredImage(image_type, name, _within(filtered, mask))


def _within(image: sitk.Image, mask: sitk.Image) -> NDArray[Any]:
    values: NDArray[Any] = sitk.GetArrayViewFromImage(image)[sitk.GetArrayViewFromImage(mask) == 1]
    return values


def _computed(calculator: Any, listed: tuple[str, ...], prefix: str) -> dict[str, float]:
    """Return the features of one class; a feature that raises is NaN, as PyRadiomics has it."""
    for feature in listed:
        calculator.enableFeatureByName(feature)
    return {f"{prefix}_{name}": float(np.real(value)) for name, value in calculator.execute().items()}


def _check_levels(filtered: FilteredImage, settings: dict[str, Any], limit: int) -> None:
    try:
        count_levels(filtered.values, settings, limit=limit)
    except RegionRefusedError as error:
        raise type(error)(f"image {filtered.name}: {error}") from None


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """Turn what PyRadiomics says about a region into a refusal."""
    try:
        yield
    except ValueError as error:
        raise RegionRefusedError(str(error).rstrip(".")) from error
    except RuntimeError as error:
        if "angle count" not in str(error):
            raise
        raise RegionRefusedError(
            "the ROI is too thin: no two voxels are neighbors at the distances"
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[Any]:
    """Yield PyRadiomics, silent and with ITK on one thread; what is global is put back afterwards."""
    radiomics = _radiomics()
    logger = logging.getLogger("radiomics")
    before = (
        logger.level,
        sitk.ProcessObject.GetGlobalWarningDisplay(),
        sitk.ProcessObject.GetGlobalDefaultNumberOfThreads(),
    )
    logger.setLevel(logging.CRITICAL + 1)
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
            yield radiomics
    finally:
        logger.setLevel(before[0])
        sitk.ProcessObject.SetGlobalWarningDisplay(before[1])
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before[2])


@cache
def _radiomics() -> Any:
    with warnings.catch_warnings(action="ignore"):  # its docstrings hold escapes that Python warns of
        import radiomics
    return radiomics


def installed() -> bool:
    """Return whether a package ``radiomics`` can be found (it is not imported)."""
    return find_spec("radiomics") is not None
