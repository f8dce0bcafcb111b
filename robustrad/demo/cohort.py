"""The built-in cohort: synthetic PET lesions at two sites, with an outcome of known strength."""

from __future__ import annotations

from numbers import Integral

import pandas as pd

from robustrad.core.errors import DataError, Problem, nearest
from robustrad.demo.outcome import OUTCOMES, OutcomeKind, draw_traits, plant
from robustrad.demo.phantom import GRID
from robustrad.demo.scanner import SITE_EFFECTS, SiteEffect, scanner_at
from robustrad.demo.scans import Cohort

_SMALLEST = 4  # two patients of each outcome, one at each site


def cohort(
    n: int = 40,
    *,
    site_effect: SiteEffect | None = None,
    outcome: OutcomeKind = "texture",
    seed: int = 0,
) -> Cohort:
    """Return synthetic PET lesions with planted truth; images are made when they are asked for.

    Each patient has one lesion of 15 to 250 mL in 40 x 40 x 40 voxels of 4 mm, textured by a Gaussian
    random field, in some with a necrotic core, scanned with a PSF, partial volume and correlated noise.
    Half of the patients of either outcome are scanned at site A and half at site B. Patient i has the
    same body, uptake, texture pattern and noise in every cohort of the same seed; the strength of the
    texture, the outcome and the site depend on the whole sample.

    Parameters
    ----------
    n : int
        Number of patients, 4 or more.
    site_effect : {"psf", "noise", "calibration"} or None
        How site B differs, large on purpose: a PSF of 10 instead of 6 mm; noise of about 1.75 times the
        SD, and very different from patient to patient; SUV times 1.3 plus 0.1. None: both sites have the
        same scanner.
    outcome : {"texture", "volume"}
        What drives the outcome, with a true AUC of 0.80 and a prevalence of 45 %: the strength of the
        texture, which is exactly uncorrelated with log volume in the sample, or log volume. The AUC of
        one sample scatters about 0.80 (SD 0.07 at n = 40, 0.025 at 300).
    seed : int
        Same seed, same cohort, to the byte on one platform.

    Returns
    -------
    Cohort
        ``truth`` is the table of what was planted; iterating gives the images; ``write(folder)`` writes
        them and returns the path of ``cases.csv``.

    Raises
    ------
    DataError
        If an argument is not one of these.

    Examples
    --------
    >>> from robustrad.demo import cohort
    >>> patients = cohort(n=8, seed=1)
    >>> int(patients.truth["outcome"].sum())
    4
    >>> patients.scan(0).voxels.shape
    (40, 40, 40)
    """
    _check(n, site_effect, outcome, seed)
    n, seed = int(n), int(seed)
    traits = draw_traits(n, seed, voxel_ml=GRID.voxel_volume / 1000.0)
    planted = plant(traits, outcome)
    scanners = [scanner_at(site, site_effect) for site in planted.site]
    truth = pd.DataFrame(
        {
            "case_id": [f"case_{number:04d}" for number in range(1, n + 1)],
            "site": planted.site,
            "outcome": planted.outcome,
            "volume_ml": traits.voxels * GRID.voxel_volume / 1000.0,
            "texture_strength": planted.strength,
            "correlation_mm": traits.correlation_mm,
            "necrosis_fraction": traits.necrosis_fraction,
            "uptake_suv": traits.uptake_suv,
            "psf_fwhm_mm": [scanner.fwhm_mm for scanner in scanners],
            "noise_sd": [s.noise_sd_of(float(z)) for s, z in zip(scanners, traits.noise_z, strict=True)],
            "noise_z": traits.noise_z,
            "gain": [scanner.gain for scanner in scanners],
            "offset_suv": [scanner.offset_suv for scanner in scanners],
            "linear_predictor": planted.linear_predictor,
            "probability": planted.probability,
        }
    )
    return Cohort(truth, seed, site_effect)


def _check(n: int, site_effect: str | None, outcome: str, seed: int) -> None:
    problems = []
    if not _whole(n) or n < _SMALLEST:
        problems.append(Problem("cohort(n=...)", repr(n), f"a whole number, {_SMALLEST} or more"))
    if site_effect is not None and site_effect not in SITE_EFFECTS:
        hint = nearest(str(site_effect), SITE_EFFECTS)
        problems.append(Problem("cohort(site_effect=...)", repr(site_effect), "a site effect or None", hint))
    if outcome not in OUTCOMES:
        hint = nearest(str(outcome), OUTCOMES)
        problems.append(Problem("cohort(outcome=...)", repr(outcome), "what drives the outcome", hint))
    if not _whole(seed):
        problems.append(Problem("cohort(seed=...)", repr(seed), "a whole number"))
    if problems:
        raise DataError.of(problems)


def _whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
