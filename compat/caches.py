"""Key-value caches: their layers, lengths and legacy tuples, made and read alike on every release."""

from __future__ import annotations

from ._adapters import absent, adapts, stable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

__all__ = [
    "cache_position",
    "crop",
    "dynamic_cache",
    "encoder_decoder_cache",
    "from_legacy",
    "hybrid_cache",
    "keys",
    "layer_count",
    "layers",
    "length",
    "mask_sizes",
    "max_length",
    "reorder",
    "repeat_batch",
    "select_batch",
    "set_layer",
    "sliding_window_cache",
    "static_cache",
    "to_legacy",
    "update",
    "usable_length",
    "values",
]


@stable
def dynamic_cache(config: Any = None) -> Any:
    """Make an empty cache that grows with what is put into it.

    Args:
        config: The model's config. From 4.56 on, layers that slide keep only their window, as upstream's own models
            do; before, every layer keeps everything. None: every layer keeps everything.

    `DynamicCache(config=...)` first appears in 4.56.0; in 4.45 to 4.49 the first argument was the number of layers, and
    from 4.50 on it is data to begin with.
    """


@adapts(dynamic_cache, "transformers>=4.56", because="4.56.0 adds `config` and layers that slide")
def _dynamic_since_4_56() -> Callable[..., Any]:
    from transformers.cache_utils import DynamicCache

    def dynamic_cache(config: Any = None) -> Any:
        return DynamicCache(config=config)

    return dynamic_cache


@adapts(dynamic_cache, "transformers<4.56", because="up to 4.55.4 a dynamic cache takes no config and never slides")
def _dynamic_before_4_56() -> Callable[..., Any]:
    from transformers.cache_utils import DynamicCache

    def dynamic_cache(config: Any = None) -> Any:
        return DynamicCache()

    return dynamic_cache


@stable
def static_cache(config: Any, max_batch_size: int, max_cache_len: int, device: Any = "cpu", dtype: Any = None) -> Any:
    """Make a cache of fixed size, its memory taken at once.

    Args:
        config: The model's config. From 4.56 on, layers that slide hold their window only.
        max_batch_size: How many sequences it holds.
        max_cache_len: How many tokens of each.
        device: Where its tensors are.
        dtype: Of its tensors; float32 where it is None.

    `StaticCache(config, 1, 4096)` silently means `max_cache_len=1` from 4.56.0 on, where batch, device and dtype are
    taken from the first update; the name of the second parameter changed at 4.45.0 and 4.51.0 before.
    """


@stable
def hybrid_cache(config: Any, max_batch_size: int, max_cache_len: int, device: Any = "cpu", dtype: Any = None) -> Any:
    """Make a cache of fixed size in which the layers that slide hold their window only.

    Args:
        config: The model's config, with `sliding_window`.
        max_batch_size: How many sequences it holds.
        max_cache_len: How many tokens of each, in layers that do not slide.
        device: Where its tensors are.
        dtype: Of its tensors; float32 where it is None.

    `HybridCache` is gone in 5.0.0; from 4.56.0 on `StaticCache` reads from the config which layers slide.
    """


@stable
def sliding_window_cache(
    config: Any, max_batch_size: int, max_cache_len: int, device: Any = "cpu", dtype: Any = None
) -> Any:
    """Make a cache of fixed size in which every layer holds its window only.

    Args:
        config: The model's config, with `sliding_window` and without layers that do not slide.
        max_batch_size: How many sequences it holds.
        max_cache_len: How many tokens of each, if the window is not smaller.
        device: Where its tensors are.
        dtype: Of its tensors; float32 where it is None.

    `SlidingWindowCache` is gone from 5.0.0 to 5.5.0 and, since 5.5.1, another name of `StaticCache`, which reads from
    the config which layers slide since 4.56.0.
    """


def _of_fixed_size(cache_class: Any) -> Callable[..., Any]:
    from torch import float32

    def made(config: Any, max_batch_size: int, max_cache_len: int, device: Any = "cpu", dtype: Any = None) -> Any:
        cache = cache_class(config=config, max_cache_len=max_cache_len)
        shape = _key_shape(config)
        if shape is not None:
            cache.early_initialization(
                batch_size=max_batch_size,
                num_heads=shape[0],
                head_dim=shape[1],
                dtype=float32 if dtype is None else dtype,
                device=device,
            )
        return cache

    return made


