"""Errors that a user can mend: printed without a traceback, with what to do about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong in what the user gave.

    Attributes
    ----------
    where : str
        File and row or line, or the argument (``cases.csv row 8 (LUNG-012)``).
    found : str
        What stands there, with values and units.
    expected : str
        What should stand there; may be empty where ``found`` says it all.
    todo : str
        What the user can do about it; may be empty.
    """

    where: str
    found: str
    expected: str = ""
    todo: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.found.rstrip('.')}"
        if self.expected:
            text += f"; expected {self.expected.rstrip('.')}"
        text += "."
        return f"{text} {self.todo}".rstrip()


class RobustradError(Exception):
    """Base class of everything that a user can mend. Anything else that escapes is a bug.

    Attributes
    ----------
    problems : tuple of Problem
        All problems found, not only the first.
    exit_code : int
        Exit code of the command line: 2 wrong use or data, 3 environment unusable, 1 units failed.
    """

    exit_code = 2

    def __init__(self, where: str, found: str = "", expected: str = "", todo: str = "") -> None:
        self.problems: tuple[Problem, ...] = (Problem(where, found, expected, todo),)
        super().__init__(str(self.problems[0]) if found else where)

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> RobustradError:
        """Return one error that tells all ``problems`` (at least one)."""
        listed = tuple(problems)
        error = cls(*listed[0])
        error.problems = listed
        error.args = ("\n".join(str(problem) for problem in listed),)
        return error


class DataError(RobustradError):
    """A case table, image, mask or feature table cannot be used."""


class ProtocolError(RobustradError):
    """A protocol or parameter file cannot be used."""


class StudyError(RobustradError):
    """A study folder cannot be used: it belongs to another study, or is not writable."""


class EnvironmentUnusableError(RobustradError):
    """The machine lacks what a run needs."""

    exit_code = 3


class StorageFullError(RobustradError):
    """The disk is full; what was written is whole and the same command resumes."""

    exit_code = 1


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the sentence that helps with an unknown ``word``: the nearest known one, and the list."""
    from difflib import get_close_matches

    words = sorted(set(known))
    match = get_close_matches(word, words, n=1, cutoff=0.6)
    hint = f"Did you mean {match[0]}? " if match else ""
    return f"{hint}Known: {', '.join(words)}."
