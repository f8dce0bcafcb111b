"""One small case under a small protocol, looked at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from robustrad.cases.case import Case
from robustrad.cases.table import load_cases
from robustrad.preview.look import Look, look_at
from robustrad.protocol.model import Protocol
from robustrad.protocol.read import load_protocol
from robustrad.sweep.tasks import CaseRef, case_ref
from tests.sweep.conftest import write_cases, write_protocol


def ref_of(case: Case, protocol: Protocol, modality: str = "PT") -> CaseRef:
    """Return what a task needs of ``case``."""
    return case_ref(case, source="cases.csv", modality=modality, parameters=protocol.parameters)


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Table of two small cases."""
    return write_cases(tmp_path_factory.mktemp("preview_cases"), 2)


@pytest.fixture(scope="session")
def protocol_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise, volume, voxel size (9mm leaves too few voxels) and bins."""
    return write_protocol(tmp_path_factory.mktemp("preview_protocol") / "small.yaml")


@pytest.fixture(scope="session")
def small(protocol_file: Path) -> Protocol:
    """The protocol of ``protocol_file``."""
    return load_protocol(protocol_file)


@pytest.fixture(scope="session")
def look(table: Path, small: Protocol) -> Look:
    """The first case under it."""
    return look_at(ref_of(load_cases(table)[0], small), small)
