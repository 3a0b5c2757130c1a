"""Attention masks: `create_causal_mask` and its family with one signature of keywords."""

from __future__ import annotations

from . import _masks
from ._adapters import absent, adapts, stable
from ._names import UpstreamName, upstream_names
from .attention import attn_implementation
from .caches import mask_sizes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = [  # noqa: F822
    "AttentionMaskConverter",
    "and_masks",
    "bidirectional_mask_function",
    "causal_mask_function",
    "chunked_overlay",
    "create_bidirectional_mask",
    "create_bidirectional_sliding_window_mask",
    "create_causal_mask",
    "create_chunked_causal_mask",
    "create_masks_for_generate",
    "create_recurrent_attention_mask",
    "create_sliding_window_causal_mask",
    "eager_mask",
    "get_extended_attention_mask",
    "invert_attention_mask",
    "mask_interface",
    "or_masks",
    "prepare_4d_attention_mask",
    "prepare_4d_attention_mask_for_sdpa",
    "prepare_4d_causal_attention_mask",
    "prepare_4d_causal_attention_mask_for_sdpa",
    "sdpa_mask",
    "sliding_window_bidirectional_overlay",
    "sliding_window_overlay",
]

_MOVING = (
    "5.23.0 counts positions within packed sequences and passes over layers of linear attention, 5.15.0 adds "
    "`allow_is_causal_skip`, 5.14.0 `layer_idx` and what may be skipped, 5.9.0 drops `cache_position`"
)
_OLD_UTILS = "`modeling_attn_mask_utils` is there in every release; deprecated in 5.2.0, but still there in 5.23.0"
_OLD_PLACE = "transformers.modeling_attn_mask_utils"


@stable
def create_causal_mask(
    config: Any,
    inputs_embeds: Any,
    attention_mask: Any,
    past_key_values: Any,
    position_ids: Any = None,
    or_mask_function: Callable[..., Any] | None = None,
    and_mask_function: Callable[..., Any] | None = None,
    block_sequence_ids: Any = None,
    layer_idx: int | None = None,
    allow_is_causal_skip: bool = True,
) -> Any:
    """Make the mask of layers where a token sees itself and all before it.

    Args:
        config: The model's config: its attention implementation says what kind of mask is made.
        inputs_embeds: The embedded input, of shape (batch, queries, hidden).
        attention_mask: The padding mask of shape (batch, keys), a ready mask with four axes, or None.
        past_key_values: The cache before the input is put into it, or None.
        position_ids: Positions of shape (batch, queries): where they start anew, a new sequence begins.
        or_mask_function: What is allowed beside the pattern, by batch, head, query position and key position.
        and_mask_function: What else is needed, likewise.
        block_sequence_ids: The block of each token, of shape (batch, queries), -1 for none: within one, all see each
            other.
        layer_idx: The cache's layer that the mask is for; the first that does not slide if it is None.
        allow_is_causal_skip: Whether None may stand for a mask that attention can do without.

    Returns:
        For `sdpa` booleans, for `eager` numbers to add, of shape (batch, 1, queries, keys); for flash attention the
        padding mask; None where attention needs none.

    Raises:
        ValueError: On releases before 4.53: the cache slides, or the implementation is `flex_attention`.

    `masking_utils` first appears in 4.53.0. `inputs_embeds` is named `input_embeds` up to 5.1.0; `cache_position` is
    needed up to 5.3.0 and refused from 5.9.0 on, where a positional call takes it for the cache.
    """


@stable
def create_sliding_window_causal_mask(
    config: Any,
    inputs_embeds: Any,
    attention_mask: Any,
    past_key_values: Any,
    position_ids: Any = None,
    or_mask_function: Callable[..., Any] | None = None,
    and_mask_function: Callable[..., Any] | None = None,
    block_sequence_ids: Any = None,
    layer_idx: int | None = None,
    allow_is_causal_skip: bool = True,
) -> Any:
    """Make the mask of layers where a token sees itself and those before it in a window of `config.sliding_window`.

    Args:
        config: The model's config.
        inputs_embeds: The embedded input, of shape (batch, queries, hidden).
        attention_mask: The padding mask of shape (batch, keys), a ready mask with four axes, or None.
        past_key_values: The cache before the input is put into it, or None.
        position_ids: Positions of shape (batch, queries): where they start anew, a new sequence begins.
        or_mask_function: What is allowed beside the pattern, by batch, head, query position and key position.
        and_mask_function: What else is needed, likewise.
        block_sequence_ids: The block of each token, of shape (batch, queries), -1 for none.
        layer_idx: The cache's layer that the mask is for; the first that slides if it is None.
        allow_is_causal_skip: Whether None may stand for a mask that attention can do without.

    Raises:
        ValueError: The config has no `sliding_window`; or as `create_causal_mask`.
    """


