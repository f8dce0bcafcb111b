"""What a worker process does for a comparison of remedies: one repeat or assignment of an experiment."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.remedies.registry import choose
from robustrad.drift.service import spec_from, take_up
from robustrad.drift.sites.bench import Bench
from robustrad.drift.sites.disjoint import run_disjoint
from robustrad.drift.sites.new_site import run_new_site
from robustrad.drift.sites.paired import run_paired
from robustrad.drift.sites.plan import Part, Planner
from robustrad.drift.sites.settings import RemedySettings
from robustrad.drift.sites.store import ResultStore
from robustrad.drift.stages import outcome_of


@dataclass(frozen=True)
class PartJob:
    """Compute what is missing of one part."""

    experiment: str
    number: int

    def message(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


class RemedyService:
    """Serves jobs; made once per process.

    Parameters
    ----------
    setup : dict
        ``data``: folder that :func:`robustrad.drift.service.lay_out` wrote; ``arms``: folder of the results;
        ``settings``, ``spec``: how remedies are compared, and the model, as JSON; ``seed``, ``base``: of the
        bench.
    """

    def __init__(self, setup: dict[str, Any]) -> None:
        data, folds, survival = take_up(Path(setup["data"]))
        fields = setup["settings"]
        settings = RemedySettings(**{**fields, "experiments": tuple(fields["experiments"])})
        self.bench = Bench(data, folds, spec_from(setup["spec"]), setup["seed"], survival)
        self.planner = Planner(self.bench, choose(settings.remedies), settings, base=setup["base"])
        self.settings = settings
        self.store = ResultStore(Path(setup["arms"]))

    def run(self, message: dict[str, Any]) -> dict[str, Any]:
        """Do one job; what a user can mend comes back as text, anything else ends the process."""
        experiment, number = message["experiment"], message["number"]
        return outcome_of(
            lambda: self._compute(self.planner.part(experiment, number)), model=self.bench.spec.name
        )

    def _compute(self, part: Part) -> None:
        new_site = part.experiment == "e3"
        read = self.store.read_new_site if new_site else self.store.read
        missing = [i for i, key in enumerate(part.keys) if read(key) is None]
        variants = [part.variants[i] for i in missing]
        keys = [part.keys[i] for i in missing]
        if part.assignment is None:
            for key, result in zip(keys, run_paired(self.bench, variants, part.number), strict=True):
                self.store.write(key, result)
            return
        if new_site:
            sizes = self.settings.sizes
            ideal, found = run_new_site(self.bench, variants, part.assignment, part.number, sizes=sizes)
            for key, met in zip(keys, found, strict=True):
                self.store.write(key, met)
            if part.ideal is not None:
                self.store.write(part.ideal, ideal)
            return
        best, results = run_disjoint(self.bench, variants, part.assignment, part.number, name=part.experiment)
        for key, result in zip(keys, results, strict=True):
            self.store.write(key, result)
        if part.ideal is not None and best is not None:
            self.store.write(part.ideal, best)


def setup_of(planner: Planner, *, data: Path, arms: Path) -> dict[str, Any]:
    """Return the setup of the service as JSON."""
    bench, settings = planner.bench, planner.settings
    spec: ModelSpec = bench.spec
    return {
        "data": str(data),
        "arms": str(arms.resolve()),
        "settings": asdict(settings),
        "spec": asdict(spec),
        "seed": bench.seed,
        "base": planner.base,
    }
