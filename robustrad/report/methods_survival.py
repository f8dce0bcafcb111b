"""The methods text on models of a time to event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from robustrad.report.holdings import Holdings
from robustrad.report.methods_model import first_steps
from robustrad.report.model_facts import FROZEN, margin_words, names_of, option

ESTIMATORS = {
    "cox": "Cox regression with a ridge penalty (100, 10 or 1)",
    "survival_forest": "survival forest of 100 trees (leaves of at least 15 or 6)",
}
"""Estimators by name, with what they are tuned over."""


def survival_text(holdings: Holdings) -> Iterator[str]:
    """Yield the sentences on models of a time to event; nothing where none was examined."""
    if holdings.sheet("survival") is None:
        return
    frame, record = holdings.frame("survival"), holdings.survival_record
    frozen = frame["train"].eq(FROZEN)
    yield from _trained(names_of(frame.loc[~frozen, "model"]), record)
    yield from _given(names_of(frame.loc[frozen, "model"]), record)
    yield from _judged(frame, record)
    yield from _checked(holdings, record)


def _trained(models: list[str], record: dict[str, Any]) -> Iterator[str]:
    if not models:
        return
    settings = _settings(record)
    how = "cross-validation stratified by event"
    if settings.get("folds") and settings.get("repeats"):
        how += f" (folds: {settings['folds']}, repeats: {settings['repeats']})"
    yield (
        f"Models ({', '.join(models)}) of {_what(record)} were trained on unperturbed images and applied to "
        f"every condition of the same held-out patients in {how} that never splits a patient."
    )
    specs = [spec for spec in settings.get("specs", []) if spec.get("name") in models]
    if not specs:
        return
    first = specs[0]
    steps = first_steps(first)
    if first["selector"] == "univariate":
        most = first.get("n_features") or "a fifth of the training patients with the event (2 to 10)"
        steps.append(f"features were selected by Cox's score test, at most {most}")
    named = [ESTIMATORS.get(str(spec["name"]), str(spec["name"])) for spec in specs]
    yield (
        f"Inside the training folds {', '.join(steps)}; what was kept was z-scored. The estimator was "
        f"{'; '.join(named)}; the hyperparameters with the best C came from {first['inner_folds']} inner "
        "folds, and the cut-off between high and low risk, the median risk of the training patients, was "
        "never chosen again."
    )


def _given(models: list[str], record: dict[str, Any]) -> Iterator[str]:
    if models:
        what = "Risks" if option(record, "--score") else "Finished models"
        yield (
            f"{what} ({', '.join(models)}) for {_what(record)} were given and only evaluated: nothing was "
            "fitted, selected or tuned here, and on which patients they were made is not known to robustrad."
        )


def _judged(frame: pd.DataFrame, record: dict[str, Any]) -> Iterator[str]:
    resamples = _settings(record).get("bootstraps")
    of_whom = f"{resamples:,} resamples of the patients" if resamples else "resamples of the patients"
    tau = record.get("tau")
    horizon = f" up to {tau:g}" if isinstance(tau, (int, float)) else ""
    yield (
        f"Concordance is Harrell's C [@Harrell1982], beside it Uno's [@Uno2011]{horizon}, within folds. "
        "Intervals are 95 % score intervals, of C [@Wilson1927] and of differences from the reference "
        "[@Tango1998], with a variance over all pairs of patients and Student's t; the simultaneous band "
        f"over all levels has its critical value from {of_whom} (stratified by event, one set for all "
        "conditions)."
    )
    notes = names_of(frame["interval_note"].dropna())
    if notes:
        yield f"What these intervals claim: {'; '.join(sorted(notes))}."
    yield (
        f"With a margin of {margin_words(record, 'C')}, a model is called robust where the simultaneous "
        "interval lies above minus the margin, drifting where it lies below, and inconclusive otherwise; "
        "where no two patients changed their order it is called unchanged."
    )


def _checked(holdings: Holdings, record: dict[str, Any]) -> Iterator[str]:
    """Tell the checks that gave a number, and only those."""
    frame = holdings.frame("survival_safeguards")
    made = set() if frame.empty else set(frame.loc[frame["value"].notna(), "check"])
    number = _settings(record).get("permutations")
    if "permutation" in made:
        many = f"{number} permutations" if number else "permutations"
        within = " within batches" if record.get("batch") else ""
        yield (
            f"Whether there is a signal was judged by {many} of the follow-up{within}, through the whole "
            "pipeline in one repeat of the folds."
        )
    named = ", ".join(map(str, record.get("clinical", []))) or "named"
    known = (
        ("beats_volume", "volume alone [@Welch2019]"),
        ("beats_batch", f"the batch label ({record.get('batch') or 'batch'})"),
        ("beats_clinical", f"clinical columns ({named})"),
    )
    against = [what for check, what in known if check in made]
    if against:
        yield f"Models were compared with {', '.join(against)} in the same folds, on the same patients."
    if holdings.sheet("survival_remedies") is not None:
        yield "Remedies were fitted on training patients only."


def _what(record: dict[str, Any]) -> str:
    """Return the event with its numbers: ``dead by months (27 events in 60 subjects, 60 patients)``."""
    what = f"{record.get('event') or 'the event'} by {record.get('time') or 'time'}"
    n, patients = record.get("n"), record.get("n_patients")
    return (
        f"{what} ({record.get('n_events')} events in {n} subjects, {patients or n} patients)" if n else what
    )


def _settings(record: dict[str, Any]) -> dict[str, Any]:
    found = record.get("settings", {})
    return found if isinstance(found, dict) else {}
