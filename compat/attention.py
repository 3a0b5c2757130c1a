"""Attention: layers called alike, rotary embeddings, and the functions and classes of each implementation."""

from __future__ import annotations

from functools import cache

from . import _rope_scaling
from ._adapters import absent, adapts, stable
from .caches import cache_position as positions_after
from .configs import text_config
from .rope import rope_parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Any

__all__ = [
    "apply_rotary",
    "attention_class",
    "attention_function",
    "attn_implementation",
    "call_attention",
    "call_layer",
    "cos_sin",
    "flash_attention_forward",
    "flash_attn_supports_top_left_mask",
    "is_flash_attn_greater_or_equal",
    "is_flash_attn_greater_or_equal_2_10",
    "rope_frequencies",
    "rotary_embedding",
]


def attn_implementation(config: Any) -> Any:
    """The attention implementation of a config, such as `sdpa`; None as long as no model has chosen one.

    Args:
        config: A model's config.

    A config that no model has seen says `eager` up to 4.57.6 and None from 5.0.0 on.
    """
    try:
        return config._attn_implementation_internal
    except AttributeError:
        return getattr(config, "_attn_implementation", None)


def call_attention(
    module: Any,
    hidden_states: Any,
    *,
    position_embeddings: Any = None,
    attention_mask: Any = None,
    position_ids: Any = None,
    past_key_values: Any = None,
    cache_position: Any = None,
    **keywords: Any,
) -> tuple[Any, Any]:
    """Call a decoder's attention, whatever its forward names the cache.

    Args:
        module: The attention module, such as `model.model.layers[0].self_attn`.
        hidden_states: Its input, of shape (batch, tokens, hidden).
        position_embeddings: Cosines and sines of the positions, as the model's rotary embedding gives them.
        attention_mask: As `compat.masking` makes it.
        position_ids: The positions, of shape (batch, tokens).
        past_key_values: The cache, before the input is put into it.
        cache_position: The positions within the cache, made from the cache if they are None and needed.
        keywords: What else its forward takes.

    Returns:
        The output, and the attention weights or None.

    Raises:
        TypeError: A cache is given and the forward takes none.

    The cache is named `past_key_value` up to 4.55.4; from 5.0.0 on that name is swallowed and no cache is used.
    `cache_position` is needed up to 5.3.0 and swallowed after. The cache came back as a third result before 4.48.0.
    """
    result = _called(
        module,
        hidden_states,
        position_embeddings,
        attention_mask,
        position_ids,
        past_key_values,
        cache_position,
        keywords,
    )
    return (result[0], result[1]) if isinstance(result, (tuple, list)) else (result, None)


def call_layer(
    module: Any,
    hidden_states: Any,
    *,
    position_embeddings: Any = None,
    attention_mask: Any = None,
    position_ids: Any = None,
    past_key_values: Any = None,
    cache_position: Any = None,
    **keywords: Any,
) -> Any:
    """Call a decoder layer, whatever its forward names the cache and whether it returns a tuple.

    Args:
        module: The decoder layer, such as `model.model.layers[0]`.
        hidden_states: Its input, of shape (batch, tokens, hidden).
        position_embeddings: Cosines and sines of the positions, as the model's rotary embedding gives them.
        attention_mask: As `compat.masking` makes it.
        position_ids: The positions, of shape (batch, tokens).
        past_key_values: The cache, before the input is put into it.
        cache_position: The positions within the cache, made from the cache if they are None and needed.
        keywords: What else its forward takes.

    Returns:
        The hidden states after it. A decoder layer returns a tuple up to 4.53.3.

    Raises:
        TypeError: A cache is given and the forward takes none.
    """
    result = _called(
        module,
        hidden_states,
        position_embeddings,
        attention_mask,
        position_ids,
        past_key_values,
        cache_position,
        keywords,
    )
    return result[0] if isinstance(result, (tuple, list)) else result


