"""Whether the body of a `try` raises on one release."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from signatures.surface import Surface

from ..call_sites import Symbol, root
from ..guard_syntax import handled, last_name
from ..resolution import Resolver
from ..scopes import Scope

_HARMLESS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Pass, ast.Global, ast.Nonlocal)
_LEAVING = (ast.Return, ast.Continue, ast.Break)
_SIMPLE = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Assert, ast.Delete, ast.Return)
_LATER = (ast.Lambda, ast.IfExp, ast.BoolOp, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)
_VERSION_READERS = frozenset({"importlib.metadata.version", "importlib_metadata.version"})


class Doubt(NamedTuple):
    """It is not known whether statements raise.

    Args:
        release: The release may decide.
    """

    release: bool


Error: TypeAlias = str | Doubt | None
"""The type of the exception that statements are sure to raise; None where they are sure to raise none."""


class Attempts:
    """What statements raise on one release of each upstream.

    Args:
        resolver: Of the file.
        surfaces: One release of each upstream, by import name.
        answer: Tells which branch is taken.
    """

    def __init__(
        self,
        resolver: Resolver,
        surfaces: Mapping[str, Surface],
        answer: Callable[[ast.expr, Scope], bool | None],
    ) -> None:
        self._resolver = resolver
        self._surfaces = surfaces
        self._answer = answer

    def error(self, body: list[ast.stmt], scope: Scope, until: int = 0) -> Error:
        """What a block raises.

        Args:
            body: Its statements.
            scope: The scope it stands in.
            until: Only statements that end before this line are looked at; 0 for all.
        """
        doubt: Doubt | None = None
        for statement in body:
            if until and (statement.end_lineno or statement.lineno) >= until:
                break
            found = self._raised(statement, scope)
            if isinstance(found, str):
                # What stands before may raise something else, or nothing.
                return found
            if found is not None:
                doubt = Doubt(found.release or (doubt is not None and doubt.release))
            if isinstance(statement, _LEAVING):
                break
        return doubt

    def _raised(self, statement: ast.stmt, scope: Scope) -> Error:
        if isinstance(statement, ast.Import):
            return self._first(self._import(alias.name, None) for alias in statement.names)
        if isinstance(statement, ast.ImportFrom):
            if statement.level or statement.module is None:
                return Doubt(release=True)
            return self._first(self._import(statement.module, alias.name) for alias in statement.names)
        if isinstance(statement, _SIMPLE):
            return self._first(self._expressions(statement, scope))
        if isinstance(statement, ast.Raise):
            return (last_name(statement.exc) if statement.exc is not None else "") or "Exception"
        if isinstance(statement, ast.If):
            return self._branches(statement, scope)
        if isinstance(statement, ast.Try):
            return self._tried(statement, scope)
        return None if isinstance(statement, (*_HARMLESS, *_LEAVING)) else Doubt(release=True)

    def _first(self, errors: Iterator[Error]) -> Error:
        doubt: Doubt | None = None
        for error in errors:
            if isinstance(error, str):
                return error
            if error is not None:
                doubt = Doubt(error.release or (doubt is not None and doubt.release))
        return doubt

    def _import(self, module: str, name: str | None) -> Error:
        surface = self._surfaces.get(root(module))
        if surface is None:
            return Doubt(release=False)
        if not surface.module_exists(module):
            return "ModuleNotFoundError"
        if name in (None, "*"):
            return None
        found = surface.resolve(f"{module}.{name}")
        return "ImportError" if found.missing else None if found.found else Doubt(release=True)

    def _expressions(self, statement: ast.stmt, scope: Scope) -> Iterator[Error]:
        """What reading the names of a statement raises; a call may raise anything."""
        for node in _executed(statement):
            if isinstance(node, _LATER):
                yield Doubt(release=self._concerns_upstream(node, scope))
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                yield self._read(node, scope)
            elif isinstance(node, (ast.Call, ast.Await, ast.Subscript)):
                value = self._resolver.value(node.func, scope) if isinstance(node, ast.Call) else None
                if not isinstance(value, Symbol) or value.path not in _VERSION_READERS:
                    yield Doubt(release=self._concerns_upstream(node, scope))

    def _read(self, node: ast.Attribute, scope: Scope) -> Error:
        value = self._resolver.value(node, scope)
        if not isinstance(value, Symbol) or value.steps or value.upstream not in self._surfaces:
            return None
        found = self._surfaces[value.upstream].resolve(value.path)
        return "AttributeError" if found.missing else None

    def _concerns_upstream(self, node: ast.AST, scope: Scope) -> bool:
        names = (inner for inner in ast.walk(node) if isinstance(inner, (ast.Name, ast.Attribute)))
        values = (self._resolver.value(name, scope) for name in names)
        return any(isinstance(value, Symbol) and value.upstream in self._surfaces for value in values)

    def _branches(self, statement: ast.If, scope: Scope) -> Error:
        answer = self._answer(statement.test, scope)
        if answer is not None:
            return self.error(statement.body if answer else statement.orelse, scope)
        both = [self.error(body, scope) for body in (statement.body, statement.orelse)]
        return None if both == [None, None] else Doubt(release=True)

    def _tried(self, statement: ast.Try, scope: Scope) -> Error:
        error = self.error(statement.body, scope)
        if isinstance(error, str):
            for handler in statement.handlers:
                types = handled([handler])
                if types is None or {"Exception", "BaseException", error, *_bases(error)} & {*types}:
                    return self.error(handler.body, scope)
            return error
        if isinstance(error, Doubt):
            return error
        return self.error(statement.orelse, scope)


def _executed(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement that are evaluated whatever they give; `_LATER` nodes stand for what is inside them."""
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _LATER):
            pending += ast.iter_child_nodes(node)


def _bases(error: str) -> tuple[str, ...]:
    return ("ImportError",) if error == "ModuleNotFoundError" else ()
