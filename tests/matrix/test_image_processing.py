from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compat import UnsupportedRelease, image_processing

Observe = Callable[..., None]
FAMILIES = {
    "Qwen2VLImageProcessor": {"size": {"shortest_edge": 3136, "longest_edge": 40000}},
    # Even margins: up to 4.56 the tensor classes crop odd ones one pixel further right or down.
    "CLIPImageProcessor": {"size": {"shortest_edge": 40}, "crop_size": {"height": 32, "width": 33}},
    "SiglipImageProcessor": {"size": {"height": 32, "width": 48}},
    "BlipImageProcessor": {"size": {"height": 32, "width": 48}},
    "ViTImageProcessor": {"size": {"height": 32, "width": 48}},
}


@pytest.fixture(scope="module")
def image() -> Any:
    return np.random.default_rng(0).integers(0, 256, (61, 97, 3), dtype=np.uint8)


@pytest.mark.covers("image_processing.tensor_class", "image_processing.pil_class", "image_processing.backend_of")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_has_the_same_two_classes(family: str, image: Any, observe: Observe) -> None:
    for backend, of_family in ("torchvision", image_processing.tensor_class), ("pil", image_processing.pil_class):
        processor_class = of_family(family)
        stem = family.removesuffix("ImageProcessor")
        for spelling in (f"{family}Fast", f"{family}Pil", f"{stem}FeatureExtractor"):
            assert of_family(spelling) is processor_class
        processor = processor_class(**FAMILIES[family])
        assert image_processing.backend_of(processor) == backend
        output = processor(images=[image], return_tensors="pt")
        observe(f"{family}, {backend}", {name: output[name] for name in sorted(output)})


@pytest.mark.covers("image_processing.TorchvisionBackend", "image_processing.PilBackend")
def test_the_base_of_tensor_classes_has_one_name() -> None:
    from transformers import CLIPImageProcessor

    base = image_processing.TorchvisionBackend
    assert issubclass(image_processing.tensor_class("CLIPImageProcessor"), base)
    assert not issubclass(image_processing.pil_class("CLIPImageProcessor"), base)
    if issubclass(CLIPImageProcessor, base):
        assert issubclass(image_processing.pil_class("CLIPImageProcessor"), image_processing.PilBackend)
    else:
        with pytest.raises(UnsupportedRelease, match=r"image_processing\.PilBackend is not there .* 5\.4\.0 brings"):
            _ = image_processing.PilBackend


@pytest.mark.covers("image_processing.tensor_class", "image_processing.pil_class")
def test_a_class_that_the_family_lacks_is_named() -> None:
    assert image_processing.pil_class("VideoLlavaImageProcessorFast").__name__ == "VideoLlavaImageProcessor"
    with pytest.raises(UnsupportedRelease, match=r"no torchvision class of VideoLlavaImageProcessor: the family has"):
        image_processing.tensor_class("VideoLlavaImageProcessor")
    with pytest.raises(UnsupportedRelease, match=r"no pil class of Llama4ImageProcessor: the family has none"):
        image_processing.pil_class("Llama4ImageProcessorFast")
    with pytest.raises(ValueError, match=r"'BaseImageProcessorFast' is no family's image processor"):
        image_processing.tensor_class("BaseImageProcessorFast")


@pytest.mark.covers("image_processing.backend_of")
def test_what_is_no_processor_has_no_backend() -> None:
    with pytest.raises(TypeError, match="dict is no image or video processor"):
        image_processing.backend_of({})


@pytest.mark.covers("image_processing.load_image_processor")
@pytest.mark.parametrize("saved", ["tensor", "pil"])
def test_the_backend_that_is_asked_for_is_loaded(saved: str, tmp_path: Path, image: Any, observe: Observe) -> None:
    classes = {"tensor": image_processing.tensor_class, "pil": image_processing.pil_class}
    clip = classes[saved]("CLIPImageProcessor")(**FAMILIES["CLIPImageProcessor"])
    clip.save_pretrained(tmp_path)
    for backend, of_family in ("torchvision", image_processing.tensor_class), ("pil", image_processing.pil_class):
        loaded = image_processing.load_image_processor(tmp_path, backend=backend, image_mean=[0.5, 0.5, 0.5])
        assert type(loaded) is of_family("CLIPImageProcessor")
        observe(f"saved as {saved}, loaded as {backend}", loaded(images=image, return_tensors="pt")["pixel_values"])
    processor, unused = image_processing.load_image_processor(tmp_path, return_unused_kwargs=True, nothing=1)
    assert image_processing.backend_of(processor) == "torchvision" and unused == {"nothing": 1}


@pytest.mark.covers("image_processing.load_image_processor")
def test_another_backend_than_was_asked_for_is_an_error(tmp_path: Path) -> None:
    image_processing.pil_class("VideoLlavaImageProcessor")().save_pretrained(tmp_path)
    with pytest.raises(UnsupportedRelease, match=r"loads VideoLlavaImageProcessor, whose backend is 'pil', where 'tor"):
        image_processing.load_image_processor(tmp_path)
    with pytest.raises(TypeError, match="use_fast is replaced by backend"):
        image_processing.load_image_processor(tmp_path, use_fast=False)
    with pytest.raises(ValueError, match="'fast' is no backend"):
        image_processing.load_image_processor(tmp_path, backend="fast")
