"""The installed releases are what the history says they are, in all that `compat` touches."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import metadata
from typing import Any

import pytest
from packaging.version import Version

from compat._names import imported
from drift_checks.adapters import Histories, touched
from signatures.model import Class, Function, Resolution
from signatures.surface import Surface

HISTORIES = Histories()


def paths() -> Iterator[Any]:
    for upstream in ("transformers", "torch"):
        version = Version(metadata.version(upstream)).public
        surface = HISTORIES[upstream].surface(version)
        for path, names in sorted(touched(HISTORIES, upstream, version).items()):
            yield pytest.param(surface, path, id=f"{path} for {names[0]}")


def difference(surface: Surface, path: str) -> str:
    """How the history and the install differ; "" where they do not."""
    recorded = surface.resolve(path)
    try:
        live = imported(path)
    except (AttributeError, ImportError) as error:
        return "" if recorded.missing else f"recorded, but the install has no such thing: {error}"
    if recorded.missing:
        return "the install has it, but it is not recorded"
    written, shown = _recorded(surface, recorded), _live(live)
    return "" if written is None or shown is None or written == shown else f"recorded {written}, installed {shown}"


def _recorded(surface: Surface, found: Resolution) -> list[tuple[str, str, bool]] | None:
    signature = surface.signature(found) if isinstance(found.definition, (Class, Function)) else None
    if signature is None:
        return None
    return [(p.name, p.kind.name, p.required) for p in signature.parameters]


def _live(value: Any) -> list[tuple[str, str, bool]] | None:
    if hasattr(value, "__dataclass_fields__") or not (inspect.isclass(value) or inspect.isfunction(value)):
        return None
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return None
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [(p.name, p.kind.name, p.default is p.empty and p.kind not in variable) for p in parameters]


@pytest.mark.parametrize(("surface", "path"), paths())
def test_the_install_is_what_was_recorded(surface: Surface, path: str) -> None:
    assert not difference(surface, path)
