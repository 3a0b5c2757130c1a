"""Members that a file brings itself: those of its classes, and attributes that it sets on objects of others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from .call_sites import Symbol
from .resolution import Resolver
from .scopes import FileScopes, ScopeKind
from .values import UNKNOWN


class OwnNames(NamedTuple):
    """Names of members.

    Args:
        defined: What its classes and functions are called, what its classes have, and `set`.
        set: What it sets on an object that is none of its own classes'.
    """

    defined: frozenset[str]
    set: frozenset[str]


def own_names(found: FileScopes, resolver: Resolver) -> OwnNames:
    """The members that a file brings itself."""
    assigned = frozenset(_assigned(found, resolver))
    return OwnNames(assigned.union(_defined(found)), assigned)


def _defined(found: FileScopes) -> Iterator[str]:
    for node, scope in found.scopes.items():
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        if scope.kind is ScopeKind.CLASS:
            yield from scope.bindings
            yield from scope.attributes


def _assigned(found: FileScopes, resolver: Resolver) -> Iterator[str]:
    for place in (*found.assignments, *found.unpackings):
        assert isinstance(place.node, ast.Assign)
        for part in (part for target in place.node.targets for part in ast.walk(target)):
            if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
                value = resolver.value(part.value, place.scope)
                if value is UNKNOWN or isinstance(value, Symbol):
                    yield part.attr
    for place in found.calls:
        if isinstance(place.node, ast.Call) and _sets(place.node):
            name = place.node.args[1]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value


def _sets(node: ast.Call) -> bool:
    """`setattr(value, "name", …)`, and `monkeypatch.setattr` of a value."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name == "setattr" and len(node.args) >= 2
