"""The sources that a report cites: BibTeX entries that ship with robustrad, and the software of the study."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from robustrad import __version__


@dataclass(frozen=True)
class Reference:
    """One entry.

    Attributes
    ----------
    key : str
        BibTeX key.
    fields : mapping of str to str
        ``author, title, journal, year, doi``.
    bibtex : str
        The entry as it is written.
    """

    key: str
    fields: Mapping[str, str]
    bibtex: str

    @property
    def text(self) -> str:
        """The entry as a line of a list of references."""
        author = self.fields["author"].split(" and ")
        names = f"{author[0]}, et al." if len(author) > 3 or author[-1] == "others" else "; ".join(author)
        names = names.replace("{\\`e}", "è").replace('{\\"o}', "ö")
        title, journal, year = (self.fields[name] for name in ("title", "journal", "year"))
        return f"{names} {title}. {journal} ({year}). doi:{self.fields['doi']}"


@cache
def library() -> dict[str, Reference]:
    """Return the entries that ship with robustrad, by key."""
    content = (files("robustrad.report") / "data" / "references.bib").read_text(encoding="utf-8")
    entries = [entry.strip() for entry in re.split(r"\n(?=@)", content) if entry.strip()]
    return {entry.key: entry for entry in map(_entry, entries)}


def bibtex(keys: Iterable[str], versions: Mapping[str, str]) -> str:
    """Return a BibTeX file: the entries ``keys``, then the software with its versions."""
    chosen = [library()[key].bibtex for key in dict.fromkeys(keys)]
    software = [
        f"@misc{{{re.sub(r'[^A-Za-z0-9]', '', name)}_software,\n"
        f"  title = {{{{{name}}}}},\n  note = {{Software, version {version}}}\n}}"
        for name, version in {"robustrad": __version__, **versions}.items()
    ]
    return "\n\n".join([*chosen, *software]) + "\n"


def _entry(text: str) -> Reference:
    match = re.match(r"@\w+\{(?P<key>[^,]+),", text)
    if match is None:
        raise ValueError(f"references.bib: not an entry: {text[:40]!r}")
    fields = {
        m["name"]: m["value"]
        for m in re.finditer(r"^  (?P<name>\w+) = \{(?P<value>.*)\},?$", text, re.MULTILINE)
    }
    return Reference(match["key"], fields, text)
