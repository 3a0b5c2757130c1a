from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from compat import UnsupportedRelease, autocast

from .small_torch import adapter, installed


def torch_of(monkeypatch: pytest.MonkeyPatch, *accelerators: str) -> Any:
    """A torch whose functions of mixed precision tell how they were called."""
    installed(monkeypatch, *accelerators)
    torch: Any = sys.modules["torch"]

    def telling(name: str) -> Any:
        return lambda *args, **keywords: (name, *args, *sorted(keywords.items()))

    amp, cuda, cuda_amp = ModuleType("torch.amp"), torch.cuda, ModuleType("torch.cuda.amp")
    for name in ("custom_fwd", "custom_bwd", "GradScaler"):
        setattr(amp, name, telling(f"amp.{name}"))
        setattr(cuda_amp, name, telling(f"cuda.{name}"))
    for name in ("is_autocast_enabled", "get_autocast_dtype", "is_autocast_cpu_enabled", "autocast"):
        setattr(torch, name, telling(name))
    torch.get_autocast_gpu_dtype, torch.get_autocast_cpu_dtype = telling("gpu_dtype"), telling("cpu_dtype")
    torch.amp, cuda.amp = amp, cuda_amp
    if hasattr(torch, "npu"):
        torch.npu.amp = SimpleNamespace(**{name: telling(f"npu.{name}") for name in vars(amp) if name[0] in "cG"})
        torch.npu.get_autocast_dtype = telling("npu_dtype")
    for module in (amp, cuda, cuda_amp):
        monkeypatch.setitem(sys.modules, f"torch.{module.__name__.removeprefix('torch.')}", module)
    return torch


def test_autocast_names_the_accelerator_and_passes_no_dtype_when_it_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    torch_of(monkeypatch, "npu")
    options = (("cache_enabled", None), ("dtype", "bf16"), ("enabled", True))
    assert autocast.autocast(dtype="bf16") == ("autocast", "npu", *options)
    assert autocast.autocast("cuda:1", dtype="bf16")[1] == "cuda"
    assert ("dtype", None) in autocast.autocast(dtype="bf16", enabled=False)


@pytest.mark.parametrize("release", ["2.3.1", "2.4.0", "2.15.0"])
@pytest.mark.parametrize("accelerator", ["cuda", "npu"])
def test_a_function_is_decorated_for_the_accelerator_on_every_release(
    monkeypatch: pytest.MonkeyPatch, release: str, accelerator: str
) -> None:
    torch_of(monkeypatch, accelerator)
    named = release != "2.3.1"
    device = (("device_type", accelerator),) if named else ()
    place = "amp" if named else accelerator
    assert adapter("autocast.custom_fwd", release)("f", cast_inputs="half") == (
        f"{place}.custom_fwd",
        "f",
        ("cast_inputs", "half"),
        *device,
    )
    decorated = adapter("autocast.custom_bwd", release)("b")
    assert decorated == (f"{place}.custom_bwd", "b", *device)
    decorator = adapter("autocast.custom_bwd", release)()
    assert (decorator if named else decorator("b")) == (f"{place}.custom_bwd", None if named else "b", *device)


@pytest.mark.parametrize(
    ("release", "device", "enabled", "dtype"),
    [
        ("2.4.0", "npu", ("is_autocast_enabled", "npu"), ("get_autocast_dtype", "npu")),
        ("2.4.0", "cpu", ("is_autocast_enabled", "cpu"), ("get_autocast_dtype", "cpu")),
        ("2.3.1", "cuda:0", ("is_autocast_enabled",), ("gpu_dtype",)),
        ("2.3.1", "cpu", ("is_autocast_cpu_enabled",), ("cpu_dtype",)),
    ],
)
def test_the_state_is_asked_for_the_device(
    monkeypatch: pytest.MonkeyPatch, release: str, device: str, enabled: tuple[str, ...], dtype: tuple[str, ...]
) -> None:
    torch = torch_of(monkeypatch, "npu")
    asked: list[tuple[str, ...]] = []

    def asking(name: str) -> Any:
        def answered(*args: str) -> bool:
            asked.append((name, *args))
            return True

        return answered

    for name in ("is_autocast_enabled", "is_autocast_cpu_enabled"):
        monkeypatch.setattr(torch, name, asking(name))
    assert adapter("autocast.is_autocast_enabled", release)(device) is True
    assert asked == [enabled]
    assert adapter("autocast.get_autocast_dtype", release)(device) == dtype


@pytest.mark.parametrize(
    ("release", "accelerator", "expected"),
    [
        ("2.3.0", "cuda", ("amp.GradScaler", "cuda", ("enabled", False))),
        ("2.3.0", "npu", ("npu.GradScaler", ("enabled", False))),
        ("2.2.2", "cuda", ("cuda.GradScaler", ("enabled", False))),
        ("2.2.2", "npu", ("npu.GradScaler", ("enabled", False))),
    ],
)
def test_a_gradient_scaler_is_the_accelerators(
    monkeypatch: pytest.MonkeyPatch, release: str, accelerator: str, expected: tuple[Any, ...]
) -> None:
    torch_of(monkeypatch, accelerator)
    assert adapter("autocast.grad_scaler", release)(enabled=False) == expected


@pytest.mark.parametrize(
    ("name", "device", "release", "reason"),
    [
        ("grad_scaler", "cpu", "2.2.2", "no gradient scaler for 'cpu'"),
        ("custom_fwd", "cpu", "2.3.1", r"no torch\.cpu\.amp\.custom_fwd"),
        ("is_autocast_enabled", "npu", "2.3.1", r"no torch\.npu\.is_autocast_enabled"),
    ],
)
def test_what_an_old_torch_has_for_no_such_device_is_said(
    monkeypatch: pytest.MonkeyPatch, name: str, device: str, release: str, reason: str
) -> None:
    torch_of(monkeypatch, "npu")
    with pytest.raises(UnsupportedRelease, match=reason):
        adapter(f"autocast.{name}", release)(device=device)
