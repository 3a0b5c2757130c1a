from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from compat import installed_release, vision_features

from . import tiny_models
from .tiny_models import numbers

TOLERANCE = 1e-6


@pytest.fixture
def models() -> Callable[[str], Any]:
    return tiny_models.shared


@pytest.fixture(autouse=True)
def _no_gradients() -> Any:
    import torch

    with torch.no_grad():
        yield


def older_than(release: str) -> bool:
    from packaging.version import Version

    installed = installed_release("transformers")
    return installed is not None and installed < Version(release)


@pytest.mark.covers("vision_features.image_features", "vision_features.pooled")
@pytest.mark.parametrize("name", ["clip", "siglip"])
def test_a_joint_embedding_is_one_tensor(name: str, models: Any, observe: Callable[..., None]) -> None:
    model, images = models(name), numbers((2, 3, 16, 16), "images")
    features = vision_features.image_features(model, images)
    assert features.shape[0] == 2 and features.ndim == 2
    assert (vision_features.pooled(model.get_image_features(images)) == features).all()
    observe(name, features, TOLERANCE)


@pytest.mark.covers("vision_features.text_features")
@pytest.mark.parametrize("name", ["clip", "siglip", "clap"])
def test_texts_are_one_tensor(name: str, models: Any, observe: Callable[..., None]) -> None:
    import torch

    ids = torch.tensor([[98, 5, 6, 7, 99], [98, 8, 9, 10, 99]])
    features = vision_features.text_features(models(name), ids, attention_mask=torch.ones_like(ids), position_ids=None)
    assert features.shape == (2, 32 if name == "siglip" else 16)
    observe(f"text of {name}", features, TOLERANCE)


@pytest.mark.covers("vision_features.audio_features")
def test_sounds_are_one_tensor(models: Any, observe: Callable[..., None]) -> None:
    import torch

    sounds = numbers((2, 1, 64, 16), "sounds")
    features = vision_features.audio_features(models("clap"), sounds, is_longer=torch.zeros(2, 1, dtype=torch.bool))
    assert features.shape == (2, 16)
    observe("sounds", features, TOLERANCE)


@pytest.mark.covers("vision_features.image_features")
def test_llava_gives_a_tensor_for_each_image(models: Any, observe: Callable[..., None]) -> None:
    model, images = models("llava"), numbers((2, 3, 16, 16), "images")
    features = vision_features.image_features(model, images, image_sizes=None)
    assert [tuple(image.shape) for image in features] == [(4, 32), (4, 32)]
    observe("llava", features, TOLERANCE)
    other = vision_features.image_features(
        model, images, vision_feature_layer=-1, vision_feature_select_strategy="full"
    )
    assert [tuple(image.shape) for image in other] == [(5, 32), (5, 32)]
    observe("llava, last layer, whole", other, TOLERANCE)


@pytest.mark.covers("vision_features.image_features")
@pytest.mark.parametrize(("name", "size"), [("llava_next", 16), ("llava_onevision", 32)])
def test_the_patches_of_an_image_are_packed(name: str, size: int, models: Any, observe: Callable[..., None]) -> None:
    import torch

    # One image of two patches beside the whole, one of four: padded to five.
    patches = numbers((2, 5, 3, size, size), "patches")
    sizes = torch.tensor([[2 * size, size], [2 * size, 2 * size]])
    features = vision_features.image_features(models(name), patches, image_sizes=sizes)
    side = size // 8
    # Rows of patches end with a newline.
    rows = [2 * side * (side + 1), 2 * side * (2 * side + 1)]
    assert [tuple(image.shape) for image in features] == [(side**2 + each, 32) for each in rows]
    observe(name, features, TOLERANCE)


@pytest.mark.covers("vision_features.video_features")
def test_a_video_of_llava_onevision_ends_with_a_newline(models: Any, observe: Callable[..., None]) -> None:
    model = models("llava_onevision")
    features = vision_features.video_features(model, numbers((1, 2, 3, 32, 32), "video"))
    assert [tuple(video.shape) for video in features] == [(2 * 4 + 1, 32)]
    newline = next(value for name, value in model.named_parameters() if name.endswith("image_newline"))
    assert (features[0][-1] == newline).all()
    observe("video of llava_onevision", features, TOLERANCE)


@pytest.mark.covers("vision_features.image_features")
def test_paligemma_is_not_scaled(models: Any, observe: Callable[..., None]) -> None:
    features = vision_features.image_features(models("paligemma"), numbers((2, 3, 16, 16), "images"))
    assert [tuple(image.shape) for image in features] == [(4, 32), (4, 32)]
    observe("paligemma", features, TOLERANCE)


@pytest.mark.covers("vision_features.image_features", "vision_features.video_features", "vision_features.pooled")
@pytest.mark.parametrize("name", ["qwen2_vl", "qwen2_5_vl", "qwen3_vl"])
def test_qwen_gives_a_tensor_for_each_image_and_video(name: str, models: Any, observe: Callable[..., None]) -> None:
    import torch

    if name == "qwen3_vl" and older_than("4.57"):
        pytest.skip("Qwen3-VL is there from 4.57 on")
    model = models(name)
    grid = torch.tensor([[1, 4, 4], [1, 4, 8]])
    values = numbers((48, 3 * 2 * 4 * 4), "images")
    features = vision_features.image_features(model, values, image_grid_thw=grid)
    assert [tuple(image.shape) for image in features] == [(4, 32), (8, 32)]
    observe(name, features, TOLERANCE)
    if not older_than("4.52"):
        without_head = vision_features.image_features(model.model, values, image_grid_thw=grid)
        assert all((one == other).all() for one, other in zip(features, without_head, strict=True))
    # The tower itself: merged, and not what is before the merger.
    visual = getattr(model, "visual", None) or model.model.visual
    merged = vision_features.pooled(visual(values, grid_thw=grid))
    assert (merged == torch.cat(features)).all()
    videos = vision_features.video_features(model, values, video_grid_thw=torch.tensor([[3, 4, 4]]))
    assert [tuple(video.shape) for video in videos] == [(12, 32)]
    observe(f"video of {name}", videos, TOLERANCE)


@pytest.mark.covers("vision_features.pooled")
def test_the_fields_of_an_output_are_told_from_features(models: Any, observe: Callable[..., None]) -> None:
    images = numbers((2, 3, 16, 16), "images")
    given = models("clip").vision_model(images, output_hidden_states=True)
    assert vision_features.pooled(given) is given.pooler_output
    assert vision_features.pooled(given.to_tuple()) is given.pooler_output
    observe("pooled by the tower", vision_features.pooled(given), TOLERANCE)


@pytest.mark.covers("vision_features.image_features")
def test_what_would_be_swallowed_is_refused(models: Any) -> None:
    images = numbers((2, 3, 16, 16), "images")
    for name in ("clip", "llava"):
        with pytest.raises(TypeError, match=r"get_image_features takes no pixel_valeus: it takes .*"):
            vision_features.image_features(models(name), images, pixel_valeus=images)
    with pytest.raises(TypeError, match="CLIPModel has no get_video_features"):
        vision_features.video_features(models("clip"), images)
