"""Made by `python -m drift_checks.adapters`: what the newest adapters call, by stable function."""

from __future__ import annotations

TARGETS: dict[str, tuple[tuple[str, int, tuple[str, ...]], ...]] = {
    "autocast.custom_bwd": (("torch.amp.custom_bwd", 1, ("device_type",)),),
    "autocast.custom_fwd": (("torch.amp.custom_fwd", 1, ("cast_inputs", "device_type")),),
    "autocast.get_autocast_dtype": (("torch.get_autocast_dtype", 1, ()),),
    "autocast.is_autocast_enabled": (("torch.is_autocast_enabled", 1, ()),),
    "caches.dynamic_cache": (("transformers.cache_utils.DynamicCache", 0, ("config",)),),
    "caches.encoder_decoder_cache": (("transformers.cache_utils.EncoderDecoderCache", 2, ()),),
    "image_processing.load_image_processor": (("transformers.AutoImageProcessor.from_pretrained", 1, ()),),
    "masking.eager_mask": (("transformers.masking_utils.eager_mask", 11, ()),),
    "registration.register": (
        (
            "transformers.models.auto.image_processing_auto.AutoImageProcessor.register",
            1,
            ("exist_ok", "image_processor_classes"),
        ),
        ("transformers.models.auto.tokenization_auto.AutoTokenizer.register", 1, ("exist_ok", "tokenizer_class")),
    ),
    "resizing.resize": (
        ("transformers.image_processing_backends.PilBackend.resize", 3, ("resample",)),
        ("transformers.image_processing_backends.TorchvisionBackend.resize", 3, ("resample",)),
    ),
    "trainer.nested_gather": (("transformers.trainer_pt_utils.nested_gather", 3, ()),),
}
