"""Statements that bring about names in ways of their own, recognised by their shape."""

from __future__ import annotations

import ast

from .expressions import constant_string, dotted
from .model import Assignment, Deprecation


def undocumented(value: ast.expr) -> ast.expr:
    """The function in `conv1d = _add_docstr(torch.conv1d, "…")`, which gives it a docstring and returns it."""
    if isinstance(value, ast.Call) and value.args and (dotted(value.func) or "").endswith("add_docstr"):
        return value.args[0]
    return value


def named_tuple(value: ast.expr | None) -> tuple[Assignment, ...] | None:
    """The fields in `namedtuple("Name", ["a", "b"])`, also written `"a b"`."""
    if not isinstance(value, ast.Call) or (dotted(value.func) or "").rsplit(".", 1)[-1] != "namedtuple":
        return None
    if len(value.args) != 2 or any(k.arg == "defaults" for k in value.keywords):
        return None
    text = constant_string(value.args[1])
    names = text.replace(",", " ").split() if text is not None else strings(value.args[1])
    return tuple(Assignment(name, None, "Any") for name in names)


def membership(statement: ast.stmt, parameter: str) -> str | None:
    """`NAME` in `if parameter in NAME:`."""
    if not isinstance(statement, ast.If) or not isinstance(statement.test, ast.Compare):
        return None
    test = statement.test
    if dotted(test.left) != parameter or not isinstance(test.ops[0], ast.In):
        return None
    return dotted(test.comparators[0])


def answering_module(body: list[ast.stmt]) -> ast.ImportFrom | None:
    """The only import of one name among the statements of a branch."""
    return next((s for s in body if isinstance(s, ast.ImportFrom) and len(s.names) == 1), None)


def without_last(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements but for a final `raise`."""
    return body[:-1] if body and isinstance(body[-1], ast.Raise) else body


def strings(node: ast.expr) -> list[str]:
    """The string literals of a list, tuple or set, and of a sum of such."""
    if isinstance(node, ast.BinOp):
        return [*strings(node.left), *strings(node.right)]
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [value for element in node.elts if (value := constant_string(element)) is not None]
    return []


def frozen(node: ast.expr) -> ast.expr:
    """`X` in `frozenset(X)`."""
    frozen = isinstance(node, ast.Call) and dotted(node.func) == "frozenset" and len(node.args) == 1
    return node.args[0] if frozen else node  # type: ignore[attr-defined]  # `frozen` says it is a Call


def items(node: ast.Dict) -> list[tuple[str, ast.expr]]:
    """The entries of a dict literal whose keys are strings."""
    pairs = zip(node.keys, node.values, strict=True)
    return [(text, value) for key, value in pairs if (text := constant_string(key)) is not None]


def string_items(node: ast.Dict) -> list[tuple[str, str]]:
    """The entries of a dict literal whose keys and values are strings."""
    return [(key, text) for key, value in items(node) if (text := constant_string(value)) is not None]


def deprecate_kwarg(node: ast.expr) -> Deprecation | None:
    """`@deprecate_kwarg("old", version="5.6.0", new_name="new")`, of transformers.utils.deprecation."""
    if not isinstance(node, ast.Call) or (dotted(node.func) or "").rsplit(".", 1)[-1] != "deprecate_kwarg":
        return None
    arguments = dict(zip(("old_name", "version", "new_name"), node.args, strict=False))
    arguments.update({k.arg: k.value for k in node.keywords if k.arg})
    old = constant_string(arguments.get("old_name"))
    if old is None:
        return None
    return Deprecation(old, constant_string(arguments.get("new_name")), constant_string(arguments.get("version")))


def mirrored_module(node: ast.For) -> str | None:
    """`M` in `for name in dir(M): globals()[name] = getattr(M, name)`, as torch makes `torch.add`."""
    call = node.iter
    if not (isinstance(call, ast.Call) and dotted(call.func) == "dir" and len(call.args) == 1):
        return None
    writes = any(
        isinstance(inner, ast.Subscript)
        and isinstance(inner.ctx, ast.Store)
        and isinstance(inner.value, ast.Call)
        and dotted(inner.value.func) == "globals"
        for inner in ast.walk(node)
    )
    sets = any(isinstance(inner, ast.Call) and dotted(inner.func) == "setattr" for inner in ast.walk(node))
    return dotted(call.args[0]) if writes or sets else None


def globbed(node: ast.For) -> str | None:
    """The pattern in `for f in sorted((… / "models").rglob("image_processing_*.py"))`."""
    for inner in ast.walk(node.iter):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr == "rglob":
            return constant_string(inner.args[0]) if inner.args else None
    return None
