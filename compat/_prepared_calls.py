"""Callers that are made once: their parameters are an order of arguments, their body is one call."""

from __future__ import annotations

from ._arrangements import CallMismatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from ._arrangements import Arrangement

_ABSENT = object()


def with_order(function: Callable[..., Any], order: Sequence[str], arrangement: Arrangement) -> Callable[..., Any]:
    """A caller of a function whose parameters are the order; the function itself where that is what it has.

    Args:
        function: The function.
        order: The names of the arguments that will be given, as the caller knows them.
        arrangement: Where they go.

    Raises:
        CallMismatch: One of them is none of the function's, or two are the same.
    """
    places = {name: arrangement.place(name) for name in order}
    taken = [place for place in places.values() if place is not None]
    accepted = arrangement.accepted
    twice = sorted({place for place in taken if taken.count(place) > 1})
    if twice:
        raise CallMismatch(f"{accepted} would be given `{twice[0]}` twice: the order has two of its spellings")
    if accepted.positional[: len(order)] == tuple(order) and not accepted.positional_only:
        return function

    def otherwise(*values: Any) -> Any:
        given = [(name, value) for name, value in zip(order, values, strict=True) if value is not _ABSENT]
        placed, named = arrangement.arranged((), given)
        return function(*placed, **named)

    return named_after(function, _compiled(function, places, otherwise, bool(accepted.positional_only)))


def _compiled(
    function: Callable[..., Any], places: Mapping[str, str | None], otherwise: Callable[..., Any], rearranges: bool
) -> Callable[..., Any]:
    """A function of the order's parameters whose body is the one call: a `**keywords` would cost 400 ns a call."""
    from keyword import iskeyword

    for name in places:
        if not name.isidentifier() or iskeyword(name) or name.startswith("__"):
            raise ValueError(f"an order holds names of parameters, and {name!r} is none")
    kept = {name: place for name, place in places.items() if place is not None}
    absent = "True" if rearranges else " or ".join(f"{name} is __absent" for name in kept) or "False"
    source = (
        f"def prepared({', '.join(f'{name}=__absent' for name in places)}):\n"
        f"    if {absent}:\n"
        f"        return __otherwise({', '.join(places)})\n"
        f"    return __function({', '.join(f'{place}={name}' for name, place in kept.items())})\n"
    )
    namespace: dict[str, Any] = {"__absent": _ABSENT, "__function": function, "__otherwise": otherwise}
    exec(source, namespace)
    prepared: Callable[..., Any] = namespace["prepared"]
    return prepared


def named_after(function: Callable[..., Any], prepared: Callable[..., Any]) -> Callable[..., Any]:
    """Give a caller the name and documentation of what it calls.

    Args:
        function: What it calls.
        prepared: The caller.
    """
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        value = getattr(function, attribute, None)
        if isinstance(value, str):
            setattr(prepared, attribute, value)
    return prepared
