"""Recognising places that replace something in an upstream, by what they say and not by a helper's name."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from signatures.model import Kind

from .call_sites import CALLED, LocalParameter, PatchSite, Replacement, Span, Symbol
from .resolution import Resolver, is_dotted
from .scopes import FileScopes, Place, every_parameter
from .values import LocalFunction, Text, Value

_MOCKS = ("unittest.mock.patch", "mock.patch", "mock.mock.patch")
_PATCHING_FIXTURES = {"monkeypatch": "setattr", "mocker": "patch"}


class Patch(NamedTuple):
    """A recognised patch.

    Args:
        site: What is judged.
        guarded: The statement or call, with what must hold for it to run.
        replaced: Every local function that will run in the place of the target.
    """

    site: PatchSite
    guarded: Place
    replaced: tuple[LocalFunction, ...]


class _Target(NamedTuple):
    container: str
    member: str
    span: Span
    strict: bool
    in_string: bool
    rest: tuple[ast.expr, ...]


def find_patches(found: FileScopes, resolver: Resolver, upstreams: frozenset[str]) -> Iterator[Patch]:
    """The patches of one file.

    Args:
        found: What the walk over the file collected.
        resolver: Gives the values of its expressions.
        upstreams: Import names of the upstreams.
    """
    for place in found.calls:
        assert isinstance(place.node, ast.Call)
        target = _call_target(place.node, place, resolver, upstreams)
        if target is not None:
            yield from _patch(place, target, resolver)
    for place in found.assignments:
        assert isinstance(place.node, ast.Assign)
        for node in place.node.targets:
            if isinstance(node, ast.Attribute):
                container = resolver.value(node.value, place.scope)
                if _importable(container, upstreams):
                    rest = (place.node.value,)
                    yield from _patch(
                        place, _Target(str(container), node.attr, Span.of(node), False, False, rest), resolver
                    )


def _importable(value: Value, upstreams: frozenset[str]) -> bool:
    return isinstance(value, Symbol) and not value.steps and value.upstream in upstreams


def _call_target(call: ast.Call, place: Place, resolver: Resolver, upstreams: frozenset[str]) -> _Target | None:
    arguments = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg is not None)]
    if not arguments or not _may_name_target(arguments[0], upstreams):
        return None
    first = resolver.value(arguments[0], place.scope)
    importable = _importable(first, upstreams)
    if not importable and not (isinstance(first, Text) and _names_member(first.value, upstreams)):
        return None
    second = resolver.value(arguments[1], place.scope) if len(arguments) > 1 else None
    member = second.value if isinstance(second, Text) and second.value.isidentifier() else ""
    patcher = _patcher(call.func, place, resolver)
    if isinstance(first, Text):
        if member and not patcher.endswith("patch"):
            container, rest = first.value, tuple(arguments[2:])
        else:
            container, _, member = first.value.rpartition(".")
            rest = tuple(arguments[1:])
        if patcher or _functions(rest, place, resolver):
            return _Target(container, member, Span.of(arguments[0]), True, True, rest)
    elif member:
        rest = tuple(arguments[2:])
        if patcher or _functions(rest, place, resolver):
            return _Target(str(first), member, Span.of(arguments[1]), patcher != "setattr", True, rest)
    return None


def _names_member(path: str, upstreams: frozenset[str]) -> bool:
    return "." in path and path.partition(".")[0] in upstreams and is_dotted(path)


def _may_name_target(node: ast.expr, upstreams: frozenset[str]) -> bool:
    """A cheap test before anything is resolved: most calls of a program patch nothing."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and node.value.partition(".")[0] in upstreams
    return isinstance(node, (ast.Name, ast.Attribute))


