"""A `_preprocess` written once, on real processors of both backends: what it is handed, and what comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from compat import installed_release
from compat.image_batches import group_images_by_shape, reorder_images
from compat.image_processing import pil_class, tensor_class
from compat.patching import PatchMismatch
from compat.preprocessing import preprocess_hook, preprocess_patch, rescale_and_normalize
from compat.qwen_vl import flatten_patches
from compat.resizing import resize
from compat.sizes import as_dict, smart_resize_qwen2_vl
from compat.video_processing import video_class

BOUNDS = {"shortest_edge": 56 * 56, "longest_edge": 28 * 28 * 40}
QWEN = "Qwen2VLImageProcessor"


def _noise(*shape: int) -> Any:
    import numpy as np

    return np.random.default_rng(sum(shape)).integers(0, 256, shape, dtype=np.uint8)


def _has(least: str) -> bool:
    from packaging.version import Version

    release = installed_release("transformers")
    return release is not None and release >= Version(least)


def _qwen(processor_class: type[Any]) -> Any:
    return processor_class(
        size=dict(BOUNDS), min_pixels=BOUNDS["shortest_edge"], max_pixels=BOUNDS["longest_edge"], patch_size=4
    )


class _Recorder:
    """A preprocess that keeps what it is handed."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def images(self, processor: Any, images: list[Any], **arguments: Any) -> dict[str, Any]:
        import torch

        self.calls.append({"shapes": [tuple(image.shape) for image in images], **arguments})
        return {
            "pixel_values": torch.zeros(len(images), 1),
            "image_grid_thw": torch.ones(len(images), 3, dtype=torch.long),
        }

    def videos(self, processor: Any, videos: list[Any], **arguments: Any) -> dict[str, Any]:
        self.calls.append({"shapes": [tuple(video.shape) for video in videos], **arguments})
        return {"pixel_values_videos": list(videos)}


def _readable(value: Any) -> Any:
    if type(value).__name__ == "SizeDict":
        return {"SizeDict": as_dict(value)}
    return f"{type(value).__name__}.{value.name}" if hasattr(value, "name") else value


HANDED = (
    "do_resize",
    "size",
    "resample",
    "do_rescale",
    "rescale_factor",
    "do_normalize",
    "image_mean",
    "image_std",
)


@pytest.mark.parametrize("overridden", [False, True], ids=["the processor's own", "the call's"])
@pytest.mark.covers("preprocessing.preprocess_patch", "preprocessing.preprocess_hook")
def test_a_function_is_handed_the_same_arguments_on_every_release(
    overridden: bool, observe: Callable[..., None]
) -> None:
    from transformers.image_utils import PILImageResampling

    image_class = tensor_class(QWEN)
    recorder = _Recorder()
    call: dict[str, Any] = {}
    if overridden:
        call = {"do_resize": False, "image_mean": [0.1, 0.2, 0.3], "image_std": [0.7, 0.6, 0.5]}
        call.update(rescale_factor=1 / 100, resample=PILImageResampling.LANCZOS)
    with preprocess_patch(image_class, recorder.images):
        result = _qwen(image_class)([_noise(50, 70, 3), _noise(3, 40, 60)], return_tensors="pt", **call)
    calls = recorder.calls
    assert [shape for one in calls for shape in one["shapes"]] == [(3, 50, 70), (3, 40, 60)]
    assert result["image_grid_thw"].tolist() == [[1, 1, 1]] * 2
    for one in calls:
        named = {name: one[name] for name in HANDED}
        assert type(named["size"]).__name__ == "SizeDict"
        assert isinstance(named["resample"], PILImageResampling)
        assert not {"do_convert_rgb", "input_data_format", "device", "data_format", "interpolation"} & one.keys()
        assert all(named == {name: other[name] for name in HANDED} for other in calls)
    observe(f"handed, overridden={overridden}", {name: _readable(calls[0][name]) for name in HANDED})


