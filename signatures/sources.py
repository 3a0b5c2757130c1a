"""What a source is: the files of one release, listed and read under the same checks wherever they lie."""

from __future__ import annotations

import base64
import binascii
import csv
import datetime
import hashlib
import io
import re
import struct
import tarfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType, TracebackType
from typing import Protocol, TypeVar

from .errors import DriftError

Self = TypeVar("Self")

MIB = 1 << 20
TEXT_LIMIT = 64 * MIB
LIBRARY_LIMIT = 512 * MIB

# What the standard library raises on damaged or hostile archives and files; none of it is a defect of ours.
UNREADABLE = (
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)

_LIBRARY = re.compile(r"\.(so(\.\d+)*|pyd|dll|dylib)$")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")


class Source(Protocol):
    """The files of one release, wherever they lie; nothing is extracted, imported or executed.

    Attributes:
        label: Name, version and kind, for messages.
        name: The distribution's name.
        version: Its version, or "" where nothing states it.
        built: The newest date among the members of an archive; None where the files carry none.
        problems: One line for each thing that is damaged or refused; where there is one, the release is incomplete.
    """

    label: str
    name: str
    version: str
    built: datetime.date | None
    problems: list[str]

    def files(self) -> Mapping[str, str | None]:
        """Every file as a posix path, with the sha256 that RECORD states in hexadecimal (None: not stated)."""

    def read(self, path: str) -> bytes:
        """The content of one file of `files()`.

        Raises:
            UnreadableFile: It is damaged, too large, or not what RECORD states; `problems` says so from then on.
            KeyError: `files()` does not have it.
            DriftError: The server that holds it does not answer.
        """

    def prefetch(self, paths: Collection[str]) -> None:
        """Say which files will be read, so that a source on a server fetches them together."""

    def close(self) -> None:
        """Let go of the file or the connection."""

    def __enter__(self: Self) -> Self:
        """Return itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""


class UnreadableFile(DriftError):
    """One file that a source refuses; the others can still be read, and its line is already in `problems`."""


class CheckedSource(ABC):
    """What all sources share: the listing, the size limits, RECORD's hashes, and problems as lines.

    Args:
        name: The distribution's name.
        version: Its version, or "".
        kind: What is read, such as `wheel`.
    """

    def __init__(self, name: str, version: str, kind: str) -> None:
        self.name = name
        self.version = version
        self.label = f"{name} {version} ({kind})" if version else f"{name} ({kind})"
        self.built: datetime.date | None = None
        self.problems: list[str] = []
        self._files: dict[str, str | None] = {}
        self._refused: set[str] = set()

    @abstractmethod
    def _size(self, path: str) -> int:
        """The size that a listed file claims, in bytes."""

    @abstractmethod
    def _content(self, path: str) -> bytes:
        """The bytes of a listed file, never many more than `_size` of it."""

    def files(self) -> Mapping[str, str | None]:
        """See `Source.files`."""
        return MappingProxyType(self._files)

    def read(self, path: str) -> bytes:
        """See `Source.read`."""
        digest = self._files[path]
        limit = LIBRARY_LIMIT if _LIBRARY.search(path) else TEXT_LIMIT
        try:
            size = self._size(path)
            content = self._content(path) if size <= limit else b""
        except UNREADABLE as error:
            raise self._refuse(path, f"cannot be read ({one_line(error)})") from error
        if max(size, len(content)) > limit:
            raise self._refuse(path, f"is larger than {limit // MIB} MiB")
        if digest is not None and hashlib.sha256(content).hexdigest() != digest:
            raise self._refuse(path, "is not what RECORD states (sha256 differs)")
        return content

    def prefetch(self, paths: Collection[str]) -> None:
        """See `Source.prefetch`; files that are already here need nothing."""
        return

    def close(self) -> None:
        """See `Source.close`; most sources hold nothing open."""
        return

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _refuse(self, path: str, why: str) -> UnreadableFile:
        """Note that a file is not read, once however often it is asked for."""
        line = f"{self.label}: {_shown(path)} {why}: not read"
        if path not in self._refused:
            self._refused.add(path)
            self.problems.append(line)
        return UnreadableFile(line)

    def _note(self, what: str) -> None:
        self.problems.append(f"{self.label}: {what}")


def unsafe_name(path: str) -> str | None:
    """Why the name of a member is refused, or None where it is a plain relative posix path."""
    if _UNPRINTABLE.search(path):
        return "has unprintable characters in its name"
    if "\\" in path:
        return "has a backslash in its name"
    if path.startswith("/") or _DRIVE.match(path):
        return "has an absolute path as its name"
    if not {"", ".", ".."}.isdisjoint(path.split("/")):
        return "has a name that is not a plain relative path"
    return None


def top_folder(paths: Iterable[str]) -> str:
    """The one folder that holds all these paths, with its slash; "" where there is none."""
    tops = {path.partition("/")[0] + "/" if "/" in path else "" for path in paths}
    return tops.pop() if len(tops) == 1 else ""


def recorded_digests(record: bytes) -> dict[str, str | None]:
    """What a RECORD states: path -> sha256 in hexadecimal, None where it states none.

    Raises:
        ValueError: It is not UTF-8, not CSV, or a hash in it is malformed.
    """
    digests: dict[str, str | None] = {}
    rows = csv.reader(io.StringIO(record.decode("utf-8"), newline=""))
    try:
        for row in rows:
            if row:
                digests[row[0]] = _hexadecimal(row[1]) if len(row) > 1 else None
    except (csv.Error, binascii.Error) as error:
        raise ValueError(f"line {rows.line_num}: {error}") from error
    return digests


def _hexadecimal(stated: str) -> str | None:
    algorithm, _, encoded = stated.partition("=")
    if algorithm != "sha256":
        return None
    digest = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    if len(digest) != hashlib.sha256().digest_size:
        raise binascii.Error(f"a sha256 of {len(digest)} bytes")
    return digest.hex()


def one_line(error: BaseException) -> str:
    """What an exception says, on one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(_escaped(str(error)).split()) or type(error).__name__


def _shown(path: str) -> str:
    text = _escaped(path)
    return repr(text if len(text) <= 200 else text[:200] + "…").replace("\\\\", "\\")


def _escaped(text: str) -> str:
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