def _of_class(cache_class: Any) -> Callable[..., Any]:
    import torch

    def made(config: Any, max_batch_size: int, max_cache_len: int, device: Any = "cpu", dtype: Any = None) -> Any:
        return cache_class(
            config=config,
            max_batch_size=max_batch_size,
            max_cache_len=max_cache_len,
            device=torch.device("cpu" if device is None else device),
            dtype=torch.float32 if dtype is None else dtype,
        )

    return made


@adapts(static_cache, "transformers>=4.56", because="4.56.0 takes shape and dtype from the first update")
def _static_since_4_56() -> Callable[..., Any]:
    from transformers.cache_utils import StaticCache

    return _of_fixed_size(StaticCache)


@adapts(static_cache, "transformers>=4.41,<4.56", because="up to 4.55.4 shape, device and dtype are given")
def _static_before_4_56() -> Callable[..., Any]:
    from transformers.cache_utils import StaticCache

    return _of_class(StaticCache)


absent(static_cache, "transformers<4.41", because="in 4.40 a static cache is of one layer, and a model makes its own")


@adapts(hybrid_cache, "transformers>=4.56", because="4.56.0 reads from the config which layers slide")
def _hybrid_since_4_56() -> Callable[..., Any]:
    from transformers.cache_utils import StaticCache

    return _of_fixed_size(StaticCache)


@adapts(hybrid_cache, "transformers>=4.42,<4.56", because="`HybridCache` of its own kind from 4.42.0 to 4.55.4")
def _hybrid_before_4_56() -> Callable[..., Any]:
    from transformers.cache_utils import HybridCache

    return _of_class(HybridCache)


absent(hybrid_cache, "transformers<4.42", because="`HybridCache` first appears in 4.42.0")


@adapts(sliding_window_cache, "transformers>=4.56", because="4.56.0 reads from the config which layers slide")
def _sliding_since_4_56() -> Callable[..., Any]:
    from transformers.cache_utils import StaticCache

    return _of_fixed_size(StaticCache)


@adapts(
    sliding_window_cache, "transformers>=4.42,!=4.44.*,<4.56", because="a class of its own kind from 4.42.0 to 4.55.4"
)
def _sliding_before_4_56() -> Callable[..., Any]:
    from transformers.cache_utils import SlidingWindowCache

    return _of_class(SlidingWindowCache)


absent(sliding_window_cache, "transformers<4.42", because="`SlidingWindowCache` first appears in 4.42.0")
absent(sliding_window_cache, "transformers==4.44.*", because="in 4.44 its `__init__` fails, whatever it is given")


@stable
def encoder_decoder_cache(self_attention: Any, cross_attention: Any) -> Any:
    """Put the two caches of an encoder-decoder model into one.

    Args:
        self_attention: The decoder's own cache.
        cross_attention: The cache of what it sees of the encoder.

    The keywords `self_attention_cache` and `cross_attention_cache` are gone in 4.56.0.
    """


@adapts(encoder_decoder_cache, "transformers>=4.43", because="both are given by position, on every release")
def _encoder_decoder() -> Callable[..., Any]:
    from transformers.cache_utils import EncoderDecoderCache

    def encoder_decoder_cache(self_attention: Any, cross_attention: Any) -> Any:
        return EncoderDecoderCache(self_attention, cross_attention)

    return encoder_decoder_cache


absent(encoder_decoder_cache, "transformers<4.43", because="`EncoderDecoderCache` first appears in 4.43.0")


@stable
def update(cache: Any, key_states: Any, value_states: Any, layer_idx: int) -> Any:
    """Put keys and values of new tokens into a layer: right after those that are there.

    Args:
        cache: A cache of upstream's; its layers are updated in order, as a forward does.
        key_states: Keys of shape (batch, heads, tokens, head size).
        value_states: Values, likewise.
        layer_idx: Which layer.

    Returns:
        The keys and values that attention has to see.

    Raises:
        ValueError: A fixed layer that slides does not keep how much it saw (up to 4.55.4).

    Up to 5.3.0 a cache of fixed size is told by `cache_kwargs["cache_position"]` where to write and overwrites itself
    without it; from 5.4.0 on it counts by itself, and `cache_kwargs` is taken and ignored.
    """


