"""What a function takes by name, read from its signature through wrappers, methods, partials and torch modules."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping
    from inspect import Signature
    from typing import Any


class Accepted:
    """The arguments of one function.

    Args:
        name: What the function is called in a message.
        positional: The names that may be given by position, in their order.
        keywords: The names that may be given by name, with those that a `**kwargs: Unpack[TypedDict]` declares.
        positional_only: The names that may only be given by position; they begin `positional`.
        catches_all: Whether there is a `**kwargs`.
        aliases: Old names that are still taken, with a warning, and the names that they became.
        package: The package that the function is from, whose release a message names; "" where that tells nothing.
    """

    __slots__ = (
        "aliases",
        "arrangements",
        "catches_all",
        "keywords",
        "name",
        "package",
        "positional",
        "positional_only",
    )

    def __init__(
        self,
        name: str,
        positional: tuple[str, ...],
        keywords: frozenset[str],
        positional_only: tuple[str, ...] = (),
        catches_all: bool = False,
        package: str = "",
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.positional = positional
        self.keywords = keywords
        self.positional_only = positional_only
        self.catches_all = catches_all
        self.package = package
        self.aliases = aliases or {}
        # Calls of it that were thought about already; they live as long as the function.
        self.arrangements: dict[Any, Any] = {}

    def __str__(self) -> str:
        from ._releases import installed_release

        release = installed_release(self.package) if self.package else None
        return f"{self.name} of {self.package} {release}" if release else self.name

    @property
    def unknown(self) -> bool:
        """Whether nothing can be told of it: `(*args, **kwargs)`."""
        return self.catches_all and not self.keywords and not self.positional_only

    def takes(self, name: str) -> bool:
        """Whether an argument of that name is one of its parameters, was one, or is declared for its `**kwargs`.

        Args:
            name: The argument's name.
        """
        return name in self.keywords or name in self.positional_only or name in self.aliases

    def listed(self) -> str:
        """Its names, for a message."""
        placed = [name for name in self.positional if self.takes(name)]
        return ", ".join(f"`{name}`" for name in [*placed, *sorted(self.keywords.difference(placed))]) or "nothing"


_READ: dict[bool, MutableMapping[Any, Accepted]] = {}


def accepted_by(function: Callable[..., Any]) -> Accepted:
    """What a function takes.

    A torch module takes what its `forward` takes; a wrapped function what the innermost takes, and what HF's
    `deprecate_kwarg` takes under an old name.

    Args:
        function: A function, method, class, partial, torch module or any object that can be called.

    Raises:
        ValueError: It has no signature that could be read.
    """
    counted = _counted(function)
    plain = getattr(counted, "__func__", counted)
    try:
        cache = _READ[plain is not counted]
    except KeyError:
        from weakref import WeakKeyDictionary

        cache = _READ.setdefault(plain is not counted, WeakKeyDictionary())
    try:
        return cache[plain]
    except KeyError:
        cache[plain] = accepted = _read(counted)
        return accepted
    except TypeError:
        # It cannot be referred to weakly, or has no hash.
        return _read(counted)


def _counted(function: Any) -> Any:
    """The callable whose signature counts."""
    while _is_module(function):
        inner = getattr(function, "_orig_mod", None) or getattr(function, "module", None)
        if not _is_module(inner) or not _is_variadic(function.forward):
            return function.forward
        # `torch.compile`, DataParallel and their like forward whatever they are given.
        function = inner
    return function


def _is_module(value: Any) -> bool:
    return not isinstance(value, type) and any(
        base.__name__ == "Module" and base.__module__ == "torch.nn.modules.module" for base in type(value).__mro__
    )


def _is_variadic(function: Any) -> bool:
    parameters = _signature(function).parameters.values()
    return all(parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) for parameter in parameters)


def _signature(function: Any) -> Signature:
    from inspect import signature

    try:
        return signature(function)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{_described(function)} has no signature that could be read: {error}") from None


def _read(function: Any) -> Accepted:
    placed: list[str] = []
    named: set[str] = set()
    positional_only: list[str] = []
    catches_all = False
    for parameter in _signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            catches_all = True
            named.update(_declared_keywords(parameter.annotation, function))
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            placed.append(parameter.name)
            positional_only.append(parameter.name)
        elif parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            placed.append(parameter.name)
            named.add(parameter.name)
        elif parameter.kind is parameter.KEYWORD_ONLY:
            named.add(parameter.name)
    aliases = {old: new for old, new in _deprecated_keywords(function) if new in named and old not in named}
    package = (getattr(function, "__module__", None) or "").partition(".")[0]
    return Accepted(
        _described(function), tuple(placed), frozenset(named), tuple(positional_only), catches_all, package, aliases
    )


def _declared_keywords(annotation: Any, function: Any) -> frozenset[str]:
    """The keys of the TypedDict that `**kwargs: Unpack[...]` names."""
    if isinstance(annotation, str):
        _, opened, name = annotation.partition("Unpack[")
        *outer, last = name.rstrip("]").strip().split(".") if opened else [""]
        found: Any = next((namespace for namespace in _namespaces(function) if (outer or [last])[0] in namespace), {})
        for index, part in enumerate([*outer, last]):
            found = found.get(part) if index == 0 else getattr(found, part, None)
    else:
        found = next(iter(getattr(annotation, "__args__", ())), None)
    return frozenset(getattr(found, "__required_keys__", ())).union(getattr(found, "__optional_keys__", ()))


def _namespaces(function: Any) -> Iterator[dict[str, Any]]:
    for wrapped in _wrapped(function):
        yield getattr(wrapped, "__globals__", {})


def _deprecated_keywords(function: Any) -> Iterator[tuple[str, str]]:
    """Old and new names of HF's `deprecate_kwarg`, which shows neither in the signature of what it decorates."""
    for wrapper in _wrapped(function):
        code = getattr(wrapper, "__code__", None)
        held = {}
        for name, cell in zip(
            code.co_freevars if code else (), getattr(wrapper, "__closure__", None) or (), strict=False
        ):
            try:
                held[name] = cell.cell_contents
            except ValueError:
                continue
        old, new = held.get("old_name"), held.get("new_name")
        if isinstance(old, str) and isinstance(new, str):
            yield old, new


def _wrapped(function: Any) -> Iterator[Any]:
    """The functions that a call goes through, from the outermost, as `functools.wraps` and its like tell."""
    seen = set()
    while function is not None and id(function) not in seen:
        seen.add(id(function))
        yield function
        if isinstance(function, type):
            function = getattr(function, "__init__", None)
        else:
            inner = [getattr(function, name, None) for name in ("__wrapped__", "__func__", "func")]
            function = next((found for found in inner if callable(found)), None)


def _described(function: Any) -> str:
    name = getattr(function, "__qualname__", None) or getattr(getattr(function, "func", None), "__qualname__", None)
    return name or type(function).__qualname__
