"""Speed of a drift run: 60 conditions x 200 patients x 1,100 features, two worker processes."""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

N, K, P = 200, 60, 1100


def table(n: int = N, k: int = K, p: int = P, *, seed: int = 0) -> pd.DataFrame:
    """Correlated features, a few of which know the outcome; factors of five severities."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 20 < 9).astype(int)
    base = rng.normal(size=(n, 60)) @ rng.normal(size=(60, p)) + 3.0 * rng.normal(size=(n, p))
    base[:, :30] += 5.0 * y[:, None]
    names = [f"original_glcm_F{j}" for j in range(p - 1)]
    rows = []
    for j in range(k):
        factor, severity = f"factor{(j - 1) // 5}", (j - 1) % 5 + 1
        values = base + 0.5 * (0 if j == 0 else severity) * rng.normal(size=base.shape)
        about = {
            "case_id": [f"case{i:04d}" for i in range(n)],
            "condition": "reference" if j == 0 else f"{factor}={severity}",
            "factor": "reference" if j == 0 else factor,
            "level": "reference" if j == 0 else str(severity),
            "role": None if j == 0 else "acquisition",
            "severity": float(0 if j == 0 else severity),
            "outcome": y,
        }
        frame = pd.DataFrame(values, columns=["original_shape_MeshVolume", *names])
        frame["original_shape_MeshVolume"] = np.exp(9 + 0.1 * base[:, 0])
        rows.append(pd.concat([pd.DataFrame(about), frame], axis=1))
    return pd.concat(rows, ignore_index=True)


class Run:
    """The whole run: 5 x 5 nested folds, 2,000 resamples, 100 permutations."""

    timeout = 900
    number = 1
    repeat = 1

    def setup(self) -> None:
        self.table = table()

    def time_logistic(self) -> None:
        import robustrad as rr

        rr.drift(self.table, outcome="outcome", jobs=2)


if __name__ == "__main__":
    import robustrad as rr

    source = table(*(int(word) for word in sys.argv[1:4]))
    start = time.perf_counter()
    result = rr.drift(source, outcome="outcome", jobs=2, progress=True)
    print(f"{time.perf_counter() - start:.1f} s")
    print(result.tables.drift[["arm", "factor", "level", "auc", "verdict"]].to_string())