@adapts(update, "transformers>=5.4", because="5.4.0 drops `cache_kwargs`: each layer counts by itself")
def _update_since_5_4() -> Callable[..., Any]:
    def update(cache: Any, key_states: Any, value_states: Any, layer_idx: int) -> Any:
        return cache.update(key_states, value_states, layer_idx)

    return update


@adapts(update, "transformers<5.4", because="up to 5.3.0 fixed layers are told where to write")
def _update_before_5_4() -> Callable[..., Any]:
    import torch

    def update(cache: Any, key_states: Any, value_states: Any, layer_idx: int) -> Any:
        start = _seen_by(cache, layer_idx, key_states.shape[-2])
        position = torch.arange(start, start + key_states.shape[-2], device=key_states.device)
        # Up to 4.51 a cache with both kinds of layers is told which one it is.
        window = _pair(cache, layer_idx)[0].shape[-2] if layer_idx in _forgetful(_own(cache)) else None
        return cache.update(key_states, value_states, layer_idx, {"cache_position": position, "sliding_window": window})

    return update


@stable
def mask_sizes(cache: Any, query_length: int, layer_idx: int = 0) -> Any:
    """How many keys a layer will show to the next tokens, and the position of the first of them.

    Args:
        cache: A cache of upstream's.
        query_length: How many tokens come next.
        layer_idx: Which layer.

    Returns:
        The number of keys, and the position of the first.

    Raises:
        ValueError: A fixed layer that slides: its sizes are not told before 4.53.0, and up to 4.55.4 it does not keep
            how much it saw.

    `Cache.get_mask_sizes` first appears in 4.53.0; it takes `cache_position` up to 5.3.0 and `query_length` from 5.4.0
    on, without a complaint about the other one.
    """


@adapts(mask_sizes, "transformers>=5.4", because="5.4.0 takes `query_length`")
def _sizes_of_lengths() -> Callable[..., Any]:
    def mask_sizes(cache: Any, query_length: int, layer_idx: int = 0) -> Any:
        return cache.get_mask_sizes(query_length, layer_idx)

    return mask_sizes


@adapts(mask_sizes, "transformers>=4.53,<5.4", because="4.53.0 to 5.3.0 take `cache_position`")
def _sizes_of_positions() -> Callable[..., Any]:
    def mask_sizes(cache: Any, query_length: int, layer_idx: int = 0) -> Any:
        if layer_idx >= layer_count(cache):
            return query_length, 0
        kv_length, kv_offset = cache.get_mask_sizes(cache_position(cache, query_length, layer_idx=layer_idx), layer_idx)
        return int(kv_length), int(kv_offset)

    return mask_sizes


@adapts(mask_sizes, "transformers<4.53", because="`get_mask_sizes` first appears in 4.53.0")
def _sizes_of_kinds() -> Callable[..., Any]:
    def mask_sizes(cache: Any, query_length: int, layer_idx: int = 0) -> Any:
        if _slides(cache):
            raise ValueError(
                f"the sizes of a {type(cache).__name__} are not told before transformers 4.53; "
                "take a dynamic or a static cache there"
            )
        fixed = max_length(cache)
        return (length(cache, layer_idx) + query_length if fixed is None else fixed), 0

    return mask_sizes


def layer_count(cache: Any) -> int:
    """How many layers a cache has by now.

    Args:
        cache: A cache of upstream's, a legacy tuple, or None.
    """
    if cache is None:
        return 0
    if isinstance(cache, (tuple, list)):
        return len(cache)
    own = _own(cache)
    held = _held_by(own, "layers")
    return len(_key_cache(own) if held is None else held)


