"""Profiling: torch's profiler or torch_npu's, each given only what it takes, and a word of what was left out."""

from __future__ import annotations

from ._accepted_arguments import accepted_by
from ._arrangements import names_of
from .devices import accelerator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

__all__ = ["LeftOut", "apply_npu_patches", "experimental_config", "profile", "schedule", "trace_handler"]

# What either backend takes, or took; a name that is none of these is a mistake, not a difference.
_PROFILE = frozenset(
    names_of(
        "activities schedule on_trace_ready record_shapes profile_memory with_stack with_flops with_modules "
        "experimental_config execution_trace_observer acc_events custom_trace_id_callback post_processing_timeout_s"
    )
)
_TORCH_CONFIG = frozenset(
    names_of(
        "profiler_metrics profiler_measure_per_kernel verbose performance_events enable_cuda_sync_events "
        "adjust_profiler_step disable_external_correlation profile_all_threads capture_overload_names "
        "record_python_gc_info expose_kineto_event_metadata custom_profiler_config adjust_timestamps trace_only"
    )
)
_NPU_CONFIG = frozenset(
    names_of(
        "profiler_level aic_metrics l2_cache msprof_tx mstx data_simplification record_op_args op_attr "
        "gc_detect_threshold export_type host_sys mstx_domain_include mstx_domain_exclude sys_io "
        "sys_interconnection"
    )
)
_SCHEDULE = frozenset(names_of("wait warmup active repeat skip_first skip_first_wait"))
_HANDLER = frozenset(names_of("dir_name worker_name use_gzip use_python_export analyse_flag async_mode"))
# Constants that torch_npu has for them: they are given by name, for code that runs where it is not installed.
_CONSTANTS = {
    "profiler_level": "ProfilerLevel",
    "aic_metrics": "AiCMetrics",
    "host_sys": "HostSystem",
    "export_type": "ExportType",
}


class LeftOut(UserWarning):
    """What the backend's profiler does not take was left out."""


def profile(*, activities: Iterable[Any] | None = None, backend: str | None = None, **options: Any) -> Any:
    """A profiler for the accelerator that is there: `torch_npu.profiler.profile` on an NPU, else torch's.

    Given the other's activities, torch_npu falls back to its default with a line in the log; given the other's
    configuration, torch fails when the profile is read. Neither can happen here.

    Args:
        activities: `cpu`, and `accelerator` (or `cuda`, `npu`, `xpu`) for the device, as names or as either backend's
            enumerators; None for the backend's default.
        backend: `torch` or `npu`; None for the one of the accelerator that is there.
        **options: What either backend's `profile` takes: `schedule` (made by `schedule`), `on_trace_ready` (made by
            `trace_handler`), `record_shapes`, `with_stack`, `experimental_config` (made by `experimental_config`, or a
            dict for it), `acc_events`, ….

    Returns:
        The profiler, a context manager.

    Raises:
        TypeError: An option is none of either backend's.

    Warns:
        LeftOut: An option that only the other backend takes, or another release, was left out.
    """
    module = _profiler(backend)
    config = options.get("experimental_config")
    if isinstance(config, dict):
        options["experimental_config"] = experimental_config(backend=backend, **config)
    if activities is not None:
        options["activities"] = _activities(module, activities)
    return _given("profile", module.profile, options, _PROFILE)


def experimental_config(*, backend: str | None = None, **options: Any) -> Any:
    """The `_ExperimentalConfig` of the backend that `profile` uses, of the options of both.

    Args:
        backend: As for `profile`.
        **options: torch's (`verbose`, `enable_cuda_sync_events`, …) and torch_npu's (`profiler_level`, `aic_metrics`,
            `export_type`, `mstx`, …); `profiler_level="Level1"`, `aic_metrics="PipeUtilization"` and
            `host_sys=["CPU"]` are the names of torch_npu's constants.

    Raises:
        TypeError: An option is none of either backend's.
        ValueError: torch_npu has no such constant.

    Warns:
        LeftOut: An option that only the other backend takes, or another release, was left out.
    """
    module = _profiler(backend)
    for name, kind in _CONSTANTS.items():
        if name in options and hasattr(module, kind):
            options[name] = _constant(getattr(module, kind), options[name])
    return _given("experimental_config", module._ExperimentalConfig, options, _TORCH_CONFIG | _NPU_CONFIG)


def schedule(*, backend: str | None = None, **options: Any) -> Callable[[int], Any]:
    """The `schedule` of the backend that `profile` uses: theirs give different enumerators.

    Args:
        backend: As for `profile`.
        **options: `wait`, `warmup`, `active`, `repeat`, `skip_first`, `skip_first_wait`: numbers of steps.

    Raises:
        TypeError: An option is none of either backend's.

    Warns:
        LeftOut: An option that the backend's release does not take was left out.
    """
    made: Callable[[int], Any] = _given("schedule", _profiler(backend).schedule, options, _SCHEDULE)
    return made


