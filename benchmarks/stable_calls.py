"""What each stable function is called with to be timed, and the upstream call that it stands for."""

from __future__ import annotations

from typing import NamedTuple


class Call(NamedTuple):
    """A stable call, and the direct one to the same effect. Both are expressions over the names of the probe.

    Args:
        function: The stable function, such as `caches.dynamic_cache`; it is `stable` in the expression.
        releases: The releases that it is for.
        stable: The stable call.
        direct: The direct call.
        replaces: What does nothing while this is timed, by dotted path; the first is `upstream` in the expression, the
            second `second`. Empty where what is called is a method of a stand-in.
        returns: What these return, as an expression.
        beyond: What the stable call does on top, which the direct call leaves undone or gets wrong. Such a row is
            shown, and not held to the bar.
    """

    function: str
    releases: str
    stable: str
    direct: str
    replaces: tuple[str, ...] = ()
    returns: str = "None"
    beyond: str = ""


_CACHES = "transformers.cache_utils"
_FLASH = ("transformers.modeling_flash_attention_utils._flash_attention_forward",)
_FLASH_STABLE = "stable(tensor, tensor, tensor, None, 4, True)"
_SIZED = "upstream(config=config, max_batch_size=1, max_cache_len=8, device=device, dtype=dtype)"
_AUTO = "transformers.models.auto"
_IMAGES = f"{_AUTO}.image_processing_auto.AutoImageProcessor.from_pretrained"
_TOKENIZERS = f"{_AUTO}.tokenization_auto.AutoTokenizer.from_pretrained"
_RESIZE = "takes images, sizes and filters of both backends, and checks them"
_VIDEO = "picks the same frames on all releases, and fills the metadata in"
_LOADED = "checks the backend, and that what was loaded is of it"
_DTYPE = "gives a dtype where a name is stated, and that of the text part where there is none"
_GENERIC = "transformers.utils.generic"

