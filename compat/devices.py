"""Devices: `torch.cuda.*` for the accelerator that is there, be it an NPU, a GPU of any maker, or none."""

from __future__ import annotations

from ._backends import torch_with_backends

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

__all__ = [
    "Event",
    "Stream",
    "accelerator",
    "current_device",
    "current_stream",
    "device_count",
    "device_type",
    "empty_cache",
    "is_available",
    "manual_seed_all",
    "max_memory_allocated",
    "max_memory_reserved",
    "mem_get_info",
    "memory_allocated",
    "memory_reserved",
    "module",
    "reset_peak_memory_stats",
    "set_device",
    "stream",
    "synchronize",
]

# Once found, an accelerator stays; what was not found may come with a later `import torch_npu`.
_FOUND: list[str] = []


def accelerator() -> str:
    """The type of the accelerator that can be used here: `npu`, `cuda` (ROCm too), `xpu`, `mps`, …; else `cpu`.

    torch has `torch.accelerator` from 2.6 on only, and names there what torch was built for rather than what is there.
    """
    if _FOUND:
        return _FOUND[0]
    torch = torch_with_backends()
    # torch_npu, and every other backend from outside torch, gives its name to PrivateUse1.
    named = getattr(torch._C, "_get_privateuse1_backend_name", lambda: "privateuseone")()
    for name in dict.fromkeys(["npu", named, "cuda", "xpu", "mps", "mtia"]):
        # torch.mps.is_available is new in torch 2.6.
        place = torch.backends.mps if name == "mps" else getattr(torch, name, None)
        if place is not None and place.is_available():
            _FOUND.append(name)
            return name
    return "cpu"


def module(device: Any = None) -> ModuleType:
    """The module of torch for a device: `torch.npu`, `torch.cuda`, `torch.cpu`, ….

    Args:
        device: A device, its name or its index; None for the accelerator that is there.

    Raises:
        RuntimeError: torch has no such module, because it is too old or the backend is not installed.
    """
    torch = torch_with_backends()
    name = device_type(device)
    found: ModuleType | None = getattr(torch, name, None)
    if found is None:
        raise RuntimeError(
            f"torch {torch.__version__} has no torch.{name}; the accelerator that is there: {accelerator()}"
        )
    return found


def is_available() -> bool:
    """Whether there is an accelerator: anything but the CPU."""
    return accelerator() != "cpu"


def device_count(device: Any = None) -> int:
    """How many devices there are of a type; of accelerators, 0 where there is none.

    Args:
        device: A device or its name; None for the accelerator that is there.
    """
    if device is None and not is_available():
        return 0
    return int(_called("device_count", device))


def current_device(device: Any = None) -> int:
    """The index of the device that is in use; 0 where a type has only one.

    Args:
        device: A device or its name; None for the accelerator that is there.
    """
    if device_type(device) in ("cpu", "mps"):
        # torch.cpu.current_device() is the text "cpu"; torch.mps has none.
        return 0
    return int(_called("current_device", device))


def set_device(device: Any) -> None:
    """Use a device from now on.

    Args:
        device: A device, its name with an index, or the index of an accelerator.

    Raises:
        RuntimeError: The device has no way to be chosen.
    """
    if device_type(device) in ("cpu", "mps"):
        # There is one, and it is in use.
        return
    _function("set_device", device)(device)


def synchronize(device: Any = None) -> None:
    """Wait until a device has done its work; the CPU always has.

    Args:
        device: A device, its name or its index; None for the one of the accelerator that is in use.
    """
    _called_on("synchronize", device)


def empty_cache(device: Any = None) -> None:
    """Give back memory that torch holds of an accelerator and does not use; torch holds none of the CPU's.

    Args:
        device: A device or its name; None for the accelerator that is there.
    """
    if device_type(device) != "cpu":
        _called("empty_cache", device)


def manual_seed_all(seed: int, device: Any = None) -> None:
    """Seed the generators of all accelerators; the CPU's is `torch.manual_seed`'s.

    Args:
        seed: The seed.
        device: A device or its name; None for the accelerator that is there.
    """
    kind = device_type(device)
    if kind != "cpu":
        # There is one of MPS.
        _function("manual_seed" if kind == "mps" else "manual_seed_all", device)(seed)


