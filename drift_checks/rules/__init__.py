"""The rules, one module a family; each judges call sites of some kinds against two releases of an upstream."""

from __future__ import annotations

from ..call_sites import Site
from . import (
    calls,
    declared_changes,
    deprecations,
    devices,
    guarding,
    likely,
    members,
    names,
    operators,
    replacements,
    results,
    subclasses,
)
from .declarations import Judge, Judgement, Pair, Problem, Rule

FAMILIES = (
    names,
    members,
    calls,
    declared_changes,
    deprecations,
    results,
    replacements,
    subclasses,
    operators,
    guarding,
    devices,
    likely,
)
"""Modules with `RULES`, and with `JUDGES` by kind of call site."""

RULES: dict[str, Rule] = {rule.name: rule for family in FAMILIES for rule in family.RULES}

_JUDGES: dict[type, list[Judge]] = {}
for _family in FAMILIES:
    for _kind, _judge in _family.JUDGES.items():
        _JUDGES.setdefault(_kind, []).append(_judge)


_GUESSES = frozenset(likely.JUDGES.values())


def judge(site: Site, pair: Pair, *, guess: bool = True) -> Judgement:
    """What a call site meets in the new release of a pair; several families may look at one kind.

    Args:
        site: The call site.
        pair: The releases.
        guess: Whether to look for what is only likely, which takes reading the whole of both releases.
    """
    judges = [each for each in _JUDGES.get(type(site), ()) if guess or each not in _GUESSES]
    judgements = [each(site, pair) for each in judges]
    problems = tuple(problem for judgement in judgements for problem in judgement.problems)
    return Judgement(problems, max((judgement.unresolved for judgement in judgements), default=0))


__all__ = ["FAMILIES", "RULES", "Judgement", "Pair", "Problem", "Rule", "judge"]
