"""What a rule is, and what judging one call site gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from signatures.surface import Surface

from ..call_sites import Span
from ..findings import Confidence, Fix, Outcome


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of finding.

    Args:
        name: As users write it, in reports and in `# drift: ignore[…]`.
        outcome: What happens at run time, unless the finding itself says otherwise.
        summary: One line.
    """

    name: str
    outcome: Outcome
    summary: str


class Pair(NamedTuple):
    """Two releases of one upstream: the one that the code works with, and the one it is moved to."""

    old: Surface
    new: Surface


# Each family is only given the kinds of site that its table names.
Judge: TypeAlias = Callable[[Any, Pair], "Judgement"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that one call site meets in the new release.

    Args:
        rule: The kind of finding.
        span: What the user edits.
        symbol: The upstream symbol, by its canonical path where it has one.
        message: One line.
        fix: What to write instead, if that is known.
        witness: A program that passes on the old release and fails on the new one.
        outcome: Where it differs from the rule's.
        confidence: `likely` where the value may be of a subclass.
    """

    rule: Rule
    span: Span
    symbol: str
    message: str
    fix: Fix | None = None
    witness: str = ""
    outcome: Outcome | None = None
    confidence: Confidence = Confidence.PROVEN


class Judgement(NamedTuple):
    """What one call site meets.

    Args:
        problems: What changed for it.
        unresolved: How many questions about it have no answer in what is written.
    """

    problems: tuple[Problem, ...] = ()
    unresolved: int = 0


FINE = Judgement()
UNRESOLVED = Judgement(unresolved=1)


def gathered(problems: Iterator[Problem]) -> Judgement:
    """A judgement in which nothing was left open."""
    return Judgement(tuple(problems))
