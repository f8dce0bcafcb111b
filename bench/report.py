"""A full-size report: 34 cases x 60 conditions x 1,130 features with every analysis, rendered and opened.

    python -m bench.report [FOLDER] [--rounds 3]

Makes the study in FOLDER (default: a temporary one) where it is not there yet: simulated features, then real
runs of stability, drift with a matrix, all remedies in E1 to E4, and time to event. Repeats are few, yet
no table is smaller for that. Then it prints what ``robustrad report`` costs with all formats, each round in a
process of its own: wall clock, processor time, peak memory, size of the page and, where Chromium and selenium
are installed, how long the page takes to open. Asked are 30 s, 1.5 GB, 5 MB and 2 s.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from importlib.metadata import version
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bench.remedies import conditions, features

CASES, SEED = 34, 0
IMAGES = (
    "original",
    *(f"log-sigma-{sigma}-0-mm-3D" for sigma in (1, 2, 3)),
    *(f"wavelet-{bands}" for bands in ("LLH", "LHL", "LHH", "HLL", "HLH", "HHL", "HHH", "LLL")),
)
# PyRadiomics does not compute these unless asked by name.
DEPRECATED = {"Compactness1", "Compactness2", "SphericalDisproportion", "StandardDeviation"}
VERSIONS = ("numpy", "scipy", "SimpleITK", "pyradiomics-bhklab")


class Cost(NamedTuple):
    """What one rendering costs: seconds of wall clock and of the processor, MB of memory, files."""

    wall: float
    cpu: float
    peak: float
    written: int


def main() -> int:
    """Make the study where it is missing, render it, open it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        study = chosen.folder or Path(temporary) / "study"
        make(study)
        for _ in range(chosen.rounds):
            cost = alone(study)
            print(
                f"report of {study.name}: {cost.wall:.1f} s wall clock, {cost.cpu:.1f} s of processor, "
                f"{cost.peak:.0f} MB at most, {cost.written} files, load {os.getloadavg()[0]:.1f}",
                flush=True,
            )
        page = study / "report" / "report.html"
        print(f"page: {page.stat().st_size / 1e6:.2f} MB")
        opened = ", ".join(f"{seconds:.2f}" for seconds in opening(page, chosen.rounds))
        print(f"opens in {opened} s" if opened else "there is no Chromium to open it in")
    return 0


def alone(study: Path) -> Cost:
    """Render in a fresh process, so that imports count and the peak is its own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(render, (study,))


def render(study: Path) -> Cost:
    """Write the report with all formats."""
    started, before = time.perf_counter(), time.process_time()
    from robustrad.report.write import write_report

    written = write_report(study, title="A full-size study")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(time.perf_counter() - started, time.process_time() - before, peak, len(written.paths))


def opening(page: Path, rounds: int) -> list[float]:
    """Return the seconds from the request to the end of the load event, in headless Chromium."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    except ImportError:
        return []
    if not (chromium and driver):
        return []
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Service(driver))
    try:
        return [_opened(browser, page) for _ in range(rounds)]
    finally:
        browser.quit()


def _opened(browser: Any, page: Path) -> float:
    browser.get("about:blank")
    browser.get(page.as_uri())
    at = browser.execute_script("return performance.timing.toJSON()")
    return float(at["loadEventEnd"] - at["navigationStart"]) / 1000


def make(study: Path) -> None:
    """Write the study and its analyses, each where its tables are not there yet."""
    from robustrad.audit.drift_settings import DriftSettings
    from robustrad.audit.survival import survival_drift
    from robustrad.drift.experiment import RunSettings
    from robustrad.drift.question import Question
    from robustrad.drift.sites.settings import RemedySettings
    from robustrad.report.command import stability_command
    from robustrad.report.drift import drift_command

    if not (study / "features.parquet").is_file():
        write_study(study)
    if not (study / "stability").is_dir():
        stability_command(study)
    if not (study / "drift" / "remedies.csv").is_file():
        settings = DriftSettings(
            run=RunSettings(repeats=1, permutations=20, matrix=True),
            bootstraps=500,
            jobs=2,
            remedies=RemedySettings(assignments=2, resamples=200, calibration=5),
        )
        drift_command([study], Question("outcome", batch="site"), settings)
    if not (study / "drift" / "survival.csv").is_file():
        survival_drift(
            study, time="months", event="dead", batch="site", repeats=1, bootstraps=500, permutations=20,
            output=study / "drift",
        )  # fmt: skip


