"""A report whose findings have been put to the test: those that a real install refutes are left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from .check import Report
from .environments import Environments
from .findings import Finding, Verdict, WitnessResult
from .output import Output
from .witness_runs import confirm, judged, releases_of

_SHOWN_AS = {
    Verdict.CONFIRMED: "confirmed",
    Verdict.REFUTED: "refuted and left out",
    Verdict.UNCONFIRMED: "not confirmed and only likely now",
    Verdict.NOT_RUN: "without a run",
}


def witnessed(report: Report, output: Output, *, likely: bool) -> Report:
    """Run the witnesses of a report, and say what they do not confirm.

    Args:
        report: Of a check.
        output: Where to say it.
        likely: Run those of likely findings too.

    Raises:
        DriftError: An environment cannot be made.
    """
    upstreams = {name: (old, new) for name, old, new in report.upstreams}
    known = dict(report.releases)
    asked = [
        (finding, releases_of(finding, upstreams[finding.upstream], known.get(finding.upstream, ())))
        for finding in report.findings
        if likely or finding.decides
    ]
    with output.progress("running witnesses") as progress:
        results = confirm(asked, Environments(note=output.note), progress.step)
    for line in _doubts(results):
        output.warn(line)
    counts = Counter(result.verdict for _, result in results)
    said = ", ".join(f"{counts[verdict]} {text}" for verdict, text in _SHOWN_AS.items() if counts[verdict])
    output.note(f"witnesses: {said or 'none to run'}")
    by_finding = dict(results)
    kept = (judged(f, by_finding[f]) if f in by_finding else f for f in report.findings)
    return replace(report, findings=tuple(finding for finding in kept if finding is not None))


def _doubts(results: Iterable[tuple[Finding, WitnessResult]]) -> Iterator[str]:
    for finding, result in results:
        if result.verdict in (Verdict.REFUTED, Verdict.UNCONFIRMED):
            place = f"{finding.path}:{finding.line}: {finding.rule}"
            yield f"{place} is {_SHOWN_AS[result.verdict]}: {result.said}"
