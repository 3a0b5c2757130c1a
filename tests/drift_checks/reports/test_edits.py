from __future__ import annotations

import pytest

from drift_checks.findings import Fix
from drift_checks.reports.edits import edit

from ..findings import finding


def edited(source: str, text: str, fix: str, safety: str = "safe", kind: str = "upstream") -> str | None:
    """The line after the edit; `text` is what the finding points at."""
    start = source.index(text)
    made = edit(finding(source=source, column=start + 1, end_column=start + 1 + len(text), fix=Fix(kind, fix, safety)))
    return made and source[: made.column - 1] + made.text + source[made.end_column - 1 :]


@pytest.mark.parametrize(
    ("source", "text", "fix", "expected"),
    [
        ("    f(1, x)", "x", "pass it as `b=`", "    f(1, b=x)"),
        ("f(x, c=2)", "x", "pass it as `b=`", "f(b=x, c=2)"),
        ("f(x, y)", "x", "pass it as `b=`", None),
        ("f(x,", "x", "pass it as `b=`", None),
        ("f('ä', old=1)", "old=1", "`new=`", "f('ä', new=1)"),
        ("f(old = 1)", "old = 1", "`new=`", "f(new = 1)"),
        ("f(**old)", "**old", "`new=`", None),
        ("  from a.b import c", "a.b", "from a.d import c", "  from a.d import c"),
        ("from a.b import c", "c", "from a.d import c", "from a.d import c"),
        ("from a.b import c, d", "c", "from a.d import c", None),
        ("from a.b import c as d", "c", "from a.d import c", None),
        ("from a.b import c  # why", "a.b", "from a.d import c", None),
        ("from a.b import (", "a.b", "from a.d import c", None),
        ("x = a.b", "a.b", "a.d", None),
    ],
)
def test_a_safe_fix_is_an_edit_where_the_line_says_all(source: str, text: str, fix: str, expected: str | None) -> None:
    assert edited(source, text, fix) == expected


@pytest.mark.parametrize(("safety", "kind"), [("unsafe", "upstream"), ("safe", "compat"), ("manual", "manual")])
def test_other_fixes_are_none(safety: str, kind: str) -> None:
    assert edited("f(old=1)", "old=1", "`new=`", safety, kind) is None


def test_no_fix_and_text_of_several_lines_are_none() -> None:
    assert edit(finding(fix=None)) is None
