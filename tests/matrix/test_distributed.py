from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.distributed

from compat import distributed


@pytest.fixture(scope="module")
def mesh() -> Iterator[Any]:
    """A mesh of this process alone."""
    torch.distributed.init_process_group("gloo", rank=0, world_size=1, store=torch.distributed.HashStore())
    yield distributed.init_device_mesh("cpu", (1,))
    torch.distributed.destroy_process_group()


@pytest.mark.covers(
    "distributed.DTensor",
    "distributed.DeviceMesh",
    "distributed.Partial",
    "distributed.Placement",
    "distributed.Replicate",
    "distributed.Shard",
    "distributed.distribute_module",
    "distributed.distribute_tensor",
    "distributed.init_device_mesh",
)
def test_a_tensor_is_distributed_by_the_public_names(mesh: Any) -> None:
    assert isinstance(mesh, distributed.DeviceMesh)
    for placement in (distributed.Shard(0), distributed.Replicate()):
        assert isinstance(placement, distributed.Placement)
        spread = distributed.distribute_tensor(torch.arange(4.0), mesh, [placement])
        assert isinstance(spread, distributed.DTensor)
        assert spread.full_tensor().tolist() == [0.0, 1.0, 2.0, 3.0]
    assert isinstance(distributed.Partial("sum"), distributed.Placement)
    module = distributed.distribute_module(torch.nn.Linear(2, 2), mesh)
    assert all(isinstance(parameter, distributed.DTensor) for parameter in module.parameters())


@pytest.mark.covers(
    "distributed.CPUOffloadPolicy",
    "distributed.FSDPModule",
    "distributed.MixedPrecisionPolicy",
    "distributed.OffloadPolicy",
    "distributed.fully_shard",
    "distributed.register_fsdp_forward_method",
)
def test_a_module_is_sharded_by_the_public_names(mesh: Any) -> None:
    module = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 2))
    x = torch.linspace(-1, 1, 12).reshape(3, 4)
    plain = module(x)
    policy = distributed.MixedPrecisionPolicy(param_dtype=torch.float32)
    assert issubclass(distributed.CPUOffloadPolicy, distributed.OffloadPolicy)
    for layer in (*module, module):
        distributed.fully_shard(layer, mesh=mesh, mp_policy=policy, offload_policy=distributed.OffloadPolicy())
    assert isinstance(module, distributed.FSDPModule)
    distributed.register_fsdp_forward_method(module, "forward")
    assert torch.allclose(module(x), plain)
    assert all(isinstance(parameter, distributed.DTensor) for parameter in module.parameters())
