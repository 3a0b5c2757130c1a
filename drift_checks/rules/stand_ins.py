"""Downstream functions that run in the place of upstream methods, against what the upstream passes to these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from signatures.model import Function
from signatures.surface import Surface

from .. import hook_witnesses
from ..call_sites import Replacement
from ..findings import Fix, Outcome
from .declarations import FINE, UNRESOLVED, Judgement, Pair, Problem, Rule
from .hook_calls import Passed, Refusal, passed_by_reference, passed_to, refusal


@dataclass(frozen=True, slots=True)
class StandIn:
    """A downstream function in the place of a method, and what the two releases pass to it.

    Args:
        rule: What to report it as.
        given: The downstream function.
        container: Path of the class.
        method: The method's name.
        before: What the old release passes.
        after: What the new release passes.
        pair: The two releases.
    """

    rule: Rule
    given: Replacement
    container: str
    method: str
    before: tuple[Passed, ...]
    after: tuple[Passed, ...]
    pair: Pair

    @property
    def path(self) -> str:
        return f"{self.container}.{self.method}"

    @property
    def symbol(self) -> str:
        """The method's canonical path in the new release."""
        return self.pair.new.resolve(self.path).canonical

    @property
    def added(self) -> list[str]:
        """Names of the arguments that only the new release passes."""
        return sorted(_names(self.after) - _names(self.before))

    def witness(self, *callers: Passed, parameter: str = "") -> str:
        """A program that binds what these pass to a function with the same parameters."""
        called = [(call.caller.rpartition(".")[2], call.callee) for call in (*self.before, *callers)]
        return hook_witnesses.of_calls(self.pair.old, self.path, self.given, called, parameter)


def judge_stand_in(
    rule: Rule, given: Replacement, container: str, method: str, replaced: frozenset[str], pair: Pair
) -> Judgement:
    """A downstream function against what the upstream passes to the method in two releases.

    Args:
        rule: What to report it as.
        given: The downstream function.
        container: Path of the class.
        method: The method's name.
        replaced: Methods of the class that the downstream replaces: their own calls no longer run.
        pair: The two releases.
    """
    if not given.bound:
        return UNRESOLVED
    before = _passed_before(container, method, replaced, pair.old)
    after = passed_to(pair.new, container, method, replaced)
    if before is None or after is None:
        return UNRESOLVED
    if any(refusal(given.parameters[1:], call) for call in before):
        return FINE
    stand_in = StandIn(rule, given, container, method, tuple(before), tuple(after), pair)
    if not after:
        return Judgement(tuple(_given_away(stand_in)) if before else ())
    for call in after:
        why = refusal(given.parameters[1:], call)
        if why is not None:
            return Judgement((_refused(stand_in, call, why),))
    return Judgement(tuple(_never_passed(stand_in)) if before else ())


def judge_given_away(rule: Rule, given: Replacement, container: str, method: str, pair: Pair) -> Judgement:
    """A downstream function against what a method is called with that the new release gives away, whoever does so.

    Args:
        rule: What to report it as.
        given: The downstream function.
        container: Path of the class.
        method: The method's name.
        pair: The two releases.
    """
    before = passed_to(pair.old, container, method, frozenset())
    after = passed_to(pair.new, container, method, frozenset())
    if not before or after is None or after or any(refusal(given.parameters[1:], call) for call in before):
        return FINE
    return Judgement(tuple(_given_away(StandIn(rule, given, container, method, tuple(before), (), pair))))


def _passed_before(container: str, method: str, replaced: frozenset[str], old: Surface) -> list[Passed] | None:
    """What the old release passes; nothing where it has no such method."""
    return [] if old.resolve(f"{container}.{method}").missing else passed_to(old, container, method, replaced)


def _refused(stand_in: StandIn, call: Passed, why: Refusal) -> Problem:
    added = stand_in.added
    span, fix, passes = stand_in.given.span, None, f"upstream's `{call.caller.rpartition('.')[2]}` now passes"
    if why.missing is not None:
        span, fix = why.missing.span, _rename(added)
        instead = f"; {passes} {_listed(added)}" if added else ""
        message = f"`{why.missing.name}` is required here and is no longer passed{instead}: the call raises TypeError"
    elif why.unexpected:
        fix = Fix("upstream", f"take `{why.unexpected}`", "unsafe")
        message = f"{passes} `{why.unexpected}`, which is not taken here: the call raises TypeError"
    else:
        fix = _take_positional(stand_in)
        given = f"{_counted(call.positional)}, more than `{stand_in.given.name}` takes"
        message = f"{passes} {given}: the call raises TypeError"
    return Problem(stand_in.rule, span, stand_in.symbol, message, fix, stand_in.witness(call))


def _given_away(stand_in: StandIn) -> Iterator[Problem]:
    """A method that is no longer called by its name, but is given to something that calls it with other arguments."""
    pair, given = stand_in.pair, stand_in.given
    for call in passed_by_reference(pair.old, pair.new, stand_in.container, stand_in.method):
        if refusal(given.parameters[1:], call) is None:
            continue
        caller = stand_in.before[0].caller.rpartition(".")[2]
        helper = call.caller.rpartition(".")[2]
        message = f"upstream now gives it to `{helper}`, which passes it {_counted(call.positional)}"
        yield Problem(
            stand_in.rule,
            given.span,
            stand_in.symbol,
            f"{message}: the call raises TypeError",
            _take_positional(stand_in),
            hook_witnesses.of_reference(pair.old, stand_in.path, given, caller, helper, call.callee),
        )


def _never_passed(stand_in: StandIn) -> Iterator[Problem]:
    """Parameters with a default that were given a value and now always have their default."""
    before, after = _names(stand_in.before), _names(stand_in.after)
    forwarded = _forwarded(stand_in.pair.new, stand_in.after)
    added = stand_in.added
    for index, parameter in enumerate(stand_in.given.parameters[1:]):
        name = parameter.name
        if parameter.required or name not in before or name in after or forwarded is None or name in forwarded:
            continue
        if any(index < call.positional for call in stand_in.after):
            continue
        passes = f"; upstream now passes {_listed(added)}" if added else ""
        yield Problem(
            stand_in.rule,
            parameter.span,
            stand_in.symbol,
            f"`{name}` is never passed any more, so it always has its default{passes}",
            _rename(added),
            stand_in.witness(*stand_in.after, parameter=name),
            outcome=Outcome.SILENT,
        )


def _forwarded(surface: Surface, calls: Iterable[Passed]) -> frozenset[str] | None:
    """Keywords that the callers themselves take, so may pass on in `**kwargs`; None where that is not known."""
    found: set[str] = set()
    for call in calls:
        accepts = surface.accepts(surface.resolve(call.caller), through_instance=True)
        if accepts is None:
            return None
        found |= accepts.taken | {parameter.name for parameter in accepts.signature.parameters}
    return frozenset(found)


def _names(calls: Iterable[Passed]) -> set[str]:
    return {name for call in calls for name in call.names}


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _counted(positional: int) -> str:
    return f"{positional} positional argument{'s' if positional != 1 else ''}"


def _rename(added: list[str]) -> Fix | None:
    return Fix("upstream", f"`{added[0]}`", "unsafe") if len(added) == 1 else None


def _take_positional(stand_in: StandIn) -> Fix | None:
    """The parameters that upstream's own method has beyond those that are taken here."""
    own = stand_in.pair.new.resolve(stand_in.path).definition
    if not isinstance(own, Function):
        return None
    more = own.signature.positional[len(stand_in.given.parameters) :]
    return Fix("upstream", f"take {_listed([p.name for p in more])}", "unsafe") if more else None