def rotary_embedding(config: Any, device: Any = None, *, rotary_class: Any = None) -> Any:
    """Make the rotary embedding of a model.

    Args:
        config: The model's config; of a model with several, that of the text.
        device: Where it is.
        rotary_class: Its class; the one of the config's family if it is None.

    Raises:
        ValueError: The family has no such class, or one (before 4.48) that takes no config while the config scales.

    The class takes a dim and more before 4.43.0 to 4.48.0, by family, then `(config, device)`, and only `config` from
    5.19.0 on.
    """
    rotary_class = _class_of(config, "RotaryEmbedding") if rotary_class is None else rotary_class
    names = _parameters(rotary_class.__init__)
    if "config" in names:
        made = rotary_class(config=config)
    else:
        scaling = getattr(config, "rope_scaling", None)
        if scaling is not None:
            raise ValueError(
                f"{rotary_class.__name__} takes no config in this release and does not scale, and the config has "
                f"rope_scaling={scaling!r}; use transformers 4.48 or newer, where all of them take a config"
            )
        given = {
            "dim": _rotary_size(config, getattr(config, "partial_rotary_factor", None)),
            "max_position_embeddings": config.max_position_embeddings,
            "base": config.rope_theta,
        }
        made = rotary_class(**{name: value for name, value in given.items() if name in names})
    return made if device is None else made.to(device)


def cos_sin(rotary: Any, x: Any, position_ids: Any, *, layer_type: str | None = None) -> tuple[Any, Any]:
    """The cosines and sines of some positions.

    Args:
        rotary: A rotary embedding.
        x: A tensor with the dtype and the device of the result.
        position_ids: The positions, of shape (batch, tokens).
        layer_type: The kind of layers, for a model whose kinds of layers have frequencies of their own.

    Returns:
        Both of shape (batch, tokens, rotated size).

    Raises:
        ValueError: A kind of layers is given, and the embedding has the same frequencies for all.

    Mistral, Qwen2 and others take `seq_len` and return all positions up to 4.42 to 4.45, by family.
    """
    names = _parameters(type(rotary).forward)
    if layer_type is not None and "layer_type" not in names:
        raise ValueError(f"{type(rotary).__name__} takes no layer_type in this release, and was given {layer_type!r}")
    if "position_ids" in names:
        cos, sin = rotary(x, position_ids) if layer_type is None else rotary(x, position_ids, layer_type)
        return cos, sin
    cos, sin = rotary(x, seq_len=int(position_ids.max()) + 1)
    return cos[position_ids], sin[position_ids]


def apply_rotary(
    q: Any, k: Any, cos: Any, sin: Any, *, family: Any = "llama", unsqueeze_dim: int = 1
) -> tuple[Any, Any]:
    """Rotate queries and keys by their positions, as a family of models does.

    Args:
        q: The queries, of shape (batch, heads, tokens, head size); with `unsqueeze_dim=2`, (batch, tokens, heads,
            head size).
        k: The keys, likewise.
        cos: Cosines, of shape (batch, tokens, rotated size).
        sin: Sines, likewise.
        family: The family's name, such as `llama`, or a config, a model, or a class of one of them.
        unsqueeze_dim: Where cosines and sines have no axis of heads.

    Raises:
        ValueError: The family rotates otherwise, or not at all.

    The fifth positional argument is `position_ids` up to 4.57.6 and `unsqueeze_dim` from 5.0.0 on.
    """
    modeling = _modeling(family)
    rotate = getattr(modeling, "apply_rotary_pos_emb", None)
    if rotate is None:
        raise ValueError(f"{modeling.__name__} has no apply_rotary_pos_emb: its models rotate otherwise, or not at all")
    if not _needs_positions(rotate):
        rotated_q, rotated_k = rotate(q, k, cos, sin, unsqueeze_dim=unsqueeze_dim)
        return rotated_q, rotated_k
    # Up to 4.45 some families choose the positions here, which `cos_sin` has done.
    cos, sin = cos.unsqueeze(unsqueeze_dim), sin.unsqueeze(unsqueeze_dim)
    return q * cos + modeling.rotate_half(q) * sin, k * cos + modeling.rotate_half(k) * sin


def attention_class(config: Any, implementation: str | None = None) -> Any:
    """The class of a model's attention.

    Args:
        config: The model's config, or its class; of a model with several, that of the text.
        implementation: Such as `sdpa`, where the release has a class for each; the config's own if it is None, or
            `eager`.

    Raises:
        ValueError: The family has no such class, or none for the implementation.

    `LLAMA_ATTENTION_CLASSES` and its like are merged into one class for all in 4.48.0 to 4.5x, by family.
    """
    one = _class_of(config, "Attention")
    for name, table in vars(_modeling(config)).items():
        if name.endswith("_ATTENTION_CLASSES") and one in table.values():
            wanted = implementation or attn_implementation(config) or "eager"
            if wanted not in table:
                raise ValueError(f"{name} has {', '.join(sorted(table))} in this release, and not {wanted}")
            return table[wanted]
    return one


