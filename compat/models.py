"""Parts of a model: where they are, what a layer returns, what is tied, what a class declares."""

from __future__ import annotations

from ._adapters import absent, adapts, stable
from ._names import UpstreamName, upstream_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

__all__ = [  # noqa: F822
    "AutoModelForImageTextToText",
    "FlashAttentionKwargs",
    "GELUTanh",
    "LogitsWarper",
    "OutputRecorder",
    "TransformersKwargs",
    "capture_outputs",
    "declares_attention",
    "decoder_layers",
    "hidden_states",
    "language_model",
    "lm_head",
    "supports_attention",
    "tie_weights",
    "tied_weights",
    "tied_weights_keys",
    "vision_tower",
    "with_hidden_states",
]

__getattr__, __dir__ = upstream_names(
    __name__,
    UpstreamName(
        "AutoModelForImageTextToText",
        {
            "transformers>=4.46": "transformers.AutoModelForImageTextToText",
            "transformers<4.46": "transformers.AutoModelForVision2Seq",
        },
        because="4.46.0 adds AutoModelForImageTextToText, 5.0.0 removes AutoModelForVision2Seq",
    ),
    UpstreamName(
        "FlashAttentionKwargs",
        {
            "transformers>=4.47": "transformers.modeling_flash_attention_utils.FlashAttentionKwargs",
            "transformers<4.47": None,
        },
        because="4.47.0 adds the types of the keywords",
    ),
    UpstreamName(
        "GELUTanh",
        {
            "transformers>=4.57": "transformers.activations.GELUTanh",
            "transformers<4.57": "transformers.activations.PytorchGELUTanh",
        },
        because="4.57.0 renames PytorchGELUTanh, of which 5.0.0 brings an alias back",
    ),
    UpstreamName(
        "LogitsWarper",
        {
            "transformers>=4.49": "transformers.generation.LogitsProcessor",
            "transformers<4.49": "transformers.generation.LogitsWarper",
        },
        because="4.49.0 removes LogitsWarper: a warper is a LogitsProcessor",
    ),
    UpstreamName(
        "OutputRecorder",
        {
            "transformers>=5.2": "transformers.utils.output_capturing.OutputRecorder",
            "transformers>=4.54,<5.2": "transformers.utils.generic.OutputRecorder",
            "transformers<4.54": None,
        },
        because="4.54.0 adds it, 5.2.0 moves it to utils.output_capturing",
    ),
    UpstreamName(
        "TransformersKwargs",
        {
            "transformers>=4.54": "transformers.utils.TransformersKwargs",
            "transformers>=4.47,<4.54": "transformers.models.llama.modeling_llama.KwargsForCausalLM",
            "transformers<4.47": None,
        },
        because="4.54.0 puts TransformersKwargs in place of each model's KwargsForCausalLM and of LossKwargs",
    ),
)

_VISION = ("visual", "vision_tower", "vision_model")
_TEXT = ("language_model", "text_model", "model", "transformer", "decoder", "gpt_neox", "backbone")
_LAYERS = ("layers", "h", "block", "blocks")
_FLAGS = {
    # 4.54.0 renamed the first to the second, for FlashAttention 3 too, which had a flag in 4.53 only.
    "flash_attention_2": ("_supports_flash_attn_2", "_supports_flash_attn"),
    "flash_attention_3": ("_supports_flash_attn_3", "_supports_flash_attn"),
    "flex_attention": ("_supports_flex_attn",),
    "sdpa": ("_supports_sdpa",),
}


def vision_tower(model: Any) -> Any:
    """The module that encodes images, which 4.52.0 moved under `.model` in models of images and text.

    Args:
        model: A model with `visual`, `vision_tower` or `vision_model`, of its own or of its `.model`.

    Raises:
        TypeError: It has none.
    """
    for holder in (model, getattr(model, "model", None)):
        for name in _VISION:
            found = getattr(holder, name, None)
            if found is not None:
                return found
    raise TypeError(f"{type(model).__name__} has no vision tower: neither it nor its .model has {', '.join(_VISION)}")


def language_model(model: Any) -> Any:
    """The decoder without its head: what holds the layers.

    Up to 4.51 `.language_model` of LLaVA is a model with a head, and `.model` of Qwen2-VL the decoder; from 4.52.0
    `.model.language_model` is the decoder of both, and from 5.0.0 nothing shorter leads to it.

    Args:
        model: A model for text, or for images and text.

    Raises:
        TypeError: No decoder layers are found in it.
    """
    found = model
    while found is not None:
        if _layers(found) is not None:
            return found
        found = next((part for name in _TEXT if (part := getattr(found, name, None)) is not None), None)
    raise TypeError(f"{type(model).__name__} has no decoder layers where models of text have them")


