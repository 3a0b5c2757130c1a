"""Stand-ins for what models are made of, and the adapters that releases choose."""

from __future__ import annotations

from typing import Any

from packaging.requirements import Requirement

from compat._adapters import REGISTRY


class Tensor:
    """What has a shape."""

    def __init__(self, *shape: int) -> None:
        self.shape = shape
        self.ndim = len(shape)


def made(function: str, release: str) -> Any:
    """What the adapter of a release makes."""
    return next(
        adapter.make()
        for adapter in REGISTRY[function].adapters
        if adapter.make is not None and Requirement(adapter.releases).specifier.contains(release)
    )
