from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from packaging.version import Version

from compat import configs, rope

from .tiny_models import filled

SIZES = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 1,
    "num_key_value_heads": 1,
    "max_position_embeddings": 16,
}
SHORT, LONG = [1.0, 1.5, 2.0, 2.0] * 4, [1.0, 3.0, 4.0, 4.0] * 4
SCALED: dict[str, dict[str, Any]] = {
    "default": {"rope_type": "default", "rope_theta": 5000.0},
    "linear": {"rope_type": "linear", "factor": 2.0, "rope_theta": 5000.0},
    "dynamic": {"type": "dynamic", "factor": 2.0},
    "yarn": {"rope_type": "yarn", "factor": 4.0},
    "yarn, its attention factor": {"rope_type": "yarn", "factor": 4.0, "beta_fast": 16.0, "attention_factor": 1.3},
    "yarn, mscale": {"rope_type": "yarn", "factor": 4.0, "mscale": 0.7, "mscale_all_dim": 1.0},
    "yarn, pretrained shorter": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4},
    "llama3": {
        "rope_type": "llama3",
        "factor": 4.0,
        "original_max_position_embeddings": 8,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
    },
    "longrope": {"rope_type": "longrope", "factor": 4.0, "short_factor": SHORT, "long_factor": LONG},
}


def release() -> Version:
    import transformers

    return Version(transformers.__version__)


def logits(model_class: Any, config: Any, tokens: int = 24) -> Any:
    import torch

    with torch.no_grad():
        return filled(model_class(config))(torch.arange(tokens)[None] % 64).logits


@pytest.mark.covers("rope.set_rope_parameters", "rope.rope_parameters", "rope.rope_scaling", "rope.rope_theta")
@pytest.mark.parametrize("kind", SCALED)
def test_what_is_set_is_what_the_model_rotates_by(kind: str, observe: Callable[..., None]) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(**SIZES)
    if kind == "yarn, pretrained shorter" and release() < Version("4.51"):
        with pytest.raises(ValueError, match=r"before transformers 4\.51 yarn takes max_position_embeddings"):
            rope.set_rope_parameters(config, SCALED[kind])
        return
    rope.set_rope_parameters(config, SCALED[kind])
    read = rope.rope_parameters(config)
    assert read is not None
    observe(f"{kind} parameters", read)
    observe(f"{kind} scaling", rope.rope_scaling(config))
    assert rope.rope_theta(config) == SCALED[kind].get("rope_theta", 10_000.0)
    # Beyond the pretrained length Llama does not switch to the long factors before 4.51.
    observe(f"{kind} logits", logits(LlamaForCausalLM, config, 16 if kind == "longrope" else 24), tolerance=1e-6)
    rope.set_rope_parameters(config, read)
    assert rope.rope_parameters(config) == read
    saved = LlamaConfig.from_dict(config.to_dict())
    assert rope.rope_parameters(saved) == read


@pytest.mark.covers("rope.set_rope_parameters")
def test_yarn_that_a_release_would_scale_otherwise_is_refused() -> None:
    from transformers import LlamaConfig

    config = LlamaConfig(**SIZES)
    asked = {"rope_type": "yarn", "factor": 3.0, "original_max_position_embeddings": 4}
    if release() >= Version("4.56"):
        rope.set_rope_parameters(config, asked)
    else:
        with pytest.raises(ValueError, match="max_position_embeddings"):
            rope.set_rope_parameters(config, asked)
        assert rope.rope_scaling(config) is None


@pytest.mark.covers("configs.make_config", "rope.rope_parameters")
def test_models_made_with_rope_parameters_are_alike(observe: Callable[..., None]) -> None:
    from transformers import PhiConfig, PhiForCausalLM, Qwen2Config, Qwen2ForCausalLM

    linear = {"rope_type": "linear", "factor": 2.0, "rope_theta": 5000.0}
    config = configs.make_config(Qwen2Config, **SIZES, rope_parameters=linear)
    assert linear == {"rope_type": "linear", "factor": 2.0, "rope_theta": 5000.0}
    assert rope.rope_parameters(config) == linear
    observe("Qwen2", logits(Qwen2ForCausalLM, config), tolerance=1e-6)
    old = configs.make_config(Qwen2Config, **SIZES, rope_theta=5000.0, rope_scaling={"type": "linear", "factor": 2.0})
    assert rope.rope_parameters(old) == linear
    partial = {**linear, "partial_rotary_factor": 0.25}
    config = configs.make_config(PhiConfig, **SIZES, pad_token_id=0, rope_parameters=partial)
    assert rope.rope_parameters(config) == partial
    observe("Phi", logits(PhiForCausalLM, config), tolerance=1e-6)


