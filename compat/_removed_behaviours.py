"""What upstream stopped to do for older models: patches of what is still there, by name and release."""

from __future__ import annotations

import re

from ._removed_names import MADE
from .patching import Patch, addition, patch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MODEL = "transformers.modeling_utils.PreTrainedModel"
_TOKENIZER = "transformers.tokenization_utils_base.PreTrainedTokenizerBase"
_CACHES = "transformers.generation.configuration_utils.NEED_SETUP_CACHE_CLASSES_MAPPING"


class Behaviour:
    """A patch that gives older models what they expect.

    Args:
        module: The module that it patches.
        releases: The releases that lack it.
        because: What upstream changed, with the release.
        make: Declares the patch.
    """

    def __init__(self, module: str, releases: str, because: str, make: Callable[[], Patch]) -> None:
        self.module = module
        self.releases = releases
        self.because = because
        self.make = make


def _default_rope() -> Patch:
    made = MADE["transformers.modeling_rope_utils._compute_default_rope_parameters"]
    return addition('transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["default"]', made())


def _expanded(original: Callable[..., Any], self: Any, all_submodels: bool = False) -> Any:
    if isinstance(self._tied_weights_keys, (list, tuple, set)):
        self._tied_weights_keys = tied_to(self, self._tied_weights_keys)
    return original(self, all_submodels=all_submodels)


def tied_to(model: Any, patterns: Any) -> dict[str, str]:
    """What each tied parameter of a model is tied to, where its class only lists which ones are.

    Args:
        model: The model.
        patterns: Names of parameters, or regular expressions for them, as `_tied_weights_keys` had them up to 4.57.
    """
    parameters = dict(model.named_parameters(remove_duplicate=False))
    tied = [name for name in parameters if any(re.search(pattern, name) for pattern in patterns)]
    embeddings = model.get_input_embeddings()
    weight: Any = getattr(embeddings, "weight", None)
    source = next((name for name, held in parameters.items() if held is weight and name not in tied), None)
    found = {}
    for name in tied:
        # A bias that a head shares with itself was one object from the beginning; all else went with the embeddings.
        shared = [other for other, held in parameters.items() if held is parameters[name] and other not in tied]
        if shared:
            found[name] = shared[0]
        elif source is not None and parameters[name].shape == weight.shape:
            found[name] = source
    return found


def _marked(original: Callable[..., Any], self: Any, loading_info: Any) -> Any:
    to_be_tied = loading_info.missing_keys & self.all_tied_weights_keys.keys()
    original(self, loading_info)
    loading_info.missing_keys |= to_be_tied


def _tied_when_asked() -> Patch:
    from functools import cached_property

    # `post_init` sets it; a model that never calls it is asked at once when it is loaded.
    tied = cached_property(lambda self: self.get_expanded_tied_weights_keys(all_submodels=True))
    tied.attrname = "all_tied_weights_keys"
    return addition(f"{_MODEL}.all_tied_weights_keys", tied)


def _prepared(
    original: Callable[..., Any], self: Any, generation_config: Any, model_kwargs: Any, *args: Any, **named: Any
) -> Any:
    from .backports import _anew

    wanted = _anew(_CACHES).get(generation_config.cache_implementation)
    if wanted is None or model_kwargs.get("past_key_values") is not None:
        return original(self, generation_config, model_kwargs, *args, **named)
    # After them come the assistant or the mode, the batch size and the length, on all these releases.
    batch_size = named["batch_size"] if "batch_size" in named else args[1]
    length = named["max_cache_length"] if "max_cache_length" in named else args[2]
    beams = max(generation_config.num_beams or 1, generation_config.num_return_sequences or 1)
    model_kwargs["past_key_values"] = wanted(
        config=self.config.get_text_config(decoder=True),
        max_batch_size=beams * batch_size,
        max_cache_len=length,
        device=self.device,
        dtype=self.dtype,
    )
    return None


def _special_tokens() -> Patch:
    def get(self: Any) -> list[str]:
        return [str(token) for token in self.extra_special_tokens or ()]

    def put(self: Any, tokens: Any) -> None:
        self.extra_special_tokens = tokens

    return addition(f"{_TOKENIZER}.additional_special_tokens", property(get, put))


def _special_token_ids() -> Patch:
    def get(self: Any) -> Any:
        return self.convert_tokens_to_ids([str(token) for token in self.extra_special_tokens or ()])

    return addition(f"{_TOKENIZER}.additional_special_tokens_ids", property(get))


BEHAVIOURS = {
    f"{_TOKENIZER}.additional_special_tokens": Behaviour(
        "transformers.tokenization_utils_base",
        ">=5.0.0",
        "5.0.0 calls them `extra_special_tokens`",
        _special_tokens,
    ),
    f"{_TOKENIZER}.additional_special_tokens_ids": Behaviour(
        "transformers.tokenization_utils_base",
        ">=5.0.0",
        "5.0.0 calls them `extra_special_tokens`",
        _special_token_ids,
    ),
    'transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["default"]': Behaviour(
        "transformers.modeling_rope_utils",
        ">=5.0.0",
        "5.0.0 gives each model its own `compute_default_rope_parameters`",
        _default_rope,
    ),
    f"{_MODEL}.get_expanded_tied_weights_keys": Behaviour(
        "transformers.modeling_utils",
        ">=5.0.0",
        "5.0.0 takes `_tied_weights_keys` as a mapping only; models had lists",
        lambda: patch(f"{_MODEL}.get_expanded_tied_weights_keys", _expanded, wraps=True),
    ),
    f"{_MODEL}.all_tied_weights_keys": Behaviour(
        "transformers.modeling_utils",
        ">=5.0.0",
        "5.0.0 sets it in `post_init`, which older models did not have to call",
        _tied_when_asked,
    ),
    f"{_MODEL}.mark_tied_weights_as_initialized": Behaviour(
        "transformers.modeling_utils",
        ">=5.3.0,<5.4.0",
        "5.3.0 takes the tied weights of models with code of their own for loaded, and leaves them empty",
        lambda: patch(f"{_MODEL}.mark_tied_weights_as_initialized", _marked, wraps=True),
    ),
    "transformers.generation.utils.GenerationMixin._prepare_cache_for_generation": Behaviour(
        "transformers.generation.utils",
        ">=4.56.0",
        "4.56.0 drops NEED_SETUP_CACHE_CLASSES_MAPPING, into which models put caches of their own",
        lambda: patch(
            "transformers.generation.utils.GenerationMixin._prepare_cache_for_generation", _prepared, wraps=True
        ),
    ),
}
