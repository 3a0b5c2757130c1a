"""Facts about devices: what needs CUDA, what does the same on any accelerator, and which types autocast takes.

What a call of `torch.cuda` does without CUDA was seen by calling it in a CPU build of torch 2.13.0. `torch.accelerator`
is there from torch 2.6.0 on, and its memory functions from 2.9.1 on.
"""

from __future__ import annotations

from typing import NamedTuple

from packaging.version import Version

from ..findings import Outcome


class CudaCall(NamedTuple):
    """What a call of `torch.cuda` does without CUDA.

    Args:
        outcome: Whether it raises, or does nothing.
        instead: What does the same on any accelerator; "" where nothing does.
        arguments: Arguments with which it can be tried.
    """

    outcome: Outcome
    instead: str = ""
    arguments: str = ""


_RAISES, _NOTHING = Outcome.BREAKS, Outcome.SILENT

CUDA_CALLS: dict[str, CudaCall] = {
    "torch.cuda.CUDAGraph": CudaCall(_RAISES),
    "torch.cuda.Event": CudaCall(_RAISES, "torch.Event(...)"),
    "torch.cuda.Stream": CudaCall(_RAISES, "torch.Stream(...)"),
    "torch.cuda.current_device": CudaCall(_RAISES, "torch.accelerator.current_device_index()"),
    "torch.cuda.current_stream": CudaCall(_RAISES, "torch.accelerator.current_stream()"),
    "torch.cuda.default_stream": CudaCall(_RAISES),
    "torch.cuda.device": CudaCall(_RAISES, "torch.accelerator.device_index(...)", "0"),
    "torch.cuda.get_device_capability": CudaCall(_RAISES, "torch.accelerator.get_device_capability(...)"),
    "torch.cuda.get_device_name": CudaCall(_RAISES, "torch.get_device_module().get_device_name(...)"),
    "torch.cuda.get_device_properties": CudaCall(_RAISES, "torch.get_device_module().get_device_properties(...)", "0"),
    "torch.cuda.get_rng_state": CudaCall(_RAISES, "torch.get_device_module().get_rng_state(...)"),
    "torch.cuda.init": CudaCall(_RAISES),
    "torch.cuda.ipc_collect": CudaCall(_RAISES),
    "torch.cuda.mem_get_info": CudaCall(_RAISES, "torch.accelerator.get_memory_info(...)"),
    "torch.cuda.memory_summary": CudaCall(_RAISES),
    "torch.cuda.reset_max_memory_allocated": CudaCall(_RAISES, "torch.accelerator.reset_peak_memory_stats(...)"),
    "torch.cuda.reset_peak_memory_stats": CudaCall(_RAISES, "torch.accelerator.reset_peak_memory_stats(...)"),
    "torch.cuda.set_device": CudaCall(_RAISES, "torch.accelerator.set_device_index(...)", "0"),
    "torch.cuda.synchronize": CudaCall(_RAISES, "torch.accelerator.synchronize(...)"),
    "torch.cuda.amp.GradScaler": CudaCall(_NOTHING, "torch.amp.GradScaler(device_type, ...)"),
    "torch.cuda.amp.autocast": CudaCall(_NOTHING, "torch.amp.autocast(device_type, ...)"),
    "torch.cuda.empty_cache": CudaCall(_NOTHING, "torch.accelerator.empty_cache()"),
    "torch.cuda.manual_seed": CudaCall(_NOTHING, "torch.manual_seed(...)"),
    "torch.cuda.manual_seed_all": CudaCall(_NOTHING, "torch.manual_seed(...)"),
    "torch.cuda.max_memory_allocated": CudaCall(_NOTHING, "torch.accelerator.max_memory_allocated(...)"),
    "torch.cuda.max_memory_reserved": CudaCall(_NOTHING, "torch.accelerator.max_memory_reserved(...)"),
    "torch.cuda.memory_allocated": CudaCall(_NOTHING, "torch.accelerator.memory_allocated(...)"),
    "torch.cuda.memory_reserved": CudaCall(_NOTHING, "torch.accelerator.memory_reserved(...)"),
    "torch.cuda.memory_stats": CudaCall(_NOTHING, "torch.accelerator.memory_stats(...)"),
}

_INNER = frozenset({"autocast_mode", "common", "grad_scaler", "graphs", "memory", "random", "streams"})


def cuda_call(path: str) -> tuple[str, CudaCall] | None:
    """The public path of a function or class of `torch.cuda`, and what calling it does; None for any other path."""
    public = ".".join(name for name in path.split(".") if name not in _INNER)
    known = CUDA_CALLS.get(public)
    return (public, known) if known is not None else None


FACTORIES = frozenset(
    {
        "torch.Generator",
        "torch.arange",
        "torch.as_tensor",
        "torch.asarray",
        "torch.empty",
        "torch.empty_like",
        "torch.empty_strided",
        "torch.eye",
        "torch.full",
        "torch.full_like",
        "torch.linspace",
        "torch.logspace",
        "torch.ones",
        "torch.ones_like",
        "torch.rand",
        "torch.rand_like",
        "torch.randint",
        "torch.randint_like",
        "torch.randn",
        "torch.randn_like",
        "torch.randperm",
        "torch.tensor",
        "torch.zeros",
        "torch.zeros_like",
    }
)
"""What makes a tensor, or a generator, on the device that it is given."""

ATTENTION_BACKENDS = {"flash_attn": "flash-attn", "flash_attn_interface": "flash-attn", "xformers": "xformers"}
"""Modules of attention kernels that are only built for CUDA and ROCm, with their distributions."""

# Before the builds of April 2026, `get_amp_supported_dtype` of `torch_npu/npu/autocast_utils.py` does not list float32.
_LAST_WITHOUT_FLOAT32 = {
    "2.1.0": 17,
    "2.2.0": 2,
    "2.3.1": 6,
    "2.4.0": 4,
    "2.5.1": 1,
    "2.6.0": 5,
    "2.7.1": 2,
    "2.8.0": 2,
    "2.9.0": 0,
}


def refuses_float32(version: str) -> bool:
    """Whether autocast of a release of torch-npu refuses float32; each line has its last such post release."""
    parsed = Version(version)
    return (parsed.post or 0) <= _LAST_WITHOUT_FLOAT32.get(parsed.base_version, -1)