def _patcher(function: ast.expr, place: Place, resolver: Resolver) -> str:
    """Which well-known patcher is called; "" for any other function."""
    if isinstance(function, ast.Name) and function.id == "setattr":
        return "setattr"
    value = resolver.value(function, place.scope)
    if isinstance(value, Symbol):
        path = value.path.removesuffix(".object")
        if path in _MOCKS and not value.steps:
            return "patch" if value.path == path else "patch.object"
    if isinstance(function, ast.Attribute):
        owner = function.value
        if isinstance(owner, ast.Attribute) and function.attr == "object" and owner.attr == "patch":
            function, owner = owner, owner.value  # `mocker.patch.object`
            object_patch = True
        else:
            object_patch = False
        if isinstance(owner, ast.Name) and _PATCHING_FIXTURES.get(owner.id) == function.attr:
            return f"{owner.id}.{function.attr}{'.object' if object_patch else ''}"
    return ""


def _functions(nodes: Iterable[ast.expr], place: Place, resolver: Resolver) -> list[LocalFunction]:
    """The local functions among arguments, those in list and tuple displays included, in order."""
    found = []
    for node in nodes:
        for item in node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]:
            value = resolver.value(item, place.scope)
            if isinstance(value, LocalFunction):
                found.append(value)
    return found


def _patch(place: Place, target: _Target, resolver: Resolver) -> Iterator[Patch]:
    functions = _functions(target.rest, place, resolver)
    in_list = any(isinstance(node, (ast.List, ast.Tuple)) for node in target.rest)
    replaced = [resolver.returned_function(function) or function for function in functions]
    # Of several wrappers the last is the outermost, and the one that upstream calls.
    outermost = replaced[-1] if replaced else None
    if outermost is not None and in_list and outermost is functions[-1]:
        outermost = None
    yield Patch(
        PatchSite(
            target.container,
            target.member,
            target.span,
            target.strict,
            target.in_string,
            replacement(outermost) if outermost is not None else None,
        ),
        place,
        tuple(function for function in replaced if _takes_self(function)),
    )


def _takes_self(function: LocalFunction) -> bool:
    """Whether its first parameter is an instance, by the name that everyone gives it."""
    parameters = list(every_parameter(function.node.args))
    return bool(parameters) and parameters[0].arg == "self"


def replacement(function: LocalFunction) -> Replacement:
    """A local function as the rules compare it with the upstream one that it replaces."""
    node = function.node
    if isinstance(node, ast.Lambda):
        name, span = "<lambda>", Span.of(node)
    else:
        name, span = node.name, _name_span(node)
    return Replacement(name, local_parameters(node.args), span, _takes_self(function))


def _name_span(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Span:
    """Of `name` in `def name(`; the keyword is followed by one blank, as every formatter writes it."""
    start = node.col_offset + len("async def " if isinstance(node, ast.AsyncFunctionDef) else "def ")
    return Span(node.lineno, start, node.lineno, start + len(node.name.encode()))


def local_parameters(arguments: ast.arguments) -> tuple[LocalParameter, ...]:
    """The parameters of a downstream function."""
    positional = [*arguments.posonlyargs, *arguments.args]
    first_default = len(positional) - len(arguments.defaults)
    found = []
    for index, argument in enumerate(positional):
        kind = Kind.POSITIONAL_ONLY if index < len(arguments.posonlyargs) else Kind.POSITIONAL_OR_KEYWORD
        found.append(LocalParameter(argument.arg, kind, index < first_default, Span.of(argument)))
    if arguments.vararg is not None:
        found.append(LocalParameter(arguments.vararg.arg, Kind.VAR_POSITIONAL, False, Span.of(arguments.vararg)))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append(LocalParameter(argument.arg, Kind.KEYWORD_ONLY, default is None, Span.of(argument)))
    if arguments.kwarg is not None:
        found.append(LocalParameter(arguments.kwarg.arg, Kind.VAR_KEYWORD, False, Span.of(arguments.kwarg)))
    return tuple(found)


def instance_of_target(site: PatchSite) -> Symbol:
    """What `self` is in a function that replaces the target."""
    return Symbol(site.container).step(CALLED)
