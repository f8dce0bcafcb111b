"""The words of a preview: strength under each picture, what a factor is, the caption of the figure."""

from __future__ import annotations

import inspect
import math

import numpy as np

from robustrad.core.geometry import Triple
from robustrad.perturb.base import Stage
from robustrad.preview.look import Cell, Look, Row
from robustrad.protocol.model import Factor
from robustrad.sweep.rows import OK

_UNITS = {"CT": "HU", "PT": "SUV"}
_DOT = "  \N{MIDDLE DOT}  "
_TIMES = "\N{MULTIPLICATION SIGN}"
_MINUS = "\N{MINUS SIGN}"


def unit_of(modality: str) -> str:
    """Return the unit of intensities, empty where they are arbitrary."""
    return _UNITS.get(modality, "")


def strength_lines(cell: Cell, stage: Stage, unit: str) -> tuple[str, ...]:
    """Return what was measured at ``stage``, in short lines: three for masks, at most two for others.

    Parameters
    ----------
    cell : Cell
        A level, or the reference.
    stage : Stage
        Stage of the factor.
    unit : str
        Unit of intensities.
    """
    if cell.shot is None:
        return ()
    if stage is Stage.IMAGE:
        rmse, sd = _number(cell, "strength_rmse"), _number(cell, "strength_sd_difference")
        if math.isnan(rmse):
            return _lengths(cell.shot.spacing), "RMSE not defined"
        return f"RMSE {short(rmse)} {unit}".rstrip(), f"SD {short(sd)} {unit}".rstrip()
    if stage is Stage.MASK:
        dice, distance = _number(cell, "strength_dice"), _number(cell, "strength_hd95_mm")
        ratio = _number(cell, "strength_volume_ratio")
        return f"Dice {dice:.3f}", f"HD95 {distance:.1f} mm", f"volume {_TIMES}{ratio:.3f}"
    if stage is Stage.GRID:
        return f"{_number(cell, 'strength_roi_voxels'):.0f} voxels", _lengths(cell.shot.laid_spacing)
    width = cell.shot.bin_width
    told = "" if math.isnan(width) else f"width {short(width)} {unit}".rstrip()
    return f"{_number(cell, 'strength_bins'):.0f} bins", told


def reference_lines(look: Look, stage: Stage, unit: str) -> tuple[str, ...]:
    """Return what is known of the reference where nothing was perturbed; lines as in ``strength_lines``."""
    cell, sample = look.reference, look.sample
    if stage is Stage.IMAGE:
        noise = _number(cell, "strength_noise_sd")
        told = "" if math.isnan(noise) else f"noise SD {short(noise)} {unit}".rstrip()
        return told, _lengths(sample.grid.spacing)
    if stage is Stage.MASK:
        milliliters = int(sample.mask.sum()) * sample.grid.voxel_volume / 1000.0
        return f"{short(milliliters)} mL", f"{int(sample.mask.sum())} voxels"
    return strength_lines(cell, stage, unit)


def severity_text(severity: float | None, *, word: str = "severity") -> str:
    """Return a severity for the head of a picture, with the sign of signed levels."""
    return "" if severity is None else f"{word} {severity:g}".replace("-", _MINUS).strip()


def factor_text(factor: Factor) -> tuple[str, str]:
    """Return what a factor is: its role and kind, and what its operator says of itself."""
    operator = factor.levels[0].operator
    about = (inspect.getdoc(type(operator)) or "").partition("\n\n")[0].replace("\n", " ").replace("``", "")
    drawn = f" Draw 1 of {factor.draws}." if factor.random else ""
    kind = "" if operator.kind == factor.name else f", {operator.kind}"
    return f"{factor.role}{kind}", f"{about}{drawn}".strip()


def unseen_text(row: Row, look: Look) -> str:
    """Return a note where a mask changes, but in no level within the slice that is shown; else nothing."""
    before = look.frame.cut(look.sample.mask, look.sample.grid).values
    drawn = [cell for cell in row.cells if cell.shot]
    changed = [cell for cell in drawn if _number(cell, "strength_dice") < 1]
    seen = [cell for cell in drawn if cell.shot and not np.array_equal(cell.shot.mask.values, before)]
    return "Changes other slices than this one." if changed and not seen else ""


def reason_of(cell: Cell) -> str:
    """Return why a level has no picture."""
    return f"{cell.status}: {cell.reason}" if cell.status != OK else ""


def head_text(look: Look) -> str:
    """Return the line above the pictures: case, protocol, slice and window."""
    window, unit = look.window, unit_of(look.modality)
    number = f"slice {look.frame.slice_index + 1} of {look.frame.grid.size[2]}"
    span = f"{window.low:.4g} to {window.high:.4g} {unit}".rstrip().replace("-", _MINUS)
    return _DOT.join([look.case_id, f"protocol {look.protocol}", number, f"{window.name} {span}"])


def figure_caption(look: Look) -> str:
    """Return the caption of the figure, which stands outside it."""
    stages = {row.factor.stage for row in look.rows}
    where = ", ".join(head_text(look).split(_DOT)[2:])
    said = [
        f"Perturbations of protocol {look.protocol} on case {look.case_id}: the slice through the lesion's",
        f"center ({where}). One row per factor, the reference first, then the levels by severity.",
        "Dashed: contour of the reference; solid: contour after the perturbation.",
    ]
    if Stage.IMAGE in stages:
        said.append(
            "Below images: difference from the reference, one symmetric color scale per factor; RMSE and SD "
            "of the difference are those in the reference ROI. Values beyond the scale, which is that of the "
            "lesion, have its end colors."
        )
    if Stage.MASK in stages:
        said.append("HD95: 95 % Hausdorff distance of the surfaces.")
    if Stage.GRID in stages:
        said.append(
            "Grid factors are shown on the analysis grid, image and mask resampled once; voxels are "
            "those of the ROI."
        )
    if Stage.DISCRETIZE in stages:
        said.append("Discretization: gray levels in the ROI from the lowest (dark) to the highest (light).")
    if any(row.factor.random for row in look.rows):
        said.append("Of random factors the first draw is shown.")
    said.append("Scale bar: 20 mm.")
    return " ".join(said)


def short(value: float) -> str:
    """Return three significant digits, without an exponent where that can be read."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits}f}" if digits <= 5 else f"{value:.2e}"
    return text.replace("-", _MINUS)


def _number(cell: Cell, column: str) -> float:
    value = cell.strength.get(column, math.nan)
    return math.nan if isinstance(value, str) else value


def _lengths(spacing: Triple) -> str:
    return f" {_TIMES} ".join(f"{round(step, 2):g}" for step in spacing) + " mm"
