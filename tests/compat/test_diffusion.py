from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat.diffusion import classifier_free_guidance, first_given, guidance_scale


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (SimpleNamespace(true_cfg_scale=None, guidance_scale=4.0), 4.0),
        (SimpleNamespace(true_cfg_scale=0.0, guidance_scale=4.0), 0.0),
        (SimpleNamespace(true_cfg_scale=2.5, guidance_scale=None), 2.5),
        (SimpleNamespace(guidance_scale=1.0), 1.0),
        ({"true_cfg_scale": None, "guidance_scale": 3.0}, 3.0),
    ],
)
def test_the_scale_that_was_given_counts_even_when_it_is_zero(request_: Any, expected: float) -> None:
    assert guidance_scale(request_) == expected


def test_other_names_may_go_first() -> None:
    request = SimpleNamespace(true_cfg_scale=1.0, guidance_scale=2.0, guidance_scale_2=None)
    assert guidance_scale(request, "guidance_scale_2", "guidance_scale") == 2.0


def test_no_scale_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="SimpleNamespace has none of true_cfg_scale, guidance_scale"):
        guidance_scale(SimpleNamespace(true_cfg_scale=None))
    with pytest.raises(ValueError, match="none of the 2 values"):
        first_given(None, None)


@given(st.lists(st.none() | st.integers()))
def test_the_first_that_is_given_is_taken(values: list[int | None]) -> None:
    rest = [value for value in values if value is not None]
    assert first_given(*values, "last") == [*rest, "last"][0]


def test_without_a_negative_prediction_there_is_no_guidance() -> None:
    assert classifier_free_guidance("positive", None, None) == "positive"
    with pytest.raises(ValueError, match="scale is None"):
        classifier_free_guidance("positive", "negative", None)
