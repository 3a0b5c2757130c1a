"""Video processors and the video helpers that moved out of `image_utils`, alike on all releases."""

from __future__ import annotations

from ._adapters import absent, adapts, stable
from ._names import UpstreamName, upstream_names
from ._releases import UnsupportedRelease, installed_release

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = [  # noqa: F822 - those with capitals are upstream's
    "AutoVideoProcessor",
    "BaseVideoProcessor",
    "VideoInput",
    "VideoMetadata",
    "group_videos_by_shape",
    "load_video",
    "make_batched_videos",
    "reorder_videos",
    "video_class",
]

_MOVED = "4.52.0 moves it from image_utils to video_utils"
_FIRST = "4.52.0 brings video processors"

__getattr__, __dir__ = upstream_names(
    __name__,
    UpstreamName(
        "BaseVideoProcessor",
        {"transformers>=4.52": "transformers.video_processing_utils.BaseVideoProcessor", "transformers<4.52": None},
        because=_FIRST,
    ),
    UpstreamName(
        "AutoVideoProcessor",
        {
            "transformers>=4.52": "transformers.models.auto.video_processing_auto.AutoVideoProcessor",
            "transformers<4.52": None,
        },
        because=_FIRST,
    ),
    UpstreamName(
        "VideoInput",
        {
            "transformers>=4.52": "transformers.video_utils.VideoInput",
            "transformers>=4.41,<4.52": "transformers.image_utils.VideoInput",
            "transformers<4.41": None,
        },
        because=_MOVED,
    ),
    UpstreamName(
        "VideoMetadata",
        {
            "transformers>=5.0": "transformers.video_utils.VideoMetadata",
            "transformers<5.0": "._video_metadata.VideoMetadata",
        },
        because="4.56.0 gives it size and frame indices, 4.56.1 makes it a mapping, 5.0.0 gives it `sampled_fps`",
    ),
)


@stable
def video_class(family: str) -> Any:
    """The video processor class of a family; it works on tensors.

    Args:
        family: The class's name, such as `Qwen2VLVideoProcessor`.

    Raises:
        ValueError: The name is not that of a video processor class.
        UnsupportedRelease: The family has none in the release that is installed, or a library that it needs is not
            installed.
    """


@adapts(video_class, "transformers>=4.52", because=_FIRST)
def _exported_class() -> Any:
    import transformers
    from transformers.video_processing_utils import BaseVideoProcessor

    def video_class(family: str) -> Any:
        if not family.endswith("VideoProcessor") or family in ("AutoVideoProcessor", "BaseVideoProcessor"):
            raise ValueError(f"{family!r} is no family's video processor: give a name such as Qwen2VLVideoProcessor")
        found = getattr(transformers, family, None)
        if isinstance(found, type) and issubclass(found, BaseVideoProcessor):
            return found
        missing = "torchvision is not installed" if installed_release("torchvision") is None else "it has none"
        raise UnsupportedRelease(
            f"transformers {installed_release('transformers')} has no class {family} that works on tensors: {missing}"
        )

    return video_class


absent(video_class, "transformers<4.52", because=_FIRST)


@stable
def group_videos_by_shape(videos: Any) -> Any:
    """Stack videos of the same length, height and width, so that each group can be processed at once.

    Args:
        videos: Tensors of shape (frames, channels, height, width).

    Returns:
        The groups by frames, height and width; and for each video its group and its place there.
    """


@adapts(group_videos_by_shape, "transformers>=4.52.4", because="4.52.4 groups by the number of frames too")
def _upstream_groups() -> Any:
    from transformers.video_utils import group_videos_by_shape

    return group_videos_by_shape


@adapts(
    group_videos_by_shape,
    "transformers<4.52.4",
    because="4.52.0 brings it; up to 4.52.3 it cannot stack videos of the same size that differ in length",
)
def _own_groups() -> Any:
    from torch import stack

    def group_videos_by_shape(videos: Any) -> tuple[Any, Any]:
        groups: dict[Any, list[Any]] = {}
        index = {}
        for number, video in enumerate(videos):
            shape = (video.shape[-4], *video.shape[-2:])
            group = groups.setdefault(shape, [])
            index[number] = (shape, len(group))
            group.append(video)
        return {shape: stack(group) for shape, group in groups.items()}, index

    return group_videos_by_shape


