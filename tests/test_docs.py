"""The documentation: commands run as they are written, links lead somewhere, it builds without warnings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def commands(page: Path) -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_pictures_are_small() -> None:
    assert sum(path.stat().st_size for path in (DOCS / "images").glob("tutorial_*")) < 800_000


def test_the_tutorial_names_only_commands_that_exist() -> None:
    from typer.main import get_command

    from robustrad.cli import app

    known = set(get_command(app).commands)  # type: ignore[attr-defined]  # a group
    used = {line.split()[1] for line in commands(DOCS / "tutorial.md") if line.startswith("robustrad")}
    assert {"cases", "check", "preview", "sweep", "status", "stability", "drift", "report"} <= used
    assert used <= known


@pytest.mark.slow
def test_the_tutorial_runs_as_it_is_written(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for line in commands(DOCS / "tutorial.md"):
        done = subprocess.run(
            line,
            shell=True,
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stderr[-2000:]}"
    assert (tmp_path / "study" / "report" / "report.html").stat().st_size > 100_000
    assert (tmp_path / "study" / "report" / "tables" / "supplement.docx").is_file()


@pytest.mark.slow
def test_the_documentation_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason="sphinx is not installed (pip install -e .[docs])")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(DOCS), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
