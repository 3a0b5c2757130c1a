"""Versions of releases: how they compare, what they are asked, and what the names of helpers say that they ask."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN
"""The value of an expression that is not followed."""


class TorchText(str):
    """`torch.__version__`: a text that is compared as a version (`torch/torch_version.py`)."""

    __slots__ = ()


_OPERATORS: dict[str, Callable[[Any, Any], object]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_VERSION_TEXT = re.compile(r"v?\d+(\.\d+)*((\.dev|rc|a|b|\.post)\d+)?")
_AT_LEAST = frozenset({"ge", "gte", "least", "minimum", "min"})
_AT_MOST = frozenset({"le", "lte", "most", "maximum", "max"})
_ABOVE = frozenset({"gt", "greater", "newer", "above", "higher", "later", "after"})
_BELOW = frozenset({"lt", "less", "older", "below", "lower", "earlier", "before"})


def version_of(text: object) -> Version | None:
    """A text as a version, or a version itself."""
    if isinstance(text, Version):
        return text
    try:
        return Version(text) if isinstance(text, str) else None
    except InvalidVersion:
        return None


def specifiers_of(text: object) -> SpecifierSet | None:
    """A text as a set of specifiers."""
    try:
        return SpecifierSet(text) if isinstance(text, str) else None
    except InvalidSpecifier:
        return None


def is_version_text(value: object) -> bool:
    """Whether a value is a text that is written like a version."""
    return isinstance(value, str) and bool(_VERSION_TEXT.fullmatch(value))


def compared(sign: ast.cmpop, left: object, right: object) -> bool | None:
    """What Python answers to a comparison; None where that is not known, or an error."""
    if left is UNKNOWN or right is UNKNOWN:
        return None
    if isinstance(sign, (ast.In, ast.NotIn)):
        inside = _contains(right, left)
        return inside if inside is None or isinstance(sign, ast.In) else not inside
    if isinstance(sign, (ast.Is, ast.IsNot)):
        if left is not None and right is not None and not isinstance(right, bool):
            return None
        return (left is right) is isinstance(sign, ast.Is)
    if isinstance(left, TorchText) or isinstance(right, TorchText):
        both = version_of(left), version_of(right)
        if None in both:
            return None
        left, right = both
    try:
        return bool(_OPERATORS[_SIGNS[type(sign)]](left, right))
    except TypeError:
        return None


def _contains(whole: object, part: object) -> bool | None:
    if isinstance(whole, SpecifierSet):
        version = version_of(part)
        return None if version is None else whole.contains(version)
    if isinstance(whole, str):
        return part in whole if isinstance(part, str) else None
    return part in whole if isinstance(whole, (tuple, dict)) else None


def asked_by_name(name: str, values: list[object], releases: Mapping[str, Version]) -> bool | None:
    """What a helper that is not followed answers, where its name and arguments leave no doubt.

    `is_transformers_version(">=", "5.0")`, `compare_versions("transformers", "<", "5")`,
    `is_torch_greater_or_equal("2.6")`, `require_version("transformers>=4.45")`.

    Args:
        name: Of the helper.
        values: Its positional arguments.
        releases: The versions of the upstreams, by import name.
    """
    words = frozenset(re.split(r"[._]", name.lower()))
    if "version" in words and len(values) == 1 and isinstance(values[0], str):
        demanded = _demanded(values[0], releases)
        if demanded is not None:
            return demanded
    release = next((version for root, version in releases.items() if words >= set(root.split("_"))), None)
    if release is None and values and isinstance(values[0], str):
        release = releases.get(values[0].replace("-", "_"))
        values = values[1:]
    if release is None or not values or not all(isinstance(value, (str, Version)) for value in values):
        return None
    if len(values) == 2 and values[0] in _OPERATORS and "version" in "".join(words):
        bound = version_of(values[1])
        return None if bound is None else bool(_OPERATORS[str(values[0])](release, bound))
    bound = version_of(values[0])
    return _ordered(words, release, bound) if len(values) == 1 and bound is not None else None


def _demanded(requirement: str, releases: Mapping[str, Version]) -> bool | None:
    found = re.fullmatch(r"\s*([\w-]+)\s*((?:[<>=!~]=?|===).*)", requirement)
    release = releases.get(found[1].replace("-", "_")) if found is not None else None
    specifiers = specifiers_of(found[2]) if found is not None else None
    if release is None or specifiers is None:
        return None
    return specifiers.contains(release, prereleases=True)


def _ordered(words: frozenset[str], release: Version, bound: Version) -> bool | None:
    """`greater`, `or_equal`, `at_least` …; whether `greater` takes the bound in is only known where it says so."""
    up, down = words & (_ABOVE | _AT_LEAST), words & (_BELOW | _AT_MOST)
    if bool(up) is bool(down):
        return None
    if release == bound:
        return True if words & (_AT_LEAST | _AT_MOST) or "equal" in words else None
    return (release > bound) is bool(up)


def names_release(name: str, roots: Iterable[str]) -> bool:
    """Whether a name says that it depends on a release: `is_transformers_v5`, `TORCH_GE_2_6`."""
    lower = name.lower()
    if not any(root in lower for root in roots):
        return False
    words = lower.split("_")
    return any(word in _COMPARISON_WORDS or any(c.isdigit() for c in word) for word in words)


def compares_release(name: str, roots: Iterable[str]) -> bool:
    """Whether the name of a function that is given a version says that it compares a release with it."""
    words = set(re.split(r"[._]", name.lower()))
    return not words.isdisjoint(_COMPARISON_WORDS) or any(root in words for root in roots)


_COMPARISON_WORDS = _AT_LEAST | _AT_MOST | _ABOVE | _BELOW | {"version"}
