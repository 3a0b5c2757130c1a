"""Released wheels to measure on, fetched once."""

from __future__ import annotations

from pathlib import Path

from signatures.errors import DriftError
from signatures.wheels import Index, best_wheel

from .environments import DEFAULT_FOLDER

WHEELS = DEFAULT_FOLDER / "wheels"


def released_wheel(name: str, version: str, folder: Path) -> Path:
    """The wheel of a release, fetched where the folder does not have it.

    Args:
        name: The distribution, as it is normally written.
        version: The release.
        folder: Where wheels are kept.

    Raises:
        DriftError: It is neither in the folder nor to be had from the package index.
    """
    found = sorted(folder.glob(f"{name.replace('-', '_')}-{version}-*.whl"))
    if found:
        return found[0]
    with Index() as index:
        file = best_wheel(index.release(name, version))
        if file is None:
            raise DriftError(f"{name} {version} has no wheel on {index.url}")
        return index.download(file, folder)
