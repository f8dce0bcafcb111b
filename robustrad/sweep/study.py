"""A study folder as its readers see it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from robustrad.core.errors import StudyError

if TYPE_CHECKING:
    import pandas as pd

STUDY, CASES, CONDITIONS, FEATURES = "study.json", "cases.csv", "conditions.csv", "features.parquet"
RESUME = "resume.txt"  # the command that was typed


@dataclass(frozen=True)
class Study:
    """The folder that a sweep leaves.

    Attributes
    ----------
    folder : Path
        Where it is.
    ok, skipped, failed : int
        Number of case x condition units of each status in ``features.parquet``.
    missing : int
        Units that are not computed yet; ``features.parquet`` exists only when none is missing.
    disparities : tuple of str
        Features of the watched units on which PyRadiomics disagrees, each with unit and values.
    notes : tuple of str
        What became of a ``features.parquet`` that was there: files that changed, cases left out or kept.
    """

    folder: Path
    ok: int = 0
    skipped: int = 0
    failed: int = 0
    missing: int = 0
    disparities: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def features(self) -> pd.DataFrame:
        """Features of all cases and conditions, one row each, in plan order.

        Raises
        ------
        StudyError
            If the sweep is not finished.
        """
        import pandas as pd

        path = self.folder / FEATURES
        if not path.is_file():
            raise StudyError(
                str(path),
                "not there",
                "a finished sweep",
                f"robustrad status {self.folder} tells what is missing.",
            )
        return pd.read_parquet(path)

    @property
    def conditions(self) -> pd.DataFrame:
        """Conditions with factor, level, role, severity, sign, draw and fingerprint."""
        import pandas as pd

        return pd.read_csv(self.folder / CONDITIONS, dtype={"condition": str, "factor": str, "level": str})
