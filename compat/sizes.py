"""How large an image is to become: sizes read, made and changed alike on all releases, and `smart_resize`."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor, sqrt

from ._adapters import absent, adapts, stable
from ._names import UpstreamName, upstream_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [  # noqa: F822 - `SizeDict` is upstream's
    "SIDES",
    "SizeDict",
    "as_dict",
    "replace",
    "side",
    "size_dict",
    "smart_resize_glm4v",
    "smart_resize_qwen2_vl",
    "smart_resize_qwen3_vl",
]

# The fields of `SizeDict` in the newest release. The last two are there from 5.17.0 on.
SIDES = (
    "height",
    "width",
    "longest_edge",
    "shortest_edge",
    "max_height",
    "max_width",
    "min_pixels",
    "max_pixels",
)

__getattr__, __dir__ = upstream_names(
    __name__,
    UpstreamName(
        "SizeDict",
        {
            "transformers>=4.49": "transformers.image_utils.SizeDict",
            "transformers>=4.42,<4.49": "transformers.image_processing_utils_fast.SizeDict",
            "transformers<4.42": None,
        },
        because="4.49.0 moves `SizeDict` from image_processing_utils_fast to image_utils",
    ),
)


def as_dict(size: Any, *, default_to_square: bool = True) -> dict[str, int]:
    """The sides that a size sets, as a plain dict.

    `processor.size` is a dict up to 5.3 and a `SizeDict` from 5.4 on, which is no dict: it has no `items`, no `keys`,
    and JSON cannot hold it.

    Args:
        size: A dict, a `SizeDict` of any release, one number, or (height, width). In pixels.
        default_to_square: What one number means: both sides, or the shortest edge.

    Raises:
        TypeError: It is none of these.
        ValueError: A dict names a side that no release has, or a sequence has not two numbers.
    """
    if isinstance(size, Mapping):
        _check(size)
        return _set(size)
    if _is_size_dict(size):
        return {name: value for name in SIDES if (value := getattr(size, name, None)) is not None}
    if isinstance(size, int) and not isinstance(size, bool):
        return {"height": size, "width": size} if default_to_square else {"shortest_edge": size}
    if isinstance(size, (tuple, list)):
        if len(size) != 2:
            raise ValueError(f"a size of {len(size)} numbers: {size!r}; give (height, width)")
        return {"height": size[0], "width": size[1]}
    raise TypeError(f"{size!r} is no size: give a dict, a SizeDict, one number, or (height, width)")


def side(size: Any, name: str, default: Any = None) -> Any:
    """One side of a size, whatever the size is; the default where it is not set.

    `size.shortest_edge` fails for a dict, `size["x"]` for a field that the release lacks, `size.get` up to 5.3.

    Args:
        size: As `as_dict` takes it.
        name: One of `SIDES`.
        default: What to give where the side is not set.

    Raises:
        TypeError: It is no size.
        ValueError: No release has such a side.
    """
    if name not in SIDES:
        raise ValueError(_unknown([name]))
    # The two forms that it has nearly always, without the cost of `as_dict`.
    if type(size) is dict:
        value = size.get(name)
    elif _is_size_dict(size):
        value = getattr(size, name, None)
    else:
        value = as_dict(size).get(name)
    return default if value is None else value


def replace(size: Any, **sides: int | None) -> Any:
    """A size with some sides changed: a `SizeDict` of a `SizeDict`, a dict of anything else. The given one stays as is.

    A `SizeDict` is frozen up to 5.3 and can be written from 5.4 on, where a shared one changes for everybody.

    Args:
        size: As `as_dict` takes it.
        sides: The new values, of `SIDES`; None takes a side away.

    Raises:
        TypeError: It is no size.
        ValueError: A side that no release has, or that the release's `SizeDict` lacks.
    """
    _check(sides)
    merged = {**as_dict(size), **sides}
    if _is_size_dict(size):
        return _made(type(size), merged)
    return _set(merged)


@stable
def size_dict(size: Any = None, /, *, default_to_square: bool = True, **sides: int | None) -> Any:
    """The installed release's `SizeDict` of a size: what `_preprocess` gets and `resize` wants.

    Args:
        size: As `as_dict` takes it; a `SizeDict` is returned as it is where nothing is to be changed.
        default_to_square: What one number means: both sides, or the shortest edge.
        sides: More sides, or new values for them, of `SIDES`.

    Raises:
        TypeError: It is no size.
        ValueError: A side that no release has, or that the release's `SizeDict` lacks: `min_pixels` and `max_pixels`
            came with 5.17.0.
    """


@adapts(size_dict, "transformers>=4.49", because="4.49.0 moves `SizeDict` to image_utils")
def _in_image_utils() -> Any:
    from transformers.image_utils import SizeDict

    return _making(SizeDict)


@adapts(size_dict, "transformers>=4.42,<4.49", because="4.42.0 brings `SizeDict`, in image_processing_utils_fast")
def _in_utils_fast() -> Any:
    from transformers.image_processing_utils_fast import SizeDict

    return _making(SizeDict)


absent(size_dict, "transformers<4.42", because="4.42.0 brings `SizeDict`")


def _making(kind: Any) -> Any:
    def size_dict(size: Any = None, /, *, default_to_square: bool = True, **sides: int | None) -> Any:
        if type(size) is kind and not sides:
            return size
        _check(sides)
        given = {} if size is None else as_dict(size, default_to_square=default_to_square)
        return _made(kind, {**given, **sides})

    return size_dict


def smart_resize_qwen2_vl(
    height: int,
    width: int,
    factor: int = 28,
    min_pixels: int = 56 * 56,
    max_pixels: int = 14 * 14 * 4 * 1280,
) -> tuple[int, int]:
    """The size that the image processor of Qwen2-VL, Qwen2.5-VL and Qwen3-VL resizes an image to.

    It needs no upstream: `from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize` raises
    ModuleNotFoundError from 5.5 on where torchvision is not installed. The rule is that of 4.53.0 and later; up to
    4.52 upstream refused sides smaller than `factor`, and could return 0 for a long thin image.

    Args:
        height: Of the image, in pixels.
        width: Of the image, in pixels.
        factor: What both sides become multiples of: patch size times merge size.
        min_pixels: The fewest pixels of the result.
        max_pixels: The most pixels of the result.

    Returns:
        Height and width, in pixels.

    Raises:
        ValueError: One side is more than 200 times as long as the other.
    """
    _check_ratio(height, width)
    resized = _rounded(height, factor), _rounded(width, factor)
    pixels = resized[0] * resized[1]
    if pixels > max_pixels:
        return _shrunk(height, width, factor, sqrt(height * width / max_pixels))
    if pixels < min_pixels:
        return _grown(height, width, factor, sqrt(min_pixels / (height * width)))
    return resized


def smart_resize_qwen3_vl(
    num_frames: int,
    height: int,
    width: int,
    temporal_factor: int = 2,
    factor: int = 32,
    min_pixels: int = 128 * 128,
    max_pixels: int = 16 * 16 * 2 * 2 * 2 * 6144,
) -> tuple[int, int]:
    """The size that the video processor of Qwen3-VL resizes the frames of a video to.

    The defaults are Qwen3-VL's own, which upstream's function had up to 5.14: 5.15.0 silently put those of GLM-4V in
    their place. The rule is that of 5.15.0 and later; 5.0 to 5.14 rounded an odd number of frames up, and up to 5.14
    sides smaller than `factor` were refused.

    Args:
        num_frames: How many frames the video has.
        height: Of a frame, in pixels.
        width: Of a frame, in pixels.
        temporal_factor: What the number of frames becomes a multiple of.
        factor: What both sides become multiples of: patch size times merge size.
        min_pixels: The fewest pixels of all frames together.
        max_pixels: The most pixels of all frames together.

    Returns:
        Height and width, in pixels.

    Raises:
        ValueError: Fewer frames than `temporal_factor`, or one side is more than 200 times as long as the other.
    """
    return _smart_resize_frames(num_frames, height, width, temporal_factor, factor, min_pixels, max_pixels)


def smart_resize_glm4v(
    num_frames: int,
    height: int,
    width: int,
    temporal_factor: int = 2,
    factor: int = 28,
    min_pixels: int = 112 * 112,
    max_pixels: int = 14 * 14 * 2 * 2 * 2 * 6144,
) -> tuple[int, int]:
    """The size that the image and video processors of GLM-4V and GLM-4.6V resize an image or a video to.

    The rule is that of 5.1.0 and later; up to 5.0 upstream refused sides smaller than `factor`.

    Args:
        num_frames: How many frames the video has; for an image, `temporal_factor`.
        height: Of a frame, in pixels.
        width: Of a frame, in pixels.
        temporal_factor: What the number of frames becomes a multiple of.
        factor: What both sides become multiples of: patch size times merge size.
        min_pixels: The fewest pixels of all frames together.
        max_pixels: The most pixels of all frames together.

    Returns:
        Height and width, in pixels.

    Raises:
        ValueError: Fewer frames than `temporal_factor`, or one side is more than 200 times as long as the other.
    """
    return _smart_resize_frames(num_frames, height, width, temporal_factor, factor, min_pixels, max_pixels)


def _smart_resize_frames(
    frames: int, height: int, width: int, temporal_factor: int, factor: int, min_pixels: int, max_pixels: int
) -> tuple[int, int]:
    if frames < temporal_factor:
        raise ValueError(f"{frames} frames, where at least {temporal_factor} (temporal_factor) are needed")
    if min(height, width) < factor:
        scale = factor / min(height, width)
        height, width = int(height * scale), int(width * scale)
    _check_ratio(height, width)
    resized = _rounded(height, factor), _rounded(width, factor)
    pixels = _rounded(frames, temporal_factor) * resized[0] * resized[1]
    if pixels > max_pixels:
        return _shrunk(height, width, factor, sqrt(frames * height * width / max_pixels))
    if pixels < min_pixels:
        return _grown(height, width, factor, sqrt(min_pixels / (frames * height * width)))
    return resized


def _check_ratio(height: int, width: int) -> None:
    ratio = max(height, width) / min(height, width)
    if ratio > 200:
        raise ValueError(f"{height} x {width}: one side is {ratio:g} times the other, where 200 is the most")


def _rounded(number: int, factor: int) -> int:
    return round(number / factor) * factor


def _shrunk(height: int, width: int, factor: int, scale: float) -> tuple[int, int]:
    return max(factor, floor(height / scale / factor) * factor), max(factor, floor(width / scale / factor) * factor)


def _grown(height: int, width: int, factor: int, scale: float) -> tuple[int, int]:
    return ceil(height * scale / factor) * factor, ceil(width * scale / factor) * factor


def _is_size_dict(size: Any) -> bool:
    return "shortest_edge" in getattr(type(size), "__dataclass_fields__", ())


def _check(sides: Mapping[str, Any]) -> None:
    unknown = [name for name in sides if name not in SIDES]
    if unknown:
        raise ValueError(_unknown(unknown))


def _unknown(names: list[str]) -> str:
    return f"no release has a side {', '.join(map(repr, names))}; accepted: {', '.join(SIDES)}"


def _set(sides: Mapping[str, int | None]) -> dict[str, int]:
    return {name: value for name, value in sides.items() if value is not None}


def _made(kind: Any, sides: Mapping[str, int | None]) -> Any:
    given = _set(sides)
    lacking = [name for name in given if name not in kind.__dataclass_fields__]
    if lacking:
        raise ValueError(
            f"SizeDict has no {', '.join(lacking)} in the transformers that is installed: 5.17.0 brings min_pixels and "
            "max_pixels; what Qwen2-VL calls so is shortest_edge and longest_edge in its size"
        )
    return kind(**given)
