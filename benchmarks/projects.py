"""Released downstream projects, and the upstream releases that they are checked between."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from drift_checks.check import check, import_names
from drift_checks.findings import Finding
from drift_checks.rules import Pair
from drift_checks.sources import find
from drift_checks.surfaces import others
from signatures.errors import DriftError
from signatures.history import History
from signatures.local_sources import open_source
from signatures.surface import Surface

from .wheels import released_wheel

UPSTREAM = "transformers"

_MOVE = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[\w.]+):(?P<old>[\w.]+):(?P<new>[\w.]+)")


class Move(NamedTuple):
    """A project that is moved from one release of transformers to another.

    Args:
        name: The project's distribution.
        version: Its release.
        old: The release that it works with.
        new: The one that it is moved to.
    """

    name: str
    version: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}, {self.old} -> {self.new}"


MOVES = (
    Move("sglang", "0.5.9", "4.57.1", "5.3.0"),
    Move("sglang", "0.5.11", "5.3.0", "5.6.2"),
    Move("sglang", "0.5.11", "5.3.0", "5.23.0"),
    Move("trl", "0.27.0", "4.57.6", "5.23.0"),
    Move("peft", "0.18.0", "4.57.6", "5.23.0"),
)


def moves(texts: Sequence[str]) -> tuple[Move, ...]:
    """The moves that are asked for on a command line; all where none is.

    Raises:
        DriftError: One is not written `NAME==VERSION:OLD:NEW`.
    """
    found = []
    for text in texts:
        match = _MOVE.fullmatch(text)
        if match is None:
            raise DriftError(f"{text}: write a move like sglang==0.5.11:5.3.0:5.6.2")
        found.append(Move(*match.group("name", "version", "old", "new")))
    return tuple(found) or MOVES


def findings_of(move: Move, wheels: Path) -> tuple[Finding, ...]:
    """What `drift check` finds in a project, whatever its outcome and confidence.

    Args:
        move: The project and the releases.
        wheels: Where wheels are kept.

    Raises:
        DriftError: The project's wheel is neither there nor to be had from the package index.
    """
    pairs = [pair_of_releases(UPSTREAM, move.old, move.new)]
    with open_source(released_wheel(move.name, move.version, wheels)) as source:
        return check(find(source, import_names(pairs)), pairs).findings


@cache
def pair_of_releases(upstream: str, old: str, new: str) -> Pair:
    """Two releases as rules compare them; kept for the next question."""
    return Pair(_surface(upstream, old), _surface(upstream, new))


@cache
def _surface(upstream: str, version: str) -> Surface:
    return Surface(upstream, version, _history(upstream).at(version), others(upstream))


@cache
def _history(upstream: str) -> History:
    return History.open(upstream)