def write_study(study: Path) -> None:
    """Write what a sweep leaves, with simulated features under the names of the common configuration."""
    rng = np.random.default_rng(SEED)
    table, names = conditions(), feature_names()
    values, outcome = features(CASES, len(names), table, rng)
    cases = [f"case_{number:04d}" for number in range(1, CASES + 1)]
    keys = ["condition", "factor", "level", "severity", "sign", "draw"]
    rows = table[keys].loc[table.index.repeat(CASES)].reset_index(drop=True)
    rows.insert(0, "case_id", cases * len(table))
    rows = rows.assign(draw=rows["draw"].astype(int), status="ok", reason="")
    noise = rows["severity"].to_numpy() * rng.uniform(0.9, 1.1, len(rows))
    rows = rows.assign(strength_sd_difference=0.1 * noise, strength_dice=1.0 - 0.02 * noise)
    wide = pd.DataFrame(values.transpose(1, 0, 2).reshape(len(rows), -1), columns=names)
    study.mkdir(parents=True)
    pd.concat([rows, wide], axis=1).to_parquet(study / "features.parquet", index=False)
    about = table.assign(draw=table["draw"].astype(int), fingerprint="0123456789abcdef")
    about[[*keys[:3], "role", *keys[3:], "fingerprint"]].to_csv(study / "conditions.csv", index=False)
    dead = (rng.uniform(size=CASES) < 0.3 + 0.4 * outcome).astype(int)
    months = np.round(rng.exponential(30.0 - 15.0 * outcome), 1) + 1.0
    pd.DataFrame(
        {"case_id": cases, "image": "i.nii", "mask": "m.nii", "patient": cases, "modality": "PT",
         "outcome": outcome, "site": ["A", "B"] * (CASES // 2), "months": months, "dead": dead}
    ).to_csv(study / "cases.csv", index=False)  # fmt: skip
    (study / "study.json").write_text(json.dumps(_record(table)), encoding="utf-8")


def feature_names() -> list[str]:
    """Return the names of the common configuration: 14 of shape and 93 for each of 12 images."""
    source = files("robustrad.report") / "data" / "feature_dictionary.csv"
    known = csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    pairs = [(row["feature_class"], row["feature"]) for row in known if row["feature"] not in DEPRECATED]
    shape = [f"original_shape_{name}" for group, name in pairs if group == "shape"]
    others = [(group, name) for group, name in pairs if not group.startswith("shape")]
    return [*shape, *(f"{image}_{group}_{name}" for image in IMAGES for group, name in others)]


def _record(table: pd.DataFrame) -> dict[str, Any]:
    factors: dict[str, Any] = {}
    for row in table[table["factor"].ne("reference")].drop_duplicates(["factor", "level"]).itertuples():
        own = factors.setdefault(row.factor, {"role": row.role, "draws": 1, "levels": {}})
        level = {"kind": "gaussian_noise", "version": 1, "sd": row.severity, "severity": row.severity}
        own["levels"][row.level] = {**level, "sign": None}
    kinds = ("firstorder", "shape", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
    parameters = {
        "setting": {"resampledPixelSpacing": [1, 1, 1], "interpolator": "sitkBSpline", "binWidth": 25},
        "imageType": {"Original": {}, "LoG": {"sigma": [1.0, 2.0, 3.0]}, "Wavelet": {}},
        "featureClass": {kind: [] for kind in kinds},
    }
    protocol = {"name": "full-size", "modality": "PT", "design": "one_at_a_time", "min_voxels": 64,
                "parameters": parameters, "factors": factors}  # fmt: skip
    versions = {"python": sys.version.split()[0], "robustrad": version("robustrad")}
    return {"schema": 1, "protocol": protocol, "seed": SEED,
            "engine": {"name": "native", "definition": "pyradiomics-3/grid-1"},
            "versions": versions | {name: version(name) for name in VERSIONS}}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
