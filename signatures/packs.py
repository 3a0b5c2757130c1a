"""The file form of the history: packs, each one SQLite file that is written whole and never changed.

A *base pack* holds many releases, a *delta pack* holds one release as what differs from its parent release. Tables:

    meta     key, value: format, upstream, digest, tool; for a delta also parent and parent_digest
    release  ordinal, version, date, train, problems (JSON), removed (JSON): one row in a delta
    module   name, chunk, states: the module's content at each release, as a number; no rows in a delta
    chunk    number, crc, text: compressed; one for each module in a base, one for many modules in a delta
    names    chunk, modules: compressed; which modules a chunk holds and in which order; no rows in a base

What a text holds is the matter of `pack_texts`.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import sqlite3
import weakref
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .errors import DriftError

FORMAT = 1
SUFFIX = ".pack"

_PAGE_SIZE = 1024
_PIECE = 1 << 15
_LEAST_DICTIONARY = 1 << 12
_GREATEST_DICTIONARY = 1 << 23
_SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE release(ordinal INTEGER PRIMARY KEY, version TEXT NOT NULL, date TEXT NOT NULL, train TEXT NOT NULL,
    problems TEXT NOT NULL, removed TEXT NOT NULL);
CREATE TABLE module(name TEXT PRIMARY KEY, chunk INTEGER NOT NULL, states TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE chunk(number INTEGER PRIMARY KEY, crc INTEGER NOT NULL, text BLOB NOT NULL);
CREATE TABLE names(chunk INTEGER PRIMARY KEY, modules BLOB NOT NULL);
"""

# Offsets in the header of an SQLite file, https://www.sqlite.org/fileformat.html section 1.3.
_HEADER_BYTES = 100
_PAGE_SIZE_AT = slice(16, 18)
_PAGE_COUNT_AT = slice(28, 32)
_USER_VERSION_AT = slice(60, 64)
_WRITER_VERSION_AT = slice(96, 100)


class PackError(DriftError):
    """A pack that cannot be used.

    Args:
        path: The file.
        reason: Why, in a few words.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; install upstream-compat again")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """One release of an upstream.

    Args:
        version: As the index writes it.
        date: The day it was built or published, or None where that is not known.
        train: For an upstream whose interface follows its build date and not its version (torch-npu), the text
            that orders its releases, such as `2026-07`; "" for all others.
        problems: One clear line for each thing that could not be read.
    """

    version: str
    date: datetime.date | None = None
    train: str = ""
    problems: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all of the release could be read."""
        return not self.problems


class Header(NamedTuple):
    """What a pack is about.

    Args:
        upstream: The distribution's name, normalised.
        releases: In the order of their ordinals; exactly one for a delta.
        parent: The parent release's version and the digest of the pack that holds it; None for a base pack.
        removed: Modules of the parent release that a delta's release does not have.
    """

    upstream: str
    releases: tuple[ReleaseInfo, ...]
    parent: tuple[str, str] | None = None
    removed: tuple[str, ...] = ()


class Chunk(NamedTuple):
    """Modules whose texts are compressed together.

    Args:
        modules: Each one's name and `states` text, which is "" in a delta pack.
        text: What the pack keeps of them.
    """

    modules: tuple[tuple[str, str], ...]
    text: str


class ModuleRow(NamedTuple):
    """The chunk that holds a module, and the module's `states` text."""

    chunk: int
    states: str


