"""Class attributes that the upstream's own subclasses give as one kind of value, and in a later release as another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from weakref import WeakKeyDictionary

from signatures.model import Assignment, Class
from signatures.surface import Surface

_ENOUGH = 4
_LOOKED_AT = 600
"""Exported names of an upstream: what is usual shows in the first of them."""


class Kinds(NamedTuple):
    """What an upstream's own subclasses set an attribute to.

    Args:
        old: The kind in the old release.
        new: The kind in the new release.
        example: Path of a subclass.
    """

    old: str
    new: str
    example: str


_KNOWN: WeakKeyDictionary[Surface, dict[tuple[str, str, Surface], Kinds | None]] = WeakKeyDictionary()


def kinds_of(old: Surface, new: Surface, base: str, name: str) -> Kinds | None:
    """The kinds of an attribute's value in a class's exported subclasses, where all agree in both releases.

    Args:
        old: The old release.
        new: The new release.
        base: Canonical path of the class in the old release.
        name: The attribute.
    """
    known = _KNOWN.setdefault(new, {})
    if (base, name, old) not in known:
        known[base, name, old] = _agreed(old, new, base, name)
    return known[base, name, old]


def is_mapping(kind: str) -> bool:
    """Whether a kind of display is looked up by key; any other one only holds items."""
    return kind == "dict"


def _agreed(old: Surface, new: Surface, base: str, name: str) -> Kinds | None:
    found: list[Kinds] = []
    for path in _exported(old, new, base.partition(".")[0]):
        before, after = _own_kind(old, path, name), _own_kind(new, path, name)
        if before and after and any(ref.path == base for ref in old.mro(path)):
            found.append(Kinds(before, after, path))
            if len(found) == _ENOUGH:
                break
    same = {(kinds.old, kinds.new) for kinds in found}
    return found[0] if len(found) > 1 and len(same) == 1 else None


def _exported(old: Surface, new: Surface, package: str) -> Iterator[str]:
    names = sorted(name for name in old.names(package) & new.names(package) if name[:1].isupper())
    return (f"{package}.{name}" for name in names[:_LOOKED_AT])


def _own_kind(surface: Surface, path: str, name: str) -> str:
    """The kind of display that the body of a class sets an attribute to; "" for none or anything else."""
    definition = surface.resolve(path).definition
    attribute = definition.attribute(name) if isinstance(definition, Class) else None
    return _displayed(attribute) if attribute is not None else ""


def _displayed(attribute: Assignment) -> str:
    value = attribute.value or ""
    if value.startswith("{"):
        return "dict" if ":" in value else "set"
    return {"[": "list", "(": "tuple"}.get(value[:1], "")
