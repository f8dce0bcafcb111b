"""The study folder: what is in it, and how it is written so that no interruption tears it.

The contract:

- A part is the state. ``parts/<key>.parquet`` is there, whole, or it is not there: it is written under a
  temporary name that carries host and process id, flushed to the disk, and renamed. No journal, no lock.
- A part tells in its metadata which conditions of which case content it holds, so that a plan that grew
  (more cases, levels, draws) finds what is already done.
- Any number of processes may write to one folder (shards): equal tasks write equal bytes.
- A full disk raises StorageFullError; what is there stays whole.
- A part that cannot be read counts as absent and is written again.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from robustrad.core.errors import StorageFullError, StudyError
from robustrad.core.identity import canonical_json
from robustrad.sweep.rows import FAILED, ConditionResult, from_table, to_table
from robustrad.sweep.tasks import Task

_META = b"robustrad"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Part:
    """What a part says of itself.

    Attributes
    ----------
    path : Path
        The file.
    case_id, content : str
        Case and hash of its files.
    conditions : tuple of str
        Fingerprints that it holds.
    failed : tuple of str
        Those of them that failed.
    """

    path: Path
    case_id: str
    content: str
    conditions: tuple[str, ...]
    failed: tuple[str, ...]


class Store:
    """Reads and writes one study folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts_dir = folder / "parts"
        self.failures_dir = folder / "failures"

    def create(self) -> None:
        """Make the folders and prove that they can be written.

        Raises
        ------
        StudyError
            If they cannot.
        StorageFullError
            If the disk is full.
        """
        try:
            self.parts_dir.mkdir(parents=True, exist_ok=True)
            self.failures_dir.mkdir(exist_ok=True)
            with _replacing(self.folder / ".writable") as stream:
                stream.write(b"robustrad")
            (self.folder / ".writable").unlink()
        except StorageFullError:
            raise
        except OSError as error:
            raise StudyError(
                str(self.folder), f"not writable ({error.strerror})", "a folder", "Choose another OUT."
            ) from error

    def sweep_leftovers(self) -> None:
        """Remove temporary files of processes of this machine that are gone."""
        for path in self.folder.rglob(".*.tmp"):
            host, pid = path.name.split(".")[-3:-1]
            if host == _host() and pid.isdigit() and not _alive(int(pid)):
                path.unlink(missing_ok=True)

    def write_json(self, name: str, value: object) -> None:
        """Write ``name`` as readable JSON."""
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        self.write_bytes(name, text.encode())

    def write_bytes(self, name: str, content: bytes) -> None:
        """Write ``name`` whole or not at all; an equal file is left alone."""
        path = self.folder / name
        if path.is_file() and path.read_bytes() == content:
            return
        with _replacing(path) as stream:
            stream.write(content)

    def read_json(self, name: str) -> dict[str, object]:
        """Return the JSON object in ``name``.

        Raises
        ------
        StudyError
            If it is missing or not JSON.
        """
        path = self.folder / name
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StudyError(
                str(path), f"cannot be read ({error})", "a study made by robustrad sweep"
            ) from error
        if not isinstance(value, dict):
            raise StudyError(str(path), "not a JSON object", "a study made by robustrad sweep")
        return value

    def holds(self, name: str, record: dict[str, object]) -> bool:
        """Return whether the JSON object in ``name`` has every entry of ``record`` (and maybe more)."""
        if not (self.folder / name).is_file():
            return False
        there = self.read_json(name)
        return all(
            key in there and canonical_json(there[key]) == canonical_json(record[key]) for key in record
        )

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write ``table`` as Parquet, whole or not at all."""
        with _replacing(self.folder / name) as stream:
            pq.write_table(table, stream)

    def write_part(self, task: Task, results: Iterable[ConditionResult]) -> None:
        """Write the part of ``task``, then its failure record or its absence, then drop what it replaces.

        Raises
        ------
        StorageFullError
            If the disk is full.
        """
        done = list(results)
        failed = [result for result in done if result.status == FAILED]
        about = {
            "case_id": task.case.case_id,
            "content": task.case.content,
            "conditions": [result.fingerprint for result in done],
            "failed": [result.fingerprint for result in failed],
        }
        table = to_table(task.case.case_id, done)
        table = table.replace_schema_metadata({_META: json.dumps(about, ensure_ascii=False).encode()})
        self._write_failures(task, failed)
        self.write_table(f"parts/{task.key}.parquet", table)
        for key in task.supersedes:
            if key != task.key:
                (self.parts_dir / f"{key}.parquet").unlink(missing_ok=True)
                (self.failures_dir / f"{key}.json").unlink(missing_ok=True)

    def index(self) -> list[Part]:
        """Return what every readable part says of itself, ordered by name."""
        parts = (_about(path) for path in sorted(self.parts_dir.glob("[!.]*.parquet")))
        return [part for part in parts if part is not None]

    def forget_failures(self, parts: Iterable[Part], contents: Mapping[str, str]) -> None:
        """Remove failure records of files that have been replaced since: ``contents`` by case_id."""
        for part in parts:
            if part.failed and part.content != contents.get(part.case_id, part.content):
                (self.failures_dir / f"{part.path.stem}.json").unlink(missing_ok=True)

    def read_part(self, part: Part) -> dict[str, ConditionResult]:
        """Return the results in ``part`` by fingerprint."""
        return from_table(pq.read_table(part.path))

    def _write_failures(self, task: Task, failed: list[ConditionResult]) -> None:
        name = f"failures/{task.key}.json"
        if not failed:
            (self.folder / name).unlink(missing_ok=True)
            return
        record = {
            "case_id": task.case.case_id,
            "where": task.case.where,
            "failed": [
                {
                    "condition": result.condition,
                    "reason": result.reason,
                    "traceback": result.trace.splitlines(),
                }
                for result in failed
            ],
        }
        self.write_json(name, record)


def _about(path: Path) -> Part | None:
    try:
        about = json.loads(pq.read_schema(path).metadata[_META])
        return Part(
            path, about["case_id"], about["content"], tuple(about["conditions"]), tuple(about["failed"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[pa.PythonFile]:
    """Give a stream whose content appears at ``path`` whole, once it is on the disk."""
    temporary = path.with_name(f".{path.name}.{_host()}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if error.errno in _FULL:
            raise StorageFullError(
                str(path),
                f"no space left ({error.strerror})",
                "",
                "What is written is whole. Make room, then run the same command again.",
            ) from error
        raise


def _host() -> str:
    return "".join(c if c.isalnum() else "-" for c in socket.gethostname()) or "host"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
