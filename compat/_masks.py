"""How masks are made where upstream makes none, or makes them otherwise than its newest release does."""

from __future__ import annotations

from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Sizes(Protocol):
        """How many keys a cache will show to the next tokens, and the position of the first."""

        def __call__(self, cache: Any, query_length: int, layer_idx: int) -> tuple[Any, Any]: ...


# A mask function says of batch, head, query position and key position, which broadcast, whether one may see the other.


def causal_mask_function(batch_idx: Any, head_idx: Any, q_idx: Any, kv_idx: Any) -> Any:
    """Whether a token may see another: itself and those before it."""
    return kv_idx <= q_idx


def bidirectional_mask_function(batch_idx: Any, head_idx: Any, q_idx: Any, kv_idx: Any) -> Any:
    """Whether a token may see another: it may see all."""
    return q_idx >= 0


def and_masks(*mask_functions: Callable[..., Any]) -> Callable[..., Any]:
    """The mask function of what all of some mask functions allow."""

    def allowed(batch_idx: Any, head_idx: Any, q_idx: Any, kv_idx: Any) -> Any:
        first, *rest = (function(batch_idx, head_idx, q_idx, kv_idx) for function in mask_functions)
        for other in rest:
            first = first & other.to(first.device)
        return first

    return allowed


def or_masks(*mask_functions: Callable[..., Any]) -> Callable[..., Any]:
    """The mask function of what any of some mask functions allows."""

    def allowed(batch_idx: Any, head_idx: Any, q_idx: Any, kv_idx: Any) -> Any:
        first, *rest = (function(batch_idx, head_idx, q_idx, kv_idx) for function in mask_functions)
        for other in rest:
            first = first | other.to(first.device)
        return first

    return allowed


def sliding_window_overlay(sliding_window: int) -> Callable[..., Any]:
    """The mask function of keys that are less than a window behind."""
    return lambda batch_idx, head_idx, q_idx, kv_idx: kv_idx > q_idx - sliding_window


def sliding_window_bidirectional_overlay(sliding_window: int) -> Callable[..., Any]:
    """The mask function of keys that are at most a window away."""
    return lambda batch_idx, head_idx, q_idx, kv_idx: abs(q_idx - kv_idx) <= sliding_window


def chunked_overlay(chunk_size: int, left_padding: Any) -> Callable[..., Any]:
    """The mask function of keys in the same chunk, chunks counted from each sequence's first token."""

    def allowed(batch_idx: Any, head_idx: Any, q_idx: Any, kv_idx: Any) -> Any:
        padded = left_padding[batch_idx]
        return (kv_idx - padded) // chunk_size == (q_idx - padded) // chunk_size

    return allowed


def _blockwise(block_ids: Any) -> Callable[..., Any]:
    def allowed(batch_idx: Any, head_idx: Any, q_idx: Any, kv_idx: Any) -> Any:
        block = block_ids[batch_idx, q_idx]
        return (block == block_ids[batch_idx, kv_idx]) & (block >= 0)

    return allowed


def _packed(mask_function: Callable[..., Any], position_ids: Any, sequence: Any) -> Callable[..., Any]:
    def allowed(batch_idx: Any, head_idx: Any, q_idx: Any, kv_idx: Any) -> Any:
        within = mask_function(batch_idx, head_idx, position_ids[batch_idx, q_idx], position_ids[batch_idx, kv_idx])
        return within & (sequence[batch_idx, q_idx] == sequence[batch_idx, kv_idx])

    return allowed


def sdpa_mask(
    batch_size: int,
    q_length: int,
    kv_length: int,
    q_offset: Any = 0,
    kv_offset: Any = 0,
    mask_function: Callable[..., Any] = causal_mask_function,
    attention_mask: Any = None,
    local_size: int | None = None,
    allow_is_causal_skip: bool = True,
    allow_is_bidirectional_skip: bool = False,
    use_vmap: bool = False,
    device: Any = "cpu",
    **ignored: Any,
) -> Any:
    """The boolean mask of shape (batch, 1, queries, keys), or None where attention needs none."""
    import torch
    from torch.nn.functional import pad

    if attention_mask is not None and (missing := int(kv_length + kv_offset) - attention_mask.shape[-1]) > 0:
        attention_mask = pad(attention_mask, (0, missing))
    if not _tracing() and (local_size is None or kv_length < local_size):
        seen = attention_mask
        if seen is not None and seen.shape[-1] > kv_length:
            seen = seen[:, torch.arange(kv_length, device=seen.device) + kv_offset]
        if allow_is_causal_skip and _plainly_causal(seen, q_length, kv_length, q_offset):
            return None
        # Here upstream looks at the whole padding mask.
        if allow_is_bidirectional_skip and (attention_mask is None or bool(attention_mask.all())):
            return None
    if attention_mask is not None:
        unpadded = attention_mask
        mask_function = and_masks(mask_function, lambda batch, head, query, key: unpadded[batch, key])
    places = (
        torch.arange(batch_size, device=device),
        torch.arange(1, device=device),
        torch.arange(q_length, device=device) + q_offset,
        torch.arange(kv_length, device=device) + kv_offset,
    )
    mask = _mapped(mask_function, places) if use_vmap else _broadcast(mask_function, places)
    if _attends_nowhere_is_nan():
        mask = mask | ~mask.any(dim=-1, keepdim=True)
    return mask


