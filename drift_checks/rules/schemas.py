"""Operators of one release, as calls name them: a packet of overloads, or one overload of it."""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

from signatures.model import Resolution
from signatures.op_schemas import is_operator
from signatures.surface import Acceptance, Surface

from ..call_sites import Symbol
from .overloads import Stated

_NAMESPACES = "torch.ops."


class Operator(NamedTuple):
    """What a path of an operator leads to.

    Args:
        path: Of the packet: `torch.ops.npu.npu_swiglu`.
        signatures: The schemas that a call may bind to.
        overload: The name of the one overload that is called, None for the packet.
    """

    path: str
    signatures: tuple[Stated, ...]
    overload: str | None = None

    @property
    def packet(self) -> str:
        """As schemas write it: `npu::npu_swiglu`."""
        return self.path.removeprefix(_NAMESPACES).replace(".", "::", 1)


_FOUND: WeakKeyDictionary[Surface, dict[str, Operator | None]] = WeakKeyDictionary()


def find_operator(surface: Surface, symbol: Symbol) -> Operator | None:
    """The operator, or one overload of it, that a symbol names in a release; None where it is none."""
    if symbol.steps:
        return None
    # A program calls the same few operators again and again.
    known = _FOUND.setdefault(surface, {})
    if symbol.path not in known:
        known[symbol.path] = _find(surface, symbol.path)
    return known[symbol.path]


def _find(surface: Surface, path: str) -> Operator | None:
    found = surface.resolve(path)
    if is_operator(found):
        return Operator(found.canonical, _stated(surface, found))
    parent, _, name = path.rpartition(".")
    packet = surface.resolve(parent) if parent and found.stopped_at == path else found
    if not is_operator(packet):
        return None
    one = surface.resolve(packet.canonical if name == "default" else f"{packet.canonical}@{name}")
    signatures = tuple(each for each in _stated(surface, one) if each.overload == ("" if name == "default" else name))
    return Operator(packet.canonical, signatures, name) if one.found else None


def _stated(surface: Surface, found: Resolution) -> tuple[Stated, ...]:
    """Schemas of a packet; those of overloads that torchgen derives are stated nowhere and left out."""
    return tuple(
        Stated(function.name.partition("@")[2], Acceptance(function.signature), function.body.returns)
        for function in surface.overloads(found)
    )
