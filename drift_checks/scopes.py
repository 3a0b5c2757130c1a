"""One walk over a file: its scopes with every binding, and what else resolution and the rules look at."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, TypeAlias

from .guard_syntax import (
    Attempt,
    Caught,
    Completed,
    Fallback,
    Guard,
    Inside,
    Test,
    after,
    case_tests,
    decorator_guards,
    equals,
    handled,
    only_raises,
    suppressed,
)

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


ANY_NAME = "*"
"""Among the attributes of a class: its methods set names on `self` that are only known at run time."""


class BindingKind(Enum):
    """What binds a name."""

    IMPORT = "import"
    VALUE = "value"
    ANNOTATION = "annotation"
    PARAMETER = "parameter"
    ITEM = "item of an iterable"
    ENTERED = "what a context manager gives"
    FUNCTION = "function"
    CLASS = "class"
    OPAQUE = "opaque"


class Binding(NamedTuple):
    """One statement that binds a name.

    Args:
        kind: What binds it.
        scope: Where the statement stands, so where `node` is evaluated.
        node: The value, annotation, parameter or definition; None for imports and opaque bindings. Of an item, what it
            is an item of.
        path: For imports, the dotted path of the module, with leading dots where it is relative.
        attribute: For imports, what is taken from the module; "" where the module itself is bound.
        guards: What must hold for the statement to run.
    """

    kind: BindingKind
    scope: Scope
    node: ast.AST | None = None
    path: str = ""
    attribute: str = ""
    guards: tuple[Guard, ...] = ()


class ScopeKind(Enum):
    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"
    COMPREHENSION = "comprehension"


@dataclass(eq=False, slots=True)
class Scope:
    """A scope of the file and the names bound in it.

    Args:
        kind: Which rules it follows.
        node: The node that opens it.
        parent: The scope around it; None for the module.
        bindings: Every binding of each name, in the order of the text.
        outer: Names declared `global` (True) or `nonlocal` (False).
        stars: Modules whose names are all imported, in order, with leading dots where they are relative.
        attributes: For a class, what its methods set on their first parameter.
        returns: For a function, the values of its `return` statements.
        exits: For a function, its `return` statements with their guards.
        inner: The scopes that are opened in this one, by their node.
        yields: A function whose call gives a generator.
        file: For a module, the path of its file.
    """

    kind: ScopeKind
    node: ast.AST
    parent: Scope | None = None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    outer: dict[str, bool] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    attributes: dict[str, list[Binding]] = field(default_factory=dict)
    returns: list[ast.expr | None] = field(default_factory=list)
    exits: list[Place] = field(default_factory=list)
    inner: dict[ast.AST, Scope] = field(default_factory=dict)
    yields: bool = False
    file: str = ""

    @property
    def module(self) -> Scope:
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def owner(self, name: str) -> Scope:
        """The scope in which a binding of that name, written here, takes effect."""
        if name not in self.outer:
            return self
        if self.outer[name]:
            return self.module
        scope = self.parent
        while scope is not None and not (scope.kind is ScopeKind.FUNCTION and name in scope.bindings):
            scope = scope.parent
        return scope or self.module


class Place(NamedTuple):
    """A node, the scope it is evaluated in, and what must hold for it to run."""

    node: ast.AST
    scope: Scope
    guards: tuple[Guard, ...]


@dataclass(slots=True)
class FileScopes:
    """What one walk over a file collects.

    Args:
        module: The module's scope.
        scopes: The scope that each function, class, lambda or comprehension opens, by its node.
        imports: Import statements.
        calls: Calls, outer ones first.
        attributes: The outermost node of each dotted expression that is read.
        names: Names that are read; only collected after a star import.
        assignments: Assignments whose target is an attribute.
        unpackings: Assignments to a tuple of targets.
        subscripts: Subscripts with a constant key, outer ones first.
        tests: Conditions of `if`, `while` and conditional expressions.
        handlers: `except` clauses.
        classes: Class definitions.
    """

    module: Scope
    scopes: dict[ast.AST, Scope] = field(default_factory=dict)
    imports: list[Place] = field(default_factory=list)
    calls: list[Place] = field(default_factory=list)
    attributes: list[Place] = field(default_factory=list)
    names: list[Place] = field(default_factory=list)
    assignments: list[Place] = field(default_factory=list)
    unpackings: list[Place] = field(default_factory=list)
    subscripts: list[Place] = field(default_factory=list)
    tests: list[Place] = field(default_factory=list)
    handlers: list[Place] = field(default_factory=list)
    classes: list[Place] = field(default_factory=list)

    def shed(self) -> None:
        """Drop what only this file's own call sites need; what other files may ask of it stays."""
        for places in (self.calls, self.attributes, self.names, self.assignments, self.unpackings, self.subscripts):
            places.clear()
        for places in (self.imports, self.classes, self.tests, self.handlers):
            places.clear()
        for node in self.scopes:
            if isinstance(node, FunctionNode):
                node.body = []

    def clear(self) -> None:
        """Cut the references in a circle, so that a file's tree is freed at once and not when the collector runs."""
        for scope in (self.module, *self.scopes.values()):
            scope.bindings.clear()
            scope.attributes.clear()
            scope.exits.clear()
            scope.inner.clear()
        self.scopes.clear()


