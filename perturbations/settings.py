"""Operators that change how features are extracted: settings of PyRadiomics, each staged where it acts."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, ValidationInfo, field_validator, model_validator

from robustrad.core.errors import nearest
from robustrad.core.settings import KEYS, Verb
from robustrad.perturb.base import Perturbation, Stage, stage_of_setting
from robustrad.perturb.sample import MaskInterpolator, Sample

Value = bool | int | float | str | tuple[int | float, ...] | None

ImageInterpolator = Literal[
    "sitkNearestNeighbor",
    "sitkLinear",
    "sitkBSpline",
    "sitkGaussian",
    "sitkHammingWindowedSinc",
    "sitkCosineWindowedSinc",
    "sitkWelchWindowedSinc",
    "sitkLanczosWindowedSinc",
    "sitkBlackmanWindowedSinc",
]
BIN_KEYS = {"binWidth": "binCount", "binCount": "binWidth"}
"""Of two ways to lay bins, choosing one removes the other."""


class Setting(Perturbation):
    """Change one setting of PyRadiomics; image and mask are untouched. With role ``definition``.

    The setting wins everywhere, over a filter's own value too. It acts where PyRadiomics reads it:
    ``normalize`` at the image, ``padDistance`` or ``sigma`` at the grid, ``binWidth`` and ``distances`` at
    the gray levels, so that all before that is shared with the reference; ``binWidth`` removes ``binCount``
    and the reverse. All levels of one factor act at one stage. Settings that say which voxels of the file are
    the ROI (``label``) hold for the whole study and are refused here, and so are those that change no
    feature. It has no zero; the study's own value changes nothing. Names and values: PyRadiomics'
    documentation of its parameter file (van Griethuysen 2017, doi 10.1158/0008-5472.CAN-17-0339).
    """

    kind: Literal["setting"] = "setting"
    stage: ClassVar[Stage | None] = None
    settings_only: ClassVar[bool] = True
    examples: ClassVar = (
        {"key": "padDistance", "value": 20},
        {"key": "normalize", "value": True},
        {"key": "distances", "value": (1, 2)},
        {"key": "weightingNorm", "value": "euclidean"},
        {"key": "binWidth", "value": 0.5},
    )

    key: str = Field(description="Name of the setting, as in a parameter file of PyRadiomics.")
    value: Value = Field(description="Its value; null switches off what null switches off in PyRadiomics.")

    @field_validator("key")
    @classmethod
    def _acts_within_a_condition(cls, key: str) -> str:
        if key not in KEYS:
            raise ValueError(f"a setting of PyRadiomics. {nearest(key, filter(stage_of_setting, KEYS))}")
        if Verb.CASE in KEYS[key].verbs:
            raise ValueError("a setting that may differ within a study; this one opens the case")
        if not KEYS[key].changes_results:
            raise ValueError("a setting that changes a feature; this one does not")
        return key

    @field_validator("value")
    @classmethod
    def _fits_the_key(cls, value: Value, info: ValidationInfo) -> Value:
        key = KEYS.get(info.data.get("key", ""))
        if key is None:
            return value
        if expected := key.expected(value):
            raise ValueError(expected)
        if value is None and key.default is not None:
            raise ValueError("a value: a study resamples all its conditions")
        return value

    @property
    def acts_at(self) -> Stage:
        """The stage at which PyRadiomics reads the setting first."""
        stage = stage_of_setting(self.key)
        assert stage is not None, "the key was checked"
        return stage

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the setting among its own."""
        del rng
        chosen: dict[str, object] = {self.key: self.value}
        if self.key in BIN_KEYS and self.value is not None:
            chosen[BIN_KEYS[self.key]] = None
        return sample.with_settings(chosen)


