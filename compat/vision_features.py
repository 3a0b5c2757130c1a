"""Features of images, videos, text and audio: tensors from every release, and not what each wraps them in."""

from __future__ import annotations

from ._adapters import adapts, stable
from .models import is_tensor, vision_tower

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["audio_features", "image_features", "pooled", "text_features", "video_features"]

_FROM_CONFIG = ("vision_feature_layer", "vision_feature_select_strategy")
_PARAMETERS: dict[Callable[..., Any], tuple[frozenset[str], bool]] = {}


@stable
def pooled(output: Any) -> Any:
    """The features in what a features method or a vision tower returned.

    Qwen's `visual(...)` returns the merged features as a tensor up to 4.57; from 5.0.0 they are its output's
    `pooler_output`, and `last_hidden_state` are those before the merger.

    Args:
        output: A tensor; an output object with `pooler_output`; a list of tensors; or a tuple: of tensors for each
            image, of features and what goes with them (Qwen3-VL in 4.57), or of fields (`return_dict=False`).

    Returns:
        A tensor, or a list of tensors where upstream has one for each image.

    Raises:
        TypeError: It is none of these, or has no `pooler_output`.
        ValueError: It is a tuple of which its shapes do not tell what it is.
    """


@adapts(
    pooled, "transformers<5.0", because="before 5.0.0 a features method returns tensors, and tuples are for each image"
)
def _tensors() -> Callable[..., Any]:
    def pooled(output: Any) -> Any:
        return _pooled(output, _of_plain_tuple)

    return pooled


@adapts(
    pooled, "transformers>=5.0", because="5.0.0 returns output objects, and tuples of their fields by return_dict=False"
)
def _output_objects() -> Callable[..., Any]:
    def pooled(output: Any) -> Any:
        return _pooled(output, _of_output_tuple)

    return pooled


@stable
def image_features(model: Any, pixel_values: Any, **inputs: Any) -> Any:
    """The features of images, as the text model takes them.

    Args:
        model: CLIP and its kind, or a model of images and text, with or without its head.
        pixel_values: What the image processor made.
        inputs: What else the model's `get_image_features` takes in its newest form, such as `image_grid_thw`,
            `image_sizes`, `vision_feature_layer`; None is as if not given. What is not given comes from the config.

    Returns:
        CLIP and its kind: (images, features). Models of images and text: a list with (tokens, hidden) for each image.

    Raises:
        TypeError: The model makes no such features, or its method takes no keyword of that name.
    """


@adapts(image_features, "transformers<4.53", because="4.53.0 packs the patches of LLaVA-NeXT in get_image_features")
def _images_not_packed() -> Callable[..., Any]:
    features = pooled

    def image_features(model: Any, pixel_values: Any, **inputs: Any) -> Any:
        found = _packed(model, _called(model, "image", pixel_values, inputs, features), inputs)
        return _each(model, _without_scale(model, found), inputs.get("image_grid_thw"))

    return image_features


@adapts(
    image_features,
    "transformers>=4.57,<4.57.2",
    because="4.57.0 and 4.57.1 give the last hidden state of SigLIP's towers after the last norm",
)
def _images_normed() -> Callable[..., Any]:
    features = pooled

    def image_features(model: Any, pixel_values: Any, **inputs: Any) -> Any:
        with _LastNormOff(model, "get_image_features"):
            found = _called(model, "image", pixel_values, inputs, features)
        return _each(model, _without_scale(model, found), inputs.get("image_grid_thw"))

    return image_features


@adapts(
    image_features,
    "transformers>=4.53,<5.4,!=4.57.0,!=4.57.1",
    because="5.4.0 no longer scales the features of PaliGemma",
)
def _images_scaled() -> Callable[..., Any]:
    features = pooled

    def image_features(model: Any, pixel_values: Any, **inputs: Any) -> Any:
        found = _called(model, "image", pixel_values, inputs, features)
        return _each(model, _without_scale(model, found), inputs.get("image_grid_thw"))

    return image_features


@adapts(image_features, "transformers>=5.4", because="5.4.0 no longer scales the features of PaliGemma")
def _images() -> Callable[..., Any]:
    features = pooled

    def image_features(model: Any, pixel_values: Any, **inputs: Any) -> Any:
        found = _called(model, "image", pixel_values, inputs, features)
        return _each(model, found, inputs.get("image_grid_thw"))

    return image_features


@stable
def video_features(model: Any, pixel_values_videos: Any, **inputs: Any) -> Any:
    """The features of videos, as the text model takes them.

    Args:
        model: X-CLIP and its kind, or a model of videos and text, with or without its head.
        pixel_values_videos: What the video processor made.
        inputs: What else the model's `get_video_features` takes in its newest form, such as `video_grid_thw`; None is
            as if not given. What is not given comes from the config.

    Returns:
        X-CLIP and its kind: (videos, features). Models of videos and text: a list with (tokens, hidden) for each video.

    Raises:
        TypeError: The model makes no such features, or its method takes no keyword of that name.
    """


