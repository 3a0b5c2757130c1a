"""What the names and expressions of a file denote; whatever does not follow from the text is not known."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from .call_sites import CALLED, DECLARED, Symbol
from .scopes import (
    Binding,
    BindingKind,
    FileScopes,
    FunctionNode,
    Scope,
    ScopeKind,
    decorated,
    first_parameter,
)


class Text(NamedTuple):
    """A string constant."""

    value: str


class Number(NamedTuple):
    """An integer, or a tuple of them, as version comparisons use."""

    value: tuple[int, ...]


@dataclass(frozen=True, eq=False, slots=True)
class LocalFunction:
    """A function or lambda of this file."""

    node: FunctionNode | ast.Lambda
    scope: Scope


@dataclass(frozen=True, eq=False, slots=True)
class LocalClass:
    """A class of this file."""

    node: ast.ClassDef
    scope: Scope


class LocalInstance(NamedTuple):
    """An instance of a class of this file, as one of its methods or its constructor gives it."""

    of: LocalClass


class Inherited(NamedTuple):
    """What `super()` gives inside a class of this file."""

    of: LocalClass


@dataclass(frozen=True, slots=True)
class Other:
    """A value that no rule follows; `NOTHING` is None itself, `UNKNOWN` may be anything."""

    name: str


NOTHING: Final = Other("None")
UNKNOWN: Final = Other("unknown")
BUILTIN: Final = Other("builtin")

Value: TypeAlias = Symbol | Text | Number | LocalFunction | LocalClass | LocalInstance | Inherited | Other

_MAX_DEPTH = 60
_IMPORT_FUNCTIONS = frozenset({"importlib.import_module"})


class Resolver:
    """Values of the expressions of one file.

    Args:
        found: What the walk over the file collected.
        upstreams: Import names of the upstreams; a star import of one of them may bind any free name.
    """

    def __init__(self, found: FileScopes, upstreams: Iterable[str]) -> None:
        self._found = found
        self._upstreams = frozenset(upstreams)
        self._values: dict[ast.AST, Value] = {}
        self._names: dict[tuple[Scope, str], Value] = {}
        self._depth = 0
        self._patched: dict[ast.AST, Symbol | None] = {}

    def run_as_method(self, function: ast.AST, instance: Symbol) -> None:
        """Note that a function replaces a method, so what its first parameter is.

        Of a function that replaces methods of two classes that is not known.
        """
        known = self._patched.setdefault(function, instance)
        if known != instance:
            self._patched[function] = None

    def forget(self) -> None:
        """Drop what was concluded so far, after `run_as_method` told more."""
        self._values.clear()
        self._names.clear()

    def value(self, node: ast.AST | None, scope: Scope) -> Value:
        """What an expression denotes where it stands."""
        if node is None:
            return UNKNOWN
        known = self._values.get(node)
        if known is None:
            if self._depth >= _MAX_DEPTH:
                return UNKNOWN
            # A name that is bound to something made of itself is not known.
            self._values[node] = UNKNOWN
            self._depth += 1
            try:
                known = self._values[node] = self._evaluate(node, scope)
            finally:
                self._depth -= 1
        return known

    def name(self, name: str, scope: Scope) -> Value:
        """What a name denotes in a scope."""
        key = (scope, name)
        known = self._names.get(key)
        if known is None:
            self._names[key] = UNKNOWN
            known = self._names[key] = self._look_up(name, scope)
        return known

    def is_upstream(self, value: Value) -> bool:
        return isinstance(value, Symbol) and value.upstream in self._upstreams

    def imported(self, node: ast.expr, scope: Scope) -> str:
        """The dotted path that an import already gave for the name at the root of an expression."""
        while isinstance(node, (ast.Attribute, ast.Call)):
            node = node.value if isinstance(node, ast.Attribute) else node.func
        if not isinstance(node, ast.Name):
            return ""
        value = self.value(node, scope)
        if not isinstance(value, Symbol):
            return ""
        starred = scope.module.stars and value == self._free(node.id, scope.module)
        return value.path.rpartition(".")[0] if starred else value.path

    def assigned(self, node: ast.AST, scope: Scope) -> tuple[ast.expr, Scope] | None:
        """The one expression that a name is bound to, and where it stands."""
        if not isinstance(node, ast.Name):
            return None
        bindings = self._bindings(node.id, scope)
        if len(bindings) != 1 or bindings[0].kind is not BindingKind.VALUE:
            return None
        value = bindings[0].node
        return (value, bindings[0].scope) if isinstance(value, ast.expr) else None

    def upstream_base(self, of: LocalClass) -> Symbol | None:
        """The upstream class that everything a local class does not define comes from.

        None where there is none, where there are several, or where a base is not known.
        """
        found: Symbol | None = None
        for base in of.node.bases:
            value = self.value(_without_subscript(base), of.scope)
            if isinstance(value, LocalClass):
                inherited = None if value.node is of.node else self.upstream_base(value)
                if inherited is None and value.node.bases:
                    return None
            elif isinstance(value, Symbol) and not value.steps:
                inherited = None if value.path in _PLAIN_BASES else value
            elif value is BUILTIN:
                inherited = None
            else:
                return None
            if inherited is not None and found is not None:
                return None
            found = found or inherited
        return found

    def returned_function(self, function: LocalFunction) -> LocalFunction | None:
        """The inner function that a wrapper gives back, where all its returns give that one."""
        scope = self._found.scopes.get(function.node)
        if scope is None or isinstance(function.node, ast.Lambda) or not scope.returns:
            return None
        values = {self.value(node, scope) for node in scope.returns}
        only = values.pop() if len(values) == 1 else UNKNOWN
        if isinstance(only, LocalFunction) and only.scope is scope:
            return only
        return None

    # Names

    def _look_up(self, name: str, start: Scope) -> Value:
        bindings = self._bindings(name, start)
        return self._merged(bindings) if bindings else self._free(name, start.module)

    def _bindings(self, name: str, start: Scope) -> list[Binding]:
        """The bindings of a name that a scope sees; what a class binds is not seen by its methods."""
        scope: Scope | None = start
        while scope is not None:
            if name in scope.outer:
                scope = scope.owner(name)
            visible = scope.kind is not ScopeKind.CLASS or scope is start
            if visible and name in scope.bindings:
                return scope.bindings[name]
            scope = scope.parent
        return []

    def _free(self, name: str, module: Scope) -> Value:
        """A name that the file does not bind: a builtin, or what its only star import gives."""
        if not module.stars:
            return BUILTIN if hasattr(builtins, name) else UNKNOWN
        only = module.stars[0] if len(set(module.stars)) == 1 else ""
        if only.partition(".")[0] in self._upstreams and not hasattr(builtins, name):
            return Symbol(f"{only}.{name}")
        return UNKNOWN

    def _merged(self, bindings: list[Binding]) -> Value:
        """The one value of all bindings; a fallback to None beside it does not count."""
        values = {self._bound(binding) for binding in bindings}
        if len(values) > 1:
            values.discard(NOTHING)
        return values.pop() if len(values) == 1 else UNKNOWN

    def _bound(self, binding: Binding) -> Value:
        kind, node = binding.kind, binding.node
        if kind is BindingKind.IMPORT:
            return Symbol(binding.path)
        if kind is BindingKind.VALUE:
            return self.value(node, binding.scope)
        if kind is BindingKind.ANNOTATION and isinstance(node, ast.expr):
            return self._declared(node, binding.scope)
        if kind is BindingKind.PARAMETER and isinstance(node, ast.arg):
            return self._parameter(node, binding.scope)
        if kind is BindingKind.FUNCTION and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return UNKNOWN if node.decorator_list and not _transparent(node) else LocalFunction(node, binding.scope)
        if kind is BindingKind.CLASS and isinstance(node, ast.ClassDef):
            return self._class(node, binding.scope)
        return UNKNOWN

    def _class(self, node: ast.ClassDef, scope: Scope) -> LocalClass:
        # One object a class, because values are compared by identity.
        known = self._values.get(node)
        if not isinstance(known, LocalClass):
            known = self._values[node] = LocalClass(node, scope)
        return known

    def _parameter(self, parameter: ast.arg, scope: Scope) -> Value:
        function = scope.node
        if isinstance(function, ast.Lambda) or not isinstance(function, FunctionNode):
            return UNKNOWN
        if first_parameter(function) is parameter:
            if function in self._patched:
                return self._patched[function] or UNKNOWN
            if scope.parent is not None and isinstance(scope.parent.node, ast.ClassDef):
                return self._receiver(function, scope.parent)
        if parameter in (function.args.vararg, function.args.kwarg) or parameter.annotation is None:
            return UNKNOWN
        return self._declared(parameter.annotation, scope.parent or scope)

    def _receiver(self, method: FunctionNode, class_scope: Scope) -> Value:
        node = class_scope.node
        if not isinstance(node, ast.ClassDef) or class_scope.parent is None or decorated(method, "staticmethod"):
            return UNKNOWN
        owner = self._class(node, class_scope.parent)
        if decorated(method, "classmethod") or method.name in ("__new__", "__init_subclass__", "__class_getitem__"):
            return owner
        return LocalInstance(owner)

    def _declared(self, annotation: ast.expr, scope: Scope) -> Value:
        """A value that is annotated: of the one class that the annotation names beside None."""
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                annotation = ast.parse(annotation.value.strip(), mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return UNKNOWN
        parts = [part for part in self._union(annotation, scope) if self.value(part, scope) is not NOTHING]
        if len(parts) != 1:
            return UNKNOWN
        if parts[0] is not annotation:
            return self._declared(parts[0], scope)
        value = self.value(annotation, scope)
        if isinstance(value, Symbol) and not value.steps:
            return value.step(DECLARED)
        return UNKNOWN

    def _union(self, annotation: ast.expr, scope: Scope) -> list[ast.expr]:
        if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
            return [*self._union(annotation.left, scope), *self._union(annotation.right, scope)]
        if isinstance(annotation, ast.Subscript):
            value = self.value(annotation.value, scope)
            if isinstance(value, Symbol) and value.path in ("typing.Optional", "typing_extensions.Optional"):
                return [annotation.slice]
        return [annotation]

    # Expressions

    def _evaluate(self, node: ast.AST, scope: Scope) -> Value:
        if isinstance(node, ast.Name):
            return self.name(node.id, scope)
        if isinstance(node, ast.Attribute):
            return self._member(self.value(node.value, scope), node.attr)
        if isinstance(node, ast.Call):
            return self._called(node, scope)
        if isinstance(node, ast.Constant):
            return _constant(node.value)
        if isinstance(node, ast.NamedExpr):
            return self.value(node.value, scope)
        if isinstance(node, ast.IfExp):
            return self._either(node.body, node.orelse, scope)
        if isinstance(node, ast.Lambda):
            return LocalFunction(node, scope)
        if isinstance(node, ast.Tuple):
            numbers = [self.value(item, scope) for item in node.elts]
            if numbers and all(isinstance(item, Number) for item in numbers):
                return Number(tuple(n for item in numbers if isinstance(item, Number) for n in item.value))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.value(node.left, scope), self.value(node.right, scope)
            if isinstance(left, Text) and isinstance(right, Text):
                return Text(left.value + right.value)
        return UNKNOWN

    def _either(self, left: ast.expr, right: ast.expr, scope: Scope) -> Value:
        values = {self.value(left, scope), self.value(right, scope)} - {NOTHING}
        return values.pop() if len(values) == 1 else UNKNOWN

    def _called(self, node: ast.Call, scope: Scope) -> Value:
        function = self.value(node.func, scope)
        if isinstance(node.func, ast.Name) and function is BUILTIN:
            return self._called_builtin(node.func.id, node, scope)
        if isinstance(function, Symbol):
            if is_import_function(function) and len(node.args) == 1 and not node.keywords:
                name = self.value(node.args[0], scope)
                return Symbol(name.value) if isinstance(name, Text) and is_dotted(name.value) else UNKNOWN
            return function.step(CALLED)
        if isinstance(function, LocalClass):
            return LocalInstance(function)
        return UNKNOWN

    def _called_builtin(self, name: str, node: ast.Call, scope: Scope) -> Value:
        if name == "super" and not node.args:
            owner = _enclosing_class(scope)
            return Inherited(self._class(*owner)) if owner is not None else UNKNOWN
        if name == "getattr" and len(node.args) >= 2:
            attribute = self.value(node.args[1], scope)
            if isinstance(attribute, Text) and attribute.value.isidentifier():
                return self._member(self.value(node.args[0], scope), attribute.value)
        if name == "type" and len(node.args) == 1:
            value = self.value(node.args[0], scope)
            return value.of if isinstance(value, LocalInstance) else UNKNOWN
        return UNKNOWN

    def _member(self, value: Value, name: str) -> Value:
        if isinstance(value, Symbol):
            return value.member(name)
        if isinstance(value, LocalInstance):
            return self._local_member(value.of, name, through_instance=True)
        if isinstance(value, LocalClass):
            return self._local_member(value, name, through_instance=False)
        if isinstance(value, Inherited):
            base = self.upstream_base(value.of)
            if base is None or self._defined_in_local_base(value.of, name):
                return UNKNOWN
            return base.step(CALLED).member(name)
        return UNKNOWN

    def _local_member(self, of: LocalClass, name: str, *, through_instance: bool) -> Value:
        scope = self._found.scopes.get(of.node)
        if scope is None:
            return UNKNOWN
        bindings = [*scope.bindings.get(name, ()), *scope.attributes.get(name, ())]
        if bindings:
            methods = all(binding.kind is BindingKind.FUNCTION for binding in bindings)
            return UNKNOWN if methods else self._merged(bindings)
        if self._defined_in_local_base(of, name):
            return UNKNOWN
        base = self.upstream_base(of)
        if base is None or base.path in _OPEN_BASES:
            return UNKNOWN
        return (base.step(CALLED) if through_instance else base).member(name)

    def _defined_in_local_base(self, of: LocalClass, name: str) -> bool:
        for base in of.node.bases:
            value = self.value(_without_subscript(base), of.scope)
            if isinstance(value, LocalClass) and value.node is not of.node:
                scope = self._found.scopes.get(value.node)
                if scope is None or name in scope.bindings or name in scope.attributes:
                    return True
                if self._defined_in_local_base(value, name):
                    return True
        return False


_PLAIN_BASES = frozenset({"abc.ABC", "typing.Generic", "typing.Protocol", "typing_extensions.Protocol"})
_OPEN_BASES = frozenset({"torch.nn.Module", "torch.nn.modules.module.Module"})
"""Classes whose instances get members that no text names."""

_TRANSPARENT = frozenset({"wraps", "staticmethod", "classmethod", "no_grad", "inference_mode", "override"})


def is_import_function(value: Value) -> bool:
    """Whether calling it imports the module whose name it is given."""
    return isinstance(value, Symbol) and not value.steps and value.path in _IMPORT_FUNCTIONS


def is_dotted(text: str) -> bool:
    """Whether a text can be an importable path."""
    return text.isascii() and all(part.isidentifier() for part in text.split("."))


def _transparent(node: FunctionNode) -> bool:
    return all(ast.unparse(d).split("(", 1)[0].rsplit(".", 1)[-1] in _TRANSPARENT for d in node.decorator_list)


def _without_subscript(node: ast.expr) -> ast.expr:
    """`Base` of `Base[T]`."""
    return node.value if isinstance(node, ast.Subscript) else node


def _constant(value: object) -> Value:
    if isinstance(value, str):
        return Text(value)
    if value is None:
        return NOTHING
    if isinstance(value, int) and not isinstance(value, bool):
        return Number((value,))
    return UNKNOWN


def _enclosing_class(scope: Scope) -> tuple[ast.ClassDef, Scope] | None:
    """The class that `super()` without arguments refers to."""
    current: Scope | None = scope
    while current is not None:
        if isinstance(current.node, ast.ClassDef) and current.parent is not None:
            return current.node, current.parent
        current = current.parent
    return None