class Interpolator(Perturbation):
    """Interpolate image or mask another way onto the analysis grid; both are untouched themselves.

    ``image`` sets PyRadiomics' ``interpolator``. ``mask`` is nearest neighbor in PyRadiomics and in the
    reference; ``linear`` takes what is at least half inside, which smooths the steps of thick slices. Where
    the image has the grid's spacing already, nothing is interpolated. IBSI: "interpolation method" and "ROI
    interpolation method" (doi 10.1148/radiol.2020191145). The study's own interpolators change nothing.
    """

    kind: Literal["interpolator"] = "interpolator"
    stage: ClassVar[Stage] = Stage.GRID
    settings_only: ClassVar[bool] = True
    examples: ClassVar = (
        {"image": "sitkLinear"},
        {"mask": "linear"},
        {"image": "sitkNearestNeighbor", "mask": "linear"},
    )

    image: ImageInterpolator | None = Field(
        default=None, description="Interpolator of the image by its name in SimpleITK; left out, the study's."
    )
    mask: MaskInterpolator | None = Field(
        default=None, description="nearest, or linear and at least 0.5; left out, nearest."
    )

    @model_validator(mode="after")
    def _one_at_least(self) -> Self:
        if self.image is None and self.mask is None:
            raise ValueError("give image, mask or both")
        return self

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the interpolators among its settings and wishes."""
        del rng
        sample = sample.with_sampling(mask_interpolator=self.mask)
        return sample.with_settings({"interpolator": self.image}) if self.image else sample


class ResegmentRange(Perturbation):
    """Leave voxels outside a range of intensities out of the ROI; image and mask themselves are untouched.

    Sets PyRadiomics' ``resegmentRange`` with ``resegmentMode`` ``absolute`` (image units) or ``relative``
    (shares of the ROI's maximum), both ends included, after resampling. IBSI: range re-segmentation (doi
    10.1148/radiol.2020191145), whose morphological mask stays whole unless ``shape`` is set. It has no zero;
    a range that holds all intensities removes nothing.
    """

    kind: Literal["resegment_range"] = "resegment_range"
    stage: ClassVar[Stage] = Stage.GRID
    settings_only: ClassVar[bool] = True
    examples: ClassVar = (
        {"lower": 1.0},
        {"lower": 0.41, "mode": "relative"},
        {"lower": 1.0, "upper": 8.0, "shape": True},
    )

    lower: float = Field(description="Lowest intensity that stays, in image units or shares of the maximum.")
    upper: float | None = Field(default=None, description="Highest intensity that stays; without it, any.")
    mode: Literal["absolute", "relative"] = Field(default="absolute", description="What the bounds count in.")
    shape: bool = Field(default=False, description="Whether shape is that of what stays.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.upper is not None and self.upper <= self.lower:
            raise ValueError(f"upper {self.upper:g} must lie above lower {self.lower:g}")
        return self

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the range among its settings."""
        del rng
        bounds = (self.lower,) if self.upper is None else (self.lower, self.upper)
        return sample.with_settings(
            {"resegmentRange": bounds, "resegmentMode": self.mode, "resegmentShape": self.shape}
        )


class OutlierRule(Perturbation):
    """Leave voxels far from the ROI's mean out of it; image and mask themselves are untouched.

    Sets PyRadiomics' ``resegmentRange`` to [-sds, sds] with ``resegmentMode: sigma``: a voxel stays where
    |value - mean| <= sds SD, mean and SD over the resampled ROI (SD over n). Usual is 3. IBSI: intensity
    outlier filtering (doi 10.1148/radiol.2020191145). It has no zero; enough SDs remove nothing.
    """

    kind: Literal["outlier_rule"] = "outlier_rule"
    stage: ClassVar[Stage] = Stage.GRID
    settings_only: ClassVar[bool] = True
    examples: ClassVar = ({"sds": 3.0}, {"sds": 2.0, "shape": True})

    sds: float = Field(gt=0, description="Largest distance from the mean that stays, in SDs of the ROI.")
    shape: bool = Field(default=False, description="Whether shape is that of what stays.")

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the rule among its settings."""
        del rng
        return sample.with_settings(
            {
                "resegmentRange": (-self.sds, self.sds),
                "resegmentMode": "sigma",
                "resegmentShape": self.shape,
            }
        )
