"""The report for people: grouped by file, each finding with its line of source."""

from __future__ import annotations

import io
import os
from itertools import groupby

from rich.console import Console
from rich.text import Text

from ..check import Report
from ..findings import Finding, Outcome

_STYLES = {Outcome.BREAKS: "bold red", Outcome.SILENT: "bold yellow", Outcome.DEPRECATED: "cyan"}
_WIDEST_SOURCE = 160


def as_text(report: Report, *, color: bool = False) -> str:
    """The report as text.

    Args:
        report: What was found.
        color: Use colours; NO_COLOR in the environment switches them off all the same.
    """
    written = io.StringIO()
    colored = color and not os.environ.get("NO_COLOR")
    # Width is not the terminal's: lines are not wrapped, so that paths can be clicked and searched.
    console = Console(file=written, force_terminal=colored, no_color=not colored, width=10_000, highlight=False)
    for path, findings in groupby(report.findings, key=lambda finding: finding.path):
        console.print(Text(path, style="bold"))
        for finding in findings:
            _print(console, finding)
        console.print()
    for item in report.unparsed:
        console.print(Text.assemble(("not checked ", "bold red"), f"{item.path}:{item.line}: {item.message}"))
    console.print(Text(summary(report)))
    return written.getvalue()


def _print(console: Console, finding: Finding) -> None:
    confidence = "" if finding.decides else " (likely)"
    console.print(
        Text.assemble(
            f"  {finding.line}:{finding.column} ",
            (finding.outcome.value, _STYLES[finding.outcome]),
            f"{confidence} {finding.rule}: {finding.message}",
        )
    )
    source, marker = _source(finding)
    if source:
        console.print(Text(f"      {source}", style="dim"))
        console.print(Text(f"      {marker}", style=_STYLES[finding.outcome]))
    details = [f"works in {finding.works_in}"] if finding.works_in else []
    if finding.fix is not None:
        details.append(f"instead: {finding.fix.text}")
    if details:
        console.print(Text(f"      {'; '.join(details)}"))


def _source(finding: Finding) -> tuple[str, str]:
    """The line without its indentation, and carets below what is to be edited."""
    text = finding.source.strip()
    if not text or len(text) > _WIDEST_SOURCE or not text.isprintable():
        return "", ""
    start = finding.column - 1 - (len(finding.source) - len(finding.source.lstrip()))
    end = len(text) if finding.end_line > finding.line else start + finding.end_column - finding.column
    return text, " " * start + "^" * max(1, min(end, len(text)) - start)


def summary(report: Report) -> str:
    """One line: how many findings of each outcome, and what was looked at."""
    counts = [(outcome, sum(f.outcome is outcome for f in report.findings)) for outcome in Outcome]
    found = ", ".join(f"{count} {outcome.value}" for outcome, count in counts if count) or "nothing to report"
    s = report.statistics
    return (
        f"{found}; {s.files} files, {s.call_sites} call sites, {s.unresolved} unresolved, {s.guarded} guarded"
        + (f", {s.suppressed} suppressed" if s.suppressed else "")
        + (f", {len(report.unparsed)} not checked" if report.unparsed else "")
        + f" in {s.seconds:.1f} s"
    )
