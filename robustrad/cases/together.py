"""What must hold among the cases of one table: one modality, and that of the protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import SimpleITK as sitk

from robustrad.cases.case import Case, Cases
from robustrad.cases.files import read_image
from robustrad.cases.modality import modality_of
from robustrad.core.errors import DataError, Problem
from robustrad.protocol.model import Protocol

BELOW_ANY_SUV = -200.0  # HU: air around and in the patient lies below, no SUV does
_UNKNOWN = "unknown"
_SHOWN = 5
_HU, _SUV = f"below {BELOW_ANY_SUV:g}, as in CT", "never negative, as in PET"


def modalities_of(cases: Cases) -> dict[str, str]:
    """Return the modality of each case by its case_id; see :func:`robustrad.cases.modality.modality_of`."""
    return {case.case_id: modality_of(case) for case in cases}


def the_one(modalities: Mapping[str, str]) -> str:
    """Return the modality that all cases share; ``unknown`` if there is none."""
    known = set(modalities.values())
    return known.pop() if len(known) == 1 else _UNKNOWN


def unknown_note(cases: Cases, modalities: Mapping[str, str]) -> str:
    """Return a note on the cases whose modality nobody tells; empty if there are none."""
    unknown = sum(modality == _UNKNOWN for modality in modalities.values())
    if not unknown:
        return ""
    return (
        f"{cases.source}: modality unknown for {unknown} of {len(cases)} cases; give --modality to robustrad "
        "cases, or a column 'modality' (CT, PT or MR). Without it neither units nor that one ICC holds one "
        "modality can be checked."
    )


def modality_problems(cases: Cases, modalities: Mapping[str, str]) -> Iterator[Problem]:
    """Yield why the cases must not enter one study: several modalities, told or seen in the values.

    Images are read only of cases whose modality is unknown, and only where there is something to compare.
    """
    found = sorted(set(modalities.values()) - {_UNKNOWN})
    if len(found) > 1:
        yield Problem(
            cases.source,
            f"cases of several modalities ({', '.join(found)})",
            "one modality per study, because an ICC over modalities means nothing",
            "Split the table, one file and one OUT each.",
        )
        return
    if len(cases) > 1 and _UNKNOWN in modalities.values():
        yield from _kinds(cases, modalities)


def protocol_problem(cases: Cases, modalities: Mapping[str, str], protocol: Protocol) -> Problem | None:
    """Return the problem of a protocol that was made for another modality; None if it was not."""
    found = sorted(set(modalities.values()) - {_UNKNOWN})
    if not found or protocol.modality == "any" or protocol.modality in found:
        return None
    return Problem(
        f"protocol {protocol.name}",
        f"made for {protocol.modality}, but the cases of {cases.source} are {found[0]}",
        "",
        "Choose another --protocol; robustrad protocols lists them.",
    )


def _kinds(cases: Cases, modalities: Mapping[str, str]) -> Iterator[Problem]:
    groups: dict[str, list[str]] = {_HU: [], _SUV: []}
    told = {"CT": _HU, "PT": _SUV}
    for case in cases:
        modality = modalities[case.case_id]
        kind = _kind(case) if modality == _UNKNOWN else told.get(modality)
        if kind:
            groups[kind].append(case.case_id)
    if all(groups.values()):
        yield Problem(
            cases.source,
            "images of different kinds, without a modality: values "
            + "; ".join(f"{kind}: {_some(names)}" for kind, names in groups.items()),
            "one modality per study, because an ICC over modalities means nothing",
            "Give a column 'modality', and split the table, one file and one OUT each.",
        )


def _kind(case: Case) -> str | None:
    try:
        volume = read_image(case.image, where=case.place).image
    except DataError:
        return None  # told where the case itself is checked
    image = np.asarray(sitk.GetArrayViewFromImage(volume))
    finite = image[np.isfinite(image)] if image.dtype.kind == "f" else image
    lowest = float(finite.min()) if finite.size else float("nan")
    return _HU if lowest < BELOW_ANY_SUV else _SUV if lowest >= 0 else None


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" ... ({len(names)})" if len(names) > _SHOWN else "")
