"""Workflow annotations: findings beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import Report
from ..findings import Finding, Outcome

_LEVELS = {Outcome.BREAKS: "error", Outcome.SILENT: "warning", Outcome.DEPRECATED: "notice"}


def as_annotations(report: Report) -> str:
    """One workflow command a finding, and one a file that could not be checked."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    for finding in report.findings:
        place: dict[str, str | int] = {
            "file": finding.path,
            "line": finding.line,
            "endLine": finding.end_line,
            "col": finding.column,
            "endColumn": finding.end_column,
            "title": f"{finding.rule} ({finding.upstream})",
        }
        yield _command(_LEVELS[finding.outcome], place, _message(finding))
    for item in report.unparsed:
        yield _command("error", {"file": item.path, "line": item.line, "title": "not checked"}, item.message)
    for notice in report.notices:
        at: dict[str, str | int] = {"file": notice.path, "line": notice.line, "title": f"{notice.kind} suppression"}
        yield _command("warning", at, notice.message)


def _message(finding: Finding) -> str:
    parts = [finding.message]
    if finding.works_in:
        parts.append(f"works in {finding.works_in}")
    if finding.fix is not None:
        parts.append(f"instead: {finding.fix.text}")
    return "\n".join(parts)


def _command(level: str, properties: dict[str, str | int], message: str) -> str:
    """The runner splits properties at commas and colons, and unescapes these four after it."""
    listed = ",".join(
        f"{name}={_escaped(str(value)).replace(':', '%3A').replace(',', '%2C')}" for name, value in properties.items()
    )
    return f"::{level} {listed}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
