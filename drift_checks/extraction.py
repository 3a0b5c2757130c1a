"""From a parsed file to its call sites: every place that depends on one of the upstreams."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from .call_sites import (
    Arguments,
    AttributeSite,
    CallSite,
    ImportSite,
    Keyword,
    Replacement,
    Site,
    Span,
    SubclassSite,
    Symbol,
)
from .patch_targets import find_patches, instance_of_target, replacement
from .resolution import LocalClass, LocalFunction, Resolver, Value, is_import_function
from .scopes import FileScopes, Guard, Place, decorated, read_scopes


@dataclass(frozen=True, slots=True)
class GuardedSite:
    """A call site, and what must hold for it to run."""

    site: Site
    guards: tuple[Guard, ...]


@dataclass(frozen=True, slots=True)
class FileSites:
    """The call sites of one file, and what evaluates their guards; clear `scopes` when done with it."""

    sites: tuple[GuardedSite, ...]
    resolver: Resolver
    scopes: FileScopes


def extract(tree: ast.Module, upstreams: frozenset[str]) -> FileSites:
    """The call sites of one file.

    Args:
        tree: The parsed file.
        upstreams: Import names of the upstreams.

    Raises:
        RecursionError: If the file is nested too deeply.
    """
    found = read_scopes(tree)
    resolver = Resolver(found, upstreams)
    patches = list(find_patches(found, resolver, upstreams))
    for patch in patches:
        for function in patch.replaced:
            resolver.run_as_method(function.node, instance_of_target(patch.site))
    if patches:
        resolver.forget()
    reader = _SiteReader(resolver, upstreams)
    sites = [GuardedSite(patch.site, patch.guarded.guards) for patch in patches]
    for place in found.imports:
        sites += reader.imports(place)
    for place in found.calls:
        sites += reader.call(place)
    for place in (*found.attributes, *found.names):
        sites += reader.attribute(place)
    for place in found.classes:
        sites += reader.subclass(place)
    return FileSites(tuple(sites), resolver, found)


class _SiteReader:
    def __init__(self, resolver: Resolver, upstreams: frozenset[str]) -> None:
        self._resolver = resolver
        self._upstreams = upstreams

    def _names_upstream(self, path: str) -> bool:
        return path.partition(".")[0] in self._upstreams

    def imports(self, place: Place) -> Iterator[GuardedSite]:
        node = place.node
        if isinstance(node, ast.Import):
            for alias in node.names:
                if self._names_upstream(alias.name):
                    span = Span.of(alias)
                    yield GuardedSite(ImportSite(alias.name, None, span, span), place.guards)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and self._names_upstream(node.module):
            start = node.col_offset + len("from ")
            module_span = Span(node.lineno, start, node.lineno, start + len(node.module))
            for alias in node.names:
                yield GuardedSite(ImportSite(node.module, alias.name, Span.of(alias), module_span), place.guards)

    def call(self, place: Place) -> Iterator[GuardedSite]:
        node = place.node
        assert isinstance(node, ast.Call)
        value = self._resolver.value(node.func, place.scope)
        given = self._resolver.value(node, place.scope)
        if is_import_function(value) and isinstance(given, Symbol):
            if self._names_upstream(given.path) and "." in given.path:
                span = Span.of(node.args[0])
                yield GuardedSite(ImportSite(given.path, None, span, span), place.guards)
            return
        symbol = self._callee(value)
        if symbol is not None and self._names_upstream(symbol.path):
            site = CallSite(symbol, read_arguments(node), Span.of(node), _last_name(node.func))
            yield GuardedSite(site, place.guards)

    def _callee(self, value: Value) -> Symbol | None:
        """What a call of a value calls; a local class without a constructor of its own calls its base's."""
        if isinstance(value, Symbol):
            return value.member("__call__") if value.is_object else value
        if not isinstance(value, LocalClass) or value.node.decorator_list or value.node.keywords:
            return None
        if any(_shapes_constructor(statement) for statement in value.node.body):
            return None
        return self._resolver.upstream_base(value)

    def attribute(self, place: Place) -> Iterator[GuardedSite]:
        node = place.node
        assert isinstance(node, ast.expr)
        value = self._resolver.value(node, place.scope)
        if not isinstance(value, Symbol) or not self._names_upstream(value.path) or value.is_object:
            return
        imported = self._resolver.imported(node, place.scope)
        if value.path != imported or value.steps:
            yield GuardedSite(AttributeSite(value, _last_name(node), imported), place.guards)

    def subclass(self, place: Place) -> Iterator[GuardedSite]:
        node = place.node
        assert isinstance(node, ast.ClassDef)
        for base in node.bases:
            value = self._resolver.value(base, place.scope)
            if isinstance(value, Symbol) and not value.steps and self._names_upstream(value.path):
                yield GuardedSite(SubclassSite(node.name, value, Span.of(base), _overrides(node, place)), place.guards)


def read_arguments(node: ast.Call) -> Arguments:
    """What a call passes, as it is written."""
    positional: list[Span] = []
    star = False
    for argument in node.args:
        star = star or isinstance(argument, ast.Starred)
        if not star:
            positional.append(Span.of(argument))
    keywords = tuple(Keyword(k.arg, Span.of(k)) for k in node.keywords if k.arg is not None)
    return Arguments(tuple(positional), keywords, star, any(k.arg is None for k in node.keywords))


def _last_name(node: ast.expr) -> Span:
    """Of the last name of a dotted expression: what a user would edit."""
    whole = Span.of(node)
    if isinstance(node, ast.Attribute):
        return whole._replace(line=whole.end_line, column=whole.end_column - len(node.attr.encode()))
    return whole


def _shapes_constructor(statement: ast.stmt) -> bool:
    """A definition of `__init__` or `__new__`, or a field that a dataclass would pass to it."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return statement.name in ("__init__", "__new__")
    return isinstance(statement, ast.AnnAssign)


def _overrides(node: ast.ClassDef, place: Place) -> tuple[Replacement, ...]:
    methods = [s for s in node.body if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return tuple(
        replacement(LocalFunction(method, place.scope))
        for method in methods
        if not decorated(method, "property", "cached_property", "setter", "staticmethod", "overload", "getter")
    )
