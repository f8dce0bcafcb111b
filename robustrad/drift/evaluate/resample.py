"""Bootstrap of the patients: how often each is in each resample."""

from __future__ import annotations

import numpy as np

from robustrad.drift.evaluate.inputs import Floats, Ints


def patient_weights(outcome: Ints, groups: Ints, *, resamples: int, seed: int) -> Floats:
    """Return how often each subject is in each resample, shape (resamples, n).

    Whole patients are drawn with replacement, separately among those whose subjects are all negative, all
    positive, or both, so that every resample has the cohort's patients of each kind.

    Parameters
    ----------
    outcome : ndarray of int, shape (n,)
    groups : ndarray of int, shape (n,)
        Patient of each subject.
    resamples, seed : int
    """
    _, patient = np.unique(groups, return_inverse=True)
    size = np.bincount(patient)
    positive = np.bincount(patient, weights=outcome)
    kind = np.where(positive == 0, 0, np.where(positive == size, 1, 2))
    drawn = np.empty((resamples, size.size))
    for number in np.unique(kind):
        members = np.flatnonzero(kind == number)
        rng = np.random.default_rng([seed, int(number), members.size])
        drawn[:, members] = rng.multinomial(members.size, np.full(members.size, 1 / members.size), resamples)
    return drawn[:, patient]
