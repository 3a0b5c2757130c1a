"""Qwen2-VL, Qwen2.5-VL and Qwen3-VL on an NPU: patch flattening in at most eight dimensions."""

from __future__ import annotations

from ._adapters import adapts, stable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Any

    from .patching import Patches

__all__ = ["at_most_eight_dimensions", "flatten_patches", "npu_patches"]

# How upstream orders the dimensions of a view of (batch,) grid_t, temporal patch, channel, then rows and columns, each
# as grid, merged block and patch: with a batch since 4.52 (videos) and 4.54 (images), without before.
_BATCHED = (0, 1, 4, 7, 5, 8, 3, 2, 6, 9)
_SINGLE = (0, 3, 6, 4, 7, 2, 1, 5, 8)


def flatten_patches(
    pixels: Any, patch_size: int, merge_size: int, temporal_patch_size: int
) -> tuple[Any, tuple[int, int, int]]:
    """Cut images or videos into the rows of patches that the vision encoder of the Qwen-VL models takes.

    The values are only moved, so they are upstream's to the bit; no tensor on the way has more than eight dimensions,
    where upstream's has nine or ten, and the copy kernels of NPUs take eight.

    Args:
        pixels: A tensor or array of images, (batch, channel, height, width), or of videos,
            (batch, frame, channel, height, width). Height and width are multiples of `patch_size * merge_size`. An
            image is repeated `temporal_patch_size` times; the last frame of a video until the frames are a multiple.
        patch_size: Rows and columns of a patch, in pixels.
        merge_size: Rows and columns of the blocks whose patches follow each other, in patches.
        temporal_patch_size: Frames of a patch.

    Returns:
        The patches, (batch, grid_t * grid_h * grid_w, channel * temporal_patch_size * patch_size * patch_size), and
        the grid of each image or video: (grid_t, grid_h, grid_w).

    Raises:
        ValueError: The shape is another, or height and width cannot be divided.
    """
    _checked(pixels.shape, patch_size, merge_size, temporal_patch_size)
    if len(pixels.shape) == 5:
        missing = -pixels.shape[1] % temporal_patch_size
        if missing:
            pixels = pixels[:, [*range(pixels.shape[1]), *[pixels.shape[1] - 1] * missing]]
        grid_t = pixels.shape[1] // temporal_patch_size
    else:
        grid_t = 1
    batch = pixels.shape[0]
    channel, height, width = pixels.shape[-3:]
    grid_h, grid_w = height // patch_size, width // patch_size
    planes = 1 if len(pixels.shape) == 4 else temporal_patch_size
    blocks = _blocks(pixels, (batch * grid_t, planes * channel, grid_h, grid_w, patch_size), merge_size)
    rows = blocks.reshape(batch * grid_t * grid_h * grid_w, planes, channel, patch_size * patch_size)
    rows = _permuted(rows, (0, 2, 1, 3))
    if planes != temporal_patch_size:
        repeat = rows.repeat if _is_array(rows) else rows.repeat_interleave
        rows = repeat(temporal_patch_size, 2)
    return rows.reshape(batch, grid_t * grid_h * grid_w, -1), (grid_t, grid_h, grid_w)


def at_most_eight_dimensions() -> AbstractContextManager[Any]:
    """A context in which upstream's own flattening of patches makes no tensor of more than eight dimensions.

    Within it, a view of nine or ten dimensions stands for what upstream makes of it, and `flatten_patches` makes that.
    It holds for the thread that enters it, and works for whatever processor flattens as the Qwen-VL models do.

    Raises:
        NotImplementedError: On entering nothing; within it, where code makes such a view and then does something else
            with it than upstream's flattening does.
    """
    return _mode_class()()  # type: ignore[no-any-return]


@stable
def npu_patches() -> Patches:  # type: ignore[empty-body]
    """The patches that let the image and video processors of Qwen2-VL, Qwen2.5-VL and Qwen3-VL run on an NPU.

    Their results stay upstream's to the bit. The slow image processors stay as they are: NumPy flattens there, on the
    host, whatever the number of dimensions.

    Returns:
        A group that is not applied yet: `apply()` and `undo()` it, or use it in a `with` block; its `patches` name
        what it changes in the installed release.
    """


