"""Declared changes: what a release does otherwise with the same call, though its signature does not tell."""

from __future__ import annotations

from typing import NamedTuple

from signatures.changes import DECLARATIONS, Argument, Declaration, Effect, declared
from signatures.model import Class, Resolution
from signatures.surface import Acceptance, Surface

from .. import witnesses
from ..call_sites import Arguments, CallSite, ConditionSite, Span, Symbol, UnknownSite
from ..findings import Confidence, Fix, Outcome
from ..locating import Location, acceptance, certain, is_unknown, locate_called, lookup_path
from .calls import PARAMETER_REMOVED, PARAMETER_SWALLOWED, POSITIONAL_SHIFT
from .declarations import FINE, UNRESOLVED, Judge, Judgement, Pair, Problem, Rule
from .overloads import fits, stated
from .results import RETURN_CHANGED

DEFAULT_CHANGED = Rule(
    "default-changed", Outcome.SILENT, "A parameter that is not passed has another value, and it matters."
)
VALUE_CHANGED = Rule("attribute-kind-changed", Outcome.SILENT, "The attribute holds something else.")

RULES = (DEFAULT_CHANGED, VALUE_CHANGED)

_BY_EFFECT = {
    Effect.SWALLOWED: PARAMETER_SWALLOWED,
    Effect.REFUSED: PARAMETER_REMOVED,
    Effect.SHIFTED: POSITIONAL_SHIFT,
    Effect.DEFAULT: DEFAULT_CHANGED,
    Effect.BEHAVIOUR: RETURN_CHANGED,
}


class _Passed(NamedTuple):
    """An argument of a call.

    Args:
        value: The constant as `repr` writes it; "" for any other expression.
        span: Where it is written.
    """

    value: str
    span: Span


def judge_call(site: CallSite, pair: Pair) -> Judgement:
    """What is declared about the function that is called."""
    new = locate_called(pair.new, site.symbol)
    if new is None or not new.found.found or new.found.external:
        # The rules for calls and names say what is open.
        return FINE
    declarations = [d for path in _paths(pair.new, new.found) for d in declared(pair.new.upstream, path)]
    met = [d for d in declarations if is_met(d, pair) and d.effect is not Effect.VALUE]
    if not met:
        return FINE
    old = locate_called(pair.old, site.symbol)
    if old is None or not old.found.found:
        return UNRESOLVED if old is None or is_unknown(old) else FINE
    if any(not _binds(surface, at, site.arguments) for surface, at in ((pair.old, old), (pair.new, new))):
        # It failed before, or the rules for calls say that it fails now.
        return FINE
    problems = []
    for declaration in met:
        if not declaration.handled.isdisjoint(site.asked):
            continue
        meets = _meets(declaration, site.arguments, pair.old, old)
        if meets is None:
            return UNRESOLVED
        if meets and not _told_by_history(declaration, acceptance(pair.old, old), acceptance(pair.new, new)):
            problems.append(_problem(declaration, site, pair, new.found))
    return Judgement(tuple(problems))


def _binds(surface: Surface, at: Location, arguments: Arguments) -> bool:
    signatures = stated(surface, at)
    return not signatures or not fits(signatures, arguments)[0].bound.failures


def _paths(surface: Surface, found: Resolution) -> tuple[str, ...]:
    """The canonical path; of a class also those of its bases, whose constructor it may have."""
    if isinstance(found.definition, Class):
        return tuple(ref.path for ref in surface.mro(found.canonical))
    return (found.canonical,)


def is_met(declaration: Declaration, pair: Pair) -> bool:
    """Whether it holds in the new release of a pair and not in the old one."""
    return declaration.holds(pair.new.version) and not declaration.holds(pair.old.version)


def _meets(declaration: Declaration, arguments: Arguments, surface: Surface, at: Location) -> bool | None:
    """Whether a call fulfils the conditions; None where it may, because it passes what is not written."""
    accepted = acceptance(surface, at)
    order = [parameter.name for parameter in accepted.signature.positional] if accepted is not None else []
    if declaration.effect is Effect.SHIFTED and len(arguments.positional) <= declaration.position:
        return None if arguments.star else False
    answers = [_fulfils(condition, arguments, order) for condition in declaration.when]
    if False in answers:
        return False
    return None if None in answers else True


def _fulfils(condition: Argument, arguments: Arguments, order: list[str]) -> bool | None:
    passed = _passed(arguments, condition.name, order)
    if passed is None:
        if condition.passed is True:
            return False
        hidden = arguments.double_star or (arguments.star and condition.name in order)
        return None if hidden else True
    if condition.passed is False or passed.value in condition.unless:
        return False
    if condition.values and passed.value not in condition.values:
        # An expression may have any value.
        return None if not passed.value else False
    return True


def _passed(arguments: Arguments, name: str, order: list[str]) -> _Passed | None:
    keyword = arguments.keyword(name)
    if keyword is not None:
        return _Passed(keyword.value, keyword.span)
    index = order.index(name) if name in order else len(arguments.positional)
    if index >= len(arguments.positional):
        return None
    return _Passed(arguments.values[index] if index < len(arguments.values) else "", arguments.positional[index])


