"""The comparison of remedies: compute what is missing, then turn all results into tables."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from robustrad.core.written import make_folder
from robustrad.drift.archives import there
from robustrad.drift.data import Codes, DriftData, Floats
from robustrad.drift.endpoint import Endpoint
from robustrad.drift.endpoints import TimeToEvent, followed
from robustrad.drift.evaluate.resample import patient_weights
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.remedies.base import NotApplicableError
from robustrad.drift.remedies.registry import choose
from robustrad.drift.service import lay_out
from robustrad.drift.sites.bench import Bench
from robustrad.drift.sites.bootstrap import Resamples
from robustrad.drift.sites.disjoint_rows import DISJOINT, NULL, Scored, disjoint_rows, null_rows
from robustrad.drift.sites.needs import copies_needs, needs_frame, sweep_needs
from robustrad.drift.sites.new_site_rows import EXPERIMENT as NEW_SITE
from robustrad.drift.sites.new_site_rows import SWEEP_COLUMNS, Met, NewSites
from robustrad.drift.sites.paired_rows import EXPERIMENT as PAIRED
from robustrad.drift.sites.paired_rows import paired_rows
from robustrad.drift.sites.plan import Part, Planner
from robustrad.drift.sites.ranking import ranked
from robustrad.drift.sites.results import UNSEEN
from robustrad.drift.sites.rows import Row, blank
from robustrad.drift.sites.service import PartJob, RemedyService, setup_of
from robustrad.drift.sites.settings import RemedySettings
from robustrad.drift.sites.shuffled import shuffled_rows
from robustrad.drift.sites.store import ResultStore
from robustrad.drift.sites.survival_tables import named_for_c
from robustrad.drift.stages import run_stages
from robustrad.drift.survival.times import Survival

NAMES = {"e1": PAIRED, "e2": DISJOINT, "e3": NEW_SITE, "e4": NULL}
_ORDER = ("e1", "e3", "e2", "e4")  # the longest parts first


@dataclass(frozen=True)
class RemedyTables:
    """What a comparison of remedies says.

    Attributes
    ----------
    remedies : DataFrame
        A row per experiment, remedy and scope; the columns are ``rows.COLUMNS`` (for a time to event see
        :func:`robustrad.drift.sites.survival_tables.named_for_c`).
    calibration_sweep : DataFrame
        E3 by the number of calibration patients; no rows without E3.
    deployment_needs : DataFrame
        Copies to be averaged, or patients to be collected, until the drift stays within the margin.
    """

    remedies: pd.DataFrame
    calibration_sweep: pd.DataFrame
    deployment_needs: pd.DataFrame

    @classmethod
    def of(
        cls, endpoint: Endpoint, rows: Sequence[Row], sweep: Sequence[Row], needs: Sequence[Row]
    ) -> RemedyTables:
        """Return the tables of rows: ranked, and with the columns of the endpoint."""
        table = ranked(rows, endpoint.statistic)
        swept = pd.DataFrame(list(sweep), columns=list(SWEEP_COLUMNS))
        if isinstance(endpoint, TimeToEvent):
            table, swept = named_for_c(table), named_for_c(swept)
        return cls(table, swept, needs_frame(needs))


def compare_remedies(
    data: DriftData,
    folds: Codes,
    spec: ModelSpec,
    settings: RemedySettings,
    *,
    margin: float,
    folder: Path,
    jobs: int = 1,
    progress: Callable[[int], Any] | None = None,
    survival: Survival | None = None,
) -> RemedyTables:
    """Compare remedies, taking from ``folder`` what is there.

    Parameters
    ----------
    data : DriftData
        Subjects under all conditions.
    folds : ndarray of int, shape (r, n)
        Outer folds of the run.
    spec : ModelSpec
        Model that every remedy trains.
    settings : RemedySettings
        Which remedies and experiments.
    margin : float
        Loss of AUC (of C) that would matter.
    folder : Path
        Resume state.
    jobs : int
        Worker processes; 1 works in this process.
    progress : callable, optional
        Given the number of jobs, returns a context manager with a method ``step``.
    survival : Survival, optional
        Follow-up of the subjects: a time to event is predicted, not the outcome of ``data``, and the tables
        are those of C.

    Raises
    ------
    DataError
        If a remedy or the model is unknown.
    EnvironmentUnusableError
        For a time to event without scikit-survival.
    """
    remedies = choose(settings.remedies)
    if survival is not None:
        data = followed(data, survival)
    bench = Bench(data, folds, spec, settings.seed, survival)
    bench.endpoint.check(spec)
    planner = Planner(bench, remedies, settings)
    store = ResultStore(folder)
    sizes, refused = _sizes(planner, settings.experiments)
    todo = [
        PartJob(name, number)
        for name in _ORDER
        for number in range(sizes.get(name, 0))
        if _missing(store, planner.part(name, number))
    ]
    _run(planner, todo, folder=folder, jobs=jobs, progress=progress)
    return _tables(planner, store, sizes, refused, margin=margin)


def _sizes(planner: Planner, experiments: Sequence[str]) -> tuple[dict[str, int], dict[str, str]]:
    """Return the number of parts of each experiment, and why others cannot be done."""
    sizes, refused = {}, {}
    for name in experiments:
        try:
            sizes[name] = planner.number_of_parts(name)
        except NotApplicableError as error:
            refused[name] = str(error)
    return sizes, refused


def _missing(store: ResultStore, part: Part) -> bool:
    read = store.read_new_site if part.experiment == "e3" else store.read
    keys = [*part.keys, *([part.ideal] if part.ideal else [])]
    return any(read(key) is None for key in keys)


def _run(
    planner: Planner,
    todo: Sequence[PartJob],
    *,
    folder: Path,
    jobs: int,
    progress: Callable[[int], Any] | None,
) -> None:
    if not todo:
        return
    make_folder(folder)
    bench = planner.bench
    with tempfile.TemporaryDirectory(prefix="robustrad-remedies-") as name:
        lay_out(bench.data, bench.folds, Path(name), survival=bench.survival)
        setup = setup_of(planner, data=Path(name), arms=folder)
        run_stages(RemedyService, setup, [todo], jobs=jobs, progress=progress)


def _tables(
    planner: Planner,
    store: ResultStore,
    sizes: dict[str, int],
    refused: dict[str, str],
    *,
    margin: float,
) -> RemedyTables:
    bench, settings, data = planner.bench, planner.settings, planner.bench.data
    weights = patient_weights(data.outcome, data.groups, resamples=settings.resamples, seed=settings.seed)
    rows: list[Row] = [
        blank(NAMES[name], remedy.name, UNSEEN, reason)
        for name, reason in refused.items()
        for remedy in planner.remedies
    ]
    sweep: list[Row] = []
    needs: list[Row] = []
    for name, size in sizes.items():
        parts = [planner.part(name, number) for number in range(size)]
        virtual = name != "e1" and parts[0].ideal is not None
        resamples = Resamples.make(weights, size, resample_draws=virtual, seed=settings.seed)
        if name == "e1":
            variants = parts[0].variants
            by_variant = [[there(store.read(part.keys[i])) for part in parts] for i in range(len(variants))]
            rows += paired_rows(bench, variants, by_variant, resamples)
            none = next(i for i, variant in enumerate(variants) if variant.remedy.name == "none")
            needs += copies_needs(bench, by_variant[none], resamples, margin)
        elif name == "e3":
            ideal = [there(store.read_new_site(p.ideal)) for p in parts if p.ideal is not None]
            assignments = [p.assignment for p in parts if p.assignment is not None]
            met = [
                Met(variant.remedy, variant.scope, [there(store.read_new_site(p.keys[i])) for p in parts])
                for i, variant in enumerate(parts[0].variants)
            ]
            new = NewSites(bench, assignments, ideal, met, resamples)
            rows += new.rows(settings.calibration)
            sweep = new.sweep()
            needs += sweep_needs(sweep, margin, bench.endpoint.statistic)
        else:
            assignments = [p.assignment for p in parts if p.assignment is not None]
            scored = [
                Scored(variant.remedy, variant.scope, [there(store.read(p.keys[i])) for p in parts])
                for i, variant in enumerate(parts[0].variants)
            ]
            if name == "e4":
                rows += null_rows(bench, assignments, scored)
                rows += _shuffled(bench, weights, seed=settings.seed)
            else:
                ideals = [there(store.read(p.ideal)) for p in parts if p.ideal is not None]
                rows += disjoint_rows(
                    bench, assignments, ideals or None, scored, resamples, confounded=settings.kappa > 0
                )
    return RemedyTables.of(bench.endpoint, rows, sweep, needs)


def _shuffled(bench: Bench, weights: Floats, *, seed: int) -> list[Row]:
    with threadpool_limits(1):
        return shuffled_rows(bench, weights, seed=seed)