@adapts(
    npu_patches,
    "transformers<4.49",
    because="4.49.0 adds `Qwen2VLImageProcessorFast`, the first Qwen-VL processor that flattens with torch",
)
def _before_the_tensor_classes() -> Callable[[], Patches]:
    return _grouped("_preprocess")


@adapts(
    npu_patches,
    "transformers>=4.49,<4.52",
    because="4.52.0 adds `Qwen2VLVideoProcessor`; before, the image processor does the videos too",
)
def _before_video_processors() -> Callable[[], Patches]:
    from transformers.models.qwen2_vl.image_processing_qwen2_vl_fast import Qwen2VLImageProcessorFast

    return _grouped("_preprocess", Qwen2VLImageProcessorFast)


@adapts(npu_patches, "transformers>=4.52,<4.57", because="4.57.0 adds Qwen3-VL, whose video processor is its own")
def _before_qwen3_vl() -> Callable[[], Patches]:
    from transformers.models.qwen2_vl.image_processing_qwen2_vl_fast import Qwen2VLImageProcessorFast
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

    return _grouped("_preprocess", Qwen2VLImageProcessorFast, Qwen2VLVideoProcessor)


@adapts(
    npu_patches,
    "transformers>=4.57,<5.4",
    because="5.4.0 makes `Qwen2VLImageProcessor` the tensor class and drops the module of `Qwen2VLImageProcessorFast`",
)
def _before_the_backends() -> Callable[[], Patches]:
    from transformers.models.qwen2_vl.image_processing_qwen2_vl_fast import Qwen2VLImageProcessorFast
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor
    from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

    return _grouped("_preprocess", Qwen2VLImageProcessorFast, Qwen2VLVideoProcessor, Qwen3VLVideoProcessor)


@adapts(
    npu_patches, "transformers>=5.4,<5.15", because="5.15.0 takes the flattening out of `_preprocess` into `patchify`"
)
def _before_patchify() -> Callable[[], Patches]:
    from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor
    from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

    return _grouped("_preprocess", Qwen2VLImageProcessor, Qwen2VLVideoProcessor, Qwen3VLVideoProcessor)


@adapts(npu_patches, "transformers>=5.15", because="5.15.0 takes the flattening out of `_preprocess` into `patchify`")
def _patchify() -> Callable[[], Patches]:
    from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor
    from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

    return _grouped("patchify", Qwen2VLImageProcessor, Qwen2VLVideoProcessor, Qwen3VLVideoProcessor)


def _grouped(method: str, *classes: type) -> Callable[[], Patches]:
    from .patching import Patches, patch

    targets = [f"{each.__module__}.{each.__qualname__}.{method}" for each in classes]

    def npu_patches() -> Patches:
        return Patches(*(patch(target, _within_eight_dimensions, wraps=True) for target in targets))

    return npu_patches


