"""One question asked of many releases, once for all releases that give it the same answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, TypeVar

from signatures.member_names import MemberNames, Owner
from signatures.model import Entry
from signatures.surface import Surface

if TYPE_CHECKING:
    from signatures.history import History, PastRelease, Place

Answer = TypeVar("Answer")

_EXISTS = "@exists"
_KEYS = "@keys"
_WHOLE = "@whole"
"""In the place of an entry's key: whether the module is there, which keys it has, and all that it has."""

_READS_KEPT = 1 << 17
"""So many entries are kept as they were read; a thousand take two megabytes."""


class EqualReleases:
    """The releases of a history, put together by what a question reads of them.

    What an answer depends on is noted while it is worked out: two releases in which all of that is the same give the
    same answer. So no rule has to say what it looks at.

    Args:
        history: Of one upstream.
        others: Surfaces of other upstreams that this one builds on.
        known: Surfaces of some releases, read in full where it is asked who has a member of some name.
    """

    def __init__(
        self,
        history: History,
        others: tuple[Surface, ...] = (),
        known: Callable[[], Iterable[Surface]] = tuple,
    ) -> None:
        self._history = history
        self._others = others
        self._owners = cache(partial(_owners, known))
        self._contents = _Contents(history)
        self._subjects: dict[Hashable, list[_Group]] = {}
        self._asked: Counter[Hashable] = Counter()

    def answers(
        self, subject: Hashable, versions: Collection[str], question: Callable[[Surface], Answer]
    ) -> dict[str, Answer]:
        """The answer of each release.

        Args:
            subject: What the question is about. Questions on one subject share what they read, so they are answered
                faster; it never changes an answer.
            versions: The releases to ask.
            question: Gives the answer of a release; it looks at nothing else that differs between releases.
        """
        wanted = {self._contents.numbers[version]: version for version in versions}
        groups = self._groups(subject)
        found: dict[str, Answer] = {}
        for group in groups:
            if wanted.keys().isdisjoint(group.members):
                continue
            if group.surface is None:
                group.surface, group.read = self._surface(max(wanted.keys() & group.members))
            answer = question(group.surface)
            parted = self._parted(group)
            if parted:
                # The list grows while it is walked: those that left are asked by themselves.
                groups.append(_Group(parted))
            found.update((wanted[number], answer) for number in group.members if number in wanted)
        return found

    def _groups(self, subject: Hashable) -> list[_Group]:
        self._asked[subject] += 1
        if subject not in self._subjects:
            # What is asked about most stays: a base class of all models comes back in every file.
            while self._subjects and sum(map(_reads, self._subjects.values())) > _READS_KEPT:
                _forget(self._subjects.pop(min(self._subjects, key=self._asked.__getitem__)))
            self._subjects[subject] = [_Group(set(self._contents.numbers.values()))]
        return self._subjects[subject]

    def _surface(self, number: int) -> tuple[Surface, _Read]:
        read = _Read(number)
        release = self._history.at(self._history.releases[number].version)
        surface = _TracedSurface(self._history, release, self._others, read)
        surface.members = _TracedMembers(release, self._owners)
        return surface, read

    def _parted(self, group: _Group) -> set[int]:
        """Take those out of a group for which something reads otherwise than in the release that was asked."""
        read = group.read
        same = 1 << read.number if read.version else -1
        for module, key in read.fresh:
            same &= self._contents.like(module, key, read.number)
        read.fresh.clear()
        parted = {number for number in group.members if not same >> number & 1}
        group.members -= parted
        return parted


