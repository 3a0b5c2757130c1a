"""Names that upstream moved or renamed: one stable name each, looked up at first use."""

from __future__ import annotations

import sys

from ._adapters import Adapter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


class UpstreamName:
    """A stable name for one upstream object.

    Args:
        name: The stable name.
        places: For each set of releases, such as `transformers>=5.0`, the object's dotted path there. A path that
            begins with a dot is in this package: what stands in where upstream has none. None: nothing can.
        because: The upstream change, with the release that made it.
    """

    __slots__ = ("because", "name", "places")

    def __init__(self, name: str, places: Mapping[str, str | None], *, because: str) -> None:
        self.name = name
        self.places = places
        self.because = because


# By name within the package, such as `configs.PreTrainedConfig`, filled as the modules are imported.
NAMES: dict[str, UpstreamName] = {}


def upstream_names(module: str, *names: UpstreamName) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a module with stable names.

    Args:
        module: The module's `__name__`.
        names: Its stable names.
    """
    known = {name.name: name for name in names}
    prefix = module.rpartition(".")[2]
    NAMES.update({f"{prefix}.{name.name}": name for name in names})

    def lookup(asked: str) -> Any:
        if asked not in known:
            raise AttributeError(f"module {module!r} has no attribute {asked!r}")
        found = _found(f"{prefix}.{asked}", known[asked])
        setattr(sys.modules[module], asked, found)
        return found

    def listing() -> list[str]:
        return sorted({*vars(sys.modules[module]), *known})

    return lookup, listing


def imported(path: str) -> Any:
    """What a dotted path names, its module imported.

    Args:
        path: Such as `transformers.masking_utils.create_causal_mask`; from a dot on it is within this package.

    Raises:
        ImportError: The module is not there, or cannot be imported.
        AttributeError: The module has no such name.
    """
    from importlib import import_module

    if path.startswith("."):
        path = f"{__package__}{path}"
    root, *names = path.split(".")
    found: Any = import_module(root)
    for index, name in enumerate(names, start=1):
        submodule = ".".join([root, *names[:index]])
        if not hasattr(found, "__path__"):
            found = getattr(found, name)
            continue
        try:
            found = import_module(submodule)
        except ModuleNotFoundError as error:
            if error.name != submodule:
                raise
            found = getattr(found, name)
    return found


def _found(name: str, declared: UpstreamName) -> Any:
    from ._choice import chosen_adapter, made_by

    adapters = [
        Adapter(releases, declared.because, None if path is None else _importing(path))
        for releases, path in declared.places.items()
    ]
    return made_by(name, chosen_adapter(name, adapters))


def _importing(path: str) -> Callable[[], Any]:
    return lambda: imported(path)
