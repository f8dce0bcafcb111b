"""Reading protocols: all that is wrong at once, each with its file, line and the nearest known word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.resources.abc import Traversable
from os import PathLike
from pathlib import Path
from typing import Any

from robustrad.core.errors import Problem, ProtocolError, nearest
from robustrad.core.marked_yaml import KeyPath, load_marked
from robustrad.core.shipped import shipped_yaml
from robustrad.extract.parameter_file import builtin_names, load_parameters, parameters_from
from robustrad.extract.parameters import Parameters
from robustrad.perturb.registry import kinds
from robustrad.protocol.chains import draw_chains, read_chains
from robustrad.protocol.factors import read_factors
from robustrad.protocol.model import DESIGNS, Protocol, count_conditions
from robustrad.protocol.problems import Problems, Where, kind_of, shown

KEYS = (
    *("name", "modality", "about", "references", "extraction", "design", "chains", "factors", "min_voxels"),
)
MODALITIES = ("CT", "PT", "MR", "any")
MOST_CONDITIONS = 100_000  # a guard against a factorial design by mistake: years of computing
INLINE = "inline"
_MIN_VOXELS = 64


def load_protocol(
    source: str | PathLike[str] | Mapping[str, Any],
    *,
    params: str | PathLike[str] | Mapping[str, object] | None = None,
) -> Protocol:
    """Return a protocol by its built-in name, from a file, or from a mapping.

    Parameters
    ----------
    source : str, path or mapping
        Name of a built-in protocol, path of a YAML file, or its content.
    params : str, path or mapping, optional
        Parameter file that replaces the protocol's ``extraction``.

    Raises
    ------
    ProtocolError
        With every problem found.
    """
    if isinstance(source, Mapping):
        return _protocol(source, _where_in_mapping, Path(), params)
    builtin = builtin_files()
    if isinstance(source, str) and source in builtin:
        marked = load_marked(builtin[source].read_text(encoding="utf-8"), name=f"{source}.yaml (built-in)")
        folder = Path()
    else:
        path = Path(source)
        if not path.is_file():
            raise ProtocolError(
                f"protocol {source}",
                "there is no such file and no built-in one of that name",
                "a YAML file, or a name",
                f"{nearest(str(source), builtin)} See: robustrad protocols",
            )
        marked, folder = load_marked(path), path.parent
    if not isinstance(marked.value, dict):
        raise ProtocolError(
            marked.name, f"{kind_of(marked.value)} instead of a protocol", "a mapping of keys"
        )
    return _protocol(marked.value, marked.where, folder, params)


def from_resolved(resolved: Mapping[str, Any]) -> Protocol:
    """Return the protocol that ``Protocol.resolved()`` describes (from study.json).

    What changes no result (``about``, ``references``) is not in it and comes back empty.

    Raises
    ------
    ProtocolError
        If an operator is not installed, or in another version.
    """
    factors = {}
    problems: list[Problem] = []
    for name, factor in resolved["factors"].items():
        levels = {}
        kind = ""
        for level, record in factor["levels"].items():
            kind = record["kind"]
            installed = kinds()[kind].version if kind in kinds() else None
            if installed not in (None, record["version"]):
                problems.append(
                    Problem(
                        f"study, factor {name}, level {level}",
                        f"{kind} of version {record['version']}, installed is {installed}",
                        "the version that began the study",
                        "Sweep into a new folder.",
                    )
                )
            levels[level] = {
                key: value
                for key, value in record.items()
                if key not in ("kind", "version") and not (key in ("severity", "sign") and value is None)
            }
        own = {key: factor[key] for key in ("role", "draws", "chance") if key in factor}
        factors[name] = {"kind": kind, **own, "levels": levels}
    if problems:
        raise ProtocolError.of(problems)
    kept = ("name", "modality", "design", "chains", "min_voxels")
    content = {key: resolved[key] for key in kept if key in resolved}
    rebuilt = load_protocol({**content, "extraction": resolved["parameters"], "factors": factors})
    return replace(rebuilt, extraction=resolved["extraction"])


def builtin_files() -> dict[str, Traversable]:
    """Return the built-in protocol files by name, sorted."""
    return shipped_yaml("protocols")


def _protocol(
    content: Mapping[str, Any],
    where: Where,
    folder: Path,
    params: str | PathLike[str] | Mapping[str, object] | None,
) -> Protocol:
    problems = Problems(where)
    problems.unknown_keys(content, (), KEYS, "key")
    name = problems.text(content, "name", required=True)
    modality = problems.word(content, (), "modality", MODALITIES, default="any")
    about = problems.text(content, "about")
    design = next(
        d for d in DESIGNS if d == problems.word(content, (), "design", DESIGNS, default=DESIGNS[0])
    )
    chains = read_chains(content, problems, design=design)
    min_voxels = problems.whole(content, (), "min_voxels", least=1, default=_MIN_VOXELS)
    extraction, parameters = _extraction(content, params, folder, problems)
    factors = read_factors(content.get("factors"), problems, modality=modality, design=design)
    if problems.found:
        raise ProtocolError.of(problems.found)
    protocol = Protocol(
        name=name,
        about=about,
        modality=modality,
        references=tuple(problems.texts(content, "references")),
        extraction=extraction,
        parameters=parameters,
        design=design,
        factors=factors,
        min_voxels=min_voxels,
        chains=chains,
    )
    count = count_conditions(protocol)
    if count > MOST_CONDITIONS:
        problems.add(("design",), f"{count} conditions", f"at most {MOST_CONDITIONS}", "Use fewer levels.")
    elif chains and len(draw_chains(factors, chains)) < chains.n:
        found = f"only {len(draw_chains(factors, chains))} different chains for n {chains.n}"
        problems.add(("chains",), found, "", "Use fewer chains, more levels, or design: factorial.")
    if problems.found:
        raise ProtocolError.of(problems.found)
    return protocol


def _extraction(
    content: Mapping[str, Any],
    params: str | PathLike[str] | Mapping[str, object] | None,
    folder: Path,
    problems: Problems,
) -> tuple[str, Parameters]:
    """Return name and parameters: of ``params`` where given, else of the protocol's own ``extraction``."""
    if params is not None:
        named = INLINE if isinstance(params, Mapping) else str(params)
        return named, load_parameters(params if isinstance(params, Mapping | str) else Path(params))
    given, path = content.get("extraction"), ("extraction",)
    try:
        if isinstance(given, Mapping):
            return INLINE, parameters_from(given, where=lambda inner: problems.where((*path, *inner)))
        if isinstance(given, str) and given in builtin_names():
            return given, load_parameters(given)
        if isinstance(given, str) and (folder / given).is_file():
            return given, load_parameters(folder / given)
    except ProtocolError as error:
        problems.found += error.problems
        return "", Parameters()
    if given is None:
        problems.add(path if "extraction" in content else (), "there is no extraction", _EXTRACTION)
    elif isinstance(given, str):
        problems.add(
            path, f"no parameter file {given!r} here, nor a built-in one", "", nearest(given, builtin_names())
        )
    else:
        problems.add(path, f"extraction is {shown(given)}", _EXTRACTION)
    return "", Parameters()


_EXTRACTION = "a built-in parameter file, a path, or the parameters themselves"


def _where_in_mapping(path: KeyPath) -> str:
    return "protocol" + (f", {'.'.join(map(str, path))}" if path else "")