def read_scopes(tree: ast.Module, file: str = "") -> FileScopes:
    """Walk a file once.

    Args:
        tree: The parsed file.
        file: Its path.

    Raises:
        RecursionError: If it is nested too deeply.
    """
    walker = _Walker(tree)
    walker.found.module.file = file
    walker.block(tree.body)
    return walker.found


_LEAVES = (ast.Constant, ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)


class _Walker:
    def __init__(self, tree: ast.Module) -> None:
        self.scope = Scope(ScopeKind.MODULE, tree)
        self.guards: tuple[Guard, ...] = ()
        self.found = FileScopes(self.scope)
        self.handlers: dict[type[ast.AST], Callable[[_Walker, ast.AST], None] | None] = {}

    def place(self, node: ast.AST) -> Place:
        return Place(node, self.scope, self.guards)

    def visit(self, node: ast.AST) -> None:
        kind = node.__class__
        try:
            handler = self.handlers[kind]
        except KeyError:
            name = f"visit_{kind.__name__}"
            handler = None if issubclass(kind, _LEAVES) else getattr(_Walker, name, _Walker.children)
            self.handlers[kind] = handler
        if handler is not None:
            handler(self, node)

    def children(self, node: ast.AST) -> None:
        for name in node._fields:
            value = getattr(node, name, None)
            if value.__class__ is list:
                for item in value:
                    if isinstance(item, ast.AST):
                        self.visit(item)
            elif isinstance(value, ast.AST):
                self.visit(value)

    def each(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def block(self, statements: list[ast.stmt]) -> None:
        """Statements in order; one that leaves the block guards those after it."""
        before = self.guards
        for statement in statements:
            self.visit(statement)
            more = tuple(after(statement, self.scope))
            if more:
                self.guards = (*self.guards, *more)
        self.guards = before

    def guarded(self, guards: Iterable[Guard], body: list[ast.stmt]) -> None:
        before = self.guards
        self.guards = (*before, *guards)
        self.block(body)
        self.guards = before

    def guarded_expression(self, guard: Guard, node: ast.expr) -> None:
        with self.under((guard,)):
            self.visit(node)

    @contextmanager
    def under(self, guards: Iterable[Guard]) -> Iterator[None]:
        before = self.guards
        self.guards = (*before, *guards)
        yield
        self.guards = before

    def inside(self, kind: ScopeKind, node: ast.AST) -> Scope:
        scope = Scope(kind, node, self.scope)
        self.found.scopes[node] = self.scope.inner[node] = scope
        return scope

    # Bindings

    def bind(
        self, name: str, kind: BindingKind, node: ast.AST | None = None, path: str = "", attribute: str = ""
    ) -> None:
        owner = self.scope.owner(name)
        owner.bindings.setdefault(name, []).append(Binding(kind, self.scope, node, path, attribute, self.guards))

    def bind_target(self, target: ast.expr, value: ast.expr | None, kind: BindingKind = BindingKind.VALUE) -> None:
        """Bind what an assignment's target names; without a value the result is not known."""
        if isinstance(target, ast.Name):
            self.bind(target.id, kind if value is not None else BindingKind.OPAQUE, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            if kind is BindingKind.ITEM and len(target.elts) == 2 and (counted := _enumerated(value)) is not None:
                self.bind_target(target.elts[0], None)
                self.bind_target(target.elts[1], counted, kind)
                return
            whole = value if kind is BindingKind.VALUE else None
            for index, element in enumerate(target.elts):
                starred = any(isinstance(other, ast.Starred) for other in target.elts[:index])
                self.bind_target(element, None if starred else _element(whole, index, len(target.elts)))
        elif isinstance(target, ast.Starred):
            self.bind_target(target.value, None)
        elif isinstance(target, ast.Attribute):
            self._bind_attribute(target, value, kind)
            self.visit(target.value)
        else:
            self.visit(target)

    def _bind_attribute(self, target: ast.Attribute, value: ast.expr | None, kind: BindingKind) -> None:
        class_scope = _class_of_first_parameter(self.scope, target.value)
        if class_scope is not None:
            kind = kind if value is not None else BindingKind.OPAQUE
            class_scope.attributes.setdefault(target.attr, []).append(
                Binding(kind, self.scope, value, guards=self.guards)
            )

    def _bind_set(self, receiver: ast.expr, name: ast.expr | None) -> None:
        """`setattr(self, name, …)`."""
        class_scope = _class_of_first_parameter(self.scope, receiver)
        if class_scope is not None:
            known = name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else ANY_NAME
            class_scope.attributes.setdefault(known, []).append(Binding(BindingKind.OPAQUE, self.scope))

    def visit_Import(self, node: ast.Import) -> None:
        self.found.imports.append(self.place(node))
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            self.bind(bound, BindingKind.IMPORT, path=alias.name if alias.asname else bound)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        if not node.level:
            self.found.imports.append(self.place(node))
        for alias in node.names:
            if alias.name == "*":
                self.scope.stars.append(module)
            else:
                self.bind(alias.asname or alias.name, BindingKind.IMPORT, path=module, attribute=alias.name)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.bind_target(target, node.value)
        if any(isinstance(target, ast.Attribute) for target in node.targets):
            self.found.assignments.append(self.place(node))
        if any(isinstance(target, (ast.Tuple, ast.List)) for target in node.targets):
            self.found.unpackings.append(self.place(node))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
        self.bind_target(node.target, node.annotation, BindingKind.ANNOTATION)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        self.bind_target(node.target, None)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        before = self.scope
        while self.scope.kind is ScopeKind.COMPREHENSION and self.scope.parent is not None:
            self.scope = self.scope.parent
        self.bind_target(node.target, node.value)
        self.scope = before

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            # A function that frees a name at its end has not given it another value.
            if not isinstance(target, ast.Name) or self.scope.kind is not ScopeKind.FUNCTION:
                self.bind_target(target, None)

    def visit_Global(self, node: ast.Global) -> None:
        self.scope.outer.update(dict.fromkeys(node.names, True))

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.scope.outer.update(dict.fromkeys(node.names, False))

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.bind_target(node.target, node.iter, BindingKind.ITEM)
        self.block(node.body)
        self.block(node.orelse)

    visit_AsyncFor = visit_For

    def visit_withitem(self, node: ast.withitem) -> None:
        self.visit(node.context_expr)
        if node.optional_vars is not None:
            self.bind_target(node.optional_vars, node.context_expr, BindingKind.ENTERED)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        self.each(node.items)
        errors = [types for item in node.items if (types := suppressed(item.context_expr)) is not None]
        if errors:
            self.guarded((Caught(tuple(name for types in errors for name in types)),), node.body)
        else:
            self.block(node.body)

    visit_AsyncWith = visit_With

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name is not None:
            self.bind(node.name, BindingKind.OPAQUE)
        self.children(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name is not None:
            self.bind(node.name, BindingKind.OPAQUE)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest is not None:
            self.bind(node.rest, BindingKind.OPAQUE)
        self.children(node)

    # Scopes

    def visit_FunctionDef(self, node: FunctionNode) -> None:
        self.bind(node.name, BindingKind.FUNCTION, node)
        self.each(node.decorator_list)
        self._visit_parameters_outside(node.args)
        self.each([node.returns])
        demands = decorator_guards(node.decorator_list, self.scope)
        with self.function(node, node.args), self.under(demands):
            self.block(node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_parameters_outside(node.args)
        with self.function(node, node.args):
            self.visit(node.body)

    def _visit_parameters_outside(self, arguments: ast.arguments) -> None:
        self.each(arguments.defaults)
        self.each(arguments.kw_defaults)
        self.each(argument.annotation for argument in every_parameter(arguments))

    @contextmanager
    def function(self, node: FunctionNode | ast.Lambda, arguments: ast.arguments) -> Iterator[None]:
        before, guards = self.scope, self.guards
        self.scope = self.inside(ScopeKind.FUNCTION, node)
        for parameter in every_parameter(arguments):
            self.bind(parameter.arg, BindingKind.PARAMETER, parameter)
        # A `try` around a definition does not catch what its calls raise.
        self.guards = tuple(guard for guard in guards if not isinstance(guard, Caught))
        if isinstance(node, FunctionNode) and node.name.startswith("_") and not node.name.endswith("__"):
            self.guards = (*self.guards, Inside(node, before))
        yield
        self.scope, self.guards = before, guards

    def visit_Return(self, node: ast.Return) -> None:
        self.scope.returns.append(node.value)
        self.scope.exits.append(self.place(node))
        self.each([node.value])

    def visit_Yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        self.scope.yields = True
        self.children(node)

    visit_YieldFrom = visit_Yield

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bind(node.name, BindingKind.CLASS, node)
        self.found.classes.append(self.place(node))
        self.each(node.decorator_list)
        self.each(node.bases)
        self.each(keyword.value for keyword in node.keywords)
        before = self.scope
        demands = list(decorator_guards(node.decorator_list, before))
        self.scope = self.inside(ScopeKind.CLASS, node)
        self.guarded(demands, node.body)
        self.scope = before

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        self._visit_comprehension(node, node.generators, [node.elt])

    visit_SetComp = visit_GeneratorExp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._visit_comprehension(node, node.generators, [node.key, node.value])

    def _visit_comprehension(self, node: ast.AST, generators: list[ast.comprehension], results: list[ast.expr]) -> None:
        self.visit(generators[0].iter)
        before = self.scope
        self.scope = self.inside(ScopeKind.COMPREHENSION, node)
        for index, generator in enumerate(generators):
            if index:
                self.visit(generator.iter)
            self.bind_target(generator.target, generator.iter, BindingKind.ITEM)
            self.each(generator.ifs)
        self.each(results)
        self.scope = before

    # Guards

    def test(self, node: ast.expr) -> None:
        self.found.tests.append(self.place(node))
        self.visit(node)

    def visit_If(self, node: ast.If) -> None:
        self.test(node.test)
        self.guarded((Test(node.test, self.scope, True),), node.body)
        self.guarded((Test(node.test, self.scope, False),), node.orelse)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.test(node.test)
        self.guarded_expression(Test(node.test, self.scope, True), node.body)
        self.guarded_expression(Test(node.test, self.scope, False), node.orelse)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        before = self.guards
        for value in node.values:
            self.visit(value)
            self.guards = (*self.guards, Test(value, self.scope, isinstance(node.op, ast.And)))
        self.guards = before

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        for case, tests in zip(node.cases, case_tests(node), strict=True):
            self.visit(case.pattern)
            self.each([case.guard])
            self.guarded([Test(test, self.scope, holds) for test, holds in tests], case.body)

    def visit_While(self, node: ast.While) -> None:
        self.test(node.test)
        self.guarded((Test(node.test, self.scope, True),), node.body)
        self.block(node.orelse)

    def visit_Try(self, node: ast.Try) -> None:
        caught = [handler for handler in node.handlers if not only_raises(handler.body)]
        attempt = Attempt(node, self.scope)
        if caught:
            self.guarded((Caught(handled(caught), attempt),), node.body)
        else:
            self.block(node.body)
        for handler in node.handlers:
            self.found.handlers.append(self.place(handler))
            self.each([handler.type])
            if handler.name is not None:
                self.bind(handler.name, BindingKind.OPAQUE)
            self.guarded((Fallback(handled([handler]), attempt),), handler.body)
        self.guarded((Completed(attempt),), node.orelse)
        self.block(node.finalbody)

    visit_TryStar = visit_Try

    # What the rules look at

    def visit_Call(self, node: ast.Call) -> None:
        self.found.calls.append(self.place(node))
        if isinstance(node.func, ast.Name) and node.func.id == "setattr" and len(node.args) == 3:
            self._bind_set(node.args[0], node.args[1])
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "update":
            table = node.func.value
            if isinstance(table, ast.Attribute) and table.attr == "__dict__":
                self._bind_set(table.value, None)
        self.visit(node.func)
        self.each(node.args)
        self.each(keyword.value for keyword in node.keywords)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.slice, ast.Constant):
            self.found.subscripts.append(self.place(node))
        if isinstance(node.value, ast.Dict):
            self.visit(node.slice)
            self._visit_choices(node.value, node.slice)
        else:
            self.children(node)

    def _visit_choices(self, choices: ast.Dict, chosen: ast.expr) -> None:
        """`{4: old, 5: new}[major]`."""
        for key, value in zip(choices.keys, choices.values, strict=True):
            self.each([key])
            if key is None:
                self.visit(value)
            else:
                self.guarded_expression(Test(equals(chosen, key), self.scope, True), value)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.found.attributes.append(self.place(node))
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        if not isinstance(inner, ast.Name):
            self.visit(inner)

    def visit_Name(self, node: ast.Name) -> None:
        if self.scope.module.stars and isinstance(node.ctx, ast.Load):
            self.found.names.append(self.place(node))


def every_parameter(arguments: ast.arguments) -> Iterator[ast.arg]:
    """All parameters of a function, stars included, in order."""
    yield from arguments.posonlyargs
    yield from arguments.args
    if arguments.vararg is not None:
        yield arguments.vararg
    yield from arguments.kwonlyargs
    if arguments.kwarg is not None:
        yield arguments.kwarg


def first_parameter(node: FunctionNode | ast.Lambda) -> ast.arg | None:
    """The parameter that a method is given its instance or class in."""
    return next(iter((*node.args.posonlyargs, *node.args.args)), None)


def decorated(node: FunctionNode, *names: str) -> bool:
    """Whether a decorator's last name is one of these."""
    return any(ast.unparse(d).split("(", 1)[0].rsplit(".", 1)[-1] in names for d in node.decorator_list)


def _class_of_first_parameter(scope: Scope, node: ast.expr) -> Scope | None:
    """The class whose method has this name as its first parameter."""
    if not isinstance(node, ast.Name):
        return None
    while scope.parent is not None:
        if scope.kind is ScopeKind.FUNCTION and node.id in scope.bindings:
            method = scope.node
            if scope.parent.kind is not ScopeKind.CLASS or not isinstance(method, FunctionNode):
                return None
            first = first_parameter(method)
            return scope.parent if first is not None and first.arg == node.id else None
        scope = scope.parent
    return None


def _element(value: ast.expr | None, index: int, count: int) -> ast.expr | None:
    if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == count:
        element = value.elts[index]
        if not any(isinstance(item, ast.Starred) for item in value.elts):
            return element
    if isinstance(value, (ast.Call, ast.Attribute, ast.Subscript)):
        # `major, minor = version.split(".")`
        return ast.copy_location(ast.Subscript(value, ast.Constant(index), ast.Load()), value)
    return None


def _enumerated(value: ast.expr | None) -> ast.expr | None:
    """What `enumerate(…)` counts."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "enumerate" and value.args:
        return value.args[0]
    return None