@stable
def reorder_videos(processed_videos: Any, grouped_videos_index: Any) -> Any:
    """Put the videos of groups into the order that they had.

    Args:
        processed_videos: The groups, by the keys that `group_videos_by_shape` gave.
        grouped_videos_index: The index that it gave.
    """


@adapts(reorder_videos, "transformers>=4.52", because="4.52.0 brings it")
def _upstream_order() -> Any:
    from transformers.video_utils import reorder_videos

    return reorder_videos


@adapts(reorder_videos, "transformers<4.52", because="4.52.0 brings it")
def _own_order() -> Any:
    def reorder_videos(processed_videos: Any, grouped_videos_index: Any) -> list[Any]:
        places = (grouped_videos_index[number] for number in range(len(grouped_videos_index)))
        return [processed_videos[group][place] for group, place in places]

    return reorder_videos


@stable
def make_batched_videos(videos: Any) -> Any:
    """A flat list of videos of whatever was given.

    Up to 4.51 upstream gave lists of frames; from 4.52 on arrays of four dimensions, and up to 5.9 not for all of
    these forms: a batch of five dimensions (4.56 to 5.0) and tuples (up to 5.9) were refused or passed over.

    Args:
        videos: One video (an array or tensor of four dimensions, a list of frames, a path or an address), one frame,
            a batch of five dimensions, or lists or tuples of these, nested. Frames are PIL images, or arrays or
            tensors of three dimensions.

    Returns:
        For each video its array or tensor of four dimensions, or its path or address, or the list of the paths of its
        frames. A list of frames becomes one array.

    Raises:
        ValueError: It is none of these.
    """


@adapts(make_batched_videos, "transformers>=5.10", because="5.10.0 takes tuples where it takes lists")
def _upstream_batches() -> Any:
    from transformers.video_utils import make_batched_videos

    return make_batched_videos


@adapts(
    make_batched_videos,
    "transformers<5.10",
    because="4.52.0 gives arrays in the place of lists of frames, 4.56.0 takes paths, 5.1.0 batches of five dimensions",
)
def _own_batches() -> Any:
    from numpy import array, asarray, ndarray, stack
    from PIL.Image import Image
    from torch import Tensor

    def dimensions(given: Any) -> int:
        return given.ndim if isinstance(given, (ndarray, Tensor)) else 0

    def is_frame(given: Any) -> bool:
        return isinstance(given, Image) or dimensions(given) == 3

    def is_frames(given: Any) -> bool:
        return isinstance(given, (list, tuple)) and bool(given) and all(map(is_frame, given))

    def as_array(video: Any) -> Any:
        return stack([asarray(frame) for frame in video]) if is_frames(video) else video

    def flat(given: Any) -> list[Any]:
        if isinstance(given, str) or dimensions(given) == 4 or is_frames(given):
            return [given]
        if not isinstance(given, (list, tuple)):
            raise ValueError(f"a {type(given).__name__} is no video: give frames, an array, a path, or lists of these")
        if _is_frame_paths(given):
            return [paths for item in given for paths in item]
        return [video for item in given if not _is_empty(item) for video in flat(item)]

    def make_batched_videos(videos: Any) -> list[Any]:
        if dimensions(videos) == 5:
            return list(videos)
        if is_frame(videos):
            return [(array(videos) if isinstance(videos, Image) else videos)[None, ...]]
        batch = flat(videos)
        if not batch:
            raise ValueError("there is no video in what was given")
        return [as_array(video) for video in batch]

    return make_batched_videos


