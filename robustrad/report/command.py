"""What ``robustrad stability`` does."""

from __future__ import annotations

from pathlib import Path

from robustrad.report.provenance import engine_note
from robustrad.report.stability import StabilityReport, write_stability
from robustrad.stability.classes import KOO_LI, Thresholds
from robustrad.stability.components_table import components_of
from robustrad.stability.origin import origins_of
from robustrad.stability.source import Reading, read_source
from robustrad.stability.table import table_of


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
    """Measure the stability of ``source``, write tables and figures, return what to tell.

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
    reading = Reading(case or "case_id", condition or "condition", reference, exchangeable)
    origins = origins_of([source])
    observed = read_source(source, reading)
    table = table_of(observed, thresholds=thresholds, alpha=alpha)
    components = components_of(observed)
    beside = source / "stability" if source.is_dir() else source.with_name(f"{source.stem}_stability")
    note = engine_note(source)
    return write_stability(
        table,
        output or beside,
        components=components,
        thresholds=thresholds,
        alpha=alpha,
        note=note,
        origins=origins,
        not_used=observed.not_used,
    )
