"""The JSON report, schema 1."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version

from ..check import Report

SCHEMA = 1
TOOL = "upstream-compat"


def as_json(report: Report) -> str:
    """The report as JSON; the same report gives the same bytes."""
    document = {
        "schema": SCHEMA,
        "tool": {"name": TOOL, "version": _version()},
        "upstreams": [{"name": name, "from": old, "to": new} for name, old, new in report.upstreams],
        "findings": [finding.as_json() for finding in report.findings],
        "unparsed": [item._asdict() for item in report.unparsed],
        "statistics": report.statistics.as_json(),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _version() -> str:
    try:
        return version(TOOL)
    except PackageNotFoundError:
        return ""
