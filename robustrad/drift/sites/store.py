"""Results of remedies as files, one per remedy, scope and repeat or assignment: a run resumes arm by arm."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from robustrad.drift.archives import Archives
from robustrad.drift.sites.new_site import NewSiteResult
from robustrad.drift.sites.results import Result


@dataclass(frozen=True)
class ResultStore(Archives):
    """Reads and writes the results of one folder."""

    def read(self, key: str) -> Result | None:
        """Return the result of ``key``; None where it is absent or torn."""
        found = self.arrays(key)
        if found is None or "fold" not in found:
            return None
        return Result(
            scores=found["scores"],
            fold=found["fold"].astype(np.intp),
            selected=found["selected"],
            lost=found["lost"],
            status=found["status"],
            fingerprints=found["fingerprints"],
            seconds=float(found["seconds"]),
            agreement=float(found["agreement"]),
            batch_effect=float(found["batch_effect"]),
            batch_classifier=float(found["batch_classifier"]),
        )

    def read_new_site(self, key: str) -> NewSiteResult | None:
        """Return the new-site result of ``key``; None where it is absent or torn."""
        found = self.arrays(key)
        if found is None or "sites" not in found:
            return None
        return NewSiteResult(
            tuple(found["sites"].tolist()),
            tuple(found["sizes"].tolist()),
            found["scores"],
            found["status"],
            found["lost"],
            found["seconds"],
        )

    def write(self, key: str, result: Result | NewSiteResult) -> None:
        """Write a result, whole or not at all."""
        self.keep(key, {name: np.asarray(value) for name, value in asdict(result).items()})
