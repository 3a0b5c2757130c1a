"""Batches of images: grouped by shape and put back in order, cut into patches, measured, checked."""

from __future__ import annotations

from ._adapters import adapts, stable
from ._names import UpstreamName, upstream_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = [  # noqa: F822 - `max_across_indices` and `safe_squeeze` are upstream's
    "divide_to_patches",
    "get_max_height_width",
    "group_images_by_shape",
    "max_across_indices",
    "reorder_images",
    "safe_squeeze",
    "validate_preprocess_arguments",
]

__getattr__, __dir__ = upstream_names(
    __name__,
    UpstreamName(
        "safe_squeeze",
        {
            "transformers>=5.4": "transformers.image_transforms.safe_squeeze",
            "transformers>=4.47,<5.4": "transformers.image_processing_utils_fast.safe_squeeze",
            "transformers<4.47": None,
        },
        because="5.4.0 moves it to image_transforms; the alias of the old module does not have it",
    ),
    UpstreamName(
        "max_across_indices",
        {
            "transformers>=5.4": "transformers.image_utils.max_across_indices",
            "transformers>=4.47,<5.4": "transformers.image_processing_utils_fast.max_across_indices",
            "transformers<4.47": None,
        },
        because="5.4.0 moves it to image_utils; the alias of the old module does not have it",
    ),
)


@stable
def group_images_by_shape(
    images: Any, *paired_inputs: Any, disable_grouping: bool | None, is_nested: bool = False
) -> Any:
    """Stack images of the same height and width, so that each group can be processed at once.

    Args:
        images: Tensors of shape (channels, height, width): a list of them, a batch, or a list of lists.
        paired_inputs: For each, one value an image, nested as the images are; or None.
        disable_grouping: Whether each image is a group of its own, with its index as key. None: where the images
            are on the CPU, which upstream means from the start but does only from 5.16.0 on.
        is_nested: Whether the images are a list of lists.

    Returns:
        The groups by height and width (or by index); for each paired input its values by the same keys, or None by
        each key; and for each image its key and its place in the group.

    Raises:
        ValueError: A paired input has not one value an image (up to 5.17; upstream drops images from 5.18.0 on).
    """


@adapts(group_images_by_shape, "transformers>=5.18", because="5.18.0 lists paired values and takes None for them")
def _upstream_groups() -> Any:
    from transformers.image_transforms import group_images_by_shape

    return group_images_by_shape


@adapts(
    group_images_by_shape,
    "transformers<5.18",
    because="4.53.0 brings `disable_grouping`, 5.0.0 the paired inputs, 5.16.0 grouping by what the device really is",
)
def _own_groups() -> Any:
    from torch import Tensor, stack

    def group_images_by_shape(
        images: Any, *paired_inputs: Any, disable_grouping: bool | None, is_nested: bool = False
    ) -> tuple[Any, ...]:
        by_index = dict(_by_index(images, is_nested))
        if disable_grouping is None:
            disable_grouping = next(iter(by_index.values())).device.type == "cpu"
        whole = isinstance(images, Tensor) and not is_nested and not disable_grouping
        members: dict[Any, list[Any]] = {}
        index: dict[Any, Any] = {}
        for key, image in by_index.items():
            group = members.setdefault(key if disable_grouping else image.shape[1:], [])
            index[key] = (key if disable_grouping else image.shape[1:], len(group))
            group.append(key)
        if is_nested:
            index["_num_sublists"] = len(images)
        groups = {shape: images if whole else stack([by_index[key] for key in keys]) for shape, keys in members.items()}
        return groups, *(_paired(values, members, is_nested) for values in paired_inputs), index

    return group_images_by_shape


@stable
def reorder_images(processed_images: Any, grouped_images_index: Any, is_nested: bool = False) -> Any:
    """Put the images of groups into the order that they had, nested as they were.

    Args:
        processed_images: The groups, by the keys that `group_images_by_shape` gave.
        grouped_images_index: The index that it gave. Where the images are nested, how many lists there were is taken
            out of it.
        is_nested: Whether the images were a list of lists.
    """


@adapts(reorder_images, "transformers>=5.0", because="5.0.0 keeps empty lists")
def _upstream_order() -> Any:
    from transformers.image_transforms import reorder_images

    return reorder_images


@adapts(reorder_images, "transformers<5.0", because="4.53.0 brings `is_nested`, 5.0.0 keeps empty lists")
def _own_order() -> Any:
    def reorder_images(processed_images: Any, grouped_images_index: Any, is_nested: bool = False) -> list[Any]:
        if not is_nested:
            places = (grouped_images_index[key] for key in range(len(grouped_images_index)))
            return [processed_images[group][place] for group, place in places]
        lists = grouped_images_index.pop("_num_sublists", None)
        if lists is None:
            lists = 1 + max((row for row, _ in grouped_images_index), default=-1)
        ordered: list[list[Any]] = [[] for _ in range(lists)]
        for key in sorted(grouped_images_index):
            group, place = grouped_images_index[key]
            ordered[key[0]].append(processed_images[group][place])
        return ordered

    return reorder_images


@stable
def divide_to_patches(image: Any, patch_size: int | tuple[int, int]) -> Any:
    """Cut an image, or a batch, into patches from left to right and from top to bottom; the last ones may be smaller.

    Args:
        image: A tensor or array of shape (..., height, width).
        patch_size: The side of a patch, or (height, width).
    """


