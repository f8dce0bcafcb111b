"""Imports run with the data, never back; what must stay light stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Each room may import the rooms before it; a room may always import itself.
ROOMS = [
    "core",
    "workers",
    "perturb",
    "extract.parameters",
    "protocol.model",
    "cases.case",
    "cases.silence",
    "cases.files",
    "extract",
    "protocol",
    "cases",
    "sweep",
    "stability",
    "harmonize",
    "drift",
    "audit",
    "report",
    "preview",
    "demo",
    "doctor",
    "cli",
    "__main__",
]
NO_IMAGES = ("stability", "harmonize", "drift", "audit", "report")


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports(path: Path, *, runtime_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text())
    nodes = tree.body if runtime_only else list(ast.walk(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
    return found


def room(name: str) -> int:
    inner = name.removeprefix("robustrad.")
    matches = [i for i, r in enumerate(ROOMS) if inner == r or inner.startswith(r + ".")]
    return max(matches, key=lambda i: len(ROOMS[i]))


FILES = sorted(path for path in (ROOT / "robustrad").rglob("*.py") if path.name != "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_a_module_imports_only_rooms_before_its_own(path: Path) -> None:
    me = room(module_name(path))
    for name in imports(path):
        if name.startswith("robustrad.") and name != "robustrad.perturbations":
            assert room(name) <= me or ROOMS[me] == "cli", f"{module_name(path)} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_no_module_imports_an_operator_by_name(path: Path) -> None:
    assert not [name for name in imports(path) if name.startswith("robustrad.perturbations.")]


@pytest.mark.parametrize("name", NO_IMAGES)
def test_analyses_and_report_need_no_images(name: str) -> None:
    for path in (ROOT / "robustrad" / name).rglob("*.py"):
        roots = {module.split(".")[0] for module in imports(path)}
        assert not roots & {"SimpleITK", "radiomics"}, path
        if name == "report":
            assert not roots & {"scipy", "sklearn"}, path


def test_only_one_file_imports_radiomics() -> None:
    found = [
        p.relative_to(ROOT / "robustrad")
        for p in FILES
        if "radiomics" in {m.split(".")[0] for m in imports(p)}
    ]
    assert [str(path) for path in found] == ["extract/pyradiomics.py"]


@pytest.mark.parametrize("heavy", ["pandas", "numpy", "SimpleITK", "scipy", "pydantic", "yaml"])
def test_the_command_line_imports_nothing_heavy(heavy: str) -> None:
    code = f"import sys, robustrad.cli; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_public_names_are_few_and_all_importable() -> None:
    import robustrad

    assert len(robustrad.__all__) <= 15
    for name in robustrad.__all__:
        assert getattr(robustrad, name) is not None


def test_no_module_is_called_utils() -> None:
    assert not [path for path in FILES if path.stem in {"utils", "helpers", "misc", "common"}]
