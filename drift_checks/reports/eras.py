"""The known releases as columns: neighbours in which nothing differs for any finding are one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from packaging.specifiers import SpecifierSet

from ..findings import Finding, Outcome


class Era(NamedTuple):
    """Releases that are one column.

    Args:
        first: The oldest.
        last: The newest.
        start: The place of the oldest among all releases.
    """

    first: str
    last: str
    start: int

    @property
    def title(self) -> str:
        """Which releases these are."""
        return self.first if self.first == self.last else f"{self.first} to {self.last}"


class Run(NamedTuple):
    """Neighbouring columns in which a finding's line does the same.

    Args:
        state: `works`, `fails`, `older` (it does not work, in releases before those it is to work in), or
            `deprecated`.
        columns: How many.
        title: What happens in which releases.
    """

    state: str
    columns: int
    title: str


def works(works_in: str, versions: Sequence[str]) -> list[bool]:
    """Whether a line works, for each release in the history's order, which is not always that of version numbers."""
    ranges = [_span(part, versions) for part in works_in.split(" || ") if part]
    return [any(index in each for each in ranges) for index in range(len(versions))]


def _span(part: str, versions: Sequence[str]) -> Iterable[int]:
    lower, _, upper = part.partition(",")
    first, last = lower.removeprefix(">="), upper.removeprefix("<")
    if lower.startswith(">=") and first in versions and (not upper or (upper.startswith("<") and last in versions)):
        return range(versions.index(first), versions.index(last) if upper else len(versions))
    allowed = SpecifierSet(part)
    return [index for index, version in enumerate(versions) if allowed.contains(version, prereleases=True)]


def eras(states: Iterable[Sequence[bool]], versions: Sequence[str], marked: Iterable[str]) -> list[Era]:
    """The columns.

    Args:
        states: For each finding, whether it works in each release.
        versions: The releases.
        marked: Releases that begin a column of their own whatever happens there.
    """
    cuts = {0, *(versions.index(version) for version in marked if version in versions)}
    for state in states:
        cuts.update(index for index in range(1, len(state)) if state[index] != state[index - 1])
    starts = sorted(cuts)
    ends = [*starts[1:], len(versions)]
    return [Era(versions[start], versions[end - 1], start) for start, end in zip(starts, ends, strict=True)]


def runs(finding: Finding, state: Sequence[bool], columns: Sequence[Era], since: str, new: str) -> Iterator[Run]:
    """What a finding's line does, column by column.

    Args:
        finding: The finding.
        state: Whether its line works in each release.
        columns: The releases.
        since: The oldest release that it is to work in; before that, not to work is no fault.
        new: The release that it is moved to.
    """
    first = next((column.start for column in columns if column.first == since), 0)
    named = [(_state(finding, state[column.start], column, first, new), column) for column in columns]
    for kind, group in groupby(named, key=lambda each: each[0]):
        members = [column for _, column in group]
        releases = members[0]._replace(last=members[-1].last).title
        yield Run(kind, len(members), f"{releases}: {_SAYS.get(kind, finding.outcome.value)}")


_SAYS = {"works": "works", "older": "does not work", "deprecated": "works, deprecated"}


def _state(finding: Finding, is_working: bool, column: Era, first: int, new: str) -> str:
    if not is_working:
        return "fails" if column.start >= first else "older"
    if finding.outcome is Outcome.DEPRECATED and column.first == new:
        return "deprecated"
    return "works"
