"""Multimodal rotary positions: what a model of images, videos and text needs to place its tokens."""

from __future__ import annotations

from ._adapters import adapts, stable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .patching import Patches

__all__ = ["forward_arguments", "generate_arguments", "mm_token_type_ids", "positions_patch", "rope_index"]

_IDS = "mm_token_type_ids"
# How a video's grids are placed in time: each as a step, by the seconds between them, or each as an image of its own.
_PLACED = {
    "qwen2_5_vl": "by seconds",
    "qwen2_vl": "by steps",
    "qwen3_vl": "by frames",
    "qwen3_vl_moe": "by frames",
}
_VISION = ("image_grid_thw", "pixel_values", "pixel_values_videos", "video_grid_thw")
_NAMED: dict[Callable[..., Any], frozenset[str]] = {}


def mm_token_type_ids(input_ids: Any, config: Any) -> Any:
    """Which tokens are images (1), which are videos (2), and which are neither (0).

    Processors of Qwen-VL and others give them from 5.3.0 on; before, a model told by the token ids alone.

    Args:
        input_ids: Token ids, (batch, tokens); a tensor.
        config: The model's config, with `image_token_id`. GLM-4V marks the frames of a video with the token of images,
            between `video_start_token_id` and `video_end_token_id`: there these are videos.

    Returns:
        int32 ids of the same shape, on the same device.

    Raises:
        TypeError: `input_ids` is no tensor of integers.
        ValueError: The config names no token of images.
    """
    if not hasattr(input_ids, "new_zeros") or input_ids.is_floating_point():
        raise TypeError(f"mm_token_type_ids takes a tensor of token ids; got {_described(input_ids)}")
    image = getattr(config, "image_token_id", getattr(config, "image_token_index", None))
    video = getattr(config, "video_token_id", getattr(config, "video_token_index", None))
    if image is None:
        raise ValueError(f"{type(config).__name__} has no image_token_id: give the config of the whole model")
    images = input_ids == image
    videos = input_ids == video if video is not None else images.new_zeros(images.shape)
    if hasattr(config, "video_start_token_id") and hasattr(config, "video_end_token_id"):
        started = (input_ids == config.video_start_token_id).cumsum(-1)
        ended = (input_ids == config.video_end_token_id).cumsum(-1)
        videos = videos | (images & (started > ended))
    return images.int().masked_fill(videos, 2)