def trace_handler(dir_name: str, *, backend: str | None = None, **options: Any) -> Callable[[Any], None]:
    """The `tensorboard_trace_handler` of the backend that `profile` uses.

    Args:
        dir_name: The folder that traces are written to.
        backend: As for `profile`.
        **options: `worker_name`, torch's `use_gzip`, torch_npu's `analyse_flag` and `async_mode`, ….

    Raises:
        TypeError: An option is none of either backend's.

    Warns:
        LeftOut: An option that only the other backend takes, or another release, was left out.
    """
    handler = _profiler(backend).tensorboard_trace_handler
    made: Callable[[Any], None] = _given("trace_handler", handler, {"dir_name": dir_name, **options}, _HANDLER)
    return made


def apply_npu_patches(patches: Sequence[Sequence[Any]]) -> None:
    """Put functions and modules of one's own into torch, the way torch_npu puts its own.

    The function for it was `torch_npu._apply_patches`; from the wheels of 2026-07 on it is in
    `torch_npu._init.patches.monkey_patches`. What is at the top there, `_apply_all_patches`, takes no patches: sglang's
    fallback to it applies nothing and says nothing.

    Args:
        patches: Pairs of a dotted name within torch and what is put there: `[["nn.functional", module]]`.

    Raises:
        UnsupportedRelease: torch_npu has neither.
    """
    from importlib import import_module

    torch_npu = import_module("torch_npu")
    apply = getattr(torch_npu, "_apply_patches", None)
    if apply is None:
        try:
            apply = import_module("torch_npu._init.patches.monkey_patches")._apply_patches
        except (ImportError, AttributeError):
            from ._releases import UnsupportedRelease, installed_release

            raise UnsupportedRelease(
                f"torch-npu {installed_release('torch-npu')} has no _apply_patches, neither at the top nor in "
                "torch_npu._init.patches.monkey_patches"
            ) from None
    apply(patches)


def _profiler(backend: str | None) -> Any:
    from importlib import import_module

    backend = ("npu" if accelerator() == "npu" else "torch") if backend is None else backend
    if backend not in ("npu", "torch"):
        raise ValueError(f"backend={backend!r}: there are 'torch' and 'npu'")
    return import_module("torch_npu.profiler" if backend == "npu" else "torch.profiler")


def _activities(module: Any, wanted: Iterable[Any]) -> list[Any]:
    device = "NPU" if module.__name__ == "torch_npu.profiler" else _device_activity()
    kinds = []
    for activity in wanted:
        name = (activity if isinstance(activity, str) else getattr(activity, "name", repr(activity))).upper()
        if name in ("ACCELERATOR", "CUDA", "NPU", "XPU", "MTIA", "HPU", "PRIVATEUSE1"):
            name = device
        found = getattr(module.ProfilerActivity, name, None) if name else None
        if name and found is None:
            raise ValueError(f"activity {activity!r}: {module.__name__} knows cpu and the accelerator")
        if name and found not in kinds:
            kinds.append(found)
    return kinds


def _device_activity() -> str:
    kind = accelerator()
    return {"cpu": "", "cuda": "CUDA", "xpu": "XPU", "mtia": "MTIA"}.get(kind, "PrivateUse1")


def _constant(constants: Any, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_constant(constants, part) for part in value]
    known = {name: held for name, held in vars(constants).items() if not name.startswith("_")}
    if value in known.values():
        return value
    if value not in known:
        raise ValueError(f"{value!r}: {constants.__name__} of torch_npu has {', '.join(known)}")
    return known[value]


def _given(what: str, make: Any, options: dict[str, Any], known: frozenset[str]) -> Any:
    taken = _taken(make)
    mistaken = sorted(options.keys() - known - taken)
    if mistaken:
        raise TypeError(f"{what}() takes no {', '.join(mistaken)}: it takes {', '.join(sorted(known | taken))}")
    left_out = sorted(options.keys() - taken)
    if left_out:
        import warnings

        package = make.__module__.partition(".")[0]
        warnings.warn(f"{package}'s {what} takes no {', '.join(left_out)}: left out", LeftOut, stacklevel=3)
    return make(**{name: value for name, value in options.items() if name in taken})


def _taken(make: Any) -> frozenset[str]:
    try:
        return accepted_by(make).keywords
    except ValueError:
        # torch's configuration is made in C++: its parameters are in the text that pybind11 writes.
        import re

        text, _, _ = (make.__init__.__doc__ or "").partition(" -> ")
        return frozenset(re.findall(r"[(,] (\w+): ", text.replace("(", "( ")))
