"""Resizing images and videos with the filter that is asked for, for any image or video processor."""

from __future__ import annotations

from ._adapters import absent, adapts, stable
from ._releases import installed_release
from .image_processing import backend_of
from .sizes import size_dict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["interpolation_mode", "pil_resampling", "resize"]

_BEFORE = "4.49.0 brings the `resize` of tensor processors that later releases have"
# The numbers that PIL gave its filters, which are alike in every release of PIL.
_BILINEAR, _BICUBIC = 2, 3
# What torchvision calls a PIL filter, where the names differ.
_MODE_NAMES = {"NEAREST": "NEAREST_EXACT"}


@stable
def resize(processor: Any, image: Any, size: Any, resample: Any = None) -> Any:
    """Resize an image, a batch of images or a video to a size, with the filter that is asked for.

    It is what the base class of the processor does, to the bit. Calling `processor.resize` is not: the base class
    takes `interpolation` up to 5.3 and `resample` from 5.4 on, swallows the other one and uses BILINEAR; and from
    5.15 on some thirty families have a `resize` of their own, with a required `factor` and a size that they choose.

    Args:
        processor: An image processor or a video processor of either backend.
        image: For a torchvision processor, a tensor of shape (..., channels, height, width): an image, a batch or a
            video. For a PIL processor, an array of shape (channels, height, width).
        size: `height` and `width`; or `shortest_edge`, with or without `longest_edge`; or `max_height` and
            `max_width`. As `compat.sizes.as_dict` takes it.
        resample: A PIL filter, its number, or torchvision's `InterpolationMode`; None is BILINEAR.

    Returns:
        The resized tensor or array, of the same dtype.

    Raises:
        TypeError: The processor, the image, the size or the filter is something else.
        ValueError: The size has none of these sides, or the backend has no such filter.
    """


@adapts(resize, "transformers>=5.11", because="5.11.0 uses LANCZOS on tensors where torchvision has it")
def _resize_by_backends() -> Any:
    from transformers.image_processing_backends import PilBackend, TorchvisionBackend

    def of_tensor(processor: Any, image: Any, size: Any, mode: Any) -> Any:
        return TorchvisionBackend.resize(processor, image, size, resample=mode)

    def of_array(processor: Any, image: Any, size: Any, resampling: Any) -> Any:
        return PilBackend.resize(processor, image, size, resample=resampling)

    return _resizing(of_tensor, of_array)


@adapts(resize, "transformers>=5.4,<5.11", because="5.4.0 renames `interpolation`, and uses BICUBIC for LANCZOS")
def _resize_without_lanczos() -> Any:
    from transformers.image_processing_backends import PilBackend, TorchvisionBackend
    from transformers.image_transforms import get_resize_output_image_size, get_size_with_aspect_ratio
    from transformers.image_utils import get_image_size_for_max_height_width

    output_size = _output_size(
        get_size_with_aspect_ratio, get_resize_output_image_size, get_image_size_for_max_height_width
    )

    def of_tensor(processor: Any, image: Any, size: Any, mode: Any) -> Any:
        if mode.name == "LANCZOS":
            from torchvision.transforms.v2.functional import resize as resize_tensor

            return resize_tensor(image, output_size(image, size), interpolation=mode, antialias=True)
        return TorchvisionBackend.resize(processor, image, size, resample=mode)

    def of_array(processor: Any, image: Any, size: Any, resampling: Any) -> Any:
        return PilBackend.resize(processor, image, size, resample=resampling)

    return _resizing(of_tensor, of_array)


@adapts(resize, "transformers>=4.49,<5.4", because="5.4.0 renames `interpolation`, and brings the base of PIL classes")
def _resize_by_fast() -> Any:
    from transformers.image_processing_utils_fast import BaseImageProcessorFast
    from transformers.image_transforms import get_resize_output_image_size, get_size_with_aspect_ratio
    from transformers.image_transforms import resize as resize_array
    from transformers.image_utils import get_image_size_for_max_height_width

    output_size = _output_size(
        get_size_with_aspect_ratio, get_resize_output_image_size, get_image_size_for_max_height_width
    )

    def of_tensor(processor: Any, image: Any, size: Any, mode: Any) -> Any:
        return BaseImageProcessorFast.resize(processor, image, size, interpolation=mode)

    def of_array(processor: Any, image: Any, size: Any, resampling: Any) -> Any:
        first = "channels_first"
        new_size = output_size(image, size)
        return resize_array(image, new_size, resample=resampling, data_format=first, input_data_format=first)

    return _resizing(of_tensor, of_array)


absent(resize, "transformers<4.49", because=_BEFORE)