def forward_arguments(model: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a forward call, with `mm_token_type_ids` made or dropped as the model wants.

    Left out, 5.3 computes other logits without a word, and so does Qwen2.5-VL up to the newest, where Qwen2-VL and
    Qwen3-VL raise ValueError from 5.4.0 on; given, releases up to 4.52 raise TypeError, and 4.53 to 5.2 take no notice.

    Args:
        model: The model whose `forward` is called.
        inputs: What would be passed, by name; it is not changed.
    """
    return _arguments(model, inputs)


def generate_arguments(model: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a `generate` call, with `mm_token_type_ids` made or dropped as the model wants.

    Left out, 5.3.0 on generate from other scores without a word; given, releases up to 5.2 raise ValueError.

    Args:
        model: The model whose `generate` is called.
        inputs: What would be passed, by name; it is not changed.
    """
    # `generate` refuses what neither `forward` nor `prepare_inputs_for_generation` names: what forward names is enough.
    return _arguments(model, inputs)


def rope_index(
    model: Any,
    input_ids: Any,
    image_grid_thw: Any = None,
    video_grid_thw: Any = None,
    attention_mask: Any = None,
    *,
    second_per_grid_ts: Any = None,
    mm_token_type_ids: Any = None,
) -> tuple[Any, Any]:
    """What `get_rope_index` gives, with one signature, and for Qwen-VL with one result.

    5.3.0 put `mm_token_type_ids` before the grids. It also changed what comes out: up to 5.5 the frames of a video, and
    in Qwen2.5-VL images too, are placed wrongly, and up to the newest the text after a video begins where its rows or
    columns end, and not after its last frame. 4.52 to 5.17 cut `second_per_grid_ts` to whole seconds. For Qwen2-VL,
    Qwen2.5-VL and Qwen3-VL the positions are therefore made here, as all releases up to 4.51 make them; for other
    models by upstream.

    Args:
        model: A model with `get_rope_index`, of its own or of its `.model`.
        input_ids: Token ids, (batch, tokens).
        image_grid_thw: Grids of the images, (images, 3).
        video_grid_thw: Grids of the videos, (videos, 3).
        attention_mask: 1 where a token is, 0 where padding is, (batch, tokens).
        second_per_grid_ts: Seconds from a grid of a video to the next, (videos,); Qwen2.5-VL only.
        mm_token_type_ids: As `mrope.mm_token_type_ids` makes them; made here where they are not given.

    Returns:
        Positions (3, batch, tokens), 0 under padding; and how much further than the number of its tokens each text
        reaches, (batch, 1).

    Raises:
        TypeError: The model has no `get_rope_index`, or it takes no `second_per_grid_ts`.
        ValueError: The tokens of images and videos are not those that the grids tell.
    """
    owner = next((part for part in (model, getattr(model, "model", None)) if hasattr(part, "get_rope_index")), None)
    if owner is None:
        raise TypeError(f"{type(model).__name__} has no get_rope_index: its positions are not multimodal")
    named = _named(type(owner).get_rope_index)
    if second_per_grid_ts is not None and "second_per_grid_ts" not in named:
        raise TypeError(f"{type(owner).__name__}.get_rope_index takes no second_per_grid_ts")
    types = _made(input_ids, model) if mm_token_type_ids is None else mm_token_type_ids
    grids = {"image_grid_thw": image_grid_thw, "video_grid_thw": video_grid_thw}
    if owner.config.model_type in _PLACED:
        return _placed(owner, input_ids, types, **grids, attention_mask=attention_mask, seconds=second_per_grid_ts)
    given = {**grids, "attention_mask": attention_mask, "second_per_grid_ts": second_per_grid_ts}
    given = {name: value for name, value in given.items() if value is not None}
    if _IDS in named:
        given[_IDS] = types
    positions, deltas = owner.get_rope_index(input_ids, **given)
    return positions, deltas


@stable
def positions_patch() -> Patches:  # type: ignore[empty-body]
    """A patch, not applied yet, by which Qwen-VL models themselves place images and videos as `rope_index` does.

    Returns:
        `get_rope_index` of Qwen2-VL, Qwen2.5-VL, Qwen3-VL and Qwen3-VL-MoE, where a release's own differs.
    """


@adapts(positions_patch, "transformers<4.52", because="up to 4.51 videos are placed as the models were trained")
def _nothing() -> Callable[..., Any]:
    def positions_patch() -> Patches:
        from .patching import Patches

        return Patches()

    return positions_patch


@adapts(
    positions_patch,
    "transformers>=4.52,<5.3",
    because="4.52.0 cuts the seconds between the grids of Qwen2.5-VL's videos to whole ones, up to 5.17",
)
def _timing() -> Callable[..., Any]:
    def positions_patch() -> Patches:
        from .patching import Patches, patch

        def get_rope_index(
            original: Callable[..., Any],
            self: Any,
            input_ids: Any = None,
            image_grid_thw: Any = None,
            video_grid_thw: Any = None,
            second_per_grid_ts: Any = None,
            attention_mask: Any = None,
            **kwargs: Any,
        ) -> tuple[Any, Any]:
            mask, seconds = attention_mask, second_per_grid_ts
            if input_ids is None or video_grid_thw is None or seconds is None:
                positions, deltas = original(
                    self, input_ids, image_grid_thw, video_grid_thw, seconds, attention_mask=mask, **kwargs
                )
                return positions, deltas
            types = _made(input_ids, self)
            positions, deltas = _placed(self, input_ids, types, image_grid_thw, video_grid_thw, mask, seconds)
            # These releases count the deltas from all places, padding among them.
            return positions, deltas if mask is None else deltas - (mask == 0).sum(-1, keepdim=True)

        target = "transformers.models.qwen2_5_vl.modeling_qwen2_5_vl.Qwen2_5_VLModel.get_rope_index"
        return Patches(patch(target, get_rope_index, wraps=True))

    return positions_patch


@adapts(
    positions_patch,
    "transformers>=5.3",
    because="5.3.0 rewrites get_rope_index: frames fall on one place up to 5.5, and text after a video too early",
)
def _placing() -> Callable[..., Any]:
    def positions_patch() -> Patches:
        from .patching import Patches, patch

        def get_rope_index(
            self: Any,
            input_ids: Any,
            mm_token_type_ids: Any,
            image_grid_thw: Any = None,
            video_grid_thw: Any = None,
            attention_mask: Any = None,
            **kwargs: Any,
        ) -> tuple[Any, Any]:
            return _placed(self, input_ids, mm_token_type_ids, image_grid_thw, video_grid_thw, attention_mask, None)

        def get_rope_index_by_seconds(
            self: Any,
            input_ids: Any,
            mm_token_type_ids: Any,
            image_grid_thw: Any = None,
            video_grid_thw: Any = None,
            second_per_grid_ts: Any = None,
            attention_mask: Any = None,
            **kwargs: Any,
        ) -> tuple[Any, Any]:
            seconds = second_per_grid_ts
            return _placed(self, input_ids, mm_token_type_ids, image_grid_thw, video_grid_thw, attention_mask, seconds)

        models = "transformers.models"
        return Patches(
            patch(f"{models}.qwen2_vl.modeling_qwen2_vl.Qwen2VLModel.get_rope_index", get_rope_index),
            patch(f"{models}.qwen2_5_vl.modeling_qwen2_5_vl.Qwen2_5_VLModel.get_rope_index", get_rope_index_by_seconds),
            patch(f"{models}.qwen3_vl.modeling_qwen3_vl.Qwen3VLModel.get_rope_index", get_rope_index),
            patch(f"{models}.qwen3_vl_moe.modeling_qwen3_vl_moe.Qwen3VLMoeModel.get_rope_index", get_rope_index),
        )

    return positions_patch


def _placed(
    owner: Any,
    input_ids: Any,
    types: Any,
    image_grid_thw: Any,
    video_grid_thw: Any,
    attention_mask: Any,
    seconds: Any,
) -> tuple[Any, Any]:
    vision = owner.config.vision_config
    images, videos = _listed(image_grid_thw), _listed(video_grid_thw)
    steps, tokens = [1.0] * len(videos), 1
    if _PLACED[owner.config.model_type] == "by frames":
        videos = [(1, h, w) for t, h, w in videos for _ in range(t)]
        steps = [1.0] * len(videos)
    elif _PLACED[owner.config.model_type] == "by seconds":
        steps = steps if seconds is None else [float(second) for second in seconds]
        tokens = vision.tokens_per_second
    if len(steps) != len(videos):
        raise ValueError(f"second_per_grid_ts has {len(steps)} of {len(videos)} videos")
    # Each with the time from a grid to the next, and with what that is multiplied by: one after the other, as upstream
    # does, since what is cut off depends on it.
    timed = [(*grid, step, tokens) for grid, step in zip(videos, steps, strict=True)]
    grids = {1: iter([(*grid, 1.0, 1) for grid in images]), 2: iter(timed)}
    positions = input_ids.new_zeros((3, *input_ids.shape))
    deltas = []
    for row in range(input_ids.shape[0]):
        there = slice(None) if attention_mask is None else attention_mask[row].bool()
        placed = _row(types[row][there], grids, vision.spatial_merge_size, input_ids)
        positions[:, row, there] = placed
        deltas.append(int(placed.max()) + 1 - placed.shape[1] if placed.shape[1] else 0)
    if any(next(left, None) is not None for left in grids.values()):
        raise ValueError("there are more grids than images or videos among the tokens")
    return positions, input_ids.new_tensor(deltas).unsqueeze(1)


def _listed(grids: Any) -> list[tuple[int, int, int]]:
    return [] if grids is None else [(int(t), int(h), int(w)) for t, h, w in grids]


def _row(types: Any, grids: dict[int, Any], merge: int, like: Any) -> Any:
    """The positions of one text, (3, tokens)."""
    from torch import arange, cat, meshgrid, stack

    kinds = types.tolist()
    parts = [like.new_zeros((3, 0))]
    at = start = 0
    while at < len(kinds):
        kind = kinds[at]
        if kind == 0:
            length = next((index for index in range(at, len(kinds)) if kinds[index]), len(kinds)) - at
            part = arange(length, device=like.device).expand(3, -1)
        else:
            grid = next(grids[kind], None)
            length = 0 if grid is None else grid[0] * (grid[1] // merge) * (grid[2] // merge)
            if grid is None or kinds[at : at + length] != [kind] * length:
                name = "image" if kind == 1 else "video"
                raise ValueError(
                    f"the {name} at token {at} does not have the {length} tokens of its grid {grid and grid[:3]}"
                )
            time = (arange(grid[0], device=like.device) * grid[3] * grid[4]).long()
            rows, columns = (arange(size // merge, device=like.device) for size in grid[1:3])
            part = stack(meshgrid(time, rows, columns, indexing="ij")).reshape(3, -1)
        parts.append((part + start).to(like.dtype))
        start = int(parts[-1].max()) + 1
        at += length
    return cat(parts, dim=1)


def _arguments(model: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    arguments = dict(inputs)
    if _IDS not in _named(type(model).forward):
        arguments.pop(_IDS, None)
        return arguments
    tokens = arguments.get("input_ids")
    shown = any(arguments.get(name) is not None for name in _VISION)
    if tokens is not None and shown and arguments.get(_IDS) is None:
        arguments[_IDS] = _made(tokens, model)
    return arguments


def _made(input_ids: Any, model: Any) -> Any:
    return mm_token_type_ids(input_ids, model.config)


def _named(function: Callable[..., Any]) -> frozenset[str]:
    if function not in _NAMED:
        from inspect import signature

        _NAMED[function] = frozenset(signature(function).parameters)
    return _NAMED[function]


def _described(value: Any) -> str:
    return f"{type(value).__name__} of {value.dtype}" if hasattr(value, "dtype") else type(value).__name__
