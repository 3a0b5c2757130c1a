"""What files gave in earlier runs, kept in the user's cache folder."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from signatures.history import History, overlay_folder
from signatures.upstreams import UPSTREAMS

from .file_checks import FileResult
from .findings import Confidence, Finding, Fix, Outcome
from .module_files import ArchiveFiles, FolderFiles
from .sources import SourceFile
from .suppressions import Comment
from .workers import Origin, Task

_FORMAT = 1
_MOST_ENTRIES = 20_000
_MOST_BYTES = 64 << 20
_CODE = ("compat", "codemods", "drift_checks", "signatures")


def results_folder() -> Path:
    """Where results are kept; `DRIFT_CACHE_DIR` moves it."""
    return overlay_folder().with_name("results")


class ResultsCache:
    """Results of files, found again by all that they depend on.

    An entry is found by the content of its file, the releases, the histories, the options and this tool's own code. It
    holds as long as the other files that were consulted are what they were. One that is damaged is not there. Two runs
    at once may write the same entry; both write the same.

    Args:
        folder: Where entries are kept.
        task: What the files are checked against.
        origins: What the files were found in.
        facts: What else every result depends on.
    """

    def __init__(self, folder: Path, task: Task, origins: Iterable[Origin], facts: Sequence[bool] = ()) -> None:
        self._setting = _digest([*_settings(task, origins), *facts])
        self._folder = folder
        self._wrote = False

    def get(self, file: SourceFile, digest: Callable[[str], str]) -> FileResult | None:
        """What a file gave before; None where that is not known, or something it depends on has changed.

        Args:
            file: The file.
            digest: Of another file, as `FileResult.consulted` has it.
        """
        try:
            checksum, text = self._path(file).read_bytes().split(b"\n", 1)
            if int(checksum) != zlib.crc32(text):
                return None
            result = _decoded(json.loads(text), file.path)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return result if all(digest(path) == known for path, known in result.consulted.items()) else None

    def put(self, file: SourceFile, result: FileResult) -> None:
        """Keep what a file gave; where it cannot be written, it is worked out again the next time."""
        if result.unparsed:
            return
        text = json.dumps(_encoded(result), ensure_ascii=True).encode()
        with suppress(OSError):
            _write(self._path(file), b"%d\n%b" % (zlib.crc32(text), text))
            self._wrote = True

    def close(self) -> None:
        """Remove the oldest entries where there are too many."""
        if self._wrote:
            with suppress(OSError):
                _shrink(self._folder)

    def _path(self, file: SourceFile) -> Path:
        name = _digest([self._setting, file.path, hashlib.sha256(file.data).hexdigest()])
        return self._folder / name[:2] / name[2:]


def _settings(task: Task, origins: Iterable[Origin]) -> list[Any]:
    """All that the result of a file may depend on beside files."""
    names = dict.fromkeys(name for move in task.moves for name in (move.upstream, *UPSTREAMS[move.upstream].builds_on))
    histories = []
    for name in names:
        history = History.open(name, folder=task.folder)
        histories.append(sorted({history.digest(release.version) for release in history.releases}))
    listings = [_listing(origin) for origin in origins]
    moves = [(move.upstream, move.old, move.new, move.asked) for move in task.moves]
    return [_FORMAT, tool_digest(), platform.python_version(), moves, task.device, histories, listings]


def _listing(origin: Origin) -> list[str]:
    """The Python files of the project: one that is added may be what an import means from then on."""
    files = FolderFiles(origin) if isinstance(origin, Path) else ArchiveFiles(origin)
    return sorted(files.python_files())


@cache
def tool_digest() -> str:
    """The version of this tool, and its code: in development that changes without the version."""
    try:
        released = version("upstream-compat")
    except PackageNotFoundError:
        released = ""
    home = Path(__file__).parents[1]
    found = hashlib.sha256(released.encode())
    for package in _CODE:
        for path in sorted((home / package).rglob("*.py")):
            found.update(path.relative_to(home).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        # Not synced: an entry that a power cut damages is told by its checksum.
        os.replace(name, path)  # noqa: PTH105 - a text, not a path
    except OSError:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108 - a text, not a path
        raise


def _shrink(folder: Path) -> None:
    found = sorted(_entries(folder), reverse=True)
    size = 0
    for number, (_, each, path) in enumerate(found):
        size += each
        if number >= _MOST_ENTRIES or size > _MOST_BYTES:
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108 - a text, not a path


def _entries(folder: Path) -> Iterator[tuple[float, int, str]]:
    with os.scandir(folder) as parts:
        for part in parts:
            with os.scandir(part.path) as entries:
                for entry in entries:
                    with suppress(OSError):
                        status = entry.stat()
                        yield status.st_mtime, status.st_size, entry.path


def _encoded(result: FileResult) -> dict[str, Any]:
    findings = []
    for finding in result.findings:
        fields = asdict(finding)
        del fields["path"], fields["witness_result"]
        findings.append({**fields, "fix": finding.fix})
    comments = [
        {**comment._asdict(), "until": comment.until and comment.until.isoformat()} for comment in result.comments
    ]
    return {
        "findings": findings,
        "comments": comments,
        "counts": [result.call_sites, result.unresolved, result.guarded],
        "consulted": dict(result.consulted),
    }


def _decoded(entry: dict[str, Any], path: str) -> FileResult:
    call_sites, unresolved, guarded = entry["counts"]
    return FileResult(
        findings=tuple(_finding(fields, path) for fields in entry["findings"]),
        comments=tuple(_comment(fields, path) for fields in entry["comments"]),
        call_sites=call_sites,
        unresolved=unresolved,
        guarded=guarded,
        consulted=entry["consulted"],
    )


def _finding(fields: dict[str, Any], path: str) -> Finding:
    fix = fields["fix"]
    changed = {
        "path": path,
        "outcome": Outcome(fields["outcome"]),
        "confidence": Confidence(fields["confidence"]),
        "broken_in": tuple(fields["broken_in"]),
        "fix": Fix(*fix) if fix is not None else None,
    }
    return Finding(**{**fields, **changed})


def _comment(fields: dict[str, Any], path: str) -> Comment:
    until = fields["until"]
    changed = {
        "path": path,
        "rules": tuple(fields["rules"]),
        "until": datetime.date.fromisoformat(until) if until is not None else None,
    }
    return Comment(**{**fields, **changed})
