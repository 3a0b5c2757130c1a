"""Whether guarded code runs on a release: version tests, `hasattr`, and exceptions that are caught."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from enum import Enum

from packaging.version import InvalidVersion, Version

from signatures.model import Status
from signatures.surface import Surface

from .call_sites import Symbol
from .locating import locate
from .resolution import NOTHING, Number, Resolver, Text
from .scopes import Caught, Fallback, Guard, Scope, Test


class Truth(Enum):
    """What a test is on one release."""

    TRUE = "true"
    FALSE = "false"
    OPAQUE = "depends on the release, in a way that is not followed"
    FREE = "does not depend on the release"


_CATCH_ALL = frozenset({"Exception", "BaseException"})
_DRIFT_ERRORS = _CATCH_ALL | {"ImportError", "ModuleNotFoundError", "AttributeError", "TypeError", "NameError"}
_VERSION_MAKERS = ("packaging.version.parse", "packaging.version.Version", "packaging.version.LooseVersion")
_VERSION_READERS = ("importlib.metadata.version", "importlib_metadata.version")
_VERSION_TEXT = re.compile(r"v?\d+(\.\d+)+")
_COMPARISON_WORDS = frozenset({"version", "ge", "gte", "gt", "le", "lte", "lt", "greater", "less", "newer", "older"})
_NEGATED = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE}


def caught(guards: Iterable[Guard], errors: frozenset[str]) -> bool:
    """Whether the code handles one of these exceptions by itself."""
    wanted = errors | _CATCH_ALL
    return any(isinstance(guard, Caught) and (guard.types is None or wanted & {*guard.types}) for guard in guards)


def runs(guards: Iterable[Guard], resolver: Resolver, surfaces: Mapping[str, Surface]) -> bool:
    """Whether guarded code is sure to be reached like code without guards, on the given releases.

    Args:
        guards: What must hold.
        resolver: Of the file.
        surfaces: One release of each upstream, by import name.
    """
    reader = _Tests(resolver, surfaces)
    for guard in guards:
        if isinstance(guard, Fallback) and (guard.types is None or not _DRIFT_ERRORS.isdisjoint(guard.types)):
            return False
        if isinstance(guard, Test):
            truth = reader.truth(guard.expression, guard.scope)
            if truth is Truth.OPAQUE or truth is (Truth.FALSE if guard.holds else Truth.TRUE):
                return False
    return True


class _Tests:
    def __init__(self, resolver: Resolver, surfaces: Mapping[str, Surface]) -> None:
        self._resolver = resolver
        self._surfaces = surfaces
        self._depth = 0

    def truth(self, node: ast.expr, scope: Scope) -> Truth:
        """What an expression is as a condition."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth(node.operand, scope)
            return _NEGATED.get(inner, inner)
        if isinstance(node, ast.BoolOp):
            parts = [self.truth(value, scope) for value in node.values]
            decisive = Truth.FALSE if isinstance(node.op, ast.And) else Truth.TRUE
            return next((t for t in (decisive, Truth.OPAQUE, Truth.FREE) if t in parts), _NEGATED[decisive])
        if isinstance(node, ast.Constant):
            return Truth.TRUE if node.value else Truth.FALSE
        if isinstance(node, ast.Compare):
            return self._comparison(node, scope)
        if isinstance(node, ast.Call):
            return self._call(node, scope)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._named(node, scope)
        return self._vague(node, scope)

    def _named(self, node: ast.Name | ast.Attribute, scope: Scope) -> Truth:
        value = self._resolver.value(node, scope)
        if isinstance(value, Symbol):
            if value.path in ("typing.TYPE_CHECKING", "typing_extensions.TYPE_CHECKING"):
                return Truth.FALSE
            if not value.steps and value.upstream in self._surfaces:
                return self._exists(value)
        assigned = self._resolver.assigned(node, scope)
        if assigned is not None and self._depth < 8:
            self._depth += 1
            truth = self.truth(*assigned)
            self._depth -= 1
            if truth is not Truth.FREE and not (isinstance(assigned[0], ast.Constant)):
                return truth
        return self._vague(node, scope)

    def _exists(self, symbol: Symbol) -> Truth:
        """A name that an import may have failed to bind."""
        return _found(self._surfaces[symbol.upstream].resolve(symbol.path).status)

    def _call(self, node: ast.Call, scope: Scope) -> Truth:
        name = ast.unparse(node.func).rsplit(".", 1)[-1]
        arguments = [self._resolver.value(argument, scope) for argument in node.args]
        if name in ("hasattr", "getattr") and len(arguments) > 1 and isinstance(arguments[1], Text):
            return self._has(arguments[0], arguments[1].value)
        if name == "find_spec" and arguments and isinstance(arguments[0], Text):
            root = arguments[0].value.partition(".")[0]
            if root in self._surfaces:
                return Truth.TRUE if self._surfaces[root].module_exists(arguments[0].value) else Truth.FALSE
        if name == "bool" and len(node.args) == 1:
            return self.truth(node.args[0], scope)
        return self._vague(node, scope)

    def _has(self, owner: object, name: str) -> Truth:
        if not isinstance(owner, Symbol) or owner.upstream not in self._surfaces:
            return Truth.FREE
        at = locate(self._surfaces[owner.upstream], owner.member(name))
        return Truth.OPAQUE if at is None else _found(at.found.status)

    def _comparison(self, node: ast.Compare, scope: Scope) -> Truth:
        if len(node.ops) != 1:
            return self._vague(node, scope)
        operator, other = node.ops[0], node.comparators[0]
        if isinstance(operator, (ast.Is, ast.IsNot)) and self._resolver.value(other, scope) is NOTHING:
            present = self.truth(node.left, scope) if not isinstance(node.left, ast.Constant) else Truth.FREE
            return present if isinstance(operator, ast.IsNot) else _NEGATED.get(present, present)
        left, right = self._version(node.left, scope), self._version(other, scope)
        if left is None or right is None:
            return self._vague(node, scope)
        if isinstance(left, tuple) and isinstance(right, tuple):
            size = min(len(left), len(right))
            return _compared(operator, left[:size], right[:size])
        if isinstance(left, Version) and isinstance(right, Version):
            return _compared(operator, left, right)
        return Truth.OPAQUE

    def _version(self, node: ast.expr, scope: Scope) -> Version | tuple[int, ...] | None:
        """The version that an expression gives: an upstream's own, or a constant one."""
        value = self._resolver.value(node, scope)
        if isinstance(value, Text):
            return _parsed(value.value)
        if isinstance(value, Number):
            return value.value
        if isinstance(value, Symbol) and not value.steps and value.path == f"{value.upstream}.__version__":
            surface = self._surfaces.get(value.upstream)
            return _parsed(surface.version) if surface is not None else None
        if isinstance(node, ast.Call) and node.args:
            return self._called_version(node, scope)
        if isinstance(node, ast.Attribute) and node.attr in ("release", "base_version", "public", "major"):
            inner = self._version(node.value, scope)
            if isinstance(inner, Version):
                return {"release": inner.release, "major": (inner.major,)}.get(node.attr, inner)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            inner = self._version(node.value, scope)
            upper = node.slice.upper
            if isinstance(inner, tuple) and isinstance(upper, ast.Constant) and isinstance(upper.value, int):
                return inner[: upper.value]
        assigned = self._resolver.assigned(node, scope)
        if assigned is None or self._depth >= 8:
            return None
        self._depth += 1
        try:
            return self._version(*assigned)
        finally:
            self._depth -= 1

    def _called_version(self, node: ast.Call, scope: Scope) -> Version | tuple[int, ...] | None:
        function = self._resolver.value(node.func, scope)
        if not isinstance(function, Symbol) or function.steps:
            return None
        if function.path in _VERSION_MAKERS:
            return self._version(node.args[0], scope)
        name = self._resolver.value(node.args[0], scope)
        if function.path in _VERSION_READERS and isinstance(name, Text):
            surface = self._surfaces.get(name.value.replace("-", "_"))
            return _parsed(surface.version) if surface is not None else None
        return None

    def _vague(self, node: ast.expr, scope: Scope) -> Truth:
        """A test that is not followed: opaque where its words say that it asks for a release or a signature."""
        for inner in ast.walk(node):
            if isinstance(inner, (ast.Name, ast.Attribute)):
                word = inner.id if isinstance(inner, ast.Name) else inner.attr
                if word in ("signature", "getfullargspec") or self._asks_release(word):
                    return Truth.OPAQUE
                if word == "__version__" and self._may_be_followed(self._resolver.value(inner, scope)):
                    return Truth.OPAQUE
            elif isinstance(inner, ast.Call) and self._compares_version(inner):
                return Truth.OPAQUE
        return Truth.FREE

    def _may_be_followed(self, value: object) -> bool:
        """Whether a `__version__` may be that of an upstream that is asked about."""
        return not isinstance(value, Symbol) or value.upstream in self._surfaces

    def _compares_version(self, node: ast.Call) -> bool:
        """`is_transformers_version(">=", "5.0")`, `is_torch_greater_or_equal("2.6")`."""
        words = set(re.split(r"[._]", ast.unparse(node.func).lower()))
        if not any(map(_is_version_text, node.args)):
            return False
        return not words.isdisjoint(_COMPARISON_WORDS) or any(root in words for root in self._surfaces)

    def _asks_release(self, name: str) -> bool:
        """`is_transformers_v5`, `TORCH_GE_2_6`, `_TRANSFORMERS_VERSION`."""
        lower = name.lower()
        if not any(root in lower for root in self._surfaces):
            return False
        words = lower.split("_")
        return any(word in _COMPARISON_WORDS or any(c.isdigit() for c in word) for word in words)


def _found(status: Status) -> Truth:
    return {Status.FOUND: Truth.TRUE, Status.MISSING: Truth.FALSE}.get(status, Truth.OPAQUE)


def _parsed(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _is_version_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_VERSION_TEXT.fullmatch(node.value))


def _compared(operator: ast.cmpop, left: object, right: object) -> Truth:
    results = {
        ast.Lt: "__lt__",
        ast.LtE: "__le__",
        ast.Gt: "__gt__",
        ast.GtE: "__ge__",
        ast.Eq: "__eq__",
        ast.NotEq: "__ne__",
    }
    method = results.get(type(operator))
    if method is None:
        return Truth.OPAQUE
    return Truth.TRUE if getattr(left, method)(right) else Truth.FALSE
