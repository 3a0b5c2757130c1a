"""A processor's `_preprocess`, written once: what each release hands it, and what each wants back."""

from __future__ import annotations

from ._adapters import absent, adapts, stable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .patching import Patch

__all__ = ["preprocess_hook", "preprocess_patch", "rescale_and_normalize"]

# Known to every processor from some release on, and None before: they only say how to batch and what to return.
_NONE_BEFORE = {"disable_grouping", "return_tensors"}
# Consumed before the function is called, on every release: what it is given is converted, sampled and in place.
_CONSUMED = {"data_format", "default_to_square", "device", "do_convert_rgb", "do_sample_frames", "input_data_format"}
_BASES = {"BaseImageProcessorFast", "TorchvisionBackend", "PilBackend", "BaseVideoProcessor"}


def preprocess_patch(processor_class: type, preprocess: Callable[..., Any]) -> Patch:
    """The patch that makes a processor class preprocess with a function that is written once for all releases.

    Args:
        processor_class: The class, such as `image_processing.tensor_class("Qwen2VLImageProcessor")` gives it.
        preprocess: The function, as `preprocess_hook` takes it.

    Returns:
        A patch of the class's `_preprocess` that is not applied yet: `apply()` and `undo()` it, or use it in a `with`
        block.

    Raises:
        PatchMismatch: As `preprocess_hook` raises it.
    """
    from .patching import patch

    target = f"{processor_class.__module__}.{processor_class.__qualname__}._preprocess"
    return patch(target, preprocess_hook(processor_class, preprocess))


def preprocess_hook(processor_class: type, preprocess: Callable[..., Any]) -> Callable[..., Any]:
    """Make a `_preprocess` method for the installed release of a function with the newest names.

    The function is called as `preprocess(processor, images, **arguments)` with those arguments that it names, or all
    where it takes `**kwargs`:

    * images: a list of images, (channel, height, width), tensors or arrays as the class works on; for a video
      processor a list of videos, (frame, channel, height, width). They are converted to RGB where that is asked,
      sampled, and on their device. (Before 5.0 Qwen2-VL's image processors are given videos too, as such lists.)
    * size, crop_size, pad_size: a `SizeDict` or None. resample: a `PILImageResampling`, or
      `InterpolationMode.NEAREST`, which PIL does not have, or None.
    * image_mean, image_std: plain values, never fused with `rescale_factor`: call `rescale_and_normalize` with them.
    * return_tensors, disable_grouping: None on releases without them. Everything else as the call or the processor
      has it.

    It returns a `BatchFeature`, or a mapping from which one is made.

    Args:
        processor_class: The class whose `_preprocess` it will be, or the base of the class that defines it.
        preprocess: The function.

    Raises:
        PatchMismatch: The class has no such method on the installed release, or calls it otherwise than any class that
            was read; or the function takes arguments that the class does not have.
    """
    from functools import update_wrapper
    from inspect import signature

    from .patching import PatchMismatch

    names = _parameter_names(processor_class)
    one_at_a_time = "do_convert_rgb" in names and "image_grid_thw" in getattr(processor_class, "model_input_names", ())
    if not one_at_a_time and not _BASES.intersection(base.__name__ for base in processor_class.__mro__):
        raise PatchMismatch(
            f"{_named(processor_class)} calls `_preprocess` as no other class does: a hook can be made for image and "
            "video processors on torch, for the PIL classes since 5.4.0, and for Qwen2-VL's slow image processor"
        )
    wanted, takes_all = _wanted(preprocess, signature(preprocess).parameters)
    known = _known_names(processor_class, names)
    strange = [name for name, needed in wanted.items() if needed and name not in known]
    if strange:
        raise PatchMismatch(
            f"{_named(preprocess)} takes {', '.join(map(repr, strange))}, which {_named(processor_class)} does not "
            f"have on this release: it has {', '.join(sorted(known))}"
        )
    arguments = _Arguments(preprocess, processor_class, names, wanted, takes_all)
    if one_at_a_time:
        prepared = _prepared_by_class if hasattr(processor_class, "_prepare_input_images") else _prepared_by_hand
        hook = _one_at_a_time(preprocess, arguments, prepared)
    else:
        hook = _all_at_once(preprocess, arguments, _converted if names[0] == "videos" else None)
    return update_wrapper(hook, processor_class._preprocess)  # type: ignore[attr-defined]