@stable
def create_chunked_causal_mask(
    config: Any,
    inputs_embeds: Any,
    attention_mask: Any,
    past_key_values: Any,
    position_ids: Any = None,
    or_mask_function: Callable[..., Any] | None = None,
    and_mask_function: Callable[..., Any] | None = None,
    block_sequence_ids: Any = None,
    layer_idx: int | None = None,
    allow_is_causal_skip: bool = True,
) -> Any:
    """Make the mask of layers where a token sees those before it in its chunk of `config.attention_chunk_size`.

    Args:
        config: The model's config.
        inputs_embeds: The embedded input, of shape (batch, queries, hidden).
        attention_mask: The padding mask of shape (batch, keys), a ready mask with four axes, or None. Chunks are
            counted from each sequence's first token, as upstream does since 4.56.0.
        past_key_values: The cache before the input is put into it, or None.
        position_ids: Positions of shape (batch, queries): where they start anew, a new sequence begins.
        or_mask_function: What is allowed beside the pattern, by batch, head, query position and key position.
        and_mask_function: What else is needed, likewise.
        block_sequence_ids: The block of each token, of shape (batch, queries), -1 for none.
        layer_idx: The cache's layer that the mask is for; the first that slides if it is None.
        allow_is_causal_skip: Whether None may stand for a mask that attention can do without.

    Raises:
        ValueError: The config has no `attention_chunk_size`; or as `create_causal_mask`.
    """


@stable
def create_bidirectional_mask(
    config: Any,
    inputs_embeds: Any,
    attention_mask: Any,
    encoder_hidden_states: Any = None,
    past_key_values: Any = None,
    or_mask_function: Callable[..., Any] | None = None,
    and_mask_function: Callable[..., Any] | None = None,
    allow_is_bidirectional_skip: bool = True,
) -> Any:
    """Make the mask of layers where a token sees all that are not padding.

    Args:
        config: The model's config.
        inputs_embeds: The embedded input, of shape (batch, queries, hidden).
        attention_mask: The padding mask of shape (batch, keys), a ready mask with four axes, or None.
        encoder_hidden_states: What is attended to instead of the input, of shape (batch, keys, hidden).
        past_key_values: The cache before the input is put into it, or None.
        or_mask_function: What is allowed beside the pattern, by batch, head, query position and key position.
        and_mask_function: What else is needed, likewise.
        allow_is_bidirectional_skip: Whether None may stand for a mask that attention can do without.

    First appears in 5.0.0; 5.4.0 inserts `past_key_values`, 5.9.0 swallows unknown keywords.
    """


@stable
def create_bidirectional_sliding_window_mask(
    config: Any,
    inputs_embeds: Any,
    attention_mask: Any,
    encoder_hidden_states: Any = None,
    past_key_values: Any = None,
    or_mask_function: Callable[..., Any] | None = None,
    and_mask_function: Callable[..., Any] | None = None,
    allow_is_bidirectional_skip: bool = True,
) -> Any:
    """Make the mask of layers where a token sees those at most `config.sliding_window` away.

    Args:
        config: The model's config.
        inputs_embeds: The embedded input, of shape (batch, queries, hidden).
        attention_mask: The padding mask of shape (batch, keys), a ready mask with four axes, or None.
        encoder_hidden_states: What is attended to instead of the input, of shape (batch, keys, hidden).
        past_key_values: The cache before the input is put into it, or None.
        or_mask_function: What is allowed beside the pattern, by batch, head, query position and key position.
        and_mask_function: What else is needed, likewise.
        allow_is_bidirectional_skip: Whether None may stand for a mask that attention can do without.

    Raises:
        ValueError: The config has no `sliding_window`.

    First appears in 5.1.0; 5.4.0 inserts `past_key_values`, 5.8.0 `encoder_hidden_states` before it.
    """


