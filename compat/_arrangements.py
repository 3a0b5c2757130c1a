"""How a call's arguments are put so that a function takes them: renamed, left out, or refused with the reason."""

from __future__ import annotations

from ._accepted_arguments import Accepted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any


class CallMismatch(TypeError):
    """A function does not take what it was to be given."""


def names_of(written: str | Iterable[str]) -> tuple[str, ...]:
    """Names that are given as a text with spaces between them, or one by one.

    Args:
        written: Such as `"config input_embeds"` or `["config", "input_embeds"]`.
    """
    return tuple(written.split()) if isinstance(written, str) else tuple(written)


class Arrangement:
    """Where each argument goes that a caller may give.

    Args:
        accepted: What the function takes.
        renames: Spellings of one argument: a name, and its other names.
        optional: Arguments that are left out where the function has none of their spellings.
        through: Names that the function is known to take out of its `**kwargs`.
    """

    __slots__ = ("accepted", "as_they_are", "left_out", "respelled")

    def __init__(
        self,
        accepted: Accepted,
        renames: Sequence[tuple[str, tuple[str, ...]]],
        optional: Sequence[str],
        through: Sequence[str],
    ) -> None:
        self.accepted = accepted
        self.as_they_are = accepted.keywords.union(through if accepted.catches_all else ())
        spellings = _spellings(renames)
        self.respelled = dict(accepted.aliases)
        for name, group in spellings.items():
            taken = [other for other in group if other in self.as_they_are or other in accepted.positional_only]
            if taken and name not in taken:
                self.respelled[name] = taken[0]
            elif not taken and name not in accepted.aliases:
                alias = next((other for other in group if other in accepted.aliases), None)
                if alias is not None:
                    self.respelled[name] = accepted.aliases[alias]
        self.left_out = frozenset(
            name
            for wanted in optional
            for name in spellings.get(wanted, (wanted,))
            if name not in self.as_they_are and name not in self.respelled and name not in accepted.positional_only
        )
        if self.left_out and accepted.unknown:
            raise CallMismatch(
                f"{accepted} shows no more than (*args, **kwargs): whether it takes "
                f"{', '.join(sorted(self.left_out))} cannot be told; name in `through` what it takes"
            )

    def place(self, name: str) -> str | None:
        """The name under which the function takes an argument; None where it is left out.

        Args:
            name: The name that the caller gives it.

        Raises:
            CallMismatch: The function takes it under no name that is known.
        """
        if name in self.as_they_are or name in self.accepted.positional_only:
            return name
        if name in self.respelled:
            return self.respelled[name]
        if name in self.left_out:
            return None
        raise CallMismatch(self._refusal(name))

    def arranged(
        self, positional: Sequence[Any], keywords: Iterable[tuple[str, Any]]
    ) -> tuple[Sequence[Any], dict[str, Any]]:
        """Positional and keyword arguments as the function takes them.

        Args:
            positional: Arguments that are handed on by position.
            keywords: Names and values.

        Raises:
            CallMismatch: The function does not take one of them, or one was given twice.
        """
        given: dict[str, tuple[str, Any]] = {}
        for name, value in keywords:
            place = self.place(name)
            if place is None:
                continue
            if place in given:
                raise CallMismatch(f"{self.accepted} was given `{place}` twice: as {given[place][0]} and as {name}")
            given[place] = (name, value)
        placed = list(positional)
        for name in self.accepted.positional_only[len(placed) :]:
            if name in given:
                placed.append(given.pop(name)[1])
            elif any(other in given for other in self.accepted.positional_only):
                raise CallMismatch(f"{self.accepted} takes `{name}` by position, before what was given")
        return placed, {place: value for place, (_, value) in given.items()}

    def _refusal(self, name: str) -> str:
        accepted = self.accepted
        if accepted.unknown:
            told = f"{accepted} shows no more than (*args, **kwargs): whether it takes `{name}` cannot be told"
        elif accepted.catches_all:
            told = f"{accepted} would swallow `{name}` in its **kwargs: it takes {accepted.listed()}"
        else:
            told = f"{accepted} takes no `{name}`: it takes {accepted.listed()}"
        advice = "put it in `optional` to leave it out, or in `renames` with the name that it has here"
        through = "in `through` if the function takes it out of its **kwargs, " if accepted.catches_all else ""
        return f"{told}; {through}{advice}"


def arrangement_for(
    accepted: Accepted,
    renames: Mapping[str, str | Iterable[str]] | None = None,
    optional: str | Iterable[str] = (),
    through: str | Iterable[str] = (),
) -> Arrangement:
    """The arrangement of these options, made once for what a function takes.

    Args:
        accepted: As for `Arrangement`.
        renames: As for `Arrangement`.
        optional: As for `Arrangement`.
        through: As for `Arrangement`.
    """
    written = tuple((name, names_of(others)) for name, others in renames.items()) if renames else ()
    options = (written, names_of(optional), names_of(through))
    try:
        found: Arrangement = accepted.arrangements[options]
    except KeyError:
        found = accepted.arrangements[options] = Arrangement(accepted, *options)
    return found


def _spellings(renames: Sequence[tuple[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for name, others in renames:
        members = dict.fromkeys([name, *others])
        group = tuple(dict.fromkeys(other for member in members for other in groups.get(member, (member,))))
        groups.update(dict.fromkeys(group, group))
    return groups


def by_order(accepted: Accepted, order: Sequence[str], positional: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """The names of positional arguments, after the order that their caller knows.

    Args:
        accepted: What the function takes.
        order: The names, in that order.
        positional: The values.

    Raises:
        CallMismatch: There are more values than names.
    """
    if len(positional) > len(order):
        listed = ", ".join(order)
        raise CallMismatch(
            f"{accepted} was given {len(positional)} positional arguments; the order names {len(order)}: {listed}"
        )
    return zip(order, positional, strict=False)
