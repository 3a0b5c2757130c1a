"""In which releases of a range a whole project works, and which lines cost it the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from packaging.specifiers import SpecifierSet

from .availability import specifier
from .findings import Finding


class Asked(NamedTuple):
    """A range of releases of one upstream.

    Args:
        upstream: The distribution's name.
        range: As it was asked for, such as `>=4.52,<6`.
        declared: What the project's own metadata declares; "" where that is nothing.
        versions: The known releases in the range, oldest first.
        known: All known releases, oldest first.
    """

    upstream: str
    range: str
    declared: str
    versions: tuple[str, ...]
    known: tuple[str, ...]


class Cost(NamedTuple):
    """Releases of the range, one after another, that the same lines keep the project from.

    Args:
        releases: Oldest first.
        findings: What breaks or silently changes there.
    """

    releases: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def lines(self) -> tuple[tuple[str, int], ...]:
        """The places to edit, each once."""
        return tuple(dict.fromkeys((finding.path, finding.line) for finding in self.findings))


class RangeResult(NamedTuple):
    """What a check says of a range.

    Args:
        asked: The range.
        works_in: Specifier of the releases in it where everything works; "" where there is none.
        declared_broken: Releases in it that the project declares, and that something breaks or silently changes in.
        costs: The others, oldest first.
    """

    asked: Asked
    works_in: str
    declared_broken: tuple[str, ...]
    costs: tuple[Cost, ...]

    @property
    def broken(self) -> tuple[str, ...]:
        """The releases in which not everything works, oldest first."""
        return tuple(release for cost in self.costs for release in cost.releases)


def range_results(asked: Iterable[Asked], findings: Iterable[Finding]) -> list[RangeResult]:
    """What the findings of a check say of each range; what is only likely, or only announced, costs nothing.

    Args:
        asked: The ranges.
        findings: In the order of their places.
    """
    counted = [finding for finding in findings if finding.decides and finding.broken_in]
    return [_result(each, [f for f in counted if f.upstream == each.upstream]) for each in asked]


def _result(asked: Asked, findings: list[Finding]) -> RangeResult:
    costs = tuple(_costs(asked, findings))
    broken = {release for cost in costs for release in cost.releases}
    working = specifier((version, version in asked.versions and version not in broken) for version in asked.known)
    declared = SpecifierSet(asked.declared)
    declared_broken = tuple(
        version
        for version in asked.versions
        if asked.declared and version in broken and declared.contains(version, prereleases=True)
    )
    return RangeResult(asked, working, declared_broken, costs)


def _costs(asked: Asked, findings: list[Finding]) -> Iterator[Cost]:
    meeting = [(version, tuple(f for f in findings if version in f.broken_in)) for version in asked.versions]
    for met, group in groupby(meeting, key=lambda each: each[1]):
        if met:
            yield Cost(tuple(version for version, _ in group), met)