class Pack:
    """A pack opened for reading.

    Args:
        path: The file.
        check: Whether to check every byte first; else damage is found out when the damaged part is read.

    Raises:
        PackError: From here and from every method: it is not there, damaged, or of another format.
    """

    def __init__(self, path: Path, *, check: bool = False) -> None:
        self.path = path
        _check_file(path, every_byte=check)
        with self._reading():
            where = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            # The collector closes it, from whichever thread it happens to run in.
            self._connection = sqlite3.connect(where, uri=True, check_same_thread=False)
            weakref.finalize(self, self._connection.close)
            meta = dict(self._connection.execute("SELECT key, value FROM meta"))
            if meta["format"] != str(FORMAT):
                raise PackError(path, f"its format is {meta['format']}, not {FORMAT}")
            releases, removed = _read_releases(self._connection)
        self.digest: str = meta["digest"]
        parent = (meta["parent"], meta["parent_digest"]) if "parent" in meta else None
        self.header = Header(meta["upstream"], releases, parent, removed)

    def rows(self) -> dict[str, ModuleRow]:
        """In a base pack, the rows of all modules, without reading what the modules hold."""
        with self._reading():
            found = self._connection.execute("SELECT name, chunk, states FROM module")
            return {name: ModuleRow(chunk, states) for name, chunk, states in found}

    def names(self) -> dict[int, list[str]]:
        """In a delta pack, the modules that each chunk holds, in order."""
        with self._reading():
            found = self._connection.execute("SELECT chunk, modules FROM names ORDER BY chunk").fetchall()
            return {chunk: decoded(zlib.decompress(modules)).split("\n") for chunk, modules in found}

    def row(self, module: str) -> ModuleRow | None:
        """In a base pack, the row of one module, or None."""
        with self._reading():
            query = "SELECT chunk, states FROM module WHERE name = ?"
            found = self._connection.execute(query, (module,)).fetchone()
            return ModuleRow(*found) if found else None

    def text(self, chunk: int) -> bytes:
        """In a delta pack, the text of a chunk, as `encoded` made it."""
        with self._reading():
            return _expanded(self._compressed_text(chunk))

    def pieces(self, chunk: int) -> Iterator[bytes]:
        """In a base pack, the text of a chunk from its beginning, inflated only as far as it is asked for."""
        with self._reading():
            return _inflated(self._compressed_text(chunk))

    def close(self) -> None:
        self._connection.close()

    def _compressed_text(self, chunk: int) -> bytes:
        query = "SELECT crc, text FROM chunk WHERE number = ?"
        crc, data = self._connection.execute(query, (chunk,)).fetchone()
        if zlib.crc32(data) != crc:
            raise ValueError("a checksum does not fit")
        return bytes(data)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, zlib.error, LookupError, TypeError, ValueError) as error:
            raise PackError(self.path, f"it is damaged ({error})") from error


def write_pack(path: Path, header: Header, chunks: Iterable[Chunk], *, tool: str = "") -> None:
    """Write a pack; the same contents give the same bytes.

    Args:
        path: The file. Whatever happens, it is the old file or the new one, never a part.
        header: What it is about.
        chunks: What it holds.
        tool: The version of the program that writes it, for people who look into the file.

    Raises:
        DriftError: It cannot be written; the message names the reason.
    """
    # Readers, which start much more often, do without what only writing needs.
    from .whole_files import replacing

    with replacing(path) as temporary:
        try:
            with contextlib.closing(sqlite3.connect(temporary, isolation_level=None)) as connection:
                _fill(connection, header, chunks, tool)
        except sqlite3.Error as error:
            raise DriftError(f"cannot write {path}: {error}") from error
        _seal(temporary)


def encoded(text: str) -> bytes:
    """UTF-8; a string literal of upstream source may hold a lone surrogate, which the plain codec refuses."""
    return text.encode("utf-8", "surrogatepass")


def decoded(data: bytes) -> str:
    """The text that `encoded` took."""
    return data.decode("utf-8", "surrogatepass")


