"""CLEAR, METRICS and the IBSI's reporting list: what the study can answer, with the evidence; no score.

Items are paraphrased; the lists are Kocak 2023 (CLEAR), Kocak 2024 (METRICS) and the IBSI's reporting
guidelines (Zwanenburg 2020). ``filled``: the evidence answers the item. ``partly``: it answers a part.
``author``: only the authors can.
"""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

from robustrad.report import extraction_text as words
from robustrad.report.checklists_model import AUTHOR, FILLED, PARTLY, Answer, model_answers
from robustrad.report.holdings import Holdings

COLUMNS = ("framework", "item", "topic", "status", "evidence")
_ASK = Answer(AUTHOR, "")


def checklist(holdings: Holdings) -> pd.DataFrame:
    """Return every item of the three lists with :data:`COLUMNS`."""
    with (files("robustrad.report") / "data" / "checklists.csv").open(encoding="utf-8") as stream:
        items = pd.read_csv(stream, dtype=str, keep_default_na=False)
    answers = {**_of_the_study(holdings), **_of_stability(holdings), **model_answers(holdings)}
    found = [answers.get(rule, _ASK) for rule in items.pop("rule")]
    return items.assign(
        status=[answer.status for answer in found], evidence=[answer.evidence for answer in found]
    )[list(COLUMNS)]


def _of_the_study(holdings: Holdings) -> dict[str, Answer]:
    answers = {"checklists": Answer(PARTLY, "this checklist (tables/checklists.csv)")}
    cases = holdings.frame("cases")
    if "modality" in cases and cases["modality"].notna().any():
        answers["modality"] = Answer(FILLED, ", ".join(dict.fromkeys(cases["modality"].dropna().astype(str))))
    if holdings.sheet("cohort"):
        answers["baseline"] = Answer(PARTLY, "tables/cohort.csv")
    units = holdings.sheet("units")
    if units is not None:
        row = units.frame.iloc[0]
        answers["missing"] = Answer(
            FILLED,
            f"{row['skipped']} units skipped, {row['failed']} failed, never imputed (tables/troubles.csv)",
        )
    return {**answers, **_of_extraction(holdings)}


def _of_extraction(holdings: Holdings) -> dict[str, Answer]:
    parameters = holdings.protocol.get("parameters")
    if not parameters:
        return {}
    settings = words.settings_of(parameters)
    classes = ", ".join(dict(parameters.get("featureClass", {})))
    versions = holdings.record.get("versions", {})
    software = (
        f"PyRadiomics {versions.get('pyradiomics-bhklab', '')}, robustrad {versions.get('robustrad', '')}"
    )
    grid, beyond = "the image's own: there was no resampling", "not applicable: there was no resampling"
    if any(settings.get("resampledPixelSpacing") or ()):
        grid = "aligned with the corner of the image; as many voxels as cover the ROI with its padding"
        beyond = "none: grid voxels whose centers lie outside the image hold 0"
    zones = "Chebyshev distance 1 (all 26 neighbors)"
    distance = f"Chebyshev distance {', '.join(str(value) for value in settings['distances'])}"
    answers = {
        "flow": Answer(PARTLY, "report.html, What was done"),
        "preprocessing": Answer(FILLED, f"{words.normalization(settings)} {words.resegmentation(settings)}"),
        "resampling": Answer(FILLED, words.resampling(settings)),
        "discretization": Answer(FILLED, words.discretization(settings)),
        "image_types": Answer(FILLED, words.images(parameters)),
        "extraction": Answer(FILLED, f"{software}; all settings in study.json"),
        "software": Answer(FILLED, software),
        "classes": Answer(FILLED, f"{classes}; PyRadiomics definitions (tables/dictionary.csv)"),
        "defaults": Answer(FILLED, "settings that study.json does not name are PyRadiomics' defaults"),
        "settings": Answer(FILLED, "study.json, conditions.csv"),
        "grid_position": Answer(FILLED, grid),
        "extrapolation": Answer(FILLED, beyond),
        "rounding": Answer(FILLED, "none; 64-bit floating point throughout"),
        "mask_interpolation": Answer(FILLED, "nearest neighbor; a voxel belongs to the ROI or does not"),
        "resegmentation": Answer(FILLED, words.resegmentation(settings)),
        "bin_edges": Answer(
            FILLED, "the multiple of the bin width at or below the lowest intensity of the ROI"
        ),
        "compliance": Answer(
            FILLED, f"PyRadiomics definitions; deviations: {'; '.join(words.deviations(parameters))}"
        ),
        "aggregation": Answer(FILLED, words.texture(settings)),
        "weighting": Answer(FILLED, str(settings.get("weightingNorm") or "none")),
        "symmetry": Answer(FILLED, "symmetric" if settings["symmetricalGLCM"] else "asymmetric"),
        "distance": Answer(FILLED, distance),
        "linkage": Answer(FILLED, zones),
        "not_computed": Answer(FILLED, "not computed"),
        "coarseness": Answer(FILLED, str(settings["gldm_a"])),
    }
    if settings.get("binCount"):
        answers["bin_edges"] = Answer(FILLED, "not applicable: fixed number of bins over the ROI's range")
    return answers


def _of_stability(holdings: Holdings) -> dict[str, Answer]:
    table = holdings.sheet("stability")
    if table is None:
        return {}
    roles = set(table.frame["role"].dropna())
    found = {
        "n_features": Answer(FILLED, f"{table.frame['feature'].nunique()} (tables/features.csv)"),
        "robustness": Answer(
            FILLED, "perturbations with measured strength, ICC with intervals (stability/stability.csv)"
        ),
        "robust": Answer(
            PARTLY, "robust features named (tables/robust_features.csv); removing them is the authors' step"
        ),
        "redundant": Answer(PARTLY, "clusters at |Spearman| > .9 (stability/stability.csv, column cluster)"),
        "feature_stats": Answer(FILLED, "stability/summary.csv, tables/features.csv"),
        "feature_data": Answer(PARTLY, "features.parquet; sharing it is the authors' step"),
    }
    if "delineation" in roles:
        found["segmentation"] = Answer(
            PARTLY, "delineation factors (tables/factors.csv); perturbed contours, not observers"
        )
    return found
