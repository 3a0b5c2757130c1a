"""Calls: a function is given what it takes, under the name it has there, told by its signature and not by a version."""

from __future__ import annotations

from ._accepted_arguments import accepted_by
from ._arrangements import CallMismatch, arrangement_for, by_order, names_of
from ._prepared_calls import named_after, with_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from ._arrangements import Arrangement

    Renames = Mapping[str, str | Iterable[str]]
    Names = str | Iterable[str]

__all__ = ["CallMismatch", "by_keyword", "call", "prepare", "takes"]


def takes(function: Callable[..., Any], name: str) -> bool:
    """Whether a function takes an argument of that name.

    A `**kwargs` counts only where its annotation (`Unpack[TypedDict]`) declares the name: upstream swallows the rest.

    Args:
        function: A function, method, class, partial or torch module (its `forward`), wrapped or not.
        name: The argument's name.

    Raises:
        CallMismatch: Its signature cannot be read, or is no more than `(*args, **kwargs)`.
    """
    arrangement = _arrangement(function, None, (), ())
    if arrangement.accepted.unknown:
        arrangement.place(name)
    return arrangement.accepted.takes(name)


def call(
    function: Callable[..., Any],
    /,
    *args: Any,
    renames: Renames | None = None,
    optional: Names = (),
    through: Names = (),
    **keywords: Any,
) -> Any:
    """Call a function with those of the arguments that it takes, under the names that it has for them.

    `call(model, input_ids=ids, logits_to_keep=1, renames={"num_logits_to_keep": "logits_to_keep"},
    optional="cache_position", cache_position=places)` runs on both sides of both changes.

    Args:
        function: A function, method, class, partial or torch module (its `forward` counts), wrapped or not.
        *args: Handed on by position.
        renames: Spellings of one argument: a name, and the other name or names that it has had, in any direction.
        optional: Arguments that are left out where the function has no such parameter.
        through: Names that the function is known to take out of its `**kwargs`.
        **keywords: The arguments.

    Raises:
        CallMismatch: An argument is none of the function's, or would only fall into its `**kwargs` unseen; or it is
            given twice. It says what the function takes.
    """
    arrangement = _arrangement(function, renames, optional, through)
    if keywords.keys() <= arrangement.as_they_are:
        return function(*args, **keywords)
    placed, named = arrangement.arranged(args, keywords.items())
    return function(*placed, **named)


def by_keyword(
    function: Callable[..., Any],
    order: str | Sequence[str],
    /,
    *args: Any,
    renames: Renames | None = None,
    optional: Names = (),
    through: Names = (),
    **keywords: Any,
) -> Any:
    """Call a function by keyword, for a call that was written by position after an order that the function had once.

    Args:
        function: As for `call`; the order of a method is without `self`.
        order: The parameters as the caller knows them: `"config input_embeds attention_mask cache_position"`.
        *args: The arguments in that order.
        renames: As for `call`.
        optional: As for `call`.
        through: As for `call`.
        **keywords: Further arguments.

    Raises:
        CallMismatch: As for `call`, or there are more arguments than the order has names.
    """
    arrangement = _arrangement(function, renames, optional, through)
    named_args = by_order(arrangement.accepted, names_of(order), args)
    placed, named = arrangement.arranged((), [*named_args, *keywords.items()])
    return function(*placed, **named)


def prepare(
    function: Callable[..., Any],
    order: str | Sequence[str] | None = None,
    *,
    renames: Renames | None = None,
    optional: Names = (),
    through: Names = (),
) -> Callable[..., Any]:
    """Make a function's caller once, for calls that must cost next to nothing.

    Args:
        function: As for `call`.
        order: The arguments that will be given, in the order in which they may be given by position; the caller takes
            no others, and refuses now what it would refuse then. Without it the caller takes any keywords, is some
            hundred nanoseconds slower, and hands positional arguments on.
        renames: As for `call`.
        optional: As for `call`.
        through: As for `call`.

    Returns:
        The function itself where it takes all that just so.

    Raises:
        CallMismatch: An argument of the order is none of the function's.
    """
    arrangement = _arrangement(function, renames, optional, through)
    if order is not None:
        return with_order(function, names_of(order), arrangement)
    known, accepted = arrangement.as_they_are, arrangement.accepted
    if not (accepted.catches_all or arrangement.respelled or arrangement.left_out or accepted.positional_only):
        return function

    def prepared(*args: Any, **keywords: Any) -> Any:
        if keywords.keys() <= known:
            return function(*args, **keywords)
        placed, named = arrangement.arranged(args, keywords.items())
        return function(*placed, **named)

    return named_after(function, prepared)


def _arrangement(function: Callable[..., Any], renames: Renames | None, optional: Names, through: Names) -> Arrangement:
    try:
        accepted = accepted_by(function)
    except ValueError as error:
        raise CallMismatch(str(error)) from None
    return arrangement_for(accepted, renames, optional, through)
