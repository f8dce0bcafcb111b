"""What a user's model is known by: its file and those of the user's own modules that it imports."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from robustrad.core.identity import content_hash
from robustrad.drift.models.identity import model_identity
from robustrad.drift.models.sources import file_of, own_imports

FILES = {
    "outer_model.py": "from inner_model import Model\nimport numpy, json, robustrad\n",
    "inner_model.py": (
        "from sklearn.linear_model import LogisticRegression\n"
        "from lab.steps import WIDTH\n\n"
        "class Model(LogisticRegression):\n"
        "    def fit(self, X, y, sample_weight=None):\n"
        "        import late_model\n"
        "        return super().fit(X, y, sample_weight)\n"
    ),
    "late_model.py": "import outer_model\n",
    "lab/__init__.py": "",
    "lab/steps.py": "from . import widths\nfrom .widths import WIDTH\n",
    "lab/widths.py": "WIDTH = 2\n",
    "lab/unused.py": "",
    "unused_model.py": "",
}
IMPORTED = ["inner_model", "lab", "lab.steps", "lab.widths", "late_model"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a model that imports other files, as the working directory."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and Path(sys.modules[name].__file__).is_relative_to(
            tmp_path
        ):
            del sys.modules[name]


def edit(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")


def test_modules_that_are_imported_however_far_are_part_of_it(folder: Path) -> None:
    found = model_identity("outer_model:Model")
    assert found["source"] == content_hash(folder / "outer_model.py")
    assert list(found["imports"]) == IMPORTED
    assert "late_model" not in sys.modules


@pytest.mark.parametrize("name", [name for name in FILES if "unused" not in name])
def test_a_change_in_any_of_them_is_another_model(folder: Path, name: str) -> None:
    before = model_identity("outer_model:Model")
    assert model_identity("outer_model:Model") == before
    edit(folder / name)
    assert model_identity("outer_model:Model") != before


@pytest.mark.parametrize("name", [name for name in FILES if "unused" in name])
def test_a_file_that_is_not_imported_is_not_part_of_it(folder: Path, name: str) -> None:
    before = model_identity("outer_model:Model")
    edit(folder / name)
    assert model_identity("outer_model:Model") == before


def test_installed_packages_are_not_the_users_own() -> None:
    name = "sklearn.linear_model"
    assert set(model_identity(f"{name}:LogisticRegression")) == {"estimator", "grid", "source"}
    assert own_imports(name) == own_imports("json") == own_imports("robustrad.drift.experiment") == {}


@pytest.mark.parametrize("name", ["no_such_module", "lab.no_such_module", "sys", "outer_model.Model"])
def test_what_has_no_file_has_none(folder: Path, name: str) -> None:
    assert file_of(name) is None


def test_a_relative_import_from_nowhere_and_a_folder_without_init_do_no_harm(folder: Path) -> None:
    (folder / "lab" / "__init__.py").unlink()
    (folder / "outer_model.py").write_text(
        "try:\n    from .nowhere import x\nexcept ImportError:\n    pass\nfrom inner_model import Model\n"
    )
    assert list(model_identity("outer_model:Model")["imports"]) == [
        name for name in IMPORTED if name != "lab"
    ]


def test_a_file_that_this_python_cannot_read_is_known_by_its_hash_alone(folder: Path) -> None:
    (folder / "late_model.py").write_text("print 'for another Python'\n", encoding="utf-8")
    assert "late_model" in own_imports("outer_model")
