"""Resamples of patients."""

from __future__ import annotations

import numpy as np

from robustrad.drift.evaluate.resample import patient_weights


def test_every_resample_keeps_the_patients_of_each_kind() -> None:
    groups = np.repeat(np.arange(20), 3)
    outcome = np.repeat(np.arange(20) % 2, 3)
    outcome[:2] = [1, 0]  # one patient of both classes
    weights = patient_weights(outcome, groups, resamples=200, seed=1)
    assert (weights.reshape(200, 20, 3).std(axis=2) == 0).all()  # lesions stay together
    by_patient = weights[:, ::3]
    assert (by_patient[:, 0] == 1).all()  # the only one of its kind
    assert (by_patient[:, 1::2].sum(axis=1) == 10).all()
    assert (by_patient[:, 2::2].sum(axis=1) == 9).all()


def test_the_same_seed_gives_the_same_resamples_and_another_seed_others() -> None:
    y, g = np.arange(30) % 2, np.arange(30)
    first, again, other = (patient_weights(y, g, resamples=50, seed=s) for s in (3, 3, 4))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()
