from __future__ import annotations

import sys
import warnings
from enum import Enum
from types import ModuleType
from typing import Any

import pytest

from compat import UnsupportedRelease, profiler
from compat.profiler import LeftOut

from .small_torch import installed


class TorchActivity(Enum):
    CPU = 0
    CUDA = 1


class NpuActivity(Enum):
    CPU = 0
    NPU = 1


class ProfilerLevel:
    Level0 = "L0"
    Level1 = "L1"


class AiCMetrics:
    PipeUtilization = "pipe"


class TorchConfig:
    """__init__(self: torch._C._profiler._ExperimentalConfig, verbose: bool = False) -> None"""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        self.given = keywords

    __signature__ = "made in C++"
    __init__.__doc__ = (
        "__init__(self: torch._C._profiler._ExperimentalConfig, verbose: bool = False, "
        "performance_events: collections.abc.Sequence[str] = []) -> None\n\nmore: text"
    )


class NpuConfig:
    def __init__(self, profiler_level: str = "L0", aic_metrics: str = "none", mstx: bool = False) -> None:
        self.given = (profiler_level, aic_metrics, mstx)


def torch_profile(*, activities: Any = None, schedule: Any = None, acc_events: bool = False, **_: Any) -> Any:
    return activities, schedule, acc_events


def npu_profile(*, activities: Any = None, schedule: Any = None, experimental_config: Any = None) -> Any:
    return activities, schedule, experimental_config


@pytest.fixture
def backends(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Both profilers, on the accelerators that a test names."""

    def install(*accelerators: str) -> None:
        installed(monkeypatch, *accelerators)
        torch: Any = ModuleType("torch.profiler")
        npu: Any = ModuleType("torch_npu.profiler")
        contents: dict[Any, dict[str, Any]] = {
            torch: {"profile": torch_profile, "ProfilerActivity": TorchActivity, "_ExperimentalConfig": TorchConfig},
            npu: {
                "profile": npu_profile,
                "ProfilerActivity": NpuActivity,
                "_ExperimentalConfig": NpuConfig,
                "ProfilerLevel": ProfilerLevel,
                "AiCMetrics": AiCMetrics,
            },
        }
        module: Any
        for module, held in contents.items():
            for name, value in held.items():
                setattr(module, name, value)
            module.schedule = lambda *, wait, active, warmup=0: (wait, warmup, active)
            monkeypatch.setitem(sys.modules, module.__name__, module)
        torch.tensorboard_trace_handler = lambda dir_name, use_gzip=False: (dir_name, use_gzip)
        npu.tensorboard_trace_handler = lambda dir_name, analyse_flag=True: (dir_name, analyse_flag)

    return install


@pytest.mark.parametrize(
    ("accelerators", "expected"),
    [
        (["npu"], [NpuActivity.CPU, NpuActivity.NPU]),
        (["cuda"], [TorchActivity.CPU, TorchActivity.CUDA]),
        ([], [TorchActivity.CPU]),
    ],
)
@pytest.mark.parametrize(
    "written", [["cpu", "accelerator"], ["cpu", "cuda"], list(TorchActivity), list(NpuActivity), ["cpu", "npu", "cuda"]]
)
def test_activities_are_the_backends_own(backends: Any, accelerators: list[str], expected: Any, written: Any) -> None:
    backends(*accelerators)
    assert profiler.profile(activities=written)[0] == expected


def test_what_only_the_other_backend_takes_is_left_out_with_a_word(backends: Any) -> None:
    backends("npu")
    with pytest.warns(LeftOut, match="profile takes no acc_events: left out"):
        assert profiler.profile(acc_events=True, schedule="s") == (None, "s", None)
    with pytest.warns(LeftOut, match="takes no verbose: left out"):
        _, _, config = profiler.profile(experimental_config={"profiler_level": "Level1", "verbose": True})
    assert config.given == ("L1", "none", False)
    with pytest.warns(LeftOut, match="takes no mstx, profiler_level"):
        other = profiler.experimental_config(backend="torch", profiler_level="Level1", mstx=True, verbose=True)
    assert other.given == {"verbose": True}
    with pytest.warns(LeftOut, match="takes no use_gzip"):
        assert profiler.trace_handler("folder", use_gzip=True, analyse_flag=False) == ("folder", False)  # type: ignore[comparison-overlap]


def test_what_the_backend_takes_is_given_without_a_word(backends: Any) -> None:
    backends()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert profiler.profile(acc_events=True) == (None, None, True)
        assert profiler.schedule(wait=1, active=2) == (1, 0, 2)  # type: ignore[comparison-overlap]
        assert profiler.trace_handler("folder") == ("folder", False)  # type: ignore[comparison-overlap]
        config = profiler.experimental_config(performance_events=["x"], verbose=True)
        assert config.given == {"performance_events": ["x"], "verbose": True}


@pytest.mark.parametrize(
    ("attempt", "error", "reason"),
    [
        (
            lambda: profiler.profile(with_stacks=True),
            TypeError,
            r"profile\(\) takes no with_stacks: it takes .*with_stack",
        ),
        (lambda: profiler.profile(activities=["gpu"]), ValueError, "activity 'gpu'"),
        (lambda: profiler.profile(backend="cuda"), ValueError, "there are 'torch' and 'npu'"),
        (lambda: profiler.experimental_config(level=1), TypeError, "takes no level"),
        (
            lambda: profiler.experimental_config(profiler_level="Level9"),
            ValueError,
            "ProfilerLevel of torch_npu has Level0, Level1",
        ),
    ],
)
def test_what_no_backend_takes_is_refused(backends: Any, attempt: Any, error: type[Exception], reason: str) -> None:
    backends("npu")
    with pytest.raises(error, match=reason):
        attempt()


def test_a_constant_may_be_the_value_itself_or_a_list_of_names(backends: Any) -> None:
    backends("npu")
    assert profiler.experimental_config(profiler_level=ProfilerLevel.Level1).given[0] == "L1"
    assert profiler.experimental_config(aic_metrics=["PipeUtilization"]).given[1] == ["pipe"]


def test_patches_go_to_the_function_that_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    applied: list[Any] = []
    torch_npu: Any = ModuleType("torch_npu")
    torch_npu.__path__ = []
    torch_npu._apply_all_patches = lambda: applied.append("nothing that was given")
    monkeypatch.setitem(sys.modules, "torch_npu", torch_npu)
    with pytest.raises(UnsupportedRelease, match="has no _apply_patches, neither at the top nor in"):
        profiler.apply_npu_patches([["nn", 1]])
    newer: Any = ModuleType("monkey_patches")
    newer._apply_patches = applied.append
    for name in ("torch_npu._init", "torch_npu._init.patches"):
        package: Any = ModuleType(name)
        package.__path__ = []
        monkeypatch.setitem(sys.modules, name, package)
    monkeypatch.setitem(sys.modules, "torch_npu._init.patches.monkey_patches", newer)
    profiler.apply_npu_patches([["nn", 1]])
    torch_npu._apply_patches = lambda patches: applied.append(("old", patches))
    profiler.apply_npu_patches([["nn", 2]])
    assert applied == [[["nn", 1]], ("old", [["nn", 2]])]
