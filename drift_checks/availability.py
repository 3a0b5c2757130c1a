"""In which releases a line works, as a specifier that keeps the holes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from functools import cache
from itertools import groupby
from typing import Protocol, TypeVar

from packaging.version import Version

from signatures.history import History
from signatures.surface import Surface

from .equal_releases import EqualReleases

Answer = TypeVar("Answer")


class Releases(Protocol):
    """The known releases of one upstream, oldest first."""

    @property
    def versions(self) -> tuple[str, ...]:
        """Their version numbers."""

    def surface(self, version: str) -> Surface:
        """The surface of one of them."""

    def answers(
        self, subject: Hashable, versions: Collection[str], question: Callable[[Surface], Answer]
    ) -> dict[str, Answer]:
        """What a question gives for each of these releases; see `EqualReleases.answers`."""


class HistoryReleases:
    """The releases of a history.

    Args:
        history: Of one upstream; it stays open as long as its surfaces are used.
        others: Surfaces of other upstreams that this one builds on.
        known: The releases of which all may be read; see `EqualReleases`.
    """

    def __init__(self, history: History, others: tuple[Surface, ...] = (), known: Collection[str] = ()) -> None:
        self._history = history
        self._others = others
        self.surface = cache(self._surface)
        self.answers = EqualReleases(history, others, lambda: map(self.surface, known)).answers

    @property
    def versions(self) -> tuple[str, ...]:
        return tuple(release.version for release in self._history.releases)

    def _surface(self, version: str) -> Surface:
        return Surface(self._history.upstream, version, self._history.at(version), self._others)


def specifier(states: Iterable[tuple[str, bool]]) -> str:
    """The releases in which something works.

    Args:
        states: Every known release, in any order, and whether it works there.

    Returns:
        `>=A,<B` for each unbroken run of releases, joined by ` || `; no upper bound where the newest one works.
        "" where it works in none.
    """
    # A specifier speaks of versions, whose order is not that of the dates: torch-npu keeps several lines alive.
    return " || ".join(_runs(sorted(states, key=lambda state: _parsed(state[0]))))


_parsed = cache(Version)


def _runs(states: Iterable[tuple[str, bool]]) -> Iterator[str]:
    start: str | None = None
    for works, run in groupby(states, key=lambda state: state[1]):
        first = next(run)[0]
        if works:
            start = first
        elif start is not None:
            yield f">={start},<{first}"
            start = None
    if start is not None:
        yield f">={start}"
