from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from packaging.version import Version
from transformers import LlamaConfig, LlamaForCausalLM, LlamaModel, MistralConfig, Qwen2Config, __version__
from transformers.models.llama import modeling_llama

from compat import attention, caches, masking

from .tiny_models import filled, numbers

release = Version(__version__)
TOKENS = torch.tensor([[3, 7, 11, 2, 5], [4, 6, 8, 9, 12]])
PADDED = torch.tensor([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]])
SIZES: dict[str, Any] = {
    "vocab_size": 48,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "rope_theta": 5000.0,
}


@pytest.fixture(scope="module", params=["sdpa", "eager"])
def model(request: pytest.FixtureRequest) -> Iterator[Any]:
    with torch.no_grad():
        yield filled(LlamaForCausalLM(LlamaConfig(**SIZES, attn_implementation=request.param)))


def hidden(model: Any, tokens: Any, padding: Any, cache: Any) -> Any:
    """A forward of the model, layer by layer, by stable functions alone."""
    states = model.model.embed_tokens(tokens)
    positions = caches.cache_position(cache, tokens.shape[1])[None]
    mask = masking.create_causal_mask(model.config, states, padding, cache)
    rotary = attention.rotary_embedding(model.config)
    embeddings = attention.cos_sin(rotary, states, positions)
    for layer in model.model.layers:
        states = attention.call_layer(
            layer,
            states,
            attention_mask=mask,
            position_ids=positions,
            position_embeddings=embeddings,
            past_key_values=cache,
        )
    return model.model.norm(states)


@pytest.mark.covers(
    "attention.call_layer",
    "attention.rotary_embedding",
    "attention.cos_sin",
    "masking.create_causal_mask",
    "caches.cache_position",
)
@pytest.mark.parametrize("kind", ["none", "dynamic", "static"])
@pytest.mark.parametrize("padding", [None, PADDED], ids=["whole", "padded"])
def test_a_forward_by_layers_is_the_forward_of_the_model(
    model: Any, observe: Callable[..., None], kind: str, padding: Any
) -> None:
    cache = None
    if kind != "none":
        cache = caches.dynamic_cache(model.config) if kind == "dynamic" else caches.static_cache(model.config, 2, 9)
    parts = [slice(0, 5)] if cache is None else [slice(0, 3), slice(3, 5)]
    states = torch.cat(
        [hidden(model, TOKENS[:, part], None if padding is None else padding[:, : part.stop], cache) for part in parts],
        dim=1,
    )
    own = model.model(TOKENS, attention_mask=padding, position_ids=torch.arange(5)[None]).last_hidden_state
    seen = torch.ones(2, 5, dtype=torch.bool) if padding is None else padding.bool()
    assert torch.allclose(states[seen], own[seen], atol=1e-5)
    assert caches.length(cache) == (0 if cache is None else 5)
    name = f"{model.config._attn_implementation} {kind} {'whole' if padding is None else 'padded'}"
    observe(f"states {name}", states[seen], 2e-6)


@pytest.mark.covers("attention.call_attention")
def test_attention_uses_the_cache_that_it_is_given(model: Any, observe: Callable[..., None]) -> None:
    cache = caches.dynamic_cache(model.config)
    module = model.model.layers[0].self_attn
    rotary = attention.rotary_embedding(model.config)
    for tokens, first in ((3, 0), (2, 3)):
        states = numbers((2, tokens, 32), f"states {first}")
        positions = torch.arange(first, first + tokens)[None]
        output, weights = attention.call_attention(
            module,
            states,
            attention_mask=masking.create_causal_mask(model.config, states, None, cache),
            position_embeddings=attention.cos_sin(rotary, states, positions),
            position_ids=positions,
            past_key_values=cache,
        )
    assert caches.length(cache) == 5
    eager = model.config._attn_implementation == "eager"
    assert (weights is not None and weights.shape == (2, 4, 2, 5)) if eager else weights is None
    observe(f"attention {model.config._attn_implementation}", output, 1e-6)


@pytest.mark.covers("attention.call_attention")
def test_a_module_that_takes_no_cache_says_so() -> None:
    class Module(torch.nn.Module):  # type: ignore[misc]
        def forward(self, hidden_states: Any, attention_mask: Any = None) -> Any:
            return hidden_states

    states = torch.ones(1, 2, 4)
    assert attention.call_attention(Module(), states)[0] is states
    with pytest.raises(TypeError, match=r"Module.forward takes no cache: it has attention_mask, hidden_states"):
        attention.call_attention(Module(), states, past_key_values=caches.dynamic_cache())


