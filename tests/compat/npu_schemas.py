"""The schemas that torch-npu's operators are recorded with, for stand-ins of the operators themselves."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from signatures.history import History

HISTORY = History.open("torch-npu", overlay=False)
WHEELS = [info.version for info in HISTORY.matching("") if HISTORY.entries("torch.ops.npu", info.version)]
KEYWORD_ONLY = 3


@cache
def overloads(wheel: str) -> dict[str, dict[str, list[Any]]]:
    """The overloads of each operator of a wheel, with what is recorded of each; an operator without a schema has none.

    Args:
        wheel: A release of torch-npu.
    """
    found: dict[str, dict[str, list[Any]]] = {}
    for key, entry in (HISTORY.entries("torch.ops.npu", wheel) or {}).items():
        kind, *recorded = json.loads(entry.surface)
        if kind == "f":
            name, _, overload = key.partition("@")
            found.setdefault(name, {})[overload or "default"] = recorded
    return found


def text(name: str, recorded: list[Any]) -> str:
    """A recorded schema as `torch.library.define` takes it.

    Args:
        name: The operator's name.
        recorded: What is recorded of an overload.
    """
    parameters, returns = recorded[0], recorded[1]
    parts = []
    for index, (parameter, kind, default, annotation) in enumerate(parameters):
        if kind == KEYWORD_ONLY and not any(other[1] == KEYWORD_ONLY for other in parameters[:index]):
            parts.append("*")
        value = "" if default is None else f"={default}"
        parts.append(f"{annotation} {parameter}{value}".replace("'", '"'))
    return f"{name}({', '.join(parts)}) -> {returns}"
