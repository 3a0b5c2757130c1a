from __future__ import annotations

import datetime

import pytest

from drift_checks.suppressions import Comment, comments

DAY = datetime.date(2027, 1, 31)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = 1  # drift: ignore[a-b] pinned below 2", Comment("p.py", 1, 8, ("a-b",), "pinned below 2")),
        ("x = 1  #drift:ignore[a-b]", Comment("p.py", 1, 8, ("a-b",))),
        ("# noqa  # drift: ignore[a, b] both  # other", Comment("p.py", 1, 9, ("a", "b"), "both")),
        ("#drift: ignore[a] until=2027-01-31 why", Comment("p.py", 1, 1, ("a",), "why", DAY)),
        ("#drift: ignore[a] until=2027-01-31: why", Comment("p.py", 1, 1, ("a",), "why", DAY)),
        ("'ä'  # drift: ignore[a]", Comment("p.py", 1, 6, ("a",))),
    ],
)
def test_a_comment_names_rules_and_may_give_a_reason_and_a_day(line: str, expected: Comment) -> None:
    assert comments("p.py", line.encode()) == (expected,)


@pytest.mark.parametrize("line", ["# drift: ignore", "# drift: ignore[]", "# drift: ignore[a] until=soon why"])
def test_what_is_written_wrongly_says_so_and_suppresses_nothing(line: str) -> None:
    [comment] = comments("p.py", line.encode())
    assert comment.wrong


@pytest.mark.parametrize(
    "text",
    [
        "x = '# drift: ignore[a]'",
        "'''\n# drift: ignore[a]\n'''",
        "# see drift: ignore[a]",
        "# drift ignore[a]",
        "x = 1",
    ],
)
def test_text_that_only_looks_like_one_is_none(text: str) -> None:
    assert comments("p.py", text.encode()) == ()


def test_the_encoding_of_the_file_is_honoured() -> None:
    data = "# -*- coding: latin-1 -*-\nx = 'ä'  # drift: ignore[a] für später\n".encode("latin-1")
    assert comments("p.py", data) == (Comment("p.py", 2, 10, ("a",), "für später"),)


def test_what_the_tokenizer_cannot_read_gives_what_was_read_until_there() -> None:
    assert len(comments("p.py", b"# drift: ignore[a]\n(\n")) == 1
