"""Image processors: the tensor class and the PIL class of a family, and loading by backend."""

from __future__ import annotations

from ._adapters import absent, adapts, stable
from ._names import UpstreamName, upstream_names
from ._releases import UnsupportedRelease, installed_release

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = [  # noqa: F822 - the base classes are upstream's
    "PilBackend",
    "TorchvisionBackend",
    "backend_of",
    "load_image_processor",
    "pil_class",
    "tensor_class",
]

_BACKENDS = ("torchvision", "pil")
_SWAPPED = "5.4.0 gives the bare name to the torchvision class, and `Pil` to the one that had the bare name"
_BEFORE = "up to 4.48 few families have a tensor class, and its base has none of the methods that it has from 4.49.0 on"

__getattr__, __dir__ = upstream_names(
    __name__,
    UpstreamName(
        "TorchvisionBackend",
        {
            "transformers>=5.4": "transformers.image_processing_backends.TorchvisionBackend",
            "transformers>=4.42,<5.4": "transformers.image_processing_utils_fast.BaseImageProcessorFast",
            "transformers<4.42": None,
        },
        because="5.4.0 renames `BaseImageProcessorFast`; `transformers.BaseImageProcessorFast` is another class there",
    ),
    UpstreamName(
        "PilBackend",
        {"transformers>=5.4": "transformers.image_processing_backends.PilBackend", "transformers<5.4": None},
        because="5.4.0 brings a base class of PIL processors; up to 5.3 they share only `BaseImageProcessor`",
    ),
)


@stable
def tensor_class(family: str) -> Any:
    """The image processor class of a family that works on tensors, with torchvision.

    Args:
        family: The class's name, such as `Qwen2VLImageProcessor`; with `Fast`, `Pil` or `FeatureExtractor` at its
            end it means the same family.

    Raises:
        ValueError: The name is not that of an image processor class.
        UnsupportedRelease: The family has no tensor class in the release that is installed, or a library that it
            needs is not installed.
    """


@stable
def pil_class(family: str) -> Any:
    """The image processor class of a family that works on arrays, with PIL.

    Args:
        family: As in `tensor_class`.

    Raises:
        ValueError: The name is not that of an image processor class.
        UnsupportedRelease: The family has no PIL class in the release that is installed, or a library that it
            needs is not installed.
    """


@adapts(tensor_class, "transformers>=5.4", because=_SWAPPED)
def _bare_is_tensor() -> Any:
    from transformers.image_processing_backends import TorchvisionBackend

    def tensor_class(family: str) -> Any:
        name = _bare(family)
        found = _exported(name)
        return found if _is(found, TorchvisionBackend) else _refuse(name, "torchvision", found)

    return tensor_class


@adapts(tensor_class, "transformers>=4.49,<5.4", because=_SWAPPED)
def _fast_is_tensor() -> Any:
    from transformers.image_processing_utils_fast import BaseImageProcessorFast

    def tensor_class(family: str) -> Any:
        name = _bare(family)
        found = _exported(f"{name}Fast")
        return found if _is(found, BaseImageProcessorFast) else _refuse(name, "torchvision", found)

    return tensor_class


@adapts(pil_class, "transformers>=5.4", because=_SWAPPED)
def _pil_has_suffix() -> Any:
    from transformers.image_processing_backends import TorchvisionBackend
    from transformers.image_processing_utils import BaseImageProcessor

    def pil_class(family: str) -> Any:
        name = _bare(family)
        # Emu3, VideoLlava and Vivit have one class, a PIL one, and it has the bare name.
        for found in (_exported(f"{name}Pil"), _exported(name)):
            if _is(found, BaseImageProcessor) and not _is(found, TorchvisionBackend):
                return found
        return _refuse(name, "pil", found)

    return pil_class


@adapts(pil_class, "transformers>=4.49,<5.4", because=_SWAPPED)
def _bare_is_pil() -> Any:
    from transformers.image_processing_utils import BaseImageProcessor
    from transformers.image_processing_utils_fast import BaseImageProcessorFast

    def pil_class(family: str) -> Any:
        name = _bare(family)
        found = _exported(name)
        if _is(found, BaseImageProcessor) and not _is(found, BaseImageProcessorFast):
            return found
        return _refuse(name, "pil", found)

    return pil_class


absent(tensor_class, "transformers<4.49", because=_BEFORE)
absent(pil_class, "transformers<4.49", because=_BEFORE)


@stable
def backend_of(processor: Any) -> Any:
    """What an image or video processor works with: "torchvision" (tensors) or "pil" (arrays).

    It is upstream's `processor.backend`, which is there from 5.4 on, and replaces `is_fast`, which 5.15.0 removed.

    Args:
        processor: An image processor or a video processor.

    Raises:
        TypeError: It is neither; of a multimodal processor, give its `image_processor`.
    """


@adapts(backend_of, "transformers>=5.4", because="5.4.0 renames `BaseImageProcessorFast` to `TorchvisionBackend`")
def _backend_by_backends() -> Any:
    from transformers.image_processing_backends import TorchvisionBackend
    from transformers.image_processing_base import ImageProcessingMixin

    return _telling(TorchvisionBackend, ImageProcessingMixin)


