"""A finding: one call site that one change affects, as every report shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple


class Outcome(str, Enum):
    """What happens at run time in the new release."""

    BREAKS = "breaks"
    SILENT = "silent"
    DEPRECATED = "deprecated"


class Confidence(str, Enum):
    """Whether resolution leaves another reading."""

    PROVEN = "proven"
    LIKELY = "likely"


class Verdict(str, Enum):
    """What running a witness says about its finding."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNCONFIRMED = "unconfirmed"
    NOT_RUN = "not-run"


class WitnessResult(NamedTuple):
    """What came of running a witness in real installs.

    Args:
        verdict: What that says.
        old: The release in which it was to pass.
        new: The release in which it was to fail.
        said: How it failed there, or what else came of it, in one line.
    """

    verdict: Verdict
    old: str
    new: str
    said: str


class Fix(NamedTuple):
    """What to write instead.

    Args:
        kind: `compat`, `upstream` or `manual`.
        text: The new form, or what to do by hand.
        safety: `safe`, `unsafe` or `manual`.
    """

    kind: str
    text: str
    safety: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A line to edit, and why.

    Args:
        path: The file, as given or relative to the working directory.
        line: Where the user edits, from 1.
        column: In characters, from 1.
        end_line: Last line of the text to edit.
        end_column: One beyond its last character, from 1.
        rule: The rule's name.
        outcome: What happens at run time.
        confidence: Whether another reading is left.
        symbol: The upstream symbol.
        upstream: The distribution.
        message: What changed, in one line.
        works_in: Specifier of the releases in which the line works, or several joined by ` || `.
        broken_in: The releases that were asked about and break it.
        fix: What to write instead; None where nobody can say.
        witness: A program that passes on the old release and fails on the new one.
        source: The text of the line, for reports.
        witness_result: What came of running the witness; None where it was not asked for.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    rule: str
    outcome: Outcome
    confidence: Confidence
    symbol: str
    upstream: str
    message: str
    works_in: str
    broken_in: tuple[str, ...]
    fix: Fix | None
    witness: str
    source: str = ""
    witness_result: WitnessResult | None = None

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """What findings are sorted by."""
        return self.path, self.line, self.column, self.rule, self.symbol

    @property
    def decides(self) -> bool:
        """Whether it sets the exit status by itself."""
        return self.confidence is Confidence.PROVEN

    def as_json(self) -> dict[str, Any]:
        """The object of `drift check --format json`."""
        found: dict[str, Any] = {
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "end_line": self.end_line,
            "end_column": self.end_column,
            "rule": self.rule,
            "outcome": self.outcome.value,
            "confidence": self.confidence.value,
            "symbol": self.symbol,
            "upstream": self.upstream,
            "message": self.message,
            "works_in": self.works_in,
            "broken_in": list(self.broken_in),
            "fix": self.fix._asdict() if self.fix is not None else None,
            "witness": self.witness,
        }
        if self.witness_result is not None:
            verdict, old, new, said = self.witness_result
            found["witness_result"] = {"verdict": verdict.value, "from": old, "to": new, "said": said}
        return found
