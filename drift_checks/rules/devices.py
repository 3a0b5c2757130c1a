"""Calls and imports that only work with CUDA, in code that is to run on another device.

Whatever is under a test of a device, in a `try` statement, or in a function that is named after a device, is left
alone: it is not written for any device.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from signatures.surface import Surface

from ..call_sites import Span, Symbol
from ..extraction import FileSites
from ..findings import Confidence, Fix, Outcome
from ..guard_syntax import Caught, Fallback, Test
from ..scopes import Place, Scope
from ..values import UNKNOWN, LocalInstance, Text
from .declarations import Judge, Problem, Rule
from .device_facts import ATTENTION_BACKENDS, FACTORIES, cuda_call, refuses_float32

CUDA_ONLY_CALL = Rule("cuda-only-call", Outcome.BREAKS, "The call needs CUDA, and another device is asked about.")
AUTOCAST_DTYPE = Rule("autocast-dtype", Outcome.SILENT, "The device refuses autocast in this type, and turns it off.")
ATTENTION_BACKEND_IMPORT = Rule(
    "attention-backend-import", Outcome.BREAKS, "The package needs CUDA, and there is nothing to fall back on."
)

RULES: tuple[Rule, ...] = (CUDA_ONLY_CALL, AUTOCAST_DTYPE, ATTENTION_BACKEND_IMPORT)

JUDGES: dict[type, Judge] = {}


DEVICES = ("cpu", "cuda", "hpu", "mlu", "mps", "musa", "npu", "xla", "xpu")
"""Kinds of device that torch, or a backend outside of it, knows by these names."""

DEVICE_NAMES = frozenset({"torch", *ATTENTION_BACKENDS})
"""Import names of what a file must name for a device to matter."""

CUDA_TRANSLATOR = b"transfer_to_npu"
"""A project that imports it runs with `torch.cuda` made torch_npu's own, from then on and everywhere."""


def device_problems(
    found: FileSites, device: str, releases: Mapping[str, Surface] | None = None, *, translated: bool = False
) -> Iterator[tuple[str, Problem]]:
    """What a file does that the device cannot do.

    Args:
        found: The file.
        device: Such as `npu`.
        releases: The releases that the code is moved to, by import name of the upstream.
        translated: The project has `torch.cuda` translated.

    Yields:
        The distribution's name, and the problem.
    """
    if device == "cuda":
        return
    reader = _Reader(found, device, releases or {})
    for place in found.scopes.imports:
        yield from reader.imported(place)
    for place in found.scopes.calls:
        for problem in reader.called(place):
            if problem.rule is not CUDA_ONLY_CALL or not translated:
                yield "torch", problem


_DEVICE_WORDS = re.compile(
    r"cuda|gpu|npu|xpu|mps|hpu|rocm|hip(?!ster)|nvidia|ascend|device|platform|accelerator|backend|triton|capability|"
    r"TYPE_CHECKING|flash|xformers|attn_impl|attention_impl|is_\w*available|find_spec",
    re.IGNORECASE,
)
_CUDA_DEVICE = re.compile(r"cuda(:\d+)?")
_AUTOCASTS = frozenset({"torch.autocast", "torch.amp.autocast", "torch.amp.autocast_mode.autocast"})
_SCALERS = frozenset({"torch.amp.GradScaler", "torch.amp.grad_scaler.GradScaler"})
_NPU_AUTOCASTS = frozenset({"torch.npu.amp.autocast", "torch_npu.npu.amp.autocast"})
_FLOAT32 = frozenset({"torch.float32", "torch.float"})
_HOLD_TENSORS = frozenset({"diffusers", "peft", "timm", "torch", "torchaudio", "torchvision", "transformers"})
"""Packages whose objects, where they have `cuda` or `to`, are tensors, or hold tensors."""

_CUDA_WORDS = re.compile(r"cuda|gpu|rocm|hip(?!ster)|nvidia|triton|flash|xformers|skip|require", re.IGNORECASE)
_TO = Fix("upstream", "`.to(device)`, with the device of the run", "unsafe")
_THE_DEVICE = Fix("upstream", "torch.accelerator.current_accelerator()", "unsafe")