@stable
def rescale_and_normalize(
    processor: Any,
    images: Any,
    do_rescale: bool,
    rescale_factor: float,
    do_normalize: bool,
    image_mean: float | tuple[float, ...] | None,
    image_std: float | tuple[float, ...] | None,
) -> Any:
    """Rescale and normalize a batch of images or videos, as the installed release's processors on torch do.

    Args:
        processor: An image or video processor that works on torch tensors.
        images: A tensor, (..., channel, height, width).
        do_rescale: Whether to multiply with `rescale_factor`.
        rescale_factor: Such as 1 / 255.
        do_normalize: Whether to subtract the mean and divide by the standard deviation.
        image_mean: The mean of each channel of the rescaled image.
        image_std: The standard deviation of each channel of the rescaled image.
    """


absent(
    rescale_and_normalize,
    "transformers<4.49",
    because="`rescale_and_normalize` comes with the base class of the processors on torch in 4.49.0",
)


@adapts(
    rescale_and_normalize,
    "transformers>=4.49,<4.50",
    because="4.49.0 fuses mean and rescale factor before `_preprocess`: plain ones would not be rescaled at all",
)
def _fused_before() -> Callable[..., Any]:
    def rescale_and_normalize(
        processor: Any,
        images: Any,
        do_rescale: bool,
        rescale_factor: float,
        do_normalize: bool,
        image_mean: float | tuple[float, ...] | None,
        image_std: float | tuple[float, ...] | None,
    ) -> Any:
        if do_rescale and do_normalize:
            import torch

            image_mean = torch.tensor(image_mean, device=images.device) * (1.0 / rescale_factor)
            image_std = torch.tensor(image_std, device=images.device) * (1.0 / rescale_factor)
        return processor.rescale_and_normalize(images, do_rescale, rescale_factor, do_normalize, image_mean, image_std)

    return rescale_and_normalize


@adapts(
    rescale_and_normalize,
    "transformers>=4.50",
    because="4.50.0 moves the fusing of mean and rescale factor into `rescale_and_normalize` itself",
)
def _fused_within() -> Callable[..., Any]:
    def rescale_and_normalize(
        processor: Any,
        images: Any,
        do_rescale: bool,
        rescale_factor: float,
        do_normalize: bool,
        image_mean: float | tuple[float, ...] | None,
        image_std: float | tuple[float, ...] | None,
    ) -> Any:
        return processor.rescale_and_normalize(images, do_rescale, rescale_factor, do_normalize, image_mean, image_std)

    return rescale_and_normalize