@adapts(
    video_features,
    "transformers>=4.57,<4.57.2",
    because="4.57.0 and 4.57.1 give the last hidden state of SigLIP's towers after the last norm",
)
def _videos_normed() -> Callable[..., Any]:
    from torch import cat

    features = pooled

    def video_features(model: Any, pixel_values_videos: Any, **inputs: Any) -> Any:
        with _LastNormOff(model, "get_video_features"):
            found = _called(model, "video", pixel_values_videos, inputs, features)
        return _ended(model, _each(model, found, inputs.get("video_grid_thw")), cat)

    return video_features


@adapts(
    video_features,
    "transformers<5.18,!=4.57.0,!=4.57.1",
    because="5.18.0 ends the features of LLaVA-OneVision's videos with image_newline",
)
def _videos_without_newline() -> Callable[..., Any]:
    from torch import cat

    features = pooled

    def video_features(model: Any, pixel_values_videos: Any, **inputs: Any) -> Any:
        found = _called(model, "video", pixel_values_videos, inputs, features)
        return _ended(model, _each(model, found, inputs.get("video_grid_thw")), cat)

    return video_features


@adapts(
    video_features,
    "transformers>=5.18",
    because="5.18.0 ends the features of LLaVA-OneVision's videos with image_newline",
)
def _videos() -> Callable[..., Any]:
    features = pooled

    def video_features(model: Any, pixel_values_videos: Any, **inputs: Any) -> Any:
        found = _called(model, "video", pixel_values_videos, inputs, features)
        return _each(model, found, inputs.get("video_grid_thw"))

    return video_features


def text_features(model: Any, input_ids: Any, **inputs: Any) -> Any:
    """The features of texts, in the space that they share with those of images or audio.

    Args:
        model: CLIP and its kind.
        input_ids: Token ids, (texts, tokens).
        inputs: What else the model's `get_text_features` takes, such as `attention_mask`; None is as if not given.

    Returns:
        (texts, features).

    Raises:
        TypeError: The model makes no such features, or its method takes no keyword of that name.
    """
    return _called(model, "text", input_ids, inputs, pooled)


def audio_features(model: Any, input_features: Any, **inputs: Any) -> Any:
    """The features of sounds.

    Args:
        model: CLAP and its kind, or a model of audio and text.
        input_features: What the feature extractor made.
        inputs: What else the model's `get_audio_features` takes, such as `is_longer` or `feature_attention_mask`; None
            is as if not given.

    Returns:
        CLAP and its kind: (sounds, features). Others: the tensor or the list of tensors that upstream makes, which
        where its output has no `pooler_output` is `last_hidden_state` (Qwen2.5-Omni).

    Raises:
        TypeError: The model makes no such features, or its method takes no keyword of that name.
    """

    def features(output: Any) -> Any:
        if getattr(output, "pooler_output", None) is None and hasattr(output, "last_hidden_state"):
            return output.last_hidden_state
        return pooled(output)

    return _called(model, "audio", input_features, inputs, features)


class _LastNormOff:
    """While it holds, a tower's last hidden state is the one before its last norm, as models mean it."""

    def __init__(self, model: Any, method: str) -> None:
        owner = _owner(model, method)
        # What names no layer takes the tower's result, and that after the norm.
        by_layer = owner is not None and "vision_feature_layer" in _parameters(getattr(owner, method).__func__)[0]
        tower = vision_tower(model) if by_layer else None
        self._norm = getattr(getattr(tower, "vision_model", tower), "post_layernorm", None)

    def __enter__(self) -> None:
        if self._norm is not None:
            self._hook = self._norm.register_forward_hook(lambda _norm, given, _output: given[0])

    def __exit__(self, *_error: object) -> None:
        if self._norm is not None:
            self._hook.remove()


def _ended(model: Any, videos: Any, cat: Callable[..., Any]) -> Any:
    """The features of LLaVA-OneVision's videos with the newline at their ends; those of other models as they are."""
    newline = _part(model, "image_newline") if _part(model, "apply_pooling") is not None else None
    return videos if newline is None else [cat((video, newline[None].to(video.device))) for video in videos]


def _called(model: Any, kind: str, values: Any, inputs: dict[str, Any], features: Callable[[Any], Any]) -> Any:
    owner = _owner(model, f"get_{kind}_features")
    if owner is None:
        return _seen(model, kind, values, inputs, features)
    method = getattr(owner, f"get_{kind}_features")
    named, any_keyword = _parameters(getattr(method, "__func__", method))
    given = {name: value for name, value in inputs.items() if value is not None}
    unknown = given.keys() - named
    if unknown and any_keyword:
        unknown -= _parameters(type(vision_tower(model)).forward)[0] if kind in {"image", "video"} else set()
    if unknown:
        raise TypeError(
            f"{type(owner).__name__}.get_{kind}_features takes no {', '.join(sorted(unknown))}: "
            f"it takes {', '.join(sorted(named))}"
        )
    # Up to 4.51 LLaVA's methods need these; up to 4.57 LLaVA-OneVision's for videos hands on the None it was not given.
    for name in _FROM_CONFIG:
        if name in named and name not in given and getattr(owner.config, name, None) is not None:
            given[name] = getattr(owner.config, name)
    # By place: the first is called pixel_values, pixel_values_videos, input_ids, input_features, and was renamed.
    return features(method(values, **given))


