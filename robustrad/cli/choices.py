"""The words that options take."""

from __future__ import annotations

from enum import StrEnum


class EngineChoice(StrEnum):
    """Who computes the features."""

    auto = "auto"
    native = "native"
    native_shared = "native-shared"
    pyradiomics = "pyradiomics"


class ExecutorChoice(StrEnum):
    """Where tasks run."""

    processes = "processes"
    serial = "serial"


class ModalityChoice(StrEnum):
    """Modalities that protocols know."""

    CT = "CT"
    PT = "PT"
    MR = "MR"


class UnitChoice(StrEnum):
    """What a subject is."""

    case = "case"
    patient = "patient"


class LesionChoice(StrEnum):
    """How several lesions become one."""

    largest = "largest"
    mean = "mean"


class SelectorChoice(StrEnum):
    """How features are selected."""

    univariate = "univariate"
    l1 = "l1"
    none = "none"
