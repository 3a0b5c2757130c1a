from __future__ import annotations

import textwrap

import pytest

from benchmarks.imports import FALSE, GUARDED, LACKS, NEVER, REPORTED, UNREPORTED, WORKS, Import, imports_of, verdict
from drift_checks.sources import SourceFile
from drift_checks.witness_process import Answer

PASSES, FAILS, HINDERED = Answer(True), Answer(False, "ImportError"), Answer(False, "ImportError", "needs timm")


def found(text: str) -> list[Import]:
    return list(imports_of([SourceFile("a.py", textwrap.dedent(text).encode())], "transformers"))


def test_every_import_of_the_package_is_found_wherever_it_is() -> None:
    text = """\
        import transformers
        import transformers.utils as u, os
        from transformers import (
            A,
            B as C,
        )
        from transformersx import D
        from .transformers import E
        def f():
            from transformers.models import *
        """
    assert [(one.line, one.program, one.guarded) for one in found(text)] == [
        (1, "import transformers\n", False),
        (2, "import transformers.utils\n", False),
        (4, "from transformers import A\n", False),
        (5, "from transformers import B\n", False),
        (10, "import transformers.models\n", False),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    {}\nexcept ImportError:\n    pass\n",
        "if new:\n    {}\n",
        "if new:\n    pass\nelse:\n    {}\n",
        "with suppress(ImportError):\n    {}\n",
        "def f():\n    if new:\n        {}\n",
    ],
)
def test_an_import_under_a_condition_or_a_handler_is_guarded(text: str) -> None:
    assert [one.guarded for one in found(text.format("from transformers import A"))] == [True]


@pytest.mark.parametrize(
    ("guarded", "after", "before", "reported", "expected"),
    [
        (False, PASSES, None, False, WORKS),
        (False, PASSES, None, True, FALSE),
        (False, FAILS, PASSES, True, REPORTED),
        (False, FAILS, PASSES, False, UNREPORTED),
        (True, FAILS, PASSES, False, GUARDED),
        (False, FAILS, FAILS, False, NEVER),
        (False, HINDERED, PASSES, False, LACKS),
        (False, FAILS, HINDERED, False, LACKS),
    ],
)
def test_only_an_unguarded_import_that_stops_working_must_be_reported(
    guarded: bool, after: Answer, before: Answer | None, reported: bool, expected: str
) -> None:
    one = Import("a.py", 1, 1, "transformers", "A", guarded)
    assert verdict(one, after, before, is_reported=reported) == expected
