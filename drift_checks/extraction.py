"""From a parsed file to its call sites: every place that depends on one of the upstreams."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from .call_sites import (
    CALLED,
    CONFIG_MEMBERS,
    Access,
    Arguments,
    AttributeSite,
    CallSite,
    ClassAttribute,
    ConditionSite,
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
from .guard_syntax import Guard, Test
from .own_names import own_names
from .patch_targets import find_patches, instance_of_target, replacement
from .program import Program
from .resolution import Resolver, alternatives, is_import_function
from .scopes import FileScopes, Place, decorated, read_scopes
from .sources import SourceFile, Unparsed
from .values import BUILTIN, UNKNOWN, LocalClass, LocalFunction, LocalInstance, Partial, Text, Value
from .written_arguments import constant, emptied, items_of, read_arguments


@dataclass(frozen=True, slots=True)
class GuardedSite:
    """A call site, and what must hold for it to run.

    Args:
        site: What is judged.
        guards: What must hold.
        alternatives: What it may be as well, on the same run; a problem counts where all of them have it.
    """

    site: Site
    guards: tuple[Guard, ...]
    alternatives: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class FileSites:
    """The call sites of one file, and what evaluates their guards."""

    sites: tuple[GuardedSite, ...]
    resolver: Resolver
    scopes: FileScopes


def extract(file: SourceFile, upstreams: frozenset[str], program: Program | None = None) -> FileSites | Unparsed:
    """The call sites of one file, or why it could not be read.

    Args:
        file: The file.
        upstreams: Import names of the upstreams.
        program: The project that it belongs to; without, it is looked at alone.
    """
    known = program.parsed(file) if program is not None else None
    try:
        if known is None:
            tree = file.parse()
            if isinstance(tree, Unparsed):
                return tree
            scopes = read_scopes(tree)
            known = scopes, program.add(file, scopes) if program is not None else Resolver(scopes, upstreams)
        return _sites(*known, upstreams)
    except RecursionError:
        return Unparsed(file.path, 1, "nested too deeply to be read")


def _sites(found: FileScopes, resolver: Resolver, upstreams: frozenset[str]) -> FileSites:
    patches = list(find_patches(found, resolver, upstreams))
    for patch in patches:
        for function in patch.replaced:
            resolver.run_as_method(function.node, instance_of_target(patch.site))
    if patches:
        resolver.forget()
    reader = _SiteReader(resolver, upstreams, found)
    sites = [GuardedSite(patch.site, patch.guarded.guards) for patch in patches]
    for read, places in (
        (reader.imports, found.imports),
        (reader.call, found.calls),
        (reader.attribute, [*found.attributes, *found.names]),
        (reader.subclass, found.classes),
        (reader.unpacking, found.unpackings),
        (reader.subscript, found.subscripts),
        (reader.condition, found.tests),
    ):
        for place in places:
            sites += read(place)
    imports = reader.imported(sites)
    for place in (*found.calls, *found.attributes):
        sites += reader.unknown(place, imports)
    return FileSites(tuple(sites), resolver, found)


class _SiteReader:
    def __init__(self, resolver: Resolver, upstreams: frozenset[str], found: FileScopes) -> None:
        self._resolver = resolver
        self._upstreams = upstreams
        self._found = found
        self._called: set[ast.AST] = set()
        self._emptied = frozenset(emptied(found.calls))
        self._own = own_names(found, resolver)
        self._kinds: dict[str, frozenset[str]] = {}

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
        value = self._value(node.func, place)
        if value is BUILTIN:
            yield from self._named_member(node, place)
            return
        if is_import_function(value):
            yield from self._imported_by_call(node, place)
            return
        span, without = _last_name(node.func), frozenset[str]()
        partial = self._resolver.value(node, place.scope) if isinstance(value, Symbol) else None
        if isinstance(partial, Partial):
            value, span = partial.function, Span.of(node.args[0])
        elif isinstance(value, LocalClass):
            value, without = self._constructor(value, node)
        called = [symbol.member("__call__") if symbol.is_object else symbol for symbol in alternatives(value)]
        if not called or not all(self._names_upstream(symbol.path) for symbol in called):
            return
        arguments = self._arguments(node, place)
        if isinstance(partial, Partial):
            arguments = Arguments(arguments.positional[1:], arguments.keywords, True, True, arguments.values[1:])
        if without:
            kept = tuple(keyword for keyword in arguments.keywords if keyword.name not in without)
            arguments = replace(arguments, keywords=kept)
        asked = self._asked_of(node)
        first, *others = (CallSite(symbol, arguments, Span.of(node), span, asked) for symbol in called)
        yield GuardedSite(first, place.guards, tuple(others))

    def _asked_of(self, node: ast.Call) -> frozenset[str]:
        """What the file asks of the name that a call's result is bound to."""
        name = self._bound_to.get(node)
        return self._asked_names.get(name, frozenset()) if name is not None else frozenset()

    @cached_property
    def _bound_to(self) -> dict[ast.AST, str]:
        scopes = (self._found.module, *self._found.scopes.values())
        return {
            binding.node: name
            for scope in scopes
            for name, bindings in scope.bindings.items()
            for binding in bindings
            if isinstance(binding.node, ast.Call)
        }

    @cached_property
    def _asked_names(self) -> dict[str, frozenset[str]]:
        asked: dict[str, set[str]] = {}
        for place in (*self._found.subscripts, *self._found.attributes, *self._found.calls):
            node = place.node
            if isinstance(node, ast.Call):
                if isinstance(node.func, ast.Name) and node.func.id == "isinstance" and node.args:
                    asked.setdefault(ast.unparse(node.args[0]), set()).add("isinstance")
            elif isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.value, ast.Name):
                key = node.attr if isinstance(node, ast.Attribute) else getattr(node.slice, "value", None)
                asked.setdefault(node.value.id, set()).add(str(key))
        return {name: frozenset(keys) for name, keys in asked.items()}

    def _arguments(self, node: ast.Call, place: Place) -> Arguments:
        """What a call passes; a `**` of a dict that is written out passes its items."""
        given = read_arguments(node)
        if not given.double_star:
            return given
        written: list[Keyword] = []
        more = False
        for keyword in node.keywords:
            if keyword.arg is None:
                display = self._display(keyword.value, place)
                items = items_of(display) if display is not None else ()
                written += items
                # What is put into a dict later is passed as well.
                more = more or display is not keyword.value or len(items) < len(display.keys)
        return replace(given, keywords=(*given.keywords, *written), double_star=more)

    def _display(self, node: ast.expr, place: Place) -> ast.Dict | None:
        """The dict display that an expression is, or that its name is bound to and nothing is taken out of."""
        if isinstance(node, ast.Dict):
            return node
        if not isinstance(node, ast.Name) or node.id in self._emptied:
            return None
        assigned = self._resolver.assigned(node, place.scope)
        return assigned[0] if assigned is not None and isinstance(assigned[0], ast.Dict) else None

    def _imported_by_call(self, node: ast.Call, place: Place) -> Iterator[GuardedSite]:
        """`importlib.import_module("a.b")`."""
        given = self._resolver.value(node, place.scope)
        if isinstance(given, Symbol) and self._names_upstream(given.path) and "." in given.path:
            span = Span.of(node.args[0])
            yield GuardedSite(ImportSite(given.path, None, span, span), place.guards)

    def _named_member(self, node: ast.Call, place: Place) -> Iterator[GuardedSite]:
        """`getattr(value, "name")` and `hasattr(value, "name")`."""
        if not _is_named_member(node):
            return
        name = self._resolver.value(node.args[1], place.scope)
        if not isinstance(name, Text) or not name.value.isidentifier():
            return
        access = self._named_access(node, name.value)
        value = self._resolver.member(self._value(node.args[0], place), name.value)
        imported = self._resolver.imported(node.args[0], place.scope)
        whole = self._is_whole(node, name.value) and node not in self._conditions
        yield from self._attribute_sites(value, Span.of(node.args[1]), imported, access, place, whole)

    def _named_access(self, node: ast.Call, name: str) -> Access:
        if isinstance(node.func, ast.Name) and node.func.id == "getattr":
            if len(node.args) == 2:
                return Access.READ
            if not self._is_prepared(name):
                return Access.OR_NONE if constant(node.args[2]) == "None" else Access.DEFAULTED
        return Access.OPTIONAL

    def _constructor(self, of: LocalClass, node: ast.Call) -> tuple[Value, frozenset[str]]:
        """What making an instance of a downstream class calls: its base's constructor, if it has none of its own.

        A dataclass takes its own fields by keyword, and passes nobody the others.

        Returns:
            The base, and the keywords that it does not get.
        """
        fields = self._resolver.fields(of)
        base = self._resolver.upstream_base(of)
        if fields is None or base is None or of.node.keywords:
            return UNKNOWN, frozenset()
        if fields and (node.args or any(keyword.arg is None for keyword in node.keywords)):
            return UNKNOWN, frozenset()
        return base, fields

    def _value(self, node: ast.expr, place: Place) -> Value:
        """What an expression denotes, `isinstance` tests around it included."""
        value = self._resolver.value(node, place.scope)
        if value is UNKNOWN and isinstance(node, ast.Attribute) and place.guards:
            narrowed = self._narrowed(node.value, place)
            return self._resolver.member(narrowed, node.attr) if narrowed is not UNKNOWN else UNKNOWN
        return value

    def _narrowed(self, node: ast.expr, place: Place) -> Value:
        if self._resolver.value(node, place.scope) is not UNKNOWN:
            return UNKNOWN
        for guard in reversed(place.guards):
            if isinstance(guard, Test) and guard.holds:
                for test in _conjuncts(guard.expression):
                    of = _class_tested(test, node)
                    if of is not None:
                        return self._resolver.declared(of, guard.scope)
        return UNKNOWN

    def attribute(self, place: Place) -> Iterator[GuardedSite]:
        """A dotted expression; of one that goes through members of a class, each of them."""
        node = place.node
        assert isinstance(node, ast.expr)
        yield from self._one_attribute(node, place)
        while isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            node = node.value
            if any(symbol.steps for symbol in alternatives(self._value(node, place))):
                yield from self._one_attribute(node, place)

    def _one_attribute(self, node: ast.expr, place: Place) -> Iterator[GuardedSite]:
        value = self._value(node, place)
        if self._is_own(node, value, place):
            return
        imported = self._resolver.imported(node, place.scope)
        whole = isinstance(node, ast.Attribute) and node is place.node and self._is_whole(node, node.attr)
        whole = whole and node not in self._conditions
        yield from self._attribute_sites(value, _last_name(node), imported, _access(node), place, whole)
        if not isinstance(value, Symbol) or not self._names_upstream(value.path):
            return
        if value.steps[-2:-1] == (CALLED,) and isinstance(node, ast.Attribute):
            function = value._replace(steps=value.steps[:-2])
            given = read_arguments(node.value) if isinstance(node.value, ast.Call) else None
            site = ResultSite(function, given, Use.ATTRIBUTE, node.attr, 0, _last_name(node))
            yield GuardedSite(site, place.guards)

    def _is_own(self, node: ast.expr, value: Value, place: Place) -> bool:
        """Whether a downstream class holds under this name what was read elsewhere: `self.x = value.x`."""
        owner = self._resolver.value(node.value, place.scope) if isinstance(node, ast.Attribute) else UNKNOWN
        of = owner.of if isinstance(owner, LocalInstance) else owner
        if not isinstance(of, LocalClass) or not isinstance(value, Symbol) or not value.steps:
            return False
        base = self._resolver.upstream_base(of)
        return base is None or base.path != value.path

    def _attribute_sites(
        self, value: Value, span: Span, imported: str, access: Access, place: Place, whole: bool
    ) -> Iterator[GuardedSite]:
        symbols = list(alternatives(value))
        if not symbols or not all(self._names_upstream(symbol.path) for symbol in symbols) or symbols[0].is_object:
            return
        if access is Access.READ and symbols[0].steps and symbols[0].steps[-1] in self._own.set:
            access = Access.PREPARED
        if symbols[0].path != imported or symbols[0].steps:
            first, *others = (AttributeSite(symbol, span, imported, access, whole) for symbol in symbols)
            yield GuardedSite(first, place.guards, tuple(others))

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
        key, span = constant(node.slice), Span.of(node.slice)
        results = list(self._result(node.value, place, Use.INDEXED, key, 0, span))
        yield from results
        value = self._resolver.value(node.value, place.scope)
        if not results and isinstance(value, Symbol) and self._names_upstream(value.path):
            access = Access.READ if isinstance(node.ctx, ast.Load) else Access.WRITTEN
            yield GuardedSite(KeySite(value, key, span, access), place.guards)

    def condition(self, place: Place) -> Iterator[GuardedSite]:
        """`if value:`, and `value is None` in a condition."""
        assert isinstance(place.node, ast.expr)
        for node in _asked_for_nothing(place.node):
            value = self._value(node, place)
            if isinstance(value, Symbol) and value.steps and self._names_upstream(value.path) and not value.is_object:
                yield GuardedSite(ConditionSite(value, _last_name(node)), place.guards)

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

    def unknown(self, place: Place, imports: frozenset[str], outermost: bool = True) -> Iterator[GuardedSite]:
        """A member of a value that nothing tells the type of; a called one is read at its call."""
        node = place.node
        arguments = read_arguments(node) if isinstance(node, ast.Call) else None
        member = node.func if isinstance(node, ast.Call) else node
        if isinstance(node, ast.Call) and _is_named_member(node):
            yield from self._unknown_by_name(node, place, imports)
            return
        if not isinstance(member, ast.Attribute):
            return
        if not imports and CONFIG_MEMBERS.keys().isdisjoint(_names(member)):
            return
        if not self._is_unknown(self._resolver.value(member.value, place.scope), member.attr):
            return
        if place.guards and self._narrowed(member.value, place) is not UNKNOWN:
            return
        if isinstance(member.value, ast.Attribute):
            yield from self.unknown(place._replace(node=member.value), imports, outermost=False)
        if member in self._called:
            return
        self._called.add(member)
        of = self._fitting(member.attr, member.value, imports)
        if of:
            whole = outermost and self._is_whole(member, member.attr)
            called = _called(member.value)
            site = UnknownSite(member.attr, arguments, _last_name(member), called, of, _access(member), whole)
            yield GuardedSite(site, place.guards)

    def _unknown_by_name(self, node: ast.Call, place: Place, imports: frozenset[str]) -> Iterator[GuardedSite]:
        """`getattr(value, "name", default)`, where nothing tells the type of the value."""
        receiver, name = node.args[:2]
        if not isinstance(name, ast.Constant) or name.value not in CONFIG_MEMBERS:
            return
        if not self._is_unknown(self._value(receiver, place), name.value):
            return
        of = self._fitting(name.value, receiver, imports)
        access = self._named_access(node, name.value)
        if of and access is not Access.READ:
            whole = self._is_whole(node, name.value)
            site = UnknownSite(name.value, None, Span.of(name), _called(receiver), of, access, whole)
            yield GuardedSite(site, place.guards)

    def _is_unknown(self, value: Value, name: str) -> bool:
        """Whether nothing tells the type of a value: what another distribution's function gives, by the name only."""
        if not isinstance(value, Symbol) or name not in CONFIG_MEMBERS or self._names_upstream(value.path):
            return value is UNKNOWN
        return value.steps == (CALLED,) and value.path.rpartition(".")[2][:1].islower()

    def _fitting(self, name: str, receiver: ast.expr, imports: frozenset[str]) -> frozenset[str]:
        """The imports that a member may come by; none where the file brings it itself."""
        if name not in CONFIG_MEMBERS:
            return imports if name not in self._own.defined else frozenset()
        if name in self._own.set or name in self._own_kind(_called(receiver).rpartition("_")[2].lower()):
            return frozenset()
        return imports | (_CONFIGS & self._upstreams)

    def _own_kind(self, kind: str) -> frozenset[str]:
        """What the file's classes of a kind have: of `config`, those that are called `…Config`."""
        if kind not in self._kinds:
            self._kinds[kind] = frozenset(
                name
                for node, scope in self._found.scopes.items()
                if isinstance(node, ast.ClassDef) and kind in node.name.lower()
                for name in (*scope.bindings, *scope.attributes)
            )
        return self._kinds[kind]

    def _is_prepared(self, name: str) -> bool:
        """Whether the file asks some object for what took the place of a member."""
        return CONFIG_MEMBERS.get(name) in self._asked

    def _is_whole(self, node: ast.expr, name: str) -> bool:
        return name in CONFIG_MEMBERS and not self._is_prepared(name) and node not in self._taken_apart

    @cached_property
    def _conditions(self) -> frozenset[ast.AST]:
        """Values that a condition asks for being None, or empty."""
        tests = (place.node for place in self._found.tests)
        return frozenset(node for test in tests if isinstance(test, ast.expr) for node in _asked_for_nothing(test))

    @cached_property
    def _taken_apart(self) -> frozenset[ast.AST]:
        """Values that are only asked for an item, or compared: `value["key"]`, and `"key" in value`."""
        nodes = [place.node for place in self._found.subscripts]
        items = [node.value for node in nodes if isinstance(node, ast.Subscript)]
        within = (*self._found.scopes, *(place.node for place in self._found.tests))
        tests = (each for part in within for each in ast.walk(part) if isinstance(each, ast.Compare))
        compared = [test for test in tests if not isinstance(test.ops[0], (ast.Is, ast.IsNot))]
        return frozenset([*items, *(side for test in compared for side in (test.left, *test.comparators))])

    @cached_property
    def _asked(self) -> frozenset[str]:
        """Names of members that the file asks any object for, `getattr` and `hasattr` included."""
        calls = (place.node for place in self._found.calls)
        named = (call.args[1] for call in calls if isinstance(call, ast.Call) and _is_named_member(call))
        return self._used.union(n.value for n in named if isinstance(n, ast.Constant) and isinstance(n.value, str))

    def subclass(self, place: Place) -> Iterator[GuardedSite]:
        node = place.node
        assert isinstance(node, ast.ClassDef)
        direct = False
        for base in node.bases:
            value = self._resolver.value(base, place.scope)
            if isinstance(value, Symbol) and not value.steps and self._names_upstream(value.path):
                direct = True
                yield self._subclass(node, value, base, place, frozenset())
        of = self._resolver.value(ast.Name(node.name), place.scope) if not direct else None
        local = [base for base in node.bases if isinstance(self._resolver.value(base, place.scope), LocalClass)]
        if local and not direct and isinstance(of, LocalClass):
            above = self._resolver.upstream_base(of)
            if above is not None and self._names_upstream(above.path):
                yield self._subclass(node, above, local[0], place, self._resolver.names_between(of))

    def _subclass(
        self, node: ast.ClassDef, base: Symbol, written: ast.expr, place: Place, between: frozenset[str]
    ) -> GuardedSite:
        others = [self._resolver.value(other, place.scope) for other in node.bases if other is not written]
        beside = tuple(value for value in others if isinstance(value, Symbol) and not value.steps)
        site = SubclassSite(
            node.name,
            base,
            Span.of(written),
            _overrides(node, place),
            _assigned(node),
            between,
            beside if len(beside) == len(others) else None,
            _extends(node),
            self._used,
        )
        return GuardedSite(site, place.guards)

    @cached_property
    def _used(self) -> frozenset[str]:
        """Names of members that the file asks any object for, except `super()`."""
        found = set()
        for place in self._found.attributes:
            node = place.node
            while isinstance(node, ast.Attribute):
                if not _is_super(node.value):
                    found.add(node.attr)
                node = node.value
        return frozenset(found)