def eager_mask(batch_size: int, q_length: int, kv_length: int, *args: Any, dtype: Any = None, **keywords: Any) -> Any:
    """The mask that is added to scores: 0 where allowed, the dtype's lowest number elsewhere."""
    import torch

    keywords["allow_is_causal_skip"] = False
    dtype = torch.float32 if dtype is None else dtype
    mask = sdpa_mask(batch_size, q_length, kv_length, *args, **keywords)
    if mask is None:
        return None
    return torch.where(mask, torch.zeros((), device=mask.device, dtype=dtype), torch.finfo(dtype).min)


def flash_attention_mask(
    batch_size: int, q_length: int, kv_length: int, *args: Any, attention_mask: Any = None, **ignored: Any
) -> Any:
    """The padding mask of shape (batch, keys), or None where nothing is padded."""
    if attention_mask is None:
        return None
    attention_mask = attention_mask[:, -kv_length:]
    return None if attention_mask.shape[1] == kv_length and bool(attention_mask.all()) else attention_mask


def _plainly_causal(seen: Any, q_length: int, kv_length: int, q_offset: Any) -> bool:
    """Whether `is_causal`, or nothing at all for a single query, says the same as the mask would."""
    if (q_length == 1 or kv_length == q_length) and (seen is None or bool(seen.all())):
        return True
    if bool(q_offset != 0):
        return False
    return seen is None or (bool(seen[:, :q_length].all()) and not bool(seen[:, q_length:].any()))


def _broadcast(mask_function: Callable[..., Any], places: tuple[Any, ...]) -> Any:
    batch, head, query, key = places
    mask = mask_function(
        batch[:, None, None, None], head[None, :, None, None], query[None, None, :, None], key[None, None, None, :]
    )
    return mask.expand(len(batch), -1, len(query), len(key))


def _mapped(mask_function: Callable[..., Any], places: tuple[Any, ...]) -> Any:
    import torch

    try:
        from torch._dynamo._trace_wrapped_higher_order_op import TransformGetItemToIndex
    except ImportError as error:
        raise ValueError("or_mask_function and and_mask_function need torch 2.6 or newer") from error
    for axes in ((None, None, None, 0), (None, None, 0, None), (None, 0, None, None), (0, None, None, None)):
        mask_function = torch.vmap(mask_function, in_dims=axes)
    with TransformGetItemToIndex():
        return mask_function(*places)


@cache
def _attends_nowhere_is_nan() -> bool:
    from packaging.version import Version

    from ._releases import installed_release

    release = installed_release("torch")
    # Up to torch 2.4 a row without an allowed place makes NaN, which spreads: upstream lets such a row see everything.
    return release is not None and release < Version("2.5")


def _tracing() -> bool:
    import torch

    return bool(torch.jit.is_tracing() or torch.compiler.is_compiling())


def layer_of(cache: Any, *, sliding: bool) -> int:
    """The cache's first layer that slides, or that neither slides nor is linear; its first one where there is none."""
    told = getattr(cache, "is_sliding", None)
    if not isinstance(told, list):
        return 0
    flags = list(told)
    if not sliding:
        for kind in ("is_linear", "is_dummy"):
            others = getattr(cache, kind, None)
            if isinstance(others, list):
                flags = [flag or other for flag, other in zip(flags, others, strict=True)]
        flags = [not flag for flag in flags]
    return flags.index(True) if True in flags else 0


