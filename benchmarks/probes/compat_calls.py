"""What a second call of each stable function costs in a real install, beside the direct upstream call.

Run by the interpreter of the install, in the root folder of the repository, where `compat` is found:

    python -m benchmarks.probes.compat_calls ROUNDS > answer.json

Each row has the function, its kind, and nanoseconds: `own` is upstream's own object, found again by its own dotted
name; `call` has a direct call to the same effect in the table of calls, `beyond` one that does less; `work` has none;
`absent` cannot be called on this release; `unknown` is none of these, and belongs into the table.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from inspect import Parameter, signature
from timeit import Timer
from types import SimpleNamespace
from typing import Any

from benchmarks.probes.live_surface import admit_torchvision
from benchmarks.stable_calls import CALLS, WORK, Call

RUN = 2e-4
"""Seconds that a timed run is to take: short enough to be left alone by whatever else runs on the machine."""


class Timing:
    """Statements that are timed in turns, while idle functions are in the place of upstream's.

    Args:
        statements: By what they measure; "direct" is what the others are compared with.
        names: What they are about.
        replacements: Idle functions, by dotted path.
    """

    def __init__(
        self, statements: dict[str, str], names: dict[str, Any], replacements: dict[str, Callable[..., Any]]
    ) -> None:
        self.replacements = replacements
        self.timers = {name: Timer(statement, globals=names) for name, statement in statements.items()}
        self.least = dict.fromkeys(self.timers, float("inf"))
        with replaced(replacements):
            self.loops = {name: max(1, int(RUN / min(timer.repeat(5, 20)) * 20)) for name, timer in self.timers.items()}

    def measure(self) -> None:
        """Time each statement once more."""
        with replaced(self.replacements):
            for name, timer in self.timers.items():
                self.least[name] = min(self.least[name], timer.timeit(self.loops[name]) / self.loops[name])

    def figures(self) -> dict[str, float]:
        """Nanoseconds: of the direct call, and of the others beyond that."""
        direct = self.least["direct"]
        return {name: (least if name == "direct" else least - direct) * 1e9 for name, least in self.least.items()}


def idle(upstream: Any, returned: Any) -> Callable[..., Any]:
    """A function that takes what upstream's takes, and does nothing."""
    try:
        parameters = [
            p.replace(annotation=Parameter.empty, default=p.default if p.default is Parameter.empty else None)
            for p in signature(upstream).parameters.values()
        ]
    except ValueError:
        listed = "(*args, **keywords)"
    else:
        listed = str(signature(upstream).replace(parameters=parameters, return_annotation=Parameter.empty))
    names = {"returned": returned}
    exec(f"def idle{listed}: return returned", names)
    made: Callable[..., Any] = names["idle"]
    return made