@stable
def attention_function(family: Any, implementation: str | None = None) -> Any:
    """The function that computes attention in an implementation.

    Args:
        family: A model, a config, or a class of one of them; the family's name where the implementation is given.
        implementation: Such as `sdpa`, or a name that was registered; the config's own if it is None, or `eager`.

    Returns:
        A function of `(module, query, key, value, attention_mask, ...)`, which returns the output and the weights.

    Raises:
        ValueError: The implementation is not there, or the family has no `eager` one.

    `ALL_ATTENTION_FUNCTIONS` first appears in 4.48.0, and `eager` is no key of it in any release.
    """


@adapts(attention_function, "transformers>=4.48", because="4.48.0 adds `ALL_ATTENTION_FUNCTIONS`")
def _attention_function() -> Callable[..., Any]:
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    def attention_function(family: Any, implementation: str | None = None) -> Any:
        config = getattr(family, "config", family)
        wanted = implementation or attn_implementation(config) or "eager"
        if wanted == "eager":
            eager = getattr(_modeling(family), "eager_attention_forward", None)
            if eager is None:
                raise ValueError(f"{_modeling(family).__name__} has no eager attention function in this release")
            return eager
        try:
            return ALL_ATTENTION_FUNCTIONS[wanted]
        except KeyError:
            there = ", ".join(["eager", *sorted(ALL_ATTENTION_FUNCTIONS.keys())])
            raise ValueError(f"attention functions of this release: {there}; {wanted} is none") from None

    return attention_function


absent(
    attention_function,
    "transformers<4.48",
    because="up to 4.47.1 each implementation is a class: take attention.attention_class",
)


@stable
def rope_frequencies(
    config: Any, device: Any = None, *, seq_len: int | None = None, layer_type: str | None = None
) -> Any:
    """The inverse frequencies of a model's rotary embedding, for every type of scaling.

    Args:
        config: The model's config, a composite one too.
        device: Where they are.
        seq_len: The length of the sequence, for types that depend on it.
        layer_type: The kind of layers, needed where the kinds of layers have frequencies of their own.

    Returns:
        The frequencies, of shape (half the rotated size,), and what cosines and sines are multiplied by.

    Raises:
        ValueError: The model does not rotate; the kinds of layers differ and none is given; or the release has no such
            type of scaling.

    `ROPE_INIT_FUNCTIONS["default"]` is gone in 5.0.0, where each model computes its own. What `yarn` and `longrope`
    read of the settings changed in 4.51.0, 4.56.0 and 5.0.0: this is the form of 5.0.0, and a model's own embedding on
    an older release may have other frequencies.
    """


@adapts(rope_frequencies, "transformers>=5.0", because="5.0.0 drops the default type, and takes `layer_type`")
def _frequencies_since_5_0() -> Callable[..., Any]:
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    def rope_frequencies(
        config: Any, device: Any = None, *, seq_len: int | None = None, layer_type: str | None = None
    ) -> Any:
        settings, text = _settings(config, layer_type), text_config(config)
        if settings["rope_type"] == "default":
            return _default_frequencies(text, settings, device)
        own = layer_type if layer_type in text.rope_parameters else None
        return _known(ROPE_INIT_FUNCTIONS, settings["rope_type"])(text, device, seq_len=seq_len, layer_type=own)

    return rope_frequencies


@adapts(rope_frequencies, "transformers>=4.43,<5.0", because="4.43.0 adds `ROPE_INIT_FUNCTIONS`")
def _frequencies_since_4_43() -> Callable[..., Any]:
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    def rope_frequencies(
        config: Any, device: Any = None, *, seq_len: int | None = None, layer_type: str | None = None
    ) -> Any:
        settings, text = _settings(config, layer_type), text_config(config)
        made = _scaled_frequencies(text, settings, seq_len, device)
        return made or _known(ROPE_INIT_FUNCTIONS, settings["rope_type"])(text, device, seq_len=seq_len)

    return rope_frequencies


