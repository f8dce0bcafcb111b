"""Moving the surface of a mask by a random field, with the expected volume kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.special import ndtr

from robustrad.core.geometry import Grid, Mask, Triple
from robustrad.perturb.displacement import Waves, field
from robustrad.perturb.level_set import LevelSet
from robustrad.perturb.pieces import without_crumbs
from robustrad.perturb.surface import dice

Field = NDArray[np.float32]

REACH = 4.0
"""How many amplitudes the surface moves at most: a normal variable is beyond that in 6 of 100 000 cases."""
PRECISION = 0.001
"""To which the mean Dice of the internal draws meets its target, where the voxels allow it."""
TOLERANCE = 0.02
"""Beyond which a target counts as missed."""
ROUNDS = 10


class Calibration(NamedTuple):
    """The amplitude for a Dice.

    Attributes
    ----------
    amplitude_mm : float
        RMS displacement, mm.
    dice : float
        Mean Dice of the internal draws at that amplitude.
    """

    amplitude_mm: float
    dice: float


def unit_field(waves: Waves, level: LevelSet, grid: Grid, *, center: Triple, correlation_mm: float) -> Field:
    """Return the field of ``waves`` in the box of ``level``, with an RMS of 1 on the surface.

    So every draw moves the surface by the same RMS distance, and draws differ in where they move it.
    """
    values = field(waves, grid, box=level.box, center=center, correlation_mm=correlation_mm)
    on_surface = values[np.abs(level.distance) <= max(grid.spacing)]
    return np.asarray(values / np.sqrt(np.mean(on_surface**2)))


def moved(level: LevelSet, unit: Field, *, amplitude_mm: float, offset_mm: float) -> Mask:
    """Return the mask whose surface moved out by ``amplitude_mm unit + offset_mm``, in the level's box."""
    return np.asarray(level.distance < amplitude_mm * unit + offset_mm)


def volume_offset(level: LevelSet, amplitude_mm: float) -> float:
    """Return the displacement in mm that keeps the expected volume under ``amplitude_mm``.

    A random displacement makes a convex body grow on average, since its outer shells are larger. The same
    constant is therefore added to all displacements of a case; the volume of a single draw varies. It is the
    zero of ``sum P(distance < offset + amplitude N(0, 1)) - n`` over the voxels.
    """
    distance = level.distance
    count = int(level.mask.sum()) - int(np.sum(distance < -2.0 * REACH * amplitude_mm))
    near = distance[np.abs(distance) <= 2.0 * REACH * amplitude_mm]

    def surplus(offset: float) -> float:
        return float(ndtr((offset - near) / amplitude_mm).sum()) - count

    bound = REACH * amplitude_mm
    if surplus(-bound) >= 0.0 or surplus(bound) <= 0.0:
        return 0.0  # no voxel is within reach
    return float(optimize.brentq(surplus, -bound, bound, xtol=1e-4 * amplitude_mm))


def amplitude_for(level: LevelSet, units: Sequence[Field], *, target_dice: float) -> Calibration | None:
    """Return the amplitude at which the mean Dice over the fields ``units`` meets ``target_dice``.

    The loss of Dice is nearly proportional to the amplitude: that gives the next one, bisection where it
    leaves the bracket. Draws under which the mask breaks are left out, since they are drawn again. Of a few
    voxels the target may be out of reach: then the amplitude is that of the nearest Dice.

    Returns
    -------
    Calibration or None
        None if the target is missed because half of the draws or more would break the mask.
    """
    low, high, best, breaks = 0.0, np.inf, None, False
    amplitude = _start(level, target_dice)
    for _ in range(ROUNDS):
        value = _mean_dice(level, units, amplitude)
        if value is not None and (best is None or abs(value - target_dice) < abs(best.dice - target_dice)):
            best = Calibration(amplitude, value)
            if abs(value - target_dice) <= PRECISION:
                break
        if value is not None and value > target_dice:
            low = amplitude
        else:
            high = amplitude
        breaks = breaks or value is None
        loss = 1.0 - value if value is not None else 0.0
        following = amplitude * (1.0 - target_dice) / loss if loss > 0.0 else 2.0 * amplitude
        amplitude = following if low < following < high else (low + min(high, 4.0 * amplitude)) / 2.0
    missed = best is None or abs(best.dice - target_dice) > TOLERANCE
    return None if breaks and missed else best


def _start(level: LevelSet, target_dice: float) -> float:
    """Return the amplitude at which the expected overlap is ``target_dice`` of the volume."""
    inside = level.distance[level.mask]
    amplitude = float(-inside.min()) * (1.0 - target_dice)
    for _ in range(5):
        kept = float(np.mean(ndtr((volume_offset(level, amplitude) - inside) / amplitude)))
        amplitude *= min(3.0, (1.0 - target_dice) / max(1.0 - kept, 1e-6))
    return amplitude


def _mean_dice(level: LevelSet, units: Sequence[Field], amplitude_mm: float) -> float | None:
    """Return the mean Dice of the draws that hold together, or None if half of them or more do not."""
    offset = volume_offset(level, amplitude_mm)
    found = []
    for unit in units:
        pieces = without_crumbs(level.mask, moved(level, unit, amplitude_mm=amplitude_mm, offset_mm=offset))
        if pieces.broken is None:
            found.append(dice(level.mask, pieces.mask))
    return float(np.mean(found)) if 2 * len(found) > len(units) else None
