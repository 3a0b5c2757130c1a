"""Every signature that a call may bind to: stubs and operators state several, and types choose among them.

Types of arguments are not known here. So a call breaks only where it fits one of the old signatures by names and
counts, and none of the new ones.
"""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

from signatures.model import Class, Function
from signatures.surface import Acceptance, Surface

from ..call_sites import Arguments
from ..locating import Location
from .binding import Bound, bind


class Stated(NamedTuple):
    """One signature that a release states.

    Args:
        overload: Its name among several; "" for the default or only one.
        accepts: What it accepts.
        returns: What comes back, as `Body.returns` has it.
    """

    overload: str
    accepts: Acceptance
    returns: tuple[str, ...] = ()


class Fit(NamedTuple):
    """A stated signature, and how a call binds to it."""

    stated: Stated
    bound: Bound


_KNOWN: WeakKeyDictionary[Surface, dict[tuple[str, bool], tuple[Stated, ...]]] = WeakKeyDictionary()


def stated(surface: Surface, at: Location) -> tuple[Stated, ...]:
    """Every signature of the located thing; empty where what a call may pass is not known."""
    # A program calls the same few functions again and again.
    known = _KNOWN.setdefault(surface, {})
    question = (at.found.path, at.through_instance)
    if question not in known:
        known[question] = _stated(surface, at)
    return known[question]


def _stated(surface: Surface, at: Location) -> tuple[Stated, ...]:
    found = at.found
    if found.external or not at.callable:
        return ()
    maker = surface.constructor(found)
    if isinstance(found.definition, Class) and maker is not None and "overload" in maker.flags:
        found = surface.member(found.canonical, maker.name)
        at = Location(found, through_instance=True)
    if isinstance(found.definition, Function) and "overload" in found.definition.flags:
        functions = surface.overloads(found)
        bound = [_seen(surface, at, function) for function in functions]
        return tuple(
            Stated(function.name.partition("@")[2], accepts, function.body.returns)
            for function, accepts in zip(functions, bound, strict=True)
        )
    only = surface.accepts(found, through_instance=at.through_instance)
    returns = found.definition.body.returns if isinstance(found.definition, Function) else ()
    return (Stated("", only, returns),) if only is not None else ()


def _seen(surface: Surface, at: Location, function: Function) -> Acceptance:
    """What a call of one overload of a function passes, `self` left out where it is given."""
    found = at.found
    bound = bool(found.inside) and not function.is_static
    if bound and not at.through_instance:
        bound = function.decorated_with("classmethod") or function.name.partition("@")[0] == "__new__"
    return Acceptance(function.signature.without_first() if bound else function.signature)


def fits(signatures: tuple[Stated, ...], arguments: Arguments) -> list[Fit]:
    """How a call binds to each signature, the best first; those that it binds to have no failures."""
    found = [Fit(each, bind(each.accepts, arguments)) for each in signatures]
    return sorted(found, key=lambda fit: len(fit.bound.failures))
