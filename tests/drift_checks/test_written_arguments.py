from __future__ import annotations

import ast

import pytest

from drift_checks.written_arguments import items_of, read_arguments


@pytest.mark.parametrize(
    ("call", "positional", "keywords", "star", "double_star"),
    [
        ("f()", (), {}, False, False),
        ("f(1, x)", ("1", ""), {}, False, False),
        ("f('a', b=None, c=x)", ("'a'",), {"b": "None", "c": ""}, False, False),
        ("f(1, *x, 2)", ("1",), {}, True, False),
        ("f(**x, a=1)", (), {"a": "1"}, False, True),
    ],
)
def test_a_call_is_read_as_it_is_written(
    call: str, positional: tuple[str, ...], keywords: dict[str, str], star: bool, double_star: bool
) -> None:
    node = ast.parse(call, mode="eval").body
    assert isinstance(node, ast.Call)
    given = read_arguments(node)
    assert (given.values, {k.name: k.value for k in given.keywords}) == (positional, keywords)
    assert (len(given.positional), given.star, given.double_star) == (len(positional), star, double_star)


def test_a_display_passes_the_keys_that_are_written_out() -> None:
    display = ast.parse("{'a': 1, x: 2, 3: 4, **y, 'b': z}", mode="eval").body
    assert isinstance(display, ast.Dict)
    assert [(item.name, item.value, item.span.column) for item in items_of(display)] == [("a", "1", 1), ("b", "", 26)]
