"""What models print and warn of in a job: gathered in whichever process it runs, told once with how often.

A user's estimator is fitted some hundred times. What it prints belongs to nobody's results, and what it warns
of each time is one warning.
"""

from __future__ import annotations

import io
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout

Said = tuple[str, str, int]  # how (a category, or nothing for what was printed), text, how often

_KEPT = 200  # different texts of a job
_TOLD = 20  # different lines that a model printed
_MORE = "(other texts)"


class ModelWarning(UserWarning):
    """What a model warned of while it was fitted or scored, and how often."""


class Heard:
    """Texts and how often they came, of one job."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, how: str, text: str) -> None:
        """Count a text; of too many different ones, the further ones together."""
        key = (how, text)
        known = key in self._counts or len(self._counts) < _KEPT
        self._counts[key if known else (how, _MORE)] += 1

    @property
    def said(self) -> list[Said]:
        """Everything, as JSON can hold it."""
        return [(how, text, count) for (how, text), count in self._counts.items()]


class _Printed(io.TextIOBase):
    """A stream that counts its lines."""

    def __init__(self, heard: Heard) -> None:
        self._heard, self._begun = heard, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *whole, self._begun = re.split(r"[\r\n]", self._begun + text)
        for line in filter(str.strip, whole):
            self._heard.add("", line)
        return len(text)

    def end(self) -> None:
        self.write("\n")


@contextmanager
def listening() -> Iterator[Heard]:
    """Gather what is printed and warned of meanwhile; a warning that is an error, or ignored, stays that."""
    heard = Heard()
    printed = _Printed(heard)
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(printed):
        warnings.simplefilter("always", append=True)
        try:
            yield heard
        finally:
            printed.end()
            for one in caught:
                heard.add(one.category.__name__, str(one.message))


def tell_heard(said: Iterable[tuple[str, Said]]) -> None:
    """Tell what models said: what they printed on standard error, what they warned of as ModelWarning.

    Parameters
    ----------
    said : iterable of (model, Said)
        Of all jobs, in any order.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    for model, (how, text, count) in said:
        counts[model, how, text] += count
    for model in sorted({model for model, _, _ in counts}):
        lines = sorted((text, n) for (of, how, text), n in counts.items() if of == model and not how)
        for text, n in lines[:_TOLD]:
            print(f"model {model} printed {_times(n)}: {text}", file=sys.stderr)
        if len(lines) > _TOLD:
            rest = sum(n for _, n in lines[_TOLD:])
            print(f"model {model} printed {rest} lines more.", file=sys.stderr)
    for (model, how, text), n in sorted(counts.items()):
        if how:
            warnings.warn(f"model {model} warned {_times(n)}: {how}: {text}", ModelWarning, stacklevel=2)


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"