def _within_eight_dimensions(original: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
    with at_most_eight_dimensions():
        return original(*args, **keywords)


def _checked(shape: tuple[int, ...], patch_size: int, merge_size: int, temporal_patch_size: int) -> None:
    if len(shape) not in (4, 5):
        raise ValueError(
            f"pixels of shape {tuple(shape)}: give images as (batch, channel, height, width), "
            "or videos as (batch, frame, channel, height, width)"
        )
    if min(patch_size, merge_size, temporal_patch_size) < 1:
        raise ValueError(
            f"patch_size={patch_size}, merge_size={merge_size}, temporal_patch_size={temporal_patch_size}: "
            "each is at least 1"
        )
    if len(shape) == 5 and not shape[1]:
        raise ValueError(f"pixels of shape {tuple(shape)} have no frame")
    factor = patch_size * merge_size
    if shape[-2] % factor or shape[-1] % factor:
        raise ValueError(
            f"pixels of {shape[-2]} x {shape[-1]}: height and width have to be multiples of "
            f"patch_size * merge_size = {factor}; `smart_resize` gives such a size"
        )


def _blocks(pixels: Any, sizes: tuple[int, int, int, int, int], merge_size: int) -> Any:
    """(n, planes, height, width) as (n, rows, columns, row in block, column in block, planes, patch, patch)."""
    count, planes, grid_h, grid_w, patch_size = sizes
    rows = (grid_h // merge_size, merge_size, patch_size)
    columns = (grid_w // merge_size, merge_size, patch_size)
    return _permuted(pixels.reshape(count, planes, *rows, *columns), (0, 2, 5, 3, 6, 1, 4, 7))


def _permuted(pixels: Any, order: tuple[int, ...]) -> Any:
    return pixels.transpose(order) if _is_array(pixels) else pixels.permute(order)


def _is_array(pixels: Any) -> bool:
    return type(pixels).__module__ == "numpy"


class _Flattening:
    """What upstream's view of nine or ten dimensions stands for: the blocks of a tensor, then their order."""

    def __init__(self, tensor: Any, sizes: tuple[int, ...]) -> None:
        self._tensor = tensor
        self._sizes = sizes
        self._ordered = False

    def permute(self, *order: Any) -> _Flattening:
        given = tuple(order[0]) if len(order) == 1 else order
        if self._ordered or given not in (_BATCHED, _SINGLE) or len(given) != len(self._sizes):
            raise _unknown(f"a view as {self._sizes} is permuted by {given}")
        self._ordered = True
        return self

    def reshape(self, *shape: Any) -> Any:
        if not self._ordered:
            raise _unknown(f"a view as {self._sizes} is reshaped unpermuted")
        batch, grid_t, frames, channel, high, merge, patch, wide, merge_w, patch_w = (1, *self._sizes)[-10:]
        if (merge, patch) != (merge_w, patch_w):
            raise _unknown(f"a view as {self._sizes} is flattened, with patches or blocks that are not square")
        videos = self._tensor.reshape(batch, grid_t * frames, channel, high * merge * patch, wide * merge * patch)
        flat, _ = flatten_patches(videos, patch, merge, frames)
        return flat.reshape(*shape)

    def __getattr__(self, name: str) -> Any:
        raise _unknown(f"a view as {self._sizes} is asked for `{name}`")


class _Repeating:
    """What upstream's new dimension in blocks of eight stands for (since 5.8.0): they are repeated along it."""

    def __init__(self, tensor: Any, dimension: int) -> None:
        self._tensor = tensor
        self._dimension = dimension
        self._times = 1

    def expand(self, *sizes: Any) -> _Repeating:
        given = list(sizes[0]) if len(sizes) == 1 else list(sizes)
        times = given.pop(self._dimension)
        if times < 1 or any(size not in (-1, held) for size, held in zip(given, self._tensor.shape, strict=True)):
            raise _unknown(f"blocks of {tuple(self._tensor.shape)} are expanded to {sizes}")
        self._times = times
        return self

    def reshape(self, *shape: Any) -> Any:
        held = self._tensor.shape
        outer, inner = held[: self._dimension].numel(), held[self._dimension :].numel()
        return self._tensor.reshape(outer, 1, inner).expand(outer, self._times, inner).reshape(*shape)

    def __getattr__(self, name: str) -> Any:
        raise _unknown(f"blocks of {tuple(self._tensor.shape)} with one more dimension are asked for `{name}`")


def _unknown(what: str) -> NotImplementedError:
    from ._releases import installed_release

    return NotImplementedError(
        f"transformers {installed_release('transformers')}: {what}, which is not how any release that was read "
        "(4.49.0 to 5.23.0) flattens patches; without `at_most_eight_dimensions` upstream does it itself"
    )


_modes: list[type] = []


def _mode_class() -> type:
    """The mode, made at first use: its base is torch's."""
    if _modes:
        return _modes[0]
    from torch import Tensor
    from torch.overrides import TorchFunctionMode

    class EightDimensions(TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(
            self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            if func is Tensor.view or func is Tensor.reshape:
                sizes = args[1] if len(args) == 2 and isinstance(args[1], (tuple, list)) else args[1:]
                if len(sizes) > 8:
                    return _Flattening(args[0], tuple(sizes))
            if func is Tensor.unsqueeze and args[0].dim() == 8:
                return _Repeating(args[0], args[1])
            return func(*args, **(kwargs or {}))

    _modes.append(EightDimensions)
    return EightDimensions
