"""What the history cannot tell by itself, declared once: one module a subject, each a `DECLARATIONS` tuple.

Checks, codemods and docs read it here. A test holds each declaration against the shipped history.
"""

from __future__ import annotations

from functools import cache

from . import image_processors
from .declaration import Consequence

DECLARATIONS: tuple[Consequence, ...] = image_processors.DECLARATIONS


@cache
def consequence(upstream: str, symbol: str, parameter: str, version: str) -> Consequence | None:
    """What happens in a release when a keyword is swallowed that another release takes.

    Args:
        upstream: The distribution's name.
        symbol: The canonical path of the function that swallows it.
        parameter: The keyword.
        version: The release.
    """
    return next((c for c in DECLARATIONS if c.applies(upstream, symbol, parameter, version)), None)


__all__ = ["DECLARATIONS", "Consequence", "consequence"]
