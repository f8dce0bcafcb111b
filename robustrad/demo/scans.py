"""The cohort's images: made when asked for, in memory or as files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import SimpleITK as sitk

from robustrad.core.errors import DataError
from robustrad.core.geometry import Grid, Mask, Voxels
from robustrad.core.identity import generator
from robustrad.demo.phantom import FINE_MM, FOLD, GRID, Lesion, make_phantom
from robustrad.demo.scanner import SITES, SiteEffect, acquire, scanner_at


class SyntheticCase(NamedTuple):
    """One scan.

    Attributes
    ----------
    case_id : str
        As in the tables.
    voxels : ndarray of float64, (z, y, x)
        SUV, rounded to what float32 holds: the same numbers as in the file.
    mask : ndarray of bool, (z, y, x)
        The lesion.
    grid : Grid
        40 x 40 x 40 voxels of 4 mm.
    """

    case_id: str
    voxels: Voxels
    mask: Mask
    grid: Grid


@dataclass(frozen=True, eq=False)
class Cohort:
    """Synthetic patients. Iterate over it, or ``scan`` one, to get images; nothing is kept.

    Attributes
    ----------
    truth : DataFrame
        What was planted, a row per case: ``case_id, site, outcome, volume_ml, texture_strength,
        correlation_mm, necrosis_fraction, uptake_suv, psf_fwhm_mm, noise_sd, noise_z, gain, offset_suv,
        linear_predictor, probability``.
    seed : int
        The seed it was drawn with.
    site_effect : {"psf", "noise", "calibration"} or None
        How site B differs from site A.
    """

    truth: pd.DataFrame
    seed: int
    site_effect: SiteEffect | None

    def __len__(self) -> int:
        """Return the number of cases."""
        return len(self.truth)

    def __iter__(self) -> Iterator[SyntheticCase]:
        """Return an iterator over the cases, each scanned at its own site."""
        return (self.scan(index) for index in range(len(self)))

    def scan(self, index: int, *, site: str | None = None, repeat: int = 0) -> SyntheticCase:
        """Return a case as scanned at its own site, or at another one (a traveling patient).

        Parameters
        ----------
        index : int
            Row of ``truth``, from 0.
        site : {"A", "B"} or None
            Where to scan; None is the site in ``truth``.
        repeat : int
            Number of the acquisition; each has noise of its own. 0 is the one that is written.

        Raises
        ------
        DataError
            If there is no such site.
        IndexError
            If there is no such row.
        """
        patient = range(len(self))[index]
        row = self.truth.iloc[patient]
        at = str(row["site"]) if site is None else site
        if at not in SITES:
            raise DataError("scan(site=...)", repr(site), f"one of {', '.join(SITES)}, or None")
        scanner = scanner_at(at, self.site_effect)
        phantom = make_phantom(_lesion(row), seed=self.seed, patient=patient)
        voxels = acquire(
            phantom.activity,
            scanner,
            rng=generator("robustrad.demo", self.seed, patient, "noise", repeat),
            fine_mm=FINE_MM,
            fold=FOLD,
            noise_sd=scanner.noise_sd_of(float(row["noise_z"])),
        )
        stored = voxels.astype(np.float32).astype(np.float64)
        return SyntheticCase(str(row["case_id"]), stored, phantom.mask, GRID)

    def write(self, folder: str | Path) -> Path:
        """Write images, masks, ``truth.csv`` and, last, ``cases.csv``; return the path of the latter.

        Images are float32 (SUV) and masks uint8 in NIfTI. ``cases.csv`` has the columns ``case_id, image,
        mask, patient, modality, site, outcome``. Files of the same name are replaced.

        Raises
        ------
        DataError
            If the folder cannot be made or written to.
        """
        folder = Path(folder)
        try:
            (folder / "images").mkdir(parents=True, exist_ok=True)
            for case in self:
                _write_image(case.grid.image(case.voxels.astype(np.float32)), folder / _image(case.case_id))
                _write_image(case.grid.image(case.mask), folder / _mask(case.case_id))
            _write_table(self.truth, folder / "truth.csv")
            _write_table(_case_table(self.truth), folder / "cases.csv")
        except OSError as error:
            raise DataError(str(folder), str(error), "a folder that can be written to") from error
        return folder / "cases.csv"


def _lesion(row: pd.Series) -> Lesion:
    return Lesion(
        voxels=round(float(row["volume_ml"]) * 1000.0 / GRID.voxel_volume),
        uptake_suv=float(row["uptake_suv"]),
        strength=float(row["texture_strength"]),
        correlation_mm=float(row["correlation_mm"]),
        necrosis_fraction=float(row["necrosis_fraction"]),
    )


def _case_table(truth: pd.DataFrame) -> pd.DataFrame:
    names = truth["case_id"]
    return pd.DataFrame(
        {
            "case_id": names,
            "image": names.map(_image),
            "mask": names.map(_mask),
            "patient": names,
            "modality": "PT",
            "site": truth["site"],
            "outcome": truth["outcome"],
        }
    )


def _image(case_id: str) -> str:
    return f"images/{case_id}_image.nii.gz"


def _mask(case_id: str) -> str:
    return f"images/{case_id}_mask.nii.gz"


def _write_image(image: sitk.Image, path: Path) -> None:
    try:
        sitk.WriteImage(image, str(path))
    except RuntimeError as error:  # all that ITK raises, a full disk too
        raise OSError(str(error)) from error


def _write_table(table: pd.DataFrame, path: Path) -> None:
    """Write ``table`` in one piece: the file is the old one or the new one, never a part."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    table.to_csv(partial, index=False, lineterminator="\n")
    partial.replace(path)