def keys(cache: Any, layer_idx: int) -> Any:
    """The keys that a layer holds, of shape (batch, heads, tokens, head size); None where it holds none yet.

    Args:
        cache: A cache of upstream's, or a legacy tuple. Of an encoder-decoder cache: the decoder's own.
        layer_idx: Which layer.

    Raises:
        TypeError: It is no cache, or its layer has no keys to read: it is quantised, or of linear attention.

    `key_cache` is gone in 4.56.0, `layers` first appears in 4.54.0.
    """
    return _pair(cache, layer_idx)[0]


def values(cache: Any, layer_idx: int) -> Any:
    """The values that a layer holds, of shape (batch, heads, tokens, head size); None where it holds none yet.

    Args:
        cache: A cache of upstream's, or a legacy tuple. Of an encoder-decoder cache: the decoder's own.
        layer_idx: Which layer.

    Raises:
        TypeError: It is no cache, or its layer has no values to read: it is quantised, or of linear attention.
    """
    return _pair(cache, layer_idx)[1]


def layers(cache: Any) -> tuple[tuple[Any, Any], ...]:
    """The keys and values of all layers, None and None for a layer that holds nothing yet.

    Args:
        cache: A cache of upstream's, a legacy tuple, or None. Of an encoder-decoder cache: the decoder's own.

    Iterating a cache gives pairs up to 4.57.6, in 5.0.0 and later pairs or triples, by its kind.
    """
    return tuple(_pair(cache, index) for index in range(layer_count(cache)))


def set_layer(cache: Any, layer_idx: int, keys: Any, values: Any) -> Any:
    """Replace what a layer holds.

    Args:
        cache: A cache of upstream's, or a legacy tuple.
        layer_idx: Which layer; the first that is not there yet is made.
        keys: Its keys, of shape (batch, heads, tokens, head size).
        values: Its values, likewise.

    Returns:
        The cache; of a legacy tuple, a new one.

    Raises:
        IndexError: The layer is beyond the next one.
        ValueError: The layer is fixed or slides, and the number of tokens is not the one that it holds.
    """
    count = layer_count(cache)
    if layer_idx > count:
        raise IndexError(f"set_layer makes the next layer, which is {count}, and no layer {layer_idx} beyond it")
    if isinstance(cache, (tuple, list)):
        return (*cache[:layer_idx], (keys, values), *cache[layer_idx + 1 :])
    own = _own(cache)
    held = None if layer_idx == count else _pair(own, layer_idx)[0]
    if held is None:
        update(own, keys, values, layer_idx)
        return cache
    if held.shape[-2] != keys.shape[-2] and (max_length(own) is not None or _slides(own)):
        raise ValueError(
            f"layer {layer_idx} of {type(cache).__name__} is of fixed size or slides: it holds {held.shape[-2]} "
            f"tokens, and {keys.shape[-2]} were given; make a new cache by caches.from_legacy"
        )
    if _held_by(own, "layers") is not None:
        own.layers[layer_idx].keys, own.layers[layer_idx].values = keys, values
    else:
        own.key_cache[layer_idx], own.value_cache[layer_idx] = keys, values
        if layer_idx == 0 and _held_by(own, "_seen_tokens") is not None:
            own._seen_tokens = keys.shape[-2]
    return cache


def length(cache: Any, layer_idx: int = 0) -> int:
    """How many tokens a layer has seen.

    Args:
        cache: A cache of upstream's, a legacy tuple, or None, which has seen none.
        layer_idx: Which layer.

    Raises:
        ValueError: The cache is of fixed size, slides, is full, and does not keep how much it saw (up to 4.55.4).

    `seen_tokens` is gone in 4.54.0. A fixed layer that slides counts what it holds up to 4.55.4, which is its window at
    most; there the count is that of a layer which does not slide.
    """
    if cache is None:
        return 0
    if isinstance(cache, (tuple, list)):
        return 0 if layer_idx >= len(cache) else int(cache[layer_idx][0].shape[-2])
    own = _own(cache)
    forgetful = _forgetful(own)
    if not forgetful:
        return int(own.get_seq_length(layer_idx))
    full = next((index for index in range(layer_count(own)) if index not in forgetful), None)
    seen = _filled(own, layer_idx if full is None else full)
    if seen is None:
        raise ValueError(
            f"{type(cache).__name__} holds its whole window and does not keep how many tokens it saw before "
            "transformers 4.56; count them outside it, or take a dynamic cache"
        )
    return seen


