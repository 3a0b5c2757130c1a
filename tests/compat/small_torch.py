"""A stand-in for torch, with as many devices as a test needs, that writes down what it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from packaging.requirements import Requirement

from compat import devices
from compat._adapters import REGISTRY


class Recorder(ModuleType):
    """A device's module: it has the functions that it is told of, and remembers each call."""

    def __init__(self, name: str, functions: dict[str, Any], calls: list[tuple[Any, ...]]) -> None:
        super().__init__(name)
        for function, returned in functions.items():
            setattr(self, function, self._recording(f"{name}.{function}", returned, calls))

    @staticmethod
    def _recording(name: str, returned: Any, calls: list[tuple[Any, ...]]) -> Callable[..., Any]:
        def recorded(*args: Any, **keywords: Any) -> Any:
            calls.append((name, *args, *sorted(keywords.items())))
            return returned

        return recorded


ACCELERATOR = {
    "is_available": True,
    "device_count": 2,
    "current_device": 1,
    "set_device": None,
    "synchronize": None,
    "empty_cache": None,
    "manual_seed_all": None,
    "memory_allocated": 10,
    "max_memory_allocated": 11,
    "memory_reserved": 12,
    "max_memory_reserved": 13,
    "reset_peak_memory_stats": None,
    "mem_get_info": (1, 2),
    "current_stream": "stream",
    "stream": "context",
    "Stream": "stream",
    "Event": "event",
}
MPS = {
    "device_count": 1,
    "synchronize": None,
    "empty_cache": None,
    "manual_seed": None,
    "current_allocated_memory": 20,
    "driver_allocated_memory": 21,
    "Event": "event",
}
CPU = {
    "is_available": True,
    "device_count": 1,
    "current_device": "cpu",
    "synchronize": None,
    "current_stream": "cpu stream",
    "stream": "context",
    "Stream": "cpu stream",
}


def installed(monkeypatch: pytest.MonkeyPatch, *accelerators: str, release: str = "2.13.0") -> list[tuple[Any, ...]]:
    """Put a torch with these accelerators into `sys.modules`; the calls that it gets come into the list."""
    calls: list[tuple[Any, ...]] = []
    torch = ModuleType("torch")
    contents: dict[str, Any] = {
        "__version__": release,
        "__path__": [],
        "_is_device_backend_autoload_enabled": bool,
        "_C": SimpleNamespace(
            _get_privateuse1_backend_name=lambda: "npu" if "npu" in accelerators else "privateuseone"
        ),
        "cuda": Recorder("cuda", {"is_available": False}, []),
        "mps": Recorder("mps", MPS, calls),
        "cpu": Recorder("cpu", CPU, calls),
        "backends": SimpleNamespace(mps=SimpleNamespace(is_available=lambda: "mps" in accelerators)),
    }
    for name in accelerators:
        if name != "mps":
            contents[name] = Recorder(name, ACCELERATOR, calls)
    for name, value in contents.items():
        setattr(torch, name, value)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(devices, "_FOUND", [])
    return calls


def adapter(name: str, release: str) -> Callable[..., Any]:
    """The implementation that a stable function has on a release of torch, made with the torch that is there."""
    fitting = [
        adapter for adapter in REGISTRY[name].adapters if Requirement(adapter.releases).specifier.contains(release)
    ]
    assert len(fitting) == 1, f"{name} has {len(fitting)} adapters for torch {release}"
    make = fitting[0].make
    assert make is not None
    made: Callable[..., Any] = make()
    return made
