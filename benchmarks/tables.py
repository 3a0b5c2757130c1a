"""Plain tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def show(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: the first column to the left, the others to the right.

    Args:
        head: What each column holds.
        rows: As many cells each.
    """
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *others in lines:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *cells]).rstrip(), flush=True)


def kept(holds: bool) -> str:
    """Whether a bar is kept, in one word."""
    return "kept" if holds else "missed"
