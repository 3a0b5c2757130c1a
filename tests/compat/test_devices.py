from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from compat import devices

from .small_torch import installed


@pytest.mark.parametrize(
    ("accelerators", "expected"),
    [
        (["npu"], "npu"),
        (["cuda", "npu"], "npu"),  # transfer_to_npu makes torch.cuda available too
        (["cuda"], "cuda"),
        (["xpu"], "xpu"),
        (["mps"], "mps"),
        ([], "cpu"),
    ],
)
def test_the_accelerator_is_what_can_be_used(
    monkeypatch: pytest.MonkeyPatch, accelerators: list[str], expected: str
) -> None:
    installed(monkeypatch, *accelerators)
    assert devices.accelerator() == devices.accelerator() == devices.device_type(None) == expected
    assert devices.is_available() is (expected != "cpu")
    assert devices.module().__name__ == expected


def test_an_accelerator_that_comes_later_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    assert devices.accelerator() == "cpu"
    installed(monkeypatch, "npu")
    assert devices.accelerator() == "npu"


def test_a_torch_that_imports_no_backend_by_itself_gets_torch_npu(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, release="2.4.1")
    torch: Any = sys.modules["torch"]
    del torch._is_device_backend_autoload_enabled
    imported = []

    def importing(name: str) -> None:
        imported.append(name)
        torch.npu = SimpleNamespace(is_available=lambda: True)

    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setattr("importlib.import_module", importing)
    assert devices.accelerator() == "npu"
    assert imported == ["torch_npu"]


ON_NPU = [
    (lambda: devices.synchronize(), None, ("npu.synchronize",)),
    (lambda: devices.synchronize("npu:1"), None, ("npu.synchronize", "npu:1")),
    (lambda: devices.synchronize(0), None, ("npu.synchronize", 0)),
    (lambda: devices.empty_cache(), None, ("npu.empty_cache",)),
    (lambda: devices.current_device(), 1, ("npu.current_device",)),
    (lambda: devices.set_device(1), None, ("npu.set_device", 1)),
    (lambda: devices.device_count(), 2, ("npu.device_count",)),
    (lambda: devices.manual_seed_all(3), None, ("npu.manual_seed_all", 3)),
    (lambda: devices.memory_allocated(1), 10, ("npu.memory_allocated", 1)),
    (lambda: devices.max_memory_allocated(), 11, ("npu.max_memory_allocated",)),
    (lambda: devices.memory_reserved(), 12, ("npu.memory_reserved",)),
    (lambda: devices.max_memory_reserved(), 13, ("npu.max_memory_reserved",)),
    (lambda: devices.reset_peak_memory_stats(), None, ("npu.reset_peak_memory_stats",)),
    (lambda: devices.mem_get_info(), (1, 2), ("npu.mem_get_info",)),
    (lambda: devices.current_stream(), "stream", ("npu.current_stream",)),
    (lambda: devices.stream("s"), "context", ("npu.stream", "s")),
    (lambda: devices.stream(SimpleNamespace(device="npu:0")), "context", None),
    (lambda: devices.Stream(1, priority=0), "stream", ("npu.Stream", 1, ("priority", 0))),
    (lambda: devices.Event(enable_timing=True), "event", ("npu.Event", ("enable_timing", True))),
]


@pytest.mark.parametrize(("ask", "expected", "call"), ON_NPU)
def test_what_cuda_was_asked_for_goes_to_the_accelerator(
    monkeypatch: pytest.MonkeyPatch, ask: Any, expected: Any, call: tuple[Any, ...] | None
) -> None:
    calls = installed(monkeypatch, "npu")
    devices.accelerator()
    calls.clear()
    assert ask() == expected
    assert call is None or calls == [call]


@pytest.mark.parametrize(
    ("accelerators", "ask", "expected"),
    [
        ([], devices.device_count, 0),
        ([], lambda: devices.device_count("cpu"), 1),
        ([], devices.current_device, 0),
        ([], lambda: devices.set_device(0), None),
        ([], devices.synchronize, None),
        ([], devices.empty_cache, None),
        ([], lambda: devices.manual_seed_all(1), None),
        ([], devices.memory_allocated, 0),
        ([], devices.max_memory_reserved, 0),
        ([], devices.reset_peak_memory_stats, None),
        ([], devices.Stream, "cpu stream"),
        (["mps"], devices.current_device, 0),
        (["mps"], devices.memory_allocated, 20),
        (["mps"], devices.memory_reserved, 21),
        (["mps"], lambda: devices.manual_seed_all(1), None),
        (["mps"], lambda: devices.synchronize("mps:0"), None),
    ],
)
def test_where_a_device_has_less_the_rest_has_its_meaning(
    monkeypatch: pytest.MonkeyPatch, accelerators: list[str], ask: Any, expected: Any
) -> None:
    installed(monkeypatch, *accelerators)
    assert ask() == expected


@pytest.mark.parametrize(
    ("accelerators", "ask", "reason"),
    [
        ([], lambda: devices.module("npu"), r"torch 2\.13\.0 has no torch\.npu; the accelerator that is there: cpu"),
        ([], devices.mem_get_info, r"torch\.cpu has no mem_get_info"),
        ([], devices.Event, r"torch\.cpu has no Event"),
        (["mps"], devices.max_memory_allocated, r"torch\.mps has no max_memory_allocated"),
        (["mps"], devices.current_stream, r"torch\.mps has no current_stream"),
    ],
)
def test_what_a_device_does_not_have_is_said(
    monkeypatch: pytest.MonkeyPatch, accelerators: list[str], ask: Any, reason: str
) -> None:
    installed(monkeypatch, *accelerators)
    with pytest.raises(RuntimeError, match=reason):
        ask()
