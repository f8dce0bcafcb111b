"""Which results a comparison of remedies needs, and the key of each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from robustrad.core.identity import fingerprint
from robustrad.drift.models.identity import model_identity
from robustrad.drift.remedies.base import NotApplicableError, Remedy
from robustrad.drift.sites.bench import Bench
from robustrad.drift.sites.disjoint import disjoint_variants
from robustrad.drift.sites.new_site import new_site_variants
from robustrad.drift.sites.paired import paired_variants
from robustrad.drift.sites.results import Variant
from robustrad.drift.sites.settings import NULL_KAPPA, RemedySettings
from robustrad.drift.sites.virtual import Assignment, assign, number_of_sites, real_sites
from robustrad.drift.store import arm_key, data_identity

IDEAL = "ideal"


@dataclass(frozen=True)
class Part:
    """One repeat or assignment of one experiment.

    Attributes
    ----------
    experiment : str
        ``e1`` .. ``e4``.
    number : int
        Repeat or assignment.
    assignment : Assignment or None
        Who is where; None in E1.
    variants : list of Variant
        What is scored.
    keys : list of str
        Of each variant.
    ideal : str or None
        Key of what training and testing at the reference gives.
    """

    experiment: str
    number: int
    assignment: Assignment | None
    variants: list[Variant]
    keys: list[str]
    ideal: str | None


class Planner:
    """Knows the parts of each experiment.

    Parameters
    ----------
    bench : Bench
        Data, folds and model.
    remedies : tuple of Remedy
        To be compared.
    settings : RemedySettings
        How.
    base : str, optional
        Identity of the bench, where another process has computed it.
    """

    def __init__(
        self, bench: Bench, remedies: tuple[Remedy, ...], settings: RemedySettings, *, base: str | None = None
    ) -> None:
        self.bench, self.remedies, self.settings = bench, remedies, settings
        self.base = self._identity() if base is None else base

    def _identity(self) -> str:
        """Return a hash of data, folds and model."""
        bench = self.bench
        volume = b"" if bench.volume is None else np.ascontiguousarray(bench.volume).tobytes()
        identity = data_identity(bench.data) + hashlib.sha256(volume).hexdigest()
        model = {"spec": asdict(bench.spec), "model": model_identity(bench.spec.name), "seed": bench.seed}
        return arm_key(model, identity, bench.folds)

    def number_of_parts(self, experiment: str) -> int:
        """Return how many repeats or assignments an experiment has.

        Raises
        ------
        NotApplicableError
            If these data do not allow it.
        """
        data = self.bench.data
        if experiment == "e1":
            if not self.bench.places:
                raise NotApplicableError(
                    "E1", "one condition only", "perturbed conditions of the same patients"
                )
            return len(self.bench.folds)
        if data.batch is not None:
            real_sites(data)
            # Real sites are dealt by nobody: what varies is the folds (E2) or the calibration patients (E3).
            return len(self.bench.folds) if experiment == "e2" else self.settings.assignments
        self._n_sites()
        return self.settings.assignments

    def part(self, experiment: str, number: int) -> Part:
        """Return one part."""
        if experiment == "e1":
            variants = paired_variants(self.bench, self.remedies)
            return Part(experiment, number, None, variants, self._keys(experiment, number, variants), None)
        assignment = self._assignment(experiment, number)
        if experiment == "e3":
            variants = new_site_variants(self.remedies)
        else:
            variants = disjoint_variants(self.remedies, assignment)
        ideal = self._key(experiment, number, (IDEAL,)) if assignment.virtual else None
        keys = self._keys(experiment, number, variants)
        return Part(experiment, number, assignment, variants, keys, ideal)

    def _assignment(self, experiment: str, number: int) -> Assignment:
        null = experiment == "e4"
        seed = self.settings.seed
        if self.bench.data.batch is not None:
            return real_sites(self.bench.data, number=number, permute=null, seed=seed)
        kappa = self.settings.kappa or (NULL_KAPPA if null else 0.0)
        return assign(
            self.bench.data,
            self.bench.places,
            n_sites=self._n_sites(),
            number=number,
            kappa=kappa,
            permute=null,
            seed=seed,
        )

    def _n_sites(self) -> int:
        n_splits = int(self.bench.folds.max()) + 1
        return number_of_sites(self.bench.data.n_patients, self.bench.places, n_splits=n_splits)

    def _keys(self, experiment: str, number: int, variants: Sequence[Variant]) -> list[str]:
        return [
            self._key(experiment, number, (variant.remedy.name, variant.scope, *variant.without))
            for variant in variants
        ]

    def _key(self, experiment: str, number: int, what: tuple[str, ...]) -> str:
        kappa = self.settings.kappa if experiment in {"e2", "e3"} else self.settings.kappa or NULL_KAPPA
        about = {
            "experiment": experiment,
            "number": number,
            "what": what,
            "kappa": 0.0 if experiment == "e1" else kappa,
            "sizes": self.settings.sizes if experiment == "e3" else (),
            "seed": self.settings.seed,
            "base": self.base,
        }
        return f"remedy_{fingerprint(about)}"
