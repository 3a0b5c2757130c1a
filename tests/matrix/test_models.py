from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from compat import UnsupportedRelease, installed_release, models

from . import tiny_models
from .tiny_models import numbers

TOLERANCE = 1e-6


def since(release: str) -> bool:
    from packaging.version import Version

    installed = installed_release("transformers")
    return installed is not None and installed >= Version(release)


@pytest.fixture(scope="module")
def llama() -> Any:
    return a_llama()


def a_llama(**config: Any) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    return tiny_models.filled(LlamaForCausalLM(LlamaConfig(**sizes, vocab_size=100, **config)))


@pytest.mark.covers("models.vision_tower", "models.language_model", "models.decoder_layers", "models.lm_head")
@pytest.mark.parametrize("name", ["llava", "llava_onevision", "qwen2_vl", "qwen2_5_vl", "paligemma"])
def test_the_parts_of_a_model_are_found_wherever_they_are(name: str, observe: Callable[..., None]) -> None:
    model = tiny_models.shared(name)
    tower, text, layers = models.vision_tower(model), models.language_model(model), models.decoder_layers(model)
    observe(
        f"parts of {name}",
        [
            type(tower).__name__,
            [type(layer).__name__ for layer in layers],
            sum(parameter.numel() for parameter in tower.parameters()),
            sum(parameter.numel() for parameter in text.parameters()),
            tuple(models.lm_head(model).weight.shape),
        ],
    )
    assert text.embed_tokens is model.get_input_embeddings()
    assert models.language_model(text) is text


@pytest.mark.covers("models.language_model", "models.decoder_layers", "models.lm_head", "models.vision_tower")
def test_a_model_without_the_part_says_so(llama: Any) -> None:
    assert models.decoder_layers(llama) is llama.model.layers
    assert models.lm_head(llama) is llama.lm_head
    with pytest.raises(TypeError, match="LlamaForCausalLM has no vision tower"):
        models.vision_tower(llama)
    with pytest.raises(TypeError, match="LlamaModel has no output embeddings"):
        models.lm_head(llama.model)
    with pytest.raises(TypeError, match="CLIPModel has no decoder layers"):
        models.language_model(tiny_models.shared("clip"))


@pytest.mark.covers("models.hidden_states", "models.with_hidden_states")
def test_hooks_read_and_change_hidden_states(llama: Any, observe: Callable[..., None]) -> None:
    import torch

    seen = []

    def doubled(_module: Any, _inputs: Any, output: Any) -> Any:
        seen.append(models.hidden_states(output))
        return models.with_hidden_states(output, seen[-1] * 2)

    hooks = [layer.register_forward_hook(doubled) for layer in models.decoder_layers(llama)]
    ids = torch.tensor([[1, 2, 3, 4], [5, 6, 7, 8]])
    with torch.no_grad():
        logits = llama(input_ids=ids).logits
    for hook in hooks:
        hook.remove()
    assert [tuple(states.shape) for states in seen] == [(2, 4, 32)] * 2
    observe("hidden states", torch.stack(seen), TOLERANCE)
    observe("logits by doubled states", logits, TOLERANCE)


@pytest.mark.covers("models.tied_weights", "models.tie_weights")
@pytest.mark.parametrize("tied", [True, False])
def test_tied_weights_are_one_dict(tied: bool) -> None:
    import torch

    pairs = {"lm_head.weight": "model.embed_tokens.weight"} if tied else {}
    model = a_llama(tie_word_embeddings=tied)
    assert models.tied_weights(model) == pairs
    model.set_output_embeddings(torch.nn.Linear(32, 100, bias=False))
    assert models.tied_weights(model) == {}
    missing = {"lm_head.weight", "model.layers.0.mlp.up_proj.weight"}
    models.tie_weights(model, missing_keys=missing)
    assert models.tied_weights(model) == pairs
    assert missing == {"model.layers.0.mlp.up_proj.weight", *([] if tied else ["lm_head.weight"])}
    models.tie_weights(model)
    assert models.tied_weights(model) == pairs


@pytest.mark.covers("models.tied_weights")
def test_an_encoder_and_a_decoder_share_their_embeddings() -> None:
    from transformers import BertConfig, BertForMaskedLM, T5Config, T5ForConditionalGeneration

    model = T5ForConditionalGeneration(T5Config(d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, vocab_size=40))
    shared = ("decoder.embed_tokens.weight", "encoder.embed_tokens.weight", "lm_head.weight")
    assert models.tied_weights(model) == dict.fromkeys(shared, "shared.weight")
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    assert models.tied_weights(BertForMaskedLM(BertConfig(**sizes, vocab_size=40))) == {
        "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight",
        "cls.predictions.decoder.bias": "cls.predictions.bias",
    }


