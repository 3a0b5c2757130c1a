"""What is known of base classes outside of the upstreams: those of the standard library, and `torch.nn.Module`."""

from __future__ import annotations

import builtins
import importlib
import inspect
from functools import cache
from typing import NamedTuple

from .model import Kind, Parameter, Signature

# Modules of the standard library only: importing them runs nothing of what is analysed.
_SAFE = frozenset(
    {
        *("abc", "argparse", "ast", "builtins", "collections", "collections.abc", "contextlib", "dataclasses", "enum"),
        *("http.server", "io", "json", "logging", "queue", "string", "threading", "types", "typing", "unittest"),
        "warnings",
    }
)

_ANYTHING = Signature((Parameter("args", Kind.VAR_POSITIONAL), Parameter("kwargs", Kind.VAR_KEYWORD)))


class ExternalClass(NamedTuple):
    """A class of the standard library.

    Args:
        members: The names of its attributes.
        constructor: What a call of it must bind to; None where it makes none of its own (`object`, `abc.ABC`).
    """

    members: frozenset[str]
    constructor: Signature | None


@cache
def external_class(path: str) -> ExternalClass | None:
    """The class at a dotted path, if it is one whose members can be told without importing an upstream.

    Args:
        path: Such as `collections.OrderedDict`, or `dict` for a builtin.
    """
    module, _, name = path.rpartition(".")
    if module == "typing_extensions":
        module = "typing"
    if (module or "builtins") not in _SAFE:
        return None
    held = importlib.import_module(module) if module else builtins
    found = getattr(held, name, None)
    if not isinstance(found, type):
        return None
    members = frozenset(dir(found))
    own = any(vars(base).keys() & {"__init__", "__new__"} for base in found.__mro__[:-1])
    neutral = name in ("Generic", "Protocol", "ABC", "TypedDict", "NamedTuple")
    return ExternalClass(members, _constructor(found) if own and not neutral else None)


def _constructor(found: type) -> Signature:
    try:
        live = inspect.signature(found)
    except ValueError:
        return _ANYTHING
    return Signature(
        tuple(
            Parameter(p.name, Kind(p.kind), None if p.default is p.empty else repr(p.default))
            for p in live.parameters.values()
        )
    )
