from __future__ import annotations

import pytest
import torch

from compat import autocast, devices


@pytest.mark.covers(
    "devices.accelerator",
    "devices.current_device",
    "devices.device_count",
    "devices.device_type",
    "devices.is_available",
    "devices.module",
    "devices.set_device",
)
def test_the_accelerator_is_what_torch_says() -> None:
    named = torch.accelerator.current_accelerator(check_available=True)
    assert devices.accelerator() == (named.type if named else "cpu")
    assert devices.is_available() is (named is not None)
    assert devices.module("cpu") is torch.cpu
    assert devices.module(torch.device("cuda:0")) is torch.cuda
    assert devices.device_count() == torch.accelerator.device_count()
    assert (devices.device_type(torch.device("cpu")), devices.device_type("cuda:1")) == ("cpu", "cuda")
    devices.set_device("cpu")
    assert devices.current_device("cpu") == 0


@pytest.mark.covers(
    "devices.Event",
    "devices.Stream",
    "devices.current_stream",
    "devices.empty_cache",
    "devices.manual_seed_all",
    "devices.max_memory_allocated",
    "devices.max_memory_reserved",
    "devices.mem_get_info",
    "devices.memory_allocated",
    "devices.memory_reserved",
    "devices.reset_peak_memory_stats",
    "devices.stream",
    "devices.synchronize",
)
def test_code_for_an_accelerator_runs_on_the_cpu() -> None:
    devices.synchronize("cpu")
    devices.empty_cache("cpu")
    devices.reset_peak_memory_stats("cpu")
    state = torch.get_rng_state()
    devices.manual_seed_all(0, "cpu")
    assert torch.equal(torch.get_rng_state(), state)
    read = (
        devices.memory_allocated,
        devices.max_memory_allocated,
        devices.memory_reserved,
        devices.max_memory_reserved,
    )
    assert [memory("cpu") for memory in read] == [0, 0, 0, 0]
    with devices.stream(devices.Stream("cpu"), "cpu"):
        assert isinstance(devices.current_stream("cpu"), torch.cpu.Stream)
    assert isinstance(devices.Event("cpu"), torch.cpu.Event)
    with pytest.raises(RuntimeError, match=r"torch\.cpu has no mem_get_info"):
        devices.mem_get_info("cpu")


@pytest.mark.covers("devices.module")
def test_what_torch_was_not_built_with_is_said() -> None:
    with pytest.raises(RuntimeError, match=r"has no torch\.npu"):
        devices.module("npu")


@pytest.mark.covers(
    "autocast.autocast", "autocast.get_autocast_dtype", "autocast.is_autocast_enabled", "autocast.GradScaler"
)
def test_autocast_is_on_within_its_context_and_of_the_devices_dtype() -> None:
    a = torch.ones(2, 2)
    with autocast.autocast("cpu"):
        assert autocast.is_autocast_enabled("cpu")
        assert (a @ a).dtype == autocast.get_autocast_dtype("cpu") == torch.bfloat16
        with autocast.autocast("cpu", dtype=torch.float64, enabled=False):
            assert not autocast.is_autocast_enabled("cpu")
            assert (a @ a).dtype == torch.float32
    with autocast.autocast("cpu", dtype=torch.float16):
        assert (a @ a).dtype == torch.float16
    assert autocast.GradScaler is torch.amp.GradScaler


@pytest.mark.covers("autocast.grad_scaler")
def test_a_scaler_steps_an_optimizer() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    scaler, optimizer = autocast.grad_scaler("cpu", init_scale=8.0), torch.optim.SGD([weight], lr=1.0)
    scaler.scale(weight.sum()).backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [8.0, 8.0]
    scaler.step(optimizer)
    scaler.update()
    assert weight.tolist() == [0.0, 0.0]


@pytest.mark.covers("autocast.custom_fwd", "autocast.custom_bwd")
def test_an_autograd_function_gets_its_inputs_cast_and_its_backward_the_same_state() -> None:
    seen = []

    class Doubled(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        @autocast.custom_fwd(device="cpu", cast_inputs=torch.float64)  # type: ignore[untyped-decorator]
        def forward(ctx: object, x: torch.Tensor) -> torch.Tensor:
            seen.append((x.dtype, autocast.is_autocast_enabled("cpu")))
            return x * 2

        @staticmethod
        @autocast.custom_bwd(device="cpu")  # type: ignore[untyped-decorator]
        def backward(ctx: object, grad: torch.Tensor) -> torch.Tensor:
            seen.append((grad.dtype, autocast.is_autocast_enabled("cpu")))
            return grad * 2

    x = torch.ones(2, requires_grad=True)
    with autocast.autocast("cpu"):
        doubled = Doubled.apply(x)
    doubled.sum().backward()
    assert seen[0] == (torch.float64, False)
    assert seen[1][1] is False
    assert x.grad is not None
    assert x.grad.tolist() == [2.0, 2.0]