@stable
def load_video(
    video: Any,
    num_frames: int | None = None,
    fps: float | None = None,
    backend: str = "pyav",
    sample_indices_fn: Callable[..., Any] | None = None,
    **kwargs: Any,
) -> Any:
    """Decode a video, or those of its frames that are asked for.

    Which frames `num_frames` and `fps` mean is the rule of 5.21.0; upstream took others of them up to 5.17, and up to
    4.51 decoded with opencv by default.

    Args:
        video: A path or an address. Frames that are decoded already are returned as they are.
        num_frames: How many frames, evenly spread; None is all.
        fps: How many frames a second, where `num_frames` is not given.
        backend: What decodes it: "pyav", "decord", "opencv", "torchvision" or "torchcodec" (from 4.53 on).
        sample_indices_fn: Called with the video's metadata, gives the indices of the frames to take.
        kwargs: More keywords for it.

    Returns:
        The frames, and their `VideoMetadata`; for frames that were given, a list with None for each.

    Raises:
        ValueError: `num_frames` and `fps` were both given, or ask for more frames than there are.
        ImportError: What is to decode it is not installed.
        TypeError: The file is not there.
    """


@adapts(load_video, "transformers>=5.21", because="5.21.0 takes at least one frame for `fps`")
def _upstream_loading() -> Any:
    from transformers.video_utils import load_video

    return load_video


@adapts(load_video, "transformers>=4.52,<5.21", because="5.18.0 spreads the frames evenly; up to 5.17 the step is cut")
def _loading_of_video_utils() -> Any:
    from transformers.video_utils import load_video

    return _loading(load_video)


@adapts(load_video, "transformers>=4.49,<4.52", because="4.52.0 moves it from image_utils to video_utils")
def _loading_of_image_utils() -> Any:
    from transformers.image_utils import load_video

    return _loading(load_video)


absent(load_video, "transformers<4.49", because="4.49.0 brings it")


def _loading(upstream: Callable[..., Any]) -> Callable[..., Any]:
    from numpy import arange

    kind = __getattr__("VideoMetadata")

    def load_video(
        video: Any,
        num_frames: int | None = None,
        fps: float | None = None,
        backend: str = "pyav",
        sample_indices_fn: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> tuple[Any, Any]:
        if fps is not None and num_frames is not None and sample_indices_fn is None:
            raise ValueError("give num_frames or fps, not both")
        if not isinstance(video, str):
            return video, [None] * len(video)

        def evenly(metadata: Any, **_: Any) -> Any:
            return _evenly(arange, metadata, num_frames, fps)

        frames, metadata = upstream(video, backend=backend, sample_indices_fn=sample_indices_fn or evenly, **kwargs)
        return frames, metadata if isinstance(metadata, kind) else _full(kind, metadata, frames.shape)

    return load_video


def _evenly(arange: Callable[[int], Any], metadata: Any, frames: int | None, fps: float | None) -> Any:
    total = metadata.total_num_frames
    if frames is None and fps is not None:
        if metadata.fps is None:
            raise ValueError(
                f"{fps} frames a second cannot be taken of a video whose fps is not known: give num_frames"
            )
        frames = max(1, int(total / metadata.fps * fps))
    if frames is None:
        return arange(total)
    if frames > total:
        raise ValueError(f"{frames} frames cannot be taken of {total}: give a smaller num_frames or fps")
    return arange(frames) * total // frames


def _full(kind: Callable[..., Any], metadata: Any, shape: tuple[int, ...]) -> Any:
    height, width = shape[1:3] if shape[-1] == 3 else shape[2:4]
    return kind(
        total_num_frames=metadata.total_num_frames,
        fps=metadata.fps,
        width=width,
        height=height,
        duration=metadata.duration,
        video_backend=metadata.video_backend,
        frames_indices=getattr(metadata, "frames_indices", None),
    )


def _is_frame_paths(given: Any) -> bool:
    """Whether these are lists of videos that are lists of the paths of their frames: a frame's path is no video."""
    deep = given
    for _ in range(3):
        if not isinstance(deep, (list, tuple)) or not deep:
            return False
        deep = deep[0]
    return isinstance(deep, str)


def _is_empty(item: Any) -> bool:
    return isinstance(item, (list, tuple)) and not item
