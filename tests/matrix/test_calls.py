from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from compat import calls

from .tiny_models import filled

IDS = torch.arange(10).reshape(2, 5)
SPELLINGS = {"num_logits_to_keep": "logits_to_keep"}


@pytest.fixture(scope="module")
def llama() -> Iterator[Any]:
    config = LlamaConfig(
        vocab_size=48,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
    )
    with torch.no_grad():
        yield filled(LlamaForCausalLM(config))


@pytest.mark.covers("calls.call", "calls.takes")
def test_a_model_gets_what_its_release_takes_under_the_name_it_has(llama: Any, observe: Callable[..., None]) -> None:
    places = torch.arange(5)
    wanted = llama(input_ids=IDS).logits[:, -1:]
    for name in ("num_logits_to_keep", "logits_to_keep"):
        arguments = {"input_ids": IDS, "cache_position": places, name: 1}
        logits = calls.call(llama, renames=SPELLINGS, optional="cache_position", **arguments).logits
        assert logits.shape == wanted.shape
        assert torch.allclose(logits, wanted, atol=1e-6)
    observe("last logits", wanted, tolerance=1e-6)
    for name in ("input_ids", "cache_position", "logits_to_keep"):
        assert calls.takes(llama, name) is (name in inspect.signature(llama.forward).parameters)


@pytest.mark.covers("calls.call")
def test_what_a_model_would_swallow_is_refused(llama: Any) -> None:
    with pytest.raises(
        calls.CallMismatch, match=r"LlamaForCausalLM\.forward of transformers .*`pixel_values`.*`input_ids`"
    ):
        calls.call(llama, input_ids=IDS, pixel_values=IDS)


@pytest.mark.covers("calls.call", "calls.prepare")
def test_what_a_decorator_or_a_typed_dict_takes_arrives(llama: Any, observe: Callable[..., None]) -> None:
    states = calls.call(llama, input_ids=IDS, output_hidden_states=True).hidden_states
    prepared = calls.prepare(llama, "input_ids output_hidden_states use_cache")
    assert torch.equal(prepared(IDS, True, False).hidden_states[-1], states[-1])
    assert len(states) == 3
    observe("hidden states", states, tolerance=1e-6)


ORDER = "config input_embeds attention_mask cache_position past_key_values"
OPTIONS: dict[str, Any] = {"renames": {"input_embeds": "inputs_embeds"}, "optional": "cache_position"}


@pytest.mark.covers("calls.by_keyword", "calls.prepare")
def test_a_mask_call_by_position_means_the_same_on_every_release_that_has_it(
    llama: Any, observe: Callable[..., None]
) -> None:
    masking_utils = pytest.importorskip("transformers.masking_utils")
    create = masking_utils.create_causal_mask
    embeds, padding = torch.zeros(2, 5, 32), torch.tensor([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]])
    config = LlamaConfig(vocab_size=48, hidden_size=32, num_attention_heads=4)
    config._attn_implementation = "eager"
    given = (config, embeds, padding, torch.arange(5), None)
    mask = calls.by_keyword(create, ORDER, *given, **OPTIONS)
    assert torch.equal(calls.prepare(create, ORDER, **OPTIONS)(*given), mask)
    observe("mask", mask)


@pytest.mark.covers("calls.takes")
def test_a_model_is_seen_through_what_it_is_wrapped_in(llama: Any) -> None:
    wrapped = torch.nn.DataParallel(llama)
    assert calls.takes(wrapped, "input_ids")
    assert not calls.takes(wrapped, "pixel_values")


@pytest.mark.covers("calls.call", "calls.prepare")
def test_an_old_name_is_given_as_the_new_one_without_a_warning(llama: Any) -> None:
    renamed = next((name for name in SPELLINGS if calls.takes(llama, name)), None)
    if renamed is None:
        pytest.skip("the old name is taken up to 4.51.3")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        given: dict[str, Any] = {renamed: 1}
        assert calls.call(llama, input_ids=IDS, **given).logits.shape[1] == 1
        assert calls.prepare(llama, f"input_ids {renamed}")(IDS, 1).logits.shape[1] == 1
