from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
import torch

from compat import UnsupportedRelease, profiler


@pytest.mark.covers("profiler.profile", "profiler.schedule", "profiler.trace_handler", "profiler.experimental_config")
def test_one_call_profiles_with_what_the_backend_takes(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", profiler.LeftOut)
        profile = profiler.profile(
            activities=["cpu", "accelerator"],
            schedule=profiler.schedule(wait=0, warmup=1, active=1, repeat=1),
            on_trace_ready=profiler.trace_handler(str(tmp_path), worker_name="w"),
            record_shapes=True,
            experimental_config={"verbose": True},
        )
    with profile:
        for _ in range(3):
            torch.ones(4) @ torch.ones(4)
            profile.step()
    (trace,) = tmp_path.glob("w.*.json")
    assert "aten::dot" in {event.get("name") for event in json.loads(trace.read_text())["traceEvents"]}


@pytest.mark.covers("profiler.profile", "profiler.experimental_config")
def test_what_torch_npu_alone_takes_is_left_out_with_a_word() -> None:
    with pytest.warns(profiler.LeftOut, match="torch's experimental_config takes no aic_metrics, profiler_level"):
        config = profiler.experimental_config(profiler_level="Level1", aic_metrics="PipeUtilization", verbose=True)
    assert isinstance(config, torch.profiler._ExperimentalConfig)
    with pytest.raises(TypeError, match="takes no profiler_levels"):
        profiler.experimental_config(profiler_levels=1)


@pytest.mark.covers("profiler.apply_npu_patches")
def test_patches_for_torch_npu_need_torch_npu() -> None:
    with pytest.raises((ImportError, UnsupportedRelease)):
        profiler.apply_npu_patches([])
