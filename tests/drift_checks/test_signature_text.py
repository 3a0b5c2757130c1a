from __future__ import annotations

from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_checks.signature_text import changed, full
from signatures.model import Kind, Parameter, Signature

from ..signatures.programs import function


def signature(text: str) -> Signature:
    return function(f"def f{text}: ...").signature


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("(a, b=1) -> int", 17, ["f(a, b=1) -> int"]),
        ("(a, b=1) -> int", 15, ["f(", "    a,", "    b=1,", ") -> int"]),
        ("(a, /, *, b)", 5, ["f(", "    a,", "    /,", "    *,", "    b,", ")"]),
        ("() -> 'a long annotation'", 5, ["f() -> 'a long annotation'"]),
    ],
)
def test_in_one_line_where_there_is_room(text: str, width: int, expected: list[str]) -> None:
    assert full("f", signature(text), width) == expected


OLD = "(a, b, c, d, e, f, g, h) -> int"


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("(x, a, b, c, d, e, f, g, h) -> int", ["  f(", "+     x,", "      a,", "      …", "  ) -> int"]),
        ("(a, b, c, d, e, f, g, h, x) -> int", ["  f(", "      …", "      h,", "+     x,", "  ) -> int"]),
        (
            "(a, b, c, e, f, g, h) -> int",
            ["  f(", "      …", "      c,", "-     d,", "      e,", "      …", "  ) -> int"],
        ),
        (
            "(a, x, b, c, y, d, e, f, g, h) -> int",
            ["  f(", "      a,", "+     x,", "      b,", "      c,", "+     y,", "      d,", "      …", "  ) -> int"],
        ),
        (OLD.replace("int", "str"), ["  f(", "      …", "- ) -> int", "+ ) -> str"]),
    ],
)  # fmt: skip
def test_what_differs_with_its_neighbours(new: str, expected: list[str]) -> None:
    assert changed("f", signature(OLD), signature(new), 20) == expected


def test_in_full_where_more_differs_than_not() -> None:
    new = signature("(a, b=1, c=2, d=3, e=4, f=5, g=6, h=7) -> int")
    assert changed("f", signature(OLD), new, 20) == full("f", new, 20)


names = st.lists(st.sampled_from("abcdefghijkl"), unique=True, max_size=12)


@given(before=names, after=names, returns=st.sampled_from([None, "int"]))
def test_the_later_signature_can_be_told_from_the_earlier_one(
    before: list[str], after: list[str], returns: str | None
) -> None:
    old, new = (
        Signature(tuple(Parameter(name, Kind.POSITIONAL_OR_KEYWORD) for name in each), returns)
        for each in (before, after)
    )
    lines = changed("f", old, new, 8)
    if not any(line.startswith(("  ", "+ ", "- ")) and line.strip() == "f(" for line in lines):
        assert lines == full("f", new, 8)
        return
    assert rebuilt(lines[1:-1], before) == after


def rebuilt(lines: list[str], before: list[str]) -> list[str]:
    """The later parameters, from the earlier ones and what differs."""
    found: list[str] = []
    position = 0
    for line, following in zip_longest(lines, lines[1:]):
        name = line[2:].strip(" ,")
        if name == "…":
            end = before.index(following[2:].strip(" ,")) if following else len(before)
            found += before[position:end]
            position = end
        elif line.startswith("+"):
            found.append(name)
        else:
            assert before[position] == name
            position += 1
            found += [] if line.startswith("-") else [name]
    return found
