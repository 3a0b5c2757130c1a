from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
from packaging.version import Version

from compat import configs, rope

TEXT: dict[str, Any] = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
VISION = {"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 4}
MROPE = {"rope_type": "default", "rope_theta": 5000.0, "mrope_section": [1, 1, 2]}


@pytest.mark.covers("configs.PreTrainedConfig")
def test_the_base_of_all_configs_has_one_name() -> None:
    from transformers import LlamaConfig, PretrainedConfig

    assert configs.PreTrainedConfig is PretrainedConfig
    assert issubclass(LlamaConfig, configs.PreTrainedConfig)


@pytest.mark.covers("configs.make_config", "configs.text_config", "configs.text_attribute")
def test_a_composite_config_and_its_text_part_are_alike(observe: Callable[..., None]) -> None:
    from transformers import BertConfig, LlavaConfig, Qwen2VLConfig, T5Config

    text = {**TEXT, "pad_token_id": 3, "rope_parameters": MROPE, "dtype": "bfloat16"}
    qwen = configs.make_config(Qwen2VLConfig, text_config=text, vision_config=VISION)
    flat = configs.make_config(Qwen2VLConfig, **TEXT, rope_parameters=MROPE)
    llava = configs.make_config(LlavaConfig, text_config={**TEXT, "model_type": "llama", "dtype": "float16"})
    for name, config in (("qwen", qwen), ("flat", flat), ("llava", llava)):
        read = {one: configs.text_attribute(config, one) for one in ("hidden_size", "vocab_size", "pad_token_id")}
        observe(name, {**read, "rope": rope.rope_parameters(config)})
        assert configs.text_config(configs.text_config(config)) is configs.text_config(config)
    assert rope.rope_parameters(qwen) == MROPE and text["rope_parameters"] == MROPE
    assert str(configs.dtype(configs.text_config(qwen))) == "torch.bfloat16"
    assert str(configs.dtype(llava)) == "torch.float16"
    for plain in (BertConfig(), T5Config()):
        assert configs.text_config(plain) is plain
    assert configs.text_attribute(BertConfig(), "pad_token_id") == 0
    assert configs.text_attribute(BertConfig(), "decoder_start_token_id") is None
    assert configs.text_attribute(BertConfig(), "rope_theta", None) is None
    with pytest.raises(AttributeError, match="neither LlavaConfig nor its text config has 'no_such'"):
        configs.text_attribute(llava, "no_such")


@pytest.mark.covers("configs.make_config")
def test_a_config_is_made_of_keywords_only_and_of_the_right_types() -> None:
    from transformers import BertConfig, LlamaConfig

    made = configs.make_config(LlamaConfig, **TEXT, rms_norm_eps=1, attention_dropout=0)
    assert made.rms_norm_eps == 1 and made.attention_dropout == 0
    with pytest.raises(TypeError):
        configs.make_config(LlamaConfig, 64)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="rope_parameters replaces rope_theta"):
        configs.make_config(LlamaConfig, rope_parameters=MROPE, rope_theta=1.0)
    with pytest.raises(TypeError, match="has no text_config on this release"):
        configs.make_config(BertConfig, text_config={"no_such": 1})


@pytest.mark.covers("configs.dtype", "configs.set_dtype", "configs.to_dict")
def test_the_dtype_is_read_and_written_without_a_warning() -> None:
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig, LlavaConfig

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for given in ("bfloat16", "torch.bfloat16", torch.bfloat16):
            config = configs.make_config(LlamaConfig, **TEXT)
            assert configs.dtype(config) is None and configs.to_dict(config)["dtype"] is None
            configs.set_dtype(config, given)
            assert configs.dtype(config) is torch.bfloat16
            saved = configs.to_dict(config)
            assert saved["dtype"] == "bfloat16" and "torch_dtype" not in saved
            assert configs.dtype(LlamaConfig.from_dict(saved)) is torch.bfloat16
        model = AutoModelForCausalLM.from_config(config)
        assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
        llava = configs.make_config(LlavaConfig, text_config={**TEXT, "model_type": "llama"})
        configs.set_dtype(llava, torch.float16)
        assert configs.dtype(llava) is configs.dtype(llava.text_config) is configs.dtype(llava.vision_config)
        saved = configs.to_dict(llava)
        assert saved["dtype"] == saved["text_config"]["dtype"] == "float16"
        configs.set_dtype(llava, None)
        assert configs.dtype(llava) is None
    for wrong in ("auto", "no_such", 16):
        with pytest.raises(ValueError, match="is no dtype of torch"):
            configs.set_dtype(llava, wrong)


def test_a_dtype_in_a_dict_of_a_newer_release_is_read() -> None:
    import transformers

    config = transformers.LlamaConfig.from_dict({**TEXT, "dtype": "float16"})
    assert str(configs.dtype(config)) == "torch.float16"
    assert Version(transformers.__version__) >= Version("4.56") or config.torch_dtype is None
