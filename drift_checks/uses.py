"""Where a file uses a name that one of its imports gives: to be edited as well, when there is no such name any more."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from .call_sites import ImportSite, Site, Span
from .extraction import FileSites
from .rules import Problem
from .rules.names import MODULE_REMOVED, SYMBOL_REMOVED
from .scopes import Place, Scope

_GONE = (MODULE_REMOVED, SYMBOL_REMOVED)


class _Given(NamedTuple):
    name: str
    scope: Scope


def edited_uses(found: FileSites, site: Site, problem: Problem) -> Iterator[Span]:
    """Where else a file is to be edited, when what it imports is gone and another import does not help.

    Args:
        found: The file's call sites.
        site: Where the problem is met.
        problem: What is met there.
    """
    if isinstance(site, ImportSite) and site.name is not None and problem.rule in _GONE and problem.fix is None:
        yield from _uses(found, site)


def _uses(found: FileSites, site: ImportSite) -> Iterator[Span]:
    """The first use in each line, where nothing but this one import can give the name."""
    given = _given(found, site)
    if given is None or not _is_only_binding(found, given):
        return
    lines = {site.span.line}
    for node in ast.walk(given.scope.node):
        if isinstance(node, ast.Name) and node.id == given.name and node.lineno not in lines:
            lines.add(node.lineno)
            yield Span.of(node)


def _given(found: FileSites, site: ImportSite) -> _Given | None:
    for place in found.scopes.imports:
        if isinstance(place.node, ast.ImportFrom) and not place.guards:
            for alias in place.node.names:
                if Span.of(alias) == site.span:
                    return _Given(alias.asname or alias.name, _binding_scope(place, alias))
    return None


def _binding_scope(place: Place, alias: ast.alias) -> Scope:
    return place.scope.owner(alias.asname or alias.name)


def _is_only_binding(found: FileSites, given: _Given) -> bool:
    bindings = [scope for scope in (*found.scopes.scopes.values(), found.scopes.module) if given.name in scope.bindings]
    return all(scope is given.scope for scope in bindings) and len(given.scope.bindings.get(given.name, ())) == 1