@pytest.mark.covers("rope.rope_parameters", "rope.rope_scaling", "rope.rope_theta")
def test_configs_as_upstream_makes_them_read_alike(observe: Callable[..., None]) -> None:
    from transformers import BertConfig, GPTNeoXConfig, LlamaConfig, ModernBertConfig, Phi3Config, Qwen2VLConfig

    reading: list[Callable[..., Any]] = [rope.rope_parameters, rope.rope_theta, rope.rope_scaling]
    assert [read(BertConfig()) for read in reading] == [None, None, None]
    with pytest.raises(ValueError, match="has no rotary embedding"):
        rope.set_rope_parameters(BertConfig(), {"rope_theta": 1.0})
    assert rope.rope_scaling(LlamaConfig()) is None
    observe("llama", rope.rope_parameters(LlamaConfig(rope_theta=7.0)))
    observe("neox", rope.rope_parameters(GPTNeoXConfig(rotary_pct=0.5, rotary_emb_base=777)))
    mrope = {"type": "mrope", "mrope_section": [1, 1, 2]}
    observe("qwen2 vl", rope.rope_parameters(Qwen2VLConfig(rope_scaling=dict(mrope), **SIZES)))
    observe("modernbert", rope.rope_parameters(ModernBertConfig()))
    phi3 = Phi3Config(**SIZES, pad_token_id=0, original_max_position_embeddings=8)
    rope.set_rope_parameters(phi3, {"rope_type": "longrope", "short_factor": SHORT, "long_factor": LONG})
    observe("phi3", rope.rope_parameters(phi3))
    assert phi3.original_max_position_embeddings == 8
    neox = GPTNeoXConfig()
    rope.set_rope_parameters(neox, {"rope_theta": 50.0, "partial_rotary_factor": 0.5})
    if release() < Version("5"):  # From there on upstream makes 0.25 of it when it is loaded.
        assert rope.rope_parameters(GPTNeoXConfig.from_dict(neox.to_dict())) == rope.rope_parameters(neox)
    observe("neox set", rope.rope_parameters(neox))


@pytest.mark.covers("rope.set_rope_parameters", "rope.rope_theta")
def test_layers_that_differ_are_read_and_set_alike(observe: Callable[..., None]) -> None:
    import transformers
    from transformers import ModernBertConfig

    made = [ModernBertConfig()]
    if release() >= Version("4.53"):
        made.append(transformers.Gemma3TextConfig(**SIZES, head_dim=32))
    for config in made:
        name = type(config).__name__
        observe(f"{name} default", rope.rope_parameters(config))
        rope.set_rope_parameters(config, {"rope_theta": 5.0}, "sliding_attention")
        rope.set_rope_parameters(config, {"rope_theta": 6.0}, layer_type="full_attention")
        assert [rope.rope_theta(config, kind) for kind in ("sliding_attention", "full_attention")] == [5.0, 6.0]
        assert rope.rope_scaling(config, "sliding_attention") is None
        both = rope.rope_parameters(config)
        assert both is not None
        rope.set_rope_parameters(config, both)
        assert rope.rope_parameters(config) == both
        observe(f"{name} set", both)
        for wrong in (
            lambda config=config: rope.rope_theta(config),
            lambda config=config: rope.rope_parameters(config, "no_such_layers"),
            lambda config=config: rope.set_rope_parameters(config, {"rope_theta": 1.0}),
        ):
            with pytest.raises(ValueError, match="full_attention, sliding_attention"):
                wrong()
    if len(made) == 2:
        model = filled(transformers.Gemma3ForCausalLM(made[1]))
        observe("gemma3", logits_of(model), tolerance=1e-6)


def logits_of(model: Any) -> Any:
    import torch

    with torch.no_grad():
        return model(torch.arange(12)[None]).logits
