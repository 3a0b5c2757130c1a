"""What a function's body tells: keywords taken, hooks called, what comes back."""

from __future__ import annotations

import ast
import re
from hashlib import blake2b
from typing import Any

from .expressions import SourceText, constant_string, dotted, unpacked
from .model import Body, Deprecation, HookCall

_LEAVES: frozenset[type] = frozenset(
    {str, int, type(None), float, bool, complex, bytes, type(...)}
    | {ast.Constant, ast.Load, ast.Store, ast.Del, ast.Pass, ast.alias, ast.Global, ast.Nonlocal}
    | {ast.Break, ast.Continue, ast.Import, ast.ImportFrom}
    | set(ast.operator.__subclasses__())
    | set(ast.unaryop.__subclasses__())
    | set(ast.boolop.__subclasses__())
    | set(ast.cmpop.__subclasses__())
)
ANY_NAME = "*"
"""Among the attributes of a body: names that are only known at run time are set on `self`."""

_STATEMENT_LISTS = ("body", "orelse", "handlers", "finalbody", "cases")
_VERSION = re.compile(r"\bv?(\d+\.\d+(?:\.\d+)?)\b")
_READERS = frozenset({"get", "pop", "setdefault"})
_WARNERS = frozenset({"warn", "warning", "warning_once", "warn_once", "warn_deprecated", "deprecation_warning"})
# Calls that look at a mapping without taking anything out of it.
_HARMLESS = frozenset({"len", "bool", "sorted"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class BodyReader:
    """Reads the bodies of one file's functions.

    Args:
        text: The file's source text.
    """

    def __init__(self, text: SourceText) -> None:
        self._text = text

    def read(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[Body, frozenset[str], list[Deprecation]]:
        """The body's facts, the flags `generator` and `deprecated`, and parameters that it warns of."""
        statements = _without_docstring(node.body)
        if not statements:
            return Body(), frozenset(), []
        squeezed = self._text.squeezed(statements[0], statements[-1])
        digest = blake2b(squeezed.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        if len(statements) == 1 and isinstance(statements[0], ast.Raise) and statements[0].exc is not None:
            raised = statements[0].exc
            callee = raised.func if isinstance(raised, ast.Call) else raised
            return Body(raises=dotted(callee) or "?", digest=digest), frozenset(), []
        arguments = node.args
        keywords = arguments.kwarg.arg if arguments.kwarg else None
        scan = _Scan(self._text, keywords, _receiver(arguments))
        # Walking expressions costs most of the time, so only where the text shows something to find.
        deep = (
            (keywords is not None and keywords in squeezed)
            or "super(" in squeezed
            or "setattr(" in squeezed
            or (scan.receiver is not None and f"{scan.receiver}." in squeezed)
            or ("def" in squeezed and "**" in squeezed)
        )
        scan.statements(statements, deep)
        flags = {"generator"} if "yield" in squeezed and _yields(statements) else set()
        if node.name == "__init_subclass__" and "dataclass(cls" in squeezed:
            flags.add("makes-dataclass")
        deprecations: list[Deprecation] = []
        if "eprecat" in squeezed:
            names = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
            for statement in statements:
                if _warns_of_deprecation(statement, self._text):
                    flags.add("deprecated")
                elif isinstance(statement, ast.If):
                    deprecations += self._warned_parameters(statement, names)
        return scan.result(digest), frozenset(flags), deprecations

    def _warned_parameters(self, statement: ast.If, names: set[str]) -> list[Deprecation]:
        """Parameters that a test names and whose branch warns of them."""
        warning = next((s for s in statement.body if _warns_of_deprecation(s, self._text)), None)
        if warning is None:
            return []
        tested = {n.id for n in ast.walk(statement.test) if isinstance(n, ast.Name)} & names
        tested |= {
            c for n in ast.walk(statement.test) if (c := constant_string(n if isinstance(n, ast.expr) else None))
        }
        text = self._text.of(warning.value)  # type: ignore[attr-defined]  # _warns_of_deprecation is true for Expr only
        announced = _VERSION.search(text)
        return [
            Deprecation(name, None, announced[1] if announced else None)
            for name in sorted(tested)
            if name.isidentifier() and name in text
        ]


class _Scan:
    """One walk over a body, collecting its facts."""

    def __init__(self, text: SourceText, keywords: str | None, receiver: str | None) -> None:
        self.text = text
        self.keywords = keywords
        self.receiver = receiver
        self.taken: dict[str, None] = {}
        self.forwarded: dict[str, None] = {}
        self.escapes = False
        self.hooks: dict[HookCall, None] = {}
        self.returns: dict[str, None] = {}
        self.attributes: dict[str, str] = {}
        self.local: set[str] = set()

    def result(self, digest: str) -> Body:
        # A name that the body binds is not the one that the module has.
        hidden = any(callee.partition(".")[0] in self.local for callee in self.forwarded)
        return Body(
            tuple(sorted(self.taken)),
            tuple(sorted(self.forwarded)),
            self.escapes or hidden,
            tuple(sorted(self.hooks)),
            tuple(sorted(self.returns)),
            tuple(self.attributes.items()),
            None,
            digest,
        )

    def statements(self, body: list[ast.stmt], deep: bool) -> None:
        """Statement by statement; expressions are walked only where something in them can matter."""
        stack: list[Any] = list(reversed(body))
        while stack:
            node = stack.pop()
            kind = type(node)
            if kind is ast.Return:
                self.returns[self._returned(node.value)] = None
            elif kind is ast.Assign or kind is ast.AnnAssign:
                self._assigned(node)
            elif kind in _FUNCTIONS or kind is ast.ClassDef:
                if deep:
                    self._nested(node)
                continue
            children = [child for name in _STATEMENT_LISTS if (child := getattr(node, name, None))]
            if children and kind is not ast.Lambda and isinstance(node, (ast.stmt, ast.excepthandler, ast.match_case)):
                for child in reversed(children):
                    stack.extend(reversed(child))
                if deep:
                    for name, value in node.__dict__.items():
                        if name not in _STATEMENT_LISTS and type(value) not in _LEAVES:
                            self._expressions(value if type(value) is list else [value])
            elif deep:
                self._expressions([node])

    def _nested(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                self._expressions([statement]) if not isinstance(statement, _FUNCTIONS) else self._nested(statement)
            return
        self._expressions([*node.decorator_list, *node.args.defaults, *node.args.kw_defaults])
        own = node.args.kwarg.arg if node.args.kwarg else None
        inner = _Scan(self.text, own if own is not None else self.keywords, self.receiver)
        inner.statements(node.body, True)
        self.hooks.update(inner.hooks)
        if own is None or self.keywords is None:
            # A decorator's wrapper: what it takes from its own ** is what the decorated function gains.
            self.local |= inner.local
            self.taken.update(inner.taken)
            self.forwarded.update(inner.forwarded)
            self.escapes = self.escapes or inner.escapes

    def _expressions(self, nodes: list[Any]) -> None:
        keywords = self.keywords
        leaves = _LEAVES
        stack = list(nodes)
        pop, push = stack.pop, stack.append
        while stack:
            node = pop()
            kind = type(node)
            if kind in leaves:
                continue
            if kind is ast.Name:
                if node.id == keywords:
                    self.escapes = True
                continue
            if kind is ast.Call:
                self._call(node, stack)
                continue
            if keywords is not None and kind is ast.Subscript and _is_name(node.value, keywords):
                key = constant_string(node.slice)
                if key is None:
                    self.escapes = self.escapes or isinstance(node.ctx, ast.Load)
                    push(node.slice)
                elif not isinstance(node.ctx, ast.Store):
                    self.taken[key] = None
                continue
            if keywords is not None and kind is ast.Compare and _is_name(node.comparators[-1], keywords):
                key = constant_string(node.left)
                if key is not None:
                    self.taken[key] = None
                    continue
            if keywords is not None and kind is ast.Assign:
                # `kwargs = f(**kwargs)` binds the name anew; only its use on the right-hand side is looked at.
                push(node.value)
                stack.extend(t for t in node.targets if not _is_name(t, keywords))
                continue
            for value in node.__dict__.values():
                held = type(value)
                if held is list:
                    stack.extend(value)
                elif held not in leaves:
                    push(value)

    def _call(self, node: ast.Call, stack: list[Any]) -> None:
        function = node.func
        keywords = self.keywords
        if type(function) is ast.Attribute:
            value = function.value
            if function.attr == "update" and self._is_own_dict(value):
                self.attributes[ANY_NAME] = ""
            if keywords is not None and _is_name(value, keywords):
                self._keywords_method(function.attr, node)
                stack.extend(node.args[1:])
                return
            receiver = self._receiver_of(value)
            if receiver:
                self.hooks[_hook(receiver, function.attr, node)] = None
            elif type(value) is not ast.Name:
                stack.append(value)
        elif type(function) is not ast.Name:
            stack.append(function)
        elif function.id == "setattr" and len(node.args) > 1 and self._receiver_of(node.args[0]) == "self":
            self.attributes.setdefault(constant_string(node.args[1]) or ANY_NAME, "")
        elif function.id in _HARMLESS and keywords is not None and _is_name(next(iter(node.args), function), keywords):
            return
        stack.extend(node.args)
        for keyword in node.keywords:
            if keyword.arg is None and keywords is not None and _is_name(keyword.value, keywords):
                # `super(Class, self)` is written as `super()`.
                text = self.text.short(function)
                if isinstance(function, ast.Attribute) and self._receiver_of(function.value) == "super":
                    text = f"super().{function.attr}"
                self.forwarded[text] = None
            else:
                stack.append(keyword.value)

    def _is_own_dict(self, value: ast.expr) -> bool:
        return (
            isinstance(value, ast.Attribute) and value.attr == "__dict__" and self._receiver_of(value.value) == "self"
        )

    def _keywords_method(self, method: str, node: ast.Call) -> None:
        if method in _READERS and node.args:
            key = constant_string(node.args[0])
            if key is not None:
                self.taken[key] = None
            elif method != "setdefault":
                self.escapes = True
        elif method != "update":
            self.escapes = True

    def _receiver_of(self, value: ast.expr) -> str | None:
        if type(value) is ast.Name:
            if value.id == self.receiver:
                return "cls" if value.id == "cls" else "self"
            return None
        if type(value) is ast.Call and type(value.func) is ast.Name and value.func.id == "super":
            return "super"
        return None

    def _assigned(self, node: ast.Assign | ast.AnnAssign) -> None:
        if self.receiver is None and self.keywords is None:
            return
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            for part in unpacked(target):
                if isinstance(part, ast.Name):
                    self.local.add(part.id)
                elif isinstance(part, ast.Attribute) and self.receiver and _is_name(part.value, self.receiver):
                    self.attributes.setdefault(part.attr, self._valued(node.value) if part is target else "")

    def _valued(self, value: ast.expr | None) -> str:
        if isinstance(value, ast.Call):
            callee = dotted(value.func)
            return f"{callee}()" if callee else ""
        if isinstance(value, ast.Constant):
            return self.text.short(value)
        return (dotted(value) or "") if value is not None else ""

    def _returned(self, value: ast.expr | None) -> str:
        if value is None:
            return "None"
        if isinstance(value, ast.Tuple):
            return f"tuple:{len(value.elts)}" if not any(isinstance(e, ast.Starred) for e in value.elts) else "tuple:*"
        if isinstance(value, ast.Call):
            callee = dotted(value.func)
            return f"call:{callee}" if callee and len(callee) <= 80 else "?"
        if isinstance(value, ast.Constant):
            return "None" if value.value is None else type(value.value).__name__
        if isinstance(value, ast.Name):
            return "self" if value.id == self.receiver else f"name:{value.id}"
        return type(value).__name__.lower() if isinstance(value, (ast.Dict, ast.List, ast.Set)) else "?"


def _hook(receiver: str, name: str, node: ast.Call) -> HookCall:
    positional = [a for a in node.args if type(a) is not ast.Starred]
    written = tuple(k.arg for k in node.keywords if k.arg is not None)
    return HookCall(
        receiver, name, len(positional), written, len(positional) < len(node.args), len(written) < len(node.keywords)
    )


def _receiver(arguments: ast.arguments) -> str | None:
    first = next(iter((*arguments.posonlyargs, *arguments.args)), None)
    return first.arg if first is not None and first.arg in ("self", "cls") else None


def _is_name(node: ast.expr, name: str) -> bool:
    return type(node) is ast.Name and node.id == name


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return body[1:]
    return body


def _yields(statements: list[ast.stmt]) -> bool:
    stack: list[ast.AST] = list(statements)
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (*_FUNCTIONS, ast.Lambda, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(node))
    return False


def _warns_of_deprecation(statement: ast.stmt, text: SourceText) -> bool:
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    callee = dotted(statement.value.func)
    if callee is None or callee.rsplit(".", 1)[-1] not in _WARNERS:
        return False
    return "eprecat" in text.of(statement.value) or "FutureWarning" in text.of(statement.value)
