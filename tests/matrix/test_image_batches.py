from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from compat import image_batches

Observe = Callable[..., None]


@pytest.fixture(scope="module")
def images() -> list[Any]:
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(3, height, width, generator=generator) for height, width in ((4, 6), (5, 5), (4, 6), (4, 7))]


@pytest.mark.covers("image_batches.group_images_by_shape", "image_batches.reorder_images")
@pytest.mark.parametrize("disable_grouping", [True, False, None])
def test_images_are_grouped_and_put_back_in_order(
    disable_grouping: bool | None, images: list[Any], observe: Observe
) -> None:
    names = ["a", "b", "c", "d"]
    groups, named, nothing, index = image_batches.group_images_by_shape(
        images, names, None, disable_grouping=disable_grouping
    )
    assert len(groups) == (3 if disable_grouping is False else 4)
    observe(f"grouped, {disable_grouping}", _plain(groups))
    observe(f"names, {disable_grouping}", _plain(named))
    observe(f"nothing, {disable_grouping}", _plain(nothing))
    observe(f"index, {disable_grouping}", _plain(index))
    ordered = image_batches.reorder_images({key: group + 1 for key, group in groups.items()}, index)
    assert all(torch.equal(one, image + 1) for one, image in zip(ordered, images, strict=True))


@pytest.mark.covers("image_batches.group_images_by_shape", "image_batches.reorder_images")
@pytest.mark.parametrize("disable_grouping", [True, False, None])
def test_lists_of_images_stay_lists_even_where_they_are_empty(
    disable_grouping: bool | None, images: list[Any], observe: Observe
) -> None:
    nested = [images[:1], [], images[1:], []]
    groups, counts, index = image_batches.group_images_by_shape(
        nested, [[1], [], [2, 3, 4], []], disable_grouping=disable_grouping, is_nested=True
    )
    observe(f"nested groups, {disable_grouping}", _plain(groups))
    observe(f"nested counts, {disable_grouping}", _plain(counts))
    observe(f"nested index, {disable_grouping}", _plain(index))
    ordered = image_batches.reorder_images(groups, index, is_nested=True)
    assert [len(row) for row in ordered] == [1, 0, 3, 0]
    assert all(torch.equal(one, image) for one, image in zip([*ordered[0], *ordered[2]], images, strict=True))


@pytest.mark.covers("image_batches.group_images_by_shape", "image_batches.reorder_images")
def test_a_batch_is_one_group(images: list[Any], observe: Observe) -> None:
    batch = torch.stack([images[0], images[2]])
    groups, names, index = image_batches.group_images_by_shape(batch, ["a", "c"], disable_grouping=False)
    observe("batch", [_plain(groups), _plain(names), _plain(index)])
    assert torch.equal(torch.stack(image_batches.reorder_images(groups, index)), batch)


SHAPES = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=6)


@pytest.mark.covers("image_batches.group_images_by_shape", "image_batches.reorder_images")
@settings(max_examples=40, deadline=None)
@given(st.lists(SHAPES, min_size=1, max_size=4), st.booleans())
def test_grouping_and_reordering_undo_each_other(rows: list[list[tuple[int, int]]], disable_grouping: bool) -> None:
    nested = [[torch.full((3, *shape), float(place)) for place, shape in enumerate(row)] for row in rows]
    groups, index = image_batches.group_images_by_shape(nested, disable_grouping=disable_grouping, is_nested=True)
    ordered = image_batches.reorder_images(groups, index, is_nested=True)
    assert [[one.tolist() for one in row] for row in ordered] == [[one.tolist() for one in row] for row in nested]


@pytest.mark.covers("image_batches.divide_to_patches")
@pytest.mark.parametrize("patch_size", [3, (2, 4)])
def test_images_and_batches_are_cut_into_patches(patch_size: Any, images: list[Any], observe: Observe) -> None:
    for name, image in ("tensor", images[0]), ("array", images[1].numpy()), ("batch", torch.stack([images[0]] * 2)):
        observe(f"{name} in patches of {patch_size}", image_batches.divide_to_patches(image, patch_size=patch_size))


@pytest.mark.covers(
    "image_batches.get_max_height_width", "image_batches.max_across_indices", "image_batches.safe_squeeze"
)
def test_shapes_are_measured_alike(images: list[Any], observe: Observe) -> None:
    last = [np.moveaxis(image.numpy(), 0, -1) for image in images]
    assert image_batches.get_max_height_width(images) == (5, 7)
    assert image_batches.get_max_height_width(last, input_data_format="channels_last") == (5, 7)
    with pytest.raises(ValueError, match="chunky"):
        image_batches.get_max_height_width(images, input_data_format="chunky")
    assert image_batches.max_across_indices([(1, 5, 2), (3, 4, 2)]) == [3, 5, 2]
    for one in (images[0][:1], images[0][:1].numpy()):
        observe(f"squeezed {type(one).__name__}", list(image_batches.safe_squeeze(one, axis=0).shape))
        observe(f"not squeezed {type(one).__name__}", list(image_batches.safe_squeeze(one, axis=1).shape))


@pytest.mark.covers("image_batches.validate_preprocess_arguments")
def test_a_step_without_what_it_needs_is_refused() -> None:
    check = image_batches.validate_preprocess_arguments
    check(do_pad=True, pad_size={"height": 4, "width": 4}, do_resize=True, size={"height": 4, "width": 4}, resample=2)
    with pytest.raises(ValueError, match="pad_size"):
        check(do_pad=True)
    with pytest.raises(ValueError, match="resample"):
        check(do_resize=True, size={"height": 4, "width": 4})


def _plain(grouped: dict[Any, Any]) -> dict[str, Any]:
    return {str(tuple(key) if isinstance(key, torch.Size) else key): _value(value) for key, value in grouped.items()}


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return str(tuple(tuple(part) if isinstance(part, torch.Size) else part for part in value))
    return value