@stable
def create_recurrent_attention_mask(
    config: Any, inputs_embeds: Any, attention_mask: Any, past_key_values: Any = None
) -> Any:
    """Make the padding mask of layers of linear attention, for the tokens of the input only.

    Args:
        config: The model's config.
        inputs_embeds: The embedded input, of shape (batch, queries, hidden).
        attention_mask: The padding mask of shape (batch, keys), or None.
        past_key_values: The cache, or None.

    Returns:
        The mask of shape (batch, queries); None where nothing is padded, or for a single token.

    First appears in 5.13.0, with another rule for what may be None until 5.15.0.
    """


@stable
def create_masks_for_generate(
    config: Any,
    inputs_embeds: Any,
    attention_mask: Any,
    past_key_values: Any,
    position_ids: Any = None,
    or_mask_function: Callable[..., Any] | None = None,
    and_mask_function: Callable[..., Any] | None = None,
    block_sequence_ids: Any = None,
) -> Any:
    """Make the masks of all kinds of layers that a model has.

    Args:
        config: The model's config.
        inputs_embeds: The embedded input, of shape (batch, queries, hidden).
        attention_mask: The padding mask of shape (batch, keys), a ready mask with four axes, or None.
        past_key_values: The cache before the input is put into it, or None.
        position_ids: Positions of shape (batch, queries): where they start anew, a new sequence begins.
        or_mask_function: What is allowed beside the pattern, by batch, head, query position and key position.
        and_mask_function: What else is needed, likewise.
        block_sequence_ids: The block of each token, of shape (batch, queries), -1 for none.

    Returns:
        The masks by the names in `config.layer_types`; one mask where the config has none; the padding mask where it
        has a name that is not known.

    The fourth argument is `cache_position` up to 5.3.0; from 5.4.0 on it is swallowed as a keyword. A config with one
    kind of layers gives one mask instead of a dict in 5.14.
    """


@stable
def mask_interface(implementation: str | None) -> Any:
    """What makes the masks of an attention implementation, called by the keywords of the newest release.

    Args:
        implementation: Such as `sdpa`, or a name that was registered upstream.

    Returns:
        A function of `batch_size, q_length, kv_length, q_offset, kv_offset, mask_function, attention_mask, dtype,
        device` and more, by keyword; None for an implementation that has no masks.

    Raises:
        ValueError: `flex_attention` on releases before 4.53.

    Registered functions take `cache_position` up to 5.3.0, and `q_length` with `q_offset` from 5.4.0 on.
    """


@stable
def sdpa_mask(
    batch_size: int,
    q_length: int,
    kv_length: int,
    q_offset: Any = 0,
    kv_offset: Any = 0,
    mask_function: Callable[..., Any] = _masks.causal_mask_function,
    attention_mask: Any = None,
    local_size: int | None = None,
    allow_is_causal_skip: bool = True,
    allow_is_bidirectional_skip: bool = False,
    use_vmap: bool = False,
    device: Any = "cpu",
) -> Any:
    """Make a mask of booleans, of shape (batch, 1, queries, keys).

    Args:
        batch_size: How many sequences.
        q_length: How many queries.
        kv_length: How many keys.
        q_offset: The position of the first query.
        kv_offset: The position of the first key.
        mask_function: What is allowed, by batch, head, query position and key position.
        attention_mask: The padding mask of booleans, of shape (batch, keys), or None.
        local_size: The size of what is attended locally, or None.
        allow_is_causal_skip: Whether None may stand for a causal mask that attention can do without.
        allow_is_bidirectional_skip: Whether None may stand for a mask that allows everything.
        use_vmap: Whether the mask function takes one place at a time.
        device: Where the mask is.

    Takes `cache_position` instead of `q_length` and `q_offset` up to 5.3.0.
    """


