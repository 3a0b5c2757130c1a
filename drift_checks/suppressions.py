"""`# drift: ignore[rule] reason`: a finding that its author has looked at."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"#\s*drift:\s*ignore\[([\w\-, ]+)\]")


def ignored_rules(line: str) -> frozenset[str]:
    """The rules that a line's comment names; none without a comment."""
    found = _COMMENT.search(line)
    return frozenset(name.strip() for name in found[1].split(",")) if found is not None else frozenset()
