"""Making cases.csv from a folder: images and masks are paired by what their wildcards stand for.

Each ``*``, ``?``, ``[..]`` and ``**`` of a pattern stands for a part of the path, and the parts together are
the file's key. ``*/PET_image.nii.gz`` and ``*/PET_mask.nii.gz`` give the key ``STS_001`` for both files of a
folder. A pattern without a slash is looked for at any depth, so ``PET_image.nii.gz`` and ``PET_mask.nii.gz``
pair by folder. Where one pattern has more wildcards, its key only has to begin with the other pattern's
key: ``*/ct.nii.gz`` and ``*/mask_*.nii.gz`` make one case of every mask.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from robustrad.core.errors import DataError, Problem

Key = tuple[str, ...]
_WILDCARD = re.compile(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]")


class CaseRow(NamedTuple):
    """A row of a case table to be."""

    case_id: str
    image: Path
    mask: Path


class FoundCases(NamedTuple):
    """What a folder holds.

    Attributes
    ----------
    rows : list of CaseRow
        Pairs in the order of their names, with absolute paths.
    problems : list of Problem
        Files left out because they have no partner.
    """

    rows: list[CaseRow]
    problems: list[Problem]


def make_cases(directory: Path | str, *, image: str, mask: str) -> FoundCases:
    """Pair the images and masks under ``directory``.

    Parameters
    ----------
    directory : path
        Where to look.
    image, mask : str
        Patterns relative to ``directory`` (``*``, ``?``, ``[..]``, ``**``); a file that both match is a mask.

    Returns
    -------
    FoundCases
        The pairs, and a problem for every file without a partner. The case_id is the longer key of the two.

    Raises
    ------
    DataError
        If the folder is missing, a pattern matches nothing, no file has a partner, or a pairing is ambiguous.
    """
    directory = Path(directory).absolute()
    if not directory.is_dir():
        raise DataError(str(directory), "no such folder", "", "Check the path.")
    masks = _matches(directory, mask)
    images = {path: key for path, key in _matches(directory, image).items() if path not in masks}
    for name, pattern, found in (("--image", image, images), ("--mask", mask, masks)):
        if not found:
            raise DataError(
                f"{name} {pattern}", f"it matches no file under {directory}", "", _examples(directory)
            )
    rows = sorted(_pairs(images, masks), key=lambda row: row.case_id)
    used = {path for row in rows for path in (row.image, row.mask)}
    alone = list(_alone(images, masks, used, directory))
    if not rows:
        raise DataError.of(alone[:10])
    _refuse_ambiguous(rows, directory)
    return FoundCases(rows, alone)


def write_cases(rows: list[CaseRow], output: Path | str, *, modality: str = "") -> None:
    """Write a case table, paths relative to it; an existing file is not overwritten.

    Parameters
    ----------
    rows : list of CaseRow
        From ``make_cases``.
    output : path
        The table to write (CSV).
    modality : str
        Fills a column ``modality``; none is written when empty.

    Raises
    ------
    DataError
        If the file exists or its folder cannot be written.
    """
    output = Path(output).absolute()
    extra = [modality] if modality else []
    try:
        with output.open("x", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(["case_id", "image", "mask", *(["modality"] if modality else [])])
            for row in rows:
                writer.writerow([row.case_id, *(_relative(path, output) for path in row[1:]), *extra])
    except FileExistsError as error:
        raise DataError(
            str(output), "the file exists", "a new file", "Remove it or choose another."
        ) from error
    except OSError as error:
        raise DataError(str(output), f"it cannot be written ({error.strerror})") from error


def _relative(path: Path, output: Path) -> str:
    try:
        return Path(os.path.relpath(path, output.parent)).as_posix()
    except ValueError:  # another drive on Windows has no relative path
        return path.as_posix()


def _matches(directory: Path, pattern: str) -> dict[Path, Key]:
    pattern = pattern.removeprefix("./")
    if not pattern or Path(pattern).is_absolute():
        raise DataError(
            f"pattern {pattern!r}", "it is not relative to the folder", "such as '*/image.nii.gz'"
        )
    if "/" not in pattern:
        pattern = f"**/{pattern}"
    expression = _expression(pattern)
    found: dict[Path, Key] = {}
    for path in sorted(directory.glob(pattern)):
        match = expression.fullmatch(path.relative_to(directory).as_posix())
        if match and path.is_file():
            found[path] = tuple(part.strip("/") for part in match.groups())
    return found


def _expression(pattern: str) -> re.Pattern[str]:
    parts, end = [], 0
    for wildcard in _WILDCARD.finditer(pattern):
        parts += [re.escape(pattern[end : wildcard.start()]), _captured(wildcard.group())]
        end = wildcard.end()
    return re.compile("".join([*parts, re.escape(pattern[end:])]))


def _captured(wildcard: str) -> str:
    if wildcard == "**/":
        return "((?:[^/]+/)*)"
    if wildcard == "**":
        return "(.*)"
    if wildcard.startswith("["):
        return f"({'[^' + wildcard[2:] if wildcard[1] == '!' else wildcard})"
    return "([^/]*)" if wildcard == "*" else "([^/])"


def _pairs(images: dict[Path, Key], masks: dict[Path, Key]) -> Iterator[CaseRow]:
    common = min(len(key) for keys in (images, masks) for key in keys.values())  # one length per pattern
    partners: dict[Key, list[Path]] = {}
    for mask, key in masks.items():
        partners.setdefault(key[:common], []).append(mask)
    for image, image_key in images.items():
        for mask in partners.get(image_key[:common], []):
            key = max(image_key, masks[mask], key=len)
            words = [word.replace("/", "_") for word in key if word]
            yield CaseRow("_".join(words) or image.name.split(".")[0], image, mask)


def _alone(
    images: dict[Path, Key], masks: dict[Path, Key], used: set[Path], directory: Path
) -> Iterator[Problem]:
    for name, other, files in (("image", "mask", images), ("mask", "image", masks)):
        partners = masks if name == "image" else images
        for path, key in files.items():
            if path not in used:
                near = _nearest(key, partners)
                yield Problem(
                    str(path.relative_to(directory)),
                    f"this {name} has no {other}",
                    f"{'an' if other == 'image' else 'a'} {other} for {'/'.join(key)!r}",
                    f"Nearest {other}: {near.relative_to(directory)}." if near else "",
                )


def _nearest(key: Key, partners: dict[Path, Key]) -> Path | None:
    from difflib import get_close_matches

    by_text = {"/".join(other): path for path, other in partners.items()}
    match = get_close_matches("/".join(key), by_text, n=1, cutoff=0.6)
    return by_text[match[0]] if match else None


def _refuse_ambiguous(rows: list[CaseRow], directory: Path) -> None:
    names: dict[str, list[CaseRow]] = {}
    for row in rows:
        names.setdefault(row.case_id, []).append(row)
    problems = [
        Problem(
            f"case_id {name!r}",
            f"{len(same)} pairs have it: "
            + ", ".join(
                f"{r.image.relative_to(directory)} with {r.mask.relative_to(directory)}" for r in same[:4]
            ),
            "one image and one mask",
            "Use patterns in which the same wildcards tell images and masks apart.",
        )
        for name, same in names.items()
        if len(same) > 1
    ]
    if problems:
        raise DataError.of(problems)


def _examples(directory: Path) -> str:
    files = (path for path in directory.rglob("*") if path.is_file())
    shown = [str(path.relative_to(directory)) for path, _ in zip(files, range(5), strict=False)]
    return f"Files there: {', '.join(sorted(shown))} ..." if shown else "The folder holds no files."
