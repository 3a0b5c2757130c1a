"""Where a symbol of a call site leads in one release."""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

from signatures.model import Class, Function, Resolution, Status
from signatures.surface import Acceptance, Surface

from .call_sites import CALLED, DECLARED, Symbol


class Location(NamedTuple):
    """What a symbol is in one release.

    Args:
        found: The last resolution on the way.
        through_instance: It was reached through an instance of its class.
    """

    found: Resolution
    through_instance: bool = False

    @property
    def callable(self) -> bool:
        definition = self.found.definition
        return isinstance(definition, Class) or (isinstance(definition, Function) and not definition.is_property)

    @property
    def is_member(self) -> bool:
        """Whether it is, or would be, a member of a class."""
        return bool(self.found.inside) or self.through_instance


_LOCATED: WeakKeyDictionary[Surface, dict[Symbol, Location | None]] = WeakKeyDictionary()


def locate(surface: Surface, symbol: Symbol) -> Location | None:
    """Follow a symbol's path and steps; None where a step's result does not follow from what is written."""
    # A program names the same few symbols again and again.
    known = _LOCATED.setdefault(surface, {})
    if symbol not in known:
        known[symbol] = _followed(surface, symbol)
    return known[symbol]


def _followed(surface: Surface, symbol: Symbol) -> Location | None:
    found = surface.resolve(symbol.path)
    instance = False
    for index, step in enumerate(symbol.steps, 1):
        if not found.found:
            return Location(found, instance)
        if step in (CALLED, DECLARED):
            if instance or found.external or not isinstance(found.definition, Class):
                return None
            instance = True
        elif not instance or not isinstance(found.definition, Class):
            return None
        elif step == "__init__" and index == len(symbol.steps):
            # `super().__init__(…)` takes what the class is called with, however its constructor is made.
            return Location(found)
        else:
            found = _called_by_torch(surface, found, step) or surface.member(found.canonical, step)
            return Location(found, through_instance=True) if index == len(symbol.steps) or not found.found else None
    return Location(found)


def _called_by_torch(surface: Surface, owner: Resolution, name: str) -> Resolution | None:
    """The method that calling an instance runs: `Module.__call__` of torch passes everything on to `forward`."""
    if name != "__call__" or not any(ref.path.lstrip("?") in _MODULES for ref in surface.mro(owner.canonical)):
        return None
    own = surface.member(owner.canonical, name)
    forward = surface.member(owner.canonical, "forward")
    return None if isinstance(own.definition, Function) or not isinstance(forward.definition, Function) else forward


_MODULES = frozenset({"torch.nn.Module", "torch.nn.modules.module.Module", "nn.Module"})


def acceptance(surface: Surface, at: Location) -> Acceptance | None:
    """What a call of the located thing may pass; None where that is not known.

    Of several signatures, as stubs and operators state them, types choose one; types of arguments are not known.
    """
    if at.found.external or not at.callable:
        return None
    called = surface.constructor(at.found) or at.found.definition
    if isinstance(called, Function) and "overload" in called.flags:
        return None
    return surface.accepts(at.found, through_instance=at.through_instance)


def is_unknown(at: Location | None) -> bool:
    """Whether what is written does not tell what a symbol is."""
    return at is None or at.found.status is Status.UNKNOWN
