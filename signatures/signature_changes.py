"""What a caller of one signature notices under another."""

from __future__ import annotations

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
    keyword_only: list[Parameter] = []
    for name, parameter in before.items():
        now = after.get(name)
        if now is not None and parameter.kind is not Kind.KEYWORD_ONLY and now.kind is Kind.KEYWORD_ONLY:
            keyword_only.append(parameter)
        change = _lost(parameter, substitutes.get(name), new) if now is None else _redefined(parameter, now)
        if change is not None:
            yield change
    yield from _keyword_only(old, new.signature, keyword_only)
    replaced = set(substitutes.values())
    for name, parameter in after.items():
        if name not in before and name not in replaced and parameter.required:
            yield ParameterChange("parameter-required", name, f"`{name}` is new and required")
    shift = None if _all_keyword_only(old, new.signature) else _shifted(old, new.signature, substitutes)
    if shift is not None:
        yield shift


def _named(signature: Signature) -> dict[str, Parameter]:
    return {parameter.name: parameter for parameter in signature.parameters if parameter.kind not in _VARIADIC}


def _redefined(before: Parameter, now: Parameter) -> ParameterChange | None:
    name = before.name
    if not before.required and now.required:
        return ParameterChange("parameter-required", name, f"`{name}` has no default any more")
    if not before.required and before.default != now.default:
        return ParameterChange("default-changed", name, f"`{name}` defaults to {now.default}, was {before.default}")
    return None


def _lost(parameter: Parameter, substitute: str | None, new: Acceptance) -> ParameterChange | None:
    """What becomes of a parameter that is not written in the signature any more."""
    name = parameter.name
    renamed = f"`{name}` is now `{substitute}`" if substitute else ""
    kwargs = new.signature.var_keyword
    variable = f"**{kwargs.name}" if kwargs is not None else "the constructor"
    if name in new.deprecated:
        successor = new.deprecated[name].new
        detail = f"`{name}` is now `{successor}`; still taken" if successor else f"`{name}` is deprecated; still taken"
        return ParameterChange("deprecated-parameter", name, detail)
    if name in new.taken:
        detail = f"`{name}` is keyword-only, through {variable}"
        return None if parameter.kind is Kind.KEYWORD_ONLY else ParameterChange("parameter-keyword-only", name, detail)
    if new.kwargs == "taken":
        detail = f"{renamed or f'`{name}` is gone'}; the old keyword is swallowed by {variable}"
        return ParameterChange("parameter-swallowed", name, detail)
    if renamed:
        return ParameterChange("parameter-renamed", name, renamed)
    unknown = f"; whether {variable} takes it is not known" if new.kwargs == "unknown" else ""
    return ParameterChange("parameter-removed", name, f"`{name}` is gone{unknown}")


def _keyword_only(old: Signature, new: Signature, parameters: list[Parameter]) -> Iterator[ParameterChange]:
    """One change for all of them: a `*` that was put in is one event."""
    if not parameters:
        return
    names = [f"`{parameter.name}`" for parameter in parameters]
    if len(names) == 1:
        detail = f"{names[0]} is keyword-only"
    elif _all_keyword_only(old, new):
        # Without names, the same event is one row for all classes that it happens to.
        detail = "all parameters that were positional are keyword-only"
        if new.positional:
            detail += f"; the first positional argument is now `{new.positional[0].name}`"
    else:
        detail = f"{', '.join(names[:-1])} and {names[-1]} are keyword-only"
    yield ParameterChange("parameter-keyword-only", parameters[0].name, detail)


def _all_keyword_only(old: Signature, new: Signature) -> bool:
    """Whether no old positional parameter is positional any more, and more than one is still there."""
    kept = [now for parameter in old.positional if (now := new.get(parameter.name)) is not None]
    return len(kept) > 1 and all(now.kind is Kind.KEYWORD_ONLY for now in kept)


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
