"""The files that a user's module is made of: itself and what it imports of the user's own modules."""

from __future__ import annotations

import ast
import sys
import sysconfig
from collections.abc import Iterator
from importlib.machinery import PathFinder
from importlib.util import resolve_name
from pathlib import Path

_INSTALLED = {"site-packages", "dist-packages"}
_ROOTS = tuple(Path(sysconfig.get_paths()[name]).resolve() for name in ("stdlib", "platstdlib"))
_HERE = Path(__file__).resolve().parents[2]


def file_of(module: str) -> Path | None:
    """Return the file of a module, imported or not (nothing is imported for it); None if it has none."""
    known = sys.modules.get(module)
    if known is not None:
        file = getattr(known, "__file__", None)
    else:
        places = [str(Path.cwd()), *sys.path]
        file = None
        for depth, _ in enumerate(parts := module.split("."), start=1):
            spec = PathFinder.find_spec(".".join(parts[:depth]), places)
            if spec is None:
                return None
            file, places = spec.origin, list(spec.submodule_search_locations or ())
    return Path(file) if file and Path(file).is_file() else None


def own_imports(module: str) -> dict[str, Path]:
    """Return the user's own modules that ``module`` imports, directly or through each other, by name.

    The user's own are those that are neither of Python, nor installed, nor robustrad's. Imports are read
    from the source, those within functions as well; a module that is named at run time only
    (``import_module(name)``), and files of data, are not seen.
    """
    found: dict[str, Path] = {}
    seen, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        path = None if name in seen else file_of(name)
        seen.add(name)
        if path is not None and _is_own(path):
            found[name] = path
            waiting += _imported(name, path)
    found.pop(module, None)
    return dict(sorted(found.items()))


def _is_own(path: Path) -> bool:
    real = path.resolve()
    if _INSTALLED & {*path.parts, *real.parts}:
        return False
    return not any(real.is_relative_to(root) for root in (*_ROOTS, _HERE))


def _imported(name: str, path: Path) -> Iterator[str]:
    """Yield what may be a module among the names that a file imports, and the package that it lies in."""
    parent = name.rpartition(".")[0]
    if parent:
        yield parent
    if path.suffix != ".py":
        return
    package = name if path.name == "__init__.py" else parent
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):  # for another Python, or never imported: its own hash is all
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                try:
                    base = resolve_name("." * node.level + base, package)
                except ImportError:  # beyond the topmost package: it cannot be imported either
                    continue
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
