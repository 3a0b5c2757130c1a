from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from packaging.version import Version
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, __version__
from transformers.cache_utils import DynamicCache

from compat import caches

from .tiny_models import filled

release = Version(__version__)
TOKENS = torch.tensor([[3, 7, 11, 2, 5, 13, 17, 1], [4, 6, 8, 9, 12, 14, 15, 16]])


@pytest.fixture(scope="module")
def model() -> Iterator[Any]:
    made = LlamaConfig(
        vocab_size=48,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
    )
    with torch.no_grad():
        yield filled(LlamaForCausalLM(made))


def states(tokens: int, start: float = 1.0) -> Any:
    """Keys or values of two sequences with two heads of size eight."""
    return start + torch.arange(2.0 * 2 * tokens * 8).reshape(2, 2, tokens, 8)


def logits(model: Any, tokens: Any, cache: Any) -> Any:
    """The model's logits, with what its release wants to know about the cache."""
    more = {}
    if release < Version("5.4"):
        more["cache_position"] = caches.cache_position(cache, tokens.shape[1])
    return model(tokens, past_key_values=cache, use_cache=True, **more).logits


@pytest.mark.covers(
    "caches.dynamic_cache",
    "caches.length",
    "caches.layer_count",
    "caches.layers",
    "caches.keys",
    "caches.values",
)
def test_a_model_with_a_dynamic_cache_gives_what_it_gives_without(model: Any, observe: Callable[..., None]) -> None:
    cache = caches.dynamic_cache(model.config)
    assert (caches.length(cache), caches.length(None), caches.max_length(cache)) == (0, 0, None)
    given = torch.cat([logits(model, TOKENS[:, :5], cache), logits(model, TOKENS[:, 5:], cache)], dim=1)
    assert torch.allclose(given, model(TOKENS).logits, atol=1e-6)
    assert caches.length(cache) == caches.length(cache, 1) == 8
    held = caches.layers(cache)
    assert len(held) == caches.layer_count(cache) == 2
    assert all(torch.equal(key, caches.keys(cache, i)) for i, (key, _) in enumerate(held))
    assert all(torch.equal(value, caches.values(cache, i)) for i, (_, value) in enumerate(held))
    observe("logits", given, 1e-6)
    observe("layers", held, 1e-6)


@pytest.mark.covers("caches.static_cache", "caches.max_length", "caches.usable_length", "caches.cache_position")
def test_a_model_with_a_static_cache_gives_what_it_gives_without(model: Any, observe: Callable[..., None]) -> None:
    cache = caches.static_cache(model.config, 2, 12, "cpu", torch.float32)
    assert caches.keys(cache, 1).shape == (2, 2, 12, 8)
    assert (caches.length(cache), caches.max_length(cache), caches.usable_length(cache, 5)) == (0, 12, 0)
    first = logits(model, TOKENS[:, :5], cache)
    assert caches.cache_position(cache, 3).tolist() == [5, 6, 7]
    given = torch.cat([first, logits(model, TOKENS[:, 5:], cache)], dim=1)
    assert torch.allclose(given, model(TOKENS).logits, atol=1e-6)
    assert caches.length(cache) == 8
    observe("static keys", caches.keys(cache, 1), 1e-6)
    observe("static logits", given, 1e-6)


@pytest.mark.covers("caches.static_cache")
def test_a_static_cache_takes_its_dtype(model: Any) -> None:
    cache = caches.static_cache(model.config, max_batch_size=3, max_cache_len=4, dtype=torch.bfloat16)
    assert (caches.keys(cache, 0).dtype, caches.values(cache, 0).shape) == (torch.bfloat16, (3, 2, 4, 8))


@pytest.mark.covers("caches.update", "caches.mask_sizes", "caches.length")
def test_updates_go_after_what_is_there(model: Any, observe: Callable[..., None]) -> None:
    for name, cache in {
        "dynamic": caches.dynamic_cache(),
        "static": caches.static_cache(model.config, 2, 8),
    }.items():
        observe(f"{name} sizes at first", caches.mask_sizes(cache, 3))
        for layer in range(2):
            caches.update(cache, states(3), states(3, 2.0), layer)
        for layer in range(2):
            shown = caches.update(cache, states(2, 900.0), states(2, 901.0), layer)
        observe(f"{name} shown", shown)
        observe(f"{name} sizes", caches.mask_sizes(cache, 2, 1))
        observe(f"{name} length", caches.length(cache, 1))


@pytest.mark.covers("caches.hybrid_cache", "caches.sliding_window_cache", "caches.mask_sizes")
def test_fixed_layers_that_slide_hold_their_window() -> None:
    config = MistralConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, sliding_window=4, head_dim=8
    )
    cache = caches.sliding_window_cache(config, 2, 16)
    for layer in range(2):
        caches.update(cache, states(3), states(3), layer)
    assert caches.length(cache) == 3
    assert caches.keys(cache, 1).shape == (2, 2, 4, 8)
    if release < Version("4.53"):
        with pytest.raises(ValueError, match=r"4\.53"):
            caches.mask_sizes(cache, 1)
    else:
        assert caches.mask_sizes(cache, 1) == (4, 0)
    caches.update(cache, states(1, 900.0), states(1), 0)
    if release < Version("4.56"):
        with pytest.raises(ValueError, match=r"does not keep how many tokens it saw before transformers 4\.56"):
            caches.length(cache)
    else:
        assert caches.length(cache) == 4
    config.layer_types = ["sliding_attention", "full_attention"]
    config.cache_implementation = "hybrid"
    hybrid = caches.hybrid_cache(config, 2, 16)
    for tokens in (3, 1, 1):
        for layer in range(2):
            shown, _ = caches.update(hybrid, states(tokens, 10.0 * tokens), states(tokens), layer)
    assert shown.shape == (2, 2, 16, 8)
    assert [caches.keys(hybrid, layer).shape[-2] for layer in range(2)] == [4, 16]
    assert (caches.length(hybrid), caches.max_length(hybrid)) == (5, 16)


