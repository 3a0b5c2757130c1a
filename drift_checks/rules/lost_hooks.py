"""Methods that an upstream class no longer has, or keeps under a second name only: nobody calls what overrides them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from signatures.external_classes import external_class
from signatures.model import Class, Function
from signatures.names import Place
from signatures.surface import Surface

from ..call_sites import Symbol


class LostHook(NamedTuple):
    """A method that the new release never calls.

    Args:
        now: What it is another name for; "" where it is gone.
        was_called: The old release's own methods call it by its name.
    """

    now: str
    was_called: bool


def lost_hook(old: Surface, new: Surface, bases: tuple[Symbol, ...], method: str) -> LostHook | None:
    """Whether upstream's classes had a method, and in the new release have no use for it.

    Args:
        old: The release that the code works with.
        new: The release that it is moved to.
        bases: The upstream bases of a downstream class, the one that has the method first.
        method: The method's name.

    Returns:
        None where they use it, or where that cannot be told.
    """
    had = old.resolve(f"{bases[0].path}.{method}")
    if not isinstance(had.definition, Function) or had.definition.is_property or had.external:
        return None
    if had.definition.name != method or any(new.hook_calls(base.path, method) for base in bases):
        return None
    owners = [owner for base in bases for owner in _owners(new, base.path, method)]
    if None in owners:
        return None
    was_called = bool(old.hook_calls(bases[0].path, method))
    if not owners:
        return LostHook("", was_called)
    # A name that a class body gives to another method is kept for those who call it from outside.
    canonical = new.resolve(f"{bases[0].path}.{method}")
    if was_called and isinstance(canonical.definition, Function) and canonical.definition.name != method:
        return LostHook(canonical.definition.name, was_called)
    return None


def _owners(surface: Surface, path: str, name: str) -> Iterator[str | None]:
    """The classes of a class's order that define a name; None for one whose members are not known."""
    order = surface.mro(path)
    if not order:
        yield None
    for ref in order:
        if ref.definition is None:
            if not _is_known(surface, ref.path) or _is_known(surface, f"{ref.path}.{name}"):
                yield None
        elif _defines(ref.definition, name):
            yield ref.path


def _defines(definition: Class, name: str) -> bool:
    return name in definition.methods or definition.attribute(name) is not None


def _is_known(surface: Surface, path: str) -> bool:
    """Whether something of another distribution is known to exist: of the standard library, or of another upstream."""
    owner, _, name = path.rpartition(".")
    outer = external_class(owner)
    return (
        external_class(path) is not None
        or (outer is not None and name in outer.members)
        or isinstance(surface.outside(path), Place)
    )
