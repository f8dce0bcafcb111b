"""A synthetic cohort whose truth is known."""

from robustrad.demo.cohort import cohort
from robustrad.demo.scans import Cohort, SyntheticCase

__all__ = ["Cohort", "SyntheticCase", "cohort"]
