"""The end of a sweep: when all parts are there, parity is watched and they are merged."""

from __future__ import annotations

from dataclasses import replace

from robustrad.sweep.merge import merge
from robustrad.sweep.merged import read_merged, with_those_before
from robustrad.sweep.plan import Plan, build_plan
from robustrad.sweep.prepare import Sweep
from robustrad.sweep.store import Store
from robustrad.sweep.study import STUDY, Study
from robustrad.sweep.watch import ORACLE, exceeded_text, watch_parity


def finish(plan: Plan, ready: Sweep, store: Store, *, jobs: int | None) -> Study:
    """If all parts of ``plan`` are there, watch parity and merge; return the study either way.

    Cases of the table beyond ``plan`` (a ``limit``) that ``features.parquet`` held stay in it; where their
    parts do not hold all conditions it is left alone.
    """
    parts = store.index()
    store.forget_failures(parts, {case.case_id: case.content for case in plan.cases})
    now = build_plan(plan.cases, plan.conditions, parts)
    if now.missing:
        return Study(store.folder, missing=now.missing)
    now, notes = with_those_before(now, ready.cases, store.index(), read_merged(store.folder), ref=ready.ref)
    if now.missing:
        return Study(store.folder, missing=now.missing, notes=notes)
    if ready.record["engine"]["name"] == ORACLE:
        return replace(merge(now, store), notes=notes)
    parity = watch_parity(now, store, ready.record, jobs=jobs)
    store.write_json(STUDY, {**ready.record, "parity": parity})
    return replace(merge(now, store), disparities=tuple(exceeded_text(parity)), notes=notes)
