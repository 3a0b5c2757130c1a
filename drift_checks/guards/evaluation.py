"""What the expressions of version tests give on one release, as Python would compute them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from signatures.surface import Surface

from ..call_sites import Symbol
from ..guard_syntax import last_name
from ..resolution import Resolver
from ..scopes import Scope, ScopeKind, decorated, every_parameter
from ..values import BUILTIN, NOTHING, LocalFunction, LocalMethod, Text
from .versions import UNKNOWN, TorchText, specifiers_of, version_of

if TYPE_CHECKING:
    from .conditions import Conditions

_MAKERS = frozenset({"parse", "Version", "parse_version", "LooseVersion", "StrictVersion"})
_MAKER_MODULES = frozenset({"packaging", "version", "pkg_resources", "looseversion", "distutils", "LooseVersion"})
_READERS = frozenset({"importlib.metadata.version", "importlib_metadata.version"})
_VERSION_PARTS = frozenset(
    {"release", "major", "minor", "micro", "base_version", "public", "is_prerelease", "is_devrelease", "dev", "pre"}
)
_TEXT_METHODS = frozenset(
    {"split", "rsplit", "partition", "startswith", "endswith", "strip", "lstrip", "replace", "join", "lower", "index"}
)
_DEEPEST = 40
_MOST_EXITS = 8
_MOST_STEPS = 50_000
"""Enough for any file that people write; what is left then is not followed."""


class Answers(NamedTuple):
    """What is known so far of expressions and of conditions."""

    values: dict[ast.expr, object]
    truths: dict[ast.expr, Enum]


class Evaluator:
    """Values of expressions on one release of each upstream; `UNKNOWN` where they do not follow from the text.

    Args:
        resolver: Of the file.
        surfaces: One release of each upstream, by import name.
        conditions: Decides which branch is taken.
    """

    def __init__(self, resolver: Resolver, surfaces: Mapping[str, Surface], conditions: Conditions) -> None:
        self._resolver = resolver
        self._surfaces = surfaces
        self._conditions = conditions
        self._arguments: dict[Scope, dict[str, object]] = {}
        self._answers = Answers({}, {})
        self._given_by: dict[tuple[object, ...], object] = {}
        self._depth = 0
        self._steps = 0

    @property
    def truths(self) -> dict[ast.expr, Enum]:
        """What is known of conditions, for the arguments of the call that is followed."""
        return self._answers.truths

    def value(self, node: ast.expr | None, scope: Scope) -> object:
        """What an expression gives."""
        handler = _HANDLERS.get(type(node))
        if handler is None or node is None or self._depth >= _DEEPEST or self._steps >= _MOST_STEPS:
            return UNKNOWN
        known = self._answers.values
        if node in known:
            return known[node]
        # A name that is bound to something made of itself is not known.
        known[node] = UNKNOWN
        self._depth += 1
        self._steps += 1
        try:
            value = known[node] = handler(self, node, scope)
        finally:
            self._depth -= 1
        return value

    def _constant(self, node: ast.Constant, scope: Scope) -> object:
        return node.value

    def _display(self, node: ast.Tuple | ast.List, scope: Scope) -> object:
        values = tuple(self.value(element, scope) for element in node.elts)
        return UNKNOWN if UNKNOWN in values else values

    def _name(self, node: ast.Name, scope: Scope) -> object:
        around: Scope | None = scope
        while around is not None:
            given = self._arguments.get(around)
            if given is not None and node.id in given:
                return given[node.id]
            around = around.parent
        released = self._released(node, scope)
        return released if released is not UNKNOWN else self._conditions.chosen(node, scope)

    def _attribute(self, node: ast.Attribute, scope: Scope) -> object:
        released = self._released(node, scope)
        if released is not UNKNOWN:
            return released
        if node.attr in _VERSION_PARTS:
            owner = self.value(node.value, scope)
            if isinstance(owner, Version):
                return getattr(owner, node.attr)
        if node.attr == "version" and isinstance(node.value, ast.Call):
            return self._distribution(node.value, scope)
        return self._conditions.chosen(node, scope)

    def _released(self, node: ast.expr, scope: Scope) -> object:
        """`transformers.__version__`, under any name."""
        value = self._resolver.value(node, scope)
        if isinstance(value, Text):
            return value.value
        if value is NOTHING:
            return None
        if isinstance(value, Symbol) and not value.steps and value.path.endswith(".__version__"):
            surface = self._surfaces.get(value.upstream)
            if surface is not None:
                return TorchText(surface.version) if value.upstream == "torch" else surface.version
        return UNKNOWN

    def _distribution(self, call: ast.Call, scope: Scope) -> object:
        """`pkg_resources.get_distribution("transformers").version`."""
        if last_name(call.func) in ("get_distribution", "distribution") and call.args:
            return self._installed(self.value(call.args[0], scope))
        return UNKNOWN

    def _installed(self, name: object) -> object:
        surface = self._surfaces.get(name.replace("-", "_")) if isinstance(name, str) else None
        return surface.version if surface is not None else UNKNOWN

    def _subscript(self, node: ast.Subscript, scope: Scope) -> object:
        whole = self.value(node.value, scope)
        if not isinstance(whole, (str, tuple, dict)):
            return UNKNOWN
        if isinstance(node.slice, ast.Slice):
            ends = [None if end is None else self.value(end, scope) for end in (node.slice.lower, node.slice.upper)]
            first, last = ends
            if node.slice.step is not None or isinstance(whole, dict):
                return UNKNOWN
            if not isinstance(first, int | None) or not isinstance(last, int | None):
                return UNKNOWN
            return whole[first:last]
        return _item(whole, self.value(node.slice, scope))

    def _sign(self, node: ast.UnaryOp, scope: Scope) -> object:
        if isinstance(node.op, ast.Not):
            return self._answer(node, scope)
        value = self.value(node.operand, scope)
        return -value if isinstance(node.op, ast.USub) and isinstance(value, int) else UNKNOWN

    def _dict(self, node: ast.Dict, scope: Scope) -> object:
        keys = [self.value(key, scope) for key in node.keys]
        values = [self.value(value, scope) for value in node.values]
        if UNKNOWN in (*keys, *values):
            return UNKNOWN
        try:
            return dict(zip(keys, values, strict=True))
        except TypeError:
            return UNKNOWN

    def _choice(self, node: ast.IfExp, scope: Scope) -> object:
        test = self._conditions.answer(node.test, scope)
        return UNKNOWN if test is None else self.value(node.body if test else node.orelse, scope)

    def _either(self, node: ast.BoolOp, scope: Scope) -> object:
        value: object = UNKNOWN
        for operand in node.values:
            value = self.value(operand, scope)
            if value is UNKNOWN:
                return self._answer(node, scope)
            if bool(value) is isinstance(node.op, ast.Or):
                return value
        return value

    def _answer(self, node: ast.expr, scope: Scope) -> object:
        answer = self._conditions.answer(node, scope)
        return UNKNOWN if answer is None else answer

    def _comprehension(self, node: ast.GeneratorExp | ast.ListComp, scope: Scope) -> object:
        """`int(x) for x in version.split(".")`."""
        inner = scope.inner.get(node)
        first = node.generators[0]
        if inner is None or len(node.generators) > 1 or first.ifs or not isinstance(first.target, ast.Name):
            return UNKNOWN
        items = self.value(first.iter, scope)
        if not isinstance(items, (tuple, str)):
            return UNKNOWN
        found = []
        for item in items:
            with self._given(inner, {first.target.id: item}):
                found.append(self.value(node.elt, inner))
        return UNKNOWN if UNKNOWN in found else tuple(found)

    @contextmanager
    def _given(self, scope: Scope, arguments: dict[str, object]) -> Iterator[None]:
        before, answers = self._arguments.get(scope), self._answers
        self._arguments[scope] = arguments
        self._answers = Answers({}, {})
        try:
            yield
        finally:
            self._answers = answers
            del self._arguments[scope]
            if before is not None:
                self._arguments[scope] = before

    # Calls

    def _call(self, node: ast.Call, scope: Scope) -> object:
        function = self._resolver.value(node.func, scope)
        if isinstance(function, Symbol) and not function.steps and function.path in _READERS:
            return self._installed(self.value(node.args[0], scope)) if node.args else UNKNOWN
        if self._makes_version(node.func, function):
            return self._one(version_of, node, scope)
        if last_name(node.func) in ("SpecifierSet", "Specifier"):
            return self._one(specifiers_of, node, scope)
        if function is BUILTIN and isinstance(node.func, ast.Name):
            return self._builtin(node.func.id, node, scope)
        if isinstance(function, LocalMethod):
            function = function.function
        if isinstance(function, LocalFunction):
            given = self._applied(function, node, scope)
            if given is not UNKNOWN:
                return given
        elif isinstance(node.func, ast.Attribute):
            given = self._method(node.func, node, scope)
            if given is not UNKNOWN:
                return given
        return self._asked(node, scope)

    def _asked(self, node: ast.Call, scope: Scope) -> object:
        """What a question gives: `hasattr(…)`, `is_transformers_version(…)`."""
        answer = self._conditions.asked_answer(node, scope)
        if last_name(node.func) in ("find_spec", "importorskip", "getattr"):
            return None if answer is False else UNKNOWN
        return UNKNOWN if answer is None else answer

    def _makes_version(self, node: ast.expr, function: object) -> bool:
        if last_name(node) not in _MAKERS:
            return False
        if isinstance(function, Symbol):
            parts = function.path.split(".")
            return not function.steps and parts[-1] in _MAKERS and not _MAKER_MODULES.isdisjoint(parts[:-1])
        if isinstance(function, LocalFunction):
            return False
        # `try: from packaging import version`, `except ImportError: from distutils import version`.
        return last_name(node) != "parse" or (
            isinstance(node, ast.Attribute) and last_name(node.value) in ("version", "packaging")
        )

    def _one(self, make: Callable[[object], object], node: ast.Call, scope: Scope) -> object:
        made = make(self.value(node.args[0], scope)) if len(node.args) == 1 else None
        return UNKNOWN if made is None else made

    def _builtin(self, name: str, node: ast.Call, scope: Scope) -> object:
        if name == "hasattr":
            return self._asked(node, scope)
        arguments = [self.value(argument, scope) for argument in node.args]
        if UNKNOWN in arguments[name == "map" :] or node.keywords or not arguments:
            return UNKNOWN
        try:
            if name == "map" and len(node.args) == 2 and isinstance(node.args[0], ast.Name):
                make = _PLAIN_TYPES.get(node.args[0].id)
                items = arguments[1]
                return tuple(map(make, items)) if make and isinstance(items, (tuple, str)) else UNKNOWN
            made = _PLAIN_TYPES.get(name)
            return made(*arguments) if made is not None else UNKNOWN
        except (TypeError, ValueError):
            return UNKNOWN

    def _method(self, function: ast.Attribute, node: ast.Call, scope: Scope) -> object:
        if function.attr not in _TEXT_METHODS and function.attr != "contains":
            return UNKNOWN
        owner = self.value(function.value, scope)
        arguments = [self.value(argument, scope) for argument in node.args]
        if UNKNOWN in arguments:
            return UNKNOWN
        if isinstance(owner, SpecifierSet) and function.attr == "contains":
            version = version_of(arguments[0])
            before = any(keyword.arg == "prereleases" for keyword in node.keywords)
            return UNKNOWN if version is None else owner.contains(version, prereleases=before or None)
        if not isinstance(owner, str) or node.keywords or function.attr == "contains":
            return UNKNOWN
        try:
            given = getattr(str(owner), function.attr)(*arguments)
        except (TypeError, ValueError):
            return UNKNOWN
        return tuple(given) if isinstance(given, list) else given

    def _applied(self, function: LocalFunction, node: ast.Call, scope: Scope) -> object:
        """What a function of the program gives: its first `return` that is reached."""
        body = function.scope.inner.get(function.node)
        if body is None or body in self._arguments or not 0 < len(body.exits) <= _MOST_EXITS:
            return UNKNOWN
        arguments = self._bound(function, node, scope)
        if arguments is None:
            return UNKNOWN
        call = (body, *(repr(value) for value in arguments.values()))
        if call not in self._given_by:
            self._given_by[call] = self._first_exit(body, arguments)
        return self._given_by[call]

    def _first_exit(self, body: Scope, arguments: dict[str, object]) -> object:
        with self._given(body, arguments):
            for place in body.exits:
                assert isinstance(place.node, ast.Return)
                reached = self._conditions.reached(place.guards, place.node.lineno)
                if reached is None:
                    return UNKNOWN
                if reached:
                    return None if place.node.value is None else self.value(place.node.value, place.scope)
        return UNKNOWN

    def _bound(self, function: LocalFunction, node: ast.Call, scope: Scope) -> dict[str, object] | None:
        """The arguments of a call by the names of the parameters; None for a call that is not plain."""
        parameters = function.node.args
        if isinstance(function.node, ast.Lambda):
            return None
        if any(isinstance(argument, ast.Starred) for argument in node.args) or parameters.vararg is not None:
            return None
        defaults = [parameter.arg for parameter in (*parameters.posonlyargs, *parameters.args)]
        bound = function.scope.kind is ScopeKind.CLASS and not decorated(function.node, "staticmethod")
        names = defaults[1:] if bound else defaults
        given: dict[str, object] = {parameter.arg: UNKNOWN for parameter in every_parameter(parameters)}
        for name, default in zip(reversed(defaults), reversed(parameters.defaults), strict=False):
            given[name] = self.value(default, function.scope)
        for parameter, keyword_default in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True):
            if keyword_default is not None:
                given[parameter.arg] = self.value(keyword_default, function.scope)
        if len(node.args) > len(names):
            return None
        given.update({name: self.value(argument, scope) for name, argument in zip(names, node.args, strict=False)})
        for keyword in node.keywords:
            if keyword.arg is None:
                return None
            given[keyword.arg] = self.value(keyword.value, scope)
        return given


def _item(whole: str | tuple[object, ...] | dict[object, object], index: object) -> object:
    if isinstance(whole, dict):
        return whole.get(index, UNKNOWN)
    inside = isinstance(index, int) and -len(whole) <= index < len(whole)
    return whole[index] if inside and isinstance(index, int) else UNKNOWN


def _tuple(items: object) -> tuple[object, ...]:
    if not isinstance(items, (tuple, str)):
        raise TypeError
    return tuple(items)


_PLAIN_TYPES: dict[str, Callable[..., object]] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "len": len,
    "tuple": _tuple,
    "list": _tuple,
}
_HANDLERS: dict[type, Callable[..., object]] = {
    ast.Constant: Evaluator._constant,
    ast.Tuple: Evaluator._display,
    ast.List: Evaluator._display,
    ast.Set: Evaluator._display,
    ast.Dict: Evaluator._dict,
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.Subscript: Evaluator._subscript,
    ast.UnaryOp: Evaluator._sign,
    ast.IfExp: Evaluator._choice,
    ast.BoolOp: Evaluator._either,
    ast.Compare: Evaluator._answer,
    ast.GeneratorExp: Evaluator._comprehension,
    ast.ListComp: Evaluator._comprehension,
    ast.Call: Evaluator._call,
}
