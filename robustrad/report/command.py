"""What ``robustrad stability`` and ``robustrad report`` do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from robustrad.core.told import Told
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


def report_command(
    folders: Sequence[Path],
    *,
    title: str | None = None,
    formats: Sequence[str] | None = None,
    journal_width: float = 174,
) -> Told:
    """Write the report of the first of ``folders``; several are compared in it.

    Parameters
    ----------
    folders : sequence of Path
        Study folders, or folders of analyses of feature tables.
    title : str, optional
        Of the page and the documents.
    formats : sequence of str, optional
        Of :data:`robustrad.report.write.FORMATS`; default all for which the extras are installed.
    journal_width : float
        Width of the figures in mm: 85 or 174.

    Returns
    -------
    Told
        The verdict in words, and where the files are.
    """
    from importlib.util import find_spec

    from robustrad.report.derived import derive
    from robustrad.report.holdings import read_holdings
    from robustrad.report.verdict import verdict
    from robustrad.report.write import FORMATS, write_report

    installed = find_spec("docx") is not None
    chosen = list(formats or (name for name in FORMATS if name != "docx" or installed))
    folder = folders[0]
    paths = write_report(folder, title=title, formats=chosen, width_mm=journal_width, others=folders[1:])
    sentences = verdict(derive(read_holdings(folder)))
    lines = [f"{sentence.topic}: {sentence}" for sentence in sentences]
    if not formats and not installed:
        lines.append("No Word tables: python-docx is not installed (pip install 'robustrad[docx]').")
    page = folder / "report" / "report.html"
    lines += (
        [f"{len(paths)} files in {folder / 'report'}", f"Look at {page}"]
        if page in paths
        else [f"{len(paths)} files in {folder / 'report'}"]
    )
    data = {
        "verdict": [{"topic": s.topic, "text": str(s), "evidence": s.file} for s in sentences],
        "files": [str(path) for path in paths],
    }
    return Told("\n".join(lines), data)