def make_mask(
    interface: Callable[[Any], Callable[..., Any] | None],
    sizes: Sizes,
    config: Any,
    inputs_embeds: Any,
    attention_mask: Any,
    past_key_values: Any,
    *,
    pattern: Callable[[Any, Any], tuple[Callable[..., Any], int | None]],
    causal: bool,
    sliding: bool,
    encoder_hidden_states: Any = None,
    position_ids: Any = None,
    or_mask_function: Callable[..., Any] | None = None,
    and_mask_function: Callable[..., Any] | None = None,
    block_sequence_ids: Any = None,
    layer_idx: int | None = None,
    allow_skip: bool = True,
) -> Any:
    """Make a mask, as upstream's newest release does.

    Args:
        interface: What makes the masks of an attention implementation, by the config.
        sizes: How many keys a cache will show, and the position of the first.
        config: The model's config.
        inputs_embeds: The embedded input, of shape (batch, queries, hidden).
        attention_mask: The padding mask of shape (batch, keys), a ready mask with four axes, or None.
        past_key_values: The cache before the input is put into it, or None.
        pattern: What makes the mask function, and the size of what is attended locally, of the padding mask and the
            number of keys.
        causal: Whether a token sees only what was before it.
        sliding: Whether the mask is for layers that slide.
        encoder_hidden_states: What is attended to instead of the input, of shape (batch, keys, hidden).
        position_ids: Positions of shape (batch, queries): where they start anew, a new sequence begins.
        or_mask_function: What is allowed beside the pattern.
        and_mask_function: What else is needed.
        block_sequence_ids: The block of each token, of shape (batch, queries): within one, all see each other.
        layer_idx: The cache's layer that the mask is for.
        allow_skip: Whether None may stand for a mask that attention can do without.
    """
    from torch.nn.functional import pad

    if attention_mask is not None and len(attention_mask.shape) == 4:
        return attention_mask
    made_by = interface(config)
    if made_by is None:
        return None
    attended = inputs_embeds if encoder_hidden_states is None else encoder_hidden_states
    batch, q_length, device = attended.shape[0], inputs_embeds.shape[1], inputs_embeds.device
    if attention_mask is not None:
        attention_mask = attention_mask.to(device=device, dtype=_bool())
    if past_key_values is not None:
        layer_idx = layer_of(past_key_values, sliding=sliding) if layer_idx is None else layer_idx
        from .caches import length

        q_offset = length(past_key_values, layer_idx)
        kv_length, kv_offset = sizes(past_key_values, q_length, layer_idx)
    else:
        q_offset, kv_offset = 0, 0
        kv_length = attended.shape[1] if attention_mask is None else attention_mask.shape[-1]
    function, local_size = pattern(attention_mask, kv_length + kv_offset)
    custom = or_mask_function is not None or and_mask_function is not None
    if or_mask_function is not None:
        function = or_masks(function, or_mask_function)
    if and_mask_function is not None:
        function = and_masks(function, and_mask_function)
    skip = allow_skip and not custom
    if causal and q_length == 1 and _is_fixed(past_key_values):
        skip = False
    if position_ids is not None and attention_mask is None and past_key_values is None:
        position_ids = position_ids.expand(batch, -1)
        sequence = _sequences(position_ids)
        if sequence is not None:
            function, skip = _packed(function, position_ids, sequence), False
    if block_sequence_ids is not None:
        missing = int(kv_length + kv_offset) - block_sequence_ids.shape[-1]
        blocks = pad(block_sequence_ids, (0, missing), value=-1) if missing > 0 else block_sequence_ids
        function, skip = or_masks(function, _blockwise(blocks)), False
    more = {} if local_size is None else {"local_size": local_size}
    return made_by(
        batch_size=batch,
        q_length=q_length,
        kv_length=kv_length,
        q_offset=q_offset,
        kv_offset=kv_offset,
        mask_function=function,
        attention_mask=attention_mask,
        allow_is_causal_skip=skip and causal,
        allow_is_bidirectional_skip=skip and not causal,
        dtype=attended.dtype,
        config=config,
        use_vmap=custom,
        device=device,
        **more,
    )


def _is_fixed(cache: Any) -> bool:
    """Whether a cache shows room that is not filled yet, which a single query must not see."""
    told = getattr(cache, "is_compileable", None)
    # Before 4.49 a cache does not say.
    return getattr(cache, "max_cache_len", None) is not None if told is None else bool(told)


def _sequences(position_ids: Any) -> Any:
    """Which of the packed sequences each token belongs to; None where each row is one."""
    sequence = (position_ids.diff(prepend=position_ids[:, :1] - 1, dim=-1) != 1).cumsum(-1)
    return None if not _tracing() and not bool((sequence[:, -1] != 0).any()) else sequence


def _bool() -> Any:
    import torch

    return torch.bool
