"""Mixed precision: `torch.amp` with the device named, where `torch.cuda.amp` meant one device only."""

from __future__ import annotations

from ._adapters import adapts, stable
from ._names import UpstreamName, upstream_names
from ._releases import UnsupportedRelease
from .devices import PLAIN_TYPES, device_type, module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = [
    "GradScaler",  # noqa: F822
    "autocast",
    "custom_bwd",
    "custom_fwd",
    "get_autocast_dtype",
    "grad_scaler",
    "is_autocast_enabled",
]

__getattr__, __dir__ = upstream_names(
    __name__,
    UpstreamName(
        "GradScaler",
        {"torch>=2.3": "torch.amp.GradScaler", "torch<2.3": "torch.cuda.amp.GradScaler"},
        because="torch.amp.GradScaler is new in 2.3.0; torch.cuda.amp.GradScaler is a subclass of it from there on",
    ),
)


def autocast(device: Any = None, *, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None) -> Any:
    """A context, or decorator, in which operators run in a lower precision.

    `torch.cuda.amp.autocast` warns from torch 2.4 on; `torch.autocast` has not changed since 2.1.

    Args:
        device: A device or its type; None for the accelerator that is there.
        dtype: The dtype; None for the device's own: float16 on CUDA and NPU, bfloat16 on the CPU, or what
            `torch.set_autocast_dtype` says.
        enabled: Whether it does anything. Where not, the dtype is not looked at: up to 2.9 torch warns of one that a
            backend does not know even then.
        cache_enabled: Whether casts of weights are kept; None for torch's setting.
    """
    import torch

    kind = device_type(device)
    return torch.autocast(kind, dtype=dtype if enabled else None, enabled=enabled, cache_enabled=cache_enabled)


@stable
def grad_scaler(
    device: Any = None,
    *,
    init_scale: float = 2.0**16,
    growth_factor: float = 2.0,
    backoff_factor: float = 0.5,
    growth_interval: int = 2000,
    enabled: bool = True,
) -> Any:
    """A gradient scaler for a device.

    An NPU gets torch_npu's own, which knows how an NPU tells of an overflow; any other device `torch.amp.GradScaler`,
    or `torch.cuda.amp.GradScaler` before torch 2.3.

    Args:
        device: A device or its type; None for the accelerator that is there.
        init_scale: The scale to begin with.
        growth_factor: What the scale is multiplied by after `growth_interval` steps without overflow.
        backoff_factor: What the scale is multiplied by after an overflow.
        growth_interval: The number of steps.
        enabled: Whether it does anything.

    Raises:
        UnsupportedRelease: torch is older than 2.3 and the device is another than a GPU or NPU.
    """


@stable
def custom_fwd(fwd: Any = None, *, device: Any = None, cast_inputs: Any = None) -> Any:
    """Decorate the `forward` of an autograd function that has to run under autocast.

    Args:
        fwd: The function; None: a decorator is returned.
        device: A device or its type; None for the accelerator that is there when the decorator runs.
        cast_inputs: The dtype that floating inputs are cast to, with autocast off; None leaves autocast as it is.
    """


@stable
def custom_bwd(bwd: Any = None, *, device: Any = None) -> Any:
    """Decorate the `backward` that belongs to a `custom_fwd`.

    Args:
        bwd: The function; None: a decorator is returned.
        device: A device or its type; None for the accelerator that is there when the decorator runs.
    """


@stable
def is_autocast_enabled(device: Any = None) -> Any:
    """Whether autocast is on for a device.

    Args:
        device: A device or its type; None for the accelerator that is there.
    """


@stable
def get_autocast_dtype(device: Any = None) -> Any:
    """The dtype that autocast casts to on a device.

    Args:
        device: A device or its type; None for the accelerator that is there.
    """


_NAMED_DEVICES = (
    "torch 2.4.0 names the device in `torch.amp.custom_fwd`, `is_autocast_enabled` and `get_autocast_dtype`"
)


@adapts(custom_fwd, "torch>=2.4", because=_NAMED_DEVICES)
def _fwd_of_a_device() -> Callable[..., Any]:
    from torch.amp import custom_fwd as upstream

    def custom_fwd(fwd: Any = None, *, device: Any = None, cast_inputs: Any = None) -> Any:
        kind = device if device in PLAIN_TYPES else device_type(device)
        return upstream(fwd, device_type=kind, cast_inputs=cast_inputs)

    return custom_fwd


@adapts(custom_bwd, "torch>=2.4", because=_NAMED_DEVICES)
def _bwd_of_a_device() -> Callable[..., Any]:
    from torch.amp import custom_bwd as upstream

    def custom_bwd(bwd: Any = None, *, device: Any = None) -> Any:
        return upstream(bwd, device_type=device_type(device))

    return custom_bwd


