"""Where a symbol of a call site leads in one release."""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary, proxy

from signatures.model import Class, Function, Kind, Resolution, Status
from signatures.results import Instance, Results, Shape
from signatures.surface import Acceptance, Surface

from .call_sites import CALLED, DECLARED, Symbol


class Location(NamedTuple):
    """What a symbol is in one release.

    Args:
        found: The last resolution on the way.
        through_instance: It was reached through an instance of its class.
        declared: The instance may be of a subclass: it is annotated, or what a factory promises.
        assumed: Some attribute on the way may hold a value of another class.
        instance: The value itself, where the symbol is an instance of the class that `found` resolves to.
    """

    found: Resolution
    through_instance: bool = False
    declared: bool = False
    assumed: bool = False
    instance: Instance | None = None

    @property
    def callable(self) -> bool:
        definition = self.found.definition
        return isinstance(definition, Class) or (isinstance(definition, Function) and not definition.is_property)

    @property
    def is_member(self) -> bool:
        """Whether it is, or would be, a member of a class."""
        return bool(self.found.inside) or self.through_instance

    @property
    def proven(self) -> bool:
        """Whether it can be nothing else."""
        return not self.declared


HELD = "="
"""A step from an attribute to the instance that it holds."""

_LOCATED: WeakKeyDictionary[Surface, dict[Symbol, Location | None]] = WeakKeyDictionary()
_RESULTS: WeakKeyDictionary[Surface, Results] = WeakKeyDictionary()


def locate(surface: Surface, symbol: Symbol) -> Location | None:
    """Follow a symbol's path and steps; None where a step's result does not follow from what is written."""
    # A program names the same few symbols again and again.
    known = _LOCATED.setdefault(surface, {})
    if symbol not in known:
        known[symbol] = _Walk(surface).follow(symbol)
    return known[symbol]


def locate_called(surface: Surface, symbol: Symbol) -> Location | None:
    """What a call of a symbol runs: of an attribute that holds an instance, what calling the instance runs."""
    at = locate(surface, symbol)
    if at is None or not at.found.found or at.callable or not at.is_member:
        return at
    return locate(surface, symbol.step(HELD).member("__call__")) or at


def results(surface: Surface) -> Results:
    """What calls give in a release; one for each, because it remembers."""
    known = _RESULTS.get(surface)
    if known is None:
        # Whoever is kept for as long as the surface must not be what keeps it.
        known = _RESULTS[surface] = Results(proxy(surface))
    return known


def result_shape(surface: Surface, symbol: Symbol) -> Shape | None:
    """Of what kind the result of a call of a symbol is; None where it cannot be told."""
    at = locate_called(surface, symbol)
    if at is None or not at.found.found:
        return None
    owner = Instance(at.found.path.rpartition(".")[0], not at.declared) if at.found.inside else None
    return results(surface).shape(at.found, owner)


def certain(symbol: Symbol, *surfaces: Surface) -> bool:
    """Whether a symbol can be nothing else than what `locate_called` says, in each of the releases."""
    located = (locate_called(surface, symbol) for surface in surfaces)
    return symbol.proven and all(at is not None and at.proven for at in located)


def lookup_path(surface: Surface, symbol: Symbol) -> str:
    """The dotted path at which a symbol is found without an instance: members are looked up on their class."""
    at = locate_called(surface, symbol)
    if at is None or not at.found.found or not at.is_member:
        return symbol.path
    names = [step for step in symbol.steps if step not in (CALLED, DECLARED)]
    public = ".".join((symbol.path, *names[:-1], at.found.path.rpartition(".")[2])) if names else symbol.path
    return public if surface.resolve(public).canonical == at.found.canonical else at.found.path


