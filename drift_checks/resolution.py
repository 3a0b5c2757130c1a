"""What the names and expressions of a downstream program denote; what does not follow from the text is not known."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from typing import Protocol

from .call_sites import CALLED, DECLARED, Symbol, root
from .scopes import (
    ANY_NAME,
    Binding,
    BindingKind,
    FileScopes,
    FunctionNode,
    Scope,
    ScopeKind,
    decorated,
    first_parameter,
)
from .values import (
    BUILTIN,
    NOTHING,
    UNKNOWN,
    Inherited,
    Items,
    LocalClass,
    LocalFunction,
    LocalInstance,
    LocalMethod,
    LocalModule,
    Number,
    OneOf,
    Partial,
    Text,
    Value,
)


class Modules(Protocol):
    """The other files of the program.

    Attributes:
        depth: How many questions, of all resolvers together, wait for another one's answer.
    """

    depth: int

    def imported(self, path: str, attribute: str, importer: str) -> Value | None:
        """What an import gives; None where no file of the program is meant.

        Args:
            path: The module, with leading dots where it is relative.
            attribute: What is taken from it; "" for the module itself.
            importer: The file that holds the import.
        """

    def member(self, module: LocalModule, name: str) -> Value:
        """What a module of the program binds a name to, or its submodule of that name."""

    def starred(self, path: str, name: str, importer: str) -> Value | None:
        """What `from path import *` binds a name to: NOTHING where it does not bind it, None where it may."""

    def bindings(self, path: str, attribute: str, importer: str) -> list[Binding]:
        """The statements of a file of the program that bind a name; none where no such file is meant."""

    def resolver(self, scope: Scope) -> Resolver | None:
        """Of the file that a scope lies in."""


class NoModules:
    """A program of one file."""

    depth = 0

    def imported(self, path: str, attribute: str, importer: str) -> Value | None:
        return None

    def member(self, module: LocalModule, name: str) -> Value:
        return UNKNOWN

    def starred(self, path: str, name: str, importer: str) -> Value | None:
        return None

    def bindings(self, path: str, attribute: str, importer: str) -> list[Binding]:
        return []

    def resolver(self, scope: Scope) -> Resolver | None:
        return None


_MAX_DEPTH = 40
"""Names that lead from one to the next, through however many files; each takes up to 20 frames."""
_MOST_ALTERNATIVES = 4
_IMPORT_FUNCTIONS = frozenset({"importlib.import_module"})
_PARTIALS = frozenset({"functools.partial", "functools.partialmethod"})
_SEQUENCES = frozenset({"list", "tuple", "set", "frozenset", "reversed", "sorted", "iter"})
_MODULE_LISTS = frozenset({"torch.nn.ModuleList", "torch.nn.modules.container.ModuleList"})


class Resolver:
    """Values of the expressions of one file, and of what it imports from the program's other files.

    Args:
        found: What the walk over the file collected.
        upstreams: Import names of the upstreams; a star import of one of them may bind any free name.
        modules: The other files of the program.
    """

    def __init__(self, found: FileScopes, upstreams: Iterable[str], modules: Modules | None = None) -> None:
        self._found = found
        self._upstreams = frozenset(upstreams)
        self._modules: Modules = modules if modules is not None else NoModules()
        self._values: dict[ast.AST, Value] = {}
        self._names: dict[tuple[Scope, str], Value] = {}
        self._classes: dict[ast.AST, LocalClass] = {}
        self._declaring: set[ast.expr] = set()
        self.is_shed = False
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

    @property
    def found(self) -> FileScopes:
        """What the walk over the file collected."""
        return self._found

    def shed(self) -> None:
        """Drop what only this file's own call sites need; what other files may ask of it is worked out again."""
        self.is_shed = True
        self.forget()
        self._found.shed()

    def value(self, node: ast.AST | None, scope: Scope) -> Value:
        """What an expression denotes where it stands."""
        if node is None:
            return UNKNOWN
        known = self._values.get(node)
        if known is None:
            if self._modules.depth >= _MAX_DEPTH:
                return UNKNOWN
            # A name that is bound to something made of itself is not known.
            self._values[node] = UNKNOWN
            self._modules.depth += 1
            try:
                known = self._values[node] = self._evaluate(node, scope)
            finally:
                self._modules.depth -= 1
        return known

    def name(self, name: str, scope: Scope) -> Value:
        """What a name denotes in a scope."""
        key = (scope, name)
        known = self._names.get(key)
        if known is None:
            self._names[key] = UNKNOWN
            known = self._names[key] = self._look_up(name, scope)
        return known

    def exported(self, name: str) -> Value | None:
        """What the file's module binds a name to; None where it does not bind it, UNKNOWN where it may."""
        module = self._found.module
        if name in module.bindings:
            return self.name(name, module)
        for path in reversed(module.stars):
            value = self._modules.starred(path, name, module.file)
            if value is not NOTHING:
                return self.name(name, module)
        return UNKNOWN if "__getattr__" in module.bindings else None

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
        starred = scope.module.stars and not self._bindings(node.id, scope)
        return value.path.rpartition(".")[0] if starred else value.path

    def bindings(self, node: ast.AST, scope: Scope) -> list[Binding]:
        """Every statement that binds a name, in the file of the program where that is; of `self.name` likewise."""
        if isinstance(node, ast.Name):
            return self.defined(self._bindings(node.id, scope))
        if not isinstance(node, ast.Attribute):
            return []
        owner = self.value(node.value, scope)
        if isinstance(owner, LocalModule) and owner.file:
            return self._modules.bindings(owner.file, node.attr, "")
        of = owner.of if isinstance(owner, LocalInstance) else owner
        inner = of.scope.inner.get(of.node) if isinstance(of, LocalClass) else None
        return [] if inner is None else [*inner.bindings.get(node.attr, ()), *inner.attributes.get(node.attr, ())]

    def defined(self, bindings: list[Binding]) -> list[Binding]:
        """Where a name is imported from another file of the program, what binds it there."""
        only = bindings[0] if len(bindings) == 1 else None
        if only is None or only.kind is not BindingKind.IMPORT or not only.attribute:
            return bindings
        if root(only.path) in self._upstreams:
            return bindings
        return self._modules.bindings(only.path, only.attribute, only.scope.module.file) or bindings

    def assigned(self, node: ast.AST, scope: Scope) -> tuple[ast.expr, Scope] | None:
        """The one expression that a name is bound to, and where it stands."""
        if not isinstance(node, ast.Name):
            return None
        bindings = self.bindings(node, scope)
        if len(bindings) != 1 or bindings[0].kind is not BindingKind.VALUE:
            return None
        value = bindings[0].node
        return (value, bindings[0].scope) if isinstance(value, ast.expr) else None

    def upstream_base(self, of: LocalClass) -> Symbol | None:
        """The upstream class that everything a downstream class does not define comes from.

        None where there is none, where there are several, or where a base is not known.
        """
        found: Symbol | None = None
        for value in self.bases(of):
            if isinstance(value, LocalClass):
                inherited = None if value.node is of.node else self.upstream_base(value)
                if inherited is None and not self._is_plain(value):
                    return None
            elif isinstance(value, Symbol) and not value.steps:
                inherited = None if value.path in _PLAIN_BASES else value
            elif value is BUILTIN:
                inherited = None
            else:
                return None
            if inherited is not None and found is not None and inherited != found:
                return None
            found = found or inherited
        return found

    def bases(self, of: LocalClass) -> list[Value]:
        """The base classes of a downstream class, as they are written."""
        home = self._home(of.scope)
        return [home.value(_without_subscript(base), of.scope) for base in of.node.bases]

    def fields(self, of: LocalClass) -> frozenset[str] | None:
        """The fields that a downstream dataclass and its downstream bases add to the constructor.

        None where a class among them makes its instances in its own way.
        """
        found: set[str] = set()
        if any(not _decorates_dataclass(decorator) for decorator in of.node.decorator_list):
            return None
        for statement in of.node.body:
            if isinstance(statement, FunctionNode) and statement.name in ("__init__", "__new__", "__init_subclass__"):
                return None
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                found.add(statement.target.id)
        if found and not of.node.decorator_list:
            # Whether these are fields depends on what the base does with its subclasses.
            return None
        for base in self.bases(of):
            if isinstance(base, LocalClass) and base.node is not of.node:
                inherited = self.fields(base)
                if inherited is None:
                    return None
                found |= inherited
        return frozenset(found)

    def names_between(self, of: LocalClass) -> frozenset[str]:
        """What the downstream classes above a downstream class define."""
        found: set[str] = set()
        for base in self.bases(of):
            if isinstance(base, LocalClass) and base.node is not of.node:
                scope = self._home(base.scope).scope_of(base.node)
                found |= {*scope.bindings, *scope.attributes} if scope is not None else set()
                found |= self.names_between(base)
        return frozenset(found)

    def _is_plain(self, of: LocalClass) -> bool:
        """Whether a downstream class has nothing but downstream and builtin classes above it."""
        return all(
            value is BUILTIN
            or (isinstance(value, Symbol) and value.path in _PLAIN_BASES)
            or (isinstance(value, LocalClass) and value.node is not of.node and self._is_plain(value))
            for value in self.bases(of)
        )

    def returned_function(self, function: LocalFunction) -> LocalFunction | None:
        """The inner function that a wrapper gives back, where all its returns give that one."""
        home = self._home(function.scope)
        scope = home.scope_of(function.node)
        if scope is None or isinstance(function.node, ast.Lambda) or not scope.returns:
            return None
        values = {home.value(node, scope) for node in scope.returns}
        only = values.pop() if len(values) == 1 else UNKNOWN
        if isinstance(only, LocalFunction) and only.scope is scope:
            return only
        return None

    def scope_of(self, node: ast.AST) -> Scope | None:
        """The scope that a function or class of this file opens."""
        return self._found.scopes.get(node)

    def _home(self, scope: Scope) -> Resolver:
        """Of the file that a scope lies in."""
        module = scope.module
        if module is self._found.module:
            return self
        return self._modules.resolver(module) or self

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
        """A name that the file does not bind: a builtin, or what its only star import that may bind it gives."""
        from_upstream = set()
        # The last import of a name counts.
        for path in reversed(module.stars):
            if root(path) in self._upstreams:
                from_upstream.add(path)
                continue
            value = self._modules.starred(path, name, module.file)
            if value is None:
                return UNKNOWN
            if value is not NOTHING:
                return UNKNOWN if from_upstream else value
        if hasattr(builtins, name):
            return UNKNOWN if from_upstream else BUILTIN
        return Symbol(f"{from_upstream.pop()}.{name}") if len(from_upstream) == 1 else UNKNOWN

    def _merged(self, bindings: list[Binding]) -> Value:
        """The one value of all bindings; a fallback to None beside it does not count."""
        return self._one_of([self._bound(binding) for binding in bindings])

    def _one_of(self, values: list[Value]) -> Value:
        """What several values have in common: one thing, or any of a few things of the upstreams."""
        distinct = list(dict.fromkeys(values))
        if len(distinct) > 1 and NOTHING in distinct:
            distinct.remove(NOTHING)
        if len(distinct) == 1:
            return distinct[0]
        symbols = tuple(symbol for value in distinct for symbol in alternatives(value) if self.is_upstream(symbol))
        if len(symbols) >= len(distinct) and all(isinstance(value, (Symbol, OneOf)) for value in distinct):
            return OneOf(tuple(dict.fromkeys(symbols))) if len(symbols) <= _MOST_ALTERNATIVES else UNKNOWN
        return UNKNOWN

    def _bound(self, binding: Binding) -> Value:
        kind, node = binding.kind, binding.node
        if kind is BindingKind.IMPORT:
            return self._import(binding)
        if kind is BindingKind.VALUE:
            return self.value(node, binding.scope)
        if kind is BindingKind.ANNOTATION and isinstance(node, ast.expr):
            return self.declared(node, binding.scope)
        if kind is BindingKind.PARAMETER and isinstance(node, ast.arg):
            return self._parameter(node, binding.scope)
        if kind is BindingKind.ITEM:
            value = self.value(node, binding.scope)
            return value.element if isinstance(value, Items) else UNKNOWN
        if kind is BindingKind.ENTERED:
            return self._entered(self.value(node, binding.scope))
        if kind is BindingKind.FUNCTION and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return UNKNOWN if node.decorator_list and not _transparent(node) else LocalFunction(node, binding.scope)
        if kind is BindingKind.CLASS and isinstance(node, ast.ClassDef):
            return self._class(node, binding.scope)
        return UNKNOWN

    def _import(self, binding: Binding) -> Value:
        path, attribute = binding.path, binding.attribute
        whole = f"{path}.{attribute}" if attribute else path
        if root(path) in self._upstreams:
            return Symbol(whole)
        own = self._modules.imported(path, attribute, binding.scope.module.file)
        if own is not None:
            return own
        return UNKNOWN if path.startswith(".") else Symbol(whole)

    def _entered(self, manager: Value) -> Value:
        """What `with` binds: for an instance, what its `__enter__` gives."""
        if isinstance(manager, Symbol) and manager.is_object and self.is_upstream(manager):
            return manager.member("__enter__").step(CALLED)
        return UNKNOWN

    def _class(self, node: ast.ClassDef, scope: Scope) -> LocalClass:
        # One object a class, because values are compared by identity.
        return self._classes.setdefault(node, LocalClass(node, scope))

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
        return self.declared(parameter.annotation, scope.parent or scope)

    def _receiver(self, method: FunctionNode, class_scope: Scope) -> Value:
        node = class_scope.node
        if not isinstance(node, ast.ClassDef) or class_scope.parent is None or decorated(method, "staticmethod"):
            return UNKNOWN
        owner = self._class(node, class_scope.parent)
        if decorated(method, "classmethod") or method.name in ("__new__", "__init_subclass__", "__class_getitem__"):
            return owner
        return LocalInstance(owner)

    # Annotations

    def declared(self, annotation: ast.expr, scope: Scope) -> Value:
        """A value that is annotated: of the class that the annotation names beside None, or of one of several."""
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                annotation = ast.parse(annotation.value.strip(), mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return UNKNOWN
        if annotation in self._declaring:
            # `Nested = Union[int, list["Nested"]]`
            return UNKNOWN
        self._declaring.add(annotation)
        try:
            return self._declared_union(annotation, scope)
        finally:
            self._declaring.discard(annotation)

    def _declared_union(self, annotation: ast.expr, scope: Scope) -> Value:
        parts = [part for part in self._union(annotation, scope) if self.value(part, scope) is not NOTHING]
        if len(parts) == 1 and parts[0] is annotation:
            return self._declared_class(annotation, scope)
        values = [self.declared(part, scope) for part in parts]
        symbols = tuple(dict.fromkeys(value for value in values if isinstance(value, Symbol)))
        if len(values) == 1:
            return values[0]
        return OneOf(symbols) if len(symbols) > 1 and all(isinstance(value, Symbol) for value in values) else UNKNOWN

    def _declared_class(self, annotation: ast.expr, scope: Scope) -> Value:
        if isinstance(annotation, ast.Subscript):
            outer = self.value(annotation.value, scope)
            name = annotation.value.id if outer is BUILTIN and isinstance(annotation.value, ast.Name) else ""
            if name in _SEQUENCES or (isinstance(outer, Symbol) and outer.path in _TYPING_SEQUENCES):
                inside = annotation.slice.elts[0] if isinstance(annotation.slice, ast.Tuple) else annotation.slice
                element = self.declared(inside, scope)
                return UNKNOWN if element is UNKNOWN else Items(element)
            return UNKNOWN
        value = self.value(annotation, scope)
        if isinstance(value, Symbol) and not value.steps:
            return value.step(DECLARED)
        if isinstance(value, LocalClass):
            return LocalInstance(value, declared=True)
        # `AnyTokenizer = Union[A, B]`, which an annotation then names.
        assigned = self.assigned(annotation, scope)
        if assigned is not None and isinstance(assigned[0], (ast.Subscript, ast.BinOp)):
            return self.declared(*assigned)
        return UNKNOWN

    def _union(self, annotation: ast.expr, scope: Scope) -> list[ast.expr]:
        if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
            return [*self._union(annotation.left, scope), *self._union(annotation.right, scope)]
        if isinstance(annotation, ast.Subscript):
            value = self.value(annotation.value, scope)
            if isinstance(value, Symbol) and value.path in ("typing.Optional", "typing_extensions.Optional"):
                return [annotation.slice]
            if isinstance(value, Symbol) and value.path in ("typing.Union", "typing_extensions.Union"):
                parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
                return [inner for part in parts for inner in self._union(part, scope)]
            if isinstance(value, Symbol) and value.path in ("typing.Annotated", "typing.Final", "typing.ClassVar"):
                return [annotation.slice.elts[0] if isinstance(annotation.slice, ast.Tuple) else annotation.slice]
        return [annotation]

    # Expressions

    def _evaluate(self, node: ast.AST, scope: Scope) -> Value:
        if isinstance(node, ast.Name):
            return self.name(node.id, scope)
        if isinstance(node, ast.Attribute):
            return self.member(self.value(node.value, scope), node.attr)
        if isinstance(node, ast.Call):
            return self._called(node, scope)
        if isinstance(node, ast.Constant):
            return _constant(node.value)
        if isinstance(node, (ast.NamedExpr, ast.Await)):
            return self.value(node.value, scope)
        if isinstance(node, ast.IfExp):
            return self._either(node.body, node.orelse, scope)
        if isinstance(node, ast.Lambda):
            return LocalFunction(node, scope)
        if isinstance(node, ast.Subscript):
            return self._subscripted(node, scope)
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            return self._display(node, scope)
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            return self._items([self.value(node.elt, self._found.scopes.get(node, scope))])
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.value(node.left, scope), self.value(node.right, scope)
            if isinstance(left, Text) and isinstance(right, Text):
                return Text(left.value + right.value)
        return UNKNOWN

    def _display(self, node: ast.Tuple | ast.List | ast.Set, scope: Scope) -> Value:
        values = [self.value(item, scope) for item in node.elts]
        if isinstance(node, ast.Tuple) and values and all(isinstance(value, Number) for value in values):
            return Number(tuple(n for value in values if isinstance(value, Number) for n in value.value))
        return self._items(values)

    def _items(self, values: list[Value]) -> Value:
        same = set(values)
        only = same.pop() if len(same) == 1 else UNKNOWN
        return Items(only) if isinstance(only, (Symbol, LocalInstance, LocalClass)) else UNKNOWN

    def _either(self, left: ast.expr, right: ast.expr, scope: Scope) -> Value:
        return self._one_of([self.value(left, scope), self.value(right, scope)])

    def _subscripted(self, node: ast.Subscript, scope: Scope) -> Value:
        """An element of a sequence of equal things, or the value of a literal dict."""
        value = self.value(node.value, scope)
        if isinstance(value, Items):
            return value if isinstance(node.slice, ast.Slice) else value.element
        table = self._literal_dict(node.value, scope)
        if table is None:
            return UNKNOWN
        keys, values = table
        if isinstance(node.slice, ast.Constant):
            return values[keys.index(node.slice.value)] if keys.count(node.slice.value) == 1 else UNKNOWN
        symbols = tuple(dict.fromkeys(v for v in values if isinstance(v, Symbol) and self.is_upstream(v)))
        if len(symbols) != len(set(values)) or not symbols:
            return UNKNOWN
        return symbols[0] if len(symbols) == 1 else OneOf(symbols)

    def _literal_dict(self, node: ast.expr, scope: Scope) -> tuple[list[object], list[Value]] | None:
        """Keys and values of a dict display that a name is bound to once, and nobody changes in this file."""
        assigned = self.assigned(node, scope)
        display, where = assigned if assigned is not None else (None, scope)
        if not isinstance(display, ast.Dict) or not all(isinstance(key, ast.Constant) for key in display.keys):
            return None
        keys: list[object] = [key.value for key in display.keys if isinstance(key, ast.Constant)]
        return keys, [self.value(value, where) for value in display.values]

    def _called(self, node: ast.Call, scope: Scope) -> Value:
        function = self.value(node.func, scope)
        if isinstance(node.func, ast.Name) and function is BUILTIN:
            return self._called_builtin(node.func.id, node, scope)
        if isinstance(function, Symbol):
            if is_import_function(function) and len(node.args) == 1 and not node.keywords:
                name = self.value(node.args[0], scope)
                return self._module_named(name, scope) if isinstance(name, Text) else UNKNOWN
            if function.path in _PARTIALS and not function.steps and node.args:
                inner = self.value(node.args[0], scope)
                return Partial(inner) if isinstance(inner, Symbol) else UNKNOWN
            if function.path in _MODULE_LISTS and not function.steps and len(node.args) == 1:
                inner = self.value(node.args[0], scope)
                return inner if isinstance(inner, Items) else function.step(CALLED)
            return function.step(CALLED)
        if isinstance(function, Partial):
            return function.function.step(CALLED)
        if isinstance(function, OneOf):
            return OneOf(tuple(symbol.step(CALLED) for symbol in function.symbols))
        if isinstance(function, LocalClass):
            return LocalInstance(function)
        if isinstance(function, LocalFunction):
            return self.returned(function)
        if isinstance(function, LocalMethod):
            return self.returned(function.function)
        return UNKNOWN

    def returned(self, function: LocalFunction) -> Value:
        """What a call of a downstream function gives: what all its returns give, or what it is annotated to give."""
        home = self._home(function.scope)
        if home is not self:
            return home.returned(function)
        node = function.node
        if isinstance(node, ast.Lambda):
            return UNKNOWN
        scope = self.scope_of(node)
        if scope is None or scope.yields or isinstance(node, ast.AsyncFunctionDef):
            return UNKNOWN
        if node not in self._values:
            self._values[node] = UNKNOWN
            values = {self.value(value, scope) if value is not None else NOTHING for value in scope.returns}
            given = values - {NOTHING}
            only = given.pop() if len(given) == 1 else UNKNOWN
            if not isinstance(only, (Symbol, LocalInstance, LocalClass, Items)):
                only = self.declared(node.returns, function.scope) if node.returns is not None else UNKNOWN
            self._values[node] = only
        return self._values[node]

    def _module_named(self, name: Text, scope: Scope) -> Value:
        if not is_dotted(name.value):
            return UNKNOWN
        own = self._modules.imported(name.value, "", scope.module.file)
        return own if own is not None and root(name.value) not in self._upstreams else Symbol(name.value)

    def _called_builtin(self, name: str, node: ast.Call, scope: Scope) -> Value:
        if name == "super" and not node.args:
            owner = _enclosing_class(scope)
            return Inherited(self._class(*owner)) if owner is not None else UNKNOWN
        if name == "super" and len(node.args) == 2:
            of = self.value(node.args[0], scope)
            return Inherited(of) if isinstance(of, LocalClass) else UNKNOWN
        if name == "getattr" and len(node.args) >= 2:
            attribute = self.value(node.args[1], scope)
            if isinstance(attribute, Text) and attribute.value.isidentifier():
                return self.member(self.value(node.args[0], scope), attribute.value)
        if name == "type" and len(node.args) == 1:
            value = self.value(node.args[0], scope)
            return value.of if isinstance(value, LocalInstance) else UNKNOWN
        if name in _SEQUENCES and len(node.args) == 1:
            value = self.value(node.args[0], scope)
            return value if isinstance(value, Items) else UNKNOWN
        return UNKNOWN

    # Members

    def member(self, value: Value, name: str) -> Value:
        """What an attribute of a value denotes."""
        if isinstance(value, Symbol):
            return value.member(name)
        if isinstance(value, OneOf):
            return OneOf(tuple(symbol.member(name) for symbol in value.symbols))
        if isinstance(value, LocalInstance):
            return self._member_of_class(value.of, name, CALLED if not value.declared else DECLARED)
        if isinstance(value, LocalClass):
            return self._member_of_class(value, name, "")
        if isinstance(value, Inherited):
            return self._inherited(value.of, name, CALLED, frozenset({value.of.node}))
        if isinstance(value, LocalModule):
            return self._modules.member(value, name)
        return UNKNOWN

    def _member_of_class(self, of: LocalClass, name: str, step: str, seen: frozenset[ast.AST] = frozenset()) -> Value:
        """A member of a downstream class; `step` is how one gets from an upstream base to it."""
        home = self._home(of.scope)
        if home is not self:
            return home._member_of_class(of, name, step, seen)
        scope = self.scope_of(of.node)
        if scope is None or of.node in seen:
            return UNKNOWN
        bindings = [*scope.bindings.get(name, ()), *scope.attributes.get(name, ())]
        if bindings:
            return self._own_member(bindings)
        if ANY_NAME in scope.attributes or "__getattr__" in scope.bindings:
            return UNKNOWN
        return self._inherited(of, name, step, seen | {of.node})

    def _own_member(self, bindings: list[Binding]) -> Value:
        if any(binding.kind is BindingKind.FUNCTION for binding in bindings):
            node = bindings[0].node
            if len(bindings) == 1 and isinstance(node, FunctionNode):
                if decorated(node, "property", "cached_property"):
                    return self.returned(LocalFunction(node, bindings[0].scope))
                if not node.decorator_list or _transparent(node):
                    return LocalMethod(LocalFunction(node, bindings[0].scope))
            return UNKNOWN
        return self._merged(bindings)

    def _inherited(self, of: LocalClass, name: str, step: str, seen: frozenset[ast.AST]) -> Value:
        """A member that a downstream class has from the first of its bases that defines it."""
        first = True
        for base in self.bases(of):
            if isinstance(base, LocalClass) and base.node not in seen:
                if self._defines(base, name, seen | {base.node}):
                    return self._member_of_class(base, name, step, seen) if first else UNKNOWN
            else:
                # What stands before it may define the member as well.
                first = False
        base_symbol = self.upstream_base(of)
        if base_symbol is None or base_symbol.path in _OPEN_BASES:
            return UNKNOWN
        return (base_symbol.step(step) if step else base_symbol).member(name)

    def _defines(self, of: LocalClass, name: str, seen: frozenset[ast.AST]) -> bool:
        """Whether a downstream class or a downstream base of it defines a member."""
        scope = self._home(of.scope).scope_of(of.node)
        if scope is None or not {name, ANY_NAME, "__getattr__"}.isdisjoint((*scope.bindings, *scope.attributes)):
            return True
        return any(
            self._defines(base, name, seen | {base.node})
            for base in self.bases(of)
            if isinstance(base, LocalClass) and base.node not in seen
        )


_PLAIN_BASES = frozenset({"abc.ABC", "typing.Generic", "typing.Protocol", "typing_extensions.Protocol"})
_OPEN_BASES = frozenset({"torch.nn.Module", "torch.nn.modules.module.Module"})
"""Classes whose instances get members that no text names."""

_TRANSPARENT = frozenset(
    {"wraps", "staticmethod", "classmethod", "no_grad", "inference_mode", "override", "cache", "lru_cache"}
)
_TYPING_SEQUENCES = frozenset(
    f"{module}.{name}"
    for module in ("typing", "collections.abc")
    for name in ("List", "Sequence", "Iterable", "Iterator", "Tuple", "Collection", "MutableSequence")
)


def is_import_function(value: Value) -> bool:
    """Whether calling it imports the module whose name it is given."""
    return isinstance(value, Symbol) and not value.steps and value.path in _IMPORT_FUNCTIONS


def is_dotted(text: str) -> bool:
    """Whether a text can be an importable path."""
    return text.isascii() and all(part.isidentifier() for part in text.split("."))


def alternatives(value: Value) -> Iterator[Symbol]:
    """The symbols that a value may be, each possible on every run."""
    if isinstance(value, Symbol):
        yield value
    elif isinstance(value, OneOf):
        yield from value.symbols


def _decorates_dataclass(node: ast.expr) -> bool:
    return ast.unparse(node).split("(", 1)[0].rsplit(".", 1)[-1] == "dataclass"


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