@adapts(is_autocast_enabled, "torch>=2.4", because=_NAMED_DEVICES)
def _enabled_of_a_device() -> Callable[..., Any]:
    from torch import is_autocast_enabled as upstream

    def is_autocast_enabled(device: Any = None) -> bool:
        enabled: bool = upstream(device_type(device))
        return enabled

    return is_autocast_enabled


@adapts(get_autocast_dtype, "torch>=2.4", because=_NAMED_DEVICES)
def _dtype_of_a_device() -> Callable[..., Any]:
    from torch import get_autocast_dtype as upstream

    def get_autocast_dtype(device: Any = None) -> Any:
        return upstream(device_type(device))

    return get_autocast_dtype


@adapts(custom_fwd, "torch<2.4", because=_NAMED_DEVICES)
def _fwd_of_a_module() -> Callable[..., Any]:
    def custom_fwd(fwd: Any = None, *, device: Any = None, cast_inputs: Any = None) -> Any:
        return _amp_module(device_type(device), "custom_fwd").custom_fwd(fwd, cast_inputs=cast_inputs)

    return custom_fwd


@adapts(custom_bwd, "torch<2.4", because=_NAMED_DEVICES)
def _bwd_of_a_module() -> Callable[..., Any]:
    def custom_bwd(bwd: Any = None, *, device: Any = None) -> Any:
        amp = _amp_module(device_type(device), "custom_bwd")
        return amp.custom_bwd if bwd is None else amp.custom_bwd(bwd)

    return custom_bwd


@adapts(is_autocast_enabled, "torch<2.4", because=_NAMED_DEVICES)
def _enabled_of_a_module() -> Callable[..., Any]:
    from torch import is_autocast_cpu_enabled
    from torch import is_autocast_enabled as is_autocast_gpu_enabled

    def is_autocast_enabled(device: Any = None) -> bool:
        kind = device_type(device)
        if kind in ("cuda", "cpu"):
            return bool(is_autocast_gpu_enabled() if kind == "cuda" else is_autocast_cpu_enabled())
        return bool(_backend(kind, "is_autocast_enabled")())

    return is_autocast_enabled


@adapts(get_autocast_dtype, "torch<2.4", because=_NAMED_DEVICES)
def _dtype_of_a_module() -> Callable[..., Any]:
    from torch import get_autocast_cpu_dtype, get_autocast_gpu_dtype

    def get_autocast_dtype(device: Any = None) -> Any:
        kind = device_type(device)
        if kind in ("cuda", "cpu"):
            return get_autocast_gpu_dtype() if kind == "cuda" else get_autocast_cpu_dtype()
        return _backend(kind, "get_autocast_dtype")()

    return get_autocast_dtype


_ONE_SCALER = "torch 2.3.0 adds `torch.amp.GradScaler(device)`; before, `torch.cuda.amp.GradScaler` is for CUDA only"


@adapts(grad_scaler, "torch>=2.3", because=_ONE_SCALER)
def _scaler_of_a_device() -> Callable[..., Any]:
    from torch.amp import GradScaler

    def grad_scaler(device: Any = None, **options: Any) -> Any:
        kind = device if device in PLAIN_TYPES else device_type(device)
        if kind == "npu":
            return _npu_scaler()(**options)
        # To hand on what is empty costs as much as the rest.
        return GradScaler(kind, **options) if options else GradScaler(kind)

    return grad_scaler


@adapts(grad_scaler, "torch<2.3", because=_ONE_SCALER)
def _scaler_of_cuda() -> Callable[..., Any]:
    from torch.cuda.amp import GradScaler

    def grad_scaler(device: Any = None, **options: Any) -> Any:
        kind = device_type(device)
        if kind not in ("cuda", "npu"):
            raise UnsupportedRelease(f"torch before 2.3 has no gradient scaler for {kind!r}: {_ONE_SCALER}")
        return (_npu_scaler() if kind == "npu" else GradScaler)(**options)

    return grad_scaler


def _npu_scaler() -> Any:
    return _amp_module("npu", "GradScaler").GradScaler


def _amp_module(kind: str, name: str) -> Any:
    amp = getattr(module(kind), "amp", None)
    if not hasattr(amp, name):
        raise UnsupportedRelease(f"there is no torch.{kind}.amp.{name}: {_NAMED_DEVICES}")
    return amp


def _backend(kind: str, name: str) -> Any:
    found = getattr(module(kind), name, None)
    if found is None:
        raise UnsupportedRelease(f"torch before 2.4 has no torch.{kind}.{name}: {_NAMED_DEVICES}")
    return found
