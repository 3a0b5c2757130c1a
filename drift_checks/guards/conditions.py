"""What conditions are on one release, and whether guarded code is reached there."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import TypeAlias

from packaging.version import Version

from signatures.model import Assignment, Status
from signatures.surface import Surface

from ..call_sites import Symbol
from ..guard_syntax import Caught, Completed, Fallback, Guard, Inside, Test, last_name
from ..locating import acceptance, locate
from ..resolution import Resolver
from ..scopes import Binding, BindingKind, Scope
from ..values import BUILTIN, NOTHING
from .attempts import Attempts
from .evaluation import Evaluator
from .versions import UNKNOWN, asked_by_name, compared, compares_release, is_version_text, names_release, version_of


class Truth(Enum):
    """What a test is on one release."""

    TRUE = "true"
    FALSE = "false"
    OPAQUE = "depends on the release, in a way that is not followed"
    FREE = "does not depend on the release"


Callers: TypeAlias = Callable[[Inside], list[tuple[tuple[Guard, ...], int]] | None]
"""The guards and lines of every use of a private function; None where not all of its uses are known."""

_NEGATED = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE}
_DEEPEST = 12


class Conditions:
    """Conditions of one file on one release of each upstream.

    Args:
        resolver: Of the file.
        surfaces: One release of each upstream, by import name.
        callers: Knows who calls the private functions of the file.
    """

    def __init__(self, resolver: Resolver, surfaces: Mapping[str, Surface], callers: Callers | None = None) -> None:
        self._resolver = resolver
        self._surfaces = surfaces
        self._callers = callers
        self._evaluator = Evaluator(resolver, surfaces, self)
        self._attempts = Attempts(resolver, surfaces, self.answer)
        self._versions = {root: version for root, s in surfaces.items() if (version := _release(s)) is not None}
        self._active: list[object] = []
        self._members: dict[tuple[ast.AST, str], ast.Attribute] = {}

    # Guards

    def runs(self, guards: Iterable[Guard], line: int) -> bool:
        """Whether guarded code is sure to be reached like code without guards.

        Args:
            guards: What must hold.
            line: Where the code stands.
        """
        for guard in guards:
            truth = self._reached(guard, line)
            if truth is Truth.FALSE:
                return False
            if truth is Truth.OPAQUE and not isinstance(guard, Completed):
                return False
            if truth is Truth.FREE and isinstance(guard, Fallback):
                return False
        return True

    def certain(self, guards: Iterable[Guard], line: int) -> Truth:
        """Whether guarded code is reached, as one truth."""
        truths = [self._reached(guard, line) for guard in guards]
        return next((t for t in (Truth.FALSE, Truth.OPAQUE, Truth.FREE) if t in truths), Truth.TRUE)

    def reached(self, guards: Iterable[Guard], line: int) -> bool | None:
        """Whether guarded code is reached; None where that is not known."""
        return {Truth.TRUE: True, Truth.FALSE: False}.get(self.certain(guards, line))

    def _reached(self, guard: Guard, line: int) -> Truth:
        if isinstance(guard, Test):
            truth = self.truth(guard.expression, guard.scope)
            return truth if guard.holds else _NEGATED.get(truth, truth)
        if isinstance(guard, Fallback):
            return self._falls_back(guard)
        if isinstance(guard, Completed):
            return self._tried(guard.attempt.node.body, guard.attempt.scope)
        if isinstance(guard, Caught):
            if guard.attempt is None:
                return Truth.TRUE
            before = self._tried(guard.attempt.node.body, guard.attempt.scope, until=line)
            return Truth.FALSE if before is Truth.FALSE else Truth.TRUE
        return self._called(guard)

    def _falls_back(self, guard: Fallback) -> Truth:
        if guard.types is not None and _DRIFT_ERRORS.isdisjoint(guard.types):
            return Truth.TRUE
        error = self._attempts.error(guard.attempt.node.body, guard.attempt.scope)
        if error is None or isinstance(error, str):
            caught = error is not None and (guard.types is None or not catching(error).isdisjoint(guard.types))
            return Truth.TRUE if caught else Truth.FALSE
        return Truth.OPAQUE if error.release else Truth.FREE

    def _tried(self, body: list[ast.stmt], scope: Scope, until: int = 0) -> Truth:
        error = self._attempts.error(body, scope, until)
        if error is None or isinstance(error, str):
            return Truth.TRUE if error is None else Truth.FALSE
        return Truth.OPAQUE if error.release else Truth.FREE

    def handler_fails(self, guard: Caught, errors: frozenset[str]) -> bool:
        """Whether what catches an error raises one in turn."""
        if guard.attempt is None:
            return False
        for handler in guard.attempt.node.handlers:
            names = None if handler.type is None else {last_name(t) for t in _types(handler.type)}
            if names is None or errors & names:
                return isinstance(self._attempts.error(handler.body, guard.attempt.scope), str)
        return False

    def _called(self, guard: Inside) -> Truth:
        """Whether a private function is called: only if one of its calls is reached."""
        uses = self._callers(guard) if self._callers is not None and guard.function not in self._active else None
        if uses is None:
            return Truth.TRUE
        self._active.append(guard.function)
        try:
            return Truth.TRUE if any(self.runs(guards, line) for guards, line in uses) else Truth.FALSE
        finally:
            self._active.pop()

    # Conditions

    def value(self, node: ast.expr, scope: Scope) -> object:
        """What an expression of a version test gives; `UNKNOWN` where it is not followed."""
        return self._evaluator.value(node, scope)

    def answer(self, node: ast.expr, scope: Scope) -> bool | None:
        """What a condition is, where it is known."""
        return {Truth.TRUE: True, Truth.FALSE: False}.get(self.truth(node, scope))

    def asked_answer(self, node: ast.Call, scope: Scope) -> bool | None:
        """What a call answers as a condition, where it is known."""
        return {Truth.TRUE: True, Truth.FALSE: False}.get(self.asked(node, scope))

    def truth(self, node: ast.expr, scope: Scope) -> Truth:
        """What an expression is as a condition."""
        truths = self._evaluator.truths
        known = truths.get(node)
        if not isinstance(known, Truth):
            truths[node] = Truth.FREE
            known = truths[node] = self._truth(node, scope)
        return known

    def _truth(self, node: ast.expr, scope: Scope) -> Truth:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth(node.operand, scope)
            return _NEGATED.get(inner, inner)
        if isinstance(node, ast.BoolOp):
            return self._joined([self.truth(value, scope) for value in node.values], isinstance(node.op, ast.And))
        if isinstance(node, ast.NamedExpr):
            return self.truth(node.value, scope)
        if isinstance(node, ast.Compare):
            return self._comparison(node, scope)
        value = self._evaluator.value(node, scope)
        if value is not UNKNOWN:
            return Truth.TRUE if value else Truth.FALSE
        if isinstance(node, ast.Call):
            return self.asked(node, scope)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._named(node, scope)
        return self._vague(node, scope)

    def _joined(self, parts: list[Truth], every: bool) -> Truth:
        decisive = Truth.FALSE if every else Truth.TRUE
        return next((t for t in (decisive, Truth.OPAQUE, Truth.FREE) if t in parts), _NEGATED[decisive])

    def _named(self, node: ast.Name | ast.Attribute, scope: Scope) -> Truth:
        value = self._resolver.value(node, scope)
        if isinstance(value, Symbol) and value.path in ("typing.TYPE_CHECKING", "typing_extensions.TYPE_CHECKING"):
            return Truth.FALSE
        candidates = self._candidates(node, scope)
        if candidates is None:
            return Truth.OPAQUE
        truths = {self._bound(binding) for binding in candidates}
        if len(truths) == 1 and not truths <= {Truth.FREE}:
            return truths.pop()
        if Truth.OPAQUE in truths:
            return Truth.OPAQUE
        if not candidates and isinstance(value, Symbol) and not value.steps and value.upstream in self._surfaces:
            return self._exists(value)
        return self._vague(node, scope)

    def _bound(self, binding: Binding) -> Truth:
        """What the value that a statement binds is as a condition."""
        if binding.kind in (BindingKind.FUNCTION, BindingKind.CLASS):
            return Truth.TRUE
        if binding.kind is BindingKind.IMPORT:
            value = Symbol(f"{binding.path}.{binding.attribute}" if binding.attribute else binding.path)
            return self._exists(value) if value.upstream in self._surfaces else Truth.FREE
        if binding.kind is BindingKind.VALUE and isinstance(binding.node, ast.expr) and len(self._active) < _DEEPEST:
            self._active.append(binding)
            try:
                return self.truth(binding.node, binding.scope)
            finally:
                self._active.pop()
        return Truth.FREE

    def chosen(self, node: ast.expr, scope: Scope) -> object:
        """The value of a name; UNKNOWN where several are left, or one that is not followed."""
        if all(binding.kind is not BindingKind.VALUE for binding in self._resolver.bindings(node, scope)):
            return UNKNOWN
        candidates = self._candidates(node, scope)
        if not candidates or len(self._active) >= _DEEPEST:
            return UNKNOWN
        values = []
        for binding in candidates:
            if binding.kind is not BindingKind.VALUE or not isinstance(binding.node, ast.expr):
                return UNKNOWN
            self._active.append(binding)
            try:
                values.append(self._evaluator.value(binding.node, binding.scope))
            finally:
                self._active.pop()
        return values[0] if all(value == values[0] for value in values) else UNKNOWN

    def _candidates(self, node: ast.expr, scope: Scope) -> list[Binding] | None:
        """The bindings of a name that may be the last one to run; None where the release decides that unseen."""
        found: list[Binding] = []
        bindings = self._resolver.bindings(node, scope)
        if len(bindings) == 1 and bindings[0].kind is not BindingKind.IMPORT:
            return bindings
        for binding in reversed(bindings):
            if binding in self._active or len(self._active) >= _DEEPEST:
                return []
            self._active.append(binding)
            try:
                reached = self._binds(binding)
            finally:
                self._active.pop()
            if reached is Truth.OPAQUE and len(bindings) > 1:
                return None
            if reached is not Truth.FALSE:
                found.append(binding)
            if reached is Truth.TRUE and binding.scope is bindings[0].scope:
                break
        return found

    def _binds(self, binding: Binding) -> Truth:
        if binding.kind is BindingKind.IMPORT:
            value = Symbol(f"{binding.path}.{binding.attribute}" if binding.attribute else binding.path)
            if value.upstream in self._surfaces and self._exists(value) is Truth.FALSE:
                return Truth.FALSE
        return self.certain(binding.guards, getattr(binding.node, "lineno", 0))

    def _exists(self, symbol: Symbol) -> Truth:
        """A name that an import may have failed to bind; what a constant holds is not known."""
        found = self._surfaces[symbol.upstream].resolve(symbol.path)
        if found.found and isinstance(found.definition, Assignment):
            return Truth.FREE
        return _found(found.status)

    # Questions

    def asked(self, node: ast.Call, scope: Scope) -> Truth:
        """What a call answers as a condition."""
        name = last_name(node.func)
        if name in ("hasattr", "getattr") and self._resolver.value(node.func, scope) is BUILTIN and len(node.args) > 1:
            return self._has(node, name, scope)
        if name in ("bool", "callable") and len(node.args) == 1:
            return self.truth(node.args[0], scope)
        values = [self._evaluator.value(argument, scope) for argument in node.args]
        if name in ("find_spec", "importorskip") and values and isinstance(values[0], str):
            return self._importable(values[0], node, scope)
        if name.removeprefix("_").removeprefix("is_").removesuffix("_available") in self._surfaces:
            return Truth.TRUE if name.endswith("_available") else self._vague(node, scope)
        answer = asked_by_name(name, values, self._versions)
        if answer is not None:
            return Truth.TRUE if answer else Truth.FALSE
        return self._vague(node, scope)

    def _importable(self, module: str, node: ast.Call, scope: Scope) -> Truth:
        surface = self._surfaces.get(module.partition(".")[0])
        if surface is None:
            return Truth.FREE
        if not surface.module_exists(module):
            return Truth.FALSE
        least = next((self._evaluator.value(k.value, scope) for k in node.keywords if k.arg == "minversion"), None)
        release, bound = version_of(surface.version), version_of(least)
        if least is None:
            return Truth.TRUE
        return Truth.OPAQUE if release is None or bound is None else Truth.TRUE if release >= bound else Truth.FALSE

    def _has(self, node: ast.Call, function: str, scope: Scope) -> Truth:
        """`hasattr(owner, "name")`, and `getattr(owner, "name", default)` as a condition."""
        name = self._evaluator.value(node.args[1], scope)
        if not isinstance(name, str) or not name.isidentifier():
            return Truth.FREE
        member = self._members.setdefault((node, name), ast.Attribute(node.args[0], name, ast.Load()))
        symbol = self._resolver.value(member, scope)
        if not isinstance(symbol, Symbol) or symbol.upstream not in self._surfaces:
            return Truth.FREE
        at = locate(self._surfaces[symbol.upstream], symbol)
        if at is None:
            return Truth.OPAQUE
        if function == "getattr" and at.found.found and isinstance(at.found.definition, Assignment):
            return Truth.FREE
        if function == "getattr" and at.found.missing and len(node.args) > 2:
            return self.truth(node.args[2], scope)
        return _found(at.found.status)

    def _comparison(self, node: ast.Compare, scope: Scope) -> Truth:
        if len(node.ops) > 1:
            operands = [node.left, *node.comparators]
            pairs = zip(operands, node.ops, operands[1:], strict=False)
            return self._joined([self._compared(left, sign, right, node, scope) for left, sign, right in pairs], True)
        return self._compared(node.left, node.ops[0], node.comparators[0], node, scope)

    def _compared(self, left: ast.expr, sign: ast.cmpop, right: ast.expr, node: ast.Compare, scope: Scope) -> Truth:
        values = self._evaluator.value(left, scope), self._evaluator.value(right, scope)
        answer = compared(sign, *values)
        if answer is not None:
            return Truth.TRUE if answer else Truth.FALSE
        truth = Truth.FREE
        if isinstance(sign, (ast.Is, ast.IsNot)) and self._resolver.value(right, scope) is NOTHING:
            present = self.truth(left, scope)
            truth = present if isinstance(sign, ast.IsNot) else _NEGATED.get(present, present)
        elif isinstance(values[1], bool) and isinstance(sign, (ast.Is, ast.Eq)):
            same = self.truth(left, scope)
            truth = same if values[1] else _NEGATED.get(same, same)
        elif isinstance(sign, (ast.In, ast.NotIn)) and isinstance(values[0], str):
            inside = self._listed(values[0], right, scope)
            truth = inside if isinstance(sign, ast.In) else _NEGATED.get(inside, inside)
        return truth if truth is not Truth.FREE else self._vague(node, scope)

    def _listed(self, name: str, where: ast.expr, scope: Scope) -> Truth:
        """`"name" in inspect.signature(function).parameters`, `in dir(owner)`, `in sys.modules`."""
        if isinstance(where, ast.Call) and last_name(where.func) in ("dir", "vars") and where.args:
            member = self._members.setdefault((where, name), ast.Attribute(where.args[0], name, ast.Load()))
            symbol = self._resolver.value(member, scope)
            if isinstance(symbol, Symbol) and symbol.upstream in self._surfaces:
                at = locate(self._surfaces[symbol.upstream], symbol)
                return Truth.OPAQUE if at is None else _found(at.found.status)
            return Truth.FREE
        if isinstance(where, ast.Attribute) and ast.unparse(where) == "sys.modules":
            surface = self._surfaces.get(name.partition(".")[0])
            return Truth.FALSE if surface is not None and not surface.module_exists(name) else Truth.FREE
        names = self._parameters(where, scope)
        return Truth.FREE if names is None else Truth.TRUE if name in names else Truth.FALSE

    def _parameters(self, node: ast.expr, scope: Scope) -> frozenset[str] | None:
        """The names of the parameters that an expression lists."""
        function = asked_function(node, scope, self._resolver)
        if function is None:
            return None
        symbol = self._resolver.value(*function)
        surface = self._surfaces.get(symbol.upstream) if isinstance(symbol, Symbol) else None
        if surface is None or not isinstance(symbol, Symbol):
            return None
        at = locate(surface, symbol)
        accepts = acceptance(surface, at) if at is not None and at.found.found else None
        if accepts is None:
            return None
        return frozenset(parameter.name for parameter in accepts.signature.parameters)

    def _vague(self, node: ast.expr, scope: Scope) -> Truth:
        """A test that is not followed: opaque where its words say that it asks for a release or a signature."""
        for inner in ast.walk(node):
            if isinstance(inner, (ast.Name, ast.Attribute)):
                word = inner.id if isinstance(inner, ast.Name) else inner.attr
                if word in ("signature", "getfullargspec") or names_release(word, self._surfaces):
                    return Truth.OPAQUE
                if word == "__version__" and self._may_be_followed(self._resolver.value(inner, scope)):
                    return Truth.OPAQUE
            elif isinstance(inner, ast.Call) and self._is_comparison(inner):
                return Truth.OPAQUE
        return Truth.FREE

    def _is_comparison(self, node: ast.Call) -> bool:
        given = any(isinstance(a, ast.Constant) and is_version_text(a.value) for a in node.args)
        return given and compares_release(ast.unparse(node.func), self._surfaces)

    def _may_be_followed(self, value: object) -> bool:
        """Whether a `__version__` may be that of an upstream that is asked about."""
        return not isinstance(value, Symbol) or value.upstream in self._surfaces


_CATCH_ALL = frozenset({"Exception", "BaseException"})
_DRIFT_ERRORS = _CATCH_ALL | {"ImportError", "ModuleNotFoundError", "AttributeError", "TypeError", "NameError"}
_ABOVE = {"ModuleNotFoundError": frozenset({"ImportError"})}


def catching(error: str) -> frozenset[str]:
    """The types that catch an error."""
    return _CATCH_ALL | {error} | _ABOVE.get(error, frozenset())


def asked_function(node: ast.expr, scope: Scope, resolver: Resolver) -> tuple[ast.expr, Scope] | None:
    """The function whose parameters an expression lists: `inspect.signature(function).parameters`."""
    for _ in range(8):
        assigned = resolver.assigned(node, scope)
        if assigned is not None:
            node, scope = assigned
        elif isinstance(node, ast.Attribute) and node.attr in ("parameters", "args", "kwonlyargs"):
            node = node.value
        elif isinstance(node, ast.Call) and last_name(node.func) in ("signature", "getfullargspec") and node.args:
            return node.args[0], scope
        elif isinstance(node, ast.Call) and last_name(node.func) in ("set", "list", "tuple", "frozenset"):
            if len(node.args) != 1:
                return None
            node = node.args[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "keys":
            node = node.func.value
        else:
            return None
    return None


def _types(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _release(surface: Surface) -> Version | None:
    return version_of(surface.version)


def _found(status: Status) -> Truth:
    return {Status.FOUND: Truth.TRUE, Status.MISSING: Truth.FALSE}.get(status, Truth.OPAQUE)
