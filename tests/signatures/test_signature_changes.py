from __future__ import annotations

import pytest

from signatures.model import Deprecation
from signatures.signature_changes import signature_changes
from signatures.surface import Acceptance

from .programs import function

Rows = list[tuple[str, str]]


def changes(old: str, new: str, **accepted: object) -> Rows:
    before = Acceptance(function(f"def f({old}): ...").signature)
    after = Acceptance(function(f"def f({new}): ...").signature, **accepted)  # type: ignore[arg-type]  # a table's values
    return [(change.rule, change.detail) for change in signature_changes(before, after)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a, b=1", "a, b=1", []),
        ("a, b=1", "a, b=1, c=2", []),
        ("a: int", "a: str", []),
        ("a, *args, **kwargs", "a, *more, **rest", []),
        ("a, b=1", "a, b=2", [("default-changed", "`b` defaults to 2, was 1")]),
        ("a=1", "a=True", [("default-changed", "`a` defaults to True, was 1")]),
        ("a=f(x)", "a=g(x)", [("default-changed", "`a` defaults to g(x), was f(x)")]),
        ("a=[1, [2]]", "a=(1, (2,))", []),
        ("a='x'", 'a="x"', []),
        ("a, b=1", "a, b", [("parameter-required", "`b` has no default any more")]),
        ("a", "a=1", []),
        ("a", "a, b", [("parameter-required", "`b` is new and required")]),
        ("a", "a, *, b", [("parameter-required", "`b` is new and required")]),
        ("a, b", "a", [("parameter-removed", "`b` is gone")]),
        ("a, size=1", "a, sizes=1", [("parameter-renamed", "`size` is now `sizes`")]),
        # In its place, but not alike: nobody can say that it is the same.
        ("a, b=1", "a, c=1", [("parameter-removed", "`b` is gone")]),
        (
            "a, b",
            "a, c",
            [("parameter-removed", "`b` is gone"), ("parameter-required", "`c` is new and required")],
        ),
        (
            "a, b, c",
            "a, c",
            [
                ("parameter-removed", "`b` is gone"),
                ("positional-shift", "positional argument 2 is now `c`, was `b`"),
            ],
        ),
        ("a, b", "b, a", [("positional-shift", "positional argument 1 is now `b`, was `a`")]),
        ("a, b", "a, x=1, b=2", [("positional-shift", "positional argument 2 is now `x`, was `b`")]),
        ("a, b", "a, *, b", [("parameter-keyword-only", "`b` is keyword-only")]),
        ("a, b, c", "a, *, b, c", [("parameter-keyword-only", "all parameters after `a` are keyword-only")]),
        (
            "a, b, c",
            "*, a, b, c",
            [("parameter-keyword-only", "all parameters that were positional are keyword-only")],
        ),
        (
            "a, b",
            "x=0, *, a, b",
            [
                (
                    "parameter-keyword-only",
                    "all parameters that were positional are keyword-only; the first positional argument is now `x`",
                )
            ],
        ),
        (
            "a, b, c",
            "b, *, a, c",
            [
                ("parameter-keyword-only", "`a` and `c` are keyword-only"),
                ("positional-shift", "positional argument 1 is now `b`, was `a`"),
            ],
        ),
        ("*, a", "a", []),
    ],
)
def test_what_a_caller_notices(old: str, new: str, expected: Rows) -> None:
    assert changes(old, new) == expected


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ({"kwargs": "taken"}, [("parameter-swallowed", "`b` is gone; the old keyword is swallowed by **kwargs")]),
        ({"kwargs": "taken", "taken": frozenset("b")}, [("parameter-keyword-only", "`b` is keyword-only")]),
        (
            {"kwargs": "unknown"},
            [("parameter-removed", "`b` is gone; whether **kwargs takes it is not known")],
        ),
        (
            {"kwargs": "unknown", "deprecated": {"b": Deprecation("b", "c")}},
            [("deprecated-parameter", "`b` is now `c`; still taken")],
        ),
        (
            {"kwargs": "taken", "deprecated": {"b": Deprecation("b")}},
            [("deprecated-parameter", "`b` is deprecated; still taken")],
        ),
    ],
)
def test_what_the_double_star_does_with_a_name_that_is_gone(accepted: dict[str, object], expected: Rows) -> None:
    assert changes("a, b", "a, **kwargs", **accepted) == expected


def test_a_keyword_that_the_double_star_takes_was_a_keyword_before() -> None:
    assert changes("a, *, b", "a, **kwargs", kwargs="taken", taken=frozenset("b")) == []


def test_a_renamed_parameter_whose_old_keyword_is_swallowed() -> None:
    assert changes("a, size=1, **kwargs", "a, sizes=1, **kwargs", kwargs="taken") == [
        ("parameter-swallowed", "`size` is now `sizes`; the old keyword is swallowed by **kwargs")
    ]


def test_a_keyword_that_was_deprecated_and_still_is() -> None:
    accepted = Acceptance(function("def f(a): ...").signature, deprecated={"old": Deprecation("old", "a")})
    assert list(signature_changes(accepted, accepted)) == []


@pytest.mark.parametrize(
    ("kwargs", "expected"),
    [
        ("none", [("parameter-renamed", "`old` is now `a`")]),
        ("taken", [("parameter-swallowed", "`old` is now `a`; the old keyword is swallowed by **kwargs")]),
    ],
)
def test_a_deprecated_keyword_that_is_not_taken_any_more(kwargs: str, expected: Rows) -> None:
    signature = function(f"def f(a{', **kwargs' if kwargs == 'taken' else ''}): ...").signature
    before = Acceptance(signature, deprecated={"old": Deprecation("old", "a")})
    found = signature_changes(before, Acceptance(signature, kwargs))
    assert [(change.rule, change.detail) for change in found] == expected
