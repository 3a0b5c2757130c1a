"""torch with the accelerator's package beside it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def torch_with_backends() -> Any:
    """torch, with torch_npu imported where it is installed and torch would have to be told of it.

    torch imports its backends by itself from 2.5 on, unless TORCH_DEVICE_BACKEND_AUTOLOAD is 0: that is respected.
    """
    import torch

    if not hasattr(torch, "npu") and not hasattr(torch, "_is_device_backend_autoload_enabled"):
        from importlib.util import find_spec

        if find_spec("torch_npu") is not None:
            from importlib import import_module

            import_module("torch_npu")
    return torch
