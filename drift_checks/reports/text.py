"""The report for people: grouped by file, each finding with its line of source."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any, TypeAlias

import click

from ..check import Report
from ..findings import Finding, Outcome
from .ranges import range_lines

_STYLES: dict[Outcome, dict[str, Any]] = {
    Outcome.BREAKS: {"fg": "red", "bold": True},
    Outcome.SILENT: {"fg": "yellow", "bold": True},
    Outcome.DEPRECATED: {"fg": "cyan"},
}
_WIDEST_SOURCE = 160
_Styled: TypeAlias = Callable[..., str]


def as_text(report: Report, *, color: bool = False, quiet: bool = False) -> str:
    """The report as text. Lines are not wrapped, so that paths can be clicked and searched.

    Args:
        report: What was found.
        color: Use colours; NO_COLOR in the environment switches them off all the same.
        quiet: Leave the line of totals out.
    """
    styled = click.style if color and not os.environ.get("NO_COLOR") else _unstyled
    lines = [*_lines(report, styled), *([] if quiet else [summary(report)])]
    return "".join(f"{line}\n" for line in lines)


def _unstyled(text: str, **style: Any) -> str:
    return text


def _lines(report: Report, styled: _Styled) -> Iterator[str]:
    for path, findings in groupby(report.findings, key=lambda finding: finding.path):
        yield styled(_visible(path), bold=True)
        for finding in findings:
            yield from _finding(finding, styled)
        yield ""
    yield from map(_visible, range_lines(report))
    for item in report.unparsed:
        head = styled("not checked", fg="red", bold=True)
        yield f"{head} {_visible(item.path)}:{item.line}: {_visible(item.message)}"
    for notice in report.notices:
        head = styled(f"{notice.kind} suppression", fg="yellow")
        yield f"{head} {_visible(notice.path)}:{notice.line}: {_visible(notice.message)}"


def _finding(finding: Finding, styled: _Styled) -> Iterator[str]:
    outcome = styled(finding.outcome.value, **_STYLES[finding.outcome])
    confidence = "" if finding.decides else " (likely)"
    message = f"{confidence} {finding.rule}: {_visible(finding.message)}"
    yield f"  {finding.line}:{finding.column} {outcome}{message}"
    source, marker = _source(finding)
    if source:
        yield f"      {styled(source, dim=True)}"
        yield f"      {styled(marker, **_STYLES[finding.outcome])}"
    details = [f"works in {finding.works_in}"] if finding.works_in else []
    if finding.fix is not None:
        details.append(f"instead: {_visible(finding.fix.text)}")
    if finding.witness_result is not None:
        details.append(f"witness {finding.witness_result.verdict.value}")
    if details:
        yield f"      {'; '.join(details)}"


def _source(finding: Finding) -> tuple[str, str]:
    """The line without its indentation, and carets below what is to be edited."""
    text = finding.source.strip()
    if not text or len(text) > _WIDEST_SOURCE or not text.isprintable():
        return "", ""
    start = finding.column - 1 - (len(finding.source) - len(finding.source.lstrip()))
    end = len(text) if finding.end_line > finding.line else start + finding.end_column - finding.column
    return text, " " * _width(text[:start]) + "^" * max(1, _width(text[start:end]))


def _width(text: str) -> int:
    """The columns that a terminal takes for a text."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )


def _visible(text: str) -> str:
    """A text that moves no cursor and changes no colour, whatever a file is called."""
    return text if text.isprintable() else "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def counted(names: Iterable[str]) -> dict[str, int]:
    """How often each name occurs, in their order."""
    return dict(sorted(Counter(names).items()))


def summary(report: Report) -> str:
    """One line: how many findings of each outcome, and what was looked at."""
    counts = [(outcome, sum(f.outcome is outcome for f in report.findings)) for outcome in Outcome]
    found = ", ".join(f"{count} {outcome.value}" for outcome, count in counts if count) or "nothing to report"
    s = report.statistics
    return (
        f"{found}; {s.files} files, {s.call_sites} call sites, {s.unresolved} unresolved, {s.guarded} guarded"
        + (f", {s.suppressed} suppressed" if s.suppressed else "")
        + (f", {len(report.unparsed)} not checked" if report.unparsed else "")
        + (f", {len(report.notices)} suppressions to look at" if report.notices else "")
        + f" in {s.seconds:.1f} s"
    )