@stable
def eager_mask(
    batch_size: int,
    q_length: int,
    kv_length: int,
    q_offset: Any = 0,
    kv_offset: Any = 0,
    mask_function: Callable[..., Any] = _masks.causal_mask_function,
    attention_mask: Any = None,
    dtype: Any = None,
    allow_is_bidirectional_skip: bool = False,
    use_vmap: bool = False,
    device: Any = "cpu",
) -> Any:
    """Make a mask to be added to scores, of shape (batch, 1, queries, keys).

    Args:
        batch_size: How many sequences.
        q_length: How many queries.
        kv_length: How many keys.
        q_offset: The position of the first query.
        kv_offset: The position of the first key.
        mask_function: What is allowed, by batch, head, query position and key position.
        attention_mask: The padding mask of booleans, of shape (batch, keys), or None.
        dtype: Of the mask; float32 if it is None.
        allow_is_bidirectional_skip: Whether None may stand for a mask that allows everything.
        use_vmap: Whether the mask function takes one place at a time.
        device: Where the mask is.

    Takes `cache_position` instead of `q_length` and `q_offset` up to 5.3.0.
    """


def get_extended_attention_mask(
    attention_mask: Any, input_shape: tuple[int, ...], dtype: Any, *, is_decoder: bool = False
) -> Any:
    """A padding mask as numbers to add to scores: 0 where a key may be seen, the dtype's lowest number elsewhere.

    Args:
        attention_mask: 1 where a key may be seen, of shape (batch, keys) or (batch, queries, keys).
        input_shape: The shape of the input, (batch, queries).
        dtype: Of the result.
        is_decoder: Whether a token sees only those before it; keys beyond the input come before it.

    Returns:
        A mask of shape (batch, 1, 1, keys), or (batch, 1, queries, keys).

    Raises:
        ValueError: The mask has neither two nor three axes.

    The method of this name, with `device` before `dtype`, is gone in 5.17.0.
    """
    import torch

    if attention_mask.dim() == 3:
        allowed = attention_mask[:, None, :, :]
    elif attention_mask.dim() == 2:
        allowed = attention_mask[:, None, None, :]
        if is_decoder:
            queries, key_count = input_shape[1], attention_mask.shape[1]
            query = torch.arange(queries, device=attention_mask.device)[:, None] + key_count - queries
            allowed = allowed * (torch.arange(key_count, device=attention_mask.device) <= query).to(allowed.dtype)
    else:
        raise ValueError(f"an attention mask has 2 or 3 axes, and not the shape {tuple(attention_mask.shape)}")
    return (1.0 - allowed.to(dtype)) * torch.finfo(dtype).min


def invert_attention_mask(encoder_attention_mask: Any, dtype: Any) -> Any:
    """The padding mask of an encoder as numbers to add to scores.

    Args:
        encoder_attention_mask: 1 where a key may be seen, of shape (batch, keys) or (batch, queries, keys).
        dtype: Of the result.

    Raises:
        ValueError: The mask has neither two nor three axes.

    The method of this name, whose dtype is the model's, is gone in 5.17.0.
    """
    return get_extended_attention_mask(encoder_attention_mask, tuple(encoder_attention_mask.shape), dtype)


def _plain(padding: Any, key_end: Any) -> tuple[Callable[..., Any], int | None]:
    return _masks.causal_mask_function, None


def _everything(padding: Any, key_end: Any) -> tuple[Callable[..., Any], int | None]:
    return _masks.bidirectional_mask_function, None


def _interface(config: Any) -> Any:
    return mask_interface(attn_implementation(config))


def _setting(config: Any, name: str) -> int:
    size = getattr(config, name, None)
    if size is None:
        raise ValueError(f"{type(config).__name__} has no `{name}`, which this mask is made from")
    return int(size)


@adapts(create_causal_mask, "transformers>=5.23", because="5.23.0 is the newest form")
def _causal_since_5_23() -> Callable[..., Any]:
    from transformers.masking_utils import create_causal_mask

    return create_causal_mask  # type: ignore[no-any-return]


@adapts(create_causal_mask, "transformers<5.23", because=_MOVING)
def _causal_before_5_23() -> Callable[..., Any]:
    def create_causal_mask(
        config: Any,
        inputs_embeds: Any,
        attention_mask: Any,
        past_key_values: Any,
        position_ids: Any = None,
        or_mask_function: Callable[..., Any] | None = None,
        and_mask_function: Callable[..., Any] | None = None,
        block_sequence_ids: Any = None,
        layer_idx: int | None = None,
        allow_is_causal_skip: bool = True,
    ) -> Any:
        if not getattr(config, "is_causal", True):
            return create_bidirectional_mask(
                config,
                inputs_embeds,
                attention_mask,
                past_key_values=past_key_values,
                or_mask_function=or_mask_function,
                and_mask_function=and_mask_function,
                allow_is_bidirectional_skip=allow_is_causal_skip,
            )
        return _masks.make_mask(
            _interface,
            mask_sizes,
            config,
            inputs_embeds,
            attention_mask,
            past_key_values,
            pattern=_plain,
            causal=True,
            sliding=False,
            position_ids=position_ids,
            or_mask_function=or_mask_function,
            and_mask_function=and_mask_function,
            block_sequence_ids=block_sequence_ids,
            layer_idx=layer_idx,
            allow_skip=allow_is_causal_skip,
        )

    return create_causal_mask