def memory_allocated(device: Any = None) -> int:
    """The bytes of an accelerator that tensors take; 0 on the CPU.

    Args:
        device: A device, its name or its index; None for the one of the accelerator that is in use.
    """
    return _memory("memory_allocated", device, mps="current_allocated_memory")


def max_memory_allocated(device: Any = None) -> int:
    """The most bytes of an accelerator that tensors have taken; 0 on the CPU.

    Args:
        device: As for `memory_allocated`.

    Raises:
        RuntimeError: The device does not record it (MPS).
    """
    return _memory("max_memory_allocated", device)


def memory_reserved(device: Any = None) -> int:
    """The bytes of an accelerator that torch holds, used or not; 0 on the CPU.

    Args:
        device: As for `memory_allocated`.
    """
    return _memory("memory_reserved", device, mps="driver_allocated_memory")


def max_memory_reserved(device: Any = None) -> int:
    """The most bytes of an accelerator that torch has held; 0 on the CPU.

    Args:
        device: As for `memory_allocated`.

    Raises:
        RuntimeError: The device does not record it (MPS).
    """
    return _memory("max_memory_reserved", device)


def reset_peak_memory_stats(device: Any = None) -> None:
    """Begin anew with what `max_memory_allocated` and `max_memory_reserved` tell.

    Args:
        device: As for `memory_allocated`.

    Raises:
        RuntimeError: The device does not record it (MPS).
    """
    if device_type(device) != "cpu":
        _called_on("reset_peak_memory_stats", device)


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """The free and all bytes of an accelerator.

    Args:
        device: As for `memory_allocated`.

    Raises:
        RuntimeError: The device does not tell (the CPU, MPS).
    """
    free, total = _called_on("mem_get_info", device)
    return int(free), int(total)


def current_stream(device: Any = None) -> Any:
    """The stream that work is put on.

    Args:
        device: As for `memory_allocated`.

    Raises:
        RuntimeError: The device has no streams (MPS).
    """
    return _called_on("current_stream", device)


def stream(entered: Any, device: Any = None) -> Any:
    """A context in which work is put on a stream.

    Args:
        entered: The stream; None changes nothing.
        device: The stream's device where it does not tell (the CPU's does not).

    Raises:
        RuntimeError: The device has no streams (MPS).
    """
    return _function("stream", getattr(entered, "device", None) if device is None else device)(entered)


def Stream(device: Any = None, **options: Any) -> Any:
    """A new stream.

    Args:
        device: As for `memory_allocated`.
        **options: Such as `priority`.

    Raises:
        RuntimeError: The device has no streams (MPS).
    """
    made = _function("Stream", device)
    return made(**options) if device is None or device_type(device) == "cpu" else made(device, **options)


def Event(device: Any = None, **options: Any) -> Any:
    """A new event.

    Args:
        device: A device or its name; None for the accelerator that is there.
        **options: Such as `enable_timing`.

    Raises:
        RuntimeError: The device has no events.
    """
    return _function("Event", device)(**options)


# What a device is called nearly always; it is told in a third of the time.
PLAIN_TYPES = frozenset(("cpu", "cuda", "npu", "xpu", "mps", "hpu", "mlu", "musa", "meta"))


def device_type(device: Any) -> str:
    """The type of a device.

    Args:
        device: A device, its name or its index; None for the accelerator that is there.
    """
    if device in PLAIN_TYPES:
        plain: str = device
        return plain
    if device is None or isinstance(device, int):
        return accelerator()
    return str(getattr(device, "type", device)).partition(":")[0]


def _function(name: str, device: Any) -> Any:
    found = getattr(module(device), name, None)
    if found is None:
        raise RuntimeError(f"torch.{device_type(device)} has no {name}")
    return found


def _called(name: str, device: Any) -> Any:
    return _function(name, device)()


def _called_on(name: str, device: Any) -> Any:
    function = _function(name, device)
    if device is None or device_type(device) in ("cpu", "mps"):
        return function()
    return function(device)


def _memory(name: str, device: Any, mps: str | None = None) -> int:
    kind = device_type(device)
    if kind == "cpu":
        return 0
    return int(_called_on(mps if kind == "mps" and mps else name, device))
