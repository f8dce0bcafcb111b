"""robustrad: the robustness benchmark for radiomics.

The public names are imported when they are first used, so that the command line starts at once.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from robustrad.audit.drift import drift
    from robustrad.cases.table import load_cases
    from robustrad.extract.single import extract
    from robustrad.harmonize.combat import ComBat
    from robustrad.report.figures import plot_stability_heatmap
    from robustrad.report.plots.drift import plot_drift, plot_patients
    from robustrad.report.plots.remedies import plot_remedies
    from robustrad.report.plots.stability import plot_dose_response
    from robustrad.stability.icc import icc
    from robustrad.stability.table import stability_table
    from robustrad.sweep.run import sweep
    from robustrad.sweep.study import Study

__all__ = [
    "ComBat",
    "Study",
    "drift",
    "extract",
    "icc",
    "load_cases",
    "plot_dose_response",
    "plot_drift",
    "plot_patients",
    "plot_remedies",
    "plot_stability_heatmap",
    "stability_table",
    "sweep",
]

_HOME = {
    "ComBat": "robustrad.harmonize.combat",
    "Study": "robustrad.sweep.study",
    "drift": "robustrad.audit.drift",
    "extract": "robustrad.extract.single",
    "icc": "robustrad.stability.icc",
    "load_cases": "robustrad.cases.table",
    "plot_dose_response": "robustrad.report.plots.stability",
    "plot_drift": "robustrad.report.plots.drift",
    "plot_patients": "robustrad.report.plots.drift",
    "plot_remedies": "robustrad.report.plots.remedies",
    "plot_stability_heatmap": "robustrad.report.figures",
    "stability_table": "robustrad.stability.table",
    "sweep": "robustrad.sweep.run",
}


class _Package(ModuleType):
    """The package. Importing the room ``robustrad.sweep`` must not hide the function ``robustrad.sweep``.

    Python binds a submodule to its parent under the submodule's name; for a public function of that name the
    binding is dropped. The room stays importable as ever (``from robustrad.sweep.study import Study``).
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOME[name]), name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Package
