"""The methods paragraph of a paper, written from what the study says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from robustrad import __version__
from robustrad.core.errors import RobustradError
from robustrad.report import extraction_text as words
from robustrad.report.factor_text import factor_text
from robustrad.report.freshness import out_of_date
from robustrad.report.holdings import Holdings
from robustrad.report.methods_model import model_text
from robustrad.report.methods_survival import survival_text
from robustrad.report.model_facts import fitted_models
from robustrad.report.provenance import engine_note
from robustrad.stability.classes import KOO_LI, Thresholds


@dataclass(frozen=True)
class Methods:
    """Text for a paper.

    Attributes
    ----------
    paragraphs : tuple of (str, str)
        Heading and text.
    keys : tuple of str
        BibTeX keys that the text cites as ``[@key]``, in the order of the text.
    sources : tuple of str
        What the protocol names as its sources.
    """

    paragraphs: tuple[tuple[str, str], ...]
    keys: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def text(self) -> str:
        """The paragraphs as plain text."""
        told = [f"{heading}. {text}" for heading, text in self.paragraphs]
        return "\n\n".join(told) + "\n"


def methods(holdings: Holdings, *, thresholds: Thresholds = KOO_LI) -> Methods:
    """Return the methods text of a study; only what the study holds is described."""
    parts = [
        ("Before use", " ".join(map(str, out_of_date(holdings)))),
        ("Perturbations", " ".join(_perturbations(holdings))),
        ("Features", " ".join(_extraction(holdings))),
        ("Stability", " ".join(_stability(holdings, thresholds))),
        ("Model", " ".join(model_text(holdings))),
        ("Time to event", " ".join(survival_text(holdings))),
        ("Software", " ".join(_software(holdings))),
    ]
    kept = tuple((heading, text) for heading, text in parts if text)
    everything = " ".join(text for _, text in kept)
    keys = dict.fromkeys(re.findall(r"\[@(\w+)\]", everything))
    return Methods(kept, tuple(keys), sources(holdings))


def sources(holdings: Holdings) -> tuple[str, ...]:
    """Return what the built-in protocol of this name gives as its sources; empty for others."""
    from robustrad.protocol.read import builtin_files, load_protocol

    name = str(holdings.protocol.get("name", ""))
    if name not in builtin_files():
        return ()
    try:
        return load_protocol(name).references
    except RobustradError:
        return ()


def _perturbations(holdings: Holdings) -> Iterator[str]:
    protocol, factors = holdings.protocol, holdings.factors
    if not factors:
        return
    conditions = holdings.frame("conditions")
    design = {
        "one_at_a_time": "one factor at a time",
        "factorial": "in all combinations of factors",
        "chains": "in chains of all factors, drawn once and the same for all cases",
    }.get(str(protocol.get("design")), str(protocol.get("design")))
    yield (
        f"Robustness was assessed by perturbing the images and contours of {holdings.n_cases} cases under "
        f"{len(conditions)} conditions (the unperturbed reference among them), {design}, with robustrad "
        f"{__version__} "
        f"(protocol {protocol.get('name')}, seed {holdings.record.get('seed')}); image perturbation "
        "follows the idea of "
        "Zwanenburg et al. [@Zwanenburg2019]."
    )
    yield "Factors were: " + ". ".join(factor_text(name, factor) for name, factor in factors.items()) + "."
    yield (
        "Random numbers depended on case, factor and draw only, so that rising severities shared one "
        "noise field. "
        "What each perturbation did was measured on image and contour before resampling."
    )
    least = protocol.get("min_voxels")
    if least:
        yield f"Conditions that left fewer than {least} voxels of the ROI on the analysis grid were skipped."
    named = sources(holdings)
    if named:
        yield f"Sources of the protocol: {'; '.join(named)}."


def _extraction(holdings: Holdings) -> Iterator[str]:
    parameters = holdings.protocol.get("parameters")
    if not parameters:
        return
    settings = words.settings_of(parameters)
    classes = ", ".join(dict(parameters.get("featureClass", {})))
    yield (
        f"Features of the classes {classes} were extracted from {words.images(parameters)} by "
        "PyRadiomics definitions "
        "[@vanGriethuysen2017]."
    )
    yield words.normalization(settings)
    yield words.resampling(settings)
    yield words.resegmentation(settings)
    yield words.discretization(settings)
    yield words.texture(settings)
    yield (
        "PyRadiomics definitions deviate from those of the IBSI [@Zwanenburg2020] in known places: "
        + "; ".join(words.deviations(parameters))
        + "."
    )
    yield engine_note(holdings.folder)


def _stability(holdings: Holdings, thresholds: Thresholds) -> Iterator[str]:
    summary = holdings.sheet("summary")
    if summary is None:
        return
    used = set(summary.frame["class_by"].dropna())
    low, middle, high = (f"{bar:g}" for bar in thresholds)
    yield (
        "Stability was measured by intraclass correlation [@McGrawWong1996]: agreement of each level "
        "with the reference "
        "by ICC(A,1) with the concordance correlation coefficient [@Lin1989] beside it"
        + (
            ", and repeatability over random draws of one level by ICC(1,1), draws nested in cases."
            if "icc_1_1_low" in used
            else "."
        )
    )
    yield (
        f"A feature was classed by the lower limit of its 95 % interval as poor (below {low}), moderate, "
        "good (from "
        f"{middle}) or excellent (from {high}) [@KooLi2016]; named levels were taken as fixed "
        "(generalized interval; "
        "bootstrap over patients where a level has several draws). Its class for a factor is the worse "
        "of repeatability "
        "and agreement."
    )
    if "ceiling_location_scale_low" in used:
        yield (
            "Factors that change the definition of a feature (discretization, analysis voxel size) were "
            "judged by "
            "ICC(C,1) after z-scoring each level; Spearman's correlation stands beside it."
        )
    yield (
        "Features with |Spearman| above 0.9 in every pair at the reference formed a cluster. Subjects "
        "without a value "
        "were dropped listwise per feature and comparison; with fewer than five subjects or more than 20 "
        "% dropped no "
        "number was given. Features that a factor cannot change stand outside every share."
    )


def _software(holdings: Holdings) -> Iterator[str]:
    versions = _versions(holdings)
    if versions:
        yield f"robustrad {__version__} with {', '.join(f'{name} {one}' for name, one in versions.items())}."
    yield (
        "Reporting follows CLEAR [@Kocak2023], METRICS [@Kocak2024] and the IBSI's reporting list as far "
        "as the study "
        "itself can answer them."
    )


def _versions(holdings: Holdings) -> dict[str, str]:
    """Return what computed the study, then what its models needed beside it."""
    left_out = {"robustrad"} if holdings.sheet("remedies") else {"robustrad", "neuroCombat"}
    if not fitted_models(holdings):
        left_out.add("scikit-learn")
    found: dict[str, str] = dict(holdings.record.get("versions", {}))
    for name, version in dict(holdings.drift_record.get("versions", {})).items():
        before = found.setdefault(name, version)
        found[name] = before if before == version else f"{before} (models: {version})"
    return {name: version for name, version in found.items() if name not in left_out}
