from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from compat import experts, installed_release, models

from .tiny_models import fill, stable_name

SIZES = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "moe_intermediate_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "vocab_size": 50,
    "num_experts_per_tok": 2,
}
FAMILIES: dict[str, dict[str, Any]] = {
    "mixtral": {"num_local_experts": 4},
    "phimoe": {"num_local_experts": 4, "router_jitter_noise": 0.0, "input_jitter_noise": 0.0},
    "granitemoe": {"num_local_experts": 4},
    "olmoe": {"num_experts": 4},
    "qwen2_moe": {"num_experts": 4, "shared_expert_intermediate_size": 12, "decoder_sparse_step": 1},
    "qwen3_moe": {"num_experts": 4, "head_dim": 8, "decoder_sparse_step": 1, "mlp_only_layers": [0]},
    "deepseek_v3": {
        "n_routed_experts": 4,
        "n_group": 2,
        "topk_group": 1,
        "first_k_dense_replace": 1,
        "q_lora_rank": 8,
        "kv_lora_rank": 8,
        "qk_rope_head_dim": 4,
        "qk_nope_head_dim": 4,
        "v_head_dim": 8,
    },
}


def a_model(family: str) -> Any:
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        config = AutoConfig.for_model(family, **SIZES, **FAMILIES[family])
    except ValueError:
        pytest.skip(f"{family} is not there yet")
    except Exception as error:
        # 5.4.0's own default, False, is no int, which is what it wants.
        if "'tie_word_embeddings' expected int" not in str(error):
            raise
        pytest.skip(f"5.4.0 cannot make a config of {family}")
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    for name, parameter in model.named_parameters():
        # The router's weight lies in a linear layer, or in a class of its own.
        fill(parameter, re.sub(r"\.(router\.layer|router|gate)\.", ".router.", stable_name(name)))
    import torch

    for name, buffer in model.named_buffers():
        if name.endswith("e_score_correction_bias"):
            torch.nn.init.zeros_(buffer)
    for index, layer in enumerate(models.decoder_layers(model)):
        block = experts.moe_block(layer)
        for number, expert in enumerate(experts.expert_weights(block) if block is not None else ()):
            for part, weight in zip(("gate", "up", "down"), expert, strict=True):
                fill(weight, f"{index} {number} {part}")
    return model


@pytest.mark.covers("experts.expert_weights", "experts.moe_block")
@pytest.mark.parametrize("family", FAMILIES)
def test_the_experts_of_every_release_are_the_same(family: str, observe: Callable[..., None]) -> None:
    import torch

    release = str(installed_release("transformers"))
    model = a_model(family)
    blocks = [experts.moe_block(layer) for layer in models.decoder_layers(model)]
    observe(f"which layers of {family}", [block is not None for block in blocks])
    weights = experts.expert_weights(blocks[-1])
    inner = weights[0][0].shape[0]
    assert [[tuple(part.shape) for part in each] for each in weights] == [[(inner, 16), (inner, 16), (16, inner)]] * 4
    observe(f"experts of {family}", weights)
    with torch.no_grad():
        logits = model(input_ids=torch.arange(1, 13).view(2, 6)).logits
    # 5.0.0's router of Phimoe gives weights by expert, and its experts read them by rank.
    if (family, release) != ("phimoe", "5.0.0"):
        # The model reads what was written through the views: its result is that of every release.
        observe(f"logits of {family}", logits, 1e-6)
    inside = getattr(blocks[-1], "experts", None)
    assert inside is None or all(
        (one == other).all()
        for one_expert, other_expert in zip(experts.expert_weights(inside), weights, strict=True)
        for one, other in zip(one_expert, other_expert, strict=True)
    )


@pytest.mark.covers("experts.expert_weights")
def test_an_expert_computes_with_its_weights(observe: Callable[..., None]) -> None:
    import torch
    from torch.nn.functional import linear, silu

    model = a_model("mixtral")
    block = experts.moe_block(models.decoder_layers(model)[0])
    states = torch.ones(1, 1, 16)
    with torch.no_grad():
        chances = linear(states[0], block.gate.weight).softmax(-1)[0]
        best = chances.topk(2)
        expected = torch.zeros(16)
        for chance, index in zip(best.values, best.indices.tolist(), strict=True):
            gate, up, down = experts.expert_weights(block)[index]
            expected += (
                chance / best.values.sum() * linear(silu(linear(states[0, 0], gate)) * linear(states[0, 0], up), down)
            )
        found = block(states)
    found = found[0] if isinstance(found, tuple) else found
    assert torch.allclose(found.flatten(), expected, atol=1e-6)


@pytest.mark.covers("experts.expert_weights")
def test_experts_with_biases_are_refused() -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        config = AutoConfig.for_model("gpt_oss", **SIZES, num_local_experts=4, head_dim=8)
    except ValueError:
        pytest.skip("gpt_oss is not there yet")
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    with pytest.raises(TypeError, match="has biases"):
        experts.expert_weights(experts.moe_block(models.decoder_layers(model)[0]))
