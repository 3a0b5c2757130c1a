"""What a check of a range of releases says of the project as a whole: as text, and for the JSON report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..check import Report
from ..ranges import Cost, RangeResult, range_results

_LINES_SHOWN = 5


def ranges_as_json(report: Report) -> list[dict[str, Any]]:
    """The value of `ranges` in the JSON report."""
    return [_as_json(result) for result in range_results(report.asked, report.findings)]


def _as_json(result: RangeResult) -> dict[str, Any]:
    asked = result.asked
    return {
        "upstream": asked.upstream,
        "asked": asked.range,
        "declared": asked.declared or None,
        "releases": list(asked.versions),
        "works_in": result.works_in,
        "declared_broken": list(result.declared_broken),
        "costs": [
            {
                "releases": list(cost.releases),
                "findings": [
                    {"path": f.path, "line": f.line, "column": f.column, "rule": f.rule} for f in cost.findings
                ],
            }
            for cost in result.costs
        ],
    }


def range_lines(report: Report) -> Iterator[str]:
    """The section of the report for people; nothing where no range was asked about."""
    for result in range_results(report.asked, report.findings):
        asked = result.asked
        count = f"{len(asked.versions)} known release{'s' * (len(asked.versions) != 1)}"
        yield f"{asked.upstream}{asked.range} ({count})"
        yield f"  everything works in {result.works_in or 'none of them'}"
        yield from (f"  {line}" for line in _declared(result))
        yield from (f"  {line}" for line in _costs(result.costs))
        yield ""


def _declared(result: RangeResult) -> Iterator[str]:
    declared = result.asked.declared
    if not declared:
        yield "the project declares no range"
    elif result.declared_broken:
        yield f"declared {declared}, which is not true of {_listed(_spans(result, result.declared_broken))}"
    else:
        yield f"declared {declared}, which is true as far as it was asked about"


def _costs(costs: Iterable[Cost]) -> Iterator[str]:
    for cost in reversed(tuple(costs)):
        lines = [f"{path}:{line}" for path, line in cost.lines]
        releases = _span(cost.releases)
        if len(lines) == 1:
            yield f"only {lines[0]} costs {releases}"
        else:
            yield f"{len(lines)} lines cost {releases}: {_listed(lines)}"


def _listed(texts: list[str]) -> str:
    more = len(texts) - _LINES_SHOWN
    return ", ".join(texts[:_LINES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _span(releases: tuple[str, ...]) -> str:
    return releases[0] if len(releases) == 1 else f"{releases[0]} to {releases[-1]} ({len(releases)} releases)"


def _spans(result: RangeResult, releases: tuple[str, ...]) -> list[str]:
    """Releases, those that follow each other in the range put together."""
    found: list[list[str]] = []
    follows = dict(zip(result.asked.versions, result.asked.versions[1:], strict=False))
    for release in releases:
        if found and follows.get(found[-1][-1]) == release:
            found[-1].append(release)
        else:
            found.append([release])
    return [_span(tuple(each)) for each in found]
