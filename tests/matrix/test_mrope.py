from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from compat import installed_release, mrope
from compat.patching import active

from . import tiny_models
from .tiny_models import END, IMAGE, START, VIDEO, numbers

TOLERANCE = 1e-6
KINDS = ("image", "video", "timed video")
FAMILIES = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl")


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Any:
    if request.param == "qwen3_vl" and before("4.57"):
        pytest.skip("Qwen3-VL is there from 4.57 on")
    return request.param


@pytest.fixture
def model(family: str) -> Any:
    model = tiny_models.shared(family)
    # What the last call left.
    for part in (model, model.model):
        if hasattr(part, "rope_deltas"):
            part.rope_deltas = None
    return model


@pytest.fixture(scope="module")
def patch() -> Any:
    with mrope.positions_patch() as patch:
        yield patch


def before(release: str) -> bool:
    from packaging.version import Version

    installed = installed_release("transformers")
    return installed is not None and installed < Version(release)


def inputs_of(kind: str, family: str) -> dict[str, Any]:
    import torch

    if (kind, family) == ("video", "qwen2_vl") and str(installed_release("transformers")).startswith("4.54."):
        pytest.skip("4.54 looks for the tokens of images where Qwen2-VL has a video's")
    if kind == "timed video":
        if family != "qwen2_5_vl":
            pytest.skip("seconds are for Qwen2.5-VL alone")
        # 4.52 to 5.17 make 0 of them.
        return {**a_video(family), "second_per_grid_ts": torch.tensor([0.7])}
    return an_image() if kind == "image" else a_video(family)


def an_image() -> dict[str, Any]:
    import torch

    first = [1, 2, START, *[IMAGE] * 8, END, 3, 4, 5]
    second = [6, START, *[IMAGE] * 4, END, 7, 8, 9, 10, 11, 12, 13, 14]
    ids = torch.tensor([first, second])
    grid = torch.tensor([[1, 4, 8], [1, 4, 4]])
    values = numbers((48, 3 * 2 * 4 * 4), "values")
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "pixel_values": values,
        "image_grid_thw": grid,
    }


def a_video(family: str) -> dict[str, Any]:
    import torch

    # Qwen3-VL has a time stamp before each frame, and its positions go by frames.
    frame = [START, *[VIDEO] * 4, END]
    ids = [1, 2, *frame, 3, *frame, 4, 5] if family == "qwen3_vl" else [1, 2, START, *[VIDEO] * 8, END, 3, 4, 5]
    tokens = torch.tensor([ids])
    grid = torch.tensor([[2, 4, 4]])
    values = numbers((32, 3 * 2 * 4 * 4), "values")
    return {
        "input_ids": tokens,
        "attention_mask": torch.ones_like(tokens),
        "pixel_values_videos": values,
        "video_grid_thw": grid,
    }


@pytest.mark.covers("mrope.forward_arguments")
def test_images_need_no_patch(family: str, model: Any, observe: Callable[..., None]) -> None:
    import torch

    if family == "qwen2_5_vl" and not before("5.3") and before("5.5.4"):
        pytest.skip("5.3.0 to 5.5.3 place the images of Qwen2.5-VL at four times their place")
    assert not active(), "this is about upstream's own positions"
    with torch.no_grad():
        logits = model(**mrope.forward_arguments(model, an_image())).logits
    observe(f"logits of {family}, image, without the patch", logits, TOLERANCE)


@pytest.mark.covers("mrope.forward_arguments", "mrope.mm_token_type_ids", "mrope.positions_patch")
@pytest.mark.parametrize("kind", KINDS)
def test_logits_are_those_of_every_release(
    kind: str, family: str, model: Any, patch: Any, observe: Callable[..., None]
) -> None:
    import torch

    inputs = inputs_of(kind, family)
    arguments = mrope.forward_arguments(model, inputs)
    assert "mm_token_type_ids" not in inputs
    with torch.no_grad():
        logits = model(**arguments).logits
        given = {**inputs, "mm_token_type_ids": mrope.mm_token_type_ids(inputs["input_ids"], model.config)}
        again = model(**mrope.forward_arguments(model, given)).logits
    assert (logits == again).all()
    observe(f"logits of {family}, {kind}", logits, TOLERANCE)