@adapts(rope_frequencies, "transformers<4.43", because="`modeling_rope_utils` first appears in 4.43.0")
def _frequencies_before_4_43() -> Callable[..., Any]:
    def rope_frequencies(
        config: Any, device: Any = None, *, seq_len: int | None = None, layer_type: str | None = None
    ) -> Any:
        settings, text = _settings(config, layer_type), text_config(config)
        made = _scaled_frequencies(text, settings, seq_len, device)
        if made is None:
            raise ValueError(
                f"rope types before transformers 4.43: default, linear, longrope, yarn; {settings['rope_type']} is none"
            )
        return made

    return rope_frequencies


@stable
def flash_attention_forward(
    query_states: Any,
    key_states: Any,
    value_states: Any,
    attention_mask: Any,
    query_length: int,
    is_causal: bool,
    dropout: float = 0.0,
    position_ids: Any = None,
    softmax_scale: float | None = None,
    sliding_window: int | None = None,
    use_top_left_mask: bool = False,
    softcap: float | None = None,
    deterministic: bool | None = None,
    cu_seq_lens_q: Any = None,
    cu_seq_lens_k: Any = None,
    max_length_q: int | None = None,
    max_length_k: int | None = None,
    target_dtype: Any = None,
    attn_implementation: str | None = None,
    **kwargs: Any,
) -> Any:
    """Compute attention by flash attention, padded sequences and packed ones too.

    Args:
        query_states: Queries of shape (batch, tokens, heads, head size).
        key_states: Keys, likewise.
        value_states: Values, likewise.
        attention_mask: The padding mask of shape (batch, keys), or None.
        query_length: How many queries.
        is_causal: Whether a token sees only what was before it.
        dropout: The probability of dropping a weight.
        position_ids: Positions of shape (batch, tokens), which start anew with each packed sequence.
        softmax_scale: What scores are multiplied by.
        sliding_window: The window of local attention.
        use_top_left_mask: Whether the library aligns causal masks to the top left.
        softcap: The cap of scores.
        deterministic: Whether the backward pass is deterministic.
        cu_seq_lens_q: Where the packed sequences of queries begin.
        cu_seq_lens_k: Where those of keys begin.
        max_length_q: The longest of them, of queries.
        max_length_k: The longest of them, of keys.
        target_dtype: The dtype to compute in, for inputs in float32.
        attn_implementation: Which library, such as `flash_attention_3`.
        kwargs: What else the release takes.

    Raises:
        ValueError: Another library than `flash_attention_2` is asked for before 4.53.

    The name is `attn_implementation` in 4.53, `implementation` from 4.54.0 to 4.57.6, and `attn_implementation` again;
    the wrong one is swallowed, and the default library computes.
    """


@adapts(flash_attention_forward, "transformers>=5.0", because="5.0.0 names it `attn_implementation` again")
def _flash_since_5_0() -> Callable[..., Any]:
    from transformers.modeling_flash_attention_utils import _flash_attention_forward

    return _flash_attention_forward  # type: ignore[no-any-return]


@adapts(flash_attention_forward, "transformers>=4.54,<5.0", because="4.54.0 to 4.57.6 name it `implementation`")
def _flash_since_4_54() -> Callable[..., Any]:
    from functools import partial

    from transformers.modeling_flash_attention_utils import _flash_attention_forward

    # To hand on `*args, **keywords` costs three times as much a call; an empty `**kwargs` alone, half as much again.
    def flash_attention_forward(
        query_states: Any,
        key_states: Any,
        value_states: Any,
        attention_mask: Any,
        query_length: int,
        is_causal: bool,
        dropout: float = 0.0,
        position_ids: Any = None,
        softmax_scale: float | None = None,
        sliding_window: int | None = None,
        use_top_left_mask: bool = False,
        softcap: float | None = None,
        deterministic: bool | None = None,
        cu_seq_lens_q: Any = None,
        cu_seq_lens_k: Any = None,
        max_length_q: int | None = None,
        max_length_k: int | None = None,
        target_dtype: Any = None,
        attn_implementation: str | None = None,
        **kwargs: Any,
    ) -> Any:
        forward = partial(_flash_attention_forward, **kwargs) if kwargs else _flash_attention_forward
        return forward(
            query_states,
            key_states,
            value_states,
            attention_mask,
            query_length,
            is_causal,
            dropout,
            position_ids,
            softmax_scale,
            sliding_window,
            use_top_left_mask,
            softcap,
            deterministic,
            cu_seq_lens_q,
            cu_seq_lens_k,
            max_length_q,
            max_length_k,
            target_dtype,
            attn_implementation,
        )

    return flash_attention_forward