CALLS = (
    Call(
        "attention.flash_attention_forward",
        "transformers>=4.54,<5.0",
        _FLASH_STABLE,
        "upstream(tensor, tensor, tensor, None, 4, True, implementation=None)",
        _FLASH,
    ),
    Call(
        "attention.flash_attention_forward",
        "transformers>=4.43,<4.53",
        _FLASH_STABLE,
        "upstream(tensor, tensor, tensor, None, 4, True)",
        _FLASH,
    ),
    Call(
        "autocast.custom_bwd",
        "torch>=2.4",
        "stable(function, device='cpu')",
        "upstream(function, device_type='cpu')",
        ("torch.amp.custom_bwd",),
    ),
    Call(
        "autocast.custom_fwd",
        "torch>=2.4",
        "stable(function, device='cpu', cast_inputs=dtype)",
        "upstream(function, device_type='cpu', cast_inputs=dtype)",
        ("torch.amp.custom_fwd",),
    ),
    Call(
        "autocast.get_autocast_dtype",
        "torch>=2.4",
        "stable('cpu')",
        "upstream('cpu')",
        ("torch.get_autocast_dtype",),
    ),
    Call("autocast.grad_scaler", "torch>=2.3", "stable('cpu')", "upstream('cpu')", ("torch.amp.GradScaler",)),
    Call(
        "autocast.is_autocast_enabled",
        "torch>=2.4",
        "stable('cpu')",
        "upstream('cpu')",
        ("torch.is_autocast_enabled",),
        "False",
    ),
    Call(
        "caches.dynamic_cache",
        "transformers>=4.56",
        "stable(config)",
        "upstream(config=config)",
        (f"{_CACHES}.DynamicCache",),
    ),
    Call(
        "caches.dynamic_cache",
        "transformers<4.56",
        "stable(config)",
        "upstream()",
        (f"{_CACHES}.DynamicCache",),
    ),
    Call(
        "caches.encoder_decoder_cache",
        "transformers>=4.43",
        "stable(cache, cache)",
        "upstream(cache, cache)",
        (f"{_CACHES}.EncoderDecoderCache",),
    ),
    *(
        Call(
            f"caches.{function}",
            "transformers>=4.56",
            "stable(config, 1, 8, device, dtype)",
            "upstream(config=config, max_cache_len=8).early_initialization("
            "batch_size=1, num_heads=2, head_dim=4, dtype=dtype, device=device)",
            (f"{_CACHES}.StaticCache",),
            "cache",
            "reads the keys' shape from the configuration",
        )
        for function in ("static_cache", "hybrid_cache", "sliding_window_cache")
    ),
    *(
        Call(
            f"caches.{function}",
            "transformers<4.56",
            "stable(config, 1, 8, device, dtype)",
            _SIZED,
            (f"{_CACHES}.{upstream}",),
        )
        for function, upstream in (
            ("static_cache", "StaticCache"),
            ("hybrid_cache", "HybridCache"),
            ("sliding_window_cache", "SlidingWindowCache"),
        )
    ),
    Call(
        "caches.mask_sizes",
        "transformers>=5.4",
        "stable(cache, 4, 0)",
        "cache.get_mask_sizes(4, 0)",
    ),
    Call(
        "caches.update",
        "transformers>=5.4",
        "stable(cache, tensor, tensor, 0)",
        "cache.update(tensor, tensor, 0)",
    ),
    Call(
        "chat_templates.chat_text",
        "transformers",
        "stable(tokenizer, chat)",
        "tokenizer.apply_chat_template(chat, tokenize=False)",
        beyond="brings chat, template and variables into the release's form",
    ),
    Call(
        "chat_templates.chat_batch",
        "transformers",
        "stable(tokenizer, chat)",
        "tokenizer.apply_chat_template(chat, tokenize=True, return_dict=True)",
        beyond="brings chat, template and variables into the release's form",
    ),
    Call("configs.dtype", "transformers>=4.56", "stable(config)", "config.dtype", beyond=_DTYPE),
    Call("configs.dtype", "transformers<4.56", "stable(config)", "config.torch_dtype", beyond=_DTYPE),
    Call(
        "configs.make_config",
        "transformers",
        "stable(idle_class, hidden_size=8)",
        "idle_class(hidden_size=8)",
        beyond="reads and checks what it is given, by the config class",
    ),
    Call(
        "hub.cached_file",
        "transformers",
        "stable('folder', 'config.json', revision='main')",
        "upstream('folder', 'config.json', revision='main')",
        ("transformers.utils.hub.cached_file",),
        beyond="refuses what upstream swallows",
    ),
    Call(
        "image_batches.validate_preprocess_arguments",
        "transformers<4.57",
        "stable(do_rescale=True, rescale_factor=0.5)",
        "upstream(do_rescale=True, rescale_factor=0.5)",
        ("transformers.image_utils.validate_preprocess_arguments",),
    ),
    Call("image_processing.backend_of", "transformers>=5.4", "stable(processor)", "processor.backend"),
    Call("image_processing.backend_of", "transformers>=4.56,<5.4", "stable(processor)", "processor.is_fast"),
    Call(
        "image_processing.load_image_processor",
        "transformers>=5.4",
        "stable('folder', backend='torchvision')",
        "upstream('folder', backend='torchvision')",
        (_IMAGES,),
        "processor",
        _LOADED,
    ),
    Call(
        "image_processing.load_image_processor",
        "transformers<5.4",
        "stable('folder', backend='torchvision')",
        "upstream('folder', use_fast=True)",
        (_IMAGES,),
        "processor",
        _LOADED,
    ),
    Call(
        "loading.load_state_dict",
        "transformers<5.6",
        "stable('file', map_location='cpu', weights_only=True)",
        "upstream('file', map_location='cpu', weights_only=True)",
        ("transformers.modeling_utils.load_state_dict",),
    ),
    Call(
        "masking.eager_mask",
        "transformers>=5.20",
        "stable(1, 4, 4, dtype=dtype)",
        "upstream(1, 4, 4, dtype=dtype)",
        ("transformers.masking_utils.eager_mask",),
    ),
    Call("masking.mask_interface", "transformers>=5.4", "stable('sdpa')", "mask_functions['sdpa']"),
    Call(
        "models.capture_outputs",
        "transformers>=5.2",
        "stable(function)",
        "upstream(second(function, tie_last_hidden_states=True))",
        (f"{_GENERIC}.merge_with_config_defaults", "transformers.utils.output_capturing.capture_outputs"),
        "function",
    ),
    Call(
        "models.capture_outputs",
        "transformers>=4.57.2,<5.2",
        "stable(function)",
        "upstream(tie_last_hidden_states=True)(function)",
        (f"{_GENERIC}.check_model_inputs",),
        "function",
    ),
    Call(
        "models.capture_outputs",
        "transformers>=4.54,<4.57.2",
        "stable(function)",
        "upstream(function)",
        (f"{_GENERIC}.check_model_inputs",),
    ),
    Call("models.tie_weights", "transformers>=5.0", "stable(model, set())", "model.tie_weights(missing_keys=set())"),
    Call("models.tie_weights", "transformers<5.0", "stable(model)", "model.tie_weights()"),
    Call(
        "preprocessing.rescale_and_normalize",
        "transformers>=4.50",
        "stable(processor, tensor, True, 0.5, True, 0.5, 0.5)",
        "processor.rescale_and_normalize(tensor, True, 0.5, True, 0.5, 0.5)",
    ),
    Call(
        "resizing.resize",
        "transformers>=5.4",
        "stable(processor, tensor, size, mode)",
        "upstream(processor, tensor, size, resample=mode)",
        ("transformers.image_processing_backends.TorchvisionBackend.resize",),
        beyond=_RESIZE,
    ),
    Call(
        "resizing.resize",
        "transformers<5.4",
        "stable(processor, tensor, size, mode)",
        "upstream(processor, tensor, size, interpolation=mode)",
        ("transformers.image_processing_utils_fast.BaseImageProcessorFast.resize",),
        beyond=_RESIZE,
    ),
    Call(
        "sizes.size_dict",
        "transformers",
        "stable(height=8, width=8)",
        "size_class(height=8, width=8)",
        beyond="takes a size in any form, and checks its sides",
    ),
    Call(
        "tokenizers.load_tokenizer",
        "transformers>=5.0",
        "stable('folder')",
        "upstream('folder')",
        (_TOKENIZERS,),
        beyond="takes the class that is meant, and refuses what upstream ignores",
    ),
    Call(
        "tokenizers.load_tokenizer",
        "transformers<5.0",
        "stable('folder')",
        "upstream('folder', use_fast=True)",
        (_TOKENIZERS,),
        beyond="takes the class that is meant, and refuses what upstream ignores",
    ),
    Call(
        "trainer.nested_gather",
        "transformers>=5.2",
        "stable(tensor, arguments)",
        "upstream(tensor, arguments.parallel_mode, None)",
        ("transformers.trainer_pt_utils.nested_gather",),
    ),
    Call(
        "trainer.nested_gather",
        "transformers<5.2",
        "stable(tensor, arguments)",
        "upstream(model, tensor, None)",
        ("transformers.trainer.Trainer._nested_gather",),
    ),
    Call(
        "video_processing.load_video",
        "transformers>=4.52,<5.21",
        "stable('file', sample_indices_fn=function)",
        "upstream('file', backend='pyav', sample_indices_fn=function)",
        ("transformers.video_utils.load_video",),
        "(tensor, metadata)",
        _VIDEO,
    ),
    Call(
        "video_processing.load_video",
        "transformers<4.52",
        "stable('file', sample_indices_fn=function)",
        "upstream('file', backend='pyav', sample_indices_fn=function)",
        ("transformers.image_utils.load_video",),
        "(tensor, metadata)",
        _VIDEO,
    ),
)

