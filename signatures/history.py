"""The history of one upstream: which definitions each release has, without reading upstream again."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from packaging.version import InvalidVersion, Version

from .errors import DriftError
from .model import Entry
from .pack_texts import BaseText, delta_edits, edited, entry, state_at
from .packs import SUFFIX, ModuleRow, Pack, PackError, ReleaseInfo

SHIPPED = Path(__file__).parent / "data"
"""The folder that holds a folder of packs for each upstream."""

_NEIGHBOURS = 2
_MODULES_KEPT = 512
_CHUNKS_KEPT = 64
_PLACES_KEPT = 1 << 15


class Place(NamedTuple):
    """Where a module's content at a release lies: a pack, and a state there. The same place is the same content."""

    pack: int
    state: int


class _Held(NamedTuple):
    """Where a release lies: its pack, its ordinal there, and for a delta pack the parent release's version."""

    pack: int
    ordinal: int
    parent: str | None


class _Entries(Mapping[str, Entry]):
    """A module's entries in key order, made when they are asked for: of thousands, a question needs a few."""

    def __init__(self, definitions: Mapping[str, str]) -> None:
        self._definitions = definitions

    def __getitem__(self, key: str) -> Entry:
        return entry(key, self._definitions[key])

    def __contains__(self, key: object) -> bool:
        return key in self._definitions

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._definitions))

    def __len__(self) -> int:
        return len(self._definitions)


class Change(NamedTuple):
    """An entry that differs between two releases; None where one of them does not have it."""

    key: str
    old: Entry | None
    new: Entry | None


@dataclass(frozen=True)
class PastRelease:
    """One release of a history, as `Surface` and `read_release` take it."""

    history: History
    info: ReleaseInfo

    def modules(self) -> frozenset[str]:
        return self.history.modules(self.info.version)

    def has(self, module: str) -> bool:
        return self.history.place(module, self.info.version) is not None

    def entries(self, module: str) -> Mapping[str, Entry] | None:
        return self.history.entries(module, self.info.version)

    def texts(self, module: str) -> Mapping[str, str]:
        return self.history.definitions(module, self.info.version)


