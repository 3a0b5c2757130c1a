from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import pytest

from drift_checks.check import check
from drift_checks.extraction import FileSites, extract
from drift_checks.findings import Confidence
from drift_checks.rules.declarations import Pair, Problem
from drift_checks.rules.device_facts import CUDA_CALLS, cuda_call, refuses_float32
from drift_checks.rules.devices import device_problems
from drift_checks.sources import SourceFile, find

from ...signatures.programs import surface


def problems(program: str, device: str = "npu", torch_npu: str = "") -> list[tuple[str, Problem]]:
    text = f"import torch\n\n{textwrap.dedent(program).strip()}\n"
    found = extract(SourceFile("program.py", text.encode()), frozenset({"torch"}))
    assert isinstance(found, FileSites)
    releases = {"torch_npu": surface({"torch_npu/__init__.py": ""}, torch_npu)} if torch_npu else None
    return list(device_problems(found, device, releases))


def told(program: str, device: str = "npu") -> list[tuple[int, str, str, str]]:
    return [
        (p.span.line - 2, p.rule.name, (p.outcome or p.rule.outcome).value, p.confidence.value)
        for _, p in problems(program, device)
    ]


@pytest.mark.parametrize(
    ("program", "outcome"),
    [
        ("torch.cuda.synchronize()", "breaks"),
        ("from torch.cuda import synchronize as wait\nwait()", "breaks"),
        ("torch.cuda.memory.reset_peak_memory_stats()", "breaks"),
        ("torch.cuda.empty_cache()", "silent"),
        ("with torch.cuda.amp.autocast():\n    pass", "silent"),
        ("from torch.cuda.amp.grad_scaler import GradScaler\nscaler = GradScaler()", "silent"),
        ("torch.autocast('cuda')", "silent"),
        ("torch.autocast(device_type='cuda', dtype=torch.float16)", "silent"),
        ("torch.amp.GradScaler('cuda')", "silent"),
        ("torch.zeros(1, device='cuda')", "breaks"),
        ("torch.zeros(1, device=torch.device('cuda:1'))", "breaks"),
        ("device = 'cuda'\ntorch.zeros(1, device=device)", "breaks"),
        ("torch.Generator(device='cuda')", "breaks"),
        ("torch.ones(1).cuda()", "breaks"),
        ("torch.ones(1).to('cuda')", "breaks"),
        ("torch.nn.Linear(1, 1).to(device='cuda:0')", "breaks"),
        ("class M(torch.nn.Module):\n    pass\n\nM().cuda()", "breaks"),
    ],
)
def test_what_needs_cuda(program: str, outcome: str) -> None:
    [(_, rule, found, confidence)] = told(program)
    assert (rule, found, confidence) == ("cuda-only-call", outcome, "proven")


def test_a_value_of_unknown_type_is_only_likely() -> None:
    assert told("def f(x):\n    return x.cuda()") == [(2, "cuda-only-call", "breaks", "likely")]
    assert told("def f(x):\n    return x.to('cuda')") == [(2, "cuda-only-call", "breaks", "likely")]


@pytest.mark.parametrize(
    "program",
    [
        "if torch.cuda.is_available():\n    torch.cuda.synchronize()",
        "torch.cuda.is_available() and torch.cuda.synchronize()",
        "def f(x):\n    if x.is_cuda:\n        torch.cuda.synchronize()",
        "def f(device):\n    if device.type != 'cuda':\n        return\n    torch.cuda.synchronize()",
        "try:\n    torch.cuda.synchronize()\nexcept AssertionError:\n    pass",
        "def forward_cuda(x):\n    return x.cuda()",
        "class CudaRunner:\n    def run(self):\n        torch.cuda.synchronize()",
        "@unittest.skipUnless(has_gpu(), 'no GPU')\ndef test():\n    torch.cuda.synchronize()",
        "device = 'cuda' if torch.cuda.is_available() else 'cpu'\ntorch.zeros(1, device=device)",
        "torch.device('cuda')",
        "torch.cuda.is_available()",
        "torch.cuda.device_count()",
        "torch.zeros(1, device='npu')",
        "torch.zeros(1, device=device)",
        "torch.autocast('npu')",
        "torch.autocast('cuda', enabled=False)",
        "torch.cuda.amp.autocast(enabled=False)",
        "def f(x, device):\n    return x.to(device)",
        "import cupy\ncupy.zeros(1).to('cuda')",
    ],
)
def test_code_that_is_not_for_any_device_is_left_alone(program: str) -> None:
    assert told(program) == []


