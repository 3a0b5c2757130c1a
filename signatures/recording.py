"""Adding to the history: a base pack of many releases, or a delta pack of one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from .errors import DriftError
from .history import History, normalised, pack_files, release_order
from .model import Entry
from .pack_texts import GrowingModule, definitions, delta_chunks, edits
from .packs import SUFFIX, Header, ReleaseInfo, write_pack


def write_base(
    path: Path,
    upstream: str,
    releases: Iterable[tuple[ReleaseInfo, Mapping[str, Iterable[Entry]]]],
    *,
    tool: str = "",
) -> None:
    """Write a base pack.

    Args:
        path: The file.
        upstream: The distribution's name.
        releases: Each release with the entries of all its modules, taken one after the other and not kept. Any order
            does; release order makes the smallest file.
        tool: The version of the program that writes it.

    Raises:
        DriftError: It cannot be written, or an entry cannot be kept; the file is then as it was.
    """
    modules: dict[str, GrowingModule] = {}
    infos: list[ReleaseInfo] = []
    for info, entries in releases:
        for name in entries:
            growing = modules.setdefault(_checked(name), GrowingModule())
            growing.add(len(infos), definitions(name, entries[name]))
        infos.append(info)
    if not infos:
        raise DriftError(f"cannot write {path}: there is no release to keep")
    chunks = (modules[name].chunk(name, len(infos)) for name in sorted(modules))
    write_pack(path, Header(normalised(upstream), tuple(infos)), chunks, tool=tool)


def write_delta(
    path: Path,
    history: History,
    info: ReleaseInfo,
    parent: str,
    changed: Mapping[str, Iterable[Entry]],
    removed: Collection[str] = (),
    *,
    tool: str = "",
) -> None:
    """Write a delta pack.

    Args:
        path: The file; see `delta_path`.
        history: A history that has the parent release.
        info: The release.
        parent: The version of the release that it is compared with.
        changed: All entries of each module that may differ from the parent release.
        removed: Modules that the parent release has and this one does not.
        tool: The version of the program that writes it.

    Raises:
        DriftError: It cannot be written, or an entry cannot be kept; the file is then as it was.
    """
    parent = history.release(parent).version
    before = history.modules(parent)
    changes = {}
    for name in sorted(changed):
        lines = edits(history.definitions(name, parent), definitions(name, changed[name]))
        if lines or name not in before:
            changes[_checked(name)] = lines
    gone = tuple(sorted(before.intersection(removed)))
    header = Header(history.upstream, (info,), (parent, history.digest(parent)), gone)
    write_pack(path, header, delta_chunks(changes), tool=tool)


def nearest_release(history: History, info: ReleaseInfo) -> ReleaseInfo:
    """The release that a new one most likely differs least from: the one before it in release order."""
    before = [known for known in history.releases if release_order(known) < release_order(info)]
    return before[-1] if before else history.releases[0]


def delta_path(folder: Path, version: str) -> Path:
    """The file for a release's delta pack: the one that is already there for it, else the next number."""
    present = pack_files(folder)
    same = [path for path in present if path.name.partition("-")[2] == f"{version}{SUFFIX}"]
    numbers = [int(path.name.partition("-")[0]) for path in present if path.name.partition("-")[0].isdigit()]
    return same[0] if same else folder / f"{max(numbers, default=0) + 1:04}-{version}{SUFFIX}"


def _checked(module: str) -> str:
    if not module or "\n" in module or not module.isprintable():
        raise DriftError(f"the history cannot keep a module named {module!r}")
    return module