@pytest.mark.covers("caches.to_legacy", "caches.from_legacy", "caches.encoder_decoder_cache")
def test_legacy_tuples_there_and_back(observe: Callable[..., None]) -> None:
    legacy = tuple((states(3, layer), states(3, 50.0 + layer)) for layer in range(2))
    cache = caches.from_legacy(legacy)
    assert isinstance(cache, DynamicCache)
    observe("legacy", caches.to_legacy(cache))
    assert caches.length(legacy) == caches.length(cache) == 3
    assert caches.to_legacy(caches.dynamic_cache()) == caches.to_legacy(None) == ()
    crossed = tuple((*pair, states(5, 70.0), states(5, 80.0)) for pair in legacy)
    both = caches.from_legacy(crossed)
    observe("legacy crossed", caches.to_legacy(both))
    assert (caches.length(both), caches.layer_count(both)) == (3, 2)
    if release < Version("5.0"):
        assert all(torch.equal(a, b) for a, b in zip(both.to_legacy_cache()[1], crossed[1], strict=True))


@pytest.mark.covers("caches.crop")
@pytest.mark.parametrize(("asked", "kept"), [(2, 2), (-1, 4), (0, 0), (5, 5), (9, 5), (-9, 0)])
def test_a_cropped_cache_keeps_its_first_tokens(asked: int, kept: int) -> None:
    legacy = tuple((states(5, layer), states(5)) for layer in range(2))
    cache = caches.from_legacy(legacy)
    assert caches.crop(cache, asked) is cache
    assert caches.length(cache) == caches.length(caches.crop(legacy, asked)) == kept
    if kept:
        assert torch.equal(caches.keys(cache, 1), legacy[1][0][..., :kept, :])


@pytest.mark.covers("caches.crop")
def test_a_fixed_cache_cannot_be_cropped(model: Any) -> None:
    with pytest.raises(ValueError, match="StaticCache cannot be cropped"):
        caches.crop(caches.static_cache(model.config, 2, 8), 1)


@pytest.mark.covers("caches.crop")
def test_generation_goes_on_from_a_cropped_cache(model: Any, observe: Callable[..., None]) -> None:
    cache = caches.dynamic_cache(model.config)
    logits(model, TOKENS, cache)
    caches.crop(cache, 5)
    given = logits(model, TOKENS[:, 5:], cache)
    assert torch.allclose(given, model(TOKENS).logits[:, 5:], atol=1e-6)
    observe("logits after a crop", given, 1e-6)


@pytest.mark.covers("caches.set_layer")
def test_a_layer_is_replaced_or_made(model: Any, observe: Callable[..., None]) -> None:
    cache = caches.dynamic_cache()
    for layer in range(2):
        caches.set_layer(cache, layer, states(3, layer), states(3))
    caches.set_layer(cache, 0, states(2, 7.0), states(2, 8.0))
    observe("layers set", caches.layers(cache))
    assert caches.length(cache) == 2
    caches.update(cache, states(1), states(1), 0)
    assert caches.length(cache) == 3
    with pytest.raises(IndexError, match="makes the next layer, which is 2"):
        caches.set_layer(cache, 4, states(2), states(2))
    fixed = caches.static_cache(model.config, 2, 8)
    assert caches.set_layer(fixed, 1, states(8), states(8)) is fixed
    with pytest.raises(ValueError, match="of fixed size or slides: it holds 8 tokens, and 3 were given"):
        caches.set_layer(fixed, 1, states(3), states(3))


@pytest.mark.covers("caches.reorder", "caches.select_batch", "caches.repeat_batch")
def test_sequences_are_reordered_chosen_and_repeated(observe: Callable[..., None]) -> None:
    changes = {
        "reorder": (caches.reorder, torch.tensor([1, 0])),
        "select": (caches.select_batch, torch.tensor([1])),
        "repeat": (caches.repeat_batch, 2),
    }
    for name, (change, by) in changes.items():
        legacy = tuple((states(3, layer), states(3, 50.0 + layer)) for layer in range(2))
        cache = caches.from_legacy(legacy)
        assert change(cache, by) is cache
        of_tuple = change(legacy, by)
        assert all(torch.equal(a[0], b[0]) for a, b in zip(caches.layers(cache), of_tuple, strict=True))
        observe(name, caches.layers(cache))


@pytest.mark.covers("caches.dynamic_cache")
def test_layers_that_slide_give_what_a_model_without_a_cache_gives(observe: Callable[..., None]) -> None:
    from transformers import MistralForCausalLM

    config = MistralConfig(
        vocab_size=48,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        sliding_window=3,
        head_dim=8,
        attn_implementation="eager",
    )
    model = filled(MistralForCausalLM(config))
    cache = caches.dynamic_cache(config)
    with torch.no_grad():
        given = torch.cat([logits(model, part, cache) for part in TOKENS.split([5, 1, 1, 1], dim=1)], dim=1)
        assert torch.allclose(given, model(TOKENS).logits, atol=1e-6)
    assert caches.length(cache) == 8
    observe("logits of sliding layers", given, 1e-6)
