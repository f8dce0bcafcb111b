"""What ``robustrad report`` does."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from robustrad.core.told import Told
from robustrad.report.write import FORMATS, write_report


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
    installed = find_spec("docx") is not None
    chosen = list(formats or (name for name in FORMATS if name != "docx" or installed))
    folder = folders[0]
    paths, sentences = write_report(
        folder, title=title, formats=chosen, width_mm=journal_width, others=folders[1:]
    )
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