class History:
    """What the packs of one upstream say together.

    Use `History.open`. A history belongs to the thread and the process that opened it.

    Args:
        upstream: The distribution's name, normalised.
        packs: The base pack, then delta packs, each after its parent.
        notes: One line for each pack that had to be left out.
        ignored: The files that were left out, those of releases that another pack already has among them.
    """

    def __init__(
        self, upstream: str, packs: Iterable[Pack], notes: Iterable[str] = (), ignored: Iterable[Path] = ()
    ) -> None:
        self.upstream = upstream
        self.notes = tuple(notes)
        self.ignored = tuple(ignored)
        self._packs = tuple(packs)
        self._held = {
            info.version: _Held(number, ordinal, pack.header.parent[0] if pack.header.parent else None)
            for number, pack in enumerate(self._packs)
            for ordinal, info in enumerate(pack.header.releases)
        }
        infos = (info for pack in self._packs for info in pack.header.releases)
        self.releases = tuple(sorted(infos, key=release_order))
        self._infos = {info.version: info for info in self.releases}
        self._places = lru_cache(_PLACES_KEPT)(self._find_place)
        self._chunks = lru_cache(None)(self._read_chunks)
        self._base_row: Callable[[str], ModuleRow | None] = lru_cache(_MODULES_KEPT)(self._packs[0].row)
        self._modules = lru_cache(8)(self._read_modules)
        self._base_text = lru_cache(_MODULES_KEPT)(self._read_base_text)
        self._delta_chunk = lru_cache(_CHUNKS_KEPT)(self._read_delta_chunk)
        self._definitions = lru_cache(_MODULES_KEPT)(self._read_definitions)
        self._entries = lru_cache(_MODULES_KEPT)(self._read_entries)

    @classmethod
    def open(cls, upstream: str, *, overlay: bool = True, folder: Path | None = None) -> History:
        """Open the shipped history of an upstream, with the newer releases of the user's overlay.

        Args:
            upstream: The distribution's name, in any spelling that the package index takes.
            overlay: Whether to add the user's overlay.
            folder: Where the shipped packs lie; None for `SHIPPED`.

        Raises:
            DriftError: No such upstream, or its shipped history cannot be used.
        """
        name = normalised(upstream)
        shipped = folder or SHIPPED
        user = overlay_folder() if overlay else None
        packs = _Chain(name)
        for path in pack_files(shipped / name):
            packs.add(Pack(path))
        if packs.left_out:
            raise PackError(packs.left_out[0].path, "it does not follow from the other shipped packs")
        notes: list[str] = []
        ignored: list[Path] = []
        for path in pack_files(user / name) if user else ():
            try:
                packs.add(Pack(path, check=True))
            except PackError as error:
                notes.append(f"{path}: {error.reason}, left out; run `drift update {name}`")
                ignored.append(path)
        if not packs.linked:
            known = sorted({found for layer in (shipped, user) if layer for found in _upstreams_in(layer)})
            raise DriftError(f"there is no history of {upstream!r}; known: {', '.join(known) or 'none'}")
        notes += [
            f"{pack.path}: it follows from another history, left out; run `drift update {name}`"
            for pack in packs.left_out
        ]
        ignored += [pack.path for pack in (*packs.left_out, *packs.superseded)]
        return cls(name, packs.linked, notes, ignored)

    def release(self, version: str) -> ReleaseInfo:
        """The release of that version, in any spelling.

        Raises:
            DriftError: The history does not have it; the message names its neighbours.
        """
        if version in self._infos:
            return self._infos[version]
        try:
            wanted = Version(version)
        except InvalidVersion:
            raise DriftError(f"{version!r} is not a version; an example is {self.releases[-1].version}") from None
        ordered = sorted(self.releases, key=lambda info: Version(info.version))
        for info in ordered:
            if Version(info.version) == wanted:
                return info
        before = [info.version for info in ordered if Version(info.version) < wanted]
        if len(before) == len(ordered):
            raise DriftError(
                f"{self.upstream} {version} is newer than the history, which ends at {before[-1]}: "
                f"run `drift update {self.upstream}`"
            )
        after = [info.version for info in ordered[len(before) :]]
        near = ", ".join(before[-_NEIGHBOURS:] + after[:_NEIGHBOURS])
        raise DriftError(f"the history has no {self.upstream} {version}; near it: {near}")

    def matching(self, specifier: str) -> tuple[ReleaseInfo, ...]:
        """The releases that a PEP 440 specifier such as `>=4.52,<6` takes, in order.

        Raises:
            DriftError: It is not a specifier.
        """
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        try:
            wanted = SpecifierSet(specifier)
        except InvalidSpecifier:
            raise DriftError(f"{specifier!r} is not a version specifier; an example is '>=4.52,<6'") from None
        return tuple(info for info in self.releases if wanted.contains(info.version, prereleases=True))

    def at(self, version: str) -> PastRelease:
        """One release by itself."""
        return PastRelease(self, self.release(version))

    def modules(self, version: str) -> frozenset[str]:
        """The modules of a release, pseudo-modules (`@files`) among them; no module's content is read."""
        return self._modules(self.release(version).version)

    def entries(self, module: str, version: str) -> Mapping[str, Entry] | None:
        """The entries of a module at a release by key, in key order; None where the release has no such module."""
        place = self.place(module, version)
        return None if place is None else self._entries(module, place)

    def timeline(self, module: str, key: str) -> list[tuple[Entry | None, tuple[str, ...]]]:
        """Every definition that a key of a module ever had, with the versions that it holds in.

        The versions of all rows together are all releases, each once; None stands for absence. Rows are in the order
        of their first release, versions in release order.
        """
        held: dict[Entry | None, list[str]] = {}
        at_place: dict[Place | None, Entry | None] = {None: None}
        for info in self.releases:
            place = self.place(module, info.version)
            if place not in at_place and place is not None:
                at_place[place] = _entry(key, self._definitions(module, place).get(key))
            held.setdefault(at_place[place], []).append(info.version)
        return [(found, tuple(versions)) for found, versions in held.items()]

    def variants(self, module: str) -> dict[str, dict[int, int]]:
        """The definitions that each key of a module ever had, as hashes; with the releases that have it.

        A set of releases is a bit mask: the lowest bit stands for the oldest one. Hashes are those of this process.
        """
        holding: dict[Place, int] = {}
        for number, info in enumerate(self.releases):
            place = self.place(module, info.version)
            if place is not None:
                holding[place] = holding.get(place, 0) | 1 << number
        found: dict[str, dict[int, int]] = {}
        is_base = {place: self._packs[place.pack].header.parent is None for place in holding}
        of_base = {place.state: mask for place, mask in holding.items() if is_base[place]}
        for states, definitions in self._base_text(module).groups() if of_base else ():
            releases = sum(mask for state, mask in of_base.items() if states >> state & 1)
            _add(found, definitions, releases)
        for place, releases in holding.items():
            if not is_base[place]:
                _add(found, self._definitions(module, place), releases)
        return found

    def changed_modules(self, old: str, new: str) -> list[str]:
        """The modules that may differ between two releases, those that only one of them has included."""
        names = sorted(self.modules(old) | self.modules(new))
        return [name for name in names if self.place(name, old) != self.place(name, new)]

    def changed(self, module: str, old: str, new: str) -> list[Change]:
        """What differs in a module between two releases, in key order; a module that is absent has no entries."""
        before, after = self.place(module, old), self.place(module, new)
        if before == after:
            return []
        gone: Mapping[str, str] = {}
        come: Mapping[str, str] = {}
        if before and after and before.pack == after.pack == 0:
            gone, come = self._base_text(module).differing(before.state, after.state)
        else:
            gone = self._definitions(module, before) if before else {}
            come = self._definitions(module, after) if after else {}
        keys = [key for key in gone.keys() | come.keys() if gone.get(key) != come.get(key)]
        return [Change(key, _entry(key, gone.get(key)), _entry(key, come.get(key))) for key in sorted(keys)]

    def snapshot(self, version: str) -> dict[str, list[Entry]]:
        """A whole release, as `write_base` takes it."""
        found = {}
        for module in sorted(self.modules(version)):
            entries = self.entries(module, version)
            found[module] = sorted(entries.values()) if entries else []
        return found

    def definitions(self, module: str, version: str) -> Mapping[str, str]:
        """The texts that a module's entries are kept as, by key; none where the release has no such module."""
        place = self.place(module, version)
        return {} if place is None else self._definitions(module, place)

    def digest(self, version: str) -> str:
        """The digest of the pack that holds a release, which a delta pack names as its parent."""
        return self._packs[self._held[self.release(version).version].pack].digest

    def place(self, module: str, version: str) -> Place | None:
        """Where a module's content at a release lies; None where the release has no such module."""
        return self._places(module, version)

    def close(self) -> None:
        for pack in self._packs:
            pack.close()

    def _find_place(self, module: str, version: str) -> Place | None:
        held = self._held.get(version) or self._held[self.release(version).version]
        while held.parent is not None:
            if module in self._chunks(held.pack):
                return Place(held.pack, 0)
            if module in self._packs[held.pack].header.removed:
                return None
            held = self._held[held.parent]
        row = self._base_row(module)
        state = state_at(row.states, held.ordinal) if row else None
        return None if state is None else Place(held.pack, state)

    def _read_chunks(self, pack: int) -> Mapping[str, int]:
        return {name: chunk for chunk, names in self._packs[pack].names().items() for name in names}

    def _read_modules(self, version: str) -> frozenset[str]:
        held = self._held[version]
        if held.parent is not None:
            removed = self._packs[held.pack].header.removed
            return self._modules(held.parent).difference(removed).union(self._chunks(held.pack))
        rows = self._packs[held.pack].rows()
        # From here on the rows are known, and no module needs its own look into the file.
        self._base_row = rows.get
        return frozenset(name for name, row in rows.items() if state_at(row.states, held.ordinal) is not None)

    def _read_base_text(self, module: str) -> BaseText:
        row = self._base_row(module)
        return BaseText(self._packs[0].pieces(row.chunk) if row else iter(()))

    def _read_delta_chunk(self, pack: int, chunk: int) -> Mapping[str, str]:
        names = (name for name, number in self._chunks(pack).items() if number == chunk)
        return dict(zip(names, delta_edits(self._packs[pack].text(chunk)), strict=True))

    def _read_definitions(self, module: str, place: Place) -> Mapping[str, str]:
        pack = self._packs[place.pack]
        if pack.header.parent is None:
            return self._base_text(module).definitions(place.state)
        lines = self._delta_chunk(place.pack, self._chunks(place.pack)[module])[module]
        return edited(self.definitions(module, pack.header.parent[0]), lines)

    def _read_entries(self, module: str, place: Place) -> Mapping[str, Entry]:
        return _Entries(self._definitions(module, place))