_CONFIGS = frozenset({"transformers"})


def _is_named_member(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr") and len(node.args) >= 2


def _names(node: ast.expr) -> Iterator[str]:
    """The names of a dotted expression, the last one first."""
    while isinstance(node, ast.Attribute):
        yield node.attr
        node = node.value


def _called(node: ast.expr) -> str:
    """The last name of a dotted expression; "" for any other."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _conjuncts(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        for value in node.values:
            yield from _conjuncts(value)
    else:
        yield node


def _class_tested(test: ast.expr, subject: ast.expr) -> ast.expr | None:
    """The class, or the union of several, in `isinstance(subject, …)`."""
    if not isinstance(test, ast.Call) or not isinstance(test.func, ast.Name) or test.func.id != "isinstance":
        return None
    if len(test.args) != 2 or ast.unparse(test.args[0]) != ast.unparse(subject):
        return None
    of = test.args[1]
    if isinstance(of, ast.Tuple) and of.elts:
        union = of.elts[0]
        for element in of.elts[1:]:
            union = ast.BinOp(union, ast.BitOr(), element)
        return union
    return of


def _access(node: ast.expr) -> Access:
    written = isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
    return Access.WRITTEN if written else Access.READ


def _asked_for_nothing(test: ast.expr) -> Iterator[ast.expr]:
    """The expressions that a condition compares with None, or takes for true or false as they are."""
    if isinstance(test, ast.BoolOp):
        for part in test.values:
            yield from _asked_for_nothing(part)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _asked_for_nothing(test.operand)
    elif isinstance(test, ast.Compare):
        other = test.comparators[0]
        if len(test.comparators) == 1 and isinstance(other, ast.Constant) and other.value is None:
            yield test.left
    else:
        yield test


def _last_name(node: ast.expr) -> Span:
    """Of the last name of a dotted expression: what a user would edit."""
    whole = Span.of(node)
    if isinstance(node, ast.Attribute):
        return whole._replace(line=whole.end_line, column=whole.end_column - len(node.attr.encode()))
    return whole


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


def _extends(node: ast.ClassDef) -> frozenset[str]:
    """The methods that call, through `super()`, the one that they override."""
    methods = [statement for statement in node.body if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return frozenset(
        method.name
        for method in methods
        if any(
            isinstance(each, ast.Attribute) and each.attr == method.name and _is_super(each.value)
            for each in ast.walk(method)
        )
    )


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def _overrides(node: ast.ClassDef, place: Place) -> tuple[Replacement, ...]:
    methods = [s for s in node.body if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return tuple(
        replacement(LocalFunction(method, place.scope))
        for method in methods
        if not decorated(method, "property", "cached_property", "setter", "staticmethod", "overload", "getter")
    )