@adapts(create_sliding_window_causal_mask, "transformers>=5.23", because="5.23.0 is the newest form")
def _sliding_since_5_23() -> Callable[..., Any]:
    from transformers.masking_utils import create_sliding_window_causal_mask

    return create_sliding_window_causal_mask  # type: ignore[no-any-return]


@adapts(create_sliding_window_causal_mask, "transformers<5.23", because=_MOVING)
def _sliding_before_5_23() -> Callable[..., Any]:
    def create_sliding_window_causal_mask(
        config: Any,
        inputs_embeds: Any,
        attention_mask: Any,
        past_key_values: Any,
        position_ids: Any = None,
        or_mask_function: Callable[..., Any] | None = None,
        and_mask_function: Callable[..., Any] | None = None,
        block_sequence_ids: Any = None,
        layer_idx: int | None = None,
        allow_is_causal_skip: bool = True,
    ) -> Any:
        if not getattr(config, "is_causal", True):
            return create_bidirectional_sliding_window_mask(
                config,
                inputs_embeds,
                attention_mask,
                past_key_values=past_key_values,
                or_mask_function=or_mask_function,
                and_mask_function=and_mask_function,
                allow_is_bidirectional_skip=allow_is_causal_skip,
            )

        def pattern(padding: Any, key_end: Any) -> tuple[Callable[..., Any], int | None]:
            window = _setting(config, "sliding_window")
            return _masks.and_masks(_masks.sliding_window_overlay(window), _masks.causal_mask_function), window

        return _masks.make_mask(
            _interface,
            mask_sizes,
            config,
            inputs_embeds,
            attention_mask,
            past_key_values,
            pattern=pattern,
            causal=True,
            sliding=True,
            position_ids=position_ids,
            or_mask_function=or_mask_function,
            and_mask_function=and_mask_function,
            block_sequence_ids=block_sequence_ids,
            layer_idx=layer_idx,
            allow_skip=allow_is_causal_skip,
        )

    return create_sliding_window_causal_mask


@adapts(create_chunked_causal_mask, "transformers>=5.23", because="5.23.0 is the newest form")
def _chunked_since_5_23() -> Callable[..., Any]:
    from transformers.masking_utils import create_chunked_causal_mask

    return create_chunked_causal_mask  # type: ignore[no-any-return]


@adapts(create_chunked_causal_mask, "transformers<5.23", because=_MOVING)
def _chunked_before_5_23() -> Callable[..., Any]:
    import torch

    def create_chunked_causal_mask(
        config: Any,
        inputs_embeds: Any,
        attention_mask: Any,
        past_key_values: Any,
        position_ids: Any = None,
        or_mask_function: Callable[..., Any] | None = None,
        and_mask_function: Callable[..., Any] | None = None,
        block_sequence_ids: Any = None,
        layer_idx: int | None = None,
        allow_is_causal_skip: bool = True,
    ) -> Any:
        def pattern(padding: Any, key_end: Any) -> tuple[Callable[..., Any], int | None]:
            size = _setting(config, "attention_chunk_size")
            if "flash" in (attn_implementation(config) or "") and key_end > size:
                raise ValueError(f"flash attention has no chunks, and the {key_end} keys are more than one of {size}")
            if padding is None:
                padded = torch.zeros(inputs_embeds.shape[0], dtype=torch.long, device=inputs_embeds.device)
            else:
                padded = (padding.cumsum(dim=-1) == 0).sum(dim=-1)
            return _masks.and_masks(_masks.chunked_overlay(size, padded), _masks.causal_mask_function), size

        return _masks.make_mask(
            _interface,
            mask_sizes,
            config,
            inputs_embeds,
            attention_mask,
            past_key_values,
            pattern=pattern,
            causal=True,
            sliding=True,
            position_ids=position_ids,
            or_mask_function=or_mask_function,
            and_mask_function=and_mask_function,
            block_sequence_ids=block_sequence_ids,
            layer_idx=layer_idx,
            allow_skip=allow_is_causal_skip,
        )

    return create_chunked_causal_mask


