"""Which file of a downstream project an import means, told from the paths alone."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol

from signatures.sources import Source, UnreadableFile

from .sources import MAX_BYTES, python_files

_ROOT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
_SOURCE_FOLDERS = ("", "src", "python")


class Files(Protocol):
    """The files of a project; paths have forward slashes."""

    def is_file(self, path: str) -> bool: ...

    def is_folder(self, path: str) -> bool: ...

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None where it cannot be read."""

    def python_files(self) -> Iterable[str]:
        """The paths of all Python files."""

    def absolute(self, label: str) -> str:
        """The path of a file that is shown to users as `label`."""

    def inside(self, folder: str) -> bool:
        """Whether a folder belongs to the project, so that files in it may be read."""


class FolderFiles:
    """A project on disk: all that lies below the nearest folder with project metadata.

    Args:
        where: The file or folder that is checked.
    """

    def __init__(self, where: Path) -> None:
        start = where.absolute() if where.is_dir() else where.absolute().parent
        marked = (folder for folder in (start, *start.parents) if any((folder / mark).exists() for mark in _ROOT_MARKS))
        self._root = next(marked, _above_packages(start)).as_posix()
        self._real_root = os.path.realpath(self._root)
        self.is_folder = cache(self._is_folder)
        self.is_file = cache(self._is_file)

    def _is_file(self, path: str) -> bool:
        # A link out of the project is not followed.
        return Path(path).is_file() and os.path.realpath(path).startswith(self._real_root)

    def _is_folder(self, path: str) -> bool:
        return Path(path).is_dir()

    def read(self, path: str) -> bytes | None:
        try:
            file = Path(path)
            return file.read_bytes() if file.stat().st_size <= MAX_BYTES else None
        except OSError:
            return None

    def python_files(self) -> Iterable[str]:
        return (path.as_posix() for path in python_files(Path(self._root)) if self.is_file(path.as_posix()))

    def absolute(self, label: str) -> str:
        return posixpath.normpath(Path(label).absolute().as_posix())

    def inside(self, folder: str) -> bool:
        return folder == self._root or folder.startswith(f"{self._root}/")


class ArchiveFiles:
    """A project in a wheel or sdist."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._paths = frozenset(source.files())
        self._folders = frozenset(parent for path in self._paths for parent in _parents(path))

    def is_file(self, path: str) -> bool:
        return path in self._paths

    def is_folder(self, path: str) -> bool:
        return path in self._folders

    def read(self, path: str) -> bytes | None:
        try:
            return self._source.read(path)
        except UnreadableFile:
            return None

    def python_files(self) -> Iterable[str]:
        return (path for path in sorted(self._paths) if path.endswith(".py"))

    def absolute(self, label: str) -> str:
        return label

    def inside(self, folder: str) -> bool:
        return True


def _parents(path: str) -> Iterator[str]:
    while path:
        path = posixpath.dirname(path)
        yield path


def _above_packages(folder: Path) -> Path:
    while (folder / "__init__.py").exists() and folder.parent != folder:
        folder = folder.parent
    return folder


class Meant(NamedTuple):
    """What a dotted path means.

    Args:
        file: The module's file; "" for a folder that is a namespace package.
        folder: The folder that holds its submodules; "" for a plain module.
        rest: The names that are left, to be looked up in the module.
    """

    file: str
    folder: str
    rest: tuple[str, ...]


class ModuleFiles:
    """Finds the file that an import means, from the file that imports.

    Args:
        files: Of the project.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self.find = cache(self._find)
        self._import_roots = cache(self._roots_above)

    def _find(self, path: str, folder: str) -> Meant | None:
        """The longest prefix of a dotted path that is a module of the project.

        Args:
            path: With leading dots where it is relative.
            folder: Of the importing file.
        """
        level = len(path) - len(path.lstrip("."))
        names = [name for name in path[level:].split(".") if name]
        if level:
            start = folder
            for _ in range(level - 1):
                start = posixpath.dirname(start)
            return self._down(start, names)
        for start in self._import_roots(folder):
            found = self._down(start, names) if self._has(start, names[0]) else None
            if found is not None and (found.file or found.folder):
                return found
        return None

    def submodule(self, folder: str, name: str) -> Meant | None:
        """The module of a name in a package's folder."""
        return self._down(folder, [name]) if folder and self._has(folder, name) else None

    def _has(self, folder: str, name: str) -> bool:
        below = posixpath.join(folder, name)
        return self._files.is_file(f"{below}.py") or self._files.is_folder(below)

    def _down(self, folder: str, names: list[str]) -> Meant | None:
        if not self._files.inside(folder):
            return None
        for index, name in enumerate(names):
            below = posixpath.join(folder, name)
            if self._files.is_folder(below) and (index + 1 < len(names) or not self._files.is_file(f"{below}.py")):
                folder = below
            elif self._files.is_file(f"{below}.py"):
                return Meant(f"{below}.py", "", tuple(names[index + 1 :]))
            else:
                return Meant(self._initial(folder), folder, tuple(names[index:])) if index else None
        return Meant(self._initial(folder), folder, ())

    def _initial(self, folder: str) -> str:
        file = posixpath.join(folder, "__init__.py")
        return file if self._files.is_file(file) else ""

    def _roots_above(self, folder: str) -> tuple[str, ...]:
        """Folders that absolute imports may begin at, nearest first: those that are no packages themselves."""
        roots = []
        while self._files.inside(folder):
            if not self._initial(folder):
                roots += [posixpath.join(folder, below) if below else folder for below in _SOURCE_FOLDERS]
            parent = posixpath.dirname(folder)
            if parent == folder:
                break
            folder = parent
        return tuple(roots)
