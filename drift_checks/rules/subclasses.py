"""Downstream subclasses: overrides that do not fit or never run, changed bases, class attributes of another kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from signatures.model import Assignment, Class, Function, Resolution

from .. import hook_witnesses, witnesses
from ..call_sites import CALLED, ClassAttribute, Replacement, SubclassSite
from ..findings import Confidence, Fix, Outcome
from .attribute_kinds import is_mapping, kinds_of
from .declarations import FINE, UNRESOLVED, Judge, Judgement, Pair, Problem, Rule
from .declared_changes import VALUE_CHANGED
from .lost_hooks import lost_hook
from .stand_ins import judge_given_away, judge_stand_in

OVERRIDE_MISMATCH = Rule(
    "override-mismatch", Outcome.BREAKS, "The override does not fit what the upstream passes to the method."
)
OVERRIDE_DEAD = Rule("override-dead", Outcome.SILENT, "The upstream never calls what is overridden any more.")
BASE_REMOVED = Rule("base-removed", Outcome.BREAKS, "The base class is no class any more.")

RULES = (OVERRIDE_MISMATCH, OVERRIDE_DEAD, BASE_REMOVED)

_DISPLAYS = frozenset({"list", "tuple", "set", "dict"})


def judge_subclass(site: SubclassSite, pair: Pair) -> Judgement:
    """What the overrides of a downstream class meet."""
    if site.base.steps:
        return UNRESOLVED
    old, new = pair.old.resolve(site.base.path), pair.new.resolve(site.base.path)
    if not isinstance(old.definition, Class):
        return FINE
    if not isinstance(new.definition, Class):
        return Judgement(tuple(_no_class(site, new, pair)))
    judgements = [_judge_override(site, override, pair) for override in site.overrides]
    problems = [problem for judgement in judgements for problem in judgement.problems]
    problems += (problem for attribute in site.attributes for problem in _other_kind(site, attribute, old, pair))
    return Judgement(tuple(problems), sum(judgement.unresolved for judgement in judgements))


def _no_class(site: SubclassSite, new: Resolution, pair: Pair) -> Iterator[Problem]:
    """A base that is still found and is a function or a module; one that is gone is told where it is named."""
    if not new.found or new.external or not (isinstance(new.definition, Function) or new.definition is None):
        return
    now = "a function" if new.definition is not None else "a module"
    yield Problem(
        BASE_REMOVED,
        site.span,
        new.canonical,
        f"`{site.base.path}` is {now} now, which cannot be a base class",
        witness=witnesses.of_kind(pair.old, site.base.path, "type"),
    )


def _other_kind(site: SubclassSite, attribute: ClassAttribute, old: Resolution, pair: Pair) -> Iterator[Problem]:
    """An attribute for the base class to read, of a kind that upstream's own subclasses no longer give it as."""
    if attribute.kind not in _DISPLAYS:
        return
    if not all(isinstance(s.resolve(f"{site.base.path}.{attribute.name}").definition, Assignment) for s in pair):
        return
    kinds = kinds_of(*pair, old.canonical, attribute.name)
    if kinds is None or kinds.old != attribute.kind or is_mapping(kinds.old) == is_mapping(kinds.new):
        return
    yield Problem(
        VALUE_CHANGED,
        attribute.span,
        f"{pair.new.resolve(site.base.path).canonical}.{attribute.name}",
        f"`{attribute.name}` is a {kinds.new} now, as in `{kinds.example}`; what reads it fails on a {kinds.old}",
        Fix("upstream", f"a {kinds.new}", "manual"),
        witnesses.of_kind(pair.old, f"{kinds.example}.{attribute.name}", kinds.old),
        outcome=Outcome.BREAKS,
    )


def _judge_override(site: SubclassSite, override: Replacement, pair: Pair) -> Judgement:
    if not isinstance(pair.new.resolve(f"{site.base.path}.{override.name}").definition, Function):
        return Judgement(tuple(_dead(site, override, pair)))
    dead = tuple(_dead(site, override, pair))
    return Judgement(dead) if dead else _judge_fit(site, override, pair)


def _judge_fit(site: SubclassSite, override: Replacement, pair: Pair) -> Judgement:
    """An override against what is passed to it."""
    own = frozenset(each.name for each in site.overrides)
    replaced = (own - site.extends) | site.between
    judged = judge_stand_in(OVERRIDE_MISMATCH, override, site.base.path, override.name, replaced, pair)
    if judged.problems or judged.unresolved or not override.bound:
        return judged
    # What gives the method away is overridden too, and may still reach upstream's own.
    given = judge_given_away(OVERRIDE_MISMATCH, override, site.base.path, override.name, pair)
    return Judgement(tuple(replace(problem, confidence=Confidence.LIKELY) for problem in given.problems))


def _dead(site: SubclassSite, override: Replacement, pair: Pair) -> Iterator[Problem]:
    """An override of a method that upstream no longer has, or no longer calls by this name."""
    name = override.name
    if name.startswith("__") or name in site.used or site.beside is None or site.between:
        return
    lost = lost_hook(*pair, (site.base, *site.beside), name)
    if lost is None:
        return
    path = f"{site.base.path}.{name}"
    called = f"upstream calls `{lost.now}` now" if lost.now else f"`{site.base.path}` has no such method any more"
    yield Problem(
        OVERRIDE_DEAD,
        override.span,
        pair.old.resolve(path).canonical,
        f"`{name}` is never called: {called}",
        Fix("upstream", f"`{lost.now}`", "unsafe") if lost.now else None,
        hook_witnesses.of_use(pair.old, path)
        if lost.was_called
        else witnesses.of_member(pair.old, site.base.step(CALLED).member(name)),
        # What has a public name may be there for other callers.
        confidence=Confidence.PROVEN if name.startswith("_") else Confidence.LIKELY,
    )


JUDGES: dict[type, Judge] = {SubclassSite: judge_subclass}
