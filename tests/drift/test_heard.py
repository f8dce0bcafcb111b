"""What a user's model prints and warns of: never among the results, never lost, told once."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import robustrad as rr
from robustrad.drift.models.heard import ModelWarning, listening, tell_heard
from robustrad.drift.models.spec import ModelSpec

NOISY = """
import sys, warnings
from sklearn.linear_model import LogisticRegression

class Noisy(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        print("fitting")
        warnings.warn("not tuned for so few", RuntimeWarning)
        return super().fit(X, y, sample_weight)
"""
PRINTED = "model noisy:Noisy printed (.*) times: fitting"
WARNED = "model noisy:Noisy warned (.*) times: RuntimeWarning: not tuned for so few"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of forty cases under a reference and a level, beside a module with a noisy model."""
    (tmp_path / "noisy.py").write_text(NOISY, encoding="utf-8")
    rng = np.random.default_rng(0)
    base = rng.normal(size=(40, 3))
    y = (base[:, 0] + rng.normal(size=40) > 0).astype(int)
    parts = []
    for condition, noise in (("reference", 0.0), ("noise", 0.5)):
        part = pd.DataFrame(base + noise * rng.normal(size=base.shape), columns=["a", "b", "c"])
        part = part.assign(case_id=[f"case{i:02}" for i in range(40)], condition=condition)
        parts.append(part.assign(y=y))
    path = tmp_path / "table.csv"
    pd.concat(parts).to_csv(path, index=False)
    monkeypatch.chdir(tmp_path)
    return path


def command(table: Path, *options: str) -> subprocess.CompletedProcess[str]:
    asked = ["drift", str(table), "--outcome", "y", "--model", "noisy:Noisy", "--repeats", "1", "--json"]
    asked += ["--folds", "3", "--permutations", "4", "--bootstraps", "100", *options]
    return subprocess.run(
        [sys.executable, "-m", "robustrad", *asked],
        capture_output=True,
        text=True,
        check=False,
        cwd=table.parent,
    )


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_results_are_json_alone_and_the_rest_is_told_once_with_how_often(table: Path, jobs: str) -> None:
    done = command(table, "-j", jobs)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    assert done.stderr.count("not tuned for so few") == 1
    assert done.stderr.count("fitting") == 1
    # Three folds each of the reference, the level, the true and the four permuted labels; all but the level
    # are tuned in inner folds first.
    inner = ModelSpec("noisy:Noisy").inner_folds
    expected = 3 * (inner + 1) + 3 + 5 * 3 * (inner + 1)
    for pattern in (PRINTED, WARNED):
        found = re.search(pattern, done.stderr)
        assert found is not None
        assert int(found.group(1)) == expected


def test_in_python_it_is_a_warning_that_can_be_silenced(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.resetwarnings()
        rr.drift(
            pd.read_csv(table), outcome="y", model="noisy:Noisy", folds=3, repeats=1, permutations=0,
            bootstraps=100, jobs=1,
        )  # fmt: skip
    assert [one.category for one in caught] == [ModelWarning]
    assert re.fullmatch(WARNED, str(caught[0].message))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("fitting") == 1


def test_a_warning_that_is_an_error_stays_one_and_an_ignored_one_is_not_told() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DeprecationWarning)
        with listening() as heard:
            warnings.warn("old", DeprecationWarning, stacklevel=1)
            with pytest.raises(UserWarning, match="wrong"):
                warnings.warn("wrong", stacklevel=1)
        assert heard.said == []


def test_many_different_lines_are_counted_and_some_of_them_told(capsys: pytest.CaptureFixture[str]) -> None:
    with listening() as heard:
        for i in range(1000):
            print(f"loss {i:04}\r" if i % 2 else f"loss {i:04}\n", end="")
        print("end", end="")
    assert sum(count for _, _, count in heard.said) == 1001
    assert len(heard.said) <= 201
    tell_heard(("m", one) for one in heard.said)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 21
    assert lines[0] == "model m printed 801 times: (other texts)"
    assert lines[-1] == "model m printed 181 lines more."
