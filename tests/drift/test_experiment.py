"""The run: same bytes whatever the workers and interruptions; what is there is not computed again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from robustrad.core.errors import DataError
from robustrad.drift.experiment import Plan, RunSettings, run_models
from robustrad.drift.folds import outer_folds
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.store import ArmStore, data_identity
from tests.drift.simulated import simulate

SETTINGS = RunSettings(folds=3, repeats=2, permutations=11)


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix == ".npz"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "arms"
    return folder, run_models(simulate(40), [ModelSpec()], SETTINGS, folder=folder)


def test_arms_and_shapes(whole):
    _, (fits,) = whole
    assert [arm.arm.name for arm in fits.arms] == ["reference", "same_condition"]
    assert [arm.arm.train for arm in fits.trained] == ["reference", "condition=1", "condition=2"]
    for arm in fits.arms:
        assert arm.scores.shape == (2, 40, 3)
        assert np.isfinite(arm.scores).all()
    reference, same = fits.arms
    np.testing.assert_array_equal(same.scores[:, :, 0], reference.scores[:, :, 0])
    assert fits.permuted.null.size == 11


def test_two_workers_write_the_same_bytes(whole, tmp_path):
    folder, _ = whole
    run_models(simulate(40), [ModelSpec()], SETTINGS, folder=tmp_path / "arms", jobs=2)
    assert contents(tmp_path / "arms") == contents(folder)


def test_what_is_there_is_taken_and_torn_files_are_made_again(whole, tmp_path):
    folder, fits = whole
    mine = tmp_path / "arms"
    mine.mkdir()
    for name, content in contents(folder).items():
        (mine / name).write_bytes(content)
    torn = min(mine.iterdir())
    torn.write_bytes(torn.read_bytes()[:100])
    counted = []

    class Counter:
        def __init__(self, total):
            counted.append(total)

        def __enter__(self):
            return self

        def __exit__(self, *about):
            return None

        def step(self):
            counted.append("step")

    again = run_models(simulate(40), [ModelSpec()], SETTINGS, folder=mine, progress=Counter)
    assert counted == [1, "step"]
    assert contents(mine) == contents(folder)
    np.testing.assert_array_equal(again[0].arms[0].scores, fits[0].arms[0].scores)


def test_other_data_labels_seeds_models_or_settings_have_other_keys():
    def keys(data, spec=ModelSpec(), settings=SETTINGS):  # noqa: B008  # frozen
        folds = outer_folds(data, n_splits=settings.folds, repeats=settings.repeats, seed=settings.seed)
        plan = Plan(data, spec, settings, folds=folds, identity=data_identity(data))
        return {job.key for job in (plan.reference, *plan.others, *plan.null)}

    data = simulate(40)
    values = data.values.copy()
    values[0, 0, 0] = np.nextafter(values[0, 0, 0], 9.0)
    known = keys(data)
    assert known == keys(simulate(40))
    assert not known & keys(replace(data, values=values))
    assert not known & keys(replace(data, outcome=1 - data.outcome))
    assert not known & keys(replace(data, batch=np.tile(["A", "B"], 20)))
    assert not known & keys(data, ModelSpec(n_features=3))
    assert not known & keys(data, settings=replace(SETTINGS, seed=1))


def test_the_matrix_scores_every_training_condition_everywhere(tmp_path):
    settings = replace(SETTINGS, matrix=True, permutations=0)
    (fits,) = run_models(simulate(40), [ModelSpec()], settings, folder=tmp_path)
    names = [arm.arm.name for arm in fits.arms]
    assert names == ["reference", "same_condition", "matrix:condition=1", "matrix:condition=2"]
    for arm in fits.arms[2:]:
        assert np.isfinite(arm.scores).all()
    np.testing.assert_array_equal(fits.arms[1].scores[:, :, 2], fits.arms[3].scores[:, :, 2])
    for arm in fits.arms[2:]:
        assert arm.tuned == fits.arms[0].tuned


def test_a_model_that_cannot_be_fitted_is_a_named_error_from_a_worker_too(tmp_path):
    flat = simulate(40)
    flat = flat.with_features(np.ones_like(flat.values), flat.features)
    for jobs in (1, 2):
        with pytest.raises(DataError, match="no feature varies"):
            run_models(flat, [ModelSpec()], SETTINGS, folder=tmp_path / str(jobs), jobs=jobs)


def test_scores_come_back_from_a_file_as_they_went(whole, tmp_path):
    _, (fits,) = whole
    store = ArmStore(tmp_path)
    store.write("key", fits.arms[0])
    back = store.read("key")
    for name in ("scores", "folds", "thresholds", "selected"):
        np.testing.assert_array_equal(getattr(back, name), getattr(fits.arms[0], name))
    assert (back.arm, back.fingerprints, back.tuned) == (
        fits.arms[0].arm, json.loads(json.dumps(back.fingerprints)) and fits.arms[0].fingerprints,
        fits.arms[0].tuned,
    )  # fmt: skip
    assert store.read("other") is None
    store.write("untrained", replace(fits.arms[0], untrained={"noise=b": "why"}))
    assert store.read("untrained").untrained == {"noise=b": "why"}
    assert back.untrained == {}


KILLED = """
import sys
from pathlib import Path
from robustrad.drift.experiment import RunSettings, run_models
from robustrad.drift.models.spec import ModelSpec
from tests.drift.simulated import simulate

if __name__ == "__main__":
    settings = RunSettings(folds=3, repeats=2, permutations=11)
    run_models(simulate(40), [ModelSpec()], settings, folder=Path(sys.argv[1]))
"""


def test_a_killed_run_resumes_to_the_same_bytes(whole, tmp_path):
    folder, _ = whole
    mine = tmp_path / "arms"
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(mine)], cwd=root)
    limit = time.monotonic() + 60
    while time.monotonic() < limit and process.poll() is None and not list(mine.glob("*.npz")):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = contents(mine)
    assert 0 < len(done) < len(contents(folder))
    run_models(simulate(40), [ModelSpec()], SETTINGS, folder=mine)
    assert contents(mine) == contents(folder)
