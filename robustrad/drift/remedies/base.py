"""What a remedy is: it learns from training patients only, and says what it needs and costs."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from robustrad.core.errors import RobustradError
from robustrad.drift.remedies.filtering import lower_limits
from robustrad.drift.remedies.moments import SiteSamples

Floats = NDArray[np.float64]
Labels = NDArray[np.str_]
Mask = NDArray[np.bool_]

PERTURBATIONS, SITES = "perturbations", "sites"


class NotApplicableError(RobustradError):
    """A remedy cannot be used on these data: a row of the table with this status, not a failure."""


@dataclass(frozen=True)
class Rows:
    """Feature rows with the site that each comes from.

    Attributes
    ----------
    X : ndarray of shape (m, p)
        Features.
    batch : ndarray of str, shape (m,)
        Site: ``reference``, ``factor=level`` or a value of the batch column.
    volume : ndarray of shape (m,) or None
        Volume of the lesion in mm^3, as measured in that row.
    """

    X: Floats
    batch: Labels
    volume: Floats | None = None

    def with_values(self, X: Floats) -> Rows:
        """Return the rows with other features."""
        return replace(self, X=X)


@dataclass(frozen=True)
class Copies:
    """Perturbed copies of the training patients.

    Attributes
    ----------
    reference : ndarray of shape (m, p)
        The patients unperturbed.
    values : ndarray of shape (m, c, p)
        Copies; NaN where one is missing.
    factors, sites : tuple of str
        Of each copy: what was varied, and ``factor=level``.
    draws : tuple of int
        Of each copy.
    own : ndarray of bool, shape (m,)
        Patients whose copies may join the training rows: those of the home site, whose images one has.
    volume : ndarray of shape (m, c) or None
        In mm^3.
    limits : ndarray of shape (f, p), optional
        What :attr:`lower_limits` would compute, if it is known already.
    """

    reference: Floats
    values: Floats
    factors: tuple[str, ...]
    sites: tuple[str, ...]
    draws: tuple[int, ...]
    own: Mask
    volume: Floats | None = None
    limits: Floats | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Factors, each once, in order."""
        return tuple(dict.fromkeys(self.factors))

    @cached_property
    def lower_limits(self) -> Floats:
        """Lower 95 % limit of each factor's agreement, shape (factors, p): see ``filtering``."""
        if self.limits is not None:
            return self.limits
        return lower_limits(self.reference, self.values, self.factors, self.sites, self.draws)

    def without(self, factors: Sequence[str]) -> Copies:
        """Return the copies without those of some factors."""
        keep = [i for i, factor in enumerate(self.factors) if factor not in factors]
        rows = [i for i, name in enumerate(self.names) if name not in factors]
        return replace(
            self,
            values=self.values[:, keep],
            factors=tuple(self.factors[i] for i in keep),
            sites=tuple(self.sites[i] for i in keep),
            draws=tuple(self.draws[i] for i in keep),
            volume=None if self.volume is None else self.volume[:, keep],
            limits=self.lower_limits[rows],
        )


@dataclass(frozen=True)
class Training:
    """All that a remedy may learn from. No row of a test patient is in it.

    Attributes
    ----------
    rows : Rows
        What the model is to be trained on.
    y : ndarray of int, shape (m,)
        Outcome, 0 or 1.
    groups : ndarray of int, shape (m,)
        Patient of each row.
    weights : ndarray of shape (m,)
        Of each row in training; those of a patient sum to the number of its lesions.
    kept : ndarray of bool, shape (p,)
        Features that the model may use.
    copies : Copies or None
        Perturbed copies, from the factors that may be learned from.
    sites : SiteSamples
        Unlabelled patients of each site: of the training sites, and those collected at a new one.
    seed : int
        Of this split.
    """

    rows: Rows
    y: NDArray[np.intp]
    groups: NDArray[np.intp]
    weights: Floats
    kept: Mask
    copies: Copies | None
    sites: SiteSamples
    seed: int


class FittedRemedy:
    """What a remedy learned; by default it changes nothing."""

    def training(self, training: Training) -> Training:
        """Return what the model is trained on."""
        return replace(training, rows=self.transform(training.rows))

    def transform(self, rows: Rows) -> Rows:
        """Return rows of any patient as the model is to see them."""
        return rows

    def parameters(self) -> tuple[Floats, ...]:
        """Return everything learned, for the leak test."""
        return ()

    def fingerprint(self) -> str:
        """Return a hash of everything learned."""
        digest = hashlib.sha256()
        for part in self.parameters():
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()[:16]


class Remedy(ABC):
    """A remedy: scalars that define it, and ``fit``.

    Attributes
    ----------
    learns_from : frozenset of {"perturbations", "sites"}
        ``perturbations``: it is scored on the factors it learned from (``seen``) and with each factor left
        out in turn (``unseen``, the headline). ``sites``: it needs patients of a site before it can be used
        there; all such remedies get the same ones.
    averages_draws : bool
        The model's predictions are averaged over the draws of a level.
    """

    learns_from: ClassVar[frozenset[str]] = frozenset()
    averages_draws: ClassVar[bool] = False

    @property
    @abstractmethod
    def name(self) -> str:
        """The word on the command line and in the table."""

    @abstractmethod
    def fit(self, training: Training) -> FittedRemedy:
        """Learn from training patients.

        Raises
        ------
        NotApplicableError
            If it cannot be used on these data; the reason becomes the row's status.
        """

    @classmethod
    def variants(cls) -> tuple[Self, ...]:
        """Return the remedies that ``all`` means."""
        return (cls(),)

    @classmethod
    def parse(cls, name: str) -> Self | None:
        """Return the remedy called ``name``, or None if that is another's name."""
        return next((remedy for remedy in cls.variants() if remedy.name == name), None)