@contextlib.contextmanager
def replaced(functions: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
    """Put functions where dotted paths lead to, for a while."""
    before: list[tuple[Any, str, Any]] = []
    try:
        for path, function in functions.items():
            owner, name = resolved(path)
            before.append((owner, name, vars(owner)[name]))
            setattr(owner, name, staticmethod(function) if isinstance(owner, type) else function)
        yield
    finally:
        for owner, name, value in reversed(before):
            setattr(owner, name, value)


def resolved(path: str) -> tuple[Any, str]:
    """What holds the last name of a dotted path, and that name."""
    parent, _, name = path.rpartition(".")
    try:
        return import_module(parent), name
    except ModuleNotFoundError:
        owner, inner = resolved(parent)
        return getattr(owner, inner), name


class Idle:
    """A cache, model, processor or tokenizer whose methods do nothing."""

    chat_template = ""

    def update(self, key_states: Any, value_states: Any, layer_idx: int, cache_kwargs: Any = None) -> None: ...

    def get_mask_sizes(self, query_length: int, layer_idx: int) -> None: ...

    def early_initialization(self, batch_size: int, num_heads: int, head_dim: int, dtype: Any, device: Any) -> None: ...

    def tie_weights(self, missing_keys: Any = None, recompute_mapping: bool = True) -> None: ...

    def apply_chat_template(self, conversation: Any, tokenize: bool, **keywords: Any) -> tuple[str]:
        return ("",)


def given() -> dict[str, Any]:
    """The names of the calls."""
    from compat import configs, video_processing

    torch, transformers = import_module("torch"), import_module("transformers")
    try:
        base: Any = import_module("transformers.image_processing_backends").TorchvisionBackend
    except ImportError:
        base = import_module("transformers.image_processing_utils_fast").BaseImageProcessorFast

    class Processor(base):  # type: ignore[misc]
        def __init__(self) -> None: ...

        def rescale_and_normalize(
            self,
            images: Any,
            do_rescale: bool,
            rescale_factor: float,
            do_normalize: bool,
            image_mean: Any,
            image_std: Any,
        ) -> None: ...

    names = {
        "arguments": SimpleNamespace(parallel_mode=None),
        "cache": Idle(),
        "chat": [{"role": "user", "content": "Hello"}],
        "config": transformers.LlamaConfig(hidden_size=8, num_attention_heads=2, num_key_value_heads=2),
        "idle_class": type("IdleConfig", (), {"__init__": idle(transformers.LlamaConfig.__init__, None)}),
        "device": torch.device("cpu"),
        "dtype": torch.float32,
        "function": lambda *args: None,
        "model": Idle(),
        "processor": Processor(),
        "size_class": import_module("transformers.image_utils").SizeDict,
        "tensor": torch.zeros(3, 4, 4),
        "tokenizer": Idle(),
    }
    configs.set_dtype(names["config"], torch.float32)
    names["size"] = names["size_class"](height=8, width=8)
    names["mode"] = import_module("torchvision.transforms").InterpolationMode.BICUBIC
    with contextlib.suppress(ImportError):
        names["mask_functions"] = import_module("transformers.masking_utils").ALL_MASK_ATTENTION_FUNCTIONS
    names["metadata"] = object.__new__(video_processing.VideoMetadata)
    return names


def here(releases: str) -> bool:
    """Whether a requirement is met by what is installed."""
    from packaging.requirements import Requirement

    from compat import installed_release

    wanted = Requirement(releases)
    release = installed_release(wanted.name)
    return release is not None and wanted.specifier.contains(release.base_version, prereleases=True)


def is_upstreams_own(function: Any) -> bool:
    """Whether this is what upstream has under the dotted name that it says it has."""
    module = getattr(function, "__module__", None) or ""
    if module.partition(".")[0] not in ("torch", "transformers"):
        return False
    return getattr(import_module(module), function.__qualname__, None) is function


def row(function: Any, entry: Any, names: dict[str, Any]) -> tuple[dict[str, Any], Timing | None]:
    """A stable function's kind, and what is to be timed; `entry` is the name that was imported before its first use."""
    from compat import UnsupportedRelease

    call = next((each for each in CALLS if each.function == function.name and here(each.releases)), None)
    replacements = stand_ins(call, names) if call else {}
    with replaced(replacements):
        try:
            chosen = function.choose()
        except UnsupportedRelease as error:
            return {"kind": "absent", "note": str(error)}, None
    stable = getattr(sys.modules[function.declared.__module__], function.declared.__name__)
    if stable is not chosen:
        raise RuntimeError(f"the first use of {function.name} has not put {chosen!r} where it is declared")
    if call:
        given = dict(zip(("upstream", "second"), replacements.values(), strict=False))
        early = call.stable.replace("stable(", "early(")
        statements = {"direct": call.direct, "more": call.stable, "early": early}
        timing = Timing(statements, names | given | {"stable": stable, "early": entry}, replacements)
        return {"kind": "beyond" if call.beyond else "call", "note": call.beyond}, timing
    if is_upstreams_own(stable):
        # Upstream's own work would drown what a name adds that was imported before the first use.
        entry.__setstate__((names["function"], (), {}, {}))
        timing = Timing({"direct": "function(None)", "early": "early(None)"}, names | {"early": entry}, {})
        return {"kind": "own", "more": 0.0}, timing
    if function.name in WORK:
        return {"kind": "work", "note": WORK[function.name]}, None
    return {"kind": "unknown", "note": "add it to benchmarks/stable_calls.py"}, None


def stand_ins(call: Call, names: dict[str, Any]) -> dict[str, Callable[..., Any]]:
    """An idle function for each thing that a call replaces."""
    returned = eval(call.returns, names)
    return {path: idle(getattr(*resolved(path)), returned) for path in call.replaces}


def main(rounds: int) -> None:
    """Write the rows to stdout."""
    from compat import MODULES, installed_release
    from compat._adapters import REGISTRY

    warnings.simplefilter("ignore")
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "critical"}
    admit_torchvision()
    for name in MODULES:
        import_module(f"compat.{name}")
    entries = {
        name: getattr(sys.modules[function.declared.__module__], function.declared.__name__)
        for name, function in REGISTRY.items()
    }
    names = given()
    # What replaces something is first: another function may use it, and is bound to what it finds.
    replacing = {call.function for call in CALLS if call.replaces}
    rows = {}
    for name in sorted(REGISTRY, key=lambda name: (name not in replacing, name)):
        rows[name] = row(REGISTRY[name], entries[name], names)
    # A round is of all functions: what slows the machine for a second spoils no function's every run.
    for _ in range(rounds):
        for _, timing in rows.values():
            if timing:
                timing.measure()
    answered = [
        {"function": name} | told | (timing.figures() if timing else {}) for name, (told, timing) in rows.items()
    ]
    found = {name: str(installed_release(name)) for name in ("transformers", "torch")}
    json.dump(found | {"python": platform.python_version(), "rows": sorted(answered, key=order)}, sys.stdout)


def order(row: dict[str, Any]) -> tuple[str, str]:
    """Rows of a kind stay together."""
    return row["kind"], row["function"]


if __name__ == "__main__":
    main(int(sys.argv[1]))