def _seen(model: Any, kind: str, values: Any, inputs: dict[str, Any], features: Callable[[Any], Any]) -> Any:
    grid = inputs.get(f"{kind}_grid_thw")
    visual = getattr(model, "visual", None)
    if grid is None or visual is None:
        raise TypeError(f"{type(model).__name__} has no get_{kind}_features, and neither has its .model")
    # Up to 4.51 Qwen2-VL and Qwen2.5-VL have no features methods: `forward` calls the tower.
    return features(visual(values.type(next(visual.parameters()).dtype), grid_thw=grid))


def _owner(model: Any, method: str) -> Any:
    # 4.52 has the methods of models of images and text on `.model` only.
    return next((part for part in (model, getattr(model, "model", None)) if hasattr(part, method)), None)


def _part(model: Any, name: str) -> Any:
    owner = _owner(model, name)
    return None if owner is None else getattr(owner, name)


def _each(model: Any, features: Any, grid: Any) -> Any:
    if isinstance(features, list):
        return features
    if grid is not None and features.ndim == 2:
        # Up to 4.52 the features of Qwen-VL are those of all images in one.
        sizes = (grid.prod(-1) // vision_tower(model).spatial_merge_size ** 2).tolist()
        return list(features.split(sizes))
    return list(features) if features.ndim == 3 else features


def _packed(model: Any, features: Any, inputs: dict[str, Any]) -> Any:
    pack = _part(model, "pack_image_features")
    if pack is None:
        return features
    config = model.config
    named = _parameters(pack.__func__)[0]
    given = {
        name: inputs.get(name, getattr(config, name, None))
        for name in ("vision_aspect_ratio", "vision_feature_select_strategy")
        if name in named
    }
    every, lengths = pack(features, inputs["image_sizes"], image_newline=_part(model, "image_newline"), **given)
    return list(every.split(lengths.tolist()))


def _without_scale(model: Any, features: Any) -> Any:
    if model.config.model_type != "paligemma":
        return features
    return features * model.config.text_config.hidden_size**0.5


def _parameters(function: Callable[..., Any]) -> tuple[frozenset[str], bool]:
    """What a method takes after its first argument: the names, and whether any keyword beside them."""
    if function not in _PARAMETERS:
        from inspect import Parameter, signature

        every = list(signature(function).parameters.values())[2:]
        names = [each.name for each in every if each.kind is not Parameter.VAR_KEYWORD]
        _PARAMETERS[function] = frozenset(names), len(names) < len(every)
    return _PARAMETERS[function]


def _pooled(output: Any, of_tuple: Callable[[tuple[Any, ...]], Any]) -> Any:
    if is_tensor(output):
        return output
    if isinstance(output, list) and _are_tensors(output):
        return output
    if isinstance(output, tuple) and output:
        return _listed(of_tuple(output))
    if getattr(output, "pooler_output", None) is None:
        has = f" with {', '.join(output)}" if hasattr(output, "keys") else ""
        raise TypeError(f"pooled takes tensors or an output with pooler_output; got {type(output).__name__}{has}")
    return _listed(output.pooler_output)


def _of_plain_tuple(output: tuple[Any, ...]) -> Any:
    first = output[0]
    if _are_tensors(first):
        # Qwen3-VL 4.57: features for each image, and those for deeper layers.
        return first
    if _are_tensors(output) and len({each.ndim for each in output}) == 1:
        return output
    second = (*output, None)[1]
    if is_tensor(first) and is_tensor(second) and second.ndim == first.ndim - 1:
        return second
    if is_tensor(first) and first.ndim == 2 and _are_tensors(second):
        # What Qwen3-VL's tower returns in 4.57.
        return first
    raise _unclear(output)


def _of_output_tuple(output: tuple[Any, ...]) -> Any:
    first, second = (*output, None)[:2]
    if is_tensor(first) and is_tensor(second) and second.ndim == first.ndim - 1:
        return second
    if is_tensor(first) and _are_tensors(second) and all(each.ndim == 2 for each in second):
        return second
    raise _unclear(output)


def _unclear(output: tuple[Any, ...]) -> ValueError:
    shapes = [
        tuple(each.shape) if is_tensor(each) else f"{len(each)} of them" if _are_tensors(each) else type(each).__name__
        for each in output
    ]
    return ValueError(
        f"pooled cannot tell whether a tuple of {', '.join(map(str, shapes))} holds features for each image or the "
        "fields of an output: call upstream with return_dict=True, or give a list where they are for each image"
    )


def _listed(features: Any) -> Any:
    return list(features) if isinstance(features, tuple) else features


def _are_tensors(values: Any) -> bool:
    return isinstance(values, (tuple, list)) and bool(values) and all(is_tensor(each) for each in values)
