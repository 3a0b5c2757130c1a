"""Calls: arguments that the old release takes and the new one refuses, swallows, or takes for something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from signatures.changes import consequence
from signatures.model import Kind
from signatures.renames import renamed
from signatures.surface import Acceptance

from .. import witnesses
from ..call_sites import CallSite, Keyword, Span
from ..findings import Confidence, Fix, Outcome
from ..locating import acceptance, is_unknown, locate
from .binding import Bound, Clash, bind
from .declarations import FINE, UNRESOLVED, Judge, Judgement, Pair, Problem, Rule

PARAMETER_REMOVED = Rule("parameter-removed", Outcome.BREAKS, "The parameter is gone, and passing it raises.")
PARAMETER_RENAMED = Rule("parameter-renamed", Outcome.BREAKS, "The parameter has another name, and the old one raises.")
PARAMETER_REQUIRED = Rule("parameter-required", Outcome.BREAKS, "A parameter that is not passed is now required.")
PARAMETER_KEYWORD_ONLY = Rule(
    "parameter-keyword-only", Outcome.BREAKS, "The parameter is passed by position and is now keyword-only."
)
PARAMETER_SWALLOWED = Rule(
    "parameter-swallowed", Outcome.SILENT, "The keyword is taken by `**kwargs` and has no effect any more."
)
POSITIONAL_SHIFT = Rule("positional-shift", Outcome.SILENT, "A positional argument now lands in another parameter.")
DEPRECATED_PARAMETER = Rule(
    "deprecated-parameter", Outcome.DEPRECATED, "The keyword is still taken under its old name."
)

RULES = (
    PARAMETER_REMOVED,
    PARAMETER_RENAMED,
    PARAMETER_REQUIRED,
    PARAMETER_KEYWORD_ONLY,
    PARAMETER_SWALLOWED,
    POSITIONAL_SHIFT,
    DEPRECATED_PARAMETER,
)


class _Comparison(NamedTuple):
    """One call against what two releases accept."""

    site: CallSite
    pair: Pair
    path: str
    old: Acceptance
    new: Acceptance
    old_bound: Bound
    new_bound: Bound

    def problem(self, rule: Rule, span: Span, message: str, witness: str, fix: Fix | None = None) -> Problem:
        confidence = Confidence.PROVEN if self.site.symbol.proven else Confidence.LIKELY
        return Problem(rule, span, self.path, message, fix, witness, confidence=confidence)

    def call_witness(self) -> str:
        signature = self.old.signature
        wrapped = signature.var_keyword is None and any(
            signature.get(keyword.name) is None for keyword in self.site.arguments.keywords
        )
        return witnesses.of_call(self.pair.old, self.site.symbol, self.site.arguments, wrapped=wrapped)

    def missing(self) -> list[str]:
        return [failure.name for failure in self.new_bound.failures if failure.clash is Clash.MISSING]


def judge_call(site: CallSite, pair: Pair) -> Judgement:
    """What a call meets: only a call that binds in the old release can break in the new one."""
    before, after = locate(pair.old, site.symbol), locate(pair.new, site.symbol)
    if before is None or is_unknown(before):
        return UNRESOLVED
    if before.found.missing or before.found.external:
        # It did not work before, or it belongs to another distribution.
        return FINE
    if after is None or is_unknown(after):
        return UNRESOLVED
    if after.found.missing:
        # The name itself is judged where it is imported or read.
        return FINE
    old, new = acceptance(pair.old, before), acceptance(pair.new, after)
    if old is None or new is None:
        return UNRESOLVED
    old_bound, new_bound = bind(old, site.arguments), bind(new, site.arguments)
    if old_bound.failures:
        return FINE
    if site.symbol.steps[-1:] == ("__call__",):
        method = before.found.canonical.rpartition(".")[2]
        site = replace(site, symbol=site.symbol._replace(steps=(*site.symbol.steps[:-1], method)))
    comparison = _Comparison(site, pair, after.found.canonical, old, new, old_bound, new_bound)
    problems = [*_refused(comparison), *_keywords(comparison)]
    if not new_bound.failures:
        problems += _shifted(comparison)
    if problems and new.kwargs == "unknown" and new.signature.var_keyword is None:
        # Something around the function, as a decorator, may take what the function itself does not.
        return UNRESOLVED
    return Judgement(tuple(problems), len(_untraced(comparison)))


def _refused(c: _Comparison) -> Iterator[Problem]:
    """What makes the call raise, but for keywords that were renamed."""
    for failure in c.new_bound.failures:
        if failure.clash is Clash.TOO_MANY:
            yield _without_place(c, failure.position)
        elif failure.clash is Clash.TWICE:
            keyword = _keyword(c, failure.name)
            message = f"`{failure.name}` is also given by position: the parameters before it have changed"
            yield replace(c.problem(POSITIONAL_SHIFT, keyword.span, message, c.call_witness()), outcome=Outcome.BREAKS)
        elif failure.clash is Clash.UNEXPECTED and renamed(c.old, c.new, failure.name) is None:
            keyword = _keyword(c, failure.name)
            message = f"`{failure.name}` is gone, and passing it raises"
            yield c.problem(PARAMETER_REMOVED, keyword.span, message, c.call_witness())
    given = {renamed(c.old, c.new, keyword.name) for keyword in c.site.arguments.keywords}
    missing = [f"`{name}`" for name in c.missing() if name not in given]
    if missing:
        message = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} now required and not passed"
        yield c.problem(PARAMETER_REQUIRED, c.site.name_span, message, c.call_witness())


def _without_place(c: _Comparison, index: int) -> Problem:
    span = c.site.arguments.positional[index]
    taken_by = c.old_bound.positional[index]
    name = taken_by.name if taken_by is not None else ""
    same = c.new.signature.get(name)
    if same is not None and same.kind is Kind.KEYWORD_ONLY:
        fix = Fix("upstream", f"pass it as `{name}=`", "safe")
        message = f"`{name}` is now keyword-only, and is passed by position"
        return c.problem(PARAMETER_KEYWORD_ONLY, span, message, c.call_witness(), fix)
    what = f"`{name}` is gone" if name and same is None else "it takes fewer positional arguments"
    return c.problem(PARAMETER_REMOVED, span, f"{what}, and passing it by position raises", c.call_witness())


def _keywords(c: _Comparison) -> Iterator[Problem]:
    refused = {f.name for f in c.new_bound.failures if f.clash is Clash.UNEXPECTED}
    for keyword in c.site.arguments.keywords:
        name = keyword.name
        now = renamed(c.old, c.new, name)
        fix = Fix("upstream", f"`{now}=`", "unsafe") if now is not None else None
        if name in c.new.deprecated:
            if name not in c.old.deprecated:
                yield _deprecated(c, keyword)
        elif now is not None and (name in refused or (name in c.new_bound.swallowed and now in c.missing())):
            message = f"`{name}` is now `{now}`, and the old keyword raises"
            yield c.problem(PARAMETER_RENAMED, keyword.span, message, c.call_witness(), fix)
        elif _loses_effect(c, name) and c.new.kwargs == "taken":
            subject = f"`{name}` is now `{now}`; the old keyword" if now is not None else f"`{name}`"
            message = f"{subject} is swallowed by **{_star_name(c.new)} and {_consequence(c, name)}"
            yield c.problem(PARAMETER_SWALLOWED, keyword.span, message, _parameter_witness(c, name), fix)


def _consequence(c: _Comparison, name: str) -> str:
    known = consequence(c.pair.new.upstream, c.path, name, c.pair.new.version)
    return known.says if known is not None else "has no effect"


def _loses_effect(c: _Comparison, name: str) -> bool:
    """A keyword that a parameter took, and that now no parameter and no known reader of `**` takes."""
    return name in c.old_bound.named and name in c.new_bound.swallowed and name not in c.new.taken


def _untraced(c: _Comparison) -> list[str]:
    """Keywords of which it is not known whether anybody still takes them."""
    if c.new.kwargs != "unknown":
        return []
    return [k.name for k in c.site.arguments.keywords if _loses_effect(c, k.name)]


def _shifted(c: _Comparison) -> Iterator[Problem]:
    """The first positional argument that lands in another parameter; a parameter that is only renamed is none."""
    old_names = {parameter.name for parameter in c.old.signature.parameters}
    new_names = {parameter.name for parameter in c.new.signature.parameters}
    pairs = zip(c.site.arguments.positional, c.old_bound.positional, c.new_bound.positional, strict=True)
    for index, (span, old, new) in enumerate(pairs):
        if old is None or new is None or old.name == new.name:
            continue
        if old.name in new_names or new.name in old_names:
            message = f"argument {index + 1} was `{old.name}` and is now taken as `{new.name}`"
            witness = witnesses.of_position(c.pair.old, witnesses.class_member_path(c.site.symbol), index, old.name)
            fix = Fix("upstream", f"pass it as `{old.name}=`", "safe") if old.name in new_names else None
            yield c.problem(POSITIONAL_SHIFT, span, message, witness, fix)
            return


def _deprecated(c: _Comparison, keyword: Keyword) -> Problem:
    now = c.new.deprecated[keyword.name].new
    fix = Fix("upstream", f"`{now}=`", "safe") if now else None
    message = f"`{keyword.name}` is deprecated" + (f"; it is now `{now}`" if now else "")
    return c.problem(DEPRECATED_PARAMETER, keyword.span, message, _parameter_witness(c, keyword.name), fix)


def _keyword(c: _Comparison, name: str) -> Keyword:
    return next(keyword for keyword in c.site.arguments.keywords if keyword.name == name)


def _parameter_witness(c: _Comparison, name: str) -> str:
    return witnesses.of_parameter(c.pair.old, witnesses.class_member_path(c.site.symbol), name)


def _star_name(accepts: Acceptance) -> str:
    star = accepts.signature.var_keyword
    return star.name if star is not None else "kwargs"


JUDGES: dict[type, Judge] = {CallSite: judge_call}
