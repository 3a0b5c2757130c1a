from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import experts


class Array:
    """Numbers in up to three dimensions, with the little of an array's interface that weights are read by."""

    def __init__(self, values: Any) -> None:
        self.values = values
        self.shape: tuple[int, ...] = ()
        while isinstance(values, list):
            self.shape += (len(values),)
            values = values[0]
        self.ndim = len(self.shape)

    def __getitem__(self, index: Any) -> Array:
        first, rest = index if isinstance(index, tuple) else (index, slice(None))
        return Array(self.values[first][rest])

    def transpose(self, one: int, other: int) -> Array:
        assert (one, other) == (1, 2)
        return Array([[list(column) for column in zip(*matrix, strict=True)] for matrix in self.values])


def numbered(count: int, rows: int, columns: int, start: int = 0) -> Array:
    each = rows * columns
    return Array(
        [[[start + i * each + r * columns + c for c in range(columns)] for r in range(rows)] for i in range(count)]
    )


def linear(array: Array) -> Any:
    return SimpleNamespace(weight=array, bias=None)


@given(
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([("gate_proj", "up_proj", "down_proj"), ("w1", "w3", "w2")]),
)
def test_each_layout_gives_the_same_weights(count: int, inner: int, hidden: int, names: tuple[str, ...]) -> None:
    gate_up, down = numbered(count, 2 * inner, hidden), numbered(count, hidden, inner, 1000)
    parts = [(gate_up[i, slice(inner)], gate_up[i, slice(inner, None)], down[i]) for i in range(count)]
    modules = [SimpleNamespace(**dict(zip(names, map(linear, each), strict=True))) for each in parts]
    layouts = [
        SimpleNamespace(experts=modules),
        SimpleNamespace(experts=SimpleNamespace(gate_up_proj=gate_up, down_proj=down)),
        SimpleNamespace(experts=SimpleNamespace(gate_up_proj=gate_up.transpose(1, 2), down_proj=down.transpose(1, 2))),
        SimpleNamespace(input_linear=linear(gate_up), output_linear=linear(down)),
    ]
    expected = [tuple(part.values for part in each) for each in parts]
    for block in layouts:
        assert experts.moe_block(SimpleNamespace(mlp=block)) is block
        for given_ in (block, getattr(block, "experts", block)):
            assert [tuple(part.values for part in each) for each in experts.expert_weights(given_)] == expected


FUSED = {"gate_up_proj": numbered(2, 4, 3), "down_proj": numbered(2, 3, 2)}


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (object(), "object has no experts"),
        (SimpleNamespace(**FUSED, gate_up_proj_bias=1), "has biases"),
        (SimpleNamespace(**{**FUSED, "down_proj": numbered(2, 3, 3)}), "the first is not twice as large"),
        (SimpleNamespace(**{**FUSED, "down_proj": Array([[1, 2]])}), r"down \(1, 2\), not three dimensions"),
        ([SimpleNamespace(fc1=1)], "has neither gate_proj/up_proj/down_proj nor w1/w3/w2"),
        ([SimpleNamespace(**dict.fromkeys(("w1", "w2", "w3"), SimpleNamespace(bias=1)))], "has biases"),
    ],
)
def test_a_layout_that_is_not_known_is_refused(block: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        experts.expert_weights(block)


def test_a_dense_layer_has_no_block() -> None:
    assert experts.moe_block(SimpleNamespace(mlp=SimpleNamespace(gate_proj=1))) is None
    block = SimpleNamespace(experts=[])
    assert experts.moe_block(SimpleNamespace(mlp=None, block_sparse_moe=block)) is block
