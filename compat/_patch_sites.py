"""Where a patch goes: a place that a dotted name leads to, what is there now, and the patches that lie on it."""

from __future__ import annotations

import functools
import inspect
import re
import sys
from types import ModuleType

from ._names import imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping, Sequence
    from typing import Any, Protocol

    class Layer(Protocol):
        """One patch as a place sees it: what it makes of what lies below."""

        def made_over(self, below: Any) -> Any: ...


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()
# `"default"` in `transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["default"]`.
_ITEM = re.compile(r"""(?P<mapping>[\w.]+)\[(?P<quote>["'])(?P<key>[^"']+)(?P=quote)\]""")


class PatchMismatch(RuntimeError):
    """A patch does not fit what it is for, or cannot be taken back as things are now."""


class Place:
    """One attribute of a module, a class or an object, or one item of a mapping.

    Args:
        owner: What holds the value.
        name: The attribute, or the key.
        label: How messages name the place.
    """

    def __init__(self, owner: Any, name: str, label: str) -> None:
        self.owner = owner
        self.name = name
        self.label = label

    def held(self) -> Any:
        """What is stored right here, not inherited and not made on demand; MISSING where nothing is."""
        return vars(self.owner).get(self.name, MISSING)

    def found(self) -> Any:
        """What a use of the name finds, descriptors not called; MISSING where it fails."""
        if not isinstance(self.owner, type):
            # A lazy module makes the value now.
            return getattr(self.owner, self.name, MISSING)
        return next((vars(owner)[self.name] for owner in self.owner.__mro__ if self.name in vars(owner)), MISSING)

    def put(self, value: Any) -> None:
        """Store a value; MISSING takes away what is stored."""
        if value is not MISSING:
            setattr(self.owner, self.name, value)
        elif self.name in vars(self.owner):
            delattr(self.owner, self.name)


class _Item(Place):
    owner: MutableMapping[str, Any]

    def held(self) -> Any:
        return self.owner.get(self.name, MISSING)

    found = held

    def put(self, value: Any) -> None:
        if value is MISSING:
            self.owner.pop(self.name, None)
        else:
            self.owner[self.name] = value


def place_of(target: str) -> Place:
    """The place that a target leads to, its module imported; whether anything is there is not asked.

    Args:
        target: A dotted name, or the dotted name of a mapping with a key: `module.MAPPING["key"]`.

    Raises:
        PatchMismatch: What should hold it is not there, or cannot hold anything.
    """
    item = _ITEM.fullmatch(target)
    path, _, name = (item["mapping"], "", item["key"]) if item else target.rpartition(".")
    if not path or not all(part.isidentifier() for part in path.split(".")) or not (item or name.isidentifier()):
        raise PatchMismatch(
            f'{target!r} is no target: give "module.name", "module.Class.name" or \'module.NAMES["key"]\''
        )
    try:
        owner = imported(path)
    except (ImportError, AttributeError) as error:
        raise PatchMismatch(f"{target} is not there: {error}") from error
    if item:
        if not hasattr(owner, "__setitem__"):
            raise PatchMismatch(f"{target} cannot be set: {path} is no mapping, but {type(owner).__name__}")
        return _Item(owner, name, target)
    if not hasattr(owner, "__dict__"):
        raise PatchMismatch(f"{target} cannot be set: {path} is {type(owner).__name__}, which holds no attributes")
    return Place(owner, name, target)


class Stack:
    """The patches on one place, over what was there before them."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.base = place.held()
        # What the lowest patch changes: an inherited or lazy value is found, though it is not held here.
        self.found = place.found()
        self.layers: list[Layer] = []
        self.installed: Any = self.base

    def lowest(self) -> Any:
        """What all patches on the place stand for: what was found there, or the addition that is the first of them."""
        return self.layers[0].made_over(MISSING) if self.found is MISSING and self.layers else self.found

    def shows(self, layers: Sequence[Layer]) -> Any:
        """What the place holds with these patches on it."""
        value = self.found
        for layer in layers:
            value = layer.made_over(value)
        return value if layers else self.base

    def put(self, layers: list[Layer]) -> None:
        """Make these the patches on the place."""
        value = self.shows(layers)
        try:
            self.place.put(value)
        except (TypeError, AttributeError) as error:
            raise PatchMismatch(f"{self.place.label} cannot be set: {error}") from error
        self.layers = layers
        self.installed = self.place.held()


def copies_of(value: Any, but: Place) -> list[Place]:
    """Every attribute of a loaded module that is one very object, besides one place.

    Nothing is asked of the modules: those that stand in for moved ones answer whatever they are asked.
    """
    # Some put None or objects of their own there.
    loaded: list[Any] = list(sys.modules.values())
    return [
        Place(module, name, f"{module.__name__}.{name}")
        for module in loaded
        if isinstance(module, ModuleType)
        for name, held in list(vars(module).items())
        if held is value and not (module is but.owner and name == but.name)
    ]


def plain(value: Any) -> Any:
    """The function in a method's or property's descriptor; other values as they are."""
    if isinstance(value, (staticmethod, classmethod)):
        return value.__func__
    if isinstance(value, property):
        return value.fget
    return value.func if isinstance(value, functools.cached_property) else value


def described_like(value: Any, function: Callable[..., Any], name: str) -> Any:
    """A function in the kind of descriptor that another value is in.

    Args:
        value: What the function stands for: perhaps a staticmethod, a classmethod or a property.
        function: The function, or a descriptor, which stays as it is.
        name: The attribute it is for.
    """
    if plain(function) is not function:
        return function
    if isinstance(value, (staticmethod, classmethod)):
        return type(value)(function)
    if isinstance(value, property):
        return property(function, value.fset, value.fdel, value.__doc__)
    if isinstance(value, functools.cached_property):
        cached = functools.cached_property(function)
        cached.attrname = name
        return cached
    return function


def kind(value: Any) -> str:
    """What a value is to those who use it."""
    if isinstance(value, type):
        return "a class"
    if isinstance(value, (property, functools.cached_property)):
        return "a property"
    function = plain(value)
    if inspect.iscoroutinefunction(function):
        return "an async function"
    if inspect.isasyncgenfunction(function):
        return "an async generator"
    if inspect.ismodule(function):
        return "a module"
    return "a function" if callable(function) else "a value"
