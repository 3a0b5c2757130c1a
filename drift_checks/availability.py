"""In which releases a line works, as a specifier that keeps the holes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from typing import Protocol

from signatures.history import History
from signatures.surface import Surface


class Releases(Protocol):
    """The known releases of one upstream, oldest first."""

    @property
    def versions(self) -> tuple[str, ...]:
        """Their version numbers."""

    def surface(self, version: str) -> Surface:
        """The surface of one of them."""


class HistoryReleases:
    """The releases of a history.

    Args:
        history: Of one upstream; it stays open as long as its surfaces are used.
        others: Surfaces of other upstreams that this one builds on.
    """

    def __init__(self, history: History, others: tuple[Surface, ...] = ()) -> None:
        self._history = history
        self._others = others
        self.surface = cache(self._surface)

    @property
    def versions(self) -> tuple[str, ...]:
        return tuple(release.version for release in self._history.releases)

    def _surface(self, version: str) -> Surface:
        return Surface(self._history.upstream, version, self._history.at(version), self._others)


def specifier(states: Iterable[tuple[str, bool]]) -> str:
    """The releases in which something works.

    Args:
        states: Every known release, oldest first, and whether it works there.

    Returns:
        `>=A,<B` for each unbroken run of releases, joined by ` || `; no upper bound where the newest one works.
        "" where it works in none.
    """
    return " || ".join(_runs(states))


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
