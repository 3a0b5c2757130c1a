"""Operators with torch-npu's recorded schemas in a real torch; a mock of their kernels keeps what it is given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from compat import ops

from ..compat.npu_schemas import overloads, text

OPERATORS = (
    "npu_add_rms_norm_quant",
    "npu_apply_rotary_pos_emb",
    "npu_fused_causal_conv1d",
    "npu_fused_cross_entropy_loss_with_max_sum",
    "fused_cross_entropy_loss_with_max_sum",
    "npu_grouped_matmul",
    "npu_recurrent_gated_delta_rule",
    "npu_rms_norm",
)
WHEELS = ["2.2.0", "2.6.0", "2.7.1", "2.9.1", "2.12.0", "2.13.0"]


@pytest.fixture(params=WHEELS)
def wheel(request: pytest.FixtureRequest) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """The operators of one wheel, and what their mock kernels were given: values in the order of the schema."""
    library, given = torch.library.Library("npu", "FRAGMENT"), []

    def kernel(name: str) -> Any:
        def told(*args: Any, **keywords: Any) -> None:
            given.append((name, args, keywords))
            raise InterruptedError(name)

        return told

    for name in OPERATORS:
        for overload, recorded in overloads(request.param).get(name, {}).items():
            full = name if overload == "default" else f"{name}.{overload}"
            library.define(text(full, recorded))
            library.impl(full, kernel(full), "CPU")
    try:
        yield request.param, given
    finally:
        library._destroy()


def run(operator: str, *args: Any, **keywords: Any) -> None:
    with pytest.raises(InterruptedError):
        ops.call(operator, *args, **keywords)


T = torch.ones(2)


@pytest.mark.covers("ops.call", "ops.takes", "ops.find", "ops.parameters", "ops.prepare")
def test_one_call_reaches_an_operator_of_every_wheel_that_has_it(wheel: tuple[str, list[Any]]) -> None:
    release, given = wheel
    there = overloads(release)
    run("npu_rms_norm", self=T, gamma=T, epsilon=0.5)
    assert given.pop() == ("npu_rms_norm", (T, T, 0.5), {})
    assert ops.parameters("npu_rms_norm")[1:] == ("gamma", "epsilon")
    prepared = ops.prepare("npu_rms_norm", "input gamma")
    with pytest.raises(InterruptedError):
        prepared(T, T)
    run("npu_grouped_matmul", [T], [T], bias=None, group_type=-1, group_list=None, optional="group_type")
    if "npu_recurrent_gated_delta_rule" in there:
        run("npu_recurrent_gated_delta_rule", T, T, T, T, num_accept_tokens=T)
        assert given.pop()[2] == {"num_accepted_tokens": T}
    if "npu_fused_causal_conv1d" in there:
        run("npu_fused_causal_conv1d", T, T, T, activation="silu")
        name = "activation" if ops.takes("npu_fused_causal_conv1d", "activation") else "activation_mode"
        assert given.pop()[2] == {name: "silu"}
    if "npu_add_rms_norm_quant" in there:
        run("npu_add_rms_norm_quant", T, T, T, T, T, 2 * T, order="x1 x2 gamma scales1 zero_points1 scales2")
        inserted = (None,) if ops.takes("npu_add_rms_norm_quant", "beta") else ()
        values = given.pop()[1]
        assert values[5 : 5 + len(inserted)] == inserted
        assert torch.equal(values[5 + len(inserted)], 2 * T)
    if any("cross_entropy" in name for name in OPERATORS if name in there):
        run("fused_cross_entropy_loss_with_max_sum", T, T, T)
        assert "fused_cross_entropy" in given.pop()[0]


@pytest.mark.covers("ops.call", "ops.find")
def test_what_torch_would_refuse_without_a_hint_is_refused_with_one(wheel: tuple[str, list[Any]]) -> None:
    release, _ = wheel
    with pytest.raises(ops.CallMismatch, match=r"npu::npu_rms_norm takes no `eps`: it takes .*`epsilon`"):
        ops.call("npu_rms_norm", T, T, eps=0.5)
    with pytest.raises(ops.MissingOperator, match="has no operator npu_no_such"):
        ops.find("npu_no_such")
    if "npu_apply_rotary_pos_emb" in overloads(release):
        with pytest.raises(ops.CallMismatch, match="default of `layout` is not the same"):
            ops.call("npu_apply_rotary_pos_emb", T, T, T, T)
        run("npu_apply_rotary_pos_emb", T, T, T, T, layout="BSH")