def max_length(cache: Any) -> int | None:
    """How many tokens a cache can hold; None if there is no end.

    Args:
        cache: A cache of upstream's, a legacy tuple, or None.

    `get_max_length` is gone from 4.49.0 to 5.12.1 and is back in 5.13.0, with -1 for no end; `get_max_cache_shape` is
    there from 4.46.0 to 5.19.0.
    """
    if cache is None or isinstance(cache, (tuple, list)):
        return None
    own = _own(cache)
    held = _held_by(own, "layers")
    if held is None:
        told = [own.get_max_cache_shape() if hasattr(own, "get_max_cache_shape") else own.get_max_length()]
    else:
        told = [_end(layer) for layer in held if hasattr(layer, "keys")]
    ends = [end for end in told if end is not None and end >= 0]
    return max(ends) if ends and len(ends) == len(told) else None


def usable_length(cache: Any, new_length: int, layer_idx: int = 0) -> int:
    """How many of the tokens that it has seen a cache can keep when new ones come.

    Args:
        cache: A cache of upstream's, a legacy tuple, or None.
        new_length: How many tokens come.
        layer_idx: Which layer.

    `get_usable_length` is gone in 4.54.0.
    """
    end = max_length(cache)
    seen = length(cache, layer_idx)
    return seen if end is None or seen + new_length <= end else end - new_length


def cache_position(cache: Any, query_length: int, *, layer_idx: int = 0, device: Any = None) -> Any:
    """The positions of the tokens that come next, counted from the first that the cache saw.

    Args:
        cache: A cache of upstream's, a legacy tuple, or None.
        query_length: How many tokens come next.
        layer_idx: The layer whose count is taken.
        device: Where the tensor is; where the layer's keys are if it is None.

    Forwards take it up to 5.3.0; 5.4.0 and later make it themselves.
    """
    import torch

    if device is None and layer_idx < layer_count(cache):
        device = getattr(_pair(cache, layer_idx)[0], "device", None)
    start = length(cache, layer_idx)
    return torch.arange(start, start + query_length, device=device)


def to_legacy(cache: Any) -> tuple[tuple[Any, ...], ...]:
    """The legacy tuple of a cache: keys and values by layer, with the cross attention's after them if there are any.

    Args:
        cache: A cache of upstream's, a legacy tuple, or None.

    `to_legacy_cache` is gone in 5.0.0.
    """
    if isinstance(cache, (tuple, list)):
        return tuple(tuple(layer) for layer in cache)
    crossed = layers(_held_by(cache, "cross_attention_cache"))
    return tuple(
        (*own, *(crossed[index] if index < len(crossed) else ()))
        for index, own in enumerate(layers(cache))
        if own[0] is not None
    )


def from_legacy(legacy: Sequence[Sequence[Any]], config: Any = None) -> Any:
    """A dynamic cache of a legacy tuple.

    Args:
        legacy: Keys and values by layer; with the cross attention's after them, an encoder-decoder cache is made.
        config: The model's config, as `dynamic_cache` takes it.

    Raises:
        ValueError: A layer is neither a pair nor two pairs.

    `from_legacy_cache` is gone in 5.0.0.
    """
    sizes = {len(layer) for layer in legacy}
    if not sizes <= {2} and not sizes <= {4}:
        raise ValueError(f"a legacy cache has 2 tensors a layer, or 4 with cross attention, and not {sorted(sizes)}")
    own = _grown([layer[:2] for layer in legacy], config)
    if sizes != {4}:
        return own
    return encoder_decoder_cache(own, _grown([layer[2:] for layer in legacy], None))


