from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from packaging.version import Version
from torchvision.transforms import InterpolationMode

from compat import image_processing, resizing, sizes
from compat._releases import installed_release

Observe = Callable[..., None]
# From 5.4 on PIL processors take a SizeDict, before a dict.
SIZE_DICTS = Version("5.4") <= (installed_release("transformers") or Version("0"))
SIZES = {
    "both sides": {"height": 21, "width": 34},
    "a number": 24,
    "a pair": (18, 40),
    "shortest edge": {"shortest_edge": 20},
    "shortest and longest edge": {"shortest_edge": 20, "longest_edge": 25},
    "largest height and width": {"max_height": 30, "max_width": 30},
}
FILTERS: dict[str, Any] = {
    "none": None,
    "bicubic": PIL.Image.Resampling.BICUBIC,
    "bilinear by number": 2,
    "nearest": PIL.Image.Resampling.NEAREST,
    "lanczos": PIL.Image.Resampling.LANCZOS,
    "bicubic of torchvision": InterpolationMode.BICUBIC,
}


@pytest.fixture(scope="module")
def pixels() -> Any:
    return np.random.default_rng(1).integers(0, 256, (3, 45, 61), dtype=np.uint8)


@pytest.fixture(scope="module")
def processors() -> dict[str, Any]:
    # From 5.15 on, Qwen2-VL's own `resize` asks for a `factor` and chooses the size.
    return {"tensor": image_processing.tensor_class("Qwen2VLImageProcessor")(), "pil": _pil()}


def _pil() -> Any:
    return image_processing.pil_class("CLIPImageProcessor")()


@pytest.mark.covers("resizing.resize")
@pytest.mark.parametrize("filter_name", FILTERS)
def test_a_tensor_is_resized_as_its_base_class_does(
    filter_name: str, processors: dict[str, Any], pixels: Any, observe: Observe
) -> None:
    resample = FILTERS[filter_name]
    for name, size in SIZES.items():
        image = torch.from_numpy(pixels)
        resized = resizing.resize(processors["tensor"], image, size, resample=resample)
        assert torch.equal(resized, _of_base(image, size, resample))
        observe(f"tensor, {filter_name}, {name}", resized)


@pytest.mark.covers("resizing.resize")
@pytest.mark.parametrize("filter_name", FILTERS)
def test_an_array_is_resized_as_its_class_does(
    filter_name: str, processors: dict[str, Any], pixels: Any, observe: Observe
) -> None:
    resample = FILTERS[filter_name]
    for name, size in SIZES.items():
        resized = resizing.resize(processors["pil"], pixels, size, resample=resample)
        observe(f"array, {filter_name}, {name}", resized)
        upstream = 2 if resample is None else 3 if isinstance(resample, InterpolationMode) else resample
        if name in ("both sides", "shortest edge"):
            given = sizes.size_dict(size) if SIZE_DICTS else size
            assert np.array_equal(resized, processors["pil"].resize(image=pixels, size=given, resample=upstream))


@pytest.mark.covers("resizing.resize")
def test_a_batch_and_a_video_are_resized_as_their_images_are(
    processors: dict[str, Any], pixels: Any, observe: Observe
) -> None:
    frames = torch.from_numpy(np.stack([pixels, 255 - pixels]))
    one_by_one = [resizing.resize(processors["tensor"], frame, {"height": 21, "width": 34}, 3) for frame in frames]
    resized = resizing.resize(processors["tensor"], frames, {"height": 21, "width": 34}, 3)
    assert torch.equal(resized, torch.stack(one_by_one))
    observe("floats", resizing.resize(processors["tensor"], frames / 255, {"shortest_edge": 20}, 3))
    try:
        from compat.video_processing import BaseVideoProcessor, video_class
    except RuntimeError:
        return
    video_processor = video_class("Qwen2VLVideoProcessor")()
    assert isinstance(video_processor, BaseVideoProcessor)
    assert torch.equal(resizing.resize(video_processor, frames, {"height": 21, "width": 34}, 3), resized)
    assert torch.equal(resizing.resize(video_processor, frames[None], (21, 34), 3), resized[None])


@pytest.mark.covers("resizing.interpolation_mode", "resizing.pil_resampling")
def test_filters_mean_the_same_for_both(observe: Observe) -> None:
    for number in range(6):
        mode = resizing.interpolation_mode(number)
        assert isinstance(mode, InterpolationMode)
        assert resizing.interpolation_mode(PIL.Image.Resampling(number)) is resizing.interpolation_mode(mode) is mode
        assert resizing.pil_resampling(mode) is resizing.pil_resampling(number) is PIL.Image.Resampling(number)
        observe(f"mode {number}", mode.value)


@pytest.mark.covers("resizing.resize", "resizing.interpolation_mode", "resizing.pil_resampling")
def test_wrong_use_says_what_is_accepted(processors: dict[str, Any], pixels: Any) -> None:
    tensor, array = processors["tensor"], processors["pil"]
    with pytest.raises(TypeError, match="resizes a tensor, not a ndarray"):
        resizing.resize(tensor, pixels, 20)
    with pytest.raises(TypeError, match="resizes an array, not a Tensor"):
        resizing.resize(array, torch.from_numpy(pixels), 20)
    with pytest.raises(TypeError, match="'bicubic' is no filter"):
        resizing.resize(tensor, torch.from_numpy(pixels), 20, "bicubic")
    with pytest.raises(ValueError, match="there is no filter 9"):
        resizing.interpolation_mode(9)
    with pytest.raises(ValueError, match=r"PIL has no filter for InterpolationMode\.NEAREST"):
        resizing.resize(array, pixels, 20, InterpolationMode.NEAREST)
    for processor, image in (tensor, torch.from_numpy(pixels)), (array, pixels):
        with pytest.raises(ValueError, match="shortest_edge"):
            resizing.resize(processor, image, {"longest_edge": 20})


def _of_base(image: Any, size: Any, resample: Any) -> Any:
    """What upstream's own base class gives, called with the keyword that it has."""
    from torchvision.transforms.v2 import functional

    base = image_processing.TorchvisionBackend
    mode = resizing.interpolation_mode(2 if resample is None else resample)
    keyword = "interpolation" if base.__name__ == "BaseImageProcessorFast" else "resample"
    plain = base(size={"height": 1, "width": 1})
    upstream = plain.resize(image, sizes.size_dict(size), **{keyword: mode})
    if mode is InterpolationMode.LANCZOS:
        # 5.4 to 5.10 use BICUBIC for it whatever torchvision has.
        return functional.resize(image, list(upstream.shape[-2:]), interpolation=mode, antialias=True)
    return upstream
