"""Whether the guards of a file keep a problem from its users."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from signatures.op_schemas import is_operator
from signatures.surface import Surface

from ..call_sites import CallSite, ImportSite, PatchSite, Site, Symbol, UnknownSite, root
from ..extraction import FileSites, GuardedSite
from ..findings import Outcome
from ..guard_syntax import Caught, Guard, Inside, Test, last_name
from ..locating import locate
from ..scopes import Scope
from ..values import BUILTIN, LocalClass
from .conditions import Conditions, catching

if TYPE_CHECKING:
    from ..rules.declarations import Problem

_MISSING_RULES = frozenset(
    {"attribute-removed", "attribute-renamed", "symbol-removed", "symbol-moved", "symbol-renamed"}
)


class FileGuards:
    """The guards of one file.

    Args:
        found: The file.
    """

    def __init__(self, found: FileSites) -> None:
        self._found = found
        self._conditions: dict[tuple[str, ...], Conditions] = {}
        self._mentions: Counter[str] | None = None
        self._surfaces: dict[str, list[Surface]] = {}

    def on(self, surfaces: Mapping[str, Surface]) -> Conditions:
        """The conditions of the file on one release of each upstream, by import name."""
        key = tuple(surface.version for surface in surfaces.values())
        if key not in self._conditions:
            self._conditions[key] = Conditions(self._found.resolver, surfaces, self._uses)
            for name, surface in surfaces.items():
                self._surfaces.setdefault(name, []).append(surface)
        return self._conditions[key]

    def cover(
        self, guarded: GuardedSite, problem: Problem, old: Mapping[str, Surface], new: Mapping[str, Surface]
    ) -> bool:
        """Whether a problem cannot happen: the error is handled, or the code does not run on both releases.

        Args:
            guarded: The call site.
            problem: What it meets.
            old: The releases that the code works with, by import name.
            new: The releases that it is moved to.
        """
        if not guarded.guards:
            return False
        breaks = (problem.outcome or problem.rule.outcome) is Outcome.BREAKS
        if breaks and self.handles(guarded, new):
            return True
        if problem.rule.name in _MISSING_RULES and _asked_for(guarded):
            return True
        line = guarded.site.span.line
        return not all(self.on(surfaces).runs(guarded.guards, line) for surfaces in (old, new))

    def handles(self, guarded: GuardedSite, surfaces: Mapping[str, Surface]) -> bool:
        """Whether the code goes on after the error that a call site raises on a release."""
        errors = _errors(guarded.site, surfaces)
        wanted = frozenset(name for error in errors for name in catching(error))
        return any(
            isinstance(guard, Caught)
            and (guard.types is None or not wanted.isdisjoint(guard.types))
            and not self.on(surfaces).handler_fails(guard, wanted)
            for guard in guarded.guards
        )

    # Private functions

    def _uses(self, function: Inside) -> list[tuple[tuple[Guard, ...], int]] | None:
        """The calls of a private function, where nothing but this file's calls can run it."""
        name = function.function.name
        if function.function.decorator_list or not self._is_own(function):
            return None
        calls = [
            (place.guards, place.node.lineno)
            for place in self._found.scopes.calls
            if isinstance(place.node, ast.Call) and last_name(place.node.func) == name
        ]
        if not calls or self._mentioned()[name] > len(calls):
            return None
        return calls

    def _is_own(self, function: Inside) -> bool:
        """Whether a function is no method that an upstream's class has too, and may call."""
        node = function.scope.node
        if not isinstance(node, ast.ClassDef) or function.scope.parent is None:
            return True
        return self._is_free(LocalClass(node, function.scope.parent), function.function.name, function.scope)

    def _is_free(self, owner: LocalClass, name: str, scope: Scope) -> bool:
        for value in self._found.resolver.bases(owner):
            if isinstance(value, LocalClass):
                if value.node is owner.node or not self._is_free(value, name, scope):
                    return False
            elif isinstance(value, Symbol):
                located = [locate(surface, value.member(name)) for surface in self._surfaces.get(value.upstream, ())]
                if not located or not all(at is not None and at.found.missing for at in located):
                    return False
            elif value is not BUILTIN:
                return False
        return True

    def _mentioned(self) -> Counter[str]:
        """How often each name is read in the file, as a name, a member, a keyword or a text."""
        if self._mentions is None:
            self._mentions = Counter(_mentions(self._found.scopes.module.node))
        return self._mentions

    def mentions(self, name: str) -> bool:
        """Whether the file has a name, a member, an import or a text of that name."""
        return self._mentioned()[name] > 0


def _mentions(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
            yield node.value
        elif isinstance(node, ast.keyword) and node.arg is not None:
            yield node.arg
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                yield node.module
            for alias in node.names:
                yield alias.name


def _present(node: ast.expr, holds: bool) -> Iterator[tuple[str, str]]:
    """The receivers and members that exist where a condition holds."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield from _present(node.operand, not holds)
    elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And) is holds:
        for value in node.values:
            yield from _present(value, holds)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from _compared(node.left, node.ops[0], node.comparators[0], holds)
    elif holds:
        yield from _asked(node)


def _asked(node: ast.expr) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Call) and last_name(node.func) == "callable" and node.args:
        yield from _asked(node.args[0])
    elif isinstance(node, ast.Call) and last_name(node.func) in ("hasattr", "getattr") and len(node.args) > 1:
        name = node.args[1]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            yield last_name(node.args[0]), name.value


def _compared(left: ast.expr, sign: ast.cmpop, right: ast.expr, holds: bool) -> Iterable[tuple[str, str]]:
    if isinstance(right, ast.Constant) and right.value is None:
        if isinstance(sign, ast.IsNot if holds else ast.Is):
            yield from _asked(left)
        return
    if not isinstance(right, ast.Call) or last_name(right.func) not in ("dir", "vars"):
        return
    if isinstance(sign, ast.In if holds else ast.NotIn) and isinstance(left, ast.Constant):
        yield from ((last_name(owner), str(left.value)) for owner in right.args[:1])


def _errors(site: Site, surfaces: Mapping[str, Surface]) -> tuple[str, ...]:
    """What a call site raises where it fails."""
    if isinstance(site, ImportSite):
        surface = surfaces.get(root(site.module))
        gone = surface is None or not surface.module_exists(site.module)
        return ("ModuleNotFoundError",) if gone else ("ImportError",)
    if isinstance(site, CallSite):
        surface = surfaces.get(root(site.symbol.path))
        operator = surface is not None and is_operator(surface.resolve(site.symbol.path))
        return ("RuntimeError",) if operator else ("TypeError",)
    return ("AttributeError", "ModuleNotFoundError") if isinstance(site, PatchSite) else ("AttributeError",)


def _asked_for(guarded: GuardedSite) -> bool:
    """`if hasattr(tokenizer, "name"): tokenizer.name()` of a tokenizer that is not known."""
    site = guarded.site
    if not isinstance(site, UnknownSite):
        return False
    tests = [guard for guard in guarded.guards if isinstance(guard, Test)]
    return any((site.receiver, site.name) in set(_present(test.expression, test.holds)) for test in tests)
