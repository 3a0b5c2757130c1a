"""Binding the arguments of a call to what a release accepts, as the interpreter does."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from signatures.model import Kind, Parameter
from signatures.surface import Acceptance

from ..call_sites import Arguments


class Clash(Enum):
    """Why a call does not bind."""

    UNEXPECTED = "unexpected keyword"
    MISSING = "missing argument"
    TOO_MANY = "too many positional arguments"
    TWICE = "two values for one parameter"


class Failure(NamedTuple):
    """One reason why a call does not bind.

    Args:
        clash: The kind of reason.
        name: The keyword or parameter; "" for a positional argument too many.
        position: Index of the positional argument that has no place, else -1.
    """

    clash: Clash
    name: str = ""
    position: int = -1


class Bound(NamedTuple):
    """How a call binds.

    Args:
        failures: Why it does not; empty where it does.
        positional: The parameter that takes each positional argument; None for those that `*args` takes.
        named: The parameters that take the keywords, by keyword.
        swallowed: Keywords that only the `**` parameter takes.
    """

    failures: tuple[Failure, ...]
    positional: tuple[Parameter | None, ...]
    named: dict[str, Parameter]
    swallowed: tuple[str, ...]


def bind(accepts: Acceptance, arguments: Arguments) -> Bound:
    """Bind a call.

    An `*iterable` or `**mapping` may pass anything, so what it could pass is not missed.

    Args:
        accepts: What the release accepts.
        arguments: What the call passes.
    """
    signature = accepts.signature
    by_position = signature.positional
    failures: list[Failure] = []
    positional: list[Parameter | None] = []
    for index in range(len(arguments.positional)):
        if index < len(by_position):
            positional.append(by_position[index])
        else:
            positional.append(None)
            if signature.var_positional is None:
                failures.append(Failure(Clash.TOO_MANY, position=index))
    filled = {parameter.name for parameter in positional if parameter is not None}
    named: dict[str, Parameter] = {}
    swallowed: list[str] = []
    for keyword in arguments.keywords:
        parameter = signature.get(keyword.name)
        if parameter is not None and parameter.kind in (Kind.POSITIONAL_OR_KEYWORD, Kind.KEYWORD_ONLY):
            if keyword.name in filled:
                failures.append(Failure(Clash.TWICE, keyword.name))
            named[keyword.name] = parameter
        elif signature.var_keyword is not None:
            swallowed.append(keyword.name)
        elif keyword.name not in accepts.deprecated and keyword.name not in accepts.taken:
            failures.append(Failure(Clash.UNEXPECTED, keyword.name))
    given_anew = {d.new for k in arguments.keywords if (d := accepts.deprecated.get(k.name)) is not None}
    for parameter in signature.parameters:
        if not parameter.required or parameter.name in filled or parameter.name in named:
            continue
        by_star = arguments.star and parameter.kind <= Kind.POSITIONAL_OR_KEYWORD
        by_double_star = arguments.double_star and parameter.kind is not Kind.POSITIONAL_ONLY
        if not by_star and not by_double_star and parameter.name not in given_anew:
            failures.append(Failure(Clash.MISSING, parameter.name))
    return Bound(tuple(failures), tuple(positional), named, tuple(swallowed))
