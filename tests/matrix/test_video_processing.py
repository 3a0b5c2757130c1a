from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from packaging.version import Version

from compat import UnsupportedRelease, image_processing, video_processing
from compat._releases import installed_release

Observe = Callable[..., None]
HAVE_CLASSES = Version("4.52") <= (installed_release("transformers") or Version("0"))


@pytest.fixture(scope="module")
def video() -> Any:
    return np.random.default_rng(2).integers(0, 256, (4, 12, 20, 3), dtype=np.uint8)


@pytest.mark.covers(
    "video_processing.video_class", "video_processing.BaseVideoProcessor", "video_processing.AutoVideoProcessor"
)
def test_a_video_processor_has_a_class_from_4_52_on(tmp_path: Path, observe: Observe) -> None:
    if not HAVE_CLASSES:
        for name in ("video_class", "BaseVideoProcessor", "AutoVideoProcessor"):
            with pytest.raises(UnsupportedRelease, match=r"is not there .* 4\.52\.0 brings video processors"):
                getattr(video_processing, name)("Qwen2VLVideoProcessor")
        return
    llava = video_processing.video_class("LlavaOnevisionVideoProcessor")
    processor = llava(size={"height": 24, "width": 24})
    assert isinstance(processor, video_processing.BaseVideoProcessor)
    assert image_processing.backend_of(processor) == "torchvision"
    frames = torch.randint(0, 256, (3, 3, 30, 40), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    observe("llava_onevision", processor(videos=[frames], return_tensors="pt")["pixel_values_videos"])
    processor.save_pretrained(tmp_path)
    assert type(video_processing.AutoVideoProcessor.from_pretrained(tmp_path)) is llava
    with pytest.raises(UnsupportedRelease, match="has no class CLIPVideoProcessor that works on tensors: it has none"):
        video_processing.video_class("CLIPVideoProcessor")
    with pytest.raises(ValueError, match="'BaseVideoProcessor' is no family's video processor"):
        video_processing.video_class("BaseVideoProcessor")


@pytest.mark.covers("video_processing.group_videos_by_shape", "video_processing.reorder_videos")
def test_videos_are_grouped_and_put_back_in_order(observe: Observe) -> None:
    shapes = [(2, 3, 4, 6), (4, 3, 4, 6), (2, 3, 4, 6), (2, 3, 6, 4)]
    videos = [torch.arange(float(np.prod(shape))).reshape(shape) + number for number, shape in enumerate(shapes)]
    groups, index = video_processing.group_videos_by_shape(videos)
    observe("groups", {str(tuple(shape)): group for shape, group in groups.items()})
    observe("index", {str(number): str((tuple(shape), place)) for number, (shape, place) in index.items()})
    ordered = video_processing.reorder_videos({shape: group * 2 for shape, group in groups.items()}, index)
    assert all(torch.equal(one, video * 2) for one, video in zip(ordered, videos, strict=True))


def _forms(video: Any) -> Iterator[tuple[str, Any]]:
    tensor = torch.from_numpy(video).permute(0, 3, 1, 2)
    pictures = [PIL.Image.fromarray(frame) for frame in video]
    yield "array", video
    yield "batch of arrays", np.stack([video, video])
    yield "tensor", tensor
    yield "batch of tensors", torch.stack([tensor, tensor])
    yield "list", [video, video[:2]]
    yield "tuple", (video, video[:2])
    yield "frames", list(video)
    yield "frames that are tensors", list(tensor)
    yield "pictures", pictures
    yield "lists of pictures", [pictures, pictures[:1]]
    yield "tuples of pictures", (tuple(pictures), tuple(pictures[:1]))
    yield "nested lists", [[video], [], [video[:1], video]]
    yield "nested lists of pictures", [[pictures], [pictures[:2], pictures]]
    yield "picture", pictures[0]
    yield "frame", video[0]
    yield "path", "a.mp4"
    yield "nested paths", [["a.mp4"], ["b.mp4", "c.mp4"]]
    yield "paths of frames", [[["a.png", "b.png"]], [["c.png"]]]


@pytest.mark.covers("video_processing.make_batched_videos", "video_processing.VideoInput")
def test_every_form_of_videos_becomes_the_same_list(video: Any, observe: Observe) -> None:
    assert "torch.Tensor" in str(video_processing.VideoInput)
    for name, form in _forms(video):
        observe(name, video_processing.make_batched_videos(form))
    for wrong in (3, None):
        with pytest.raises(ValueError, match="video"):
            video_processing.make_batched_videos(wrong)


@pytest.fixture
def decoder(video: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A decoder that upstream's own `load_video` calls: none of the real ones is installed."""
    module = import_module("transformers.video_utils" if HAVE_CLASSES else "transformers.image_utils")

    def decode(path: str, sample_indices_fn: Callable[..., Any], **kwargs: Any) -> tuple[Any, Any]:
        metadata = module.VideoMetadata(total_num_frames=10, fps=4.0, duration=2.5, video_backend="made")
        taken = sample_indices_fn(metadata=metadata, **kwargs)
        metadata.frames_indices = taken
        if hasattr(metadata, "height"):
            metadata.height, metadata.width = 12, 20
        return np.concatenate([video] * 3)[taken], metadata

    monkeypatch.setitem(module.VIDEO_DECODERS, "made", decode)
    return "made"


@pytest.mark.covers("video_processing.load_video", "video_processing.VideoMetadata")
@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("all", {}),
        ("four", {"num_frames": 4}),
        ("a frame and a half a second", {"fps": 1.5}),
        ("one in a minute", {"fps": 1 / 60}),
        ("by a function", {"sample_indices_fn": lambda metadata, step: np.arange(0, 10, step), "step": 3}),
    ],
)
def test_the_same_frames_are_taken_of_a_video(name: str, asked: Any, decoder: str, observe: Observe) -> None:
    frames, metadata = video_processing.load_video(__file__, backend=decoder, **asked)
    assert isinstance(metadata, video_processing.VideoMetadata)
    observe(f"{name}: frames", frames)
    observe(f"{name}: metadata", dict(metadata))
    observe(f"{name}: times", [metadata.timestamps, metadata.sampled_fps, metadata["fps"]])


@pytest.mark.covers("video_processing.load_video")
def test_more_frames_than_there_are_cannot_be_taken(decoder: str, video: Any) -> None:
    with pytest.raises(ValueError, match="11"):
        video_processing.load_video(__file__, num_frames=11, backend=decoder)
    with pytest.raises(ValueError, match="num_frames"):
        video_processing.load_video(__file__, num_frames=2, fps=1, backend=decoder)
    given, metadata = video_processing.load_video(video)
    assert given is video and metadata == [None] * 4