@stable
def interpolation_mode(resample: Any) -> Any:
    """Torchvision's `InterpolationMode` of a filter.

    PIL's NEAREST is NEAREST_EXACT: `pil_torch_interpolation_mapping` says so from 4.52 on, and NEAREST before.

    Args:
        resample: A PIL filter, its number, or an `InterpolationMode`, which is returned as it is.

    Raises:
        TypeError: It is none of these.
        ValueError: There is no filter of that number, or torchvision lacks it.
    """


@adapts(interpolation_mode, "transformers>=4.40", because="4.52.0 maps PIL's NEAREST to NEAREST_EXACT")
def _modes() -> Any:
    from PIL.Image import Resampling
    from torchvision.transforms import InterpolationMode

    # PIL 13 has filters that torchvision lacks.
    named = ((filter, _MODE_NAMES.get(filter.name, filter.name)) for filter in Resampling)
    modes = {filter: InterpolationMode[name] for filter, name in named if name in InterpolationMode.__members__}

    def interpolation_mode(resample: Any) -> Any:
        return resample if isinstance(resample, InterpolationMode) else _by_number(modes, resample)

    return interpolation_mode


@stable
def pil_resampling(resample: Any) -> Any:
    """PIL's filter of an `InterpolationMode`, where there is one.

    Upstream's PIL classes use BILINEAR without a word for a mode that PIL does not have, and refuse all modes up to
    5.3.

    Args:
        resample: An `InterpolationMode`, a PIL filter or its number.

    Raises:
        TypeError: It is none of these.
        ValueError: PIL has no such filter; it has none for `InterpolationMode.NEAREST`, only for NEAREST_EXACT.
    """


@adapts(pil_resampling, "transformers>=4.40", because="5.4.0 uses BILINEAR where PIL has no such filter")
def _filters() -> Any:
    from PIL.Image import Resampling

    numbers = {int(filter): filter for filter in Resampling}
    names = {_MODE_NAMES.get(filter.name, filter.name): filter for filter in Resampling}

    def pil_resampling(resample: Any) -> Any:
        if type(resample).__name__ != "InterpolationMode":
            return _by_number(numbers, resample)
        if resample.name not in names:
            raise ValueError(f"PIL has no filter for {resample}: it has {', '.join(names)}")
        return names[resample.name]

    return pil_resampling


def _resizing(of_tensor: Callable[..., Any], of_array: Callable[..., Any]) -> Callable[..., Any]:
    from numpy import ndarray
    from torch import Tensor

    supported = _supported_modes()

    def resize(processor: Any, image: Any, size: Any, resample: Any = None) -> Any:
        tensors = backend_of(processor) == "torchvision"
        if not isinstance(image, Tensor if tensors else ndarray):
            wanted = "a tensor" if tensors else "an array"
            raise TypeError(f"{type(processor).__name__} resizes {wanted}, not a {type(image).__name__}")
        if resample is None:
            resample = _BILINEAR
        if tensors:
            return of_tensor(processor, image, size_dict(size), supported(interpolation_mode(resample), image))
        return of_array(processor, image, size_dict(size), pil_resampling(resample))

    return resize


def _supported_modes() -> Any:
    """What takes LANCZOS for BICUBIC where torchvision has no LANCZOS of tensors, as upstream does from 5.15.1 on."""
    from logging import getLogger

    release = installed_release("torchvision")
    has_lanczos = release is not None and release.release >= (0, 27)
    warn = getLogger(__name__).warning

    def supported(mode: Any, image: Any) -> Any:
        if mode.name != "LANCZOS" or (has_lanczos and image.device.type == "cpu"):
            return mode
        warn("torchvision has LANCZOS for tensors from 0.27 on, on the CPU only: BICUBIC is used")
        return interpolation_mode(_BICUBIC)

    return supported


def _output_size(
    between_edges: Callable[..., Any], by_shortest: Callable[..., Any], within: Callable[..., Any]
) -> Callable[[Any, Any], Any]:
    def output_size(image: Any, size: Any) -> Any:
        shape = tuple(image.shape[-2:])
        if size.shortest_edge and size.longest_edge:
            return between_edges(shape, size.shortest_edge, size.longest_edge)
        if size.shortest_edge:
            return by_shortest(image, size.shortest_edge, default_to_square=False, input_data_format="channels_first")
        if size.max_height and size.max_width:
            return within(shape, size.max_height, size.max_width)
        if size.height and size.width:
            return size.height, size.width
        raise ValueError(
            f"{size}: give height and width, or shortest_edge (and longest_edge), or max_height and max_width"
        )

    return output_size


def _by_number(table: dict[Any, Any], resample: Any) -> Any:
    if not isinstance(resample, int) or isinstance(resample, bool):
        raise TypeError(f"{resample!r} is no filter: give PIL's, its number, or torchvision's InterpolationMode")
    if resample not in table:
        raise ValueError(f"there is no filter {int(resample)}: there are {', '.join(str(int(one)) for one in table)}")
    return table[resample]
