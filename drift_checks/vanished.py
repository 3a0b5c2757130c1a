"""Members that a class no longer has, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from signatures.changes.members import Successor, below_base, successor
from signatures.hidden_members import Held, held, may_have
from signatures.model import Assignment, Class, Function, Resolution
from signatures.surface import Surface

from .call_sites import Symbol
from .locating import HELD, Location, locate

_ALIKE = 0.6
_CONSTRUCTORS = ("__init__", "__post_init__", "__new__")
_PLAIN_VALUES = frozenset({"", "None", "True", "False", "0", "1", "[]", "{}", "()", "…"})


class Gone(NamedTuple):
    """A member of a class that the new release does not have.

    Args:
        owner: The canonical path of the class in the new release.
        name: The member.
        kind: How the old release held it.
        old: The member there.
    """

    owner: str
    name: str
    kind: Held
    old: Resolution


def owner_of(surface: Surface, symbol: Symbol) -> Location | None:
    """The class that the last name of a symbol is a member of."""
    if symbol.steps:
        return locate(surface, symbol._replace(steps=symbol.steps[:-1]).step(HELD))
    path = symbol.path.rpartition(".")[0]
    return locate(surface, Symbol(path)) if path else None


def gone(symbol: Symbol, old: Location, old_surface: Surface, surface: Surface) -> Gone | None:
    """The member that a symbol denotes, if it is sure that a release has no such member.

    Args:
        symbol: It ends in the name of a member.
        old: Where it is found in the old release.
        old_surface: That release.
        surface: The release that is asked.
    """
    owner = owner_of(surface, symbol)
    if owner is None or not owner.found.found or not isinstance(owner.found.definition, Class):
        return None
    name = (symbol.steps or symbol.path.split("."))[-1]
    path = owner.found.canonical
    member = surface.member(path, name)
    if member.found:
        return None
    kind = held(old_surface, old.found)
    if kind is Held.INSTANCE and not _is_set_at_first(old_surface, symbol, name):
        return None
    if not member.missing:
        # Of a class itself, nothing that only instances are given counts.
        asked = kind if old.through_instance else Held.METHOD
        if may_have(surface, path, name, asked):
            return None
    return Gone(path, name, kind, old.found)


def _is_set_at_first(surface: Surface, symbol: Symbol, name: str) -> bool:
    """Whether a constructor sets an attribute; what other methods set, not every instance has."""
    owner = owner_of(surface, symbol)
    for ref in surface.mro(owner.found.canonical) if owner is not None else ():
        for method in _CONSTRUCTORS:
            function = surface.definition(ref.module, f"{ref.key}.{method}")
            if isinstance(function, Function) and any(name == each for each, _ in function.body.attributes):
                return True
    return False


def defined_by_subclass(surface: Surface, path: str, name: str) -> bool:
    """Whether an instance of a subclass may have a member that the class does not have."""
    if surface.members is None:
        return True
    owners = surface.members.owners(name)
    return any(ref.path == path for owner in owners for ref in surface.mro(owner.path))


def lost_below(name: str, old: Surface, new: Surface) -> tuple[Successor, str] | None:
    """What is declared of a member that most classes below a base had, and one of them that has lost it."""
    declared = below_base(name, old.version)
    if declared is None or old.members is None or not new.resolve(declared.of).found:
        return None
    for owner in old.members.owners(name):
        now = new.resolve(owner.path)
        found = old.resolve(f"{owner.path}.{name}")
        if found.found and any(ref.path == declared.of for ref in new.mro(now.canonical)):
            member = new.member(now.canonical, name)
            if not member.found and not may_have(new, now.canonical, name, held(old, found)):
                return declared, owner.path
    return None


class Renamed(NamedTuple):
    """The member that took the place of another.

    Args:
        name: Its name.
        proof: What is the same.
    """

    name: str
    proof: str


def declared_successor(surface: Surface, missing: Gone) -> Successor | None:
    """What is declared about a member that is gone."""
    return successor((ref.path for ref in surface.mro(missing.owner)), missing.name)


def renamed_member(missing: Gone, old: Surface, new: Surface) -> Renamed | None:
    """The only new member of the class that is provably the same thing."""
    before, after = missing.old.canonical.rpartition(".")[0], missing.owner
    found = [name for name, member in _added(before, after, old, new) if _same(missing, member)]
    if len(found) != 1:
        return None
    proof = "its body is the same" if isinstance(missing.old.definition, Function) else "its value is the same"
    return Renamed(found[0], proof)


def _added(before: str, after: str, old: Surface, new: Surface) -> Iterator[tuple[str, Resolution]]:
    names = _own_names(new, after) - _own_names(old, before)
    return ((name, new.member(after, name)) for name in sorted(names))


def _own_names(surface: Surface, path: str) -> frozenset[str]:
    found = surface.resolve(path)
    definition = found.definition
    if not isinstance(definition, Class):
        return frozenset()
    key = found.canonical.removeprefix(f"{found.module}.")
    names = {*definition.methods, *(attribute.name for attribute in definition.attributes)}
    for method in definition.methods:
        function = surface.definition(found.module, f"{key}.{method}")
        if isinstance(function, Function):
            names.update(name for name, _ in function.body.attributes)
    return frozenset(names)


def _same(missing: Gone, member: Resolution) -> bool:
    old, new = missing.old.definition, member.definition
    if isinstance(old, Function) and isinstance(new, Function):
        alike = (old.signature, old.is_property, old.is_static) == (new.signature, new.is_property, new.is_static)
        return alike and bool(old.body.digest) and old.body.digest == new.body.digest
    if isinstance(old, Assignment) and isinstance(new, Assignment):
        if (old.value or "") in _PLAIN_VALUES and _similar(missing.name, new.name) < _ALIKE:
            return False
        return (old.value, old.annotation) == (new.value, new.annotation) and (old.value or old.annotation) is not None
    return False


def _similar(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()
