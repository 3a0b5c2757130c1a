from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compat.qwen_vl import flatten_patches

MOST = 8


class Pixels:
    """As much of a tensor as flattening needs: values in rows, and a shape of at most eight dimensions."""

    def __init__(self, values: Sequence[Any], shape: Sequence[int]) -> None:
        assert len(shape) <= MOST, f"{len(shape)} dimensions"
        assert len(values) == prod(shape)
        self.values, self.shape = list(values), tuple(shape)

    def _at(self, index: Sequence[int]) -> Any:
        place = 0
        for number, size in zip(index, self.shape, strict=True):
            place = place * size + number
        return self.values[place]

    def reshape(self, *shape: int) -> Pixels:
        known = prod(size for size in shape if size != -1)
        return Pixels(self.values, [len(self.values) // known if size == -1 else size for size in shape])

    def permute(self, order: Sequence[int]) -> Pixels:
        shape = [self.shape[axis] for axis in order]
        back = [list(order).index(axis) for axis in range(len(order))]
        return Pixels([self._at([index[axis] for axis in back]) for index in indices(shape)], shape)

    def repeat_interleave(self, times: int, axis: int) -> Pixels:
        shape = [size * times if number == axis else size for number, size in enumerate(self.shape)]
        parts = [self._at([*i[:axis], i[axis] // times, *i[axis + 1 :]]) for i in indices(shape)]
        return Pixels(parts, shape)

    def __getitem__(self, key: tuple[slice, list[int]]) -> Pixels:
        shape = [self.shape[0], len(key[1]), *self.shape[2:]]
        return Pixels([self._at([i[0], key[1][i[1]], *i[2:]]) for i in indices(shape)], shape)


def indices(shape: Sequence[int]) -> list[list[int]]:
    found: list[list[int]] = [[]]
    for size in shape:
        found = [[*index, number] for index in found for number in range(size)]
    return found


SMALL = st.integers(1, 3)


@settings(max_examples=60, deadline=None)
@given(batch=st.integers(1, 2), frames=st.none() | st.integers(1, 4), channel=st.integers(1, 2), data=st.data())
def test_each_value_is_where_the_vision_encoder_looks_for_it(
    batch: int, frames: int | None, channel: int, data: st.DataObject
) -> None:
    patch, merge, temporal = data.draw(SMALL), data.draw(SMALL), data.draw(SMALL)
    rows, columns = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2))
    high, wide = rows * merge * patch, columns * merge * patch
    shape = [batch, *([] if frames is None else [frames]), channel, high, wide]
    pixels = Pixels([tuple(index) for index in indices(shape)], shape)

    flat, grid = flatten_patches(pixels, patch, merge, temporal)

    grid_t = -(-(frames or 1) // temporal) if frames else 1
    assert grid == (grid_t, rows * merge, columns * merge)
    assert flat.shape == (batch, prod(grid), channel * temporal * patch * patch)
    # In the order of upstream's dimensions: patches by time, then by block; values by channel, time, row and column.
    expected = []
    for one, t, block_row, block_column, row, column, c, dt, y, x in indices(
        [batch, grid_t, rows, columns, merge, merge, channel, temporal, patch, patch]
    ):
        frame = [] if frames is None else [min(t * temporal + dt, frames - 1)]
        place = [(block_row * merge + row) * patch + y, (block_column * merge + column) * patch + x]
        expected.append((one, *frame, c, *place))
    assert flat.values == expected


@pytest.mark.parametrize(
    ("shape", "sizes", "reason"),
    [
        ((3, 28, 28), (14, 2, 2), r"pixels of shape \(3, 28, 28\): give images as \(batch, channel"),
        ((1, 3, 28, 30), (14, 2, 2), "28 x 30: height and width have to be multiples of patch_size .* = 28"),
        ((1, 0, 3, 28, 28), (14, 2, 2), "have no frame"),
        ((1, 3, 28, 28), (14, 0, 2), "merge_size=0.*each is at least 1"),
    ],
)
def test_pixels_that_cannot_be_cut_into_patches_are_refused(
    shape: tuple[int, ...], sizes: tuple[int, int, int], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        flatten_patches(Pixels([0] * prod(shape), shape), *sizes)
