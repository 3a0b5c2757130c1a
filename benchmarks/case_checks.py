"""Labelled files checked as `drift check` does, and what came of each label."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from drift_checks.check import check, import_names
from drift_checks.findings import Finding, Outcome
from drift_checks.sources import find
from signatures.errors import DriftError

from .cases import Case
from .projects import pair_of_releases

NEAR = 1
"""Lines between a finding and a label that still count as the same place."""

PROVEN, LIKELY, DEPRECATED, ELSEWHERE, MISSED = "proven", "likely", "deprecated", "elsewhere", "missed"
VERDICTS = (PROVEN, LIKELY, DEPRECATED, ELSEWHERE, MISSED)
ON_THE_LINE = (PROVEN, LIKELY)


class Work(NamedTuple):
    """One file to be checked between two releases.

    Args:
        tree: The project on disk.
        path: The file in it.
        upstream: The distribution.
        old: The release that works.
        new: The release that breaks something.
    """

    tree: Path
    path: str
    upstream: str
    old: str
    new: str


class Looked(NamedTuple):
    """A case and what came of it.

    Args:
        case: The case.
        work: What was checked; None where the history begins too late.
        verdict: One of `VERDICTS`.
        at_line: The findings on the labelled lines.
    """

    case: Case
    work: Work | None
    verdict: str
    at_line: tuple[Finding, ...]

    @property
    def is_hit(self) -> bool:
        """Whether it was found where the user has to edit."""
        return self.verdict in ON_THE_LINE

    @property
    def is_false_alarm(self) -> bool:
        """Whether something is said to break where nothing does."""
        return self.case.is_harmless and any(finding.outcome is Outcome.BREAKS for finding in self.at_line)


Found = tuple[Work, Finding]
"""A finding, and what was checked for it."""


def checked(works: Collection[Work], processes: int) -> dict[Work, tuple[Finding, ...]]:
    """What is found in each file, whatever its outcome and confidence.

    Args:
        works: The files.
        processes: How many run at once.

    Raises:
        DriftError: A file is not in its tree, or cannot be parsed.
    """
    # Files of one pair after another: a process keeps the surfaces that it has read.
    ordered = sorted(works, key=lambda work: (work.upstream, work.old, work.new, work.tree))
    if processes < 2:
        return dict(zip(ordered, map(_findings, ordered), strict=True))
    share = max(1, len(ordered) // (4 * processes))
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        return dict(zip(ordered, pool.map(_findings, ordered, chunksize=share), strict=True))


def looked(case: Case, work: Work | None, findings: Iterable[Finding], *, likely: bool) -> Looked:
    """What came of a case.

    Args:
        case: The case.
        work: What was checked for it.
        findings: All in its file.
        likely: Count findings too whose receiver's type is not known.
    """
    shown = [finding for finding in findings if likely or finding.decides]
    at_line = tuple(f for f in shown if any(abs(f.line - line) <= NEAR for line in case.lines))
    changing = [finding for finding in at_line if finding.outcome is not Outcome.DEPRECATED]
    if any(finding.decides for finding in changing):
        verdict = PROVEN
    elif changing:
        verdict = LIKELY
    elif at_line:
        verdict = DEPRECATED
    elif any(f.outcome is not Outcome.DEPRECATED and _is_about(f, case) for f in shown):
        verdict = ELSEWHERE
    else:
        verdict = MISSED
    return Looked(case, work, verdict, at_line)


def labelled(results: Iterable[Looked]) -> list[Found]:
    """What is found on labelled lines, each once."""
    found = {(one.work, finding): None for one in results if one.work is not None for finding in one.at_line}
    return [(work, finding) for work, finding in found if finding.outcome is not Outcome.DEPRECATED]


def unlabelled(results: Iterable[Looked], found: Mapping[Work, Iterable[Finding]], *, likely: bool) -> list[Found]:
    """What is found in the files away from all labels: neither right nor wrong by that."""
    labels: dict[Work, set[int]] = {}
    for one in results:
        if one.work is not None:
            labels.setdefault(one.work, set()).update(one.case.lines)
    return [
        (work, finding)
        for work, lines in labels.items()
        for finding in found[work]
        if (likely or finding.decides)
        and finding.outcome is not Outcome.DEPRECATED
        and not any(abs(finding.line - line) <= NEAR for line in lines)
    ]


def _is_about(finding: Finding, case: Case) -> bool:
    """Whether a finding names what the label names."""
    words = set(re.findall(r"\w+", case.symbol.rpartition(".")[2]))
    return not words.isdisjoint(re.findall(r"\w+", f"{finding.symbol.rpartition('.')[2]} {finding.message}"))


def _findings(work: Work) -> tuple[Finding, ...]:
    file = work.tree / work.path
    if not file.is_file():
        raise DriftError(f"{file} is not there: its mirror does not hold it")
    pairs = [pair_of_releases(work.upstream, work.old, work.new)]
    report = check(find(file, import_names(pairs)), pairs)
    if report.unparsed:
        raise DriftError(f"{file}: {report.unparsed[0].message}")
    return report.findings
