"""asv: ComBat of 1,000 features x 400 subjects in 4 batches."""

from __future__ import annotations

import time

import numpy as np

from robustrad.harmonize.combat import ComBat


class Combat:
    """Fit, and transform with what was fitted."""

    timer = time.process_time  # one thread: what other processes take does not count

    def setup(self) -> None:
        rng = np.random.default_rng(0)
        self.batch = np.repeat(list("abcd"), 100)
        self.values = rng.normal(size=(400, 1000)) + np.repeat(rng.normal(size=(4, 1000)), 100, axis=0)
        self.fitted = ComBat().fit(self.values, batch=self.batch)

    def time_fit(self) -> None:
        ComBat().fit(self.values, batch=self.batch)

    def time_transform(self) -> None:
        self.fitted.transform(self.values, batch=self.batch)