def crop(cache: Any, max_length: int) -> Any:
    """Keep only the first tokens of a cache.

    Args:
        cache: A dynamic cache of upstream's, or a legacy tuple. Of an encoder-decoder cache: the decoder's own.
        max_length: How many tokens to keep; if it is negative, how many to remove from the end.

    Returns:
        The cache, cropped in place; of a legacy tuple, a new one.

    Raises:
        ValueError: The cache is of fixed size, or a layer slides and has forgotten what it would need.

    `Cache.crop` takes the tokens to remove from 5.15.0 on, as a negative number, and refuses a positive one from 5.20.0
    on; a negative number means the same on every release.
    """
    surplus = -max_length if max_length < 0 else length(cache) - max_length
    if isinstance(cache, (tuple, list)):
        kept = max(length(cache) - max(surplus, 0), 0)
        return tuple(tuple(held[..., :kept, :] for held in layer) for layer in cache)
    own = _own(cache)
    if _is_bare(own):
        kept = max(length(own) - max(surplus, 0), 0)
        _replace_all(own, lambda held: held[..., :kept, :])
        own._seen_tokens = kept
        return cache
    if not all(hasattr(layer, "crop") for layer in _held_by(own, "layers", [own])):
        raise ValueError(f"{type(cache).__name__} cannot be cropped: a dynamic cache can, or a legacy tuple")
    if surplus > 0:
        try:
            own.crop(-min(surplus, length(cache)))
        except RuntimeError as error:
            raise ValueError(f"{type(cache).__name__} cannot be cropped to {max_length}: {error}") from error
    return cache


def reorder(cache: Any, beam_idx: Any) -> Any:
    """Put the sequences of a cache into another order, as beam search does.

    Args:
        cache: A cache of upstream's, or a legacy tuple.
        beam_idx: For each sequence, the index of the one that it continues.

    Returns:
        The cache, reordered in place; of a legacy tuple, a new one.
    """
    if isinstance(cache, (tuple, list)):
        return _each(cache, lambda held: held.index_select(0, beam_idx.to(held.device)))
    cache.reorder_cache(beam_idx)
    return cache


def select_batch(cache: Any, indices: Any) -> Any:
    """Keep only some sequences of a cache.

    Args:
        cache: A dynamic cache of upstream's, or a legacy tuple.
        indices: Which sequences.

    Returns:
        The cache, changed in place; of a legacy tuple, a new one.
    """
    if isinstance(cache, (tuple, list)):
        return _each(cache, lambda held: held[indices, ...])
    if _is_bare(cache):
        _replace_all(cache, lambda held: held[indices, ...])
    else:
        cache.batch_select_indices(indices)
    return cache


def repeat_batch(cache: Any, repeats: int) -> Any:
    """Repeat each sequence of a cache.

    Args:
        cache: A dynamic cache of upstream's, or a legacy tuple.
        repeats: How often.

    Returns:
        The cache, changed in place; of a legacy tuple, a new one.
    """
    if isinstance(cache, (tuple, list)):
        return _each(cache, lambda held: held.repeat_interleave(repeats, dim=0))
    if _is_bare(cache):
        _replace_all(cache, lambda held: held.repeat_interleave(repeats, dim=0))
    else:
        cache.batch_repeat_interleave(repeats)
    return cache


def _each(legacy: Sequence[Sequence[Any]], changed: Callable[[Any], Any]) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(changed(held) for held in layer) for layer in legacy)


def _is_bare(cache: Any) -> bool:
    """Whether it is a dynamic cache without the methods that 4.42.0 added."""
    return _held_by(cache, "_seen_tokens") is not None and not hasattr(cache, "crop")


def _replace_all(cache: Any, changed: Callable[[Any], Any]) -> None:
    cache.key_cache = [changed(held) for held in cache.key_cache]
    cache.value_cache = [changed(held) for held in cache.value_cache]


def _grown(legacy: Sequence[Sequence[Any]], config: Any) -> Any:
    cache = dynamic_cache(config)
    for index, (held_keys, held_values) in enumerate(legacy):
        cache.update(held_keys, held_values, index)
    return cache


def _own(cache: Any) -> Any:
    """The decoder's own cache of an encoder-decoder cache."""
    return _held_by(cache, "self_attention_cache", cache)


def _held_by(cache: Any, name: str, default: Any = None) -> Any:
    """An attribute of an instance. From 4.44 to 4.49 a cache is a module, which takes 10 µs to say that it has none."""
    own = getattr(cache, "__dict__", {})
    return own[name] if name in own else own.get("_modules", {}).get(name, default)


