"""The report as a Markdown table, for pull requests and job summaries."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import Report
from .ranges import range_lines
from .text import summary


def as_markdown(report: Report) -> str:
    """A table of findings, the files that could not be checked, and one line of totals."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    for name, old, new in report.upstreams:
        yield f"### {name} {old} to {new}"
        yield ""
    if report.findings:
        yield "| place | outcome | rule | what changed | works in | instead |"
        yield "|---|---|---|---|---|---|"
        for finding in report.findings:
            cells = (
                f"`{finding.path}:{finding.line}`",
                finding.outcome.value,
                f"`{finding.rule}`",
                finding.message,
                f"`{finding.works_in}`" if finding.works_in else "",
                finding.fix.text if finding.fix is not None else "",
            )
            yield f"| {' | '.join(_cell(cell) for cell in cells)} |"
        yield ""
    for line in range_lines(report):
        yield f"- {_cell(line.strip())}" if line.startswith(" ") else f"{_cell(line)}\n" if line else ""
    for item in report.unparsed:
        yield f"- not checked: `{item.path}:{item.line}`: {_cell(item.message)}"
    for notice in report.notices:
        yield f"- {notice.kind} suppression: `{notice.path}:{notice.line}`: {_cell(notice.message)}"
    if report.unparsed or report.notices:
        yield ""
    yield summary(report)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