@adapts(create_bidirectional_mask, "transformers>=5.23", because="5.23.0 is the newest form")
def _bidirectional_since_5_23() -> Callable[..., Any]:
    from transformers.masking_utils import create_bidirectional_mask

    return create_bidirectional_mask  # type: ignore[no-any-return]


@adapts(create_bidirectional_mask, "transformers<5.23", because=_MOVING)
def _bidirectional_before_5_23() -> Callable[..., Any]:
    def create_bidirectional_mask(
        config: Any,
        inputs_embeds: Any,
        attention_mask: Any,
        encoder_hidden_states: Any = None,
        past_key_values: Any = None,
        or_mask_function: Callable[..., Any] | None = None,
        and_mask_function: Callable[..., Any] | None = None,
        allow_is_bidirectional_skip: bool = True,
    ) -> Any:
        return _masks.make_mask(
            _interface,
            mask_sizes,
            config,
            inputs_embeds,
            attention_mask,
            past_key_values,
            pattern=_everything,
            causal=False,
            sliding=False,
            encoder_hidden_states=encoder_hidden_states,
            or_mask_function=or_mask_function,
            and_mask_function=and_mask_function,
            allow_skip=allow_is_bidirectional_skip,
        )

    return create_bidirectional_mask


@adapts(create_bidirectional_sliding_window_mask, "transformers>=5.23", because="5.23.0 is the newest form")
def _bidirectional_sliding_since_5_23() -> Callable[..., Any]:
    from transformers.masking_utils import create_bidirectional_sliding_window_mask

    return create_bidirectional_sliding_window_mask  # type: ignore[no-any-return]


@adapts(create_bidirectional_sliding_window_mask, "transformers<5.23", because=_MOVING)
def _bidirectional_sliding_before_5_23() -> Callable[..., Any]:
    def create_bidirectional_sliding_window_mask(
        config: Any,
        inputs_embeds: Any,
        attention_mask: Any,
        encoder_hidden_states: Any = None,
        past_key_values: Any = None,
        or_mask_function: Callable[..., Any] | None = None,
        and_mask_function: Callable[..., Any] | None = None,
        allow_is_bidirectional_skip: bool = True,
    ) -> Any:
        def pattern(padding: Any, key_end: Any) -> tuple[Callable[..., Any], int | None]:
            window = _setting(config, "sliding_window")
            return _masks.sliding_window_bidirectional_overlay(window), window

        return _masks.make_mask(
            _interface,
            mask_sizes,
            config,
            inputs_embeds,
            attention_mask,
            past_key_values,
            pattern=pattern,
            causal=False,
            sliding=True,
            encoder_hidden_states=encoder_hidden_states,
            or_mask_function=or_mask_function,
            and_mask_function=and_mask_function,
            allow_skip=allow_is_bidirectional_skip,
        )

    return create_bidirectional_sliding_window_mask


@adapts(create_recurrent_attention_mask, "transformers>=5.15", because="5.15.0 passes over single tokens")
def _recurrent_since_5_15() -> Callable[..., Any]:
    from transformers.masking_utils import create_recurrent_attention_mask

    return create_recurrent_attention_mask  # type: ignore[no-any-return]


@adapts(create_recurrent_attention_mask, "transformers<5.15", because="first appears in 5.13.0, with another rule")
def _recurrent_before_5_15() -> Callable[..., Any]:
    def create_recurrent_attention_mask(
        config: Any, inputs_embeds: Any, attention_mask: Any, past_key_values: Any = None
    ) -> Any:
        tokens = inputs_embeds.shape[1]
        if attention_mask is None or attention_mask.ndim != 2 or tokens == 1 or bool((attention_mask == 1).all()):
            return None
        return attention_mask[:, -tokens:].contiguous()

    return create_recurrent_attention_mask


@adapts(create_masks_for_generate, "transformers>=5.23", because="5.23.0 is the newest form")
def _for_generate_since_5_23() -> Callable[..., Any]:
    from transformers.masking_utils import create_masks_for_generate

    return create_masks_for_generate  # type: ignore[no-any-return]


