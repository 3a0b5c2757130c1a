from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import _masks, masking


class Truth:
    """A truth value with what mask functions need of a tensor."""

    device = "cpu"

    def __init__(self, value: bool) -> None:
        self.value = bool(value)

    def to(self, device: str) -> Truth:
        return self

    def __and__(self, other: Truth) -> Truth:
        return Truth(self.value and other.value)

    def __or__(self, other: Truth) -> Truth:
        return Truth(self.value or other.value)


def said(function: Any) -> Any:
    """A mask function that says it in truth values."""
    return lambda *places: Truth(function(*places))


PLACE = st.integers(min_value=0, max_value=40)
SIZE = st.integers(min_value=1, max_value=10)


@given(PLACE, PLACE, SIZE)
def test_windows_and_chunks(query: int, key: int, size: int) -> None:
    places = (0, 0, query, key)
    assert _masks.causal_mask_function(*places) == (key <= query)
    assert _masks.bidirectional_mask_function(*places)
    assert _masks.sliding_window_overlay(size)(*places) == (query - key < size)
    assert _masks.sliding_window_bidirectional_overlay(size)(*places) == (abs(query - key) <= size)
    assert _masks.chunked_overlay(size, [0])(*places) == (query // size == key // size)
    shifted = (0, 0, query + 3, key + 3)
    assert _masks.chunked_overlay(size, [3])(*shifted) == _masks.chunked_overlay(size, [0])(*places)


@given(PLACE, PLACE, SIZE)
def test_both_and_either(query: int, key: int, size: int) -> None:
    places = (0, 0, query, key)
    causal, window = said(_masks.causal_mask_function), said(_masks.sliding_window_overlay(size))
    for combined, expected in (
        (_masks.and_masks(causal, window), key <= query and query - key < size),
        (_masks.or_masks(causal, window), key <= query or query - key < size),
    ):
        assert combined(*places).value == expected
        assert (
            _masks.and_masks(combined)(*places).value == _masks.or_masks(combined, combined)(*places).value == expected
        )


@pytest.mark.parametrize(
    ("cache", "sliding", "full"),
    [
        (SimpleNamespace(), 0, 0),
        (SimpleNamespace(is_sliding=[True, True, False]), 0, 2),
        (SimpleNamespace(is_sliding=[False, True]), 1, 0),
        (SimpleNamespace(is_sliding=[False, False, True], is_linear=[True, False, False]), 2, 1),
        (SimpleNamespace(is_sliding=True), 0, 0),
    ],
)
def test_a_mask_is_for_the_first_layer_of_its_kind(cache: Any, sliding: int, full: int) -> None:
    assert _masks.layer_of(cache, sliding=True) == sliding
    assert _masks.layer_of(cache, sliding=False) == full


def test_names_that_are_not_there_are_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"masking.* has no attribute '_prepare_4d_attention_mask'"):
        masking._prepare_4d_attention_mask  # noqa: B018
