from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import sizes


@dataclass(frozen=True)
class FrozenSizeDict:
    """Upstream's up to 5.3: neither mapping nor iterable, and without the last two sides."""

    height: int | None = None
    width: int | None = None
    longest_edge: int | None = None
    shortest_edge: int | None = None
    max_height: int | None = None
    max_width: int | None = None


NUMBERS = st.integers(min_value=1, max_value=10_000)
OLD_SIDES = st.sampled_from(sizes.SIDES[:6])
SIZES = st.dictionaries(OLD_SIDES, NUMBERS)


@given(SIZES)
def test_a_size_survives_being_a_dict_and_a_size_dict(size: dict[str, int]) -> None:
    assert sizes.as_dict(size) == size == sizes.as_dict(FrozenSizeDict(**size))
    assert sizes.as_dict(sizes.as_dict(size)) == size
    for name in sizes.SIDES:
        assert sizes.side(FrozenSizeDict(**size), name) == sizes.side(size, name) == size.get(name)


@given(SIZES, OLD_SIDES, st.none() | NUMBERS)
def test_one_side_is_replaced_and_the_given_size_stays(size: dict[str, int], name: str, value: int | None) -> None:
    expected = {key: number for key, number in {**size, name: value}.items() if number is not None}
    for form in (dict(size), FrozenSizeDict(**size)):
        changed = sizes.replace(form, **{name: value})
        assert type(changed) is type(form) and sizes.as_dict(changed) == expected
        assert sizes.as_dict(form) == size
        assert sizes.replace(changed, **{name: size.get(name)}) == sizes.replace(form)


@given(NUMBERS, NUMBERS)
def test_numbers_are_sizes(height: int, width: int) -> None:
    assert sizes.as_dict((height, width)) == sizes.as_dict([height, width]) == {"height": height, "width": width}
    assert sizes.as_dict(height) == {"height": height, "width": height}
    assert sizes.as_dict(height, default_to_square=False) == {"shortest_edge": height}
    assert sizes.replace((height, width), width=None) == {"height": height}


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ("224", TypeError, "'224' is no size: give a dict, a SizeDict, one number, or"),
        (True, TypeError, "True is no size"),
        (None, TypeError, "None is no size"),
        ((1, 2, 3), ValueError, "a size of 3 numbers"),
        ({"hieght": 3}, ValueError, "no release has a side 'hieght'; accepted: height, width"),
    ],
)
def test_what_is_no_size_is_refused(wrong: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sizes.as_dict(wrong)


def test_a_side_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no release has a side 'edge'"):
        sizes.side({"height": 3}, "edge")
    with pytest.raises(ValueError, match="no release has a side 'edge'"):
        sizes.replace({"height": 3}, edge=4)
    with pytest.raises(ValueError, match=r"SizeDict has no max_pixels in the transformers that is installed: 5\.17\.0"):
        sizes.replace(FrozenSizeDict(), max_pixels=4)


IMAGE = st.integers(min_value=20, max_value=4000)


@given(height=IMAGE, width=IMAGE, factor=st.sampled_from([14, 28, 32]))
def test_an_image_fits_into_its_limits_and_its_grid(height: int, width: int, factor: int) -> None:
    limits = {"factor": factor, "min_pixels": 4 * factor**2, "max_pixels": 900 * factor**2}
    resized = sizes.smart_resize_qwen2_vl(height, width, **limits)
    assert all(number >= factor and number % factor == 0 for number in resized)
    assert resized[0] * resized[1] >= limits["min_pixels"]
    # A thin image's short side cannot become smaller than the factor.
    assert resized[0] * resized[1] <= limits["max_pixels"] or factor in resized
    assert resized[::-1] == sizes.smart_resize_qwen2_vl(width, height, **limits)
    if factor not in resized:
        assert sizes.smart_resize_qwen2_vl(*resized, **limits) == resized


@given(num_frames=st.integers(min_value=2, max_value=64), height=IMAGE, width=IMAGE)
def test_frames_are_resized_by_the_defaults_of_their_family(num_frames: int, height: int, width: int) -> None:
    qwen = sizes.smart_resize_qwen3_vl(num_frames, height, width)
    glm = sizes.smart_resize_glm4v(num_frames, height, width)
    assert qwen[0] % 32 == qwen[1] % 32 == glm[0] % 28 == glm[1] % 28 == 0
    with_those_of_qwen = sizes.smart_resize_glm4v(
        num_frames, height, width, factor=32, min_pixels=128 * 128, max_pixels=16 * 16 * 2 * 2 * 2 * 6144
    )
    assert with_those_of_qwen == qwen


def test_a_size_that_no_rule_allows_is_refused() -> None:
    with pytest.raises(ValueError, match="10 x 2010: one side is 201 times the other, where 200 is the most"):
        sizes.smart_resize_qwen2_vl(10, 2010)
    with pytest.raises(ValueError, match=r"1 frames, where at least 2 \(temporal_factor\) are needed"):
        sizes.smart_resize_qwen3_vl(1, 64, 64)
