from __future__ import annotations

from pathlib import Path

import pytest

from ..programs import Case, check_witnesses, checked, judged

DEPRECATED = """
    def deprecated(text):
        def mark(function):
            function.__deprecated__ = text
            return function
        return mark
"""

CASES = [
    Case(
        "a function",
        "def f(a): ...",
        DEPRECATED + "    @deprecated('use g')\n    def f(a): ...\n",
        "from transformers import f\n\nf(1)\n",
        [(3, "deprecated-symbol", "deprecated")],
    ),
    Case(
        "a constructor",
        "class C:\n    def __init__(self, a): ...\n",
        DEPRECATED + "    class C:\n        @deprecated('use D')\n        def __init__(self, a): ...\n",
        "import transformers\n\nx = transformers.C(1)\n",
        [(3, "deprecated-symbol", "deprecated")],
    ),
    Case(
        "a class",
        "class C: ...\n",
        DEPRECATED + "    @deprecated('use D')\n    class C: ...\n",
        "import transformers\n\nx = transformers.C()\n",
        [(3, "deprecated-symbol", "deprecated")],
    ),
    Case(
        "it only raises",
        "def f(a):\n    return a\n",
        "def f(a):\n    raise RuntimeError('use g')\n",
        "from transformers import f\n\nf(1)\n",
        [(3, "symbol-removed", "breaks")],
    ),
    Case(
        "its body warns",
        "def f(a):\n    return a\n",
        "import warnings\n\ndef f(a):\n    warnings.warn('f is deprecated', FutureWarning)\n    return a\n",
        "from transformers import f\n\nf(1)\n",
        [(3, "deprecated-symbol", "deprecated")],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_finds(case: Case) -> None:
    assert judged(case) == case.found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_witness(case: Case, tmp_path: Path) -> None:
    check_witnesses(case, tmp_path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            DEPRECATED + "    @deprecated('x')\n    def f(a): ...\n",
            DEPRECATED + "    @deprecated('y')\n    def f(a): ...\n",
        ),
        ("def f(a): ...", "def f(a):\n    if a is None:\n        warnings.warn('a is deprecated')\n"),
        ("def f(a):\n    raise ValueError\n", "def f(a):\n    raise RuntimeError\n"),
        ("def g(a): ...", DEPRECATED + "    @deprecated('x')\n    def f(a): ...\n"),
    ],
)
def test_finds_nothing(before: str, after: str) -> None:
    assert not checked(before, after, "from transformers import f\n\nf(1)\n").findings


def test_what_the_decorator_says_is_told() -> None:
    after = DEPRECATED + "    @deprecated('use `g`, it is the same')\n    def f(a): ...\n"
    [finding] = checked("def f(a): ...", after, "from transformers import f\n\nf(1)\n").findings
    assert finding.message == "`transformers.f` is deprecated and warns: use `g`, it is the same"


def test_a_long_text_is_told_as_far_as_it_is_known() -> None:
    after = DEPRECATED + f"    @deprecated('use `g`' ' instead. ' '{'x' * 200}')\n    def f(a): ...\n"
    [finding] = checked("def f(a): ...", after, "from transformers import f\n\nf(1)\n").findings
    assert finding.message.startswith("`transformers.f` is deprecated and warns: use `g` instead. xxx")
    assert finding.message.endswith("…")