@pytest.mark.covers("models.tied_weights_keys")
def test_an_own_class_declares_what_is_tied() -> None:
    from transformers import LlamaForCausalLM

    class Own(LlamaForCausalLM):  # type: ignore[misc]
        _tied_weights_keys = models.tied_weights_keys({"lm_head.weight": "model.embed_tokens.weight"})

    assert type(Own._tied_weights_keys) is type(LlamaForCausalLM._tied_weights_keys)
    config = a_llama(tie_word_embeddings=True).config
    assert models.tied_weights(Own(config)) == {"lm_head.weight": "model.embed_tokens.weight"}


@pytest.mark.covers("models.supports_attention", "models.declares_attention")
def test_attention_is_declared_for_every_release(llama: Any, observe: Callable[..., None]) -> None:
    from transformers import LlamaForCausalLM, PreTrainedModel

    implementations = ("eager", "sdpa", "flash_attention_2", "flex_attention")
    observe("Llama's attention", [models.supports_attention(llama, each) for each in implementations])
    assert not models.supports_attention(PreTrainedModel, "flash_attention_2")

    @models.declares_attention("flash_attention_2")
    class Own(PreTrainedModel):  # type: ignore[misc]
        pass

    assert [models.supports_attention(Own, each) for each in implementations] == [True, False, True, False]
    flag = "_supports_flash_attn" if since("4.54") else "_supports_flash_attn_2"
    assert getattr(Own, flag) and getattr(LlamaForCausalLM, flag)


@pytest.mark.covers(
    "models.AutoModelForImageTextToText",
    "models.FlashAttentionKwargs",
    "models.GELUTanh",
    "models.LogitsWarper",
    "models.TransformersKwargs",
)
def test_names_that_moved_are_found(observe: Callable[..., None]) -> None:
    model = models.AutoModelForImageTextToText.from_config(tiny_models.shared("llava").config)
    assert type(model).__name__ == "LlavaForConditionalGeneration"
    observe("GELUTanh", models.GELUTanh()(numbers((7,), "gelu")))
    assert {"max_length_q", "max_length_k"} <= {*models.FlashAttentionKwargs.__annotations__, *keys_of(models)}
    assert "num_items_in_batch" in keys_of(models)
    from transformers import LogitsProcessorList

    class Own(models.LogitsWarper):  # type: ignore[misc]
        def __call__(self, input_ids: Any, scores: Any) -> Any:
            return scores * 2

    scores = numbers((1, 5), "scores")
    assert (LogitsProcessorList([Own()])(None, scores) == scores * 2).all()


def keys_of(module: Any) -> set[str]:
    return set(module.TransformersKwargs.__annotations__)


@pytest.mark.covers("models.capture_outputs", "models.OutputRecorder")
def test_a_forward_captures_its_outputs(observe: Callable[..., None]) -> None:
    import torch

    if not since("4.54"):
        with pytest.raises(UnsupportedRelease, match=r"4\.54\.0 is the first"):
            models.capture_outputs(None)
        return
    from transformers import PretrainedConfig, PreTrainedModel
    from transformers.modeling_outputs import BaseModelOutput

    class Layer(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(4, 4)

        def forward(self, hidden_states: Any) -> Any:
            return self.linear(hidden_states)

    class Own(PreTrainedModel):  # type: ignore[misc]
        config_class = PretrainedConfig
        _can_record_outputs = {"hidden_states": models.OutputRecorder(Layer, index=0)}  # noqa: RUF012

        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.layers = torch.nn.ModuleList(Layer() for _ in range(2))
            self.post_init()

        @models.capture_outputs
        def forward(self, hidden_states: Any, use_cache: Any = None, **kwargs: Any) -> Any:
            for layer in self.layers:
                hidden_states = layer(hidden_states)
            return BaseModelOutput(last_hidden_state=hidden_states * 2)

    model = tiny_models.filled(Own(PretrainedConfig(num_hidden_layers=2)))
    states = numbers((1, 3, 4), "states")
    with torch.no_grad():
        plain, captured = model(states), model(states, output_hidden_states=True)
        fields = model(states, return_dict=False)
    assert plain.hidden_states is None and isinstance(fields, tuple)
    assert (captured.hidden_states[-1] == captured.last_hidden_state).all()
    observe("captured", torch.stack(captured.hidden_states), TOLERANCE)
    if since("4.57.2"):
        models.capture_outputs(tie_last_hidden_states=False)
    else:
        with pytest.raises(ValueError, match="got tie_last_hidden_states=False"):
            models.capture_outputs(tie_last_hidden_states=False)