def test_a_project_that_has_torch_cuda_translated(tmp_path: Path) -> None:
    (tmp_path / "start.py").write_text("from torch_npu.contrib import transfer_to_npu\n")
    program = "import torch\nimport flash_attn\n\ntorch.cuda.synchronize()\n"
    (tmp_path / "program.py").write_text(program)
    pair = Pair(*(surface({"torch/__init__.py": "from torch import cuda", "torch/cuda.py": ""}, v) for v in "12"))
    files = find(tmp_path, frozenset({"torch"}))
    assert [f.rule for f in check(files, [pair], device="npu").findings] == ["attention-backend-import"]


def test_cuda_itself_has_no_problem() -> None:
    assert told("torch.cuda.synchronize()", "cuda") == []


@pytest.mark.parametrize(
    ("program", "package"),
    [
        ("import flash_attn", "flash-attn"),
        ("from flash_attn.bert_padding import pad_input", "flash-attn"),
        ("import xformers.ops as xops", "xformers"),
        ("def attend():\n    from flash_attn import flash_attn_func", "flash-attn"),
    ],
)
def test_an_import_with_nothing_to_fall_back_on(program: str, package: str) -> None:
    [(name, problem)] = problems(program)
    assert (name, problem.rule.name) == (package, "attention-backend-import")
    ast.parse(problem.witness)


@pytest.mark.parametrize(
    "program",
    [
        "try:\n    import flash_attn\nexcept ImportError:\n    flash_attn = None",
        "if is_flash_attn_2_available():\n    from flash_attn import flash_attn_func",
        "if importlib.util.find_spec('xformers'):\n    import xformers",
        "if TYPE_CHECKING:\n    import flash_attn",
        "def attend():\n    if not is_npu():\n        import flash_attn",
        "import flash_attention_of_mine",
    ],
)
def test_an_import_with_a_fallback(program: str) -> None:
    assert problems(program) == []


@pytest.mark.parametrize(
    ("program", "release", "confidence"),
    [
        ("torch.autocast('npu', dtype=torch.float32)", "2.8.0", Confidence.PROVEN),
        ("torch.autocast('npu', torch.float32)", "2.8.0", Confidence.PROVEN),
        ("torch.npu.amp.autocast(dtype=torch.float32)", "2.8.0", Confidence.PROVEN),
        ("torch.autocast(x.device.type, dtype=torch.float)", "2.8.0", Confidence.LIKELY),
        ("torch.autocast('npu', dtype=torch.float32)", "", Confidence.LIKELY),
    ],
)
def test_autocast_to_a_type_that_the_device_refuses(program: str, release: str, confidence: Confidence) -> None:
    [(_, problem)] = problems(program, torch_npu=release)
    assert (problem.rule.name, problem.confidence) == ("autocast-dtype", confidence)


@pytest.mark.parametrize(
    ("program", "release"),
    [
        ("torch.autocast('npu', dtype=torch.float32)", "2.8.0.post4"),
        ("torch.autocast('npu', dtype=torch.bfloat16)", "2.8.0"),
        ("torch.autocast('npu', dtype=torch.float32, enabled=False)", "2.8.0"),
        ("torch.autocast('cpu', dtype=torch.float32)", "2.8.0"),
        ("torch.autocast('npu')", "2.8.0"),
    ],
)
def test_autocast_that_the_device_takes(program: str, release: str) -> None:
    assert problems(program, torch_npu=release) == []


def test_refusal_is_by_build_and_not_by_version() -> None:
    assert [refuses_float32(v) for v in ("2.1.0.post17", "2.9.0", "2.7.1.post2", "2.7.1.post4", "2.9.1", "2.15.0")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


def test_names_of_inner_modules_are_the_public_ones() -> None:
    assert cuda_call("torch.cuda.streams.Stream") == ("torch.cuda.Stream", CUDA_CALLS["torch.cuda.Stream"])
    assert cuda_call("torch.cuda.is_available") is None
