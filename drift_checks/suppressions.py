"""`# drift: ignore[rule] until=2027-01-31 reason`: a finding that its author has looked at."""

from __future__ import annotations

import datetime
import io
import re
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

from .findings import Finding

_MARKER = re.compile(rb"#[^\r\n]*drift:\s*ignore")
_COMMENT = re.compile(
    r"#\s*drift:\s*ignore(?P<rules>\[[^\]]*\])?(?P<until>\s*until=(?P<date>[^\s,:;]*)[,:;]?)?(?P<reason>[^#]*)"
)
_UNTOKENIZABLE = (tokenize.TokenError, SyntaxError, ValueError, LookupError)


class Comment(NamedTuple):
    """A suppression as it is written in a file.

    Args:
        path: The file.
        line: From 1.
        column: From 1.
        rules: The rules that it names.
        reason: Why.
        until: The last day on which it holds; None for always.
        wrong: What is wrong with it, where it suppresses nothing for that.
    """

    path: str
    line: int
    column: int
    rules: tuple[str, ...]
    reason: str = ""
    until: datetime.date | None = None
    wrong: str = ""

    def expired(self, today: datetime.date) -> bool:
        """Whether it held once and holds no more."""
        return self.until is not None and self.until < today


class Suppressed(NamedTuple):
    """A finding that is not shown, and who says so.

    Args:
        finding: What was found.
        kind: `comment` or `baseline`.
        reason: As it is written there.
    """

    finding: Finding
    kind: str
    reason: str


class Notice(NamedTuple):
    """A suppression that does not do what it was written for.

    Args:
        path: The file that it is in.
        line: From 1.
        column: From 1.
        kind: `unused`, `expired`, `unknown-rule` or `malformed`.
        rule: The rule that it names; "" where that is what is wrong.
        message: One line.
    """

    path: str
    line: int
    column: int
    kind: str
    rule: str
    message: str


def comments(path: str, data: bytes) -> tuple[Comment, ...]:
    """The suppressions in a file; text that only looks like one, as in a string, is none.

    Args:
        path: The file, as findings name it.
        data: Its bytes; Python that parses.
    """
    if _MARKER.search(data) is None:
        return ()
    found: list[Comment] = []
    try:
        for token in tokenize.tokenize(io.BytesIO(data).readline):
            if token.type == tokenize.COMMENT:
                found += _in_comment(path, token)
    except _UNTOKENIZABLE:
        # The parser takes a little more than the tokenizer; what was read until there holds.
        pass
    return tuple(found)


def _in_comment(path: str, token: tokenize.TokenInfo) -> Iterator[Comment]:
    line, start = token.start
    for match in _COMMENT.finditer(token.string):
        rules = tuple(name.strip() for name in (match["rules"] or "")[1:-1].split(",") if name.strip())
        until, wrong = _date(match["date"])
        if not rules:
            wrong = "it names no rule; write it like `# drift: ignore[symbol-moved] reason`"
        yield Comment(path, line, start + match.start() + 1, rules, match["reason"].strip(), until, wrong)


def _date(text: str | None) -> tuple[datetime.date | None, str]:
    if text is None:
        return None, ""
    try:
        return datetime.date.fromisoformat(text), ""
    except ValueError:
        return None, f"`until={text}` is no date; write it like `until=2027-01-31`"
