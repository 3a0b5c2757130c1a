"""What a call passes, as it is written."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .call_sites import Arguments, Keyword, Span
from .scopes import Place


def read_arguments(node: ast.Call) -> Arguments:
    """What a call passes, as it is written."""
    positional: list[Span] = []
    star = False
    for argument in node.args:
        star = star or isinstance(argument, ast.Starred)
        if not star:
            positional.append(Span.of(argument))
    keywords = tuple(Keyword(k.arg, Span.of(k), constant(k.value)) for k in node.keywords if k.arg is not None)
    values = tuple(constant(argument) for argument in node.args[: len(positional)])
    return Arguments(tuple(positional), keywords, star, any(k.arg is None for k in node.keywords), values)


def emptied(calls: list[Place]) -> Iterator[str]:
    """Names of mappings that something may be taken out of."""
    for place in calls:
        called = place.node.func if isinstance(place.node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in ("pop", "popitem", "clear"):
            yield ast.unparse(called.value)


def items_of(display: ast.Dict) -> tuple[Keyword, ...]:
    """The keywords that `**` of a dict display passes, those whose keys are written out."""
    return tuple(
        Keyword(key.value, Span.of(key), constant(value))
        for key, value in zip(display.keys, display.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    )


def constant(node: ast.expr) -> str:
    """A constant as `repr` writes it; "" for any other expression."""
    return repr(node.value) if isinstance(node, ast.Constant) else ""
