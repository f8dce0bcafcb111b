"""asv: ICC of 1,200 features x 30 subjects x 10 conditions, the size of a published study."""

from __future__ import annotations

import time

import numpy as np

from robustrad.stability.icc import icc


class Icc:
    """Six forms with their intervals for all features at once."""

    timer = time.process_time  # one thread: what other processes take does not count

    def setup(self) -> None:
        rng = np.random.default_rng(0)
        subjects = rng.normal(size=(30, 1, 1200))
        self.values = subjects + 0.5 * rng.normal(size=(30, 10, 1200))
        icc(self.values)

    def time_icc(self) -> None:
        icc(self.values)
