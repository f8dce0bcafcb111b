"""asv: 36 conditions of one lesion: 2 noise levels x 2 voxel sizes x 3 masks x 3 bin widths."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from bench.cases import Case, lesion
from bench.extraction import CLASSES, CONFIGURATIONS, known_or_skipped
from robustrad.cases.case import Case as CaseRow
from robustrad.core import memory
from robustrad.core.identity import generator
from robustrad.extract.engines import choose_engine
from robustrad.extract.parameters import Parameters
from robustrad.perturb.apply import Skipped, apply
from robustrad.perturb.sample import Sample
from robustrad.protocol.model import Protocol
from robustrad.protocol.read import load_protocol
from robustrad.sweep import branch  # not its names: asv would take Setup for a setup
from robustrad.sweep.conditions import Condition, build_conditions
from robustrad.sweep.tasks import Task, build_tasks, case_ref

FACTORS: dict[str, Any] = {
    "noise": {"kind": "gaussian_noise", "role": "acquisition", "levels": {"a": {"sd": 10}}},
    "voxel_size": {"kind": "voxel_size", "role": "definition", "levels": {"a": {"spacing_mm": [2, 2, 2]}}},
    "volume": {
        "kind": "volume_change",
        "role": "delineation",
        "levels": {"a": {"fraction": -0.1}, "b": {"fraction": 0.1}},
    },
    "bins": {
        "kind": "fixed_bin_width",
        "role": "definition",
        "levels": {"a": {"width": 15}, "b": {"width": 50}},
    },
}


def protocol(parameters: Parameters) -> Protocol:
    """Return the factorial of 36 conditions."""
    return load_protocol(
        {
            "name": "bench",
            "modality": "any",
            "about": "36 conditions.",
            "references": [],
            "extraction": parameters.mapping(),
            "design": "factorial",
            "factors": FACTORS,
        }
    )


class Sweep36:
    """The whole branch of one lesion, as a worker runs it, perturbing and measuring strength included."""

    params = (["native", "pyradiomics"], ["original", "common"])
    param_names = ("engine", "configuration")
    timeout = 600

    def setup(self, engine: str, configuration: str) -> None:
        known_or_skipped(engine, CONFIGURATIONS[configuration])
        self.prepare(engine, CONFIGURATIONS[configuration], lesion(12.0))
        if engine == "native":
            self.time_sweep(engine, configuration)

    def prepare(self, engine: str, parameters: Parameters, case: Case) -> None:
        """Write ``case`` to files and make its tasks."""
        self.folder = tempfile.TemporaryDirectory()
        paths = Path(self.folder.name, "image.mha"), Path(self.folder.name, "mask.mha")
        for image, path in zip(case, paths, strict=True):
            sitk.WriteImage(image, str(path))
        if "resampledPixelSpacing" not in parameters.settings:
            wanted = {"resampledPixelSpacing": [1, 1, 1], "interpolator": "sitkBSpline"}
            parameters = parameters.overridden(wanted)
        chosen = protocol(parameters)
        used = choose_engine(engine, parameters).engine
        self.conditions = build_conditions(chosen, definition=used.definition)
        assert len(self.conditions) == 36
        row = CaseRow("case", *paths)
        ref = case_ref(row, source="bench", modality="CT", parameters=parameters)
        self.tasks: tuple[Task, ...] = build_tasks(ref, self.conditions)
        self.engine_setup = branch.Setup(parameters, used, seed=0, min_voxels=1)

    def time_sweep(self, engine: str, configuration: str) -> None:
        memory.forget()
        for task in self.tasks:
            failed = [r for r in branch.run_branch(task, self.engine_setup) if r.status != "ok"]
            assert not failed, failed[0].reason

    def peakmem_sweep(self, engine: str, configuration: str) -> None:
        self.time_sweep(engine, configuration)

    def teardown(self, engine: str, configuration: str) -> None:
        self.folder.cleanup()

    def samples(self) -> list[tuple[Sample, Parameters]]:
        """Return the perturbed sample and the parameters of every condition (not timed)."""
        reference = branch.open_reference(self.tasks[0].case, self.engine_setup.parameters)
        return [self._perturbed(reference, condition) for condition in self.conditions]

    def _perturbed(self, sample: Sample, condition: Condition) -> tuple[Sample, Parameters]:
        for step in condition.steps:
            outcome = apply(
                step.operator, sample, generator(0, "case", step.factor, step.position, step.draw)
            )
            assert not isinstance(outcome, Skipped)
            sample = outcome
        spacing = {"resampledPixelSpacing": sample.sampling.spacing_mm} if sample.sampling.spacing_mm else {}
        return sample, self.engine_setup.parameters.overridden({**spacing, **sample.settings})


def pyradiomics_loop(samples: list[tuple[Sample, Parameters]]) -> None:
    """Call PyRadiomics' extractor once per condition, on images that are ready: what people write today."""
    from radiomics import logger
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    logger.setLevel("CRITICAL")
    for sample, parameters in samples:
        settings = {**parameters.settings, "additionalInfo": False}
        extractor = RadiomicsFeatureExtractor(**settings)
        extractor.enabledImagetypes = {name: dict(own) for name, own in parameters.image_types.items()}
        extractor.enabledFeatures = {name: [] for name in CLASSES}
        mask = sitk.Cast(sample.grid.image(sample.mask), sitk.sitkUInt32)
        extractor.execute(sample.grid.image(sample.voxels), mask)
