"""Tiny models that are the same on every release: made from configs, their weights told by names without what moved."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from zlib import crc32

IMAGE, VIDEO, START, END = 90, 91, 92, 93
_TEXT = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 100,
    "max_position_embeddings": 128,
}
_VISION = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 16,
    "patch_size": 8,
}
_MOVED = (
    (r"^(model\.)?(visual|vision_tower|multi_modal_projector|image_newline)", r"\2"),
    # Up to 4.51 a language model of its own, or the model itself; from 4.52.0 beside the tower.
    (r"^(model\.language_model|language_model\.model|model)\.(?!language_model|visual)", "text."),
    (r"^language_model\.lm_head", "lm_head"),
    (r"^(vision_tower)\.vision_model\.", r"\1."),
    (r"\.block_sparse_moe\.", ".mlp."),
)


@cache
def shared(name: str) -> Any:
    """The model of that name, for tests that leave it as it is."""
    return globals()[name]()


def stable_name(name: str) -> str:
    """A parameter's name without what releases moved."""
    for old, new in _MOVED:
        name = re.sub(old, new, name)
    return name


def filled(model: Any, scale: float = 0.2) -> Any:
    """The model with weights that depend on their stable names alone, ready for inference."""
    for name, parameter in model.named_parameters():
        fill(parameter, stable_name(name), scale)
    return model.eval()


def fill(parameter: Any, name: str, scale: float = 0.2) -> None:
    """Give a parameter the values that belong to a name."""
    import torch

    with torch.no_grad():
        parameter.copy_(numbers(parameter.shape, name) * scale)


def numbers(shape: Any, name: str) -> Any:
    """Normally distributed numbers that belong to a name."""
    import torch

    return torch.randn(tuple(shape), generator=torch.Generator().manual_seed(crc32(name.encode())))


def clip() -> Any:
    from transformers import CLIPConfig, CLIPModel

    text = {**_TEXT, "max_position_embeddings": 16, "eos_token_id": 99, "bos_token_id": 98, "pad_token_id": 97}
    return filled(CLIPModel(CLIPConfig(text_config=text, vision_config=dict(_VISION), projection_dim=16)))


def siglip() -> Any:
    from transformers import SiglipConfig, SiglipModel

    text = {**_TEXT, "max_position_embeddings": 8, "pad_token_id": 1, "bos_token_id": 98, "eos_token_id": 99}
    return filled(SiglipModel(SiglipConfig(text_config=text, vision_config=dict(_VISION))))


def clap() -> Any:
    from transformers import ClapConfig, ClapModel

    text = {**_TEXT, "pad_token_id": 1, "projection_dim": 16}
    audio = {
        "hidden_size": 32,
        "patch_embeds_hidden_size": 16,
        "num_mel_bins": 16,
        "spec_size": 64,
        "window_size": 4,
        "depths": [1, 1],
        "num_hidden_layers": 2,
        "num_attention_heads": [2, 2],
        "projection_dim": 16,
        "enable_fusion": False,
    }
    return filled(ClapModel(ClapConfig(text_config=text, audio_config=audio, projection_dim=16)))


def llava() -> Any:
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**_VISION),
        text_config=LlamaConfig(**_TEXT),
        image_token_index=IMAGE,
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
    )
    return filled(LlavaForConditionalGeneration(config))


def llava_next() -> Any:
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaNextConfig, LlavaNextForConditionalGeneration

    config = LlavaNextConfig(
        vision_config=CLIPVisionConfig(**_VISION),
        text_config=LlamaConfig(**_TEXT),
        image_token_index=IMAGE,
        image_grid_pinpoints=[[16, 32], [32, 16], [32, 32]],
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
    )
    return filled(LlavaNextForConditionalGeneration(config))


def llava_onevision() -> Any:
    from transformers import (
        LlamaConfig,
        LlavaOnevisionConfig,
        LlavaOnevisionForConditionalGeneration,
        SiglipVisionConfig,
    )

    config = LlavaOnevisionConfig(
        vision_config=SiglipVisionConfig(**{**_VISION, "image_size": 32}, vision_use_head=False),
        text_config=LlamaConfig(**_TEXT),
        image_token_index=IMAGE,
        video_token_index=VIDEO,
        image_grid_pinpoints=[[32, 64], [64, 32], [64, 64]],
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
        vision_aspect_ratio="anyres_max_9",
    )
    return filled(LlavaOnevisionForConditionalGeneration(config))


def paligemma() -> Any:
    from transformers import GemmaConfig, PaliGemmaConfig, PaliGemmaForConditionalGeneration, SiglipVisionConfig

    config = PaliGemmaConfig(
        vision_config=SiglipVisionConfig(**_VISION, projection_dim=32, vision_use_head=False),
        text_config=GemmaConfig(**_TEXT, head_dim=8),
        image_token_index=IMAGE,
        projection_dim=32,
        hidden_size=32,
    )
    return filled(PaliGemmaForConditionalGeneration(config))


def qwen2_vl() -> Any:
    from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration

    vision = {"embed_dim": 32, "hidden_size": 32, "depth": 2, "num_heads": 4, "patch_size": 4, "mlp_ratio": 2}
    return filled(Qwen2VLForConditionalGeneration(Qwen2VLConfig(**_TEXT, **_mrope(), vision_config=vision)))


def qwen2_5_vl() -> Any:
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    vision = {
        "hidden_size": 32,
        "out_hidden_size": 32,
        "intermediate_size": 48,
        "depth": 2,
        "num_heads": 4,
        "patch_size": 4,
        "window_size": 16,
        "fullatt_block_indexes": [1],
    }
    return filled(Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(**_TEXT, **_mrope(), vision_config=vision)))


def qwen3_vl() -> Any:
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    vision = {
        "hidden_size": 32,
        "out_hidden_size": 32,
        "intermediate_size": 48,
        "depth": 2,
        "num_heads": 4,
        "patch_size": 4,
        "num_position_embeddings": 16,
        "deepstack_visual_indexes": [0],
    }
    tokens = {"image_token_id": IMAGE, "video_token_id": VIDEO, "vision_start_token_id": START}
    # 5.0.0 has another default of rope_theta, and reads it from the scaling.
    theta = {"rope_theta": 10000.0}
    rope = {"rope_type": "default", "mrope_section": [2, 1, 1], "mrope_interleaved": True, **theta}
    text = {**_TEXT, **theta, "head_dim": 8, "rope_scaling": rope}
    config = Qwen3VLConfig(text_config=text, vision_config=vision, **tokens, vision_end_token_id=END)
    return filled(Qwen3VLForConditionalGeneration(config))


def _mrope() -> dict[str, Any]:
    return {
        "image_token_id": IMAGE,
        "video_token_id": VIDEO,
        "vision_start_token_id": START,
        "vision_end_token_id": END,
        "rope_scaling": {"type": "mrope", "mrope_section": [2, 1, 1]},
    }
