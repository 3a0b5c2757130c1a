"""Names of members that left an upstream between two releases: what a value of unknown type may be missing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property, lru_cache

from signatures.hidden_members import held, may_have
from signatures.member_names import Owner
from signatures.model import Class
from signatures.surface import Surface

_FAMILY = re.compile(r"^(transformers\.models\.\w+)\.")
_MANY = 8
"""Classes of other model families that may still have a name: with more, the value is as likely one of those."""


class VanishedNames:
    """The names that left between two releases.

    A model family is a world of its own: its names count where a file imports it.

    Args:
        old: The release that the code works with.
        new: The release that it is moved to.
    """

    def __init__(self, old: Surface, new: Surface) -> None:
        self._old = old
        self._new = new
        self._gone: dict[str, frozenset[str]] = {}
        self._imported: dict[frozenset[str], frozenset[str]] = {}

    def owners(self, name: str, imports: frozenset[str]) -> tuple[Owner, ...]:
        """The classes of the old release that had a member, if no class that a value may be of has it in the new one.

        Args:
            name: The member.
            imports: Dotted paths that the file imports.
        """
        old, new = self._old.members, self._new.members
        if old is None or new is None:
            return ()
        families = self._families(imports)
        if all(name not in self._gone_from(family) for family in families):
            return ()
        still = new.owners(name)
        if len(still) > _MANY or any(_family_of(owner.module) in families for owner in still):
            return ()
        near = [owner for owner in old.owners(name) if _family_of(owner.module) in families]
        return tuple(owner for owner in near if self._has_lost(owner, name))

    def _has_lost(self, owner: Owner, name: str) -> bool:
        """Whether the class is still there, and is sure not to have the member."""
        before, now = self._old.resolve(f"{owner.path}.{name}"), self._new.resolve(owner.path)
        if not before.found or not isinstance(now.definition, Class):
            return False
        member = self._new.member(now.canonical, name)
        return member.missing or not (member.found or may_have(self._new, now.canonical, name, held(self._old, before)))

    def _gone_from(self, family: str) -> frozenset[str]:
        if family not in self._gone:
            before, after = (
                surface.members.mentioned_in(modules.get(family, ())) if surface.members is not None else frozenset()
                for surface, modules in zip((self._old, self._new), self._modules, strict=True)
            )
            self._gone[family] = before - after
        return self._gone[family]

    @cached_property
    def _modules(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """The modules of each family, of both releases."""
        return _by_family(self._old), _by_family(self._new)

    def _families(self, imports: frozenset[str]) -> frozenset[str]:
        """The families that a file imports, and the modules that are of none."""
        if imports not in self._imported:
            found = (self._old.resolve(path) for path in imports)
            self._imported[imports] = frozenset(_family_of(each.module) for each in found if each.found) | {""}
        return self._imported[imports]


@lru_cache(maxsize=4)
def vanished_names(old: Surface, new: Surface) -> VanishedNames:
    """The names that left between two releases; one object for each pair, because it remembers."""
    return VanishedNames(old, new)


def _by_family(surface: Surface) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for module in surface.members.modules if surface.members is not None else ():
        found[_family_of(module)].append(module)
    return found


def _family_of(module: str) -> str:
    """The model family that a module belongs to; "" for all others."""
    match = _FAMILY.match(module)
    return match[1] if match else ""


def words(name: str) -> Iterator[str]:
    """The words of a name in `snake_case` or `CamelCase`."""
    yield from (word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name))
