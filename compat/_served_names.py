"""Names served by modules of others: asked for only where the module itself fails, and loaded only when asked for."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

# What is served, by module and name.
_names: dict[str, dict[str, Callable[[], Any]]] = {}
# What is done to a module once it is loaded, by module and key.
_when_loaded: dict[str, dict[str, Callable[[], None]]] = {}
# What answers for each module: `transformers.processing_utils` makes the package `transformers` a second time.
_lookups: dict[str, list[_Lookup]] = {}


def serve(module: str, name: str, make: Callable[[], Any]) -> None:
    """Serve a name in a module that has no such name; where there is no such module, in one that stands in for it.

    Args:
        module: The module's dotted name; it need not be loaded.
        name: The name in it.
        make: Gives the value, each time that the name is asked for.
    """
    _names.setdefault(module, {})[name] = make
    _watch()
    if module in sys.modules:
        _equip(module)


def when_loaded(module: str, key: str, do: Callable[[], None]) -> None:
    """Do something once a module is loaded: now, if it is.

    Args:
        module: The module's dotted name.
        key: What it is known by to `withdraw`.
        do: What is done.
    """
    _when_loaded.setdefault(module, {})[key] = do
    _watch()
    if module in sys.modules:
        do()


def withdraw(module: str, name: str) -> None:
    """Stop what `serve` or `when_loaded` began; the last name of a module leaves it as it was.

    Args:
        module: The module's dotted name.
        name: The name, or the key.
    """
    for kept in (_names, _when_loaded):
        of_module: dict[str, Any] = kept.get(module, {})
        of_module.pop(name, None)
        if not of_module:
            kept.pop(module, None)
    if module not in _names:
        _strip(module)
    if not _names and not _when_loaded and _finder in sys.meta_path:
        sys.meta_path.remove(_finder)


def _watch() -> None:
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


class _Lookup:
    """What a module answers with where a name is not in it.

    Args:
        module: The module.
        key: The name it is loaded by.
        own: Its own `__getattr__`, or None.
    """

    def __init__(self, module: ModuleType, key: str, own: Callable[[str], Any] | None) -> None:
        self.module = module
        self.key = key
        self.own = own

    def __call__(self, name: str) -> Any:
        make = _names.get(self.key, {}).get(name)
        # A lazy module's class answers after this does; what it has goes first.
        own = self.own if self.own is not None or make is None else self._of_class()
        if own is not None:
            try:
                return own(name)
            except AttributeError:
                if make is None:
                    raise
        if make is None:
            raise AttributeError(f"module {self.key!r} has no attribute {name!r}")
        return make()

    def _of_class(self) -> Callable[[str], Any] | None:
        lazy = getattr(type(self.module), "__getattr__", None)
        return None if lazy is None else lambda name: lazy(self.module, name)


def _equip(name: str) -> None:
    module = sys.modules[name]
    own = vars(module).get("__getattr__")
    if not isinstance(own, _Lookup):
        vars(module)["__getattr__"] = lookup = _Lookup(module, name, own)
        _lookups.setdefault(name, []).append(lookup)


def _equip_all() -> None:
    for name in _names:
        if name in sys.modules:
            _equip(name)


def _strip(name: str) -> None:
    for lookup in _lookups.pop(name, ()):
        held = vars(lookup.module)
        if held.get("__getattr__") is not lookup:
            # Something else has taken the place since; without names, what lies below it changes nothing.
            continue
        if lookup.own is not None:
            held["__getattr__"] = lookup.own
        else:
            del held["__getattr__"]
    module = sys.modules.get(name)
    if module is not None and isinstance(getattr(vars(module).get("__spec__"), "loader", None), _StandIn):
        del sys.modules[name]
        parent, _, own_name = name.rpartition(".")
        held = vars(sys.modules[parent]) if parent in sys.modules else {}
        if held.get(own_name) is module:
            del held[own_name]


class _Finder:
    """Finds the modules in which something is served, so that they are equipped as soon as they are loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec that the other finders give, or that of a stand-in for a module that is not there."""
        if fullname not in _names and fullname not in _when_loaded:
            return None
        others = (finder.find_spec(fullname, path, target) for finder in sys.meta_path if finder is not self)
        spec = next((found for found in others if found is not None), None)
        if spec is None and fullname in _names:
            inside = any(module.startswith(f"{fullname}.") for module in _names)
            return ModuleSpec(fullname, _StandIn(), is_package=inside)  # type: ignore[arg-type]
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader)  # type: ignore[assignment]
        return spec


class _Loader:
    """A module's own loader, with an end of its own.

    Args:
        loader: The module's own.
    """

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        # A lazy package puts another module in its own place, and perhaps in that of its parent.
        _equip_all()
        for do in list(_when_loaded.get(name, {}).values()):
            do()


class _StandIn:
    """Makes a module that only serves."""

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.__doc__ = "Stands in for a module that this release does not have."
        _equip(module.__name__)


_finder = _Finder()
