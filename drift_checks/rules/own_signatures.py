"""A downstream function against the signature of the upstream one that it replaces, where no call is known."""

from __future__ import annotations

from typing import NamedTuple

from signatures.model import Function, Kind, Parameter, Signature

from .. import hook_witnesses
from ..call_sites import LocalParameter, Replacement
from ..findings import Confidence, Fix
from .declarations import FINE, UNRESOLVED, Judgement, Pair, Problem, Rule


class _Taker(NamedTuple):
    """What a function takes, its receiver left out."""

    parameters: tuple[LocalParameter, ...]

    @property
    def by_position(self) -> tuple[LocalParameter, ...]:
        return tuple(p for p in self.parameters if p.kind <= Kind.POSITIONAL_OR_KEYWORD)

    def at(self, position: int) -> bool:
        """Whether it takes an argument at that position."""
        return position < len(self.by_position) or self._has(Kind.VAR_POSITIONAL)

    def named(self, name: str) -> bool:
        """Whether it takes a keyword."""
        kinds = (Kind.POSITIONAL_OR_KEYWORD, Kind.KEYWORD_ONLY)
        return any(p.name == name and p.kind in kinds for p in self.parameters) or self._has(Kind.VAR_KEYWORD)

    def _has(self, kind: Kind) -> bool:
        return any(p.kind == kind for p in self.parameters)


def judge_own_signature(rule: Rule, given: Replacement, path: str, pair: Pair, *, bound: bool) -> Judgement:
    """A replacement against what every call of the upstream function passes: what it requires, and no more than it has.

    Args:
        rule: What to report it as.
        given: The downstream function.
        path: The upstream function.
        pair: The two releases.
        bound: Its first argument is the instance or the class.
    """
    old, new = (surface.resolve(path).definition for surface in pair)
    if not isinstance(old, Function) or not isinstance(new, Function) or "overload" in old.flags | new.flags:
        return UNRESOLVED
    if old.signature == new.signature or bound is not given.bound or old.is_static or new.is_static:
        return FINE if old.signature == new.signature else UNRESOLVED
    before, after = ((each.signature.without_first() if bound else each.signature) for each in (old, new))
    taker = _Taker(given.parameters[1:] if bound else given.parameters)
    if _never_taken(taker, before) or _never_given(taker, before):
        return FINE
    symbol = pair.new.resolve(path).canonical
    witness = hook_witnesses.of_own_signature(pair.old, path, given)
    unmet = _never_given(taker, after)
    if unmet is not None:
        message = f"`{unmet.name}` is required here, and `{new.name}` has no such parameter any more"
        return Judgement((Problem(rule, unmet.span, symbol, message, witness=witness),))
    refused = _never_taken(taker, after)
    if refused is not None:
        message = f"`{new.name}` now requires `{refused.name}`, which is not taken here"
        fix = Fix("upstream", f"take `{refused.name}`", "unsafe")
        return Judgement((Problem(rule, given.span, symbol, message, fix, witness),))
    added = [p for i, p in enumerate(after.parameters) if before.get(p.name) is None and not _taken(taker, p, i)]
    if added:
        message = f"`{new.name}` now has `{added[0].name}`, which is not taken here"
        fix = Fix("upstream", f"take `{added[0].name}`", "unsafe")
        likely = Problem(rule, given.span, symbol, message, fix, confidence=Confidence.LIKELY)
        return Judgement((likely,))
    return FINE


def _never_taken(taker: _Taker, own: Signature) -> Parameter | None:
    """A parameter that every call gives a value, and that is taken neither by position nor by its name."""
    required = (p for index, p in enumerate(own.parameters) if p.required and not _taken(taker, p, index))
    return next(required, None)


def _taken(taker: _Taker, parameter: Parameter, index: int) -> bool:
    if parameter.kind in (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD):
        return True
    by_position = parameter.kind <= Kind.POSITIONAL_OR_KEYWORD and taker.at(index)
    return by_position or (parameter.kind is not Kind.POSITIONAL_ONLY and taker.named(parameter.name))


def _never_given(taker: _Taker, own: Signature) -> LocalParameter | None:
    """A parameter that is required here, and that no call of the upstream function can give a value."""
    for parameter in taker.parameters:
        if not parameter.required or own.var_keyword is not None or own.get(parameter.name) is not None:
            continue
        position = taker.by_position.index(parameter) if parameter in taker.by_position else None
        if position is None or (position >= len(own.positional) and own.var_positional is None):
            return parameter
    return None
