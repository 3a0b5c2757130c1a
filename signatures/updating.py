"""Reading releases that are newer than the shipped history into the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .history import History, overlay_folder
from .packs import ReleaseInfo
from .recording import delta_path, nearest_release, write_delta
from .snapshots import read_release
from .sources import Source
from .upstreams import Upstream
from .wheels import Index, IndexRelease, RemoteWheel


class Added(NamedTuple):
    """A release that was added.

    Args:
        info: The release.
        parsed: Modules that were read; the others are the same as in the release before.
        fetched: Bytes fetched, where the index answers byte ranges.
    """

    info: ReleaseInfo
    parsed: int
    fetched: int


def release_info(source: Source, upstream: Upstream, problems: tuple[str, ...]) -> ReleaseInfo:
    """What the history keeps of a release beside its entries."""
    train = f"{source.built:%Y-%m}" if upstream.by_train and source.built else ""
    return ReleaseInfo(source.version, source.built, train, problems)


def followed_releases(index: Index, upstream: Upstream) -> list[IndexRelease]:
    """The releases that the history holds: stable, and not older than the upstream's first."""
    from packaging.version import Version

    first = Version(upstream.first)
    return [release for release in index.releases(upstream.name) if Version(release.version) >= first]


def missing_releases(history: History, index: Index, upstream: Upstream) -> list[IndexRelease]:
    """The releases on the index that the history does not have, oldest first."""
    known = {info.version for info in history.releases}
    return [release for release in followed_releases(index, upstream) if release.version not in known]


def add_releases(
    index: Index, upstream: Upstream, releases: list[IndexRelease], folder: Path | None = None
) -> Iterator[Added]:
    """Add releases one by one, each written whole before the next is read.

    Args:
        index: Where they are.
        upstream: Whose they are.
        releases: In the order to add them in.
        folder: The folder that holds a folder of packs for each upstream; None for the user's own, on top of the
            shipped one.

    Raises:
        DriftError: A release cannot be read; those before it are kept.
    """
    packs = (folder or overlay_folder()) / upstream.name
    for release in releases:
        history = History.open(upstream.name, overlay=folder is None, folder=folder)
        try:
            # Only what changed is fetched, so the wheel is read where it lies.
            with index.open_release(release, whole=False) as source:
                yield add_release(history, source, upstream, packs)
        finally:
            history.close()


def add_release(history: History, source: Source, upstream: Upstream, packs: Path) -> Added:
    """Add one release, compared with the one before it.

    Args:
        history: What is known.
        source: The release's files.
        upstream: Whose it is.
        packs: The folder of the upstream's packs.

    Raises:
        DriftError: It cannot be read or written.
    """
    guess = release_info(source, upstream, ())
    parent = nearest_release(history, guess).version
    before = history.at(parent)
    reading = read_release(source, upstream, before)
    info = release_info(source, upstream, reading.problems)
    changed = {module: reading.modules[module] for module in reading.changed}
    removed = before.modules().difference(reading.modules)
    packs.mkdir(parents=True, exist_ok=True)
    write_delta(delta_path(packs, info.version), history, info, parent, changed, removed)
    return Added(info, len(reading.fresh), source.fetched if isinstance(source, RemoteWheel) else 0)
