"""SARIF 2.1.0, which code scanning services and editors read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from ..check import Report
from ..findings import Confidence, Finding, Outcome
from ..rule_pages import page
from ..rules import RULES
from ..rules.guides import GUIDES
from ..suppressions import Suppressed
from .edits import edit
from .identity import fingerprints
from .tool import NAME, tool_version

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Outcome.BREAKS: "error", Outcome.SILENT: "warning", Outcome.DEPRECATED: "note"}
_KINDS = {"comment": "inSource", "baseline": "external"}
_Object = dict[str, Any]


def as_sarif(report: Report) -> str:
    """The report as one run; accepted findings are in it, marked as suppressed."""
    everything: list[tuple[Finding, Suppressed | None]] = [(finding, None) for finding in report.findings]
    everything += [(each.finding, each) for each in report.suppressed]
    everything.sort(key=lambda item: item[0].order)
    names = sorted({finding.rule for finding, _ in everything})
    marks = fingerprints(finding for finding, _ in everything)
    run = {
        "tool": {"driver": _driver(names)},
        "invocations": [_invocation(report)],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The folder that the check was run in."}}},
        "results": [
            _result(finding, by, names.index(finding.rule), mark)
            for (finding, by), mark in zip(everything, marks, strict=True)
        ],
        "properties": {
            "upstreams": [{"name": name, "from": old, "to": new} for name, old, new in report.upstreams],
            "statistics": {k: v for k, v in report.statistics.as_json().items() if k != "seconds"},
        },
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _driver(names: list[str]) -> _Object:
    driver: _Object = {"name": NAME, "rules": [_rule(name) for name in names]}
    if version := tool_version():
        driver["semanticVersion"] = version
    return driver


def _rule(name: str) -> _Object:
    rule, guide = RULES[name], GUIDES.get(name)
    return {
        "id": name,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": guide.why if guide is not None else rule.summary},
        "help": {"text": page(rule), "markdown": page(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.outcome]},
        "properties": {"tags": ["compatibility", rule.outcome.value]},
    }


def _result(finding: Finding, by: Suppressed | None, index: int, mark: str) -> _Object:
    result: _Object = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.outcome],
        "message": {"text": _message(finding)},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(finding.path), "region": _region(finding)}}],
        "partialFingerprints": {"drift/v1": mark},
        "properties": {
            "outcome": finding.outcome.value,
            "confidence": finding.confidence.value,
            "precision": "very-high" if finding.confidence is Confidence.PROVEN else "medium",
            "symbol": finding.symbol,
            "upstream": finding.upstream,
            "worksIn": finding.works_in,
            "brokenIn": list(finding.broken_in),
            "witness": finding.witness,
        },
    }
    if by is not None:
        suppression = {"kind": _KINDS[by.kind], "status": "accepted"}
        result["suppressions"] = [suppression | ({"justification": by.reason} if by.reason else {})]
    if (fixed := edit(finding)) is not None:
        region = {"startLine": fixed.line, "startColumn": fixed.column, "endColumn": fixed.end_column}
        replacement = {"deletedRegion": region, "insertedContent": {"text": fixed.text}}
        change = {"artifactLocation": _artifact(finding.path), "replacements": [replacement]}
        assert finding.fix is not None
        result["fixes"] = [{"description": {"text": finding.fix.text}, "artifactChanges": [change]}]
    return result


def _message(finding: Finding) -> str:
    parts = [f"{finding.message}."]
    if finding.works_in:
        parts.append(f"Works in {finding.upstream} {finding.works_in}.")
    if finding.fix is not None:
        parts.append(f"Instead: {finding.fix.text}")
    return " ".join(parts)


def _region(finding: Finding) -> _Object:
    region: _Object = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.end_line,
        "endColumn": finding.end_column,
    }
    if finding.source:
        region["snippet"] = {"text": finding.source}
    return region


def _artifact(path: str) -> _Object:
    if PurePath(path).is_absolute():
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(path, safe="/", errors="replace"), "uriBaseId": "%SRCROOT%"}


def _invocation(report: Report) -> _Object:
    invocation: _Object = {"executionSuccessful": not report.unparsed}
    if notes := list(_notifications(report)):
        invocation["toolExecutionNotifications"] = notes
    return invocation


def _notifications(report: Report) -> Iterator[_Object]:
    for item in report.unparsed:
        yield _notification("error", item.path, item.line, f"Not checked: {item.message}")
    for notice in report.notices:
        yield _notification("warning", notice.path, notice.line, f"{notice.kind}: {notice.message}")


def _notification(level: str, path: str, line: int, text: str) -> _Object:
    place = {"artifactLocation": _artifact(path), "region": {"startLine": max(line, 1)}}
    return {"level": level, "message": {"text": text}, "locations": [{"physicalLocation": place}]}
