"""Signatures for people: in one line where there is room, else a line a parameter; a later one by what differs."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from signatures.model import Signature

_LEFT_OUT = "…"


def full(name: str, signature: Signature, width: int) -> list[str]:
    """A signature in one line, or in a line a parameter.

    Args:
        name: What stands before the parenthesis.
        signature: The signature.
        width: Columns that there are.
    """
    line = f"{name}{signature}"
    if len(line) <= width or not signature.parameters:
        return [line]
    return [f"{name}(", *(f"    {text}," for text in signature.written), _closing(signature)]


def changed(name: str, before: Signature, after: Signature, width: int) -> list[str]:
    """The later signature: in one line where there is room, else what differs from the earlier one and its neighbours.

    Args:
        name: What stands before the parenthesis.
        before: The earlier signature.
        after: The later signature.
        width: Columns that there are.
    """
    whole = full(name, after, width)
    if len(whole) == 1:
        return whole
    lines = list(_edits(before.written, after.written))
    if len(lines) > len(whole):
        return whole
    closing = [f"  {_closing(after)}"]
    if before.returns != after.returns:
        closing = [f"- {_closing(before)}", f"+ {_closing(after)}"]
    return [f"  {name}(", *lines, *closing]


def _closing(signature: Signature) -> str:
    return ")" + (f" -> {signature.returns}" if signature.returns else "")


def _edits(before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[str]:
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for number, (kind, old, old_end, new, new_end) in enumerate(blocks):
        if kind != "equal":
            yield from (f"-     {text}," for text in before[old:old_end])
            yield from (f"+     {text}," for text in after[new:new_end])
            continue
        # One line before and one after a change say where it is.
        first = [] if number == 0 else [new]
        last = [] if number == len(blocks) - 1 else [new_end - 1]
        shown = sorted({*first, *last})
        for position, index in enumerate(shown or [new]):
            if index > (shown[position - 1] + 1 if position else new):
                yield f"      {_LEFT_OUT}"
            if shown:
                yield f"      {after[index]},"
        if not last and new_end - 1 > (shown[-1] if shown else new - 1):
            yield f"      {_LEFT_OUT}"
