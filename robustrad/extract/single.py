"""Plain extraction: one image, one mask, the features that PyRadiomics gives for these two files.

Unlike a sweep it keeps the file's own pixel type. The settings of the case are applied here: which voxels of
the mask are the ROI (``label``, ``label_channel``), and whether its grid fits the image's
(``geometryTolerance``, ``correctMask``).
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import SimpleITK as sitk

from robustrad.cases.case import Case
from robustrad.cases.files import read_image
from robustrad.core.errors import DataError
from robustrad.core.geometry import Grid
from robustrad.extract.analysis_grid import bounding_box, put_on_grid
from robustrad.extract.borders import refuse_outside
from robustrad.extract.engine import Engine, RegionRefusedError
from robustrad.extract.engines import choose_engine
from robustrad.extract.parameter_file import load_parameters
from robustrad.extract.parameters import Parameters
from robustrad.extract.settings import Verb, resolved, view
from robustrad.perturb.sample import Sampling

Source: TypeAlias = str | PathLike[str] | sitk.Image
_ITK_TOLERANCE = 1e-6  # what ITK, and so PyRadiomics, uses where geometryTolerance is not set


class Pair(NamedTuple):
    """An image and its ROI.

    Attributes
    ----------
    image : SimpleITK.Image
        In the file's own pixel type.
    mask : SimpleITK.Image
        UInt32, 1 inside the ROI and 0 outside; on its own grid where the parameters resample.
    """

    image: sitk.Image
    mask: sitk.Image


def extract(
    image: Source,
    mask: Source,
    *,
    params: str | PathLike[str] | Mapping[str, object] | Parameters | None = None,
    engine: str = "auto",
    label: int | None = None,
) -> dict[str, float]:
    """Return the features of one region, equal to PyRadiomics' on the same files.

    Parameters
    ----------
    image, mask : path or SimpleITK.Image
        A 3-D scalar image and its label map.
    params : str, path, mapping or None
        Built-in name, PyRadiomics parameter file or its mapping; default PyRadiomics' defaults.
    engine : str
        ``auto``, ``native`` or ``pyradiomics``.
    label : int, optional
        Value of the ROI in the mask; default the parameters' ``label``, else 1.

    Returns
    -------
    dict of str to float
        Features by PyRadiomics' names, in its order; NaN where a feature is not defined.

    Raises
    ------
    DataError
        If image or mask cannot be used, or the region has no features.
    ProtocolError
        If the parameters are wrong, or the engine cannot compute them.

    Examples
    --------
    >>> import robustrad as rr
    >>> rr.extract("ct.nii.gz", "tumor.nii.gz", params={"setting": {"binWidth": 25}})  # doctest: +SKIP
    """
    parameters = params if isinstance(params, Parameters) else load_parameters(params)
    chosen = choose_engine(engine, parameters).engine
    return _features(open_pair(image, mask, parameters, label=label), parameters, chosen, where="mask")


def extract_case(case: Case, parameters: Parameters, *, engine: Engine) -> dict[str, float]:
    """Return the features of one row of ``cases.csv``; errors as in ``extract``.

    The ROI's label is the row's where the table has such a column, else that of the parameters.
    """
    told = any(name.lower() == "label" for name in case.columns)
    where = f"{case.case_id}, "
    pair = open_pair(case.image, case.mask, parameters, label=case.label if told else None, where=where)
    return _features(pair, parameters, engine, where=f"{where}mask {case.mask}")


def open_pair(
    image: Source, mask: Source, parameters: Parameters, *, label: int | None = None, where: str = ""
) -> Pair:
    """Return image and ROI as the verbs expect them.

    Parameters
    ----------
    image, mask : path or SimpleITK.Image
        A 3-D scalar image and its label map (or a segmentation with a channel per structure).
    parameters : Parameters
        Of which the settings of the case are used, and whether the region is resampled.
    label : int, optional
        Overrides the parameters' ``label``.
    where : str
        What messages begin with (the case).

    Raises
    ------
    DataError
        If one of them cannot be read or used, the label is absent, or the grids differ and stay so.
    """
    settings = resolved(parameters.settings)
    shown, labels = _named(image, f"{where}image"), _named(mask, f"{where}mask")
    volume, broken = _volume(image, shown)
    _refuse_shape(volume, shown, channels=False)
    marks, _ = _volume(mask, labels)
    _refuse_shape(marks, labels, channels=True)
    roi = _roi(marks, settings, label or settings["label"], labels)
    if not _resamples(settings):
        roi = _fitted(roi, volume, settings, labels)
    _refuse_broken(broken, roi, shown)
    return Pair(volume, roi)


def _features(pair: Pair, parameters: Parameters, engine: Engine, *, where: str) -> dict[str, float]:
    try:
        prepared = engine.prepare(pair.image, view(parameters, Verb.PREPARE))
        region = engine.region(prepared, pair.mask, view(parameters, Verb.REGION), sampling=Sampling())
        return engine.features(region, view(parameters, Verb.LEVELS))
    except RegionRefusedError as error:
        raise DataError(where, str(error)) from error


def _volume(source: Source, where: str) -> tuple[sitk.Image, Any]:
    if isinstance(source, sitk.Image):
        array = sitk.GetArrayViewFromImage(source)
        broken = ~np.isfinite(array) if array.dtype.kind == "f" else None
        return source, broken if broken is not None and broken.any() else None
    volume = read_image(Path(source), where=where)
    return volume.image, volume.broken


def _named(source: Source, name: str) -> str:
    return name if isinstance(source, sitk.Image) else f"{name} {Path(source)}"


def _refuse_shape(image: sitk.Image, where: str, *, channels: bool) -> None:
    if image.GetDimension() != 3:
        raise DataError(where, f"a {image.GetDimension()}-D image of size {image.GetSize()}", "a 3-D image")
    if not channels and image.GetNumberOfComponentsPerPixel() != 1:
        raise DataError(
            where,
            f"{image.GetNumberOfComponentsPerPixel()} values per voxel (RGB or vector)",
            "a scalar image with one value per voxel",
        )


def _roi(mask: sitk.Image, settings: dict[str, Any], label: int, where: str) -> sitk.Image:
    """Return the ROI as UInt32 of 0 and 1, taken from the mask as PyRadiomics takes it."""
    channels, channel = mask.GetNumberOfComponentsPerPixel(), settings["label_channel"]
    if channels > 1:
        if channel >= channels:
            raise DataError(where, f"{channels} channels", f"a channel {channel} (label_channel, from 0)")
        mask = sitk.VectorIndexSelectionCast(mask, channel)
    labels = sitk.Cast(mask, sitk.sitkUInt32)
    roi = sitk.Cast(labels == label, sitk.sitkUInt32)
    if not sitk.GetArrayViewFromImage(roi).any():
        present = [value for value in np.unique(sitk.GetArrayViewFromImage(labels)).tolist() if value]
        shown = f"labels present: {', '.join(map(str, present[:10]))}" if present else "the mask is empty"
        raise DataError(where, f"label {label} is absent; {shown}", "", "Give the label of the region.")
    return roi


def _resamples(settings: dict[str, Any]) -> bool:
    return settings["interpolator"] is not None and settings["resampledPixelSpacing"] is not None


def _fitted(roi: sitk.Image, image: sitk.Image, settings: dict[str, Any], where: str) -> sitk.Image:
    """Return the ROI on the image's grid; where a region is resampled, PyRadiomics lets the grids differ."""
    grid, own = Grid.of(image), Grid.of(roi)
    if _fits(grid, own, settings["geometryTolerance"] or _ITK_TOLERANCE):
        if own != grid:
            roi.CopyInformation(image)
        return roi
    if not settings["correctMask"]:
        differences = grid.differences(own, tolerance=0.0)
        raise DataError(
            where,
            f"its grid differs from the image's (image and mask): {', '.join(differences)}",
            "one grid for both",
            "Resample the mask, or set correctMask: true or a geometryTolerance in the parameter file.",
        )
    try:
        refuse_outside(grid, roi, bounding_box(roi))
    except RegionRefusedError as error:
        raise DataError(where, str(error)) from error
    return put_on_grid(roi, grid)


def _fits(image: Grid, mask: Grid, tolerance: float) -> bool:
    """Return what ITK would say of two images that a filter takes together."""
    step = tolerance * image.spacing[0]
    return (
        image.size == mask.size
        and np.allclose(image.spacing, mask.spacing, rtol=0, atol=step)
        and np.allclose(image.origin, mask.origin, rtol=0, atol=step)
        and np.allclose(image.direction, mask.direction, rtol=0, atol=tolerance)
    )


def _refuse_broken(broken: Any, roi: sitk.Image, where: str) -> None:
    if broken is None:
        return
    inside = sitk.GetArrayViewFromImage(roi) != 0
    count = int(np.count_nonzero(broken[inside] if broken.shape == inside.shape else broken))
    if count:
        raise DataError(where, f"{count} voxels in the ROI are NaN or infinite", "finite values")
