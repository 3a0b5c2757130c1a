"""Writing a file so that it is there whole or not at all, whatever interrupts it."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from .errors import DriftError

_STALE_SECONDS = 24 * 3600


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """An empty temporary file beside `path`, which takes its place when the block ends well.

    Temporaries that a killed process left there more than a day ago are removed.

    Raises:
        DriftError: The folder or the disk does not take it.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(path.parent)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        temporary = Path(name)
        os.close(descriptor)
        yield temporary
        temporary.chmod(0o644)
        _sync(temporary, os.O_RDWR)
        temporary.replace(path)
        if os.name != "nt":
            _sync(path.parent, os.O_RDONLY)
    except OSError as error:
        raise DriftError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _sync(path: Path, flags: int) -> None:
    """Have the disk keep a file's content, or the names in a folder, before going on."""
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_stale(folder: Path) -> None:
    for left in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                left.unlink()
