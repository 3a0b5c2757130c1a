"""What an upstream's own methods pass to a method of their class, and whether a downstream function takes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from signatures.model import Function, HookCall, Kind
from signatures.surface import Surface

from ..call_sites import LocalParameter


class Passed(NamedTuple):
    """What one upstream call passes to a method, `self` left out.

    Args:
        caller: Path of the method that calls.
        callee: What it calls, as it is written there: `self.method`, or a parameter that it was given the method in.
        positional: How many positional arguments.
        always: Keywords that it passes each time.
        perhaps: Keywords that it may pass.
    """

    caller: str
    callee: str
    positional: int
    always: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """Keywords that it passes or may pass."""
        return self.always | self.perhaps


def passed_to(surface: Surface, container: str, method: str, replaced: frozenset[str]) -> list[Passed] | None:
    """What the upstream's own methods pass when they call a method of the class.

    Args:
        surface: The release.
        container: Path of the class.
        method: The method's name.
        replaced: Methods of the class that the downstream replaces: their own calls no longer run.

    Returns:
        None where it cannot be told.
    """
    own = surface.resolve(f"{container}.{method}")
    if not isinstance(own.definition, Function) or own.definition.is_property or own.definition.is_static:
        return None
    found = []
    for caller, hook in surface.hook_calls(container, method):
        name = caller.rpartition(".")[2]
        if name in replaced or hook.receiver == "super" or not _runs(surface, container, caller):
            continue
        call = _passed(caller, hook, own.definition)
        if call is None:
            return None
        found.append(call)
    return found


def passed_by_reference(old: Surface, new: Surface, container: str, method: str) -> list[Passed]:
    """What a method is called with that is given to a parameter now, and was called by name before.

    The annotation of such a parameter says what it is called with: `sampler_fn: Callable[[Dataset], Sampler]`. It is
    told only where one caller gives one callable, and one of the methods that it called before is called no longer.

    Args:
        old: The release where it is called by name.
        new: The release where it no longer is.
        container: Path of the class.
        method: The method's name.
    """
    found = []
    for caller in sorted({caller.rpartition(".")[2] for caller, _ in old.hook_calls(container, method)}):
        before, after = (surface.resolve(f"{container}.{caller}").definition for surface in (old, new))
        if not isinstance(before, Function) or not isinstance(after, Function):
            continue
        called = {hook.name for hook in before.body.hooks if hook.receiver != "super"}
        if [name for name in sorted(called) if _only_kept(new, container, name)] != [method]:
            continue
        fresh = [hook for hook in after.body.hooks if hook.name not in called]
        given = [each for hook in fresh for each in _callables(new, hook, container)]
        if len(given) == 1:
            found += given
    return found


def _only_kept(surface: Surface, container: str, method: str) -> bool:
    """Whether a class still has a method, but no method of it calls it by its name."""
    exists = isinstance(surface.resolve(f"{container}.{method}").definition, Function)
    return exists and not surface.hook_calls(container, method)


def _callables(surface: Surface, hook: HookCall, container: str) -> Iterator[Passed]:
    """The parameters annotated as callables that a call gives by keyword."""
    called = surface.resolve(f"{container}.{hook.name}")
    if hook.receiver == "super" or not isinstance(called.definition, Function):
        return
    for keyword in hook.keywords:
        parameter = called.definition.signature.get(keyword)
        count = _callable_with(parameter.annotation) if parameter is not None and parameter.annotation else None
        if count is not None:
            yield Passed(called.canonical, keyword, count)


def _callable_with(annotation: str) -> int | None:
    """How many arguments an annotated callable is called with."""
    try:
        tree = ast.parse(annotation, mode="eval")
    except (SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).rpartition(".")[2] == "Callable":
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
            return len(parts[0].elts) if parts and isinstance(parts[0], ast.List) else None
    return None


def _runs(surface: Surface, container: str, caller: str) -> bool:
    """Whether a method of a base is what the class runs, itself or through `super()`."""
    name = caller.rpartition(".")[2]
    effective = surface.resolve(f"{container}.{name}")
    if effective.canonical == caller:
        return True
    definition = effective.definition
    return isinstance(definition, Function) and any(
        hook.receiver == "super" and hook.name == name for hook in definition.body.hooks
    )


def _passed(caller: str, hook: HookCall, method: Function) -> Passed | None:
    """A call that passes `**kwargs` on gives the method every parameter it has, each by its name."""
    callee, keywords = f"{hook.receiver}.{hook.name}", frozenset(hook.keywords)
    if not hook.double_star:
        return None if hook.star else Passed(caller, callee, hook.positional, keywords)
    signature = method.signature.without_first()
    if signature.var_positional is not None or method.body.raises is not None:
        return None
    rest = signature.positional[hook.positional :]
    named = [p for p in rest if p.kind is not Kind.POSITIONAL_ONLY]
    named += [p for p in signature.parameters if p.kind is Kind.KEYWORD_ONLY]
    return Passed(
        caller,
        callee,
        hook.positional,
        keywords | {p.name for p in named if p.required},
        frozenset(p.name for p in named if not p.required) | frozenset(method.body.taken),
    )


class Refusal(NamedTuple):
    """Why a function raises: a parameter that is not given, or a keyword or argument that it does not take."""

    missing: LocalParameter | None = None
    unexpected: str = ""
    too_many: bool = False


def refusal(parameters: tuple[LocalParameter, ...], call: Passed) -> Refusal | None:
    """Why a function of these parameters raises when it is called so; None where it does not, or may not."""
    kinds = {parameter.kind for parameter in parameters}
    by_position = [p for p in parameters if p.kind <= Kind.POSITIONAL_OR_KEYWORD]
    if call.positional > len(by_position) and Kind.VAR_POSITIONAL not in kinds:
        return Refusal(too_many=True)
    given = {p.name for p in by_position[: call.positional]} | call.names
    for parameter in parameters:
        if parameter.required and parameter.name not in given:
            return Refusal(missing=parameter)
    if Kind.VAR_KEYWORD not in kinds:
        named = {p.name for p in parameters if p.kind in (Kind.POSITIONAL_OR_KEYWORD, Kind.KEYWORD_ONLY)}
        for name in sorted(call.always - named):
            return Refusal(unexpected=name)
    return None