class _Read:
    """What was read of one release.

    Args:
        number: Which release.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.version = False
        self.fresh: list[tuple[str, str]] = []
        self._known: set[tuple[str, str]] = set()

    def add(self, module: str, key: str) -> None:
        item = (module, key)
        if item not in self._known:
            self._known.add(item)
            self.fresh.append(item)

    def __len__(self) -> int:
        return len(self._known)


@dataclass
class _Group:
    members: set[int]
    surface: Surface | None = None
    read: _Read = field(default_factory=lambda: _Read(-1))


def _reads(groups: Iterable[_Group]) -> int:
    return sum(len(group.read) for group in groups)


def _forget(groups: Iterable[_Group]) -> None:
    """Free surfaces at once: they refer to themselves, and while files are checked the collector rests."""
    for group in groups:
        if group.surface is not None:
            vars(group.surface).clear()


class _TracedSurface(Surface):
    """A surface that notes what is read of it, its own version included."""

    def __init__(self, history: History, release: PastRelease, others: tuple[Surface, ...], read: _Read) -> None:
        self._read = read
        super().__init__(history.upstream, release.info.version, _TracedModules(release, read), others)

    @property
    def version(self) -> str:
        self._read.version = True
        return self._version

    @version.setter
    def version(self, version: str) -> None:
        self._version = version


class _TracedModules:
    def __init__(self, release: PastRelease, read: _Read) -> None:
        self._release = release
        self._read = read
        self._entries: dict[str, _TracedEntries | None] = {}

    def has(self, module: str) -> bool:
        self._read.add(module, _EXISTS)
        return self._release.has(module)

    def entries(self, module: str) -> Mapping[str, Entry] | None:
        if module not in self._entries:
            self._read.add(module, _EXISTS)
            found = self._release.entries(module)
            self._entries[module] = None if found is None else _TracedEntries(module, found, self._read)
        return self._entries[module]

    def texts(self, module: str) -> Mapping[str, str]:
        self._read.add(module, _WHOLE)
        return self._release.texts(module)


class _TracedMembers(MemberNames):
    """Who may have a member of some name, without reading each of a hundred releases in full.

    Whoever has it in one of the releases that are read anyway is taken to have it in all, so that a member of which
    that leaves doubt is not said to be gone.
    """

    def __init__(self, release: PastRelease, known: Callable[[str], tuple[Owner, ...]]) -> None:
        super().__init__(release)
        self._known = known

    def owners(self, name: str) -> tuple[Owner, ...]:
        return self._known(name)


def _owners(known: Callable[[], Iterable[Surface]], name: str) -> tuple[Owner, ...]:
    members = [surface.members for surface in known()]
    return tuple(sorted({owner for each in members if each is not None for owner in each.owners(name)}))


class _TracedEntries(Mapping[str, Entry]):
    def __init__(self, module: str, entries: Mapping[str, Entry], read: _Read) -> None:
        self._module = module
        self._entries = entries
        self._read = read

    def __getitem__(self, key: str) -> Entry:
        self._read.add(self._module, key)
        return self._entries[key]

    def __contains__(self, key: object) -> bool:
        self._read.add(self._module, str(key))
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        self._read.add(self._module, _KEYS)
        return iter(self._entries)

    def __len__(self) -> int:
        self._read.add(self._module, _KEYS)
        return len(self._entries)


class _Contents:
    """Which releases have the same content of a module, and of each of its entries; sets of releases are bit masks.

    Args:
        history: Of one upstream.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self.numbers = {release.version: number for number, release in enumerate(history.releases)}
        self._modules: dict[str, tuple[dict[Place | None, int], dict[str, tuple[int, ...]]]] = {}

    def like(self, module: str, key: str, number: int) -> int:
        """The releases that read the same there as one of them."""
        places, entries = self._modules.get(module) or self._read(module)
        absent = places.get(None, 0)
        if key == _EXISTS:
            return absent if absent >> number & 1 else ~absent
        if key == _WHOLE:
            return next(mask for mask in places.values() if mask >> number & 1)
        if key == _KEYS and _KEYS not in entries:
            entries[_KEYS] = self._key_sets(places, entries)
        masks = entries.get(key, ())
        return next((mask for mask in masks if mask >> number & 1), ~sum(masks))

    def _read(self, module: str) -> tuple[dict[Place | None, int], dict[str, tuple[int, ...]]]:
        """The releases of each place of a module, and of each definition of its entries."""
        places: dict[Place | None, int] = {}
        for version, number in self.numbers.items():
            place = self._history.place(module, version)
            places[place] = places.get(place, 0) | 1 << number
        entries = {key: tuple(masks.values()) for key, masks in self._history.variants(module).items()}
        self._modules[module] = places, entries
        return places, entries

    def _key_sets(self, places: Mapping[Place | None, int], entries: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
        """The releases of each set of keys that a module has."""
        having = {sum(masks) for masks in entries.values()}
        found: dict[frozenset[int], int] = {}
        for releases in places.values():
            here = frozenset(mask for mask in having if mask & releases)
            found[here] = found.get(here, 0) | releases
        return tuple(found.values())
