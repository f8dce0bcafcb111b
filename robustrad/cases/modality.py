"""The modality of a case: what the table says, else what the file says of itself."""

from __future__ import annotations

from robustrad.cases.case import Case
from robustrad.cases.files import read_header
from robustrad.core.errors import DataError
from robustrad.core.modality import modality_kind

_DICOM_MODALITY = "0008|0060"


def modality_of(case: Case) -> str:
    """Return ``CT``, ``PT``, ``MR`` or ``unknown``.

    The table's word wins; without one the header of the image is asked for DICOM's tag (0008,0060), which
    NRRD and MetaImage files keep and NIfTI files never have. A file that cannot be read is ``unknown``:
    the check says why.
    """
    if case.modality != "unknown":
        return case.modality
    try:
        metadata = read_header(case.image, where=case.place).metadata
    except DataError:
        return "unknown"
    word = metadata.get(_DICOM_MODALITY) or metadata.get("Modality") or metadata.get("modality") or ""
    return modality_kind(word) or "unknown"
