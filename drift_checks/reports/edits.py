"""Fixes as edits of the text, where the text to write follows from the finding alone."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..findings import Finding

_PASS_BY_NAME = re.compile(r"pass it as `(\w+)=`")
_KEYWORD = re.compile(r"`(\w+)=`")
_IMPORT = re.compile(r"from [\w.]+ import (\w+)")
_LAST_BY_POSITION = re.compile(r"\s*(?:,\s*\w+\s*=[^=]|,?\s*\))")


class Edit(NamedTuple):
    """Text of one line to replace; columns count characters from 1, the end is one beyond."""

    line: int
    column: int
    end_column: int
    text: str


def edit(finding: Finding) -> Edit | None:
    """The edit that a safe upstream fix asks for; None where more has to be known than the line."""
    fix = finding.fix
    if fix is None or (fix.kind, fix.safety) != ("upstream", "safe") or finding.end_line != finding.line:
        return None
    start, end = finding.column - 1, finding.end_column - 1
    if by_name := _PASS_BY_NAME.fullmatch(fix.text):
        # What follows a keyword must not be positional.
        if _LAST_BY_POSITION.match(finding.source[end:]):
            return Edit(finding.line, finding.column, finding.column, f"{by_name[1]}=")
        return None
    if keyword := _KEYWORD.fullmatch(fix.text):
        written = re.match(r"\w+(?=\s*=[^=])", finding.source[start:])
        if written is None:
            return None
        return Edit(finding.line, finding.column, finding.column + written.end(), keyword[1])
    text = finding.source.strip()
    imported, instead = _IMPORT.fullmatch(text), _IMPORT.fullmatch(fix.text)
    if imported is not None and instead is not None and imported[1] == instead[1]:
        indent = len(finding.source) - len(finding.source.lstrip())
        return Edit(finding.line, indent + 1, indent + len(text) + 1, fix.text)
    return None
