"""Calls and imports that only work on one kind of device, for code that is to run on another."""

from __future__ import annotations

from collections.abc import Iterator

from ..extraction import FileSites
from .declarations import Judge, Problem, Rule

RULES: tuple[Rule, ...] = ()

JUDGES: dict[type, Judge] = {}


def device_problems(found: FileSites, device: str) -> Iterator[tuple[str, Problem]]:
    """What a file does that the device cannot do.

    Args:
        found: The file.
        device: Such as `npu`.

    Yields:
        The distribution's name, and the problem.
    """
    yield from ()
