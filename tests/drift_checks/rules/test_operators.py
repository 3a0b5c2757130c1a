from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from drift_checks.check import check
from drift_checks.rules import Pair
from drift_checks.sources import SourceFile
from signatures.history import History
from signatures.surface import Surface

from .operator_releases import Schemas, checked, passes


class Case(NamedTuple):
    """Schemas of an operator in two releases, a call, and the findings: line from the call's, rule, outcome."""

    name: str
    before: Schemas
    after: Schemas
    program: str
    found: list[tuple[int, str, str]]


ADD = "add(Tensor x, Tensor y, *, float alpha=1.0) -> Tensor"
PAIR = "split(Tensor x) -> (Tensor, Tensor)"
TRIPLE = "split(Tensor x) -> (Tensor, Tensor, Tensor)"

CASES = [
    Case("removed", ADD, "other(Tensor x) -> Tensor", "torch_npu.add(x, y)", [(1, "op-removed", "breaks")]),
    Case(
        "removed, by the path of its namespace",
        ADD,
        "other(Tensor x) -> Tensor",
        "torch.ops.npu.add(x, y)",
        [(1, "op-removed", "breaks")],
    ),
    Case(
        "removed, where it is imported",
        ["npu_add(Tensor x) -> Tensor", ADD],
        ADD,
        "from torch_npu import npu_add",
        [(1, "op-removed", "breaks")],
    ),
    Case(
        "renamed",
        "npu_sum(Tensor x, int dim) -> Tensor",
        "sum(Tensor x, int dim) -> Tensor",
        "torch_npu.npu_sum(x, 1)",
        [(1, "op-renamed", "breaks")],
    ),
    Case(
        "its backward renamed",
        "sum_grad(Tensor grad, int dim) -> Tensor",
        "npu_sum_backward(Tensor grad, int dim) -> Tensor",
        "torch.ops.npu.sum_grad(x, 1)",
        [(1, "op-renamed", "breaks")],
    ),
    Case(
        "an overload removed",
        [ADD, "add.List(Tensor[] x) -> Tensor"],
        ADD,
        "torch.ops.npu.add.List(x)\ntorch.ops.npu.add.default(x, y)",
        [(1, "op-removed", "breaks")],
    ),
    Case(
        "a keyword renamed",
        "conv(Tensor x, *, str activation_mode='None') -> Tensor",
        "conv(Tensor x, *, str activation='None') -> Tensor",
        "torch_npu.conv(\n    x,\n    activation_mode='silu',\n)",
        [(3, "op-parameter", "breaks")],
    ),
    Case(
        "a parameter renamed in its place",
        "post(Tensor grad_output, Tensor x) -> Tensor",
        "post(Tensor grad_y, Tensor x) -> Tensor",
        "torch_npu.post(\n    grad_output=g, x=x)",
        [(2, "op-parameter", "breaks")],
    ),
    Case(
        "a keyword removed",
        ADD,
        "add(Tensor x, Tensor y) -> Tensor",
        "torch_npu.add(x, y,\n    alpha=2.0)",
        [(2, "op-parameter", "breaks")],
    ),
    Case(
        "positional before and keyword-only now",
        "cast(Tensor x, int kind=0) -> Tensor",
        "cast(Tensor x, *, int kind=0) -> Tensor",
        "torch_npu.cast(x,\n    2)",
        [(2, "op-parameter", "breaks")],
    ),
    Case(
        "required now",
        "group(Tensor x) -> Tensor",
        "group(Tensor x, Tensor index) -> Tensor",
        "y = (\n    torch_npu.group(x))",
        [(2, "op-parameter", "breaks")],
    ),
    Case(
        "given by position and by keyword",
        "scale(Tensor x, Tensor y, int axis=0) -> Tensor",
        "scale(Tensor x, int axis=0, Tensor? y=None) -> Tensor",
        "torch_npu.scale(x, y,\n    axis=1)",
        [(2, "op-parameter", "breaks")],
    ),
    Case(
        "no overload is left that fits",
        ["norm(Tensor x) -> Tensor", "norm.quant(Tensor x, *, int kind) -> Tensor"],
        ["norm(Tensor x) -> Tensor", "norm.quant(Tensor x, *, int mode) -> Tensor"],
        "torch_npu.norm(x,\n    kind=1)",
        [(2, "op-parameter", "breaks")],
    ),
    Case(
        "shifted",
        "norm(Tensor x, Tensor scales, Tensor? points=None) -> Tensor",
        "norm(Tensor x, Tensor scales, Tensor? beta=None, Tensor? points=None) -> Tensor",
        "torch_npu.norm(x, s,\n    p)",
        [(2, "positional-shift", "silent")],
    ),
    Case(
        "another default",
        "rope(Tensor x, str layout='BSH') -> Tensor",
        "rope(Tensor x, str layout='BSND') -> Tensor",
        "torch_npu.rope(x)\ntorch_npu.rope(x, 'BSH')\ntorch_npu.rope(x, layout='BSH')",
        [(1, "op-default-changed", "silent")],
    ),
    Case(
        "other defaults are one finding",
        "scatter(Tensor x, int axis=0, int quant_axis=1) -> Tensor",
        "scatter(Tensor x, int axis=-2, int quant_axis=-1) -> Tensor",
        "torch_npu.scatter(x)",
        [(1, "op-default-changed", "silent")],
    ),
    Case(
        "another default in every overload",
        ["mm(Tensor x, *, int? kind=-1) -> Tensor", "mm.List(Tensor[] x, *, int? kind=-1) -> Tensor"],
        ["mm(Tensor x, *, int? kind=None) -> Tensor", "mm.List(Tensor[] x, *, int? kind=None) -> Tensor"],
        "torch.ops.npu.mm(x)",
        [(1, "op-default-changed", "silent")],
    ),
    Case("more values", PAIR, TRIPLE, "a, b = torch_npu.split(x)", [(1, "op-return-changed", "breaks")]),
    Case("an index beyond", TRIPLE, PAIR, "torch_npu.split(x)[2]", [(1, "op-return-changed", "breaks")]),
    Case(
        "one value for several",
        PAIR,
        "split(Tensor x) -> Tensor",
        "torch_npu.split(x)[0]",
        [(1, "op-return-changed", "silent")],
    ),
    Case(
        "several values for one",
        "split(Tensor x) -> Tensor",
        PAIR,
        "torch_npu.split(x).shape",
        [(1, "op-return-changed", "breaks")],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_finds(case: Case) -> None:
    report = checked(case.before, case.after, case.program)
    assert [(f.line - 3, f.rule, f.outcome.value) for f in report.findings] == case.found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_witness(case: Case, tmp_path: Path) -> None:
    for finding in checked(case.before, case.after, case.program).findings:
        assert passes(finding.witness, case.before, tmp_path / "old"), finding.witness
        assert not passes(finding.witness, case.after, tmp_path / "new"), finding.witness


@pytest.mark.parametrize(
    ("before", "after", "program"),
    [
        (ADD, "add(Tensor x, Tensor y, *, float alpha=1.0, int kind=0) -> Tensor", "torch_npu.add(x, y, alpha=2.0)"),
        (ADD, "add(Tensor input, Tensor y, *, float alpha=1.0) -> Tensor", "torch_npu.add(x, y)"),
        (ADD, "add(Tensor x) -> Tensor", "torch_npu.add(x)"),
        (ADD, "add(Tensor x) -> Tensor", "torch_npu.add(x, y, z)"),
        (ADD, "add(Tensor x, Tensor y, *, float alpha=2.0) -> Tensor", "torch_npu.add(x, y, **options)"),
        (ADD, "add(Tensor x, Tensor y, *, float alpha=2.0) -> Tensor", "torch_npu.add(*tensors)"),
        (ADD, ADD, "torch_npu.sub(x, gamma=1)"),
        (["npu_ring_mla(Tensor x) -> Tensor", ADD], ADD, "torch_npu.npu_ring_mla(x)"),
        (ADD, [ADD, "add.out(Tensor x, *, Tensor(a!) out) -> Tensor(a!)"], "torch_npu.add(x, out=y)"),
        (
            ["mm(Tensor x, int kind=0) -> Tensor", "mm.List(Tensor[] x, int kind=0) -> Tensor"],
            ["mm(Tensor x, int kind=1) -> Tensor", "mm.List(Tensor[] x, int kind=0) -> Tensor"],
            "torch_npu.mm(x)",
        ),
        ("a(Tensor x, int[]? m=None) -> Tensor", "a(Tensor x, int[] m=[]) -> Tensor", "torch_npu.a(x)"),
        (PAIR, TRIPLE, "a, *rest = torch_npu.split(x)"),
        (PAIR, TRIPLE, "torch_npu.split(x)[0]"),
        (PAIR, TRIPLE, "a, b, c = torch_npu.split(x)"),
        (TRIPLE, TRIPLE, "a, b = torch_npu.split(x)"),
        (ADD, "add(Tensor x) -> Tensor", "try:\n    torch_npu.add(x, y)\nexcept RuntimeError:\n    pass"),
        (ADD, ADD, "torch.ops.npu.recurrent_gated_delta_rule(x, num_accepted_tokens=n)"),
    ],
)
def test_finds_nothing(before: Schemas, after: Schemas, program: str) -> None:
    assert not checked(before, after, program).findings


def test_a_keyword_that_no_release_takes() -> None:
    [finding] = checked(ADD, ADD, "torch_npu.add(x, y, alpa=2.0)").findings
    assert (finding.rule, finding.outcome.value, finding.fix) == (
        "op-parameter",
        "breaks",
        ("upstream", "`alpha=`", "unsafe"),
    )


def test_an_operator_that_neither_release_has_is_likely_to_be_of_an_unreleased_build() -> None:
    [finding] = checked(ADD, ADD, "torch_npu.npu_rope(x)\ntorch.ops.npu.npu_of_another_package(x)").findings
    assert (finding.line, finding.rule, finding.confidence.value) == (4, "op-removed", "likely")


def test_a_keyword_that_an_operator_of_another_package_never_took() -> None:
    program = "torch.ops.npu.recurrent_gated_delta_rule(\n    x,\n    num_accept_tokens=n,\n)"
    [finding] = checked(ADD, ADD, program).findings
    assert (finding.line, finding.rule) == (6, "op-parameter")
    assert finding.fix is not None
    assert finding.fix.text == "`num_accepted_tokens=`"
    assert "sgl-kernel-npu" in finding.message


def test_an_operator_of_another_package_that_the_release_has_itself_is_its_own() -> None:
    own = "recurrent_gated_delta_rule(Tensor x, *, int num_accept_tokens) -> Tensor"
    assert not checked(own, own, "torch.ops.npu.recurrent_gated_delta_rule(x, num_accept_tokens=1)").findings


def test_a_fix_keeps_what_the_old_default_did() -> None:
    before, after = (f"rope(Tensor x, str layout='{name}') -> Tensor" for name in ("BSH", "BSND"))
    [finding] = checked(before, after, "torch_npu.rope(x)").findings
    assert finding.fix == ("upstream", "pass `layout='BSH'`", "safe")


@pytest.mark.parametrize(
    ("old", "new", "call", "rule"),
    [
        ("2.6.0", "2.6.0.post3", "npu_add_rms_norm_quant(x, y, g, s1, z1, s2, z2)", "positional-shift"),
        ("2.10.0.post2", "2.10.0.post4", "npu_apply_rotary_pos_emb(q, k, c, s)", "op-default-changed"),
        ("2.9.0", "2.9.0.post2", "npu_quant_scatter(x, i, u, s)", "op-default-changed"),
        ("2.9.0", "2.9.0.post2", "npu_quant_scatter_(x, i, u, s)", "op-default-changed"),
        ("2.9.0", "2.9.0.post2", "npu_moe_init_routing_v2(x, e)", "op-default-changed"),
        ("2.9.0", "2.9.0.post2", "npu_grouped_matmul_swiglu_quant_v2(x, w, s, t, g)", "op-default-changed"),
        ("2.12.0.post2", "2.12.0.post3", "npu_grouped_matmul_swiglu_quant_v2(x, w, s, t, g)", "op-default-changed"),
        ("2.5.1", "2.5.1.post1", "npu_grouped_matmul(x, w)", "op-default-changed"),
        ("2.8.0", "2.8.0.post2", "npu_prompt_flash_attention(q, k, v)", "op-default-changed"),
        ("2.8.0", "2.8.0.post2", "npu_fusion_attention_grad(q, k, v, d, 1, 'BSH')", "op-return-changed"),
        ("2.10.0.post2", "2.10.0.post4", "npu_fused_causal_conv1d(x, w, c, activation_mode='silu')", "op-parameter"),
        ("2.8.0", "2.8.0.post2", "npu_fused_linear_online_max_sum(a, b, c, 1, 2)", "op-renamed"),
        ("2.9.0", "2.9.0.post2", "npu_format_cast(x, 2, torch.int8)", "op-parameter"),
    ],
)
def test_real_releases(old: str, new: str, call: str, rule: str) -> None:
    history = History.open("torch-npu", overlay=False)
    pair = Pair(*(Surface("torch-npu", version, history.at(version)) for version in (old, new)))
    program = f"import torch\nimport torch_npu\n\na, b, c, d = torch_npu.{call}\n"
    report = check([SourceFile("program.py", program.encode())], [pair])
    assert [finding.rule for finding in report.findings] == [rule]
