"""The shims that downstreams write by hand, most wanted first, and what of `compat` takes the place of each.

Counted in 44 public repositories, by how many had to change theirs between 2023-09 and 2026-09.
"""

from __future__ import annotations

from typing import NamedTuple


class Shim(NamedTuple):
    """One shim that many projects carry.

    Args:
        number: Its rank.
        change: What upstream changed, and where.
        functions: The stable functions and names that take its place.
        otherwise: What else does, or why nothing at run time may.
    """

    number: int
    change: str
    functions: tuple[str, ...] = ()
    otherwise: str = ""


DEMAND: tuple[Shim, ...] = (
    Shim(
        1,
        "`torch.cuda.*` is one accelerator's; `torch.accelerator` and a module a device",
        (
            "devices.accelerator",
            "devices.module",
            "devices.synchronize",
            "devices.empty_cache",
            "devices.device_count",
            "devices.memory_allocated",
            "devices.manual_seed_all",
        ),
        "run on a CPU and on stand-ins of the other devices",
    ),
    Shim(
        2,
        "`torch_dtype` is `dtype` (4.56)",
        ("loading.from_pretrained", "loading.loading_arguments", "configs.dtype", "configs.set_dtype"),
    ),
    Shim(
        3,
        "`tokenizer=` of `Trainer` is `processing_class=` (5.0)",
        ("trainer.stable_trainer", "trainer.processing_class"),
    ),
    Shim(
        4,
        "`torch.load` takes `weights_only=True` by default (torch 2.6)",
        ("loading.load_checkpoint", "loading.trusted_checkpoints"),
    ),
    Shim(
        5,
        "`cache_position` is gone from forwards and masks (5.4 to 5.9)",
        ("caches.cache_position", "attention.call_layer", "masking.create_causal_mask"),
    ),
    Shim(
        6,
        "composite configs keep `vocab_size`, `hidden_size`, `pad_token_id` in a text config (5.0)",
        ("configs.text_config", "configs.text_attribute"),
    ),
    Shim(
        7,
        "`apply_chat_template` gives a batch instead of ids (5.0), `processor_kwargs` (5.4)",
        ("chat_templates.chat_ids", "chat_templates.chat_batch", "chat_templates.chat_text"),
    ),
    Shim(
        8,
        "`rope_theta` and `rope_scaling` are `rope_parameters` (5.0)",
        ("rope.rope_parameters", "rope.rope_theta", "rope.rope_scaling", "rope.set_rope_parameters"),
    ),
    Shim(
        9,
        "`past_key_value` of layers is `past_key_values` (4.56); afterwards it is swallowed",
        ("attention.call_attention", "attention.call_layer"),
    ),
    Shim(
        10,
        "rotary embeddings are made from a config, `apply_rotary_pos_emb` without positions (4.48, 5.0)",
        ("attention.rotary_embedding", "attention.cos_sin", "attention.apply_rotary", "attention.rope_frequencies"),
    ),
    Shim(
        11, "`AutoModelForVision2Seq` is `AutoModelForImageTextToText` (5.0)", ("models.AutoModelForImageTextToText",)
    ),
    Shim(12, "experts are fused into one parameter (5.0)", ("experts.moe_block", "experts.expert_weights")),
    Shim(
        13,
        "attention classes of a family are one class (4.48)",
        ("attention.attention_class", "attention.attention_function"),
    ),
    Shim(14, "fields of `TrainingArguments` are renamed and gone (5.0 to 5.15)", ("trainer.training_arguments",)),
    Shim(
        15,
        "`torch.cuda.amp` is `torch.amp` (torch 2.4)",
        ("autocast.autocast", "autocast.grad_scaler", "autocast.custom_fwd", "autocast.custom_bwd"),
    ),
    Shim(
        16,
        "parts of vision-language models moved under `.model` (4.52)",
        ("models.vision_tower", "models.language_model", "models.decoder_layers", "models.lm_head"),
    ),
    Shim(17, "`evaluation_strategy` is `eval_strategy` (4.51)", ("trainer.training_arguments",)),
    Shim(
        18,
        "`_prepare_4d_*`, `AttentionMaskConverter`, `_update_causal_mask`",
        (
            "masking.prepare_4d_attention_mask",
            "masking.prepare_4d_attention_mask_for_sdpa",
            "masking.prepare_4d_causal_attention_mask",
            "masking.prepare_4d_causal_attention_mask_for_sdpa",
            "masking.AttentionMaskConverter",
            "masking.get_extended_attention_mask",
            "masking.invert_attention_mask",
        ),
    ),
    Shim(19, "`use_auth_token` is `token` (5.0)", ("loading.from_pretrained",)),
    Shim(20, "`is_torch_fx_available` and its like are gone (5.0)", ("backports.install",)),
    Shim(
        21,
        "`HybridCache`, `SlidingWindowCache` and others are gone (5.0)",
        ("caches.hybrid_cache", "caches.sliding_window_cache", "caches.static_cache", "backports.install"),
    ),
    Shim(22, "`transformers.deepspeed` is `transformers.integrations.deepspeed` (4.46)", ("backports.install",)),
    Shim(
        23,
        "operators of torch_npu are renamed, and in `torch_npu` or `torch.ops.npu`",
        ("ops.call", "ops.find", "ops.takes", "ops.parameters"),
        "run on stand-ins with the recorded schemas: no kernel ran",
    ),
    Shim(24, "docstring decorators", ("backports.install",)),
    Shim(25, "`num_logits_to_keep` is `logits_to_keep` (4.49)", ("calls.call", "calls.prepare")),
    Shim(
        26,
        "`interpolation` is `resample`, size dictionaries are `SizeDict` (5.4)",
        ("resizing.resize", "sizes.side", "sizes.as_dict", "sizes.size_dict", "preprocessing.preprocess_patch"),
    ),
    Shim(27, "`load_in_8bit` and `load_in_4bit` are a `BitsAndBytesConfig` (5.0)", ("loading.loading_arguments",)),
    Shim(
        28,
        "`safe_serialization` and `save_safetensors` are gone (5.0)",
        ("loading.save_pretrained", "trainer.training_arguments"),
    ),
    Shim(
        29,
        "legacy caches, `get_usable_length`, `get_max_length`, `seen_tokens` (4.49 to 5.0)",
        ("caches.from_legacy", "caches.to_legacy", "caches.usable_length", "caches.max_length", "caches.length"),
    ),
    Shim(
        30,
        "`additional_special_tokens` is `extra_special_tokens` (5.0)",
        (
            "tokenizers.extra_special_tokens",
            "tokenizers.extra_special_tokens_ids",
            "tokenizers.add_special_tokens",
            "tokenizers.special_tokens_map",
        ),
    ),
    Shim(
        31,
        "`_tied_weights_keys` is a dictionary (5.0)",
        ("models.tied_weights", "models.tied_weights_keys", "models.tie_weights"),
    ),
    Shim(
        32, "`_supports_flash_attn_2` and its like (4.54)", ("models.supports_attention", "models.declares_attention")
    ),
    Shim(
        33,
        "`LossKwargs`, `KwargsForCausalLM` are `TransformersKwargs` (4.54)",
        ("models.TransformersKwargs", "models.FlashAttentionKwargs"),
    ),
    Shim(
        34,
        "`use_flash_attention_2` is `attn_implementation` (4.53)",
        ("loading.from_pretrained", "loading.from_config", "attention.attn_implementation"),
    ),
    Shim(
        35,
        "helpers and constants of the hub left `transformers.utils` (5.0)",
        (
            "hub.cached_file",
            "hub.cached_files",
            "hub.is_offline_mode",
            "hub.TRANSFORMERS_CACHE",
            "hub.get_full_repo_name",
            "hub.is_remote_url",
            "hub.extract_commit_hash",
        ),
    ),
    Shim(
        36,
        "methods of `Trainer` that are overridden take other arguments (4.46 to 5.2)",
        ("trainer.stable_trainer", "trainer.nested_gather"),
    ),
    Shim(
        37,
        "`allow_tf32` is `fp32_precision` (torch 2.9)",
        ("precision.fp32_precision", "precision.set_fp32_precision", "precision.get_fp32_precision"),
    ),
    Shim(
        38,
        "decoder layers give a tensor instead of a tuple (4.54)",
        ("models.hidden_states", "models.with_hidden_states"),
    ),
    Shim(
        39,
        "helpers for videos are in `video_utils` (4.52)",
        (
            "video_processing.VideoInput",
            "video_processing.make_batched_videos",
            "video_processing.load_video",
            "video_processing.VideoMetadata",
        ),
    ),
    Shim(
        40,
        "`get_image_features` and its like give an output object (5.0)",
        (
            "vision_features.image_features",
            "vision_features.video_features",
            "vision_features.text_features",
            "vision_features.audio_features",
            "vision_features.pooled",
        ),
    ),
    Shim(
        41,
        "`torch.distributed._tensor` and `_composable` are public (torch 2.5)",
        ("distributed.DTensor", "distributed.DeviceMesh", "distributed.fully_shard", "distributed.distribute_tensor"),
    ),
    Shim(
        42,
        "patches and profiler of torch_npu",
        ("profiler.profile", "profiler.experimental_config", "profiler.apply_npu_patches"),
        "run on stand-ins: there was no NPU",
    ),
    Shim(
        43,
        "`tokenization_utils(_fast)`, `bytes_to_unicode`, `PreTrainedTokenizer` (5.0)",
        (
            "tokenizers.PreTrainedTokenizer",
            "tokenizers.PreTrainedTokenizerFast",
            "tokenizers.PreTrainedTokenizerBase",
            "tokenizers.bytes_to_unicode",
            "tokenizers.AddedToken",
        ),
    ),
    Shim(44, "`PretrainedConfig` is `PreTrainedConfig` (5.0)", ("configs.PreTrainedConfig",)),
    Shim(45, "`PytorchGELUTanh` is `GELUTanh` (4.57)", ("models.GELUTanh",)),
    Shim(
        46,
        "`encode_plus`, `batch_encode_plus` are gone, `decode` takes a batch (5.0)",
        ("tokenizers.encode_plus", "tokenizers.batch_encode_plus", "tokenizers.batch_decode", "tokenizers.decode"),
    ),
    Shim(
        47,
        "`create_causal_mask` and its family: `inputs_embeds`, no `cache_position` (5.2 to 5.9)",
        (
            "masking.create_causal_mask",
            "masking.create_sliding_window_causal_mask",
            "masking.create_chunked_causal_mask",
            "masking.create_bidirectional_mask",
            "masking.create_masks_for_generate",
        ),
    ),
    Shim(
        48,
        "`key_cache` and `value_cache` are layers (4.56)",
        ("caches.layers", "caches.keys", "caches.values", "caches.set_layer", "caches.layer_count"),
    ),
    Shim(
        49,
        "`check_model_inputs` is `capture_outputs` and `merge_with_config_defaults` (5.2)",
        ("models.capture_outputs", "models.OutputRecorder"),
    ),
    Shim(
        50,
        "`*ImageProcessorFast` is the plain name, the plain one `*ImageProcessorPil` (5.4)",
        (
            "image_processing.tensor_class",
            "image_processing.pil_class",
            "image_processing.TorchvisionBackend",
            "image_processing.PilBackend",
            "image_processing.backend_of",
            "image_processing.load_image_processor",
        ),
    ),
    Shim(
        51,
        "`*FeatureExtractor` of vision is `*ImageProcessor` (5.0)",
        ("image_processing.tensor_class", "image_processing.pil_class"),
    ),
    Shim(52, "`LogitsWarper` is `LogitsProcessor` (4.49)", ("models.LogitsWarper",)),
    Shim(
        53, "`no_init_weights`, `ContextManagers` moved (5.0)", ("loading.no_init_weights", "loading.ContextManagers")
    ),
)
