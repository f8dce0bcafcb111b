"""Studies, reported once for all tests that only read them: simulated, built-in, and of real lesions."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from robustrad.audit.drift_settings import DriftSettings
from robustrad.audit.survival import survival_drift
from robustrad.cases.table import load_cases
from robustrad.demo.cohort import cohort
from robustrad.drift.experiment import RunSettings
from robustrad.drift.question import Question
from robustrad.drift.sites.settings import RemedySettings
from robustrad.preview.contact_sheet import contact_sheet
from robustrad.report.command import stability_command
from robustrad.report.drift import drift_command
from robustrad.report.write import write_report
from robustrad.sweep.run import sweep
from tests.report.studies import add_drift, add_survival, add_survival_remedies, study

TITLE = 'Report <b>of</b> 100 % & "friends" _ \u0633\u0631\u0637\u0627\u0646 \u80bf\u7624'
FORMATS = ["html", "csv", "tex", "pdf-figures"]


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a study with difficult names and everything that can be analyzed, and its report."""
    folder = study(tmp_path_factory.mktemp("report") / "study", nasty=True)
    add_survival_remedies(add_survival(add_drift(folder)))
    write_report(folder, title=TITLE, formats=FORMATS)
    return folder


@pytest.fixture(scope="session")
def demo_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of the built-in cohort under ``quick`` and its report: the demo with fewer lesions."""
    folder = tmp_path_factory.mktemp("demo")
    table = cohort(n=24).write(folder / "cohort")
    return swept(folder / "study", table, protocol="quick", outcome="outcome", batch="site")


@pytest.fixture(scope="session")
def pet_study(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Path:
    """A sweep of the 34 real PET lesions under ``pet``, lung metastases over it, and its report: minutes."""
    folder = tmp_path_factory.mktemp("pet")
    clinical = pd.read_csv(data_dir / "sts" / "clinical.csv")
    images = data_dir / "sts" / "images"
    cases = clinical.assign(
        case_id=clinical["patient"] + "_PET",
        image=[images / name / "PET_image.nii.gz" for name in clinical["patient"]],
        mask=[images / name / "PET_mask.nii.gz" for name in clinical["patient"]],
        modality="PT",
    )
    table = folder / "cases.csv"
    cases.to_csv(table, index=False)
    done = swept(folder / "study", table, protocol="pet", outcome="lung_mets", batch="ct_kernel")
    assert pd.read_parquet(done / "features.parquet")["case_id"].nunique() == 34
    survival_drift(
        done, time="lm_time", event="lung_mets", repeats=1, permutations=20, bootstraps=500, jobs=2,
        output=done / "drift",
    )  # fmt: skip
    write_report(done, formats=FORMATS)
    return done


def swept(folder: Path, table: Path, *, protocol: str, outcome: str, batch: str) -> Path:
    """Sweep, measure stability, drift and remedies with few repeats, report."""
    done = sweep(load_cases(table), folder, protocol=protocol, engine="native", jobs=2)
    assert done.failed == 0
    stability_command(folder)
    settings = DriftSettings(
        run=RunSettings(repeats=1, permutations=20),
        bootstraps=500,
        jobs=2,
        remedies=RemedySettings(assignments=2, calibration=5, resamples=200),
    )
    drift_command([folder], Question(outcome, batch=batch), settings)
    (folder / "report").mkdir()
    contact_sheet(folder, table)
    write_report(folder, formats=FORMATS)
    return folder
