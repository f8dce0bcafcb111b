"""Map the folder ``perturbations/`` to the package ``robustrad.perturbations``."""

from setuptools import find_packages, setup

OPERATORS = "robustrad.perturbations"
inner = [f"{OPERATORS}.{package}" for package in find_packages("perturbations")]
setup(
    packages=[*find_packages(include=["robustrad", "robustrad.*"]), OPERATORS, *inner],
    package_dir={OPERATORS: "perturbations"},
)
