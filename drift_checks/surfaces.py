"""Releases of an upstream as the commands compare them."""

from __future__ import annotations

from signatures.history import History
from signatures.surface import Surface
from signatures.upstreams import UPSTREAMS


def others(name: str) -> tuple[Surface, ...]:
    """The newest releases of what an upstream builds on: enough to tell that an inherited member is not its own."""
    histories = [History.open(other) for other in UPSTREAMS[name].builds_on]
    return tuple(Surface(h.upstream, h.releases[-1].version, h.at(h.releases[-1].version)) for h in histories)
