"""Names that now mean something else: a class under whose name one of its former bases is found."""

from __future__ import annotations

from signatures.model import Class, Resolution

from .. import witnesses
from ..call_sites import Span
from ..findings import Fix, Outcome
from .declarations import Pair, Problem, Rule

SYMBOL_REBOUND = Rule("symbol-rebound", Outcome.SILENT, "The name still works, and now means something else.")

_SHOWN = 3


def rebound(path: str, span: Span, pair: Pair) -> Problem | None:
    """What a dotted path meets that gives a base of the class that it gave, so less than it did.

    Args:
        path: The path, as the downstream spells it.
        span: What the user edits.
        pair: The two releases.
    """
    old, new = pair.old.resolve(path), pair.new.resolve(path)
    if old.canonical == new.canonical or not isinstance(new.definition, Class):
        return None
    if new.canonical not in [ref.path for ref in pair.old.mro(old.canonical)[1:]]:
        return None
    lost = _lost(old, new, pair)
    if not lost:
        return None
    names = ", ".join(f"`{name}`" for name in lost[:_SHOWN]) + (", …" if len(lost) > _SHOWN else "")
    successor = pair.new.resolve(old.canonical).canonical
    fix = None
    if successor not in ("", new.canonical):
        module, _, name = successor.rpartition(".")
        fix = Fix("upstream", f"from {module} import {name}", "unsafe")
    return Problem(
        SYMBOL_REBOUND,
        span,
        path,
        f"`{path}` now gives its former base `{new.canonical}`, without its own {names}",
        fix,
        witnesses.of_own_name(pair.old, path),
    )


def _lost(old: Resolution, new: Resolution, pair: Pair) -> list[str]:
    """What the class itself defines, and the base it now is does not have, or has with another value."""
    assert isinstance(old.definition, Class)
    values: dict[str, str | None] = {}
    for ref in reversed(pair.new.mro(new.canonical)):
        if ref.definition is not None:
            values |= dict.fromkeys(ref.definition.methods) | {a.name: a.value for a in ref.definition.attributes}
    gone = [name for name in old.definition.methods if name not in values]
    gone += [a.name for a in old.definition.attributes if a.value and values.get(a.name) != a.value]
    return sorted(dict.fromkeys(gone), key=lambda name: (name.startswith("_"), name))
