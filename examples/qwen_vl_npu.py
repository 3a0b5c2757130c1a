"""Qwen-VL's image and video processors on an NPU, written once for transformers 4.49 to the newest.

The twin of sglang's `hardware_backend/npu/modules/qwen_vl_processor.py`, of which each sglang release has another one:
0.5.11's runs up to transformers 5.3, 0.5.12's from 5.4 to 5.14, 0.5.23's from 5.15. Here `compat` knows the releases:
what the classes are called, what they hand to `_preprocess` under which name, how they resize, and what they want back.

    npu_processors().apply()

Whoever only wants upstream's own preprocessing in eight dimensions calls `compat.qwen_vl.npu_patches().apply()`; this
is for those who want to change more than the flattening.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from compat import UnsupportedRelease
from compat.image_batches import group_images_by_shape, reorder_images
from compat.image_processing import tensor_class
from compat.patching import Patches
from compat.preprocessing import preprocess_patch, rescale_and_normalize
from compat.qwen_vl import flatten_patches
from compat.resizing import resize
from compat.sizes import smart_resize_qwen2_vl, smart_resize_qwen3_vl
from compat.video_processing import group_videos_by_shape, reorder_videos, video_class

if TYPE_CHECKING:
    from collections.abc import Callable


def npu_processors() -> Patches:
    """The patches of the image and video processors that the installed release has; none is applied yet."""
    patches = [preprocess_patch(tensor_class("Qwen2VLImageProcessor"), preprocess_images)]
    for name, resized in (("Qwen2VLVideoProcessor", _qwen2_vl_size), ("Qwen3VLVideoProcessor", _qwen3_vl_size)):
        try:
            processor_class = video_class(name)
        except UnsupportedRelease:
            continue
        patches.append(preprocess_patch(processor_class, partial(preprocess_videos, resized=resized)))
    return Patches(*patches)


def preprocess_images(
    processor: Any,
    images: list[Any],
    *,
    do_resize: bool,
    size: Any,
    resample: Any,
    do_rescale: bool,
    rescale_factor: float,
    do_normalize: bool,
    image_mean: Any,
    image_std: Any,
    patch_size: int,
    temporal_patch_size: int,
    merge_size: int,
    disable_grouping: bool | None,
) -> dict[str, Any]:
    """`_preprocess` of the image processor of all three families."""
    import torch

    groups, index = group_images_by_shape(images, disable_grouping=disable_grouping)
    if do_resize:
        for key, group in groups.items():
            height, width = smart_resize_qwen2_vl(
                group.shape[-2], group.shape[-1], patch_size * merge_size, size.shortest_edge, size.longest_edge
            )
            groups[key] = resize(processor, group, {"height": height, "width": width}, resample)
        groups, index = group_images_by_shape(reorder_images(groups, index), disable_grouping=disable_grouping)
    patches, grids = {}, {}
    for key, group in groups.items():
        values = rescale_and_normalize(
            processor, group, do_rescale, rescale_factor, do_normalize, image_mean, image_std
        )
        patches[key], grid = flatten_patches(values, patch_size, merge_size, temporal_patch_size)
        grids[key] = [grid] * len(group)
    return {
        "pixel_values": torch.cat(reorder_images(patches, index)),
        "image_grid_thw": torch.tensor(reorder_images(grids, index)),
    }


def preprocess_videos(
    processor: Any,
    videos: list[Any],
    *,
    resized: Callable[..., tuple[int, int]],
    do_resize: bool,
    size: Any,
    resample: Any,
    do_rescale: bool,
    rescale_factor: float,
    do_normalize: bool,
    image_mean: Any,
    image_std: Any,
    patch_size: int,
    temporal_patch_size: int,
    merge_size: int,
    cap_pixels_per_frame: bool | None = None,
) -> dict[str, Any]:
    """`_preprocess` of the video processors; the families differ in the size that they resize to."""
    import torch

    if cap_pixels_per_frame:
        raise NotImplementedError("cap_pixels_per_frame, which transformers has from 5.16 on, is not done here")
    groups, index = group_videos_by_shape(videos)
    if do_resize:
        for key, group in groups.items():
            frames, _, height, width = group.shape[1:]
            height, width = resized(frames, height, width, temporal_patch_size, patch_size * merge_size, size)
            groups[key] = resize(processor, group, {"height": height, "width": width}, resample)
        groups, index = group_videos_by_shape(reorder_videos(groups, index))
    patches, grids = {}, {}
    for key, group in groups.items():
        values = rescale_and_normalize(
            processor, group, do_rescale, rescale_factor, do_normalize, image_mean, image_std
        )
        patches[key], grid = flatten_patches(values, patch_size, merge_size, temporal_patch_size)
        grids[key] = [grid] * len(group)
    return {
        "pixel_values_videos": torch.cat(reorder_videos(patches, index)),
        "video_grid_thw": torch.tensor(reorder_videos(grids, index)),
    }


def _qwen2_vl_size(
    frames: int, height: int, width: int, temporal_factor: int, factor: int, size: Any
) -> tuple[int, int]:
    return smart_resize_qwen2_vl(height, width, factor, size.shortest_edge, size.longest_edge)


def _qwen3_vl_size(
    frames: int, height: int, width: int, temporal_factor: int, factor: int, size: Any
) -> tuple[int, int]:
    return smart_resize_qwen3_vl(frames, height, width, temporal_factor, factor, size.shortest_edge, size.longest_edge)
