"""Whether one signature accepts every call that another accepts."""

from __future__ import annotations

from inspect import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from inspect import Signature

_PLACED = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def refused_call(accepted: Signature, given: Signature, bound: int = 0) -> str:
    """A call that one signature accepts and another refuses or takes otherwise, in words; "" where there is none.

    Args:
        accepted: The signature that callers rely on.
        given: The signature that has to accept all their calls, with each argument under the place it has now.
        bound: How many leading parameters Python gives by itself (`self`): their names do not matter.
    """
    old, new = _Parameters(accepted), _Parameters(given)
    for index, parameter in enumerate(old.placed):
        reason = _refused_in_place(index, parameter, old, new, bound)
        if reason:
            return reason
    if old.more and (not new.more or len(new.placed) > len(old.placed)):
        return "any number of positional arguments"
    for name, parameter in old.named.items():
        reason = _refused_by_name(name, parameter, old, new)
        if reason:
            return reason
    if old.others and not new.others:
        return f"any further keyword, by **{old.others}"
    return _missing(old, new)


class _Parameters:
    """A signature's parameters by how an argument reaches them."""

    def __init__(self, signature: Signature) -> None:
        parameters = signature.parameters.values()
        self.placed = [parameter for parameter in parameters if parameter.kind in _PLACED]
        self.index = {
            parameter.name: index
            for index, parameter in enumerate(self.placed)
            if parameter.kind is Parameter.POSITIONAL_OR_KEYWORD
        }
        self.named = {parameter.name: parameter for parameter in parameters if parameter.kind is Parameter.KEYWORD_ONLY}
        self.more = any(parameter.kind is Parameter.VAR_POSITIONAL for parameter in parameters)
        self.others = next((parameter.name for parameter in parameters if parameter.kind is Parameter.VAR_KEYWORD), "")


def _refused_in_place(index: int, parameter: Parameter, old: _Parameters, new: _Parameters, bound: int) -> str:
    name = parameter.name
    counterpart = new.placed[index] if index < len(new.placed) else None
    if counterpart is None and not new.more:
        return f"{name!r} given by position"
    if counterpart is not None and parameter.default is not Parameter.empty and counterpart.default is Parameter.empty:
        return f"a call without {name!r}"
    if index < bound:
        return ""
    if parameter.kind is Parameter.POSITIONAL_ONLY:
        taken = old.others and counterpart is not None and counterpart.name in set(new.index).difference(old.index)
        return f"{counterpart.name!r} among **{old.others}" if taken and counterpart is not None else ""
    if new.index.get(name) == index:
        return ""
    if counterpart is not None and counterpart.name == name:
        return f"{name!r} given by its name"
    if counterpart is None and name not in new.index:
        return "" if new.others or name in new.named else f"{name!r} given by its name"
    if counterpart is not None and counterpart.name not in old.index:
        return f"{name!r} given by its name: that place has {counterpart.name!r}"
    return f"{name!r} given by position: that place has {counterpart.name if counterpart else '*args'!r}"


def _refused_by_name(name: str, parameter: Parameter, old: _Parameters, new: _Parameters) -> str:
    counterpart = new.named.get(name)
    if counterpart is None and name in new.index:
        counterpart = new.placed[new.index[name]]
        if new.index[name] < len(old.placed):
            return f"{name!r} given by its name beside the positional arguments"
    if counterpart is None:
        return "" if new.others else f"{name!r} given by its name"
    if parameter.default is not Parameter.empty and counterpart.default is Parameter.empty:
        return f"a call without {name!r}"
    return ""


def _missing(old: _Parameters, new: _Parameters) -> str:
    needed = {parameter.name for parameter in new.named.values() if parameter.default is Parameter.empty}
    for index, parameter in enumerate(new.placed[len(old.placed) :], start=len(old.placed)):
        if parameter.default is Parameter.empty and (
            parameter.name not in old.named or parameter.kind is Parameter.POSITIONAL_ONLY
        ):
            return f"a call without {parameter.name!r}, its parameter {index + 1}"
    unknown = sorted(needed.difference(old.named))
    return f"a call without {unknown[0]!r}" if unknown else ""
