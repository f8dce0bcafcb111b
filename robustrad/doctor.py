"""What ``robustrad doctor`` tells: versions of everything that computes, threads, and what is wrong here."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, distributions, version
from importlib.util import find_spec
from typing import NamedTuple

from robustrad.core.told import Told

# Everything whose version can change a number or a table, in the order in which it acts.
_COMPUTING = (
    *("robustrad", "numpy", "scipy", "SimpleITK", "PyWavelets", "numba", "scikit-learn", "neuroCombat"),
    *("pandas", "pyarrow", "pydantic", "PyYAML", "matplotlib", "jinja2", "typer", "rich"),
)
_OPTIONAL = ("scikit-image", "trimesh", "scikit-survival", "python-docx")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_ITK_THREADS = "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"


class Diagnosis(NamedTuple):
    """The state of this installation.

    Attributes
    ----------
    machine : dict of str to str
        Python, platform, cores.
    versions : dict of str to str
        Distribution -> version; ``missing`` where it is not installed.
    radiomics : dict of str to str
        Distributions that provide the package ``radiomics`` -> version.
    engines : tuple of str
        Engines that can be chosen.
    threads : dict of str to str
        Thread settings of the environment (a sweep pins all of them to 1).
    parity : dict of str to str
        The parity case: features compared, bit-identical, beyond the tolerance, worst difference by class.
    warnings : tuple of str
        What is not as it should be, but works.
    problems : tuple of str
        What makes the installation unusable.
    """

    machine: dict[str, str]
    versions: dict[str, str]
    radiomics: dict[str, str]
    engines: tuple[str, ...]
    threads: dict[str, str]
    parity: dict[str, str]
    warnings: tuple[str, ...]
    problems: tuple[str, ...]


def doctor_command() -> tuple[int, Told]:
    """Return the exit code (0, or 3 where the installation is unusable) and what to print.

    Where both engines are there, one parity case is computed by both; disagreement is unusable.
    """
    found = diagnose()
    if not found.problems and len(found.engines) == 2:
        found = _with_parity(found)
    return (3 if found.problems else 0), Told(_text(found), found._asdict())


def diagnose() -> Diagnosis:
    """Look at this installation; nothing is computed and PyRadiomics is not imported."""
    providers = radiomics_providers()
    importable = find_spec("radiomics") is not None
    versions = {name: _version(name) for name in _COMPUTING}
    problems = [f"{name} is not installed" for name, found in versions.items() if found == _MISSING]
    if not importable:
        problems.append("no package radiomics is installed: pip install pyradiomics-bhklab")
    return Diagnosis(
        {"python": platform.python_version(), "platform": platform.platform(), "cores": str(os.cpu_count())},
        {**versions, **{name: found for name in _OPTIONAL if (found := _version(name)) != _MISSING}},
        providers,
        tuple(name for name, there in (("native", _has_native()), ("pyradiomics", importable)) if there),
        {name: os.environ.get(name, "not set") for name in (*_THREADS, _ITK_THREADS)},
        {},
        tuple(_warnings(providers, importable=importable)),
        tuple(problems),
    )


def _with_parity(found: Diagnosis) -> Diagnosis:
    from robustrad.extract.selfcheck import parity_case

    parity = parity_case()
    beyond = len(parity.differences) + len(parity.missing)
    told = {
        "features": f"{parity.compared} compared, {parity.identical} bit-identical, {beyond} beyond 1e-9",
        **{name: f"{worst:.1e} worst relative difference" for name, worst in sorted(parity.worst.items())},
    }
    problems = [f"the native engine disagrees with PyRadiomics on {beyond} features"] if beyond else []
    return found._replace(parity=told, problems=(*found.problems, *problems))


def radiomics_providers() -> dict[str, str]:
    """Return the distributions that install a top-level package ``radiomics``, with their versions."""
    return {
        found.metadata["Name"]: found.version
        for found in distributions()
        if any(file.parts[:2] == ("radiomics", "__init__.py") for file in found.files or ())
    }


def _warnings(providers: dict[str, str], *, importable: bool) -> list[str]:
    if len(providers) > 1:
        listed = " and ".join(f"{name} {number}" for name, number in providers.items())
        told = f"{listed} both install the package radiomics and overwrite each other's files"
        return [f"{told}: pip uninstall {' '.join(providers)}, then pip install pyradiomics-bhklab"]
    if importable and not providers:
        return ["the package radiomics belongs to no installed distribution; its version is unknown"]
    return []


_MISSING = "missing"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return _MISSING


def _has_native() -> bool:
    return find_spec("robustrad.extract.native") is not None


def _text(found: Diagnosis) -> str:
    providers = ", ".join(f"{name} {number}" for name, number in found.radiomics.items()) or "none"
    lines = [
        *_section("machine", found.machine),
        *_section("versions", found.versions),
        *_section("radiomics", {"provided by": providers, "engines": ", ".join(found.engines) or "none"}),
        *_section("threads", found.threads),
        *(_section("parity of native with pyradiomics", found.parity) if found.parity else []),
        *(f"warning: {warning}" for warning in found.warnings),
        *(f"problem: {problem}" for problem in found.problems),
    ]
    if not found.warnings and not found.problems:
        lines.append("all is well")
    return "\n".join(lines)


def _section(title: str, rows: dict[str, str]) -> list[str]:
    width = max(len(name) for name in rows)
    return [title, *(f"  {name:<{width}}  {value}" for name, value in rows.items())]