def decoder_layers(model: Any) -> Any:
    """The decoder layers of a model for text, or for images and text, as the list of modules that upstream made.

    Args:
        model: The model, with or without a head.

    Raises:
        TypeError: It has none.
    """
    return _layers(language_model(model))


def lm_head(model: Any) -> Any:
    """The layer that makes logits, wherever the release keeps it.

    Args:
        model: A model with a head.

    Raises:
        TypeError: It has no head.
    """
    head = model.get_output_embeddings()
    if head is None:
        raise TypeError(f"{type(model).__name__} has no output embeddings: give the model that makes logits")
    return head


def hidden_states(output: Any) -> Any:
    """The hidden states that a decoder layer returned.

    Up to 4.53 layers return a tuple that begins with them, from 4.54.0 they return the tensor: `[0]` of it is the first
    of the batch, without an error.

    Args:
        output: What the layer returned: a tensor, or a tuple whose first is one.

    Raises:
        TypeError: It is neither.
    """
    if is_tensor(output):
        return output
    if isinstance(output, (tuple, list)) and output and is_tensor(output[0]):
        return output[0]
    raise TypeError(f"a layer's output is a tensor, or a tuple that begins with one; got {_described(output)}")


def with_hidden_states(output: Any, states: Any) -> Any:
    """A layer's output with other hidden states, in the form that it has: what a forward hook has to return.

    Args:
        output: What the layer returned: a tensor, or a tuple whose first is one.
        states: The hidden states to put in place.

    Raises:
        TypeError: The output is neither a tensor nor a tuple that begins with one.
    """
    if output is hidden_states(output):
        return states
    return type(output)((states, *output[1:]))


def supports_attention(model: Any, implementation: str) -> bool:
    """Whether a model says that it can run with an attention implementation.

    Upstream itself reads the flags of its own release alone: `declares_attention` sets those of all.

    Args:
        model: A model or a class of models; it may declare the flags of any release, as remote code does.
        implementation: `eager`, `sdpa`, `flash_attention_2`, `flash_attention_3` or `flex_attention`.

    Raises:
        ValueError: The implementation is none of these.
    """
    return implementation == "eager" or any(getattr(model, flag, False) for flag in _flags(implementation))


def declares_attention(*implementations: str) -> Callable[[type], type]:
    """A decorator that declares on an own class what `supports_attention` reads, for all releases.

    4.54.0 renamed `_supports_flash_attn_2` to `_supports_flash_attn` and does not read the old name.

    Args:
        implementations: Of `sdpa`, `flash_attention_2`, `flash_attention_3` and `flex_attention`.

    Raises:
        ValueError: An implementation is none of these.
    """
    flags = [flag for implementation in implementations for flag in _flags(implementation)]

    def declare(model_class: type) -> type:
        for flag in flags:
            setattr(model_class, flag, True)
        return model_class

    return declare


