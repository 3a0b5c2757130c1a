"""From downstream files and pairs of releases to a report."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from signatures.parsing import without_collector

from .availability import Releases
from .file_checks import FileChecker, FileResult, import_names
from .findings import Finding
from .ranges import Asked
from .rules import Pair
from .sources import SourceFile, Unparsed
from .suppressions import Comment, Notice, Suppressed

__all__ = ["Report", "Statistics", "check", "import_names", "merged"]


@dataclass(slots=True)
class Statistics:
    """What was looked at.

    Args:
        files: Files that name an upstream.
        call_sites: Places in them that depend on one.
        unresolved: Questions about call sites that what is written does not answer.
        guarded: Findings left out, because the code does not run on a release where it fails.
        suppressed: Findings left out by a comment or a baseline.
        seconds: Time taken.
    """

    files: int = 0
    call_sites: int = 0
    unresolved: int = 0
    guarded: int = 0
    suppressed: int = 0
    seconds: float = 0.0

    def as_json(self) -> dict[str, int | float]:
        """The object of the JSON report."""
        return {
            "files": self.files,
            "call_sites": self.call_sites,
            "unresolved": self.unresolved,
            "guarded": self.guarded,
            "suppressed": self.suppressed,
            "seconds": round(self.seconds, 2),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a check.

    Args:
        upstreams: Name, old release and new release of each pair.
        findings: In the order of their places.
        unparsed: Files that could not be checked.
        statistics: What was looked at.
        comments: Suppressions in the files that were checked; `sifting.sift` applies them.
        suppressed: Findings that are not shown.
        notices: Suppressions that do not do what they were written for.
        releases: The known releases of each upstream, oldest first.
        asked: The ranges of releases that were asked about.
    """

    upstreams: tuple[tuple[str, str, str], ...]
    findings: tuple[Finding, ...]
    unparsed: tuple[Unparsed, ...]
    statistics: Statistics
    comments: tuple[Comment, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    notices: tuple[Notice, ...] = ()
    releases: tuple[tuple[str, tuple[str, ...]], ...] = ()
    asked: tuple[Asked, ...] = ()


def check(
    files: Iterable[SourceFile | Unparsed],
    pairs: Sequence[Pair],
    releases: Mapping[str, Releases] | None = None,
    asked: Mapping[str, Sequence[str]] | None = None,
    device: str | None = None,
) -> Report:
    """Check downstream files.

    Args:
        files: What `sources.find` gives.
        pairs: For each upstream, the release that the code works with and the newest one that it is to work with.
        releases: Known releases by distribution name, to tell where a line works; without, only the old one is named.
        asked: All releases that it is to work with, by distribution name; without, only the newest one.
        device: What the code is to run on, such as `npu`; without, no device is asked about.
    """
    started = time.perf_counter()
    checker = FileChecker(pairs, releases or {}, asked or {}, device)
    with without_collector():
        results = [checker.check(file) for file in files]
    upstreams = [(pair.new.upstream, pair.old.version, pair.new.version) for pair in pairs]
    known = {name: tuple(each.versions) for name, each in (releases or {}).items()}
    ranges = [Asked(name, "", "", tuple(versions), known[name]) for name, versions in (asked or {}).items()]
    return merged(results, upstreams, known, ranges, time.perf_counter() - started)


def merged(
    results: Collection[FileResult],
    upstreams: Iterable[tuple[str, str, str]],
    known: Mapping[str, tuple[str, ...]],
    asked: Iterable[Asked],
    seconds: float,
) -> Report:
    """The report on all files.

    Args:
        results: Of each file, in any order.
        upstreams: Name, old release and new release of each.
        known: The known releases of each upstream, oldest first.
        asked: The ranges of releases that were asked about.
        seconds: Time taken.
    """
    comments = [comment for result in results for comment in result.comments]
    return Report(
        tuple(upstreams),
        tuple(sorted((f for result in results for f in result.findings), key=lambda finding: finding.order)),
        tuple(sorted(item for result in results for item in result.unparsed)),
        Statistics(
            files=len(results),
            call_sites=sum(result.call_sites for result in results),
            unresolved=sum(result.unresolved for result in results),
            guarded=sum(result.guarded for result in results),
            seconds=seconds,
        ),
        tuple(sorted(comments, key=lambda comment: (comment.path, comment.line, comment.column))),
        releases=tuple(known.items()),
        asked=tuple(asked),
    )
