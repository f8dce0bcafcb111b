"""What an engine is: three verbs that follow the tree, so that shared work is done once.

``prepare`` sees the whole image (normalization, spline coefficients), ``region`` one mask on one analysis
grid (resampling, resegmentation, crop, filters, shape), ``features`` one set of gray levels (discretization,
texture matrices, first order). Each verb is given only the settings that ``extract/settings.py`` assigns to
it, so a setting that acts elsewhere cannot be read by mistake.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from robustrad.extract.parameters import Parameters
from robustrad.perturb.sample import Sampling

#: The definition shared by engines that reproduce PyRadiomics 3.x, on the grids of ``extract/sampling.py``.
#: Its last number rises when those grids change for a given sampling.
PYRADIOMICS_DEFINITION = "pyradiomics-3/grid-1"


class RegionRefusedError(Exception):
    """The region has no features (empty, one voxel, one gray level ...): a reason, not a bug.

    A sweep records the condition as skipped with this reason; plain extraction turns it into a DataError.
    """


class Region(NamedTuple):
    """One mask on one analysis grid, ready for gray levels.

    Attributes
    ----------
    voxel_count : int
        Voxels of the ROI on the analysis grid, before resegmentation.
    values : ndarray of float, (n,)
        Intensities of the unfiltered image in the ROI after resegmentation, in array order.
    shape : dict of str to float
        Shape features by PyRadiomics' names; empty if none is enabled.
    payload : object
        What the engine itself needs; nobody else looks into it.
    notes : tuple of str
        What the grid lost at the borders (``AnalysisGrid.notes``).
    """

    voxel_count: int
    values: NDArray[np.floating[Any]]
    shape: dict[str, float]
    payload: Any
    notes: tuple[str, ...] = ()


class Engine(Protocol):
    """Computes features. Instances hold no state between calls."""

    @property
    def name(self) -> str:
        """``native``, ``native-shared`` or ``pyradiomics``."""

    @property
    def definition(self) -> str:
        """Engines with the same definition give the same numbers within the declared parity."""

    def unsupported(self, parameters: Parameters) -> list[str]:
        """Return what in ``parameters`` this engine cannot do, each in words; empty if it can do all."""

    def prepare(self, image: sitk.Image, parameters: Parameters) -> Any:
        """Return what depends on the whole image alone.

        Parameters
        ----------
        image : SimpleITK.Image
            3-D scalar image; its pixel type is kept (a sweep passes float64).
        parameters : Parameters
            The view of verb ``prepare``.
        """

    def region(
        self, prepared: Any, mask: sitk.Image, parameters: Parameters, *, sampling: Sampling
    ) -> Region:
        """Return one mask on one analysis grid.

        Parameters
        ----------
        prepared : object
            What ``prepare`` returned.
        mask : SimpleITK.Image
            UInt32, 1 inside the ROI and 0 outside.
        parameters : Parameters
            The view of verb ``region``.
        sampling : Sampling
            Spacing, shift and rotation of the analysis grid; the default is PyRadiomics' own grid.

        Raises
        ------
        RegionRefusedError
            If the region has no features.
        """

    def features(self, region: Region, parameters: Parameters) -> dict[str, float]:
        """Return all features, shape included, by PyRadiomics' names, in parameter-file order.

        Raises
        ------
        RegionRefusedError
            If the gray levels cannot be formed (more of them than memory allows).
        """