WORK = {
    "attention.attention_function": "finds a model's own eager function beside the registered ones",
    "attention.flash_attn_supports_top_left_mask": "upstream has none",
    "attention.is_flash_attn_greater_or_equal": "upstream has none",
    "attention.rope_frequencies": "reads the settings of a layer type, and makes the default frequencies",
    "caches.mask_sizes": "makes the positions that upstream takes, or reads the cache",
    "caches.update": "makes the positions that upstream takes",
    "configs.set_dtype": "sets the parts of a configuration too",
    "image_batches.divide_to_patches": "ours: upstream has none, or one with other names",
    "image_batches.get_max_height_width": "ours: upstream has none, or one with other names",
    "image_batches.group_images_by_shape": "ours: upstream has none, or one with fewer kinds of batches",
    "image_batches.reorder_images": "ours: upstream has none, or one with fewer kinds of batches",
    "image_processing.backend_of": "upstream does not tell it of a tensor class",
    "image_processing.pil_class": "finds the class by its base",
    "image_processing.tensor_class": "finds the class by its base",
    "loading.get_parameter_dtype": "upstream has none",
    "loading.loading_arguments": "makes the keywords of a call",
    "masking.create_bidirectional_mask": "ours",
    "masking.create_bidirectional_sliding_window_mask": "ours",
    "masking.create_causal_mask": "ours",
    "masking.create_chunked_causal_mask": "ours",
    "masking.create_masks_for_generate": "ours",
    "masking.create_recurrent_attention_mask": "ours",
    "masking.create_sliding_window_causal_mask": "ours",
    "masking.eager_mask": "ours",
    "masking.mask_interface": "gives functions that take lengths",
    "masking.sdpa_mask": "ours",
    "models.tied_weights_keys": "makes what upstream reads of a class",
    "mrope.positions_patch": "makes patches",
    "precision.fp32_precision": "sets several switches, and sets them back",
    "precision.get_fp32_precision": "reads several switches",
    "precision.set_fp32_precision": "sets several switches",
    "preprocessing.rescale_and_normalize": "fuses mean and factor, as upstream does from 4.50 on",
    "qwen_vl.npu_patches": "makes patches",
    "registration.register": "registers with every auto class at once",
    "resizing.interpolation_mode": "upstream has a dictionary",
    "resizing.pil_resampling": "upstream has none",
    "rope.set_rope_parameters": "translates the parameters to the release's names",
    "tokenizers.prepare_for_model": "ours: upstream's is gone from fast tokenizers",
    "video_processing.group_videos_by_shape": "ours",
    "video_processing.make_batched_videos": "ours",
    "video_processing.reorder_videos": "ours",
    "video_processing.video_class": "finds the class by its base",
    "vision_features.image_features": "makes a tensor of whatever the release returns",
    "vision_features.pooled": "makes a tensor of whatever the release returns",
    "vision_features.video_features": "makes a tensor of whatever the release returns",
}
"""What a stable function does where no call of upstream does it: there is nothing to measure against."""
