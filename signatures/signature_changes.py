"""What a caller of one signature notices under another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from .acceptance import Acceptance
from .model import Kind, Parameter, Signature
from .renames import renamed

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


def signature_changes(old: Acceptance, new: Acceptance) -> Iterator[ParameterChange]:
    """What a caller of the old signature can notice.

    Args:
        old: What a call could pass; the bound first parameter left out.
        new: What a call may pass now.
    """
    before, after = _named(old.signature), _named(new.signature)
    keyword_only = [p for p in before.values() if p.kind is not Kind.KEYWORD_ONLY and _is_keyword_only(p.name, new)]
    positional = [p.name for p in old.signature.positional if p.name in after and p not in keyword_only]
    if keyword_only:
        detail = _star(keyword_only, positional, old.signature, new.signature)
        yield ParameterChange("parameter-keyword-only", "", detail)
    undone = old.deprecated.keys() - new.deprecated.keys()
    substitutes = {name: renamed(old, new, name) for name in [*before, *sorted(undone)] if name not in after}
    for name, substitute in substitutes.items():
        change = _lost(name, substitute, new)
        if change is not None:
            yield change
    for name, parameter in after.items():
        change = _redefined(before[name], parameter) if name in before else None
        if name not in before and parameter.required and name not in substitutes.values():
            change = ParameterChange("parameter-required", name, f"`{name}` is new and required")
        if change is not None:
            yield change
    # Where nothing is positional any more, what the first argument means is said already.
    if positional or len(keyword_only) < 2:
        yield from _shifted(old.signature, new.signature)


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


def _lost(name: str, substitute: str | None, new: Acceptance) -> ParameterChange | None:
    """What becomes of a keyword that is not written in the signature any more."""
    if name in new.deprecated:
        what = f"is now `{substitute}`" if substitute else "is deprecated"
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


def _shifted(old: Signature, new: Signature) -> Iterator[ParameterChange]:
    """The first positional argument that lands in another parameter; one that only has another name is none."""
    for index, (before, after) in enumerate(zip(old.positional, new.positional, strict=False)):
        if before.name != after.name and (new.get(before.name) is not None or old.get(after.name) is not None):
            detail = f"positional argument {index + 1} is now `{after.name}`, was `{before.name}`"
            yield ParameterChange("positional-shift", before.name, detail)
            return