def tied_weights(model: Any) -> dict[str, str]:
    """The parameters of a model that are other parameters by a second name.

    It reads the model, so it tells what is tied and not what could be. Which of the names is the source is taken from
    `_tied_weights_keys`, a list of targets up to 4.57 and a dict of targets and sources from 5.0.0.

    Args:
        model: A model.

    Returns:
        For each name that shares another's parameter that other name, as in
        `{"lm_head.weight": "model.embed_tokens.weight"}`.
    """
    import re

    named: dict[int, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        named.setdefault(id(parameter), []).append(name)
    declared = [key for module in model.modules() for key in getattr(module, "_tied_weights_keys", None) or ()]
    pairs = {}
    for names in named.values():
        if len(names) > 1:
            sources = [name for name in names if not any(re.search(f"{key}$", name) for key in declared)]
            source = (sources or names)[0]
            pairs.update({name: source for name in names if name != source})
    return pairs


@stable
def tied_weights_keys(pairs: Mapping[str, str]) -> Any:
    """What an own class has to assign to `_tied_weights_keys`.

    Args:
        pairs: For each parameter that is tied, the one that it is tied to:
            `{"lm_head.weight": "model.embed_tokens.weight"}`.

    Returns:
        A list of the targets up to 4.57, a dict from 5.0.0, where a list raises AttributeError once weights are tied.
    """


@adapts(tied_weights_keys, "transformers<5.0", because="before 5.0.0 it is a list of the targets")
def _targets_only() -> Callable[..., Any]:
    def tied_weights_keys(pairs: Mapping[str, str]) -> list[str]:
        return list(dict(pairs))

    return tied_weights_keys


@adapts(
    tied_weights_keys, "transformers>=5.0", because="5.0.0 makes `_tied_weights_keys` a dict of targets and sources"
)
def _targets_and_sources() -> Callable[..., Any]:
    def tied_weights_keys(pairs: Mapping[str, str]) -> dict[str, str]:
        return dict(pairs)

    return tied_weights_keys


@stable
def tie_weights(model: Any, missing_keys: set[str] | None = None) -> None:
    """Tie what the model's config says is tied.

    Args:
        model: The model.
        missing_keys: The names of the parameters that a checkpoint did not hold; those that got their values by being
            tied are taken out.
    """


@adapts(tie_weights, "transformers<5.0", because="5.0.0 adds `missing_keys` and `recompute_mapping`")
def _all_that_is_declared() -> Callable[..., Any]:
    def tie_weights(model: Any, missing_keys: set[str] | None = None) -> None:
        model.tie_weights()
        if missing_keys is not None:
            missing_keys.difference_update(
                [target for target, source in tied_weights(model).items() if source not in missing_keys]
            )

    return tie_weights


@adapts(tie_weights, "transformers>=5.0", because="5.0.0 adds `missing_keys` and `recompute_mapping`")
def _what_is_missing() -> Callable[..., Any]:
    def tie_weights(model: Any, missing_keys: set[str] | None = None) -> None:
        model.tie_weights(missing_keys=missing_keys)

    return tie_weights


@stable
def capture_outputs(function: Any = None, *, tie_last_hidden_states: bool = True) -> Any:
    """Decorate a `forward` so that it takes `output_hidden_states`, `output_attentions` and `return_dict`.

    What is captured is what the class declares as `_can_record_outputs`; keywords that are not given come from the
    config. Written `@capture_outputs` or `@capture_outputs(tie_last_hidden_states=False)`.

    Args:
        function: The `forward`.
        tie_last_hidden_states: Whether the last of the captured hidden states is the model's `last_hidden_state`.

    Raises:
        ValueError: `tie_last_hidden_states` is false on 4.54.0 to 4.57.1, which always tie.
    """


absent(capture_outputs, "transformers<4.54", because="4.54.0 is the first that captures outputs by a decorator")


@adapts(
    capture_outputs,
    "transformers>=4.54,<4.57.2",
    because="up to 4.57.1 check_model_inputs takes the function and nothing else",
)
def _bare() -> Callable[..., Any]:
    from transformers.utils.generic import check_model_inputs

    def capture_outputs(function: Any = None, *, tie_last_hidden_states: bool = True) -> Any:
        if not tie_last_hidden_states:
            raise ValueError(
                "capture_outputs: got tie_last_hidden_states=False, but transformers 4.54.0 to 4.57.1 always tie the "
                "last hidden state; the choice is there from 4.57.2 on"
            )
        return check_model_inputs if function is None else check_model_inputs(function)

    return capture_outputs


@adapts(
    capture_outputs,
    "transformers>=4.57.2,<5.2",
    because="4.57.2 makes check_model_inputs a function that returns the decorator; 5.2.0 removes it",
)
def _called() -> Callable[..., Any]:
    from transformers.utils.generic import check_model_inputs

    def capture_outputs(function: Any = None, *, tie_last_hidden_states: bool = True) -> Any:
        decorate = check_model_inputs(tie_last_hidden_states=tie_last_hidden_states)
        return decorate if function is None else decorate(function)

    return capture_outputs


@adapts(
    capture_outputs,
    "transformers>=5.2",
    because="5.2.0 splits check_model_inputs into merge_with_config_defaults and capture_outputs",
)
def _two_decorators() -> Callable[..., Any]:
    from functools import partial

    from transformers.utils.generic import merge_with_config_defaults
    from transformers.utils.output_capturing import capture_outputs as upstream

    def capture_outputs(function: Any = None, *, tie_last_hidden_states: bool = True) -> Any:
        if function is None:
            return partial(capture_outputs, tie_last_hidden_states=tie_last_hidden_states)
        return merge_with_config_defaults(upstream(function, tie_last_hidden_states=tie_last_hidden_states))

    return capture_outputs


def _flags(implementation: str) -> tuple[str, ...]:
    if implementation not in _FLAGS:
        raise ValueError(f"{implementation!r} is no attention implementation: give eager, {', '.join(_FLAGS)}")
    return _FLAGS[implementation]


def _layers(module: Any) -> Any:
    for name in _LAYERS:
        found = getattr(module, name, None)
        if found is not None and hasattr(found, "__len__"):
            return found
    return None


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor, told without importing what made it.

    Args:
        value: Anything.
    """
    return hasattr(value, "ndim") and hasattr(value, "shape")


def _described(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {_types(value) or 'nothing'}"
    return type(value).__name__


def _types(values: Iterable[Any]) -> str:
    return ", ".join(type(value).__name__ for value in values)
