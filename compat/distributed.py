"""Distributed tensors and FSDP by their public names, where they were `torch.distributed._tensor` and `_composable`."""

from __future__ import annotations

from ._names import UpstreamName, upstream_names

__all__ = [  # noqa: F822
    "CPUOffloadPolicy",
    "DTensor",
    "DeviceMesh",
    "FSDPModule",
    "MixedPrecisionPolicy",
    "OffloadPolicy",
    "Partial",
    "Placement",
    "Replicate",
    "Shard",
    "distribute_module",
    "distribute_tensor",
    "fully_shard",
    "init_device_mesh",
    "register_fsdp_forward_method",
]

_PUBLIC_TENSOR = "torch 2.5.0 makes `torch.distributed._tensor` public as `torch.distributed.tensor`"
_PUBLIC_FSDP = "torch 2.6.0 makes `torch.distributed._composable.fsdp` public in `torch.distributed.fsdp`"
_PUBLIC_MESH = "torch 2.2.0 makes `torch.distributed._tensor.device_mesh` public as `torch.distributed.device_mesh`"


def _tensor(name: str, older: str = "torch.distributed._tensor") -> UpstreamName:
    places = {"torch>=2.5": f"torch.distributed.tensor.{name}", "torch<2.5": f"{older}.{name}"}
    return UpstreamName(name, places, because=_PUBLIC_TENSOR)


def _fsdp(name: str, first: str = "2.4") -> UpstreamName:
    places = {
        "torch>=2.6": f"torch.distributed.fsdp.{name}",
        f"torch>={first},<2.6": f"torch.distributed._composable.fsdp.{name}",
        f"torch<{first}": None,
    }
    return UpstreamName(name, places, because=f"{_PUBLIC_FSDP}; the name is new in {first}.0")


def _mesh(name: str) -> UpstreamName:
    places = {
        "torch>=2.2": f"torch.distributed.device_mesh.{name}",
        "torch<2.2": f"torch.distributed._tensor.device_mesh.{name}",
    }
    return UpstreamName(name, places, because=_PUBLIC_MESH)


__getattr__, __dir__ = upstream_names(
    __name__,
    _tensor("DTensor"),
    _tensor("Placement", "torch.distributed._tensor.placement_types"),
    _tensor("Replicate"),
    _tensor("Shard"),
    _tensor("distribute_module"),
    _tensor("distribute_tensor"),
    UpstreamName(
        "Partial",
        {
            "torch>=2.5": "torch.distributed.tensor.Partial",
            "torch>=2.4,<2.5": "torch.distributed._tensor.Partial",
            "torch<2.4": None,
        },
        because=f"{_PUBLIC_TENSOR}; before 2.4.0 there is `_Partial`, which takes a ReduceOp and not its name",
    ),
    _mesh("DeviceMesh"),
    _mesh("init_device_mesh"),
    _fsdp("CPUOffloadPolicy"),
    _fsdp("FSDPModule"),
    _fsdp("MixedPrecisionPolicy", "2.3"),
    _fsdp("OffloadPolicy"),
    _fsdp("fully_shard", "2.3"),
    _fsdp("register_fsdp_forward_method"),
)
