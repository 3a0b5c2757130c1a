"""A folder of sources and an installed distribution, read where they lie; links do not lead out of them."""

from __future__ import annotations

import email.parser
import importlib.metadata
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from .errors import DriftError
from .sources import UNREADABLE, CheckedSource, one_line, recorded_digests, unsafe_name

# Nothing in these is a source of the project itself.
_SKIPPED = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules"})
_VENV_MARK = "pyvenv.cfg"
_EDITABLE = re.compile(r'"editable"\s*:\s*true')


class FolderSource(CheckedSource):
    """The files of a source tree.

    Args:
        root: The folder. Version control, caches and virtual environments in it are left out.
        name: What to call it; by default what its PKG-INFO states, else the folder's name.
        version: Its version; by default what its PKG-INFO states, else "".

    Raises:
        DriftError: The folder cannot be listed.
    """

    def __init__(self, root: Path, name: str | None = None, version: str | None = None) -> None:
        self._root = root.resolve()
        stated = _stated_names(self._root)
        super().__init__(name or stated[0] or self._root.name, version or stated[1], "source folder")
        try:
            os.scandir(self._root).close()
        except OSError as error:
            raise DriftError(f"{root}: cannot be listed ({one_line(error)})") from error
        self._files = dict.fromkeys(sorted(self._walk()))

    def _walk(self) -> Iterator[str]:
        # Not os.walk: before Python 3.12 it recurses, and a deep tree ends it.
        pending = [""]
        while pending:
            inside = pending.pop()
            try:
                with os.scandir(self._root / inside) as entries:
                    found = list(entries)
            except OSError as error:
                self._refuse(inside or ".", f"cannot be listed ({one_line(error)})")
                continue
            if inside and any(entry.name == _VENV_MARK for entry in found):
                continue
            for entry in found:
                path = inside + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _SKIPPED:
                        pending.append(path + "/")
                elif why := unsafe_name(path) or self._refusal(entry):
                    self._refuse(path, why)
                elif entry.is_file():
                    yield path

    def _refusal(self, entry: os.DirEntry[str]) -> str | None:
        if not entry.is_symlink():
            return None if entry.is_file(follow_symlinks=False) else "is neither a file nor a folder"
        try:
            target = Path(entry.path).resolve(strict=True)
        except (OSError, RuntimeError):
            return "is a link that leads nowhere"
        if not target.is_relative_to(self._root):
            return "is a link out of the folder"
        return None if target.is_file() or target.is_dir() else "is neither a file nor a folder"

    def _size(self, path: str) -> int:
        return regular_size(self._root / path)

    def _content(self, path: str) -> bytes:
        return (self._root / path).read_bytes()


class InstalledSource(CheckedSource):
    """The files that an installer recorded for one distribution, without scripts and byte code.

    Args:
        name: The distribution.
        environment: A virtual environment's folder, or its site-packages; by default the running environment.

    Raises:
        DriftError: It is not installed there, or is not recorded file by file.
    """

    def __init__(self, name: str, environment: Path | None = None) -> None:
        distribution = _installed(name, environment)
        stated = _name_and_version(distribution.read_text("METADATA") or "")
        super().__init__(stated[0] or name, stated[1], "installed")
        record = distribution.read_text("RECORD")
        if record is None:
            raise DriftError(f"{self.label}: has no RECORD of its files: install it with pip or uv, or give its folder")
        self._root = Path(str(distribution.locate_file(""))).resolve()
        try:
            digests = recorded_digests(record.encode("utf-8", "surrogateescape"))
        except ValueError as error:
            raise DriftError(f"{self.label}: its RECORD cannot be read ({one_line(error)}): reinstall it") from error
        # What installers put outside of site-packages (scripts, data) is recorded with `..` or an absolute path.
        self._files = {
            path: digest
            for path, digest in digests.items()
            if unsafe_name(path) is None and not path.endswith(".pyc") and "__pycache__/" not in path
        }
        if _is_editable(distribution):
            self._note("is an editable install, whose files lie elsewhere: give its source folder")

    def _size(self, path: str) -> int:
        return regular_size(self._inside(path))

    def _content(self, path: str) -> bytes:
        return self._inside(path).read_bytes()

    def _inside(self, path: str) -> Path:
        target = (self._root / path).resolve(strict=True)
        # Some installers link files into site-packages; a recorded hash proves that the content is the release's own.
        if self._files[path] is None and not target.is_relative_to(self._root):
            raise ValueError("a link out of the environment")
        return target


def installations(folder: Path) -> list[Path]:
    """The folders that distributions are installed in, of an environment or of what is itself such a folder."""
    candidates = [folder, *folder.glob("lib/python*/site-packages"), *folder.glob("Lib/site-packages")]
    return [candidate for candidate in candidates if any(candidate.glob("*.dist-info/METADATA"))]


def regular_size(path: Path) -> int:
    """The size of a file in bytes.

    Raises:
        ValueError: It is not a regular file, so reading it might never end.
        OSError: It is not there, or not to be looked at.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("not a regular file")
    return status.st_size


def _installed(name: str, environment: Path | None) -> importlib.metadata.Distribution:
    where = "this environment" if environment is None else str(environment)
    try:
        if environment is None:
            return importlib.metadata.distribution(name)
        folders = [str(folder) for folder in installations(environment)]
        found = importlib.metadata.distributions(name=name, path=folders)
        distribution = next(iter(found), None)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        distribution = None
    if distribution is None:
        raise DriftError(f"{name} is not installed in {where}")
    return distribution


def _is_editable(distribution: importlib.metadata.Distribution) -> bool:
    return bool(_EDITABLE.search(distribution.read_text("direct_url.json") or ""))


def _stated_names(root: Path) -> tuple[str | None, str]:
    try:
        return _name_and_version((root / "PKG-INFO").read_text(encoding="utf-8"))
    except UNREADABLE:
        return None, ""


def _name_and_version(metadata: str) -> tuple[str | None, str]:
    stated = email.parser.HeaderParser().parsestr(metadata)
    return stated["Name"], stated["Version"] or ""