@pytest.mark.covers("mrope.generate_arguments", "mrope.positions_patch")
@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_every_release(
    kind: str, family: str, model: Any, patch: Any, observe: Callable[..., None]
) -> None:
    import torch

    inputs = inputs_of(kind, family)
    # Processors of 5.3.0 on give them: a release that refuses them must not get them.
    inputs["mm_token_type_ids"] = mrope.mm_token_type_ids(inputs["input_ids"], model.config)
    generated = model.generate(
        **mrope.generate_arguments(model, inputs),
        max_new_tokens=4,
        do_sample=False,
        pad_token_id=0,
        eos_token_id=None,
        return_dict_in_generate=True,
        output_scores=True,
    )
    observe(f"scores of {family}, {kind}", torch.stack(generated.scores), TOLERANCE)
    observe(f"tokens of {family}, {kind}", generated.sequences)
    del inputs["mm_token_type_ids"]
    assert ("mm_token_type_ids" in mrope.generate_arguments(model, inputs)) == (
        "mm_token_type_ids" in mrope.forward_arguments(model, inputs)
    )


@pytest.mark.covers("mrope.forward_arguments")
def test_text_alone_needs_no_token_types(model: Any) -> None:
    import torch

    inputs = {"input_ids": torch.tensor([[1, 2, 3]])}
    assert mrope.forward_arguments(model, inputs) == inputs


@pytest.mark.covers("mrope.rope_index")
@pytest.mark.parametrize("kind", ["image", "video"])
def test_positions_are_those_of_every_release(kind: str, family: str, model: Any, observe: Callable[..., None]) -> None:
    inputs = an_image() if kind == "image" else a_video(family)
    ids, mask = inputs["input_ids"], inputs["attention_mask"]
    mask[0, -2:] = 0
    grids = inputs.get("image_grid_thw"), inputs.get("video_grid_thw")
    positions, deltas = mrope.rope_index(model, ids, *grids, mask)
    assert positions.shape == (3, *ids.shape)
    observe(f"positions of {family}, {kind}", positions)
    observe(f"deltas of {family}, {kind}", deltas)
    if before("5.3"):
        owner = model if hasattr(model, "get_rope_index") else model.model
        own, _ = owner.get_rope_index(ids, *grids, attention_mask=mask)
        assert (own.masked_fill(mask == 0, 0) == positions).all()
    types = mrope.mm_token_type_ids(ids, model.config)
    assert (mrope.rope_index(model, ids, *grids, mask, mm_token_type_ids=types)[0] == positions).all()


@pytest.mark.covers("mrope.rope_index")
def test_grids_that_are_not_the_tokens_are_refused(model: Any) -> None:
    import torch

    ids = torch.tensor([[1, START, *[IMAGE] * 4, END]])
    for grids, said in (
        ([[1, 4, 8]], "the image at token 2 does not have the 8 tokens"),
        ([[1, 4, 4], [1, 4, 4]], "more grids than images or videos"),
    ):
        with pytest.raises(ValueError, match=said):
            mrope.rope_index(model, ids, torch.tensor(grids))


@pytest.mark.covers("mrope.rope_index")
def test_seconds_are_for_qwen2_5_vl_alone(family: str, model: Any, observe: Callable[..., None]) -> None:
    import torch

    inputs = a_video(family)
    seconds = {"second_per_grid_ts": torch.tensor([0.7])}
    if family == "qwen2_5_vl":
        ids, grid = inputs["input_ids"], inputs["video_grid_thw"]
        positions, _ = mrope.rope_index(model, ids, None, grid, **seconds)
        observe("positions by seconds", positions)
        if before("4.52"):
            owner = model if hasattr(model, "get_rope_index") else model.model
            assert (owner.get_rope_index(ids, None, grid, **seconds)[0] == positions).all()
        with pytest.raises(ValueError, match="second_per_grid_ts has 2 of 1 videos"):
            mrope.rope_index(model, ids, None, grid, second_per_grid_ts=[1.0, 2.0])
    else:
        with pytest.raises(TypeError, match="get_rope_index takes no second_per_grid_ts"):
            mrope.rope_index(model, inputs["input_ids"], None, inputs["video_grid_thw"], **seconds)
