from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaModel

from compat import calls, results

from .tiny_models import filled


@pytest.fixture(scope="module")
def llama() -> Any:
    config = LlamaConfig(
        vocab_size=48,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
    )
    return filled(LlamaModel(config)).requires_grad_(False)


@pytest.mark.covers("results.first", "results.with_first")
def test_a_decoder_layer_gives_its_hidden_states_whatever_it_returns(llama: Any, observe: Callable[..., None]) -> None:
    hidden, places = torch.linspace(-1, 1, 2 * 5 * 32).reshape(2, 5, 32), torch.arange(5)[None]
    embeddings = llama.rotary_emb(hidden, places)
    layer = llama.layers[0]
    result = calls.call(layer, hidden, position_embeddings=embeddings, attention_mask=None, position_ids=places)
    states = results.first(result)
    assert states.shape == hidden.shape
    observe("layer", states, tolerance=1e-6)
    doubled = results.with_first(result, states * 2)
    assert type(doubled) is type(result)
    assert torch.equal(results.first(doubled), states * 2)


@pytest.mark.covers("results.with_first")
def test_a_hook_that_replaces_the_hidden_states_works_on_every_release(
    llama: Any, observe: Callable[..., None]
) -> None:
    handle = llama.layers[0].register_forward_hook(
        lambda layer, args, result: results.with_first(result, results.first(result) * 0.5)
    )
    try:
        hooked = llama(input_ids=torch.arange(10).reshape(2, 5)).last_hidden_state
    finally:
        handle.remove()
    observe("hooked", hooked, tolerance=1e-6)


@pytest.mark.covers("results.unpacked", "results.first")
def test_an_output_and_its_tuple_are_unpacked_alike(llama: Any) -> None:
    ids = torch.arange(10).reshape(2, 5)
    output = llama(input_ids=ids, use_cache=False)
    as_tuple = llama(input_ids=ids, use_cache=False, return_dict=False)
    assert "return_dict" in inspect.signature(llama.forward).parameters or isinstance(as_tuple, tuple)
    for result in (output, as_tuple, output.last_hidden_state):
        states, cache = results.unpacked(result, (("hidden", "last_hidden_state"), "past_key_values"))
        assert torch.equal(states, output.last_hidden_state)
        assert torch.equal(results.first(result), states)
        assert cache is None
