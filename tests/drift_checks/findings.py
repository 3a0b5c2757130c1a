"""Findings and reports made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from drift_checks.check import Report, Statistics
from drift_checks.findings import Confidence, Finding, Fix, Outcome

DEFAULT_FIX = Fix("upstream", "`b=`", "safe")


def finding(
    line: int = 3,
    outcome: Outcome = Outcome.BREAKS,
    message: str = "`a` is gone",
    *,
    path: str = "dir/a.py",
    rule: str = "parameter-removed",
    source: str = "    f(a)",
    column: int = 7,
    end_column: int = 8,
    confidence: Confidence = Confidence.PROVEN,
    works_in: str = ">=1.0,<2.0",
    fix: Fix | None = DEFAULT_FIX,
    witness: str = "",
    broken_in: tuple[str, ...] = ("2.0",),
) -> Finding:
    return Finding(
        path,
        line,
        column,
        line,
        end_column,
        rule,
        outcome,
        confidence,
        "transformers.f",
        "transformers",
        message,
        works_in,
        broken_in,
        fix,
        witness,
        source,
    )


def report(*findings: Finding, **parts: Any) -> Report:
    statistics = Statistics(files=2, call_sites=9, unresolved=1)
    return replace(Report((("transformers", "1.0", "2.0"),), findings, (), statistics), **parts)
