"""What is asked of each upstream: the release that the code works with, and those that it is to work with."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

from signatures.history import History
from signatures.upstreams import upstream_named

from .availability import HistoryReleases
from .projects import chosen_release, is_pin
from .rules import Pair
from .surfaces import others


class Move(NamedTuple):
    """From one release of an upstream to another, or to all releases of a range.

    Args:
        upstream: The distribution's name.
        old: The release that the code works with.
        new: The newest release that it is to work with.
        known: All known releases, oldest first.
        asked: All releases of the range, oldest first; empty where only the newest is asked about.
        range: The range as it was asked for, such as `>=4.52,<6`; "" where there is none.
        declared: The range that the project's own metadata declares; "" where it declares none.
    """

    upstream: str
    old: str
    new: str
    known: tuple[str, ...]
    asked: tuple[str, ...] = ()
    range: str = ""
    declared: str = ""

    def __str__(self) -> str:
        to = f"{self.asked[0]} to {self.asked[-1]} ({len(self.asked)} releases)" if self.asked else self.new
        return f"{self.upstream} {self.old} -> {to}"


def move_to(history: History, old: str, to: Requirement | None, declared: Requirement | None) -> Move:
    """What is asked of an upstream by the requirement that it is to meet.

    Args:
        history: Of the upstream.
        old: The release that the code works with.
        to: One release, or a range; None for the newest known release.
        declared: What the project's own metadata requires.

    Raises:
        DriftError: No known release meets the requirement.
    """
    known = tuple(release.version for release in history.releases)
    new = chosen_release(history, to) if to is not None else known[-1]
    written = _written(to)
    asked = tuple(release.version for release in history.matching(written)) if written and not is_pin(to) else ()
    if len(asked) < 2:
        return Move(history.upstream, old, new, known)
    return Move(history.upstream, old, new, known, asked, written, _written(declared))


def _written(requirement: Requirement | None) -> str:
    """A specifier with its lower end first; `str` gives another order."""
    parts = map(str, requirement.specifier) if requirement is not None else ()
    return ",".join(sorted(parts, key=lambda part: (part[0] == "!", part[0] == "<", part)))


def roots(upstreams: Iterable[str]) -> frozenset[str]:
    """The top-level modules of upstreams: what a file must name to be looked at."""
    return frozenset(root for name in upstreams for root in upstream_named(name).roots)


def opened(moves: Iterable[Move], folder: Path | None = None) -> tuple[list[Pair], dict[str, HistoryReleases]]:
    """The pair of releases of each upstream, and all its known releases.

    Args:
        moves: What is asked.
        folder: Where the shipped histories lie; None for where they are shipped.
    """
    pairs: list[Pair] = []
    releases: dict[str, HistoryReleases] = {}
    for move in moves:
        history = History.open(move.upstream, folder=folder)
        ends = move.old, move.new
        known = releases[move.upstream] = HistoryReleases(history, others(move.upstream, folder), ends)
        pairs.append(Pair(*map(known.surface, ends)))
    return pairs, releases
