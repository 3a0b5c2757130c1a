"""From a parsed file to its call sites: every place that depends on one of the upstreams."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from .call_sites import (
    CALLED,
    Access,
    Arguments,
    AttributeSite,
    CallSite,
    ClassAttribute,
    ImportSite,
    KeySite,
    Keyword,
    Replacement,
    ResultSite,
    Site,
    Span,
    SubclassSite,
    Symbol,
    UnknownSite,
    Use,
    root,
)
from .patch_targets import find_patches, instance_of_target, replacement
from .resolution import UNKNOWN, LocalClass, LocalFunction, Resolver, Value, is_import_function
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
    for read, places in (
        (reader.imports, found.imports),
        (reader.call, found.calls),
        (reader.attribute, [*found.attributes, *found.names]),
        (reader.subclass, found.classes),
        (reader.unpacking, found.unpackings),
        (reader.subscript, found.subscripts),
    ):
        for place in places:
            sites += read(place)
    imports = reader.imported(sites)
    if imports:
        for place in (*found.calls, *found.attributes):
            sites += reader.unknown(place, imports)
    return FileSites(tuple(sites), resolver, found)


class _SiteReader:
    def __init__(self, resolver: Resolver, upstreams: frozenset[str]) -> None:
        self._resolver = resolver
        self._upstreams = upstreams
        self._called: set[ast.AST] = set()

    def _names_upstream(self, path: str) -> bool:
        return root(path) in self._upstreams

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
            yield GuardedSite(AttributeSite(value, _last_name(node), imported, _access(node)), place.guards)
        if value.steps[-2:-1] == (CALLED,) and isinstance(node, ast.Attribute):
            function = value._replace(steps=value.steps[:-2])
            given = read_arguments(node.value) if isinstance(node.value, ast.Call) else None
            site = ResultSite(function, given, Use.ATTRIBUTE, node.attr, 0, _last_name(node))
            yield GuardedSite(site, place.guards)

    def unpacking(self, place: Place) -> Iterator[GuardedSite]:
        """`a, b = function(…)`."""
        node = place.node
        assert isinstance(node, ast.Assign)
        for target in node.targets:
            if isinstance(target, (ast.Tuple, ast.List)):
                starred = any(isinstance(element, ast.Starred) for element in target.elts)
                count = -1 if starred else len(target.elts)
                yield from self._result(node.value, place, Use.UNPACKED, "", count, Span.of(target))

    def subscript(self, place: Place) -> Iterator[GuardedSite]:
        """`function(…)[0]`, and `value["key"]` of a value that is no result."""
        node = place.node
        assert isinstance(node, ast.Subscript)
        key, span = _constant(node.slice), Span.of(node.slice)
        results = list(self._result(node.value, place, Use.INDEXED, key, 0, span))
        yield from results
        value = self._resolver.value(node.value, place.scope)
        if not results and isinstance(value, Symbol) and self._names_upstream(value.path):
            access = Access.READ if isinstance(node.ctx, ast.Load) else Access.WRITTEN
            yield GuardedSite(KeySite(value, key, span, access), place.guards)

    def _result(
        self, node: ast.expr, place: Place, use: Use, name: str, count: int, span: Span
    ) -> Iterator[GuardedSite]:
        value = self._resolver.value(node, place.scope)
        if isinstance(value, Symbol) and value.steps[-1:] == (CALLED,) and self._names_upstream(value.path):
            given = read_arguments(node) if isinstance(node, ast.Call) else None
            function = value._replace(steps=value.steps[:-1])
            yield GuardedSite(ResultSite(function, given, use, name, count, span), place.guards)

    def imported(self, sites: list[GuardedSite]) -> frozenset[str]:
        """The dotted paths that the file imports from the upstreams."""
        imports = [guarded.site for guarded in sites if isinstance(guarded.site, ImportSite)]
        return frozenset(f"{s.module}.{s.name}" if s.name not in (None, "*") else s.module for s in imports)

    def unknown(self, place: Place, imports: frozenset[str]) -> Iterator[GuardedSite]:
        """A member of a value that nothing tells the type of; a called one is read at its call."""
        node = place.node
        arguments = read_arguments(node) if isinstance(node, ast.Call) else None
        member = node.func if isinstance(node, ast.Call) else node
        if not isinstance(member, ast.Attribute) or self._resolver.value(member.value, place.scope) is not UNKNOWN:
            return
        if arguments is None and member in self._called:
            return
        self._called.add(member)
        receiver = member.value
        name = {ast.Name: "id", ast.Attribute: "attr"}.get(type(receiver), "")
        called = getattr(receiver, name) if name else ""
        site = UnknownSite(member.attr, arguments, _last_name(member), called, imports, _access(member))
        yield GuardedSite(site, place.guards)

    def subclass(self, place: Place) -> Iterator[GuardedSite]:
        node = place.node
        assert isinstance(node, ast.ClassDef)
        for base in node.bases:
            value = self._resolver.value(base, place.scope)
            if isinstance(value, Symbol) and not value.steps and self._names_upstream(value.path):
                site = SubclassSite(node.name, value, Span.of(base), _overrides(node, place), _assigned(node))
                yield GuardedSite(site, place.guards)


def read_arguments(node: ast.Call) -> Arguments:
    """What a call passes, as it is written."""
    positional: list[Span] = []
    star = False
    for argument in node.args:
        star = star or isinstance(argument, ast.Starred)
        if not star:
            positional.append(Span.of(argument))
    keywords = tuple(Keyword(k.arg, Span.of(k), _constant(k.value)) for k in node.keywords if k.arg is not None)
    values = tuple(_constant(argument) for argument in node.args[: len(positional)])
    return Arguments(tuple(positional), keywords, star, any(k.arg is None for k in node.keywords), values)


def _constant(node: ast.expr) -> str:
    """A constant as `repr` writes it; "" for any other expression."""
    return repr(node.value) if isinstance(node, ast.Constant) else ""


def _access(node: ast.expr) -> Access:
    written = isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
    return Access.WRITTEN if written else Access.READ


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


_KINDS: dict[type[ast.expr], str] = {ast.List: "list", ast.Dict: "dict", ast.Tuple: "tuple", ast.Set: "set"}


def _assigned(node: ast.ClassDef) -> tuple[ClassAttribute, ...]:
    found = []
    for statement in node.body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            value = statement.value
            kind = type(value.value).__name__ if isinstance(value, ast.Constant) else _KINDS.get(type(value), "")
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            found += [ClassAttribute(name, kind.replace("NoneType", "None"), Span.of(value)) for name in names]
    return tuple(found)


def _overrides(node: ast.ClassDef, place: Place) -> tuple[Replacement, ...]:
    methods = [s for s in node.body if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return tuple(
        replacement(LocalFunction(method, place.scope))
        for method in methods
        if not decorated(method, "property", "cached_property", "setter", "staticmethod", "overload", "getter")
    )