def _fill(connection: sqlite3.Connection, header: Header, chunks: Iterable[Chunk], tool: str) -> None:
    import hashlib

    # The file is synced and renamed as a whole, so SQLite's own safety on disk is not needed.
    for pragma in (f"page_size={_PAGE_SIZE}", "journal_mode=OFF", "synchronous=OFF", "encoding='UTF-8'"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.executescript(_SCHEMA)
    connection.execute("BEGIN")
    rows = [
        (ordinal, info.version, info.date.isoformat() if info.date else "", info.train, json.dumps(info.problems))
        for ordinal, info in enumerate(header.releases)
    ]
    removed = json.dumps(header.removed)
    connection.executemany("INSERT INTO release VALUES (?, ?, ?, ?, ?, ?)", [(*row, removed) for row in rows])
    digest = hashlib.sha256(json.dumps([FORMAT, header.upstream, header.parent, rows, removed]).encode())
    for number, (modules, text) in enumerate(chunks):
        data = encoded(text)
        digest.update(json.dumps([modules, len(data)]).encode() + data)
        if header.parent:
            # Plain rows of names would be a third of the file.
            names = zlib.compress(encoded("\n".join(name for name, _ in modules)), 9)
            connection.execute("INSERT INTO names VALUES (?, ?)", (number, names))
            compressed = _compressed(data)
        else:
            rows_of_chunk = [(name, number, states) for name, states in modules]
            connection.executemany("INSERT INTO module VALUES (?, ?, ?)", rows_of_chunk)
            compressed = zlib.compress(data, 9)
        connection.execute("INSERT INTO chunk VALUES (?, ?, ?)", (number, zlib.crc32(compressed), compressed))
    meta = {"format": str(FORMAT), "upstream": header.upstream, "digest": digest.hexdigest(), "tool": tool}
    if header.parent:
        meta["parent"], meta["parent_digest"] = header.parent
    connection.executemany("INSERT INTO meta VALUES (?, ?)", sorted(meta.items()))
    connection.execute("COMMIT")


def _read_releases(connection: sqlite3.Connection) -> tuple[tuple[ReleaseInfo, ...], tuple[str, ...]]:
    query = "SELECT version, date, train, problems, removed FROM release ORDER BY ordinal"
    rows = connection.execute(query).fetchall()
    releases = (
        ReleaseInfo(version, datetime.date.fromisoformat(date) if date else None, train, tuple(json.loads(problems)))
        for version, date, train, problems, _ in rows
    )
    return tuple(releases), tuple(json.loads(rows[-1][-1]))


def _inflated(data: bytes) -> Iterator[bytes]:
    inflater = zlib.decompressobj()
    while not inflater.eof:
        yield inflater.decompress(data, _PIECE)
        data = inflater.unconsumed_tail


# A base pack is inflated often and in small parts, a delta must be small above all: LZMA halves it.
def _compressed(data: bytes) -> bytes:
    import lzma

    # The preset's own dictionary is 64 MiB, and the encoder takes ten times that in memory.
    size = min(max(len(data), _LEAST_DICTIONARY), _GREATEST_DICTIONARY)
    lzma2 = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": size}
    return lzma.compress(data, lzma.FORMAT_XZ, filters=[lzma2])


def _expanded(data: bytes) -> bytes:
    import lzma

    try:
        return lzma.decompress(data, lzma.FORMAT_XZ)
    except (lzma.LZMAError, EOFError) as error:
        raise ValueError(str(error)) from error


def _seal(path: Path) -> None:
    """Store a checksum of the file in a header field that is free for it, and clear which SQLite wrote the file."""
    data = bytearray(path.read_bytes())
    data[_WRITER_VERSION_AT] = bytes(4)
    data[_USER_VERSION_AT] = _checksum(data)
    path.write_bytes(data)


def _checksum(data: bytearray) -> bytes:
    without = bytearray(data)
    without[_USER_VERSION_AT] = bytes(4)
    return zlib.crc32(without).to_bytes(4, "big")


def _check_file(path: Path, *, every_byte: bool) -> None:
    try:
        with path.open("rb") as file:
            data = bytearray(file.read() if every_byte else file.read(_HEADER_BYTES))
            size = file.seek(0, os.SEEK_END)
    except OSError as error:
        raise PackError(path, f"it cannot be read ({error.strerror or error})") from error
    if len(data) < _HEADER_BYTES or not data.startswith(b"SQLite format 3\0"):
        raise PackError(path, "it is not a history file")
    stated = int.from_bytes(data[_PAGE_SIZE_AT], "big") * int.from_bytes(data[_PAGE_COUNT_AT], "big")
    if size != stated:
        raise PackError(path, f"it is damaged ({size} bytes instead of {stated})")
    if every_byte and data[_USER_VERSION_AT] != _checksum(data):
        raise PackError(path, "it is damaged (its checksum does not fit)")