@pytest.mark.covers("preprocessing.preprocess_patch")
def test_what_upstream_does_not_hand_over_comes_from_the_processor(observe: Callable[..., None]) -> None:
    seen: list[Any] = []

    def preprocess(
        processor: Any,
        images: list[Any],
        *,
        patch_size: int,
        temporal_patch_size: int,
        merge_size: int,
        return_tensors: Any,
        disable_grouping: Any,
        strange: str = "its own default",
    ) -> dict[str, Any]:
        assert return_tensors in (None, "pt")
        assert disable_grouping in (None, False)
        seen.append([patch_size, temporal_patch_size, merge_size, strange])
        return {"pixel_values": images[0].reshape(1, -1), "image_grid_thw": [[1, 1, 1]]}

    image_class = tensor_class(QWEN)
    with preprocess_patch(image_class, preprocess):
        _qwen(image_class)(_noise(50, 70, 3), return_tensors="pt")
    assert seen == [[4, 2, 2, "its own default"]]
    observe("from the processor", seen)


def _plain(
    processor: Any,
    images: list[Any],
    *,
    size: Any,
    resample: Any,
    do_rescale: bool,
    rescale_factor: float,
    do_normalize: bool,
    image_mean: Any,
    image_std: Any,
    **others: Any,
) -> dict[str, Any]:
    groups, index = group_images_by_shape(images, disable_grouping=False)
    for key, group in groups.items():
        resized = resize(processor, group, size, resample)
        groups[key] = rescale_and_normalize(
            processor, resized, do_rescale, rescale_factor, do_normalize, image_mean, image_std
        )
    return {"pixel_values": reorder_images(groups, index)}


@pytest.mark.parametrize("options", [{}, {"image_mean": [0.1, 0.2, 0.3]}, {"do_normalize": False}], ids=str)
@pytest.mark.covers(
    "preprocessing.preprocess_patch", "preprocessing.rescale_and_normalize", "preprocessing.preprocess_hook"
)
def test_a_family_without_patches_gives_upstreams_result_too(
    options: dict[str, Any], observe: Callable[..., None]
) -> None:
    import torch

    clip_class = tensor_class("CLIPImageProcessor")
    processor = clip_class(size={"height": 24, "width": 30}, do_center_crop=False)
    images = [_noise(50, 70, 3), _noise(40, 60, 3), _noise(50, 70, 3)]
    expected = processor(images, return_tensors="pt", **options)["pixel_values"]
    with preprocess_patch(clip_class, _plain):
        result = processor(images, return_tensors="pt", **options)["pixel_values"]
        listed = processor(images, **options)["pixel_values"]
    assert torch.equal(result, expected)
    assert all(torch.equal(one, other) for one, other in zip(listed, expected, strict=True))
    observe(f"CLIP, {options}", result)

    class Other(clip_class):  # type: ignore[misc, valid-type]
        _preprocess = preprocess_hook(clip_class, _plain)

    other = Other(size={"height": 24, "width": 30}, do_center_crop=False)
    assert torch.equal(other(images, return_tensors="pt", **options)["pixel_values"], expected)


def _with_numpy(
    processor: Any,
    images: list[Any],
    *,
    do_resize: bool,
    size: Any,
    resample: Any,
    rescale_factor: float,
    image_mean: Any,
    image_std: Any,
    patch_size: int,
    temporal_patch_size: int,
    merge_size: int,
    **others: Any,
) -> dict[str, Any]:
    import numpy as np

    rows, grids = [], []
    for image in images:
        frames = []
        for frame in image if image.ndim == 4 else [image]:
            if do_resize:
                height, width = smart_resize_qwen2_vl(
                    frame.shape[-2], frame.shape[-1], patch_size * merge_size, size.shortest_edge, size.longest_edge
                )
                frame = resize(processor, frame, {"height": height, "width": width}, resample)
            frame = processor.rescale(frame, rescale_factor)
            frames.append(processor.normalize(frame, image_mean, image_std))
        pixels = np.stack(frames)
        flat, grid = flatten_patches(
            pixels[None] if image.ndim == 4 else pixels, patch_size, merge_size, temporal_patch_size
        )
        rows.append(flat[0])
        grids.append(grid)
    return {"pixel_values": np.concatenate(rows), "image_grid_thw": np.array(grids)}


