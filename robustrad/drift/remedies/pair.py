"""Remedies one after the other: ``icc_filter_0.75+combat``."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from robustrad.drift.remedies.base import Copies, FittedRemedy, Floats, Remedy, Rows, Training
from robustrad.drift.remedies.moments import SiteSamples


@dataclass(frozen=True)
class Chain(Remedy):
    """Each remedy learns from what the ones before it made of the training patients."""

    remedies: tuple[Remedy, ...]

    @property
    def name(self) -> str:
        return "+".join(remedy.name for remedy in self.remedies)

    @property
    def learns_from(self) -> frozenset[str]:  # type: ignore[override]
        """All that any of them learns from."""
        return frozenset().union(*(remedy.learns_from for remedy in self.remedies))

    @property
    def averages_draws(self) -> bool:  # type: ignore[override]
        """One of them does."""
        return any(remedy.averages_draws for remedy in self.remedies)

    def fit(self, training: Training) -> FittedRemedy:
        """Fit them in order."""
        fitted: list[FittedRemedy] = []
        for position, remedy in enumerate(self.remedies):
            step = remedy.fit(training)
            fitted.append(step)
            if position < len(self.remedies) - 1:
                training = _after(step, training)
        return _Fitted(tuple(fitted))


@dataclass(frozen=True)
class _Fitted(FittedRemedy):
    steps: tuple[FittedRemedy, ...]

    def training(self, training: Training) -> Training:
        for position, step in enumerate(self.steps):
            last = position == len(self.steps) - 1
            training = step.training(training) if last else _after(step, training)
        return training

    def transform(self, rows: Rows) -> Rows:
        for step in self.steps:
            rows = step.transform(rows)
        return rows

    def parameters(self) -> tuple[Floats, ...]:
        return tuple(part for step in self.steps for part in step.parameters())


def _after(step: FittedRemedy, training: Training) -> Training:
    """Everything of ``training`` as it stands after a step: rows, copies, site samples."""
    return replace(
        step.training(training),
        copies=None if training.copies is None else _copies_after(step, training.copies),
        sites=_samples_after(step, training),
    )


def _copies_after(step: FittedRemedy, copies: Copies) -> Copies:
    if type(step).transform is FittedRemedy.transform:
        return copies
    m, c, p = copies.values.shape
    volume = None if copies.volume is None else copies.volume.reshape(-1)
    rows = Rows(copies.values.reshape(m * c, p), np.tile(np.array(copies.sites), m), volume)
    return replace(copies, values=step.transform(rows).X.reshape(m, c, p), limits=copies.lower_limits)


def _samples_after(step: FittedRemedy, training: Training) -> SiteSamples:
    if type(step).transform is FittedRemedy.transform:
        return training.sites
    changed = {
        label: step.transform(Rows(rows, np.full(rows.shape[0], label))).X
        for label, rows in training.sites.rows.items()
    }
    return replace(training.sites, rows=changed)