class _Arguments:
    """What a release hands to `_preprocess`, made into what the function takes."""

    def __init__(
        self,
        preprocess: Callable[..., Any],
        processor_class: type,
        names: tuple[str, ...],
        wanted: dict[str, bool],
        takes_all: bool,
    ) -> None:
        self.names = names
        self._preprocess = preprocess
        self._wanted = wanted
        self._takes_all = takes_all
        # Until 4.49.0 the Qwen-VL image processors read these from themselves, whatever `size` says.
        self._own_pixels = "image_grid_thw" in getattr(processor_class, "model_input_names", ()) and (
            "patch_size" not in names
        )
        # From 4.52.0 to 4.56.2 Qwen2-VL's video processor is handed them beside a `size` that it does not use.
        self._given_pixels = "min_pixels" in names
        # In 4.49.0 the base class fuses the mean and the factor before it calls.
        self._fused = hasattr(processor_class, "_prepare_process_arguments")

    def split(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """What is preprocessed, and the rest by name."""
        given = {**dict(zip(self.names, args, strict=False)), **keywords}
        return given.pop(self.names[0]), given

    def made(self, processor: Any, given: dict[str, Any]) -> dict[str, Any]:
        """The arguments of the function."""
        from .sizes import size_dict

        arguments = {name: value for name, value in given.items() if name not in _CONSUMED}
        if "interpolation" in arguments:
            arguments["resample"] = arguments.pop("interpolation")
        if "resample" in arguments:
            arguments["resample"] = _filter(arguments["resample"])
        least, most = arguments.pop("min_pixels", None), arguments.pop("max_pixels", None)
        if self._own_pixels:
            least, most = processor.min_pixels, processor.max_pixels
        if (self._own_pixels or self._given_pixels) and least is not None and most is not None:
            arguments["size"] = {"shortest_edge": least, "longest_edge": most}
        for name in ("size", "crop_size", "pad_size"):
            if arguments.get(name) is not None:
                arguments[name] = size_dict(arguments[name])
        for name in ("image_mean", "image_std"):
            value = arguments.get(name)
            if self._fused and hasattr(value, "tolist"):
                value = _unfused(value, arguments["rescale_factor"], getattr(processor, name, None))
            if name in arguments:
                arguments[name] = tuple(value) if isinstance(value, list) else value
        for name, needed in self._wanted.items():
            if name not in arguments and (needed or hasattr(processor, name)):
                arguments[name] = self._from_processor(processor, name)
        return arguments if self._takes_all else {name: arguments[name] for name in self._wanted if name in arguments}

    def _from_processor(self, processor: Any, name: str) -> Any:
        if name in _NONE_BEFORE or hasattr(processor, name):
            return None if name in _NONE_BEFORE else getattr(processor, name)
        raise TypeError(
            f"{_named(self._preprocess)} takes {name!r}, which {_named(type(processor))} neither hands over nor has"
        )


def _all_at_once(
    preprocess: Callable[..., Any], arguments: _Arguments, converted: Callable[..., list[Any]] | None
) -> Callable[..., Any]:
    def _preprocess(self: Any, *args: Any, **keywords: Any) -> Any:
        inputs, given = arguments.split(args, keywords)
        if converted is not None:
            inputs = converted(self, inputs, given)
        return _feature(preprocess(self, inputs, **arguments.made(self, given)), given.get("return_tensors"))

    return _preprocess


def _one_at_a_time(
    preprocess: Callable[..., Any], arguments: _Arguments, prepared: Callable[..., list[Any]]
) -> Callable[..., Any]:
    """The protocol of Qwen2-VL's slow class until 5.3.0 and of its class on torch until 4.53.3.

    Each image, or the frames of each video, comes alone and as the user gave it; patches and grid go back.
    """

    def _preprocess(self: Any, *args: Any, **keywords: Any) -> tuple[Any, tuple[int, ...]]:
        one, given = arguments.split(args, keywords)
        images = prepared(self, one, given)
        if isinstance(one, (list, tuple)) or getattr(one, "ndim", 3) == 4:
            images = [_stacked(images)]
        result = preprocess(self, images, **arguments.made(self, given))
        return result["pixel_values"], tuple(int(size) for size in result["image_grid_thw"][0])

    return _preprocess


def _prepared_by_class(processor: Any, images: Any, given: Mapping[str, Any]) -> list[Any]:
    return processor._prepare_input_images(  # type: ignore[no-any-return]
        images=images,
        do_convert_rgb=given["do_convert_rgb"],
        input_data_format=given["input_data_format"],
        device=given["device"],
    )


def _prepared_by_hand(processor: Any, images: Any, given: Mapping[str, Any]) -> list[Any]:
    from transformers.image_transforms import convert_to_rgb, to_channel_dimension_format
    from transformers.image_utils import ChannelDimension, infer_channel_dimension_format, to_numpy_array

    several = isinstance(images, (list, tuple)) or getattr(images, "ndim", 3) == 4
    arrays = [
        to_numpy_array(convert_to_rgb(image) if given.get("do_convert_rgb") else image)
        for image in (images if several else [images])
    ]
    layout = given.get("input_data_format") or infer_channel_dimension_format(arrays[0])
    return [to_channel_dimension_format(array, ChannelDimension.FIRST, input_channel_dim=layout) for array in arrays]


def _converted(processor: Any, videos: list[Any], given: Mapping[str, Any]) -> list[Any]:
    """The videos sampled, moved and converted, where the release leaves that to `_preprocess`."""
    if given.get("do_sample_frames"):
        sample = processor.sample_frames
        options = {**given, "frame_factor": given.get("temporal_patch_size")}
        names = [name for name in _names_of(sample) if name in options]
        videos = [
            sample(video, metadata=metadata, **{name: options[name] for name in names})
            for video, metadata in zip(videos, given["video_metadata"], strict=True)
        ]
    if given.get("device") is not None:
        videos = [video.to(given["device"]) for video in videos]
    if given.get("do_convert_rgb"):
        videos = [processor.convert_to_rgb(video) for video in videos]
    return videos


def _feature(result: Any, return_tensors: Any) -> Any:
    from transformers.feature_extraction_utils import BatchFeature

    if isinstance(result, BatchFeature):
        return result
    data = dict(result)
    if return_tensors is not None:
        # Before 5.0.0 `BatchFeature` does not make a tensor of a list of them.
        data = {name: _stacked(value) if _is_alike(value) else value for name, value in data.items()}
    return BatchFeature(data=data, tensor_type=return_tensors)


def _is_alike(value: Any) -> bool:
    if not isinstance(value, (list, tuple)) or not all(hasattr(part, "shape") for part in value):
        return False
    return len({tuple(part.shape) for part in value}) == 1


def _stacked(parts: Any) -> Any:
    if hasattr(parts[0], "permute"):
        import torch

        return torch.stack(list(parts))
    import numpy

    return numpy.stack(parts)


def _unfused(fused: Any, factor: float, own: Any) -> Any:
    """The mean that gives a fused one to the bit: the processor's own, or the shortest decimals that do."""
    import torch

    scale = 1.0 / factor
    if own is not None and torch.equal(torch.tensor(own, device=fused.device) * scale, fused):
        return own
    plain = (fused.double() * factor).float()
    for direction in (torch.inf, -torch.inf):
        near = torch.nextafter(plain, torch.full_like(plain, direction))
        plain = torch.where((plain * scale != fused) & (near * scale == fused), near, plain)
    numbers = plain.cpu().numpy()
    return [float(str(number)) for number in numbers] if numbers.ndim else float(str(numbers))


def _filter(resample: Any) -> Any:
    # Torchvision's NEAREST is not PIL's, which is its NEAREST_EXACT.
    if resample is None or (type(resample).__name__ == "InterpolationMode" and resample.name == "NEAREST"):
        return resample
    from .resizing import pil_resampling

    return pil_resampling(resample)


def _parameter_names(processor_class: type) -> tuple[str, ...]:
    from .patching import PatchMismatch

    original = getattr(processor_class, "_preprocess", None)
    names = _names_of(original)[1:] if callable(original) else ()
    if not names:
        raise PatchMismatch(f"{_named(processor_class)} has no `_preprocess` on this release")
    return names


def _names_of(function: Any) -> tuple[str, ...]:
    from inspect import Parameter, signature

    named = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    return tuple(each.name for each in signature(function).parameters.values() if each.kind in named)


def _wanted(preprocess: Callable[..., Any], parameters: Mapping[str, Any]) -> tuple[dict[str, bool], bool]:
    """The function's arguments after the first two, each with whether it is required; and whether it takes others."""
    from inspect import Parameter

    from .patching import PatchMismatch

    listed = list(parameters.values())
    placed = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    if len(listed) < 2 or any(each.kind not in placed for each in listed[:2]):
        raise PatchMismatch(f"{_named(preprocess)} has to take the processor and the images first, by position")
    by_name = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    wanted = {each.name: each.default is Parameter.empty for each in listed[2:] if each.kind in by_name}
    if "interpolation" in wanted:
        raise PatchMismatch(f"{_named(preprocess)} takes 'interpolation': its stable name is 'resample'")
    return wanted, any(each.kind is Parameter.VAR_KEYWORD for each in listed)


def _known_names(processor_class: type, names: tuple[str, ...]) -> set[str]:
    """What a processor of a class can hand over or has as an attribute."""
    keywords: set[str] = set()
    for attribute in ("valid_kwargs", "valid_init_kwargs", "valid_preprocess_kwargs"):
        for base in getattr(getattr(processor_class, attribute, None), "__mro__", ()):
            keywords.update(getattr(base, "__annotations__", ()))
        keywords.update(getattr(getattr(processor_class, attribute, None), "__annotations__", ()))
    known = {*names[1:], *keywords, *_names_of(processor_class), *_NONE_BEFORE, "size"}
    known.update(name for name in dir(processor_class) if not callable(getattr(processor_class, name, None)))
    known = {name for name in known if not name.startswith("_")}
    if "interpolation" in known:
        known = known - {"interpolation"} | {"resample"}
    return known - _CONSUMED - {"self", "min_pixels", "max_pixels"}


def _named(what: Any) -> str:
    return f"{what.__module__}.{what.__qualname__}" if hasattr(what, "__qualname__") else repr(what)