def _add(found: dict[str, dict[int, int]], definitions: Mapping[str, str], releases: int) -> None:
    if releases:
        for key, text in definitions.items():
            masks = found.setdefault(key, {})
            digest = hash(text)
            masks[digest] = masks.get(digest, 0) | releases


def _entry(key: str, definition: str | None) -> Entry | None:
    return None if definition is None else entry(key, definition)


class _Chain:
    """Packs put in an order in which each delta comes after its parent, whatever order they are found in."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._versions: set[str] = set()
        self._digests: set[str] = set()
        self.linked: list[Pack] = []
        self.left_out: list[Pack] = []
        self.superseded: list[Pack] = []

    def add(self, pack: Pack) -> None:
        if pack.header.upstream != self._upstream:
            raise PackError(pack.path, f"it is about {pack.header.upstream}")
        waiting = [*self.left_out, pack]
        while following := next((waits for waits in waiting if self._follows(waits)), None):
            waiting.remove(following)
            known = self._versions.intersection(info.version for info in following.header.releases)
            if known:
                self.superseded.append(following)
                continue
            self.linked.append(following)
            self._digests.add(following.digest)
            self._versions.update(info.version for info in following.header.releases)
        self.left_out = waiting

    def _follows(self, pack: Pack) -> bool:
        parent = pack.header.parent
        return parent[1] in self._digests if parent else True


def release_order(info: ReleaseInfo) -> tuple[str, Version]:
    """The sort key of releases: by train where the upstream has trains, then by version."""
    return info.train, Version(info.version)


def normalised(name: str) -> str:
    """A distribution's name as the package index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def overlay_folder() -> Path:
    """The folder of the user's own packs; `DRIFT_CACHE_DIR` moves it."""
    chosen = os.environ.get("DRIFT_CACHE_DIR")
    if chosen:
        return Path(chosen) / "history"
    import platformdirs

    return platformdirs.user_cache_path("upstream-compat") / "history"


def pack_files(folder: Path) -> list[Path]:
    """The packs in a folder, in the order of their names."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def _upstreams_in(folder: Path) -> Collection[str]:
    return [entry.name for entry in folder.iterdir() if pack_files(entry)] if folder.is_dir() else ()
