"""Releases of an upstream as the commands compare them."""

from __future__ import annotations

from pathlib import Path

from signatures.history import History
from signatures.surface import Surface
from signatures.upstreams import UPSTREAMS


def others(name: str, folder: Path | None = None) -> tuple[Surface, ...]:
    """The newest releases of what an upstream builds on: enough to tell that an inherited member is not its own.

    Args:
        name: The upstream.
        folder: Where the shipped histories lie; None for where they are shipped.
    """
    histories = [History.open(other, folder=folder) for other in UPSTREAMS[name].builds_on]
    return tuple(Surface(h.upstream, h.releases[-1].version, h.at(h.releases[-1].version)) for h in histories)
