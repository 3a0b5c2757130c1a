"""Guards that are wrong on the new release: always false, or testing a name that has moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from signatures.surface import Surface

from ..extraction import FileSites
from .declarations import Judge, Problem, Rule

RULES: tuple[Rule, ...] = ()

JUDGES: dict[type, Judge] = {}


def wrong_guards(
    found: FileSites, old: Mapping[str, Surface], new: Mapping[str, Surface]
) -> Iterator[tuple[str, Problem]]:
    """Guards of a file that do not do what they were written for on the new releases.

    Args:
        found: The file.
        old: The release that the code works with, by import name of the upstream.
        new: The release that it is moved to.

    Yields:
        The import name of the upstream, and the problem.
    """
    yield from ()
