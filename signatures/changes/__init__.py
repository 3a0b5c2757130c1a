"""What the history cannot tell by itself, declared once: one module a subject, each a `DECLARATIONS` tuple.

Checks, codemods and docs read it here. A test holds each declaration against the shipped history.
"""

from __future__ import annotations

from functools import cache

from . import caches, configs, image_processors, models, saved_files, tokenizers, trainer
from .declaration import Argument, Declaration, Effect

DECLARATIONS: tuple[Declaration, ...] = (
    *caches.DECLARATIONS,
    *configs.DECLARATIONS,
    *image_processors.DECLARATIONS,
    *models.DECLARATIONS,
    *saved_files.DECLARATIONS,
    *tokenizers.DECLARATIONS,
    *trainer.DECLARATIONS,
)


@cache
def declared(upstream: str, symbol: str) -> tuple[Declaration, ...]:
    """What is declared about a function, class or attribute.

    Args:
        upstream: The distribution's name.
        symbol: Its canonical path.
    """
    return tuple(d for d in DECLARATIONS if d.upstream == upstream and d.is_about(symbol))


def consequence(upstream: str, symbol: str, parameter: str, version: str) -> Declaration | None:
    """What happens in a release when a keyword is swallowed that another release takes.

    Args:
        upstream: The distribution's name.
        symbol: The canonical path of the function that swallows it.
        parameter: The keyword.
        version: The release.
    """
    swallowed = (d for d in declared(upstream, symbol) if d.effect is Effect.SWALLOWED and d.parameter == parameter)
    return next((d for d in swallowed if d.holds(version)), None)


__all__ = ["DECLARATIONS", "Argument", "Declaration", "Effect", "consequence", "declared"]
