"""Build a wheel from a clean export, list its modules, and fail if one is missing or one leaked."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = (".py", ".yaml", ".typed", ".html", ".css", ".js", ".csv", ".json")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "export"
        listed = _tracked()
        for name in listed:
            target = export / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
        build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, str(export)]
        subprocess.run(build, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        packed = set(zipfile.ZipFile(wheel).namelist())
    expected = {_packed_name(name) for name in listed if _ships(name)}
    modules = sorted(name for name in packed if name.endswith(".py"))
    print(f"{wheel.name}: {len(modules)} modules")
    print("\n".join(f"  {name}" for name in modules))
    missing, leaked = sorted(expected - packed), sorted(set(modules) - expected)
    for name in missing:
        print(f"missing from the wheel: {name}", file=sys.stderr)
    for name in leaked:
        print(f"in the wheel but not in the tree: {name}", file=sys.stderr)
    return 1 if missing or leaked else 0


def _tracked() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [name for name in names if (ROOT / name).is_file()]


def _ships(name: str) -> bool:
    return name.startswith(("robustrad/", "perturbations/")) and name.endswith(SHIPPED)


def _packed_name(name: str) -> str:
    return name.replace("perturbations/", "robustrad/perturbations/", 1) if name.startswith("pert") else name


if __name__ == "__main__":
    sys.exit(main())
