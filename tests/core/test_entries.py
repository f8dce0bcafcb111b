"""Classes that packages bring by entry points: whose they are, in which order, what a broken package says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from robustrad.core import entries
from robustrad.core.entries import registered
from robustrad.core.errors import EnvironmentUnusableError, RobustradError

FILES = {
    "ours_/__init__.py": "class Wild(Exception): pass",
    "ours_/one.py": "from robustrad.core.errors import RobustradError\nclass One(RobustradError): pass",
    "ours_/deep/__init__.py": "",
    "ours_/deep/two.py": "from ours_.one import One\nclass Two(One): pass",
    "theirs_.py": "from ours_.one import One\nclass Three(One): pass",
    "broken_.py": "import nothing_of_that_name",
}


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Packages to be imported, and a way to declare entry points."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)

    def declared(*values: str) -> None:
        points = [type("Point", (), {"value": value}) for value in values]
        monkeypatch.setattr(entries, "entry_points", lambda *, group: points if group == "g" else [])

    yield declared
    for name in [name for name in sys.modules if name.partition(".")[0] in {"ours_", "theirs_", "broken_"}]:
        del sys.modules[name]


def test_each_class_is_found_once_where_it_is_defined_ours_first(declare) -> None:
    declare("theirs_", "ours_", "theirs_")
    found = [
        (entry, member.__name__) for entry, member in registered(RobustradError, group="g", builtin="ours_")
    ]
    assert found == [("ours_", "Two"), ("ours_", "One"), ("theirs_", "Three")]


def test_a_package_that_cannot_be_imported_is_named(declare) -> None:
    declare("broken_")
    with pytest.raises(EnvironmentUnusableError, match=r"entry point broken_ of g.*nothing_of_that_name"):
        list(registered(RobustradError, group="g", builtin="ours_"))