@pytest.mark.covers("attention.rotary_embedding", "attention.cos_sin", "attention.apply_rotary")
@pytest.mark.parametrize("family", ["llama", "mistral", "qwen2"])
def test_queries_and_keys_are_rotated_alike(observe: Callable[..., None], family: str) -> None:
    config = {"llama": LlamaConfig, "mistral": MistralConfig, "qwen2": Qwen2Config}[family](**SIZES)
    q, k = numbers((2, 4, 5, 8), "queries"), numbers((2, 2, 5, 8), "keys")
    cos, sin = attention.cos_sin(attention.rotary_embedding(config, "cpu"), q, torch.arange(5).repeat(2, 1))
    rotated = attention.apply_rotary(q, k, cos, sin, family=config)
    other = attention.apply_rotary(q.transpose(1, 2), k.transpose(1, 2), cos, sin, family=family, unsqueeze_dim=2)
    for one, two in zip(rotated, other, strict=True):
        assert torch.equal(one, two.transpose(1, 2))
    observe(f"rotated {family}", rotated, 1e-6)


ROPES: dict[str, dict[str, Any]] = {
    "default": {},
    "linear": {"rope_type": "linear", "factor": 2.0},
    "dynamic": {"rope_type": "dynamic", "factor": 2.0},
    "yarn": {
        "rope_type": "yarn",
        "factor": 4.0,
        "original_max_position_embeddings": 32,
        "beta_fast": 24.0,
        "mscale": 0.7,
        "mscale_all_dim": 0.9,
    },
    "longrope": {
        "rope_type": "longrope",
        "factor": 2.0,
        "short_factor": [1.0, 1.5, 2.0, 2.5],
        "long_factor": [2.0, 3.0, 4.0, 5.0],
        "original_max_position_embeddings": 32,
    },
    "llama3": {
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32,
    },
}


@pytest.mark.covers("attention.rope_frequencies")
@pytest.mark.parametrize("kind", ROPES)
def test_frequencies_of_every_type(observe: Callable[..., None], kind: str) -> None:
    config = LlamaConfig(**SIZES, **({"rope_scaling": dict(ROPES[kind])} if ROPES[kind] else {}))
    frequencies, scaling = attention.rope_frequencies(config, "cpu")
    embedding = attention.rotary_embedding(config)
    if kind not in ("yarn", "longrope") or release >= Version("5.0"):
        assert torch.equal(frequencies, embedding.inv_freq)
        assert scaling == embedding.attention_scaling
    observe(f"frequencies {kind}", frequencies, 1e-6)
    observe(f"scaling {kind}", float(scaling))
    far, _ = attention.rope_frequencies(config, seq_len=100)
    observe(f"frequencies {kind} of a long sequence", far, 1e-6)


@pytest.mark.covers("attention.rope_frequencies")
def test_frequencies_of_kinds_of_layers(observe: Callable[..., None]) -> None:
    from transformers import GPT2Config

    config = LlamaConfig(**SIZES)
    for_all, _ = attention.rope_frequencies(config, layer_type="full_attention")
    assert torch.equal(for_all, attention.rope_frequencies(config)[0])
    if release >= Version("4.50"):
        from transformers import Gemma3TextConfig

        own = Gemma3TextConfig(hidden_size=32, num_attention_heads=4, head_dim=8)
        with pytest.raises(ValueError, match="give layer_type, full_attention or sliding_attention"):
            attention.rope_frequencies(own)
        for kind in ("full_attention", "sliding_attention"):
            observe(f"frequencies of {kind}", attention.rope_frequencies(own, layer_type=kind)[0], 1e-6)
    with pytest.raises(ValueError, match="GPT2Config has no rotary embedding"):
        attention.rope_frequencies(GPT2Config())


@pytest.mark.covers("attention.rope_frequencies")
def test_a_type_of_scaling_that_is_not_there() -> None:
    config = LlamaConfig(**SIZES)
    settings = {"rope_type": "of_a_user", "rope_theta": 5000.0}
    config.rope_parameters = settings
    with pytest.raises(ValueError, match=r"rope types of this release: default, .*yarn; of_a_user is none"):
        attention.rope_frequencies(config)


@pytest.mark.covers("attention.attention_class")
def test_the_class_of_a_familys_attention() -> None:
    assert attention.attention_class(LlamaConfig(**SIZES)).__name__ == "LlamaAttention"
    assert attention.attention_class(MistralConfig, "eager").__name__ == "MistralAttention"
    config = LlamaConfig(**SIZES, attn_implementation="sdpa")
    model = LlamaModel(config)
    assert type(model.layers[0].self_attn) is attention.attention_class(config)


