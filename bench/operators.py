"""asv: every perturbation that the registry finds, on an image of 200 x 200 x 60 voxels.

The budget of a sweep: 0.5 s each, 3 s for ``ct_dose`` and ``supervoxel_contour``, on one core.
``python -m bench.operators`` prints the table.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping

import numpy as np

from robustrad.core.geometry import Grid
from robustrad.perturb.base import Perturbation
from robustrad.perturb.registry import kinds
from robustrad.perturb.sample import Sample
from robustrad.workers.threads import single_threaded

SIZE = (60, 200, 200)
REPEATS = 3


def patient(modality: str) -> Sample:
    """Return a noisy body with a lesion on 1 x 1 x 3 mm: HU for CT, SUV for PT, arbitrary units for MR."""
    z, y, x = (np.arange(count) - (count - 1) / 2.0 for count in SIZE)
    inside = np.hypot(y[:, None] / 70.0, x[None, :] / 90.0)[None] < 1.0
    distance = np.sqrt((3.0 * z[:, None, None]) ** 2 + (y[:, None] - 15.0) ** 2 + (x - 20.0) ** 2)
    lesion = distance < 20.0
    unit = 0.1 * np.where(lesion, 60.0, np.where(inside, 15.0, 0.0))
    rng = np.random.default_rng(0)
    noisy = np.maximum(unit + 0.1 * rng.standard_normal(SIZE), 0.0)
    scale, shift = {"CT": (60.0, -90.0), "MR": (100.0, 0.0)}.get(modality, (1.0, 0.0))
    voxels = scale * noisy + shift
    if modality == "CT":
        voxels = np.where(inside, voxels, -1000.0 + 10.0 * rng.standard_normal(SIZE))
    return Sample(voxels, lesion, Grid((200, 200, 60), (1.0, 1.0, 3.0)), modality)


def strongest(operator: type[Perturbation]) -> Mapping[str, object] | None:
    """Return the scalars of the last declared example, or None where none is declared."""
    return operator.examples[-1] if operator.examples else None


class Operators:
    """One benchmark for each kind, with the strongest of its declared examples."""

    params = (tuple(kinds()),)
    param_names = ("kind",)

    def setup(self, kind: str) -> None:
        operator = kinds()[kind]
        scalars = strongest(operator)
        if scalars is None:
            raise NotImplementedError(f"{kind} declares no examples")
        self.sample = patient(operator.modalities[0] if operator.modalities else "PT")
        self.requested = operator.model_validate(scalars)
        self.calibrated = self.requested.calibrate(self.sample, np.random.default_rng(0))
        reason = self.calibrated.skip(self.sample)
        if reason is not None:
            raise NotImplementedError(f"{kind} {scalars} does not apply here: {reason}")
        self.time_apply(kind)  # compiles

    def time_apply(self, kind: str) -> None:
        del kind
        self.calibrated.apply(self.sample, np.random.default_rng(1))

    def time_calibrate(self, kind: str) -> None:
        del kind
        self.requested.calibrate(self.sample, np.random.default_rng(0))

    def time_skip(self, kind: str) -> None:
        del kind
        self.calibrated.skip(self.sample)


def main() -> int:
    """Print the best of three runs of every operator, in seconds of processor time on one thread."""
    print(f"{'kind':<26}{'apply':>8}{'calibrate':>11}{'skip':>8}  scalars")
    with single_threaded():
        for kind in kinds():
            print(_line(kind))
    return 0


def _line(kind: str) -> str:
    bench = Operators()
    try:
        bench.setup(kind)
    except NotImplementedError as error:
        return f"{kind:<26}{error}"
    apply, calibrate, skip = (
        min(_seconds(part, kind) for _ in range(REPEATS))
        for part in (bench.time_apply, bench.time_calibrate, bench.time_skip)
    )
    scalars = bench.requested.model_dump(exclude={"kind"}, exclude_unset=True)
    return f"{kind:<26}{apply:8.3f}{calibrate:11.3f}{skip:8.3f}  {scalars}"


def _seconds(part: Callable[[str], None], kind: str) -> float:
    start = time.process_time()
    part(kind)
    return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
