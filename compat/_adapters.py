"""Stable functions: one signature for all releases, carried out by the adapter of the release that is installed."""

from __future__ import annotations

import sys
from functools import partial, update_wrapper

# `typing` and `dataclasses` would cost more than this module; type checkers know this name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from inspect import Signature
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])


class Adapter:
    """One implementation of a stable function, and the releases that it is for.

    Args:
        releases: A requirement such as `transformers>=5.4,<5.9`: the upstream, and the set of its releases.
        because: The upstream change that made the cut.
        make: Imports what the adapter needs and returns the implementation; None where upstream has nothing to adapt.
    """

    __slots__ = ("because", "make", "releases")

    def __init__(self, releases: str, because: str, make: Callable[[], Callable[..., Any]] | None) -> None:
        self.releases = releases
        self.because = because
        self.make = make


class StableFunction:
    """What a stable function is until its first use, and what is known of it afterwards.

    Args:
        declared: The function that declares the signature and holds the documentation.
    """

    def __init__(self, declared: Callable[..., Any]) -> None:
        self.declared = declared
        self.adapters: list[Adapter] = []
        self._chosen: Callable[..., Any] | None = None

    @property
    def name(self) -> str:
        """The name within the package, such as `masking.create_causal_mask`; the package itself may be renamed."""
        return f"{self.declared.__module__.rpartition('.')[2]}.{self.declared.__name__}"

    @property
    def __signature__(self) -> Signature:
        from inspect import signature

        return signature(self.declared)

    def __call__(self, *args: object, **keywords: object) -> Any:
        return self.choose()(*args, **keywords)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        return _unpickled, (self.declared.__module__, self.name)

    def choose(self) -> Callable[..., Any]:
        """The implementation for what is installed, found once.

        Raises:
            UnsupportedRelease: No adapter is for that release, or the upstream is not installed.
        """
        if self._chosen is None:
            self._chosen = self._implementation()
            self._bind(self._chosen)
        return self._chosen

    def _implementation(self) -> Callable[..., Any]:
        from ._choice import chosen_adapter, made_by

        adapter = chosen_adapter(self.name, self.adapters)
        made = made_by(self.name, adapter)
        if getattr(made, "__module__", None) == self.declared.__module__ and "<locals>" in made.__qualname__:
            # It is ours: it shows the stable signature, and is pickled by the stable name.
            update_wrapper(made, self.declared)
        return made

    def _bind(self, chosen: Callable[..., Any]) -> None:
        """Put the implementation where the stable function is: in its module, and behind what was imported from it."""
        module = sys.modules.get(self.declared.__module__)
        name = self.declared.__name__
        entry = getattr(module, name, None)
        if isinstance(entry, partial) and entry.func is self:
            # A `partial` is called from C: 25 ns a call, where a Python function that hands arguments on costs 240.
            entry.__setstate__((chosen, (), {}, vars(entry)))  # type: ignore[attr-defined]
            setattr(module, name, chosen)


# By name within the package, filled as the modules are imported.
REGISTRY: dict[str, StableFunction] = {}


def stable(declared: F) -> F:
    """Make a stable function of a declaration, whose body is never run.

    Args:
        declared: A function with the stable signature and its documentation; its adapters follow it.
    """
    function = StableFunction(declared)
    REGISTRY[function.name] = function
    entry = partial(function)
    update_wrapper(entry, declared)
    # It would follow the entry into its pickle, where no name leads to it.
    del entry.__wrapped__  # type: ignore[attr-defined]
    return entry  # type: ignore[return-value]


def adapts(function: Callable[..., Any], releases: str, *, because: str) -> Callable[[F], F]:
    """Declare an adapter: the decorated factory imports upstream and returns the implementation.

    Where upstream has the stable signature already, the factory returns upstream's own function.

    Args:
        function: The stable function.
        releases: The upstream and the set of its releases, such as `transformers>=5.4,<5.9`.
        because: The upstream change that made the cut, with the release that made it.
    """

    def declare(make: F) -> F:
        _function(function).adapters.append(Adapter(releases, because, make))
        return make

    return declare


def absent(function: Callable[..., Any], releases: str, *, because: str) -> None:
    """Declare releases that have nothing that a stable function could stand for: a call says so.

    Args:
        function: The stable function.
        releases: The upstream and the set of its releases.
        because: What is not there.
    """
    _function(function).adapters.append(Adapter(releases, because, None))


def _unpickled(module: str, name: str) -> StableFunction:
    from importlib import import_module

    import_module(module)
    return REGISTRY[name]


def _function(entry: Any) -> StableFunction:
    function = entry.func if isinstance(entry, partial) else None
    if isinstance(function, StableFunction):
        return function
    raise TypeError(f"{entry!r} is no stable function: put @stable over its declaration")
