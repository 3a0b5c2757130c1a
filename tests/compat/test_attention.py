from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import attention

STATES = SimpleNamespace(shape=(1, 3, 8), device="cpu")
NAMES = ["position_embeddings", "position_ids", "past_key_values", "past_key_value", "cache_position"]


def module(names: list[str], returned: Any) -> Any:
    """A module whose forward takes some names, and remembers what it was given."""
    parameters = ", ".join(f"{name}=None" for name in ["attention_mask", *names])
    scope: dict[str, Any] = {}
    exec(f"def forward(self, hidden_states, {parameters}):\n    return self.called(locals())", scope)
    made = type("Module", (), {"forward": scope["forward"], "__call__": lambda self, *a, **k: self.forward(*a, **k)})()

    def called(given: dict[str, Any]) -> Any:
        made.given = {name: value for name, value in given.items() if name != "self" and value is not None}
        return returned

    made.called = called
    return made


@given(
    st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(["position_embeddings", "position_ids", "cache_position"]))
)
def test_a_forward_gets_what_it_names_and_nothing_else(taken: set[str], asked: set[str]) -> None:
    made = module(sorted(taken), STATES)
    cached = {"past_key_values", "past_key_value"} & taken
    past = {"past_key_values": "the cache"} if cached else {}
    # What upstream makes from the cache is given here: it is made of torch.
    asked = {*asked, "cache_position"} if cached else asked
    attention.call_layer(made, STATES, attention_mask="mask", **{name: name for name in asked}, **past)
    expected = {name: name for name in asked & taken} | {"hidden_states": STATES, "attention_mask": "mask"}
    if cached:
        expected["past_key_values" if "past_key_values" in taken else "past_key_value"] = "the cache"
    assert made.given == expected


@pytest.mark.parametrize(
    "returned", [("states",), ["states"], "states", ("states", "weights"), ("states", None, "cache")]
)
def test_a_layer_returns_states_and_attention_its_weights_too(returned: Any) -> None:
    weights = returned[1] if isinstance(returned, tuple) and len(returned) > 1 else None
    made = module([], returned)
    assert attention.call_layer(made, STATES) == "states"
    if not isinstance(returned, (tuple, list)) or len(returned) > 1:
        assert attention.call_attention(made, STATES) == ("states", weights)


def test_a_cache_for_a_forward_that_takes_none_is_no_silent_loss() -> None:
    with pytest.raises(TypeError, match=r"Module\.forward takes no cache: it has attention_mask, hidden_states"):
        attention.call_attention(module([], ()), STATES, past_key_values="the cache")


def test_a_config_that_no_model_has_seen_has_no_implementation() -> None:
    assert attention.attn_implementation(SimpleNamespace(_attn_implementation_internal=None)) is None
    old = SimpleNamespace(_attn_implementation_internal=None, _attn_implementation="eager")
    assert attention.attn_implementation(old) is None
    assert attention.attn_implementation(SimpleNamespace(_attn_implementation="sdpa")) == "sdpa"
    assert attention.attn_implementation(SimpleNamespace()) is None


def test_a_family_is_told_by_what_belongs_to_it() -> None:
    with pytest.raises(ValueError, match="is of no family of models: give a family's name, a config, a model"):
        attention.rotary_embedding(SimpleNamespace())


class Rotary:
    def forward(self, x: Any, position_ids: Any) -> Any:
        return "cos", "sin"

    __call__ = forward


def test_kinds_of_layers_are_for_embeddings_that_know_them() -> None:
    assert attention.cos_sin(Rotary(), None, None) == ("cos", "sin")
    with pytest.raises(ValueError, match="Rotary takes no layer_type in this release, and was given 'full_attention'"):
        attention.cos_sin(Rotary(), None, None, layer_type="full_attention")


def test_an_embedding_that_takes_no_config_is_made_of_its_sizes_and_does_not_scale() -> None:
    class Sized:
        def __init__(self, dim: int, max_position_embeddings: int = 1, base: float = 1.0) -> None:
            self.made = (dim, max_position_embeddings, base)

    config = SimpleNamespace(
        hidden_size=32, num_attention_heads=4, max_position_embeddings=64, rope_theta=500.0, partial_rotary_factor=0.5
    )
    assert attention.rotary_embedding(config, rotary_class=Sized).made == (4, 64, 500.0)
    config.rope_scaling = {"type": "linear"}
    with pytest.raises(ValueError, match="Sized takes no config in this release and does not scale"):
        attention.rotary_embedding(config, rotary_class=Sized)
