"""Writing a file so that it is there whole or not at all, whatever interrupts it."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from .errors import DriftError

_STALE_SECONDS = 24 * 3600


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """An empty temporary file, which takes the place of `path` when the block ends well.

    A link stays, and the file that it leads to is replaced; a device or pipe is written into. The file keeps its mode.
    Its temporaries that a killed process left there more than a day ago are removed.

    Raises:
        DriftError: The folder or the disk does not take it.
    """
    target = Path(os.path.realpath(path))
    temporary: Path | None = None
    try:
        special = target.exists() and not target.is_file()
        folder = Path(tempfile.gettempdir()) if special else target.parent
        folder.mkdir(parents=True, exist_ok=True)
        _remove_stale(folder, target.name)
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=folder)
        temporary = Path(name)
        os.close(descriptor)
        yield temporary
        if special:
            _write_into(target, temporary)
        else:
            _take_place(target, temporary)
    except OSError as error:
        raise DriftError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _take_place(target: Path, temporary: Path) -> None:
    temporary.chmod(stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644)
    _sync(temporary, os.O_RDWR)
    temporary.replace(target)
    if os.name != "nt":
        _sync(target.parent, os.O_RDONLY)


def _write_into(target: Path, temporary: Path) -> None:
    with temporary.open("rb") as source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink)


def _sync(path: Path, flags: int) -> None:
    """Have the disk keep a file's content, or the names in a folder, before going on."""
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_stale(folder: Path, name: str) -> None:
    for left in folder.glob(f".{glob.escape(name)}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                left.unlink()
