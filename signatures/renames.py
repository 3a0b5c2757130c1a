"""What a parameter is called now, where the sources leave no doubt."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

from .acceptance import Acceptance
from .model import Kind, Parameter

_SIMILAR = 0.75
_STARS = (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD)
_COMMON_TYPES = frozenset(
    {
        "Any",
        "Callable",
        "Dict",
        "FloatTensor",
        "Iterable",
        "List",
        "Literal",
        "LongTensor",
        "None",
        "Optional",
        "Sequence",
        "Tensor",
        "Tuple",
        "Union",
        "bool",
        "dict",
        "float",
        "int",
        "list",
        "ndarray",
        "np",
        "set",
        "str",
        "torch",
        "tuple",
        "typing",
    }
)


def renamed(old: Acceptance, new: Acceptance, name: str) -> str | None:
    """The new name of a parameter: what a deprecation names, or a new parameter in its place that is alike.

    Args:
        old: What a call could pass.
        new: What it may pass now.
        name: A keyword of the old one.

    Returns:
        None where the parameter still has its name, or nobody can say what became of it.
    """
    for deprecated in (new.deprecated, old.deprecated):
        if name in deprecated:
            return deprecated[name].new
    parameter = old.signature.get(name)
    if parameter is None or new.signature.get(name) is not None:
        return None
    added = [p for p in new.signature.parameters if p.kind not in _STARS and old.signature.get(p.name) is None]
    places, now = old.signature.positional, new.signature.positional
    if parameter in places and places.index(parameter) < len(now):
        candidate = now[places.index(parameter)]
        if candidate in added and _alike(parameter, candidate):
            return candidate.name
    similar = [candidate for candidate in added if _alike(parameter, candidate)]
    return similar[0].name if len(similar) == 1 else None


# Model code is copied from family to family, and a change with it.
@lru_cache(1 << 12)
def _alike(old: Parameter, new: Parameter) -> bool:
    """Whether two parameters have similar names, or annotations that share a type that is not a common one."""
    if SequenceMatcher(None, old.name, new.name).ratio() > _SIMILAR:
        return True
    words = (set(re.findall(r"[A-Za-z_]\w*", parameter.annotation or "")) for parameter in (old, new))
    return bool(set.intersection(*words) - _COMMON_TYPES)
