"""PyRadiomics' batch form: ``Image, Mask[, Label]`` and any other columns, accepted as it is.

Where it has no column ``case_id``, the first of these that is filled in and unique over all rows becomes
it: the columns ``ID``, ``Case``, ``CaseID``, ``PatientID``, ``Patient``, ``Subject``; the image's file name
without its suffix; the image's folder and file name; both with the mask's name and the label; at last
``row-N``. A table that grows keeps its names for certain only with a column ``case_id`` of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath, PureWindowsPath

_ID_COLUMNS = ("case_id", "ID", "Case", "CaseID", "PatientID", "Patient", "Subject")
_PATIENT_COLUMNS = ("PatientID", "Patient", "Subject")
_SUFFIXES = {".gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".hdr", ".img", ".dcm", ".tif", ".tiff"}

Records = list[tuple[int, dict[str, str]]]


def is_batch_form(header: Sequence[str]) -> bool:
    """Return whether ``header`` is PyRadiomics' batch form."""
    return {"Image", "Mask"} <= set(header) and not {"image", "mask"} & set(header)


def from_batch_form(
    header: Sequence[str], records: Sequence[tuple[int, Mapping[str, str]]]
) -> tuple[tuple[str, ...], Records]:
    """Return header and records in our own form; all other columns stay as they are.

    ``Image``, ``Mask`` and ``Label`` are renamed, ``case_id`` is put in front, and ``patient`` is filled from
    the first of ``PatientID``, ``Patient``, ``Subject`` where the table has none.
    """
    new_names = {"Image": "image", "Mask": "mask"} | ({"Label": "label"} if "label" not in header else {})
    rest = [name for name in header if name not in ("case_id", "Image", "Mask")]
    patient = next((name for name in _PATIENT_COLUMNS if name in header), None)
    added = ["patient"] if patient and "patient" not in header else []
    names = ("case_id", "image", "mask", *(new_names.get(name, name) for name in rest), *added)
    renamed: Records = []
    for case_id, (row, cells) in zip(_case_ids(header, records), records, strict=True):
        new = {new_names.get(name, name): text for name, text in cells.items()}
        if added and patient:
            new["patient"] = cells[patient]
        new["case_id"] = case_id
        renamed.append((row, {name: new[name] for name in names}))
    return names, renamed


def _case_ids(header: Sequence[str], records: Sequence[tuple[int, Mapping[str, str]]]) -> list[str]:
    for names in _candidates(header, records):
        if all(names) and len(set(names)) == len(names):
            return names
    return [f"row-{row}" for row, _ in records]


def _candidates(
    header: Sequence[str], records: Sequence[tuple[int, Mapping[str, str]]]
) -> Iterator[list[str]]:
    cells = [record for _, record in records]
    for column in _ID_COLUMNS:
        if column in header:
            yield [record[column].strip() for record in cells]
    images = [_parts(record["Image"]) for record in cells]
    masks = [_parts(record["Mask"]) for record in cells]
    folders = ["_".join(part for part in parts if part) for parts in images]
    yield [stem for _, stem in images]
    yield folders
    yield [f"{name}_{stem}" for name, (_, stem) in zip(folders, masks, strict=True)]
    yield [
        f"{name}_{stem}_{record.get('Label', '').strip() or '1'}"
        for name, (_, stem), record in zip(folders, masks, cells, strict=True)
    ]


def _parts(text: str) -> tuple[str, str]:
    """Return the name of the folder and the file name without its image suffixes."""
    path = PureWindowsPath(text.strip()) if "\\" in text else PurePath(text.strip())
    name = path.name
    while PurePath(name).suffix.lower() in _SUFFIXES:
        name = PurePath(name).stem
    return path.parent.name, name