@adapts(flash_attention_forward, "transformers>=4.53,<4.54", because="4.53.0 adds `attn_implementation`")
def _flash_since_4_53() -> Callable[..., Any]:
    from transformers.modeling_flash_attention_utils import _flash_attention_forward

    return _flash_attention_forward  # type: ignore[no-any-return]


@adapts(flash_attention_forward, "transformers>=4.43,<4.53", because="before 4.53.0 there is one library")
def _flash_before_4_53() -> Callable[..., Any]:
    from transformers.modeling_flash_attention_utils import _flash_attention_forward

    def flash_attention_forward(*args: Any, attn_implementation: str | None = None, **keywords: Any) -> Any:
        if attn_implementation not in (None, "flash_attention_2"):
            raise ValueError(f"before transformers 4.53 there is flash_attention_2 only, and no {attn_implementation}")
        return _flash_attention_forward(*args, **keywords)

    return flash_attention_forward


absent(
    flash_attention_forward,
    "transformers<4.43",
    because="before 4.43.0 it is a method of each attention class",
)


@stable
def is_flash_attn_greater_or_equal(library_version: str) -> bool:  # type: ignore[empty-body]
    """Whether flash-attn is installed, in this release or a newer one.

    Args:
        library_version: A release of flash-attn, such as `2.1.0`.
    """


@adapts(is_flash_attn_greater_or_equal, "transformers>=4.43", because="there since 4.43.0, and 4.42.4")
def _flash_release_since_4_43() -> Callable[..., Any]:
    from transformers.utils import is_flash_attn_greater_or_equal

    return is_flash_attn_greater_or_equal  # type: ignore[no-any-return]


@adapts(is_flash_attn_greater_or_equal, "transformers<4.43", because="not there before, but in 4.42.4")
def _flash_release_before_4_43() -> Callable[..., Any]:
    from packaging.version import Version
    from transformers.utils import is_flash_attn_2_available

    from ._releases import installed_release

    def is_flash_attn_greater_or_equal(library_version: str) -> bool:
        release = installed_release("flash-attn") if is_flash_attn_2_available() else None
        return release is not None and release >= Version(library_version)

    return is_flash_attn_greater_or_equal


def is_flash_attn_greater_or_equal_2_10() -> bool:
    """Whether flash-attn 2.1.0 or newer is installed, which aligns causal masks to the bottom right.

    The upstream function of this name is missing in 5.4.0 only, and deprecated since 5.5.0.
    """
    return is_flash_attn_greater_or_equal("2.1.0")


@stable
def flash_attn_supports_top_left_mask() -> bool:  # type: ignore[empty-body]
    """Whether the installed flash attention aligns causal masks to the top left: `use_top_left_mask` is for it."""


@adapts(flash_attn_supports_top_left_mask, "transformers>=4.51", because="4.51.0 adds it, for NPUs too")
def _top_left_since_4_51() -> Callable[..., Any]:
    from transformers.modeling_flash_attention_utils import flash_attn_supports_top_left_mask

    return flash_attn_supports_top_left_mask  # type: ignore[no-any-return]


@adapts(flash_attn_supports_top_left_mask, "transformers<4.51", because="first appears in 4.51.0")
def _top_left_before_4_51() -> Callable[..., Any]:
    from transformers.utils import is_flash_attn_2_available

    def flash_attn_supports_top_left_mask() -> bool:
        return bool(is_flash_attn_2_available()) and not is_flash_attn_greater_or_equal_2_10()

    return flash_attn_supports_top_left_mask


def _called(
    module: Any,
    hidden_states: Any,
    position_embeddings: Any,
    attention_mask: Any,
    position_ids: Any,
    past_key_values: Any,
    cache_position: Any,
    keywords: Mapping[str, Any],
) -> Any:
    names = _parameters(type(module).forward)
    given = {"attention_mask": attention_mask, **keywords}
    if position_embeddings is not None and "position_embeddings" in names:
        given["position_embeddings"] = position_embeddings
    if position_ids is not None and ("position_ids" in names or "kwargs" in names):
        given["position_ids"] = position_ids
    if past_key_values is not None:
        name = next((name for name in ("past_key_values", "past_key_value", "layer_past") if name in names), None)
        if name is None:
            raise TypeError(f"{type(module).__name__}.forward takes no cache: it has {', '.join(sorted(names))}")
        given[name] = past_key_values
        if cache_position is None and "cache_position" in names:
            layer = getattr(module, "layer_idx", None)
            layer = getattr(getattr(module, "self_attn", None), "layer_idx", 0) if layer is None else layer
            cache_position = positions_after(
                past_key_values, hidden_states.shape[1], layer_idx=layer or 0, device=hidden_states.device
            )
    if cache_position is not None and "cache_position" in names:
        given["cache_position"] = cache_position
    return module(hidden_states, **given)