class _Walk:
    """One walk along a symbol's steps.

    Args:
        surface: The release.
    """

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._results = results(surface)

    def follow(self, symbol: Symbol) -> Location | None:
        found = self._surface.resolve(symbol.path)
        at: Location | None = Location(found)
        receiver = self._class_of(found)
        steps = symbol.steps
        if found.status is Status.UNKNOWN:
            at, steps = self._from_variable(found, steps)
            if at is None:
                return Location(found) if not symbol.steps else None
        for index, step in enumerate(steps, 1):
            assert at is not None
            if not at.found.found:
                return at
            at, receiver = self._step(at, receiver, step, last=index == len(steps))
            if at is None:
                return None
        return at

    def _from_variable(self, found: Resolution, steps: tuple[str, ...]) -> tuple[Location | None, tuple[str, ...]]:
        """`module.VARIABLE.member`: the variable, and the steps that go on from it."""
        start = self._surface.resolve(found.stopped_at.rpartition(".")[0])
        if not start.found or start.definition is None or isinstance(start.definition, Class):
            return None, steps
        rest = tuple(found.path.removeprefix(f"{start.path}.").split("."))
        return Location(start), (*rest, *steps)

    def _class_of(self, found: Resolution) -> Instance | None:
        """The class that a method is looked up on, when its path names it."""
        if not found.found or not found.inside:
            return None
        owner = self._surface.resolve(found.path.rpartition(".")[0])
        return Instance(owner.canonical) if isinstance(owner.definition, Class) else None

    def _step(
        self, at: Location, receiver: Instance | None, step: str, *, last: bool
    ) -> tuple[Location | None, Instance | None]:
        if step == DECLARED:
            declared = at.instance is None and not at.found.external and isinstance(at.found.definition, Class)
            return (self._value(self._results.annotated(at.found.canonical), at) if declared else None), None
        if step == CALLED:
            return self._called(at, receiver), None
        value = at.instance or self._results.held(at.found, receiver)
        if value is None:
            return None, None
        owner = self._value(value, at)
        if owner is None or step == HELD:
            return owner, None
        if step == "__init__" and last:
            # `super().__init__(…)` takes what the class is called with, however its constructor is made.
            return Location(owner.found, declared=owner.declared, assumed=owner.assumed), None
        return self._member(owner, step), value

    def _called(self, at: Location, receiver: Instance | None) -> Location | None:
        if at.found.external:
            return None
        if at.instance is None and isinstance(at.found.definition, Class):
            return self._value(Instance(at.found.canonical), at)
        if at.instance is None and at.callable:
            given = self._results.given(at.found, receiver)
            return self._value(given, at) if given is not None else None
        value = at.instance or self._results.held(at.found, receiver)
        owner = self._value(value, at) if value is not None else None
        if value is None or owner is None:
            return None
        method = self._member(owner, "__call__")
        if not method.found.found or not method.callable:
            return None
        given = self._results.given(method.found, value)
        return self._value(given, method) if given is not None else None

    def _value(self, value: Instance, before: Location) -> Location | None:
        found = self._surface.resolve(value.path)
        if not found.found or not isinstance(found.definition, Class):
            return None
        declared, assumed = before.declared or not value.exact, before.assumed or value.assumed
        return Location(found, declared=declared, assumed=assumed, instance=value)

    def _member(self, owner: Location, name: str) -> Location:
        found = _called_by_torch(self._surface, owner.found, name)
        found = found or self._surface.member(owner.found.canonical, name)
        return Location(found, through_instance=True, declared=owner.declared, assumed=owner.assumed)


def _called_by_torch(surface: Surface, owner: Resolution, name: str) -> Resolution | None:
    """The method that calling an instance runs: `Module.__call__` of torch passes everything on to `forward`."""
    if name != "__call__" or not any(ref.path.lstrip("?") in _MODULES for ref in surface.mro(owner.canonical)):
        return None
    own = surface.member(owner.canonical, name)
    forward = surface.member(owner.canonical, "forward")
    if isinstance(own.definition, Function) and not _passes_on(own.definition):
        return None
    return forward if isinstance(forward.definition, Function) else None


def _passes_on(call: Function) -> bool:
    """Whether a `__call__` hands everything to that of its base, as `GradientCheckpointingLayer` does."""
    kinds = [parameter.kind for parameter in call.signature.without_first().parameters]
    above = (hook for hook in call.body.hooks if hook.receiver == "super" and hook.name == "__call__")
    return kinds == [Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD] and any(hook.star and hook.double_star for hook in above)


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