def _pair(cache: Any, layer_idx: int) -> tuple[Any, Any]:
    if isinstance(cache, (tuple, list)):
        return cache[layer_idx][0], cache[layer_idx][1]
    own = _own(cache)
    if _held_by(own, "_quantized_key_cache") or hasattr(_held_by(own, "cache_processor"), "_quantized_keys"):
        raise TypeError(f"{type(cache).__name__} is quantised: its keys and values come back from its update only")
    held = _held_by(own, "layers")
    if held is None:
        pair = _key_cache(own)[layer_idx], own.value_cache[layer_idx]
    else:
        layer = held[layer_idx]
        if not hasattr(layer, "keys") or hasattr(layer, "_quantized_keys"):
            raise TypeError(
                f"layer {layer_idx} of {type(cache).__name__} is a {type(layer).__name__}: it is quantised or of "
                "linear attention, and has no keys and values to read"
            )
        pair = layer.keys, layer.values
    # A layer that holds nothing yet is None, an empty list or an empty tensor, by release.
    return pair if len(getattr(pair[0], "shape", ())) > 1 else (None, None)


def _key_cache(cache: Any) -> Any:
    held = _held_by(cache, "key_cache")
    if held is None:
        raise TypeError(
            f"{type(cache).__name__} is no cache: transformers' own are, which have `layers` or `key_cache`, and "
            "tuples with keys and values by layer"
        )
    return held


def _end(layer: Any) -> int | None:
    told = layer.get_max_length() if hasattr(layer, "get_max_length") else layer.get_max_cache_shape()
    return None if told is None else int(told)


def _sliding(cache: Any) -> list[bool]:
    """Which layers slide: told by the cache up to 4.53, as a list or a tensor or not at all, and then by its layers."""
    held = _held_by(cache, "layers")
    if held is not None:
        return [getattr(layer, "is_sliding", False) for layer in held]
    told = _held_by(cache, "is_sliding_list", _held_by(cache, "is_sliding"))
    if told is None or isinstance(told, bool):
        alike = any(base.__name__ == "SlidingWindowCache" for base in type(cache).__mro__)
        return [alike] * layer_count(cache)
    return [bool(slides) for slides in told]


def _slides(cache: Any) -> bool:
    return any(_sliding(cache))


def _forgetful(cache: Any) -> set[int]:
    """Layers of fixed size that slide and do not keep how much they saw."""
    # Llama 4's cache of 4.51 to 4.53 counts, and so do all layers from 4.56 on.
    if _held_by(cache, "cumulative_length") is not None:
        return set()
    held = _held_by(cache, "layers")
    sliding = {index for index, slides in enumerate(_sliding(cache)) if slides}
    return sliding if held is None else {i for i in sliding if not hasattr(held[i], "cumulative_length")}


def _filled(cache: Any, layer_idx: int) -> int | None:
    """How many tokens a layer of fixed size has seen; None if it slides and is full."""
    held = _pair(cache, layer_idx)[0][0, 0].any(dim=-1)
    # Up to 4.51 a layer begins to slide one token early, with a hole at its beginning: only the end tells.
    full = bool(held[-1]) and layer_idx in _forgetful(cache)
    return None if full else int(held.sum())


def _seen_by(cache: Any, layer_idx: int, query_length: int) -> int:
    """How many tokens one layer has seen, while those before it have seen the next ones too."""
    own = _own(cache)
    forgetful = _forgetful(own)
    if not forgetful:
        return int(own.get_seq_length(layer_idx))
    seen = _filled(own, layer_idx)
    if seen is not None:
        return seen
    full = next((index for index in range(layer_count(own)) if index not in forgetful), None)
    seen = length(cache)
    return seen if full is None or full > layer_idx else seen - query_length


def _key_shape(config: Any) -> tuple[int, int] | None:
    """How many key heads there are and of what size; None where keys and values are not alike in all layers."""
    text = config.get_text_config(decoder=True)
    if getattr(text, "kv_lora_rank", None) is not None or getattr(text, "global_head_dim", None) is not None:
        return None
    heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
    size = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return (heads, size) if isinstance(heads, int) and isinstance(size, int) else None