class _Reader:
    """Looks at the places of one file.

    Args:
        found: The file.
        device: What it is to run on.
        releases: The releases that it is moved to.
    """

    def __init__(self, found: FileSites, device: str, releases: Mapping[str, Surface]) -> None:
        self._resolver = found.resolver
        self._device = device
        self._releases = releases

    def imported(self, place: Place) -> Iterator[tuple[str, Problem]]:
        """Imports of attention kernels that are built for CUDA."""
        found = list(self._backends(place.node))
        if found and _for_any_device(place):
            yield from found

    def _backends(self, node: ast.AST) -> Iterator[tuple[str, Problem]]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from self._backend(alias.name, None, Span.of(alias))
        elif isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
            yield from self._backend(node.module, node.names[0].name, Span.of(node))

    def _backend(self, module: str, name: str | None, span: Span) -> Iterator[tuple[str, Problem]]:
        package = ATTENTION_BACKENDS.get(module.partition(".")[0])
        if package is not None:
            message = f"`{package}` needs CUDA and is not to be had for `{self._device}`: this import fails"
            fix = Fix("manual", "import it only where it is used and found, and fall back on torch's own", "manual")
            witness = f"import {module}\n" if name in (None, "*") else f"from {module} import {name}\n"
            yield package, Problem(ATTENTION_BACKEND_IMPORT, span, module, message, fix, witness)

    def called(self, place: Place) -> Iterator[Problem]:
        """Calls that need CUDA, and autocast in a type that the device refuses."""
        assert isinstance(place.node, ast.Call)
        found = list(self._needing(place.node, place.scope))
        if found and _for_any_device(place):
            yield from found

    def _needing(self, node: ast.Call, scope: Scope) -> Iterator[Problem]:
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("cuda", "to"):
            yield from self._moved(node, node.func, scope)
            return
        value = self._resolver.value(node.func, scope)
        if isinstance(value, Symbol) and not value.steps:
            yield from self._of_torch_cuda(node, value.path)
            yield from self._autocast(node, scope, value.path)
            yield from self._placed(node, scope, value.path)

    def _of_torch_cuda(self, node: ast.Call, path: str) -> Iterator[Problem]:
        known = cuda_call(path)
        if known is None:
            return
        public, call = known
        fix = Fix("upstream", call.instead, "unsafe") if call.instead else None
        raises = call.outcome is Outcome.BREAKS
        does = "raises without CUDA" if raises else "has no effect without CUDA"
        witness = f"import torch\n\n{public}({call.arguments})\n" if raises else ""
        if public in ("torch.cuda.amp.GradScaler", "torch.cuda.amp.autocast"):
            if self._is_off(node):
                return
            does = "warns without CUDA and is turned off"
            witness = _is_enabled(f"{public}()")
        if public == "torch.cuda.device":
            witness = "import torch\n\nwith torch.cuda.device(0):\n    pass\n"
        yield _problem(_last_name(node.func), public, f"`{public}` {does}", fix, witness, call.outcome)

    def _autocast(self, node: ast.Call, scope: Scope, path: str) -> Iterator[Problem]:
        """`torch.autocast("cuda")`, and autocast to float32."""
        if path not in _AUTOCASTS | _SCALERS | _NPU_AUTOCASTS or self._is_off(node):
            return
        device = self._argument(node, 0, "device_type" if path in _AUTOCASTS else "device")
        literal = self._text(device, scope) if device is not None and path not in _NPU_AUTOCASTS else self._device
        if literal is not None and _CUDA_DEVICE.fullmatch(literal) and device is not None:
            public = "torch.amp.GradScaler" if path in _SCALERS else "torch.autocast"
            message = f"`{public}` for CUDA warns without it and is turned off"
            witness = _is_enabled(f"{public}({literal!r})")
            yield _problem(Span.of(device), public, message, _THE_DEVICE, witness, Outcome.SILENT)
        elif path not in _SCALERS and literal in (None, self._device):
            yield from self._refused_type(node, scope, path, known=literal is not None)

    def _refused_type(self, node: ast.Call, scope: Scope, path: str, *, known: bool) -> Iterator[Problem]:
        dtype = self._argument(node, 1, "dtype")
        value = self._resolver.value(dtype, scope) if dtype is not None else UNKNOWN
        release = self._releases.get("torch_npu")
        if self._device != "npu" or dtype is None or not isinstance(value, Symbol) or value.path not in _FLOAT32:
            return
        if release is not None and not refuses_float32(release.version):
            return
        message = "builds of torch-npu before April 2026 refuse autocast to float32: it warns and is turned off"
        fix = Fix("upstream", "torch.bfloat16, or `enabled=False`", "unsafe")
        confidence = Confidence.PROVEN if known and release is not None else Confidence.LIKELY
        yield Problem(AUTOCAST_DTYPE, Span.of(dtype), path, message, fix, confidence=confidence)

    def _is_off(self, node: ast.Call) -> bool:
        given = next((keyword.value for keyword in node.keywords if keyword.arg == "enabled"), None)
        return given is not None and not (isinstance(given, ast.Constant) and given.value is True)

    def _moved(self, node: ast.Call, function: ast.Attribute, scope: Scope) -> Iterator[Problem]:
        """`x.cuda()` and `x.to("cuda")`."""
        receiver = self._resolver.value(function.value, scope)
        if isinstance(receiver, LocalInstance):
            receiver = self._resolver.upstream_base(receiver.of) or UNKNOWN
        if isinstance(receiver, Symbol) and receiver.upstream not in _HOLD_TENSORS:
            return
        proven = isinstance(receiver, Symbol) and receiver.upstream == "torch"
        confidence = Confidence.PROVEN if proven else Confidence.LIKELY
        if function.attr == "cuda":
            witness = "import torch\n\ntorch.ones(1).cuda()\n"
            span, message = _last_name(function), "`.cuda()` raises without CUDA"
            yield _problem(span, "torch.Tensor.cuda", message, _TO, witness, confidence=confidence)
            return
        device = self._argument(node, 0, "device")
        literal = self._text(device, scope) if device is not None else None
        if device is not None and literal is not None and _CUDA_DEVICE.fullmatch(literal):
            witness = f"import torch\n\ntorch.ones(1).to({literal!r})\n"
            message = f"`.to({literal!r})` raises without CUDA"
            span = Span.of(device)
            yield _problem(span, "torch.Tensor.to", message, _THE_DEVICE, witness, confidence=confidence)

    def _placed(self, node: ast.Call, scope: Scope, path: str) -> Iterator[Problem]:
        """`torch.zeros(1, device="cuda")`."""
        keyword = next((keyword for keyword in node.keywords if keyword.arg == "device"), None)
        if keyword is None or path not in FACTORIES:
            return
        literal = self._text(keyword.value, scope)
        if literal is not None and _CUDA_DEVICE.fullmatch(literal):
            message = f"`{path}` on {literal!r} raises without CUDA"
            witness = f"import torch\n\ntorch.zeros(1, device={literal!r})\n"
            yield _problem(Span.of(keyword), path, message, _THE_DEVICE, witness)

    def _argument(self, node: ast.Call, position: int, name: str) -> ast.expr | None:
        given = next((keyword.value for keyword in node.keywords if keyword.arg == name), None)
        if given is None and len(node.args) > position:
            before = node.args[: position + 1]
            given = before[-1] if not any(isinstance(each, ast.Starred) for each in before) else None
        return given

    def _text(self, node: ast.expr, scope: Scope) -> str | None:
        """The device that an expression names: a string, or `torch.device` of one."""
        value = self._resolver.value(node, scope)
        if isinstance(value, Text):
            return value.value
        if isinstance(node, ast.Call) and node.args and len(node.args) == 1:
            made = self._resolver.value(node.func, scope)
            if isinstance(made, Symbol) and made.path == "torch.device":
                inner = self._resolver.value(node.args[0], scope)
                return inner.value if isinstance(inner, Text) else None
        return None


