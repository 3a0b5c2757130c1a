"""The JSON report, schema 1."""

from __future__ import annotations

import json

from ..check import Report
from .ranges import ranges_as_json
from .tool import NAME, tool_version

SCHEMA = 1


def as_json(report: Report) -> str:
    """The report as JSON; the same report gives the same bytes."""
    document = {
        "schema": SCHEMA,
        "tool": {"name": NAME, "version": tool_version()},
        "upstreams": [{"name": name, "from": old, "to": new} for name, old, new in report.upstreams],
        "findings": [finding.as_json() for finding in report.findings],
        "ranges": ranges_as_json(report),
        "suppressions": [notice._asdict() for notice in report.notices],
        "unparsed": [item._asdict() for item in report.unparsed],
        "statistics": report.statistics.as_json(),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
