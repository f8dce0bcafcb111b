"""asv: extraction per engine, configuration and size; the same gray levels at six bin widths."""

from __future__ import annotations

from bench.cases import Case, lesion
from robustrad.core.errors import ProtocolError
from robustrad.extract.engines import choose_engine
from robustrad.extract.parameters import Parameters
from robustrad.extract.settings import Verb, view
from robustrad.perturb.sample import Sampling

CLASSES = dict.fromkeys(("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"), ())
RESAMPLED = {"binWidth": 25, "resampledPixelSpacing": [1, 1, 1], "interpolator": "sitkBSpline"}
CONFIGURATIONS = {
    "original": Parameters({"binWidth": 25}, {"Original": {}}, CLASSES),
    "common": Parameters(
        RESAMPLED, {"Original": {}, "Wavelet": {}, "LoG": {"sigma": [1.0, 2.0, 3.0]}}, CLASSES
    ),
}
RADII_MM = {"small": 8.0, "medium": 16.0}
BIN_WIDTHS = (5, 10, 15, 20, 25, 50)


def extract(engine_name: str, parameters: Parameters, case: Case) -> dict[str, float]:
    """Return all features of one case: the three verbs, as a sweep calls them for one condition."""
    return at_bin_widths(engine_name, parameters, case, (None,))[-1]


def at_bin_widths(
    engine_name: str, parameters: Parameters, case: Case, widths: tuple[int | None, ...] = BIN_WIDTHS
) -> list[dict[str, float]]:
    """Return the features at each of several bin widths, everything else shared; None keeps the width."""
    engine = choose_engine(engine_name, parameters).engine
    image, mask = case
    prepared = engine.prepare(image, view(parameters, Verb.PREPARE))
    region = engine.region(prepared, mask, view(parameters, Verb.REGION), sampling=Sampling())
    chosen = [parameters.overridden({"binWidth": w} if w else {}) for w in widths]
    return [engine.features(region, view(each, Verb.LEVELS)) for each in chosen]


def known_or_skipped(engine: str, parameters: Parameters) -> None:
    """Let asv skip what a commit does not have yet: NotImplementedError is its word for that."""
    try:
        choose_engine(engine, parameters)
    except ProtocolError as error:
        raise NotImplementedError(str(error)) from error


class Extraction:
    """One extraction, warm."""

    params = (["native", "pyradiomics"], list(CONFIGURATIONS), list(RADII_MM))
    param_names = ("engine", "configuration", "size")
    timeout = 300

    def setup(self, engine: str, configuration: str, size: str) -> None:
        known_or_skipped(engine, CONFIGURATIONS[configuration])
        self.case = lesion(RADII_MM[size])
        extract(engine, CONFIGURATIONS[configuration], self.case)

    def time_extract(self, engine: str, configuration: str, size: str) -> None:
        extract(engine, CONFIGURATIONS[configuration], self.case)

    def peakmem_extract(self, engine: str, configuration: str, size: str) -> None:
        extract(engine, CONFIGURATIONS[configuration], self.case)
