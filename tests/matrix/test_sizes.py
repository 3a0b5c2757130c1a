from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from packaging.version import Version

from compat import sizes
from compat._releases import installed_release

Observe = Callable[..., None]
RELEASE = installed_release("transformers") or Version("0")


@pytest.mark.covers("sizes.SizeDict", "sizes.size_dict", "sizes.as_dict", "sizes.side", "sizes.replace")
def test_a_size_is_made_read_and_written_alike(observe: Observe) -> None:
    given = {"shortest_edge": 56, "longest_edge": 700}
    made = sizes.size_dict(given)
    assert isinstance(made, sizes.SizeDict)
    assert sizes.size_dict(made) is made
    changed = sizes.replace(made, longest_edge=None, shortest_edge=28)
    assert type(changed) is type(made) and sizes.side(made, "longest_edge") == 700
    observe("made", sizes.as_dict(made))
    observe("changed", sizes.as_dict(changed))
    observe("unset", sizes.side(made, "height", 5))
    observe("of a number", sizes.as_dict(sizes.size_dict(7)))
    observe("shortest edge of a number", sizes.as_dict(sizes.size_dict(7, default_to_square=False)))
    observe("of a pair with a side more", sizes.as_dict(sizes.size_dict((3, 4), max_width=9)))


@pytest.mark.covers("sizes.as_dict", "sizes.side")
def test_the_size_of_a_processor_is_read_alike(observe: Observe) -> None:
    from compat.image_processing import pil_class, tensor_class

    for backend, family in ("tensor", tensor_class), ("pil", pil_class):
        clip = family("CLIPImageProcessor")(size={"shortest_edge": 60}, crop_size={"height": 50, "width": 40})
        observe(f"size of the {backend} processor", sizes.as_dict(clip.size))
        observe(f"width of its crop size, {backend}", sizes.side(clip.crop_size, "width"))


@pytest.mark.covers("sizes.SIDES", "sizes.size_dict", "sizes.replace", "sizes.side")
def test_limits_of_pixels_are_sides_from_5_17_on() -> None:
    assert set(sizes.SizeDict.__dataclass_fields__) <= set(sizes.SIDES)
    if Version("5.17") <= RELEASE:
        assert sizes.side(sizes.size_dict(min_pixels=4), "min_pixels") == 4
        return
    assert sizes.side(sizes.size_dict(height=4), "min_pixels") is None
    with pytest.raises(ValueError, match=r"SizeDict has no min_pixels .* 5\.17\.0 brings"):
        sizes.size_dict(min_pixels=4)
    with pytest.raises(ValueError, match="SizeDict has no max_pixels"):
        sizes.replace(sizes.size_dict(height=4), max_pixels=4)


@pytest.mark.covers("sizes.smart_resize_qwen2_vl")
def test_smart_resize_of_qwen2_vl_is_that_of_the_release(observe: Observe) -> None:
    from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize as upstream

    # Up to 4.52 it refused sides smaller than the factor, and could give 0.
    whole = Version("4.53") <= RELEASE
    _compare(upstream, sizes.smart_resize_qwen2_vl, _images(), whole=whole)
    observe("smart_resize of qwen2_vl", np.array([sizes.smart_resize_qwen2_vl(**given) for given in _images()]))


@pytest.mark.covers("sizes.smart_resize_qwen3_vl")
def test_smart_resize_of_qwen3_vl_is_that_of_the_release(observe: Observe) -> None:
    observe("smart_resize of qwen3_vl", np.array([sizes.smart_resize_qwen3_vl(**given) for given in _videos(32)]))
    if Version("4.57") > RELEASE:
        return
    from transformers.models.qwen3_vl.video_processing_qwen3_vl import smart_resize as upstream

    newest = Version("5.15") <= RELEASE
    # 5.0 to 5.14 round an odd number of frames up; 5.15.0 changed the defaults, so those are given from there on.
    even = [given for given in _videos(32) if newest or given["num_frames"] % 2 == 0]
    _compare(upstream, sizes.smart_resize_qwen3_vl, even, whole=newest)
    pinned = {"num_frames": 4, "height": 300, "width": 400}
    assert (upstream(**pinned) == sizes.smart_resize_qwen3_vl(**pinned)) is not newest


@pytest.mark.covers("sizes.smart_resize_glm4v")
def test_smart_resize_of_glm4v_is_that_of_the_release(observe: Observe) -> None:
    observe("smart_resize of glm4v", np.array([sizes.smart_resize_glm4v(**given) for given in _videos(28)]))
    if Version("4.53") > RELEASE:
        return
    from transformers.models.glm4v.image_processing_glm4v import smart_resize as upstream

    _compare(upstream, sizes.smart_resize_glm4v, _videos(28), whole=Version("5.1") <= RELEASE)
    pinned = {"num_frames": 4, "height": 300, "width": 400}
    assert upstream(**pinned) == sizes.smart_resize_glm4v(**pinned)


def _compare(upstream: Any, ours: Any, cases: list[dict[str, int]], *, whole: bool) -> None:
    compared = 0
    for given in cases:
        if not whole and min(given["height"], given["width"]) < given["factor"]:
            continue
        expected = upstream(**given)
        if whole or 0 not in expected:
            assert ours(**given) == expected, given
            compared += 1
    assert compared > len(cases) / 3


def _images() -> list[dict[str, int]]:
    return [
        {"height": height, "width": width, "factor": factor, "min_pixels": 4 * factor**2, "max_pixels": most}
        for height, width, factor, most in _shapes(0)
    ]


def _videos(factor: int) -> list[dict[str, int]]:
    limits = {"factor": factor, "temporal_factor": 2, "min_pixels": 16 * factor**2}
    return [
        {"num_frames": 2 + index % 9, "height": height, "width": width, "max_pixels": 8 * most, **limits}
        for index, (height, width, _, most) in enumerate(_shapes(factor))
    ]


def _shapes(seed: int) -> Iterator[tuple[int, int, int, int]]:
    numbers = random.Random(seed)
    for _ in range(500):
        height = round(2 ** numbers.uniform(2, 12))
        width = min(max(2, round(height * 2 ** numbers.uniform(-5, 5))), 200 * height)
        yield height, width, numbers.choice((14, 28, 32)), round(2 ** numbers.uniform(14, 23))
