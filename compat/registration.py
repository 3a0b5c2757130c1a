"""Classes of one's own registered with the Auto classes: one call, one signature, no guard around it."""

from __future__ import annotations

from ._adapters import adapts, stable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

__all__ = ["register"]

EXISTING = ("raise", "keep", "replace")
BACKENDS = ("pil", "torchvision")


@stable
def register(
    model_type: str,
    config_class: type,
    *,
    models: Mapping[Any, type] | None = None,
    tokenizer_class: type | None = None,
    image_processor_classes: Mapping[str, type] | None = None,
    video_processor_class: type | None = None,
    processor_class: type | None = None,
    existing: str = "raise",
) -> bool:
    """Register a config class, and what belongs to it, with the Auto classes.

    Registering the same class again does nothing new, and is no error. Newer releases ship models that a framework
    brought first: `existing` says which of the two is meant then.

    Args:
        model_type: The config's `model_type`.
        config_class: The config's class.
        models: By Auto class, such as `AutoModelForCausalLM`, the model's class.
        tokenizer_class: The tokenizer's class, a slow one or a fast one.
        image_processor_classes: By backend, `pil` or `torchvision`, the image processor's class.
        video_processor_class: The video processor's class.
        processor_class: The processor's class.
        existing: Where another config class has that model type: `raise`; `keep` it, and register nothing of this
            call; or `replace` it.

    Returns:
        Whether these classes are registered now.

    Raises:
        TypeError: The config's `model_type` is another one, or a backend is neither of the two.
        ValueError: Another class has that model type, or the release has no video processors.
    """
    raise NotImplementedError


@adapts(register, "transformers>=5.4", because="5.4.0 takes image processors by backend")
def _since_5_4() -> Any:
    from transformers.models.auto.image_processing_auto import AutoImageProcessor
    from transformers.models.auto.tokenization_auto import AutoTokenizer
    from transformers.models.auto.video_processing_auto import AutoVideoProcessor

    def register_images(config_class: type, classes: dict[str, type]) -> None:
        AutoImageProcessor.register(config_class, image_processor_classes=classes, exist_ok=True)

    def register_tokenizer(config_class: type, tokenizer_class: type) -> None:
        AutoTokenizer.register(config_class, tokenizer_class=tokenizer_class, exist_ok=True)

    return _registering(register_tokenizer, register_images, AutoVideoProcessor)


@adapts(register, "transformers>=5.0,<5.4", because="5.0.0 takes one tokenizer class; 5.4.0 takes backends")
def _since_5_0() -> Any:
    from transformers.models.auto.tokenization_auto import AutoTokenizer
    from transformers.models.auto.video_processing_auto import AutoVideoProcessor

    def register_tokenizer(config_class: type, tokenizer_class: type) -> None:
        AutoTokenizer.register(config_class, tokenizer_class=tokenizer_class, exist_ok=True)

    return _registering(register_tokenizer, _slow_and_fast_images(), AutoVideoProcessor)


@adapts(register, "transformers>=4.52,<5.0", because="5.0.0 joins the slow tokenizer class and the fast one")
def _since_4_52() -> Any:
    from transformers.models.auto.video_processing_auto import AutoVideoProcessor

    return _registering(_slow_or_fast_tokenizer(), _slow_and_fast_images(), AutoVideoProcessor)


@adapts(register, "transformers>=4.42,<4.52", because="4.52.1 has the first video processors")
def _since_4_42() -> Any:
    return _registering(_slow_or_fast_tokenizer(), _slow_and_fast_images(), None)


@adapts(register, "transformers<4.42", because="4.42.0 has the first fast image processors")
def _before_4_42() -> Any:
    from transformers.models.auto.image_processing_auto import AutoImageProcessor

    def register_images(config_class: type, classes: dict[str, type]) -> None:
        if "torchvision" in classes:
            raise ValueError("image processors of torchvision need transformers 4.42 or newer")
        AutoImageProcessor.register(config_class, classes["pil"], exist_ok=True)

    return _registering(_slow_or_fast_tokenizer(), register_images, None)


def _slow_or_fast_tokenizer() -> Callable[[type, type], None]:
    from transformers.models.auto.tokenization_auto import AutoTokenizer
    from transformers.tokenization_utils_fast import PreTrainedTokenizerFast

    def register_tokenizer(config_class: type, tokenizer_class: type) -> None:
        if issubclass(tokenizer_class, PreTrainedTokenizerFast):
            AutoTokenizer.register(config_class, fast_tokenizer_class=tokenizer_class, exist_ok=True)
        else:
            AutoTokenizer.register(config_class, slow_tokenizer_class=tokenizer_class, exist_ok=True)

    return register_tokenizer


def _slow_and_fast_images() -> Callable[[type, dict[str, type]], None]:
    # Up to 4.49 `AutoImageProcessor.register` takes every fast class for a slow one, and refuses it.
    from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING

    def register_images(config_class: type, classes: dict[str, type]) -> None:
        pair = (classes.get("pil"), classes.get("torchvision"))
        IMAGE_PROCESSOR_MAPPING.register(config_class, pair, exist_ok=True)

    return register_images


def _registering(
    register_tokenizer: Callable[[type, type], None],
    register_images: Callable[[type, dict[str, type]], None],
    videos: Any,
) -> Callable[..., bool]:
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING, AutoConfig
    from transformers.models.auto.processing_auto import AutoProcessor

    def register(
        model_type: str,
        config_class: type,
        *,
        models: Mapping[Any, type] | None = None,
        tokenizer_class: type | None = None,
        image_processor_classes: Mapping[str, type] | None = None,
        video_processor_class: type | None = None,
        processor_class: type | None = None,
        existing: str = "raise",
    ) -> bool:
        _check(model_type, config_class, image_processor_classes or {}, existing)
        if video_processor_class is not None and videos is None:
            raise ValueError("video processors need transformers 4.52.1 or newer")
        try:
            present = CONFIG_MAPPING[model_type]
        except KeyError:
            present = None
        if present is not None and present is not config_class and existing != "replace":
            if existing == "keep":
                return False
            raise ValueError(
                f"{model_type!r} is {present.__module__}.{present.__qualname__} already: say existing='keep' for that "
                "one, or existing='replace' for yours"
            )
        AutoConfig.register(model_type, config_class, exist_ok=True)
        for auto_class, model_class in (models or {}).items():
            auto_class.register(config_class, model_class, exist_ok=True)
        if tokenizer_class is not None:
            register_tokenizer(config_class, tokenizer_class)
        if image_processor_classes:
            register_images(config_class, dict(image_processor_classes))
        if video_processor_class is not None:
            videos.register(config_class, video_processor_class=video_processor_class, exist_ok=True)
        if processor_class is not None:
            AutoProcessor.register(config_class, processor_class, exist_ok=True)
        return True

    return register


def _check(model_type: str, config_class: Any, image_processor_classes: Mapping[str, type], existing: str) -> None:
    if existing not in EXISTING:
        raise TypeError(f"existing is one of {', '.join(EXISTING)}; given was {existing!r}")
    if config_class.model_type != model_type:
        raise TypeError(f"{config_class.__name__}.model_type is {config_class.model_type!r}, and not {model_type!r}")
    if unknown := sorted({*image_processor_classes} - {*BACKENDS}):
        raise TypeError(f"an image processor's backend is pil or torchvision; given was {unknown[0]!r}")