def _for_any_device(place: Place) -> bool:
    """Whether nothing around a place says that it is only for some devices."""
    for guard in place.guards:
        if isinstance(guard, (Caught, Fallback)):
            return False
        if isinstance(guard, Test) and _DEVICE_WORDS.search(ast.unparse(guard.expression)):
            return False
    scope: Scope | None = place.scope
    while scope is not None:
        node = scope.node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            texts = (node.name, *map(ast.unparse, node.decorator_list))
            if any(map(_CUDA_WORDS.search, texts)):
                return False
        scope = scope.parent
    return True


def _problem(
    span: Span,
    symbol: str,
    message: str,
    fix: Fix | None,
    witness: str,
    outcome: Outcome = Outcome.BREAKS,
    confidence: Confidence = Confidence.PROVEN,
) -> Problem:
    return Problem(CUDA_ONLY_CALL, span, symbol, message, fix, witness, outcome, confidence)


def _is_enabled(made: str) -> str:
    """A context or scaler is not turned off."""
    tested = "is_enabled()" if "GradScaler" in made else "_enabled"
    return f"import torch\n\nassert {made}.{tested}\n"


def _last_name(node: ast.expr) -> Span:
    whole = Span.of(node)
    if isinstance(node, ast.Attribute):
        return whole._replace(line=whole.end_line, column=whole.end_column - len(node.attr.encode()))
    return whole
