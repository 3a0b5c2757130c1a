"""The form of a declaration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from fnmatch import translate
from functools import cache
from typing import NamedTuple


class Effect(Enum):
    """What a call, or a read of an attribute, meets in the releases of a declaration and not in others."""

    SWALLOWED = "a keyword is taken and has no effect"
    REFUSED = "a keyword raises, though the signature does not show it"
    SHIFTED = "an argument that is passed by position is taken for another parameter"
    DEFAULT = "a parameter that is not passed has another value"
    BEHAVIOUR = "the same call does something else"
    VALUE = "an attribute has another value"


class Argument(NamedTuple):
    """A condition on one argument of a call; constants are written as `repr` writes them.

    Args:
        name: The parameter.
        passed: Whether it must be passed; None for either.
        values: If it is passed, it must be one of these constants.
        unless: It must not be one of these constants.
    """

    name: str
    passed: bool | None = None
    values: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declaration:
    """Something that a release does otherwise and that its signatures do not tell.

    Args:
        upstream: The distribution's name.
        effect: What it is.
        symbols: Canonical paths of the functions, classes or attributes, with `*` for any text.
        releases: A specifier of the releases in which it holds.
        says: What happens, as the end of a sentence.
        because: The upstream fact, with its place.
        parameter: The parameter that it is about, or "".
        instead: The parameter that took its place, or for VALUE the attribute, or "".
        position: For SHIFTED, the index of the argument.
        when: What a call must pass for it.
        fix: What to write instead, or "".
        witness: A program that passes before and fails in its releases; "" where one follows from the rest.
        everywhere: Subclasses that override the function do the same, so it holds for a value of any of them.
        handled: Keys by which code asks the result that knows of the change; see `CallSite.asked`.
        receivers: Names by which values that have the function are known, where their class is not.
    """

    upstream: str
    effect: Effect
    symbols: tuple[str, ...]
    releases: str
    says: str
    because: str
    parameter: str = ""
    instead: str = ""
    position: int = 0
    when: tuple[Argument, ...] = ()
    fix: str = ""
    witness: str = ""
    everywhere: bool = False
    handled: frozenset[str] = frozenset()
    receivers: frozenset[str] = frozenset()

    def holds(self, version: str) -> bool:
        """Whether it holds in a release."""
        return _holds(self.releases, version)

    def is_about(self, symbol: str) -> bool:
        """Whether it tells about the function, class or attribute at a canonical path."""
        return any(_pattern(pattern).match(symbol) for pattern in self.symbols)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))


@cache
def _holds(releases: str, version: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(releases).contains(version, prereleases=True)