@adapts(create_masks_for_generate, "transformers>=4.53,<5.23", because=_MOVING)
def _for_generate_before_5_23() -> Callable[..., Any]:
    def create_masks_for_generate(
        config: Any,
        inputs_embeds: Any,
        attention_mask: Any,
        past_key_values: Any,
        position_ids: Any = None,
        or_mask_function: Callable[..., Any] | None = None,
        and_mask_function: Callable[..., Any] | None = None,
        block_sequence_ids: Any = None,
    ) -> Any:
        text = config.get_text_config()

        def made(make: Callable[..., Any], **more: Any) -> Any:
            return make(
                text,
                inputs_embeds,
                attention_mask,
                past_key_values,
                position_ids=position_ids,
                or_mask_function=or_mask_function,
                and_mask_function=and_mask_function,
                block_sequence_ids=block_sequence_ids,
                **more,
            )

        kinds: dict[str, Callable[[], Any]] = {
            "full_attention": lambda: made(create_causal_mask),
            "sliding_attention": lambda: made(create_sliding_window_causal_mask),
            "chunked_attention": lambda: made(create_chunked_causal_mask),
            "compressed_sparse_attention": lambda: made(create_sliding_window_causal_mask),
            "heavily_compressed_attention": lambda: made(create_sliding_window_causal_mask),
            "minimax_m3_sparse": lambda: made(create_causal_mask),
            "indexed_attention": lambda: made(create_causal_mask, allow_is_causal_skip=False),
            "linear_attention": lambda: create_recurrent_attention_mask(text, inputs_embeds, attention_mask),
            "conv": lambda: create_recurrent_attention_mask(text, inputs_embeds, attention_mask),
        }
        # `hybrid` and `hybrid_sliding` are kinds of layers that need two masks.
        pairs = {"hybrid": "full_attention", "hybrid_sliding": "sliding_attention"}
        layer_types = getattr(text, "layer_types", None)
        if layer_types is None:
            if getattr(text, "sliding_window", None) is not None:
                return made(create_sliding_window_causal_mask)
            if getattr(text, "attention_chunk_size", None) is not None:
                return made(create_chunked_causal_mask)
            return made(create_causal_mask)
        if any(kind not in kinds and kind not in pairs for kind in layer_types):
            return attention_mask
        masks: dict[str, Any] = {}
        for kind in layer_types:
            if kind in pairs:
                masks.setdefault(pairs[kind], made(create_causal_mask))
                masks.setdefault("linear_attention", kinds["linear_attention"]())
            elif kind not in masks:
                masks[kind] = kinds[kind]()
        return masks

    return create_masks_for_generate


absent(
    create_masks_for_generate,
    "transformers<4.53",
    because="before 4.53.0 no config says which layers slide: each model makes its own masks",
)


@adapts(mask_interface, "transformers>=5.4", because="5.4.0 calls registered functions by `q_length` and `q_offset`")
def _interface_of_lengths() -> Callable[..., Any]:
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, eager_mask, flash_attention_mask, sdpa_mask

    own = _ours((sdpa_mask, eager_mask, flash_attention_mask))

    def mask_interface(implementation: str | None) -> Any:
        try:
            registered = ALL_MASK_ATTENTION_FUNCTIONS[implementation]
        except KeyError:
            return None
        return own.get(registered, registered)

    return mask_interface


@adapts(mask_interface, "transformers>=4.53,<5.4", because="up to 5.3.0 registered functions take `cache_position`")
def _interface_of_positions() -> Callable[..., Any]:
    import torch
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, eager_mask, flash_attention_mask, sdpa_mask

    own = _ours((sdpa_mask, eager_mask, flash_attention_mask))

    def mask_interface(implementation: str | None) -> Any:
        if implementation not in ALL_MASK_ATTENTION_FUNCTIONS:
            return None
        registered = ALL_MASK_ATTENTION_FUNCTIONS[implementation]

        def by_lengths(*, q_length: int, q_offset: Any = 0, device: Any = "cpu", **keywords: Any) -> Any:
            return registered(cache_position=torch.arange(q_length, device=device) + q_offset, **keywords)

        return own.get(registered, by_lengths)

    return mask_interface