@adapts(backend_of, "transformers>=4.49,<5.4", because="5.4.0 renames `BaseImageProcessorFast` to `TorchvisionBackend`")
def _backend_by_fast() -> Any:
    from transformers.image_processing_base import ImageProcessingMixin
    from transformers.image_processing_utils_fast import BaseImageProcessorFast

    return _telling(BaseImageProcessorFast, ImageProcessingMixin)


absent(backend_of, "transformers<4.49", because=_BEFORE)


@stable
def load_image_processor(pretrained_model_name_or_path: Any, *, backend: str = "torchvision", **kwargs: Any) -> Any:
    """`AutoImageProcessor.from_pretrained` with the backend that is asked for, or an error.

    Upstream's own default is PIL up to 4.57 and torchvision from 5.0 on, by family and by what the checkpoint says,
    and where a family lacks what was asked for, it loads the other one with a warning.

    Args:
        pretrained_model_name_or_path: As upstream takes it.
        backend: "torchvision" or "pil".
        kwargs: What else upstream's `from_pretrained` takes; `use_fast` is replaced by `backend`.

    Raises:
        TypeError: `use_fast` was given.
        ValueError: There is no such backend.
        UnsupportedRelease: What is loaded is not of that backend.
    """


@adapts(load_image_processor, "transformers>=5.4", because="5.4.0 takes `backend` in the place of `use_fast`")
def _by_backend() -> Any:
    from transformers import AutoImageProcessor

    def load_image_processor(pretrained_model_name_or_path: Any, *, backend: str = "torchvision", **kwargs: Any) -> Any:
        _check_backend(backend, kwargs)
        loaded = AutoImageProcessor.from_pretrained(pretrained_model_name_or_path, backend=backend, **kwargs)
        return _of_backend(loaded, backend)

    return load_image_processor


@adapts(load_image_processor, "transformers>=4.49,<5.4", because="5.4.0 takes `backend` in the place of `use_fast`")
def _by_use_fast() -> Any:
    from transformers import AutoImageProcessor

    def load_image_processor(pretrained_model_name_or_path: Any, *, backend: str = "torchvision", **kwargs: Any) -> Any:
        _check_backend(backend, kwargs)
        use_fast = backend == "torchvision"
        loaded = AutoImageProcessor.from_pretrained(pretrained_model_name_or_path, use_fast=use_fast, **kwargs)
        return _of_backend(loaded, backend)

    return load_image_processor


absent(load_image_processor, "transformers<4.49", because=_BEFORE)


def _bare(family: str) -> str:
    """The name without what tells its backend: `CLIPImageProcessor` of `CLIPImageProcessorFast`."""
    name = family
    for suffix in ("Fast", "Pil"):
        name = name.removesuffix(suffix)
    if name.endswith("FeatureExtractor"):
        name = f"{name.removesuffix('FeatureExtractor')}ImageProcessor"
    if not name.endswith("ImageProcessor") or name in ("ImageProcessor", "AutoImageProcessor", "BaseImageProcessor"):
        raise ValueError(f"{family!r} is no family's image processor: give a name such as Qwen2VLImageProcessor")
    return name


def _exported(name: str) -> Any:
    import transformers

    return getattr(transformers, name, None)


def _is(found: Any, base: type[Any]) -> bool:
    return isinstance(found, type) and issubclass(found, base)


def _refuse(name: str, backend: str, found: Any) -> Any:
    from transformers.image_processing_utils import BaseImageProcessor

    if backend == "torchvision" and installed_release("torchvision") is None:
        reason = "torchvision is not installed"
    elif found is not None and not _is(found, BaseImageProcessor):
        reason = "a library that it needs is not installed"
    else:
        reason = "the family has none in this release"
    raise UnsupportedRelease(
        f"transformers {installed_release('transformers')} has no {backend} class of {name}: {reason}"
    )


def _telling(tensors: type[Any], processors: type[Any]) -> Callable[[Any], str]:
    def backend_of(processor: Any) -> str:
        if isinstance(processor, tensors):
            return "torchvision"
        if isinstance(processor, processors):
            return "pil"
        raise TypeError(
            f"{type(processor).__name__} is no image or video processor; of a multimodal processor, "
            "give its image_processor or video_processor"
        )

    return backend_of


def _check_backend(backend: str, kwargs: dict[str, Any]) -> None:
    if "use_fast" in kwargs:
        raise TypeError("use_fast is replaced by backend: 'torchvision' for True, 'pil' for False")
    if backend not in _BACKENDS:
        raise ValueError(f"{backend!r} is no backend: give 'torchvision' or 'pil'")


def _of_backend(loaded: Any, backend: str) -> Any:
    processor = loaded[0] if isinstance(loaded, tuple) else loaded
    if backend_of(processor) != backend:
        raise UnsupportedRelease(
            f"transformers {installed_release('transformers')} loads {type(processor).__name__}, whose backend is "
            f"{backend_of(processor)!r}, where {backend!r} was asked for: the family has no other class, or "
            "torchvision is not installed"
        )
    if isinstance(loaded, tuple):
        # Upstream's own mark for itself, which 4.x gives back among the unused keywords.
        loaded[1].pop("_from_auto", None)
    return loaded