@pytest.mark.covers("attention.attention_class")
def test_the_classes_of_a_family_that_still_has_one_for_each() -> None:
    from transformers import Qwen2VLConfig
    from transformers.models.qwen2_vl import modeling_qwen2_vl

    config = Qwen2VLConfig()
    table = getattr(modeling_qwen2_vl, "QWEN2_VL_ATTENTION_CLASSES", None)
    for implementation in ("eager", "sdpa"):
        found = attention.attention_class(config, implementation)
        assert found is (modeling_qwen2_vl.Qwen2VLAttention if table is None else table[implementation])
    if table is not None:
        with pytest.raises(ValueError, match=r"QWEN2_VL_ATTENTION_CLASSES has .* and not of_a_user"):
            attention.attention_class(config, "of_a_user")


@pytest.mark.covers("attention.attention_function", "attention.attn_implementation")
def test_the_function_of_an_implementation(observe: Callable[..., None]) -> None:
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    config = LlamaConfig(**SIZES)
    assert attention.attn_implementation(config) is None
    chosen = LlamaConfig(**SIZES, attn_implementation="sdpa")
    assert attention.attn_implementation(chosen) == "sdpa"
    assert attention.attention_function(chosen) is sdpa_attention_forward
    eager = attention.attention_function(config)
    assert eager is modeling_llama.eager_attention_forward
    assert attention.attention_function("llama", "eager") is eager
    with pytest.raises(ValueError, match=r"attention functions of this release: eager, .*sdpa.*; of_a_user is none"):
        attention.attention_function(config, "of_a_user")
    module = attention.attention_class(chosen)(chosen, layer_idx=0).eval()
    q, k, v = (numbers((2, heads, 5, 8), name) for name, heads in (("q", 4), ("k", 2), ("v", 2)))
    mask = masking.create_causal_mask(LlamaConfig(**SIZES, attn_implementation="eager"), q[:, 0], PADDED, None)
    for name in ("sdpa", "eager"):
        function = attention.attention_function(module, name)
        observe(f"{name} output", function(module, q, k, v, mask, scaling=8**-0.5, dropout=0.0)[0][PADDED.bool()], 1e-6)


@pytest.mark.covers("attention.flash_attention_forward")
def test_the_library_reaches_flash_attention_by_the_name_that_it_has_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from inspect import signature

    from transformers import modeling_flash_attention_utils as upstream

    from compat._adapters import REGISTRY

    own = signature(upstream._flash_attention_forward)
    called: dict[str, Any] = {}

    def recording(*args: Any, **keywords: Any) -> str:
        called.clear()
        called.update(own.bind(*args, **keywords).arguments)
        return "computed"

    monkeypatch.setattr(upstream, "_flash_attention_forward", recording)
    forward = REGISTRY["attention.flash_attention_forward"]._implementation()
    states = torch.zeros(1, 2, 2, 8)
    assert forward(states, states, states, None, query_length=2, is_causal=True) == "computed"
    if release < Version("4.53"):
        assert forward(states, states, states, None, 2, True, attn_implementation="flash_attention_2") == "computed"
        with pytest.raises(ValueError, match=r"before transformers 4\.53 there is flash_attention_2 only"):
            forward(states, states, states, None, 2, True, attn_implementation="flash_attention_3")
        return
    assert forward(states, states, states, None, 2, True, attn_implementation="flash_attention_3") == "computed"
    assert called.get("kwargs", {}) == {}
    assert called.get("attn_implementation", called.get("implementation")) == "flash_attention_3"


@pytest.mark.covers(
    "attention.is_flash_attn_greater_or_equal",
    "attention.is_flash_attn_greater_or_equal_2_10",
    "attention.flash_attn_supports_top_left_mask",
)
def test_nothing_is_said_of_a_flash_attention_that_is_not_there(observe: Callable[..., None]) -> None:
    observe("newer", bool(attention.is_flash_attn_greater_or_equal("2.0.0")))
    observe("2.1.0", bool(attention.is_flash_attn_greater_or_equal_2_10()))
    observe("top left", bool(attention.flash_attn_supports_top_left_mask()))


@pytest.mark.covers("attention.rotary_embedding", "attention.apply_rotary")
def test_what_a_family_has_not_is_said() -> None:
    from transformers import GPT2Config

    with pytest.raises(ValueError, match=r"modeling_gpt2 has no GPT2RotaryEmbedding; of its kind it has none"):
        attention.rotary_embedding(GPT2Config())
    q = torch.zeros(1, 1, 1, 4)
    with pytest.raises(ValueError, match=r"modeling_gpt2 has no apply_rotary_pos_emb"):
        attention.apply_rotary(q, q, q[0], q[0], family="gpt2")
