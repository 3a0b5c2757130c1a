"""Results that are a tuple on one release and a tensor or an output object on another, brought to one shape."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

__all__ = ["first", "unpacked", "with_first"]


def first(result: Any) -> Any:
    """What a function returns first: of a tuple, an output object or a mapping its first value; else the result itself.

    Decoder layers return a tuple up to transformers 4.53 and a tensor from 4.54 on; `layer(...)[0]` then silently
    takes the first sequence of the batch.

    Args:
        result: A tensor, tuple, `ModelOutput`, dataclass or mapping. A list is one value, such as a list of per-image
            tensors, and so is everything else.

    Raises:
        ValueError: It is None, or holds nothing.
    """
    if type(result) is tuple and result:
        return result[0]
    if result is None:
        raise ValueError("first() was given None: a function that returns nothing has no first value")
    if isinstance(result, tuple):
        if not result:
            raise ValueError("first() was given an empty tuple")
        return result[0]
    fields = _fields(result)
    if fields is None:
        return result
    return fields[_first_name(result, fields)]


def with_first(result: Any, value: Any) -> Any:
    """A result whose first value is another one, for a hook that replaces what a layer returns.

    Args:
        result: As for `first`; it is not changed.
        value: The new first value.

    Returns:
        The same kind of result: a tuple for a tuple, an output object for an output object, the value for a tensor.

    Raises:
        ValueError: It is None, or holds nothing.
    """
    if isinstance(result, tuple) and result:
        rest = (value, *result[1:])
        return type(result)(*rest) if hasattr(result, "_fields") else rest
    if result is None or isinstance(result, tuple):
        raise ValueError(f"with_first() was given {result!r}: there is no first value to replace")
    fields = _fields(result)
    if fields is None:
        return value
    name = _first_name(result, fields)
    if hasattr(type(result), "__dataclass_fields__"):
        from dataclasses import replace

        return replace(result, **{name: value})
    from copy import copy

    replaced = copy(result)
    replaced[name] = value
    return replaced


def unpacked(result: Any, names: Sequence[str | Sequence[str]]) -> tuple[Any, ...]:
    """A result as one tuple with a place for each name, for a function that returns the rest only sometimes.

    `embeds, mask = unpacked(postprocess(output), ("embeds", "mask"))` takes a tensor, `(embeds, mask)`, and an output
    object with these fields.

    Args:
        result: A tensor, tuple, `ModelOutput`, dataclass, mapping or object with such attributes.
        names: A name for each place; several spellings of one: `("embeds", "prompt_embeds")`.

    Returns:
        A value for each name; None for what the result does not hold.

    Raises:
        ValueError: It is None, a tuple of more values than names, or an output object with none of the names.
    """
    spellings = [(name,) if isinstance(name, str) else tuple(name) for name in names]
    if not spellings:
        raise ValueError("unpacked() needs a name for each place")
    listed = ", ".join("/".join(group) for group in spellings)
    if result is None:
        raise ValueError(f"unpacked() was given None, where {listed} were expected")
    if isinstance(result, tuple) and not hasattr(result, "_fields"):
        if not 1 <= len(result) <= len(spellings):
            raise ValueError(f"unpacked() was given a tuple of {len(result)}, where {listed} were expected")
        return result + (None,) * (len(spellings) - len(result))
    fields = _fields(result)
    if fields is None:
        return (result, *[None] * (len(spellings) - 1))
    found = [next((fields[name] for name in group if name in fields), None) for group in spellings]
    if not any(name in fields for group in spellings for name in group):
        held = ", ".join(map(str, fields))
        raise ValueError(f"unpacked() was given a {type(result).__name__} with {held}, where {listed} were expected")
    return tuple(found)


def _fields(result: Any) -> Mapping[Any, Any] | None:
    """Names and values of a result that has names; None for a plain value."""
    if hasattr(result, "_fields"):
        return dict(zip(result._fields, result, strict=True))
    declared = getattr(type(result), "__dataclass_fields__", None)
    if declared is not None:
        return {name: getattr(result, name) for name in declared}
    if hasattr(result, "keys") and hasattr(result, "__getitem__"):
        return dict(_items(result))
    return None


def _items(mapping: Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    for name in mapping.keys():  # noqa: SIM118 - a Mapping's own __iter__ may give something else
        yield name, mapping[name]


def _first_name(result: Any, fields: Mapping[Any, Any]) -> Any:
    for name, value in fields.items():
        if value is not None:
            return name
    raise ValueError(f"first() was given a {type(result).__name__} that holds nothing: {', '.join(map(str, fields))}")
