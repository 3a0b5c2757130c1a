"""What a caller of one signature notices under another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from .model import Kind, Parameter, Signature
from .surface import Acceptance

_VARIADIC = (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD)


class ParameterChange(NamedTuple):
    """One difference between two signatures.

    Args:
        rule: The rule's name.
        name: The parameter, as the old signature has it (the new one where it is new and required).
        detail: What differs, in words.
    """

    rule: str
    name: str
    detail: str


def signature_changes(old: Signature, new: Acceptance) -> Iterator[ParameterChange]:
    """What a caller of the old signature can notice.

    Args:
        old: The signature before, the bound first parameter left out.
        new: What a call may pass now.
    """
    before, after = _named(old), _named(new.signature)
    substitutes = _substitutes(old, new.signature)
    keyword_only = [p for p in before.values() if p.kind is not Kind.KEYWORD_ONLY and _is_keyword_only(p.name, new)]
    positional = [p.name for p in old.positional if p.name in after and p not in keyword_only]
    if keyword_only:
        yield ParameterChange("parameter-keyword-only", "", _star(keyword_only, positional, old, new.signature))
    for name, parameter in before.items():
        now = after.get(name)
        change = _lost(parameter, substitutes.get(name), new) if now is None else _redefined(parameter, now)
        if change is not None:
            yield change
    replaced = set(substitutes.values())
    for name, parameter in after.items():
        if name not in before and name not in replaced and parameter.required:
            yield ParameterChange("parameter-required", name, f"`{name}` is new and required")
    # Where nothing is positional any more, what the first argument means is said already.
    shift = None if len(keyword_only) > 1 and not positional else _shifted(old, new.signature, substitutes)
    if shift is not None:
        yield shift


def _named(signature: Signature) -> dict[str, Parameter]:
    return {parameter.name: parameter for parameter in signature.parameters if parameter.kind not in _VARIADIC}


def _redefined(before: Parameter, now: Parameter) -> ParameterChange | None:
    name = before.name
    if not before.required and now.required:
        return ParameterChange("parameter-required", name, f"`{name}` has no default any more")
    if before.default is None or now.default is None or before.default == now.default:
        return None
    if _value(before.default) != _value(now.default):
        return ParameterChange("default-changed", name, f"`{name}` defaults to {now.default}, was {before.default}")
    return None


def _lost(parameter: Parameter, substitute: str | None, new: Acceptance) -> ParameterChange | None:
    """What becomes of a parameter that is not written in the signature any more."""
    name = parameter.name
    if name in new.deprecated:
        successor = new.deprecated[name].new
        what = f"is now `{successor}`" if successor else "is deprecated"
        return ParameterChange("deprecated-parameter", name, f"`{name}` {what}; still taken")
    if name in new.taken:
        return None
    what = f"`{name}` is now `{substitute}`" if substitute else f"`{name}` is gone"
    kwargs = new.signature.var_keyword
    taker = f"**{kwargs.name}" if kwargs is not None else "the constructor"
    if new.kwargs == "taken":
        return ParameterChange("parameter-swallowed", name, f"{what}; the old keyword is swallowed by {taker}")
    unknown = f"; whether {taker} takes it is not known" if new.kwargs == "unknown" else ""
    return ParameterChange("parameter-renamed" if substitute else "parameter-removed", name, f"{what}{unknown}")


def _is_keyword_only(name: str, new: Acceptance) -> bool:
    now = new.signature.get(name)
    if now is None:
        return name in new.taken and name not in new.deprecated
    return now.kind is Kind.KEYWORD_ONLY


def _star(parameters: list[Parameter], positional: list[str], old: Signature, new: Signature) -> str:
    """One line for all of them: a `*` that was put in is one event.

    Without their names, the same event is one row for all classes that it happens to.
    """
    names = [f"`{parameter.name}`" for parameter in parameters]
    if len(names) == 1:
        return f"{names[0]} is keyword-only"
    if not positional:
        now = f"; the first positional argument is now `{new.positional[0].name}`" if new.positional else ""
        return f"all parameters that were positional are keyword-only{now}"
    order = [parameter.name for parameter in old.positional]
    if order.index(positional[-1]) < order.index(parameters[0].name):
        return f"all parameters after `{positional[-1]}` are keyword-only"
    return f"{', '.join(names[:-1])} and {names[-1]} are keyword-only"


def _value(text: str) -> object:
    """What a default is: `[1, 2]` and `(1, 2)` differ for nobody who only reads it, nor do the two kinds of quotes."""
    try:
        return _frozen(ast.literal_eval(text))
    except (ValueError, SyntaxError):
        return text


def _frozen(value: object) -> object:
    return tuple(map(_frozen, value)) if isinstance(value, (list, tuple)) else (type(value), value)


def _substitutes(old: Signature, new: Signature) -> dict[str, str]:
    """A parameter whose place another one has taken: the same index, kind and default, with all around them kept."""
    before, after = old.parameters, new.parameters
    if len(before) != len(after):
        return {}
    return {
        b.name: a.name
        for b, a in zip(before, after, strict=True)
        if b.name != a.name
        and (b.kind, b.default) == (a.kind, a.default)
        and new.get(b.name) is None
        and old.get(a.name) is None
        and a.kind not in _VARIADIC
    }


def _shifted(old: Signature, new: Signature, substitutes: dict[str, str]) -> ParameterChange | None:
    for index, (before, after) in enumerate(zip(old.positional, new.positional, strict=False)):
        if before.name != after.name and substitutes.get(before.name) != after.name:
            detail = f"positional argument {index + 1} is now `{after.name}`, was `{before.name}`"
            return ParameterChange("positional-shift", before.name, detail)
    return None
