from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from packaging.version import Version

from compat.registration import register


def release() -> Version:
    import transformers

    return Version(transformers.__version__)


@pytest.fixture(scope="module")
def classes() -> dict[str, Any]:
    import transformers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    config = type("TinyConfig", (LlamaConfig,), {"model_type": "tiny_of_compat", "__module__": __name__})
    found: dict[str, Any] = {
        "config": config,
        "other": type("OtherConfig", (LlamaConfig,), {"model_type": "tiny_of_compat", "__module__": __name__}),
        "model": type("TinyForCausalLM", (LlamaForCausalLM,), {"config_class": config, "__module__": __name__}),
        "tokenizer": type("TinyTokenizerFast", (PreTrainedTokenizerFast,), {"__module__": __name__}),
        "slow": type("TinyTokenizer", (transformers.ByT5Tokenizer,), {"__module__": __name__}),
    }
    slow_images = "CLIPImageProcessorPil" if release() >= Version("5.4") else "CLIPImageProcessor"
    fast_images = "CLIPImageProcessor" if release() >= Version("5.4") else "CLIPImageProcessorFast"
    found["pil"] = type("TinyPil", (getattr(transformers, slow_images),), {"__module__": __name__})
    found["torchvision"] = type("TinyTorchvision", (getattr(transformers, fast_images),), {"__module__": __name__})
    found["processor"] = type("TinyProcessor", (transformers.LlavaProcessor,), {"__module__": __name__})
    return found


@pytest.fixture
def unregistered() -> Iterator[None]:
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    yield
    CONFIG_MAPPING._extra_content.clear()


@pytest.mark.covers("registration.register")
@pytest.mark.usefixtures("unregistered")
def test_everything_is_registered_by_one_call_and_again_without_an_error(classes: dict[str, Any]) -> None:
    import transformers

    videos = getattr(transformers, "AutoVideoProcessor", None)
    more: dict[str, Any] = {}
    if videos is not None:
        more["video_processor_class"] = (
            type("TinyVideos", (transformers.Qwen2VLVideoProcessor,), {"__module__": __name__})
            if release() >= Version("4.53")
            else transformers.video_processing_utils.BaseVideoProcessor
        )
    for _ in range(2):
        assert register(
            "tiny_of_compat",
            classes["config"],
            models={transformers.AutoModelForCausalLM: classes["model"]},
            tokenizer_class=classes["tokenizer"],
            image_processor_classes={"pil": classes["pil"], "torchvision": classes["torchvision"]},
            processor_class=classes["processor"],
            **more,
        )
    small = {"vocab_size": 8, "hidden_size": 8, "num_attention_heads": 2, "num_key_value_heads": 2}
    config = transformers.AutoConfig.for_model("tiny_of_compat", num_hidden_layers=1, intermediate_size=8, **small)
    assert type(config) is classes["config"]
    model = transformers.AutoModelForCausalLM.from_config(config)
    assert type(model) is classes["model"]
    from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING
    from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING

    assert classes["tokenizer"] in listed(TOKENIZER_MAPPING[classes["config"]])
    assert {classes["pil"], classes["torchvision"]} <= listed(IMAGE_PROCESSOR_MAPPING[classes["config"]])
    assert PROCESSOR_MAPPING[classes["config"]] is classes["processor"]
    if videos is None:
        with pytest.raises(ValueError, match=r"video processors need transformers 4\.52\.1"):
            register("tiny_of_compat", classes["config"], video_processor_class=classes["pil"])
    register("tiny_of_compat", classes["config"], tokenizer_class=classes["slow"])
    assert classes["slow"] in listed(TOKENIZER_MAPPING[classes["config"]])


def listed(found: Any) -> set[Any]:
    parts = found.values() if isinstance(found, dict) else found if isinstance(found, (tuple, list)) else [found]
    return set(parts)


@pytest.mark.covers("registration.register")
@pytest.mark.usefixtures("unregistered")
def test_what_has_the_model_type_is_kept_replaced_or_said(classes: dict[str, Any]) -> None:
    from transformers import AutoConfig, LlamaConfig

    own = type("OwnLlamaConfig", (LlamaConfig,), {"__module__": __name__})
    with pytest.raises(ValueError, match=r"'llama' is transformers.*LlamaConfig already: say existing='keep'"):
        register("llama", own)
    assert register("llama", own, existing="keep") is False
    assert type(AutoConfig.for_model("llama")) is LlamaConfig
    assert register("llama", own, existing="replace") is True
    assert type(AutoConfig.for_model("llama")) is own
    assert register("tiny_of_compat", classes["config"]) is True
    with pytest.raises(ValueError, match=r"TinyConfig already"):
        register("tiny_of_compat", classes["other"])
    with pytest.raises(TypeError, match="model_type is 'llama', and not 'other'"):
        register("other", own)
    with pytest.raises(TypeError, match="existing is one of raise, keep, replace"):
        register("llama", own, existing="exist_ok")
    with pytest.raises(TypeError, match="backend is pil or torchvision"):
        register("llama", own, existing="replace", image_processor_classes={"slow": own})
