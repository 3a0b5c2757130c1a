"""Any release on this machine as a source: an archive, a folder of sources, or an installed distribution."""

from __future__ import annotations

from pathlib import Path

from .archives import open_archive
from .errors import DriftError
from .folders import FolderSource, InstalledSource, installations
from .sources import Source


def open_source(where: str | Path, name: str | None = None, version: str | None = None) -> Source:
    """Open a release on this machine.

    Args:
        where: A wheel (.whl), a source distribution (.tar.gz, .zip), a folder of sources, a folder into which a wheel
            was unpacked or installed, or the folder of a whole environment.
        name: Of several distributions in one folder, the one to read; for a folder of sources, what to call it.
        version: For a folder whose own metadata does not state it.

    Raises:
        DriftError: There is no such thing, or it cannot be read.
    """
    path = Path(where).expanduser()
    if not path.exists():
        raise DriftError(f"{path}: no such file or folder")
    if not path.is_dir():
        return open_archive(path)
    if not installations(path):
        return FolderSource(path, name, version)
    return InstalledSource(name or _only_distribution(path), path)


def _only_distribution(folder: Path) -> str:
    found = sorted(path.parent.name for place in installations(folder) for path in place.glob("*.dist-info/METADATA"))
    if len(found) > 1:
        raise DriftError(f"{folder} has {len(found)} distributions installed: say which one to read")
    return found[0].removesuffix(".dist-info").rpartition("-")[0]