@adapts(mask_interface, "transformers<4.53", because="`masking_utils` first appears in 4.53.0")
def _interface_of_names() -> Callable[..., Any]:
    def mask_interface(implementation: str | None) -> Any:
        if implementation == "flex_attention":
            raise ValueError(
                "masks for flex_attention are made from transformers 4.53 on; before, there are sdpa, eager and "
                "flash_attention_2"
            )
        if implementation is not None and implementation.startswith("flash_attention_"):
            return _masks.flash_attention_mask
        return {"sdpa": _masks.sdpa_mask, "eager": _masks.eager_mask}.get(implementation or "")

    return mask_interface


def _ours(registered: tuple[Any, Any, Any]) -> dict[Any, Callable[..., Any]]:
    """Ours, by upstream's: what is registered anew under an upstream name stays what it is."""
    return dict(zip(registered, (_masks.sdpa_mask, _masks.eager_mask, _masks.flash_attention_mask), strict=True))


@adapts(sdpa_mask, "transformers>=5.20", because="5.20.0 takes a tensor as `q_offset`")
def _sdpa_since_5_20() -> Callable[..., Any]:
    from transformers.masking_utils import sdpa_mask

    return sdpa_mask  # type: ignore[no-any-return]


@adapts(sdpa_mask, "transformers<5.20", because="5.14.0 skips by `q_offset`, 5.4.0 takes lengths for positions")
def _sdpa_before_5_20() -> Callable[..., Any]:
    return _masks.sdpa_mask


@adapts(eager_mask, "transformers>=5.20", because="5.20.0 takes a tensor as `q_offset`")
def _eager_since_5_20() -> Callable[..., Any]:
    from torch import float32
    from transformers.masking_utils import causal_mask_function
    from transformers.masking_utils import eager_mask as upstream

    def eager_mask(
        batch_size: int,
        q_length: int,
        kv_length: int,
        q_offset: Any = 0,
        kv_offset: Any = 0,
        mask_function: Callable[..., Any] = causal_mask_function,
        attention_mask: Any = None,
        dtype: Any = None,
        allow_is_bidirectional_skip: bool = False,
        use_vmap: bool = False,
        device: Any = "cpu",
    ) -> Any:
        return upstream(
            batch_size,
            q_length,
            kv_length,
            q_offset,
            kv_offset,
            mask_function,
            attention_mask,
            float32 if dtype is None else dtype,
            allow_is_bidirectional_skip,
            use_vmap,
            device,
        )

    return eager_mask


@adapts(eager_mask, "transformers<5.20", because="5.4.0 takes lengths for positions")
def _eager_before_5_20() -> Callable[..., Any]:
    return _masks.eager_mask


__getattr__, __dir__ = upstream_names(
    __name__,
    UpstreamName(
        "AttentionMaskConverter",
        {"transformers>=4.40": f"{_OLD_PLACE}.AttentionMaskConverter"},
        because=_OLD_UTILS,
    ),
    UpstreamName(
        "prepare_4d_attention_mask",
        {"transformers>=4.40": f"{_OLD_PLACE}._prepare_4d_attention_mask"},
        because=_OLD_UTILS,
    ),
    UpstreamName(
        "prepare_4d_attention_mask_for_sdpa",
        {"transformers>=4.40": f"{_OLD_PLACE}._prepare_4d_attention_mask_for_sdpa"},
        because=_OLD_UTILS,
    ),
    UpstreamName(
        "prepare_4d_causal_attention_mask",
        {"transformers>=4.40": f"{_OLD_PLACE}._prepare_4d_causal_attention_mask"},
        because=_OLD_UTILS,
    ),
    UpstreamName(
        "prepare_4d_causal_attention_mask_for_sdpa",
        {"transformers>=4.40": f"{_OLD_PLACE}._prepare_4d_causal_attention_mask_for_sdpa"},
        because=_OLD_UTILS,
    ),
    *(
        UpstreamName(
            name,
            {
                "transformers>=5.1": f"transformers.masking_utils.{name}",
                "transformers<5.1": f"._masks.{name}",
            },
            because="`masking_utils` first appears in 4.53.0, its bidirectional functions in 5.0.0 and 5.1.0",
        )
        for name in (
            "and_masks",
            "bidirectional_mask_function",
            "causal_mask_function",
            "chunked_overlay",
            "or_masks",
            "sliding_window_bidirectional_overlay",
            "sliding_window_overlay",
        )
    ),
)