@pytest.mark.parametrize("do_resize", [True, False])
@pytest.mark.covers("preprocessing.preprocess_patch")
def test_the_class_on_arrays_takes_a_function_too(do_resize: bool, observe: Callable[..., None]) -> None:
    import numpy as np
    from PIL import Image

    processor = _qwen(pil_class(QWEN))
    images = [Image.fromarray(_noise(56, 72, 3)), Image.fromarray(_noise(48, 64)), _noise(3, 40, 56)]
    expected = processor(images, do_resize=do_resize, return_tensors="np")
    with preprocess_patch(type(processor), _with_numpy):
        result = processor(images, do_resize=do_resize, return_tensors="np")
        assert {key: value.shape for key, value in result.items()} == {k: v.shape for k, v in expected.items()}
        for key, value in expected.items():
            assert np.array_equal(result[key], value), key
            assert result[key].dtype == value.dtype
    observe(f"arrays, do_resize={do_resize}", dict(result))
    if not _has("5.0"):
        videos = [list(_noise(5, 40, 56, 3))]
        expected = processor(images=None, videos=videos, return_tensors="np")
        with preprocess_patch(type(processor), _with_numpy):
            result = processor(images=None, videos=videos, return_tensors="np")
        assert all(np.array_equal(result[key], value) for key, value in expected.items())


@pytest.mark.covers("preprocessing.preprocess_patch")
def test_videos_arrive_sampled_and_in_rgb(observe: Callable[..., None]) -> None:
    if not _has("4.53"):
        pytest.skip("4.52.0 brings video processors, 4.53.0 the sampling of frames")
    import torch

    processor = _qwen(video_class("Qwen2VLVideoProcessor"))
    videos = [torch.from_numpy(_noise(8, 3, 40, 56)), torch.from_numpy(_noise(8, 1, 40, 56))]
    metadata: list[Any] = [{"fps": 2.0, "total_num_frames": 8, "duration": 4.0} for _ in videos]
    if not _has("4.56"):
        # Until then a list of them for each prompt.
        metadata = [metadata]
    recorder = _Recorder()
    with preprocess_patch(type(processor), recorder.videos):
        result = processor(
            videos, do_sample_frames=True, num_frames=4, video_metadata=metadata, do_rescale=False, return_tensors="pt"
        )
    (call,) = recorder.calls
    assert call["shapes"] == [(4, 3, 40, 56)] * 2
    assert as_dict(call["size"]) == BOUNDS
    assert call["do_rescale"] is False
    assert call["resample"].name == "BICUBIC"
    assert torch.equal(result["pixel_values_videos"][0], videos[0][::2])
    observe("sampled", result["pixel_values_videos"])


@pytest.mark.covers("preprocessing.preprocess_hook")
def test_what_does_not_fit_is_refused_before_anything_is_patched() -> None:
    from transformers import CLIPImageProcessor
    from transformers.image_processing_utils import ImageProcessingMixin

    image_class = tensor_class(QWEN)
    original = vars(image_class)["_preprocess"]

    def asks_for_more(processor: Any, images: Any, *, size: Any, colour: str) -> None: ...

    def old_name(processor: Any, images: Any, *, interpolation: Any) -> None: ...

    def keywords_only(*, images: Any) -> None: ...

    for function, reason in (
        (asks_for_more, r"takes 'colour', which .* does not have on this release: it has .*resample"),
        (old_name, "its stable name is 'resample'"),
        (keywords_only, "the processor and the images first"),
    ):
        with pytest.raises(PatchMismatch, match=reason):
            preprocess_patch(image_class, function)
    with pytest.raises(PatchMismatch, match="has no `_preprocess` on this release"):
        preprocess_hook(ImageProcessingMixin, _plain)
    if not _has("5.4"):
        with pytest.raises(PatchMismatch, match="has no `_preprocess` on this release"):
            preprocess_hook(CLIPImageProcessor, _plain)
    assert vars(image_class)["_preprocess"] is original