def _told_by_history(declaration: Declaration, old: Acceptance | None, new: Acceptance | None) -> bool:
    """Whether the two signatures alone show it; the rules for calls say so then."""
    if declaration.effect in (Effect.SWALLOWED, Effect.REFUSED) and new is not None:
        name = declaration.parameter
        if new.signature.var_keyword is None or new.signature.get(name) is not None:
            return True
        return new.kwargs == "taken" and name not in new.taken and old is not None and name in _names(old)
    if declaration.effect is Effect.SHIFTED and old is not None:
        return len(old.signature.positional) > declaration.position
    return False


def _names(accepted: Acceptance) -> set[str]:
    return {parameter.name for parameter in accepted.signature.parameters}


def _problem(declaration: Declaration, site: CallSite, pair: Pair, found: Resolution) -> Problem:
    proven = declaration.everywhere or certain(site.symbol, *pair)
    return Problem(
        _BY_EFFECT[declaration.effect],
        _span(declaration, site),
        found.canonical,
        _message(declaration),
        _fix(declaration),
        declaration.witness or _mentioned(declaration, site.symbol, pair),
        confidence=Confidence.PROVEN if proven else Confidence.LIKELY,
    )


def _span(declaration: Declaration, site: CallSite) -> Span:
    """What is to be edited: the argument, or the call where something is to be added to it."""
    if declaration.effect is Effect.SHIFTED:
        return site.arguments.positional[declaration.position]
    keyword = site.arguments.keyword(declaration.parameter)
    return site.name_span if keyword is None else keyword.span


def _message(declaration: Declaration) -> str:
    subject = f"`{declaration.parameter}`"
    if declaration.effect is Effect.SWALLOWED:
        now = f" is now `{declaration.instead}`; the old keyword" if declaration.instead else ""
        return f"{subject}{now} has no effect any more: {declaration.says}"
    if declaration.effect is Effect.REFUSED:
        return f"{subject} is no longer taken: {declaration.says}"
    if declaration.effect is Effect.SHIFTED:
        taken = f"argument {declaration.position + 1} was {subject} and is now taken as `{declaration.instead}`"
        return f"{taken}: {declaration.says}"
    if declaration.effect is Effect.DEFAULT:
        return f"{subject} is not passed: {declaration.says}"
    return declaration.says


def _fix(declaration: Declaration) -> Fix | None:
    if not declaration.fix:
        return None
    if declaration.effect is Effect.DEFAULT:
        return Fix("upstream", f"pass `{declaration.fix}`", "unsafe")
    return Fix("upstream", f"`{declaration.fix}`", "unsafe")


def _mentioned(declaration: Declaration, symbol: Symbol, pair: Pair) -> str:
    """The source of the function names the keyword: what takes it out of `**kwargs` has no other trace."""
    if not declaration.parameter:
        return ""
    return witnesses.of_mention(pair.old, lookup_path(pair.old, symbol), declaration.parameter)


def judge_condition(site: ConditionSite, pair: Pair) -> Judgement:
    """What is declared about an attribute that a condition asks for being None."""
    new = locate_called(pair.new, site.symbol)
    if new is None or not new.found.found or new.found.external:
        return FINE
    met = [d for d in declared(pair.new.upstream, new.found.canonical) if d.effect is Effect.VALUE and is_met(d, pair)]
    old = locate_called(pair.old, site.symbol) if met else None
    if old is None or old.found.missing:
        return FINE
    # Of a base that does not show it, as the config that a factory promises, a subclass has it.
    return Judgement((changed_value(met[0], site.span, new.found.canonical),))


def changed_value(declaration: Declaration, span: Span, symbol: str) -> Problem:
    """The problem of an attribute that holds something else; whether it matters, what is done with it decides."""
    message, fix = _message(declaration), _fix(declaration)
    return Problem(VALUE_CHANGED, span, symbol, message, fix, declaration.witness, confidence=Confidence.LIKELY)


def judge_unknown(site: UnknownSite, pair: Pair) -> Judgement:
    """A call of a method whose name and receiver's name fit a declaration, on a value whose class is not known."""
    if site.arguments is None:
        return FINE
    for declaration in DECLARATIONS:
        if site.receiver not in declaration.receivers or not is_met(declaration, pair):
            continue
        named = [path for path in declaration.symbols if path.endswith(f".{site.name}")]
        found = next((at for path in named if (at := pair.old.resolve(path)).found), None)
        if found is None or declaration.upstream != pair.new.upstream:
            continue
        if _meets(declaration, site.arguments, pair.old, Location(found, through_instance=True)):
            keyword = site.arguments.keyword(declaration.parameter)
            return Judgement((_likely(declaration, keyword.span if keyword is not None else site.span, found),))
    return FINE


def _likely(declaration: Declaration, span: Span, found: Resolution) -> Problem:
    return Problem(
        _BY_EFFECT[declaration.effect],
        span,
        found.canonical,
        _message(declaration),
        _fix(declaration),
        declaration.witness,
        confidence=Confidence.LIKELY,
    )


JUDGES: dict[type, Judge] = {CallSite: judge_call, ConditionSite: judge_condition, UnknownSite: judge_unknown}
