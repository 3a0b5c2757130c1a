from __future__ import annotations

import sys
from inspect import signature
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat.patching import PatchMismatch
from compat.preprocessing import preprocess_hook


class BatchFeature(dict[str, Any]):
    def __init__(self, data: dict[str, Any], tensor_type: Any) -> None:
        super().__init__(data)
        self.tensor_type = tensor_type


@pytest.fixture(autouse=True)
def upstream(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("transformers.feature_extraction_utils")
    module.BatchFeature = BatchFeature  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "transformers", ModuleType("transformers"))
    monkeypatch.setitem(sys.modules, module.__name__, module)


class BaseImageProcessorFast:
    """As from 4.54.0 to 5.3.0; what it is called says how it calls."""

    do_flip = True

    def _preprocess(self, images: Any, size: Any, interpolation: Any, image_mean: Any, **kwargs: Any) -> Any: ...


class TorchvisionBackend:
    """As from 5.4.0 on."""

    do_flip = True

    def _preprocess(self, images: Any, size: Any, resample: Any, image_mean: Any, **kwargs: Any) -> Any: ...


class BaseVideoProcessor:
    """As from 4.53.0 to 4.55.4: it samples, and is handed what it samples by."""

    def _preprocess(self, videos: Any, do_convert_rgb: Any, size: Any, **kwargs: Any) -> Any: ...

    def sample_frames(self, video: Any, frame_factor: int, metadata: Any, num_frames: int | None = None) -> Any:
        return video[: num_frames or len(video)]

    def convert_to_rgb(self, video: Any) -> Any:
        return [*video, "rgb"]


class Slow:
    """As Qwen2-VL's class until 4.49.0."""

    model_input_names = ("pixel_values", "image_grid_thw")
    min_pixels = max_pixels = None
    patch_size = 14

    def _preprocess(
        self, images: Any, do_resize: Any = None, do_convert_rgb: Any = None, input_data_format: Any = None
    ) -> Any: ...

    def _prepare_input_images(self, images: Any, do_convert_rgb: Any, input_data_format: Any, device: Any) -> Any:
        return [*images] if isinstance(images, list) else [images]


def everything(processor: Any, images: Any, **arguments: Any) -> dict[str, Any]:
    return {"images": images, **arguments}


@given(st.dictionaries(st.sampled_from(["rescale_factor", "do_pad", "return_tensors"]), st.none(), min_size=0))
def test_old_and_new_names_reach_a_function_alike(others: dict[str, Any]) -> None:
    consumed = {"device": "npu", "do_convert_rgb": True, "data_format": "channels_first"}
    given = {"size": None, "image_mean": [0.5, 0.5], **others}
    old = preprocess_hook(BaseImageProcessorFast, everything)(
        BaseImageProcessorFast(), ["image"], interpolation=None, **given
    )
    new = preprocess_hook(TorchvisionBackend, everything)(
        TorchvisionBackend(), images=["image"], resample=None, **given, **consumed
    )
    assert old == new == {"images": ["image"], "size": None, "resample": None, "image_mean": (0.5, 0.5), **others}


def test_positional_arguments_are_named_and_only_named_ones_are_given() -> None:
    def some(processor: Any, images: Any, *, image_mean: Any, do_flip: bool, disable_grouping: Any) -> dict[str, Any]:
        return {"seen": [images, image_mean, do_flip, disable_grouping]}

    hook = preprocess_hook(TorchvisionBackend, some)
    result = hook(TorchvisionBackend(), ["image"], None, None, 0.5, do_flip=False, return_tensors="pt")
    assert result == {"seen": [["image"], 0.5, False, None]}
    assert isinstance(result, BatchFeature)
    assert result.tensor_type == "pt"
    assert hook(TorchvisionBackend(), ["image"], image_mean=0.5)["seen"] == [["image"], 0.5, True, None]


def test_videos_are_sampled_and_converted_first() -> None:
    hook = preprocess_hook(BaseVideoProcessor, everything)
    result = hook(
        BaseVideoProcessor(),
        videos=[["a", "b", "c"]],
        video_metadata=[{}],
        do_sample_frames=True,
        num_frames=2,
        temporal_patch_size=2,
        do_convert_rgb=True,
        size=None,
    )
    assert result["images"] == [["a", "b", "rgb"]]


def test_one_image_at_a_time_is_given_as_a_list_and_handed_back_as_patches_and_grid() -> None:
    def patches(processor: Any, images: Any, *, patch_size: int) -> dict[str, Any]:
        return {"pixel_values": [images, patch_size], "image_grid_thw": [[1.0, 2.0, 3.0]]}

    processor = Slow()
    hook = preprocess_hook(Slow, patches)
    assert hook(processor, "image", do_convert_rgb=True, input_data_format=None, device=None) == (
        [["image"], 14],
        (1, 2, 3),
    )


@pytest.mark.parametrize(
    ("processor_class", "function", "reason"),
    [
        (int, everything, "builtins.int has no `_preprocess` on this release"),
        (type("Other", (), {"_preprocess": lambda self, image, size: image}), everything, "as no other class does"),
        (
            TorchvisionBackend,
            lambda processor, images, colour: None,
            "takes 'colour', which .*it has .*do_flip, image_mean, resample",
        ),
        (TorchvisionBackend, lambda processor, images, interpolation: None, "its stable name is 'resample'"),
        (TorchvisionBackend, lambda processor, *, images: None, "the processor and the images first"),
    ],
)
def test_what_cannot_be_installed_is_refused(processor_class: type, function: Any, reason: str) -> None:
    with pytest.raises(PatchMismatch, match=reason):
        preprocess_hook(processor_class, function)


def test_a_hook_shows_upstreams_signature_and_can_take_its_place() -> None:
    class Hooked(BaseImageProcessorFast):
        _preprocess = preprocess_hook(BaseImageProcessorFast, everything)

    assert signature(Hooked._preprocess) == signature(BaseImageProcessorFast._preprocess)
    again = preprocess_hook(Hooked, everything)
    assert again(Hooked(), ["image"], interpolation=None, size=None, image_mean=0.5)["resample"] is None


def test_an_argument_that_an_instance_lacks_is_named() -> None:
    class Sometimes(TorchvisionBackend):
        @property
        def border(self) -> int:
            raise AttributeError("set in __init__")

    def bordered(processor: Any, images: Any, *, border: int) -> dict[str, Any]:
        return {}

    with pytest.raises(TypeError, match=r"takes 'border', which .*Sometimes neither hands over nor has"):
        preprocess_hook(Sometimes, bordered)(Sometimes(), [])
