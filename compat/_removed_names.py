"""What upstream removed without a name that stands for it: written anew, by the dotted name that it had."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Each makes the value when it is first asked for.
MADE: dict[str, Callable[[], Any]] = {}


def _made(*names: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    def declare(make: Callable[[], Any]) -> Callable[[], Any]:
        MADE.update(dict.fromkeys(names, make))
        return make

    return declare


_IMPORTS = "transformers.utils.import_utils."
_HUB = "transformers.utils.hub."
_CACHES = "transformers.cache_utils."
_MODEL = "transformers.modeling_utils.PreTrainedModel."
_TOKENIZER = "transformers.tokenization_utils_base.PreTrainedTokenizerBase."


# Probes of what a release does not use any more: whether the package can be imported is all that they told.
_PROBED = {
    "is_auto_awq_available": "awq",
    "is_auto_gptq_available": "auto_gptq",
    "is_bitsandbytes_multi_backend_available": "bitsandbytes",
    "is_ccl_available": "oneccl_bindings_for_pytorch",
    "is_decord_available": "decord",
    "is_eetq_available": "eetq",
    "is_ftfy_available": "ftfy",
    "is_ipex_available": "intel_extension_for_pytorch",
    "is_jieba_available": "jieba",
    "is_jmespath_available": "jmespath",
    "is_opentelemetry_available": "opentelemetry",
    "is_quanto_available": "optimum.quanto",
    "is_safetensors_available": "safetensors",
    "is_torch_bf16_cpu_available": "torch",
    "is_torch_compile_available": "torch",
    "is_torch_fx_available": "torch",
    "is_torch_sdpa_available": "torch",
    "is_torchdynamo_available": "torch",
}
# Since 5.0.0 transformers has no code for them: whatever is installed, it is of no use to it.
_NEVER = (
    "is_flax_available",
    "is_keras_nlp_available",
    "is_tensorflow_probability_available",
    "is_tensorflow_text_available",
    "is_tf2onnx_available",
    "is_tf_available",
)


def _probe(name: str, package: str) -> Callable[[], Any]:
    def make() -> Any:
        def probe() -> bool:
            from importlib.util import find_spec

            try:
                return find_spec(package) is not None
            except ModuleNotFoundError:
                return False

        return _called(probe, name)

    return make


def _constant(name: str, value: Any) -> Callable[[], Any]:
    return lambda: _called(lambda *_: value, name)


def _called(function: Any, name: str) -> Any:
    function.__name__ = function.__qualname__ = name
    return function


MADE.update((f"{_IMPORTS}{name}", _probe(name, package)) for name, package in _PROBED.items())
MADE.update((f"{_IMPORTS}{name}", _constant(name, False)) for name in _NEVER)
MADE.update(
    (f"transformers.utils.generic.{name}", _constant(name, value))
    for name, value in {
        "infer_framework": "pt",
        "is_jax_tensor": False,
        "is_tf_symbolic_tensor": False,
        "is_tf_tensor": False,
    }.items()
)
MADE.update(
    (f"transformers.utils.{name}", lambda value=value: value)  # type: ignore[misc]
    for name, value in {
        "FLAX_WEIGHTS_INDEX_NAME": "flax_model.msgpack.index.json",
        "FLAX_WEIGHTS_NAME": "flax_model.msgpack",
        "TF2_WEIGHTS_INDEX_NAME": "tf_model.h5.index.json",
        "TF2_WEIGHTS_NAME": "tf_model.h5",
        "TF_WEIGHTS_NAME": "model.ckpt",
    }.items()
)


@_made(f"{_IMPORTS}is_flash_attn_greater_or_equal_2_10")
def _flash_attention_2_1() -> Any:
    from transformers.utils import is_flash_attn_greater_or_equal

    def is_flash_attn_greater_or_equal_2_10() -> bool:
        # Its name says 2.10, and it always asked for 2.1.0.
        return bool(is_flash_attn_greater_or_equal("2.1.0"))

    return is_flash_attn_greater_or_equal_2_10


@_made(f"{_IMPORTS}is_torch_tpu_available")
def _torch_tpu() -> Any:
    from transformers.utils import is_torch_xla_available

    def is_torch_tpu_available(check_device: bool = True) -> bool:
        return bool(is_torch_xla_available(check_is_tpu=check_device))

    return is_torch_tpu_available


@_made(f"{_IMPORTS}is_torch_bf16_available")
def _torch_bf16() -> Any:
    from transformers.utils import is_torch_bf16_gpu_available

    def is_torch_bf16_available() -> bool:
        return bool(is_torch_bf16_gpu_available())

    return is_torch_bf16_available


@_made(
    f"{_HUB}TRANSFORMERS_CACHE",
    f"{_HUB}PYTORCH_TRANSFORMERS_CACHE",
    f"{_HUB}PYTORCH_PRETRAINED_BERT_CACHE",
    f"{_HUB}default_cache_path",
)
def _cache_folder() -> Any:
    from huggingface_hub import constants

    return constants.HF_HUB_CACHE


@_made(f"{_HUB}HUGGINGFACE_CO_RESOLVE_ENDPOINT")
def _endpoint() -> Any:
    from huggingface_hub import constants

    return constants.ENDPOINT


@_made(f"{_HUB}HUGGINGFACE_CO_PREFIX")
def _file_address() -> Any:
    return f"{_endpoint()}/{{model_id}}/resolve/{{revision}}/{{filename}}"


@_made(f"{_HUB}is_remote_url")
def _remote_url() -> Any:
    def is_remote_url(url_or_filename: str) -> bool:
        from urllib.parse import urlparse

        return urlparse(url_or_filename).scheme in ("http", "https")

    return is_remote_url


@_made("transformers.utils.get_full_repo_name")
def _full_repo_name() -> Any:
    from huggingface_hub import get_full_repo_name

    return get_full_repo_name


@_made("transformers.utils.generic.cached_property")
def _cached_property() -> Any:
    from functools import cached_property

    return cached_property


@_made("transformers.utils.generic.LossKwargs")
def _loss_keywords() -> Any:
    from typing import TypedDict

    class LossKwargs(TypedDict, total=False):
        num_items_in_batch: Any

    return LossKwargs


@_made("transformers.utils.generic.check_model_inputs")
def _check_model_inputs() -> Any:
    # Between two spellings of upstream's own, 5.2.0 and 5.3.0 have only its two halves.
    from transformers.utils.generic import merge_with_config_defaults
    from transformers.utils.output_capturing import capture_outputs

    def check_model_inputs(func: Any = None, *, tie_last_hidden_states: bool = True) -> Any:
        if not callable(func):
            return lambda function: check_model_inputs(function, tie_last_hidden_states=tie_last_hidden_states)
        return merge_with_config_defaults(capture_outputs(func, tie_last_hidden_states=tie_last_hidden_states))

    return check_model_inputs


@_made("transformers.pytorch_utils.find_pruneable_heads_and_indices")
def _pruneable_heads() -> Any:
    import torch

    def find_pruneable_heads_and_indices(heads: Any, n_heads: int, head_size: int, already_pruned_heads: Any) -> Any:
        left = set(heads) - already_pruned_heads
        kept = torch.ones(n_heads, head_size, dtype=torch.bool)
        for head in left:
            # Rows of heads that are gone already are not counted.
            kept[head - sum(gone < head for gone in already_pruned_heads)] = False
        return left, torch.arange(n_heads * head_size)[kept.view(-1)]

    return find_pruneable_heads_and_indices


@_made("transformers.pytorch_utils.isin_mps_friendly")
def _isin() -> Any:
    import torch

    def isin_mps_friendly(elements: Any, test_elements: Any) -> Any:
        return torch.isin(elements, test_elements)

    return isin_mps_friendly


@_made("transformers.modeling_utils.get_parameter_dtype")
def _parameter_dtype() -> Any:
    def get_parameter_dtype(parameter: Any) -> Any:
        dtypes = [held.dtype for held in (*parameter.parameters(), *parameter.buffers())]
        return next((dtype for dtype in dtypes if dtype.is_floating_point), dtypes[-1] if dtypes else None)

    return get_parameter_dtype


@_made("transformers.modeling_utils.get_parameter_device")
def _parameter_device() -> Any:
    def get_parameter_device(parameter: Any) -> Any:
        return next(parameter.parameters()).device

    return get_parameter_device


@_made("transformers.modeling_rope_utils._compute_default_rope_parameters")
def _default_rope() -> Any:
    import torch

    def _compute_default_rope_parameters(
        config: Any = None, device: Any = None, seq_len: Any = None, layer_type: Any = None, **named: Any
    ) -> Any:
        # Since 5.0.0 the base and the share of each head that turns are in `rope_parameters`, by layer type in some.
        held = getattr(config, "rope_parameters", None) or {}
        held = {**vars_of(config), **(held.get(layer_type) or held), **named}
        head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        size = int(named.get("dim", head * held.get("partial_rotary_factor", 1.0)))
        places = torch.arange(0, size, 2, dtype=torch.int64).to(device=device, dtype=torch.float)
        return 1.0 / (named.get("base", held["rope_theta"]) ** (places / size)), 1.0

    def vars_of(config: Any) -> dict[str, Any]:
        names = ("partial_rotary_factor", "rope_theta")
        return {name: value for name in names if (value := getattr(config, name, None)) is not None}

    return _compute_default_rope_parameters


@_made("transformers.generation.configuration_utils.NEED_SETUP_CACHE_CLASSES_MAPPING")
def _caches_to_set_up() -> Any:
    # Models add classes of their own; `generate` asks the backport of `_prepare_cache_for_generation` for them.
    return {}


def _fixed(name: str, **always: Any) -> Callable[[], Any]:
    """A cache class of a fixed size, with the arguments of its releases and of 4.56 and 4.57."""

    def make() -> Any:
        from transformers.cache_utils import StaticCache

        def init(
            self: Any,
            config: Any,
            max_batch_size: Any = None,
            max_cache_len: Any = None,
            device: Any = None,
            dtype: Any = None,
            layer_device_map: Any = None,
            **named: Any,
        ) -> None:
            # Up to 4.55 the batch size came first; what it, device and dtype said, layers take from the first update.
            size = max_cache_len if max_cache_len is not None else max_batch_size
            if size is None:
                raise TypeError(f"{name} needs max_cache_len: how many tokens it holds")
            StaticCache.__init__(self, config=config, max_cache_len=size, **always)

        return type(name, (StaticCache,), {"__init__": init, "__module__": StaticCache.__module__})

    return make


for _name in ("HybridCache", "HybridChunkedCache", "SlidingWindowCache"):
    MADE[f"{_CACHES}{_name}"] = _fixed(_name)
for _name in ("OffloadedHybridCache", "OffloadedStaticCache"):
    MADE[f"{_CACHES}{_name}"] = _fixed(_name, offloading=True)


@_made(f"{_CACHES}OffloadedCache")
def _offloaded() -> Any:
    from transformers.cache_utils import DynamicCache

    class OffloadedCache(DynamicCache):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(offloading=True)

    return OffloadedCache


def _quantised(name: str, backend: str) -> Callable[[], Any]:
    def make() -> Any:
        from transformers.cache_utils import QuantizedCache

        def init(
            self: Any,
            config: Any,
            nbits: int = 4,
            axis_key: int = 0,
            axis_value: int = 0,
            q_group_size: int = 64,
            residual_length: int = 128,
        ) -> None:
            QuantizedCache.__init__(self, backend, config, nbits, axis_key, axis_value, q_group_size, residual_length)

        return type(name, (QuantizedCache,), {"__init__": init, "__module__": QuantizedCache.__module__})

    return make


MADE[f"{_CACHES}HQQQuantizedCache"] = _quantised("HQQQuantizedCache", "hqq")
MADE[f"{_CACHES}QuantoQuantizedCache"] = _quantised("QuantoQuantizedCache", "quanto")


@_made(f"{_CACHES}Cache.get_max_length")
def _get_max_length() -> Any:
    from . import caches

    def get_max_length(self: Any) -> Any:
        return caches.max_length(self)

    return get_max_length


@_made(f"{_CACHES}Cache.get_max_cache_shape")
def _get_max_cache_shape() -> Any:
    from . import caches

    def get_max_cache_shape(self: Any, layer_idx: int = 0) -> int:
        # As in the releases before it went: -1 for no end.
        end = caches.max_length(self)
        return -1 if end is None else end

    return get_max_cache_shape


@_made(f"{_CACHES}Cache.get_usable_length")
def _get_usable_length() -> Any:
    from . import caches

    def get_usable_length(self: Any, new_seq_length: int, layer_idx: Any = 0) -> int:
        return caches.usable_length(self, new_seq_length, layer_idx or 0)

    return get_usable_length


@_made(f"{_CACHES}Cache.seen_tokens")
def _seen_tokens() -> Any:
    from . import caches

    return property(lambda self: caches.length(self))


@_made(f"{_CACHES}DynamicCache.__getitem__", f"{_CACHES}EncoderDecoderCache.__getitem__")
def _layer_of() -> Any:
    from . import caches

    def __getitem__(self: Any, layer_idx: int) -> Any:
        count = caches.layer_count(self)
        if not -count <= layer_idx < count:
            raise IndexError(f"the cache has {count} layers, and layer {layer_idx} was asked for")
        # An encoder-decoder cache gives the cross attention's keys and values after its own.
        both = (self, getattr(self, "cross_attention_cache", None))
        return tuple(tensor for cache in both if cache is not None for tensor in caches.layers(cache)[layer_idx])

    return __getitem__


class _LayerTensors:
    """The keys or values of a cache by layer, as the lists of its releases: read and set in the cache itself."""

    def __init__(self, cache: Any, part: int) -> None:
        self._cache = cache
        self._part = part

    def __len__(self) -> int:
        from . import caches

        return caches.layer_count(self._cache)

    def __getitem__(self, index: Any) -> Any:
        from . import caches

        held = [pair[self._part] for pair in caches.layers(self._cache)]
        return held[index]

    def __setitem__(self, index: int, value: Any) -> None:
        layer = self._cache.layers[index]
        setattr(layer, ("keys", "values")[self._part], value)


@_made(f"{_CACHES}Cache.key_cache")
def _key_cache() -> Any:
    return property(lambda self: _LayerTensors(self, 0))


@_made(f"{_CACHES}Cache.value_cache")
def _value_cache() -> Any:
    return property(lambda self: _LayerTensors(self, 1))


@_made(f"{_CACHES}DynamicCache.to_legacy_cache", f"{_CACHES}EncoderDecoderCache.to_legacy_cache")
def _to_legacy_cache() -> Any:
    from . import caches

    def to_legacy_cache(self: Any) -> Any:
        return caches.to_legacy(self)

    return to_legacy_cache


@_made(f"{_CACHES}DynamicCache.from_legacy_cache", f"{_CACHES}EncoderDecoderCache.from_legacy_cache")
def _from_legacy_cache() -> Any:
    from . import caches

    def from_legacy_cache(cls: Any, past_key_values: Any = None) -> Any:
        if past_key_values is None:
            return caches.from_legacy(()) if not _holds_two(cls) else caches.encoder_decoder_cache(*_two_empty())
        made = caches.from_legacy(past_key_values)
        if not _holds_two(cls) or hasattr(made, "self_attention_cache"):
            return made
        return caches.encoder_decoder_cache(made, caches.dynamic_cache())

    def _holds_two(cls: Any) -> bool:
        return str(cls.__name__) == "EncoderDecoderCache"

    def _two_empty() -> tuple[Any, Any]:
        return caches.dynamic_cache(), caches.dynamic_cache()

    return classmethod(from_legacy_cache)


@_made(f"{_MODEL}is_parallelizable")
def _not_parallelizable() -> Any:
    return False


@_made(f"{_MODEL}get_head_mask")
def _get_head_mask() -> Any:
    def get_head_mask(self: Any, head_mask: Any, num_hidden_layers: int, is_attention_chunked: bool = False) -> Any:
        if head_mask is None:
            return [None] * num_hidden_layers
        if head_mask.dim() == 1:
            head_mask = head_mask[None, None, :, None, None].expand(num_hidden_layers, -1, -1, -1, -1)
        elif head_mask.dim() == 2:
            head_mask = head_mask[:, None, :, None, None]
        if head_mask.dim() != 5:
            raise ValueError(
                f"head_mask has {head_mask.dim()} dimensions; accepted are 1 (heads) and 2 (layers, heads)"
            )
        head_mask = head_mask.to(dtype=self.dtype)
        return head_mask.unsqueeze(-1) if is_attention_chunked else head_mask

    return get_head_mask


@_made(f"{_MODEL}invert_attention_mask")
def _invert_attention_mask() -> Any:
    import torch

    def invert_attention_mask(self: Any, encoder_attention_mask: Any) -> Any:
        mask = encoder_attention_mask
        mask = mask[:, None, :, :] if mask.dim() == 3 else mask[:, None, None, :]
        return (1.0 - mask.to(dtype=self.dtype)) * torch.finfo(self.dtype).min

    return invert_attention_mask


@_made(f"{_MODEL}create_extended_attention_mask_for_decoder")
def _extended_mask_for_decoder() -> Any:
    import torch

    def create_extended_attention_mask_for_decoder(input_shape: Any, attention_mask: Any, device: Any = None) -> Any:
        length, total = input_shape[1], attention_mask.shape[1]
        past = total - length
        ones = torch.ones(length, total, dtype=attention_mask.dtype, device=attention_mask.device)
        return ones.tril(past)[None, None] * attention_mask[:, None, None, :]

    return staticmethod(create_extended_attention_mask_for_decoder)


@_made(f"{_MODEL}get_extended_attention_mask")
def _get_extended_attention_mask() -> Any:
    import torch

    for_decoder = _extended_mask_for_decoder().__func__

    def get_extended_attention_mask(
        self: Any, attention_mask: Any, input_shape: Any, device: Any = None, dtype: Any = None
    ) -> Any:
        dtype = self.dtype if dtype is None else dtype
        if attention_mask.dim() == 3:
            mask = attention_mask[:, None, :, :]
        elif attention_mask.dim() == 2 and getattr(self.config, "is_decoder", False):
            mask = for_decoder(input_shape, attention_mask)
        elif attention_mask.dim() == 2:
            mask = attention_mask[:, None, None, :]
        else:
            raise ValueError(
                f"attention_mask has the shape {tuple(attention_mask.shape)}; accepted are (batch, tokens) and "
                "(batch, tokens, tokens)"
            )
        return (1.0 - mask.to(dtype=dtype)) * torch.finfo(dtype).min

    return get_extended_attention_mask


@_made(f"{_TOKENIZER}clean_up_tokenization")
def _clean_up_tokenization() -> Any:
    pairs = [(f" {mark}", mark) for mark in ".?!,"]
    pairs += [(" ' ", "'"), *((f" {part}", part) for part in ("n't", "'m", "'s", "'ve", "'re"))]

    def clean_up_tokenization(out_string: str) -> str:
        for old, new in pairs:
            out_string = out_string.replace(old, new)
        return out_string

    return staticmethod(clean_up_tokenization)


@_made(f"{_TOKENIZER}encode_plus")
def _encode_plus() -> Any:
    def encode_plus(self: Any, text: Any, text_pair: Any = None, *args: Any, **keywords: Any) -> Any:
        return self(text, text_pair, None, None, *args, **keywords)

    return encode_plus


@_made(f"{_TOKENIZER}batch_encode_plus")
def _batch_encode_plus() -> Any:
    def batch_encode_plus(self: Any, batch_text_or_text_pairs: Any, *args: Any, **keywords: Any) -> Any:
        batch = list(batch_text_or_text_pairs)
        pairs = bool(batch) and all(isinstance(each, tuple) and len(each) == 2 for each in batch)
        texts, others = (list(part) for part in zip(*batch, strict=True)) if pairs else (batch, None)
        return self(texts, others, None, None, *args, **keywords)

    return batch_encode_plus
