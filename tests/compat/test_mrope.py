from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import mrope

IDS = "mm_token_type_ids"


class Wanting:
    config = SimpleNamespace(image_token_id=9)

    def forward(self, input_ids: Any = None, image_grid_thw: Any = None, mm_token_type_ids: Any = None) -> None: ...


class Swallowing:
    config = SimpleNamespace(image_token_id=9)

    def forward(self, input_ids: Any = None, image_grid_thw: Any = None, **kwargs: Any) -> None: ...


CALLS = pytest.mark.parametrize("arguments", [mrope.forward_arguments, mrope.generate_arguments])
INPUTS = st.dictionaries(st.sampled_from([IDS, "attention_mask", "max_new_tokens"]), st.integers())


@CALLS
@given(INPUTS)
def test_types_are_dropped_where_no_parameter_is_for_them(
    arguments: Callable[..., Any], inputs: dict[str, int]
) -> None:
    before = dict(inputs)
    expected = {name: value for name, value in inputs.items() if name != IDS}
    made = arguments(Swallowing(), inputs)
    assert made == expected and inputs == before
    assert arguments(Swallowing(), made) == made


@CALLS
@given(INPUTS)
def test_types_that_are_given_are_kept(arguments: Callable[..., Any], inputs: dict[str, int]) -> None:
    assert arguments(Wanting(), inputs) == inputs
    shown = {**inputs, "input_ids": 1, "image_grid_thw": 2, IDS: 3}
    assert arguments(Wanting(), shown) == shown


@CALLS
def test_types_cannot_be_made_of_what_is_no_tensor(arguments: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="mm_token_type_ids takes a tensor of token ids; got list"):
        arguments(Wanting(), {"input_ids": [9, 1], "image_grid_thw": [[1, 2, 2]]})


def test_a_config_without_a_token_for_images_is_refused() -> None:
    ids = SimpleNamespace(new_zeros=None, is_floating_point=lambda: False)
    with pytest.raises(ValueError, match="SimpleNamespace has no image_token_id"):
        mrope.mm_token_type_ids(ids, SimpleNamespace())


def test_a_model_without_multimodal_positions_is_refused() -> None:
    with pytest.raises(TypeError, match="Wanting has no get_rope_index"):
        mrope.rope_index(Wanting(), None)
