"""Finding the downstream files that name an upstream, without parsing the others."""

from __future__ import annotations

import ast
import io
import os
import re
import stat
import tokenize
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from signatures.parsing import Unreadable, syntax_tree
from signatures.sources import Source, UnreadableFile

from .call_sites import words

MAX_BYTES = 8 << 20
"""Beyond this no person wrote the file, and its syntax tree would need gigabytes."""

_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages"})


class Unparsed(NamedTuple):
    """A file that could not be checked, and why, in one clear line."""

    path: str
    line: int
    message: str


@dataclass(frozen=True)
class SourceFile:
    """A downstream Python file.

    Args:
        path: As users see it, with forward slashes.
        data: Its bytes.
        origin: The path or distribution that it was found in, whose other files it may import.
    """

    path: str
    data: bytes
    origin: Path | Source | None = field(default=None, compare=False, repr=False)

    def parse(self) -> ast.Module | Unparsed:
        """The syntax tree, or why there is none."""
        if len(self.data) > MAX_BYTES:
            return Unparsed(self.path, 1, f"larger than {MAX_BYTES >> 20} MiB, so not read")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return syntax_tree(self.data)
        except SyntaxError as error:
            return Unparsed(self.path, error.lineno or 1, _one_line(f"not valid Python: {error.msg}"))
        except (RecursionError, MemoryError):
            return Unparsed(self.path, 1, "nested too deeply to be read")
        except (ValueError, LookupError, Unreadable) as error:
            return Unparsed(self.path, 1, _one_line(f"not valid Python: {error}"))

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The text, split as the parser counts lines."""
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(self.data).readline)
            text = self.data.decode(encoding, "replace")
        except (SyntaxError, LookupError):
            text = self.data.decode("utf-8", "replace")
        return tuple(re.split("\r\n|\r|\n", text.removeprefix("\ufeff")))

    def line(self, number: int) -> str:
        """The text of a line, counted from 1; empty beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def column(self, line: int, offset: int) -> int:
        """The column from 1, in characters, of a UTF-8 byte offset from 0."""
        return len(self.line(line).encode()[:offset].decode("utf-8", "ignore")) + 1


def _one_line(text: str) -> str:
    return " ".join(text.split())


def find(where: Path | Source, names: Collection[str]) -> Iterator[SourceFile | Unparsed]:
    """The Python files that name one of the upstreams, in the order of their paths.

    Args:
        where: A file, a folder, or an opened distribution.
        names: Import names of the upstreams; a file that has none of them in its bytes is left out.

    Yields:
        Each file, or why it could not be read.
    """
    searched = words(names)
    found = _in_path(where) if isinstance(where, Path) else _in_distribution(where)
    for item in found:
        if isinstance(item, Unparsed) or any(word in item.data for word in searched):
            yield item


def _in_distribution(source: Source) -> Iterator[SourceFile | Unparsed]:
    paths = sorted(path for path in source.files() if path.endswith(".py"))
    source.prefetch(paths)
    for path in paths:
        try:
            yield SourceFile(path, source.read(path), source)
        except UnreadableFile as error:
            yield Unparsed(path, 1, _one_line(str(error)))


def _in_path(where: Path) -> Iterator[SourceFile | Unparsed]:
    root = where.resolve()
    for path in [where] if where.is_file() else python_files(where):
        label = _label(path)
        try:
            if not _inside(path, root):
                continue
            yield SourceFile(label, _read_regular(path), where)
        except OSError as error:
            yield Unparsed(label, 1, _unreadable(error))


def _label(path: Path) -> str:
    """A path on one line that every output can show, whatever bytes its names have."""
    text = PurePosixPath(path).as_posix()
    if text.isprintable():
        return text
    decoded = os.fsencode(text).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in decoded)


def python_files(folder: Path) -> Iterator[Path]:
    """The Python files in a folder in the order of their paths, without those of caches and environments."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _skipped(Path(parent, name)))
        for name in sorted(files):
            if name.endswith(".py"):
                yield Path(parent, name)


def _skipped(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in _SKIPPED_FOLDERS or (folder / "pyvenv.cfg").exists()


def _inside(path: Path, root: Path) -> bool:
    """Whether a link stays in the folder that was named; a plain file always does."""
    if not path.is_symlink():
        return True
    try:
        return path.resolve().is_relative_to(root)
    except RuntimeError:
        # A link to itself, before Python 3.13; opening it says so.
        return True


def _read_regular(path: Path) -> bytes:
    """A file's bytes; opened without waiting, because a pipe has no end to wait for."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("not a regular file")
        return file.read()


def _unreadable(error: OSError) -> str:
    return _one_line(f"cannot be read: {error.strerror or error}")
