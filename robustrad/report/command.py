"""What ``robustrad stability`` does."""

from __future__ import annotations

from pathlib import Path

from robustrad.report.provenance import engine_note
from robustrad.report.stability import StabilityReport, write_stability
from robustrad.stability.classes import KOO_LI, Thresholds
from robustrad.stability.table import stability_table


def stability_command(
    source: Path,
    *,
    case: str | None = None,
    condition: str | None = None,
    reference: str | None = None,
    exchangeable: bool = False,
    output: Path | None = None,
    thresholds: Thresholds = KOO_LI,
    alpha: float = 0.05,
) -> StabilityReport:
    """Measure the stability of ``source``, write the tables and the figure, return what to tell.

    Parameters
    ----------
    source : Path
        Study folder or feature table.
    case, condition : str, optional
        Columns of a feature table; default ``case_id`` and ``condition``.
    reference, exchangeable, thresholds, alpha
        See :func:`robustrad.stability.table.stability_table`.
    output : Path, optional
        Folder to write; default ``stability`` in a study, ``NAME_stability`` beside a table.
    """
    table = stability_table(
        source,
        case=case or "case_id",
        condition=condition or "condition",
        reference=reference,
        exchangeable=exchangeable,
        thresholds=thresholds,
        alpha=alpha,
    )
    beside = source / "stability" if source.is_dir() else source.with_name(f"{source.stem}_stability")
    note = engine_note(source)
    return write_stability(table, output or beside, thresholds=thresholds, alpha=alpha, note=note)