@cache
def _parameters(function: Callable[..., Any]) -> frozenset[str]:
    from inspect import signature

    return frozenset(signature(function).parameters)


@cache
def _needs_positions(rotate: Callable[..., Any]) -> bool:
    from inspect import signature

    positions = signature(rotate).parameters.get("position_ids")
    return positions is not None and positions.default is positions.empty


def _modeling(family: Any) -> ModuleType:
    """The module with a family's models, by its name, or by anything of it."""
    from importlib import import_module

    if isinstance(family, str):
        return import_module(f"transformers.models.{family}.modeling_{family}")
    for base in (family if isinstance(family, type) else type(family)).__mro__:
        package, _, name = base.__module__.rpartition(".")
        if name.startswith("configuration_") and name != "configuration_utils":
            return import_module(f"{package}.modeling_{name.removeprefix('configuration_')}")
        if name.startswith("modeling_") and name != "modeling_utils":
            return import_module(base.__module__)
    raise ValueError(
        f"{family!r} is of no family of models: give a family's name, a config, a model, or a class of them"
    )


def _class_of(config: Any, suffix: str) -> Any:
    """A family's class of some kind, by the config's class: `LlamaAttention` by `LlamaConfig`."""
    modeling = _modeling(config)
    prefix = (config if isinstance(config, type) else type(config)).__name__.removesuffix("Config")
    for name in (prefix, prefix.removesuffix("Text"), f"{prefix}Text"):
        found = getattr(modeling, f"{name}{suffix}", None)
        if found is not None:
            return found
    there = ", ".join(name for name in sorted(vars(modeling)) if name.endswith(suffix)) or "none"
    raise ValueError(f"{modeling.__name__} has no {prefix}{suffix}; of its kind it has {there}")


def _rotary_size(config: Any, partial_factor: float | None) -> int:
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return int(size * (1.0 if partial_factor is None else partial_factor))


def _settings(config: Any, layer_type: str | None) -> dict[str, Any]:
    settings = rope_parameters(config, layer_type)
    if settings is None:
        raise ValueError(f"{type(config).__name__} has no rotary embedding")
    if "rope_type" not in settings:
        kinds = " or ".join(sorted(settings))
        raise ValueError(f"each kind of layers has frequencies of its own: give layer_type, {kinds}")
    return settings


def _default_frequencies(config: Any, settings: Mapping[str, Any], device: Any) -> tuple[Any, float]:
    import torch

    size = _rotary_size(config, settings.get("partial_rotary_factor"))
    exponents = torch.arange(0, size, 2, dtype=torch.int64).to(device=device, dtype=torch.float) / size
    return 1.0 / settings["rope_theta"] ** exponents, 1.0


def _scaled_frequencies(config: Any, settings: Mapping[str, Any], seq_len: int | None, device: Any) -> Any:
    """The frequencies of the types that are computed otherwise before 5.0; None of all others."""
    kind, base = settings["rope_type"], settings["rope_theta"]
    if kind in ("default", "linear"):
        frequencies, scaling = _default_frequencies(config, settings, device)
        return frequencies / settings.get("factor", 1.0), scaling
    size, extended = _rotary_size(config, settings.get("partial_rotary_factor")), config.max_position_embeddings
    trained = settings.get("original_max_position_embeddings") or extended
    if kind == "yarn":
        return _rope_scaling.yarn(settings, size, base, trained, extended, device)
    if kind == "longrope":
        return _rope_scaling.longrope(settings, size, base, trained, extended, seq_len, device)
    return None


def _known(functions: Mapping[str, Callable[..., Any]], kind: str) -> Callable[..., Any]:
    if kind not in functions:
        raise ValueError(f"rope types of this release: {', '.join(sorted({'default', *functions}))}; {kind} is none")
    return functions[kind]
