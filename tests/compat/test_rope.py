from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import rope
from compat._adapters import REGISTRY

LAYERS = ("full_attention", "sliding_attention")
WRITERS = [adapter.make for adapter in REGISTRY["rope.set_rope_parameters"].adapters]
NEWEST = next(made for made in WRITERS if made and made.__name__ == "_since_5_0")
OLDEST = next(made for made in WRITERS if made and made.__name__ == "_before_5_0")

thetas = st.floats(min_value=1.0, max_value=1e7)
plain = st.fixed_dictionaries({"rope_type": st.just("default"), "rope_theta": thetas})
scaled = st.fixed_dictionaries(
    {"rope_type": st.sampled_from(["linear", "dynamic", "yarn", "llama3"]), "rope_theta": thetas},
    optional={
        "factor": st.floats(min_value=1.0, max_value=64.0),
        "original_max_position_embeddings": st.integers(1, 4096),
        "partial_rotary_factor": st.sampled_from([0.25, 0.5]),
    },
)


def config(**attributes: Any) -> Any:
    return SimpleNamespace(max_position_embeddings=4096, **attributes)


@given(plain | scaled)
def test_what_is_written_in_either_spelling_is_read_back(parameters: dict[str, Any]) -> None:
    for writer in (NEWEST, OLDEST):
        made = config(rope_theta=1.0, rope_scaling=None)
        writer()(made, parameters)
        read = rope.rope_parameters(made)
        assert read is not None
        assert {key: read[key] for key in parameters} == parameters
        writer()(made, read)
        assert rope.rope_parameters(made) == read
        assert rope.rope_parameters(config(rope_parameters=read)) == read


@given(plain, plain)
def test_layers_that_differ_are_read_back(full: dict[str, Any], sliding: dict[str, Any]) -> None:
    both = {"full_attention": full, "sliding_attention": sliding}
    gemma = config(rope_theta=1.0, rope_scaling=None, rope_local_base_freq=1.0)
    modernbert = config(global_rope_theta=1.0, local_rope_theta=None)
    for made, writer in ((config(rope_parameters=both), NEWEST), (gemma, OLDEST), (modernbert, OLDEST)):
        writer()(made, both)
        assert rope.rope_parameters(made) == both
        assert rope.rope_parameters(made, "sliding_attention") == sliding
        assert rope.rope_theta(made, "full_attention") == full["rope_theta"]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, None),
        ({"rope_theta": None, "rope_scaling": None}, None),
        ({"rope_theta": 7}, {"rope_type": "default", "rope_theta": 7.0}),
        ({"rope_theta": 7, "partial_rotary_factor": 1.0}, {"rope_type": "default", "rope_theta": 7.0}),
        (
            {"rope_theta": 7, "partial_rotary_factor": 0.5},
            {"rope_type": "default", "rope_theta": 7.0, "partial_rotary_factor": 0.5},
        ),
        (
            {"rope_theta": 7, "rope_scaling": {"type": "mrope", "mrope_section": (1, 2)}},
            {"rope_type": "default", "rope_theta": 7.0, "mrope_section": [1, 2]},
        ),
        (
            {"rope_theta": 7, "rope_scaling": {"type": "su"}, "original_max_position_embeddings": 9},
            {"rope_type": "longrope", "rope_theta": 7.0, "original_max_position_embeddings": 9},
        ),
        ({"rope_scaling": {"factor": 2.0}}, {"rope_type": "default", "rope_theta": 10_000.0, "factor": 2.0}),
        (
            {"rope_theta": 7, "rope_parameters": {"rope_type": "linear", "factor": 2.0, "type": "linear", "x": None}},
            {"rope_type": "linear", "rope_theta": 7.0, "factor": 2.0},
        ),
        (
            {"rope_parameters": {"full_attention": {"rope_theta": 3}, "x_attention": None, "rope_theta": None}},
            {"full_attention": {"rope_type": "default", "rope_theta": 3.0}, "x_attention": None},
        ),
    ],
)
def test_every_spelling_has_one_form(attributes: dict[str, Any], expected: dict[str, Any] | None) -> None:
    assert rope.rope_parameters(config(**attributes)) == expected


def test_what_is_read_is_a_copy() -> None:
    stated = {"rope_type": "default", "rope_theta": 1.0, "mrope_section": [1]}
    read = rope.rope_parameters(config(rope_parameters=stated))
    assert read is not None
    read["mrope_section"].append(2)
    assert stated["mrope_section"] == [1]


def test_the_text_part_of_a_composite_config_is_read_and_set() -> None:
    text = config(rope_theta=3.0, rope_scaling=None)
    whole = SimpleNamespace(llm_config=text)
    OLDEST()(whole, {"rope_type": "linear", "factor": 2.0})
    assert text.rope_scaling == {"rope_type": "linear", "type": "linear", "factor": 2.0}
    assert rope.rope_theta(whole) == 3.0 and rope.rope_scaling(whole) == {"rope_type": "linear", "factor": 2.0}


@pytest.mark.parametrize(
    ("attributes", "parameters", "layer_type", "said"),
    [
        ({}, {"rope_theta": 1.0}, None, "has no rotary embedding"),
        ({"rope_theta": 1.0}, {"full_attention": {}}, None, "rotates all layers alike"),
        ({"rope_theta": 1.0}, {"rope_theta": 2.0}, "full_attention", "it has them for all layers alike"),
        ({"global_rope_theta": 1.0}, {"rope_theta": 2.0}, None, "has rope parameters for full_attention, sliding"),
        ({"global_rope_theta": 1.0}, {"full_attention": {}}, None, "give a dict for each, or name a layer_type"),
        ({"global_rope_theta": 1.0}, {"factor": 2.0, "rope_type": "linear"}, "full_attention", "before transformers 5"),
    ],
)
def test_what_cannot_be_set_is_said(attributes: Any, parameters: Any, layer_type: str | None, said: str) -> None:
    made = config(**attributes)
    before = dict(vars(made))
    with pytest.raises(ValueError, match=said):
        OLDEST()(made, parameters, layer_type)
    assert vars(made) == before


def test_a_part_of_the_head_can_become_all_of_it() -> None:
    made = config(rope_theta=1.0, rope_scaling=None, partial_rotary_factor=0.5)
    OLDEST()(made, {"rope_theta": 2.0})
    assert made.partial_rotary_factor == 0.5
    OLDEST()(made, {"partial_rotary_factor": 1.0})
    assert made.partial_rotary_factor == 1.0 and rope.rope_parameters(made) == {"rope_type": "default", "rope_theta": 2}