@adapts(divide_to_patches, "transformers>=5.7", because="5.7.0 takes (height, width), and batches")
def _upstream_patches() -> Any:
    from transformers.image_transforms import divide_to_patches

    return divide_to_patches


@adapts(divide_to_patches, "transformers<5.7", because="5.4.0 moves it from image_processing_utils_fast, without alias")
def _own_patches() -> Any:
    def divide_to_patches(image: Any, patch_size: int | tuple[int, int]) -> list[Any]:
        height, width = (patch_size, patch_size) if isinstance(patch_size, int) else patch_size
        rows, columns = image.shape[-2:]
        return [
            image[..., top : top + height, left : left + width]
            for top in range(0, rows, height)
            for left in range(0, columns, width)
        ]

    return divide_to_patches


@stable
def get_max_height_width(images: Any, input_data_format: str = "channels_first") -> Any:
    """The largest height and the largest width of some images.

    Args:
        images: Tensors or arrays of three dimensions.
        input_data_format: "channels_first" or "channels_last".

    Raises:
        ValueError: There is no such format.
    """


@adapts(get_max_height_width, "transformers>=5.4", because="5.4.0 moves it to image_utils")
def _upstream_maximum() -> Any:
    from transformers.image_utils import get_max_height_width

    return get_max_height_width


@adapts(get_max_height_width, "transformers<5.4", because="5.4.0 brings `input_data_format`")
def _own_maximum() -> Any:
    def get_max_height_width(images: Any, input_data_format: str = "channels_first") -> tuple[int, int]:
        if input_data_format not in ("channels_first", "channels_last"):
            raise ValueError(f"{input_data_format!r} is no format: give channels_first or channels_last")
        shapes = [image.shape[1:] if input_data_format == "channels_first" else image.shape[:2] for image in images]
        return max(height for height, _ in shapes), max(width for _, width in shapes)

    return get_max_height_width


@stable
def validate_preprocess_arguments(
    do_rescale: bool | None = None,
    rescale_factor: float | None = None,
    do_normalize: bool | None = None,
    image_mean: Any = None,
    image_std: Any = None,
    do_pad: bool | None = None,
    pad_size: Any = None,
    do_center_crop: bool | None = None,
    crop_size: Any = None,
    do_resize: bool | None = None,
    size: Any = None,
    resample: Any = None,
) -> Any:
    """Check that each step that is to be done has what it needs.

    Args:
        do_rescale: Whether to rescale, which needs `rescale_factor`.
        rescale_factor: The factor.
        do_normalize: Whether to normalize, which needs `image_mean` and `image_std`.
        image_mean: The mean.
        image_std: The standard deviation.
        do_pad: Whether to pad, which needs `pad_size`.
        pad_size: The size.
        do_center_crop: Whether to crop, which needs `crop_size`.
        crop_size: The size.
        do_resize: Whether to resize, which needs `size` and `resample`.
        size: The size.
        resample: The filter.

    Raises:
        ValueError: A step lacks what it needs.
    """


@adapts(validate_preprocess_arguments, "transformers>=4.57", because="4.57.0 renames `size_divisibility` to `pad_size`")
def _upstream_validation() -> Any:
    from transformers.image_utils import validate_preprocess_arguments

    return validate_preprocess_arguments


@adapts(validate_preprocess_arguments, "transformers<4.57", because="up to 4.56 it is called `size_divisibility`")
def _validation_of_divisibility() -> Any:
    from transformers.image_utils import validate_preprocess_arguments as upstream

    def validate_preprocess_arguments(
        do_rescale: bool | None = None,
        rescale_factor: float | None = None,
        do_normalize: bool | None = None,
        image_mean: Any = None,
        image_std: Any = None,
        do_pad: bool | None = None,
        pad_size: Any = None,
        do_center_crop: bool | None = None,
        crop_size: Any = None,
        do_resize: bool | None = None,
        size: Any = None,
        resample: Any = None,
    ) -> None:
        upstream(
            do_rescale=do_rescale,
            rescale_factor=rescale_factor,
            do_normalize=do_normalize,
            image_mean=image_mean,
            image_std=image_std,
            do_pad=do_pad,
            size_divisibility=pad_size,
            do_center_crop=do_center_crop,
            crop_size=crop_size,
            do_resize=do_resize,
            size=size,
            resample=resample,
        )

    return validate_preprocess_arguments


def _by_index(items: Any, is_nested: bool) -> Iterator[tuple[Any, Any]]:
    if not is_nested:
        yield from enumerate(items)
        return
    for row, part in enumerate(items):
        for column, item in enumerate(part):
            yield (row, column), item


def _paired(values: Any, members: dict[Any, list[Any]], is_nested: bool) -> dict[Any, Any]:
    if values is None:
        return dict.fromkeys(members)
    by_index = dict(_by_index(values, is_nested))
    wanted = [key for keys in members.values() for key in keys]
    if by_index.keys() != set(wanted):
        raise ValueError(f"a paired input has {len(by_index)} values for {len(wanted)} images, or is nested otherwise")
    return {group: [by_index[key] for key in keys] for group, keys in members.items()}
