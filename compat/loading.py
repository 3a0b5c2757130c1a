"""Loading and saving: models, state dicts and checkpoints, with one set of arguments on every release."""

from __future__ import annotations

import os
from contextlib import contextmanager
from copy import deepcopy
from functools import cache

from ._adapters import adapts, stable
from ._names import UpstreamName, upstream_names
from ._releases import UnsupportedRelease, installed_release

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

__all__ = [  # noqa: F822
    "ContextManagers",
    "from_config",
    "from_pretrained",
    "get_parameter_dtype",
    "load_checkpoint",
    "load_sharded_checkpoint",
    "load_state_dict",
    "loading_arguments",
    "no_init_weights",
    "save_pretrained",
    "trusted_checkpoints",
]

__getattr__, __dir__ = upstream_names(
    __name__,
    UpstreamName(
        "ContextManagers",
        {"transformers": "transformers.utils.generic.ContextManagers"},
        because="`modeling_utils`, where most take it from, only re-exports it",
    ),
    UpstreamName(
        "load_sharded_checkpoint",
        {
            "transformers>=5.0": "transformers.trainer_utils.load_sharded_checkpoint",
            "transformers<5.0": "transformers.modeling_utils.load_sharded_checkpoint",
        },
        because="5.0.0 moves it to `trainer_utils`",
    ),
    UpstreamName(
        "no_init_weights",
        {
            "transformers>=5.0": "transformers.initialization.no_init_weights",
            "transformers<5.0": "transformers.modeling_utils.no_init_weights",
        },
        because="5.0.0 moves it to `initialization`; since 4.51.0 it takes no argument",
    ),
)

# What `from_pretrained` of 4.x made a BitsAndBytesConfig of by itself.
_BITS_AND_BYTES = (
    "bnb_4bit_compute_dtype",
    "bnb_4bit_quant_storage",
    "bnb_4bit_quant_type",
    "bnb_4bit_use_double_quant",
    "llm_int8_enable_fp32_cpu_offload",
    "llm_int8_has_fp16_weight",
    "llm_int8_skip_modules",
    "llm_int8_threshold",
)

# What `save_pretrained` hands on to the hub.
_PUSHED = {
    "commit_description",
    "commit_message",
    "create_pr",
    "private",
    "repo_id",
    "repo_url",
    "revision",
    "tags",
}


@stable
def loading_arguments(**keywords: Any) -> dict[str, Any]:
    """The arguments of a model's `from_pretrained`, from their newest names or older ones, as the release takes them.

    Without `dtype` the model gets the dtype of its checkpoint, as since 5.0.0; 4.x silently took float32.

    Args:
        keywords: `dtype` (or `torch_dtype`): a torch dtype, its name, or "auto"; `token` (or `use_auth_token`);
            `quantization_config` (or `load_in_8bit`, `load_in_4bit` and what belongs to them);
            `attn_implementation` (or `use_flash_attention_2`); anything else that `from_pretrained` takes.

    Raises:
        TypeError: An argument is given twice, by its old and its new name.
        UnsupportedRelease: The installed release lacks an argument, and does not do by itself what was asked for.
    """
    return {}


@adapts(loading_arguments, "transformers>=5.6", because="5.6.0 brings `disable_mmap` and `fusion_config`")
def _since_5_6() -> Any:
    return _making_arguments("dtype", {})


@adapts(loading_arguments, "transformers>=5.0,<5.6", because="5.0.0 drops `load_in_8bit` and `use_auth_token`")
def _since_5_0() -> Any:
    return _making_arguments("dtype", _NEEDS_5_6)


@adapts(loading_arguments, "transformers>=4.56,<5.0", because="4.56.0 renames `torch_dtype` to `dtype`")
def _since_4_56() -> Any:
    return _making_arguments("dtype", _NEEDS_5_6, sparing=False)


@adapts(loading_arguments, "transformers>=4.46,<4.56", because="4.46.0 brings `weights_only`")
def _since_4_46() -> Any:
    return _making_arguments("torch_dtype", _NEEDS_5_6, sparing=False)


@adapts(loading_arguments, "transformers<4.46", because="before 4.46.0 pickles are read with `weights_only=True` only")
def _until_4_45() -> Any:
    return _making_arguments("torch_dtype", {**_NEEDS_5_6, "weights_only": (">=4.46", (True,))}, sparing=False)


# Arguments that a release lacks: the releases that take them, and the values that ask for what the others do.
_NEEDS_5_6: dict[str, tuple[str, tuple[object, ...]]] = {
    "disable_mmap": (">=5.6", (None, False)),
    "fusion_config": (">=5.6", (None,)),
}


def _making_arguments(dtype: str, lacking: Mapping[str, Any], *, sparing: bool = True) -> Callable[..., dict[str, Any]]:
    def loading_arguments(**keywords: Any) -> dict[str, Any]:
        made = _newest_names(keywords)
        for name in lacking.keys() & made.keys():
            releases, same = lacking[name]
            if made[name] not in same:
                _refuse("from_pretrained", name, made[name], releases)
            del made[name]
        if sparing and "low_cpu_mem_usage" in made and not made.pop("low_cpu_mem_usage"):
            from warnings import warn

            warn("low_cpu_mem_usage=False: since transformers 5.0 weights are always loaded one by one", stacklevel=2)
        wanted = made.pop("dtype", None)
        if isinstance(wanted, str):
            wanted = wanted.removeprefix("torch.")
        return {**made, dtype: "auto" if wanted is None else wanted}

    return loading_arguments


def from_pretrained(cls: Any, name: Any, *args: Any, **keywords: Any) -> Any:
    """`cls.from_pretrained(name)` with the arguments that `loading_arguments` takes.

    Args:
        cls: A model class or an auto class; also of a config, tokenizer or processor, which take no dtype.
        name: A repository's name, or a folder.
        args: For the model's `__init__`.
        keywords: See `loading_arguments`.

    Raises:
        TypeError: An argument is given twice, by its old and its new name.
        UnsupportedRelease: The installed release lacks an argument, and does not do by itself what was asked for.
    """
    loading = loading_arguments if _makes_models(cls) else _newest_names_given
    return cls.from_pretrained(name, *args, **loading(**keywords))


def from_config(cls: Any, config: Any, **keywords: Any) -> Any:
    """A model with random weights: `from_config` of an auto class, `_from_config` of a model class.

    Args:
        cls: A model class or an auto class of models.
        config: The model's config, which stays as it is. Without `dtype` its own dtype is taken.
        keywords: `dtype` (or `torch_dtype`), `attn_implementation` (or `use_flash_attention_2`), `trust_remote_code`.

    Raises:
        TypeError: It is no model class; or an argument is given twice, by its old and its new name.
    """
    if not _makes_models(cls):
        raise TypeError(f"{cls!r} makes no models from configs: give a model class or an auto class of models")
    made = loading_arguments(**keywords)
    name = "dtype" if "dtype" in made else "torch_dtype"
    if made[name] == "auto":
        # Before 4.48 upstream took float32, whatever the config says.
        made[name] = getattr(config, "dtype" if hasattr(config, "dtype") else "torch_dtype", None)
    if made[name] is None:
        del made[name]
    elif isinstance(made[name], str):
        import torch

        made[name] = getattr(torch, made[name].removeprefix("torch."))
    # 5.x writes the dtype and the attention into the config that it is given; 4.x copies it.
    config = deepcopy(config)
    # Up to 4.53 a config that made a model already is not asked again whether its attention can be had.
    if getattr(config, "_attn_implementation_autoset", False):
        config._attn_implementation_autoset = False
    return (cls.from_config if hasattr(cls, "from_config") else cls._from_config)(config, **made)


def save_pretrained(
    model: Any,
    folder: Any,
    *,
    max_shard_size: int | str = "50GB",
    safe_serialization: bool = True,
    save_function: Callable[..., Any] | None = None,
    **keywords: Any,
) -> None:
    """Save a model, with files of the same size on every release.

    Args:
        model: A model of transformers or peft.
        folder: Where to.
        max_shard_size: The size of the largest file, in bytes or such as "5GB"; the default is that of 5.0 and later.
        safe_serialization: Whether to write safetensors; since 5.0.0 nothing else is written, and False is refused.
        save_function: What writes a file that is no safetensors, such as `accelerator.save`.
        keywords: `is_main_process`, `state_dict`, `push_to_hub`, `variant`, `token`, and whatever else the model's
            `save_pretrained` takes.

    Raises:
        TypeError: The model's `save_pretrained` would swallow an argument without a word.
        UnsupportedRelease: The installed release writes safetensors only, or lacks the argument.
    """
    takes = _named(type(model).save_pretrained)
    made = _newest_names(keywords)
    # Since 5.0 and 5.15: what the releases before did.
    for name, (releases, same) in {
        "distributed_checkpoint": (">=5.15", False),
        "save_original_format": (">=5.0", True),
    }.items():
        if name in made and name not in takes:
            if made[name] is not same:
                _refuse("save_pretrained", name, made[name], releases)
            del made[name]
    swallowed = sorted(set(made) - takes - _PUSHED)
    if swallowed:
        raise TypeError(f"{type(model).__name__}.save_pretrained knows no {', '.join(swallowed)}, and would not say so")
    if "safe_serialization" in takes:
        made["safe_serialization"] = safe_serialization
    elif not safe_serialization:
        _refuse("save_pretrained", "safe_serialization", False, "<5.0", "`torch.save` the state dict yourself")
    if save_function is not None and "save_function" in takes:
        made["save_function"] = save_function
    if "max_shard_size" in takes:
        made["max_shard_size"] = max_shard_size
    model.save_pretrained(folder, **made)


@stable
def load_state_dict(
    checkpoint_file: Any, map_location: Any = "cpu", weights_only: bool = True, disable_mmap: bool | None = None
) -> Any:
    """The tensors of one file of weights, safetensors or a pickle.

    Args:
        checkpoint_file: The file's path, a string.
        map_location: The device that the tensors are put on, or "meta".
        weights_only: Whether to refuse pickles that hold more than tensors.
        disable_mmap: Whether to read the whole file at once; None: upstream's choice.

    Raises:
        UnsupportedRelease: The installed release cannot do what was asked for.
    """


@adapts(load_state_dict, "transformers>=5.6", because="5.6.0 brings `disable_mmap`")
def _with_mmap() -> Any:
    from transformers.modeling_utils import load_state_dict

    return load_state_dict


@adapts(load_state_dict, "transformers>=5.0,<5.6", because="5.0.0 drops `is_quantized`, which was the second parameter")
def _without_mmap() -> Any:
    from transformers.modeling_utils import load_state_dict as upstream

    def load_state_dict(
        checkpoint_file: Any, map_location: Any = "cpu", weights_only: bool = True, disable_mmap: bool | None = None
    ) -> Any:
        if disable_mmap:
            _refuse("load_state_dict", "disable_mmap", disable_mmap, ">=5.6")
        return upstream(checkpoint_file, map_location=map_location, weights_only=weights_only)

    return load_state_dict


@adapts(load_state_dict, "transformers>=4.46,<5.0", because="4.46.0 brings `map_location` after `is_quantized`")
def _with_quantized() -> Any:
    from transformers.modeling_utils import load_state_dict as upstream

    def load_state_dict(
        checkpoint_file: Any, map_location: Any = "cpu", weights_only: bool = True, disable_mmap: bool | None = None
    ) -> Any:
        if disable_mmap:
            _refuse("load_state_dict", "disable_mmap", disable_mmap, ">=5.6")
        return upstream(checkpoint_file, map_location=map_location, weights_only=weights_only)

    return load_state_dict


@adapts(load_state_dict, "transformers<4.46", because="before 4.46.0 it reads to the CPU, and weights only")
def _to_cpu() -> Any:
    from transformers.modeling_utils import load_state_dict as upstream

    def load_state_dict(
        checkpoint_file: Any, map_location: Any = "cpu", weights_only: bool = True, disable_mmap: bool | None = None
    ) -> Any:
        if str(map_location) != "cpu":
            _refuse("load_state_dict", "map_location", map_location, ">=4.46")
        if not weights_only:
            _refuse("load_state_dict", "weights_only", weights_only, ">=4.46")
        if disable_mmap:
            _refuse("load_state_dict", "disable_mmap", disable_mmap, ">=5.6")
        return upstream(checkpoint_file)

    return load_state_dict


@stable
def get_parameter_dtype(parameter: Any) -> Any:
    """The dtype of a module: that of its first floating point parameter, else of its last parameter.

    Args:
        parameter: A torch module; one without parameters has the dtype of its buffers.
    """


@adapts(get_parameter_dtype, "transformers>=5.0", because="5.0.0 drops it; only `model.dtype` is left")
def _of_parameters() -> Any:
    def get_parameter_dtype(parameter: Any) -> Any:
        for tensors in (parameter.parameters, parameter.buffers):
            dtypes = [tensor.dtype for tensor in tensors()]
            if dtypes:
                return next((dtype for dtype in dtypes if dtype.is_floating_point), dtypes[-1])
        raise TypeError(f"{type(parameter).__name__} has no parameters and no buffers, and so no dtype")

    return get_parameter_dtype


@adapts(get_parameter_dtype, "transformers<5.0", because="up to 4.57 it is a function of `modeling_utils`")
def _upstreams() -> Any:
    from transformers.modeling_utils import get_parameter_dtype

    return get_parameter_dtype


def load_checkpoint(file: Any, *, trusted: bool = False, map_location: Any = "cpu") -> Any:
    """What `torch.save` wrote, read alike before and after torch 2.6, which changed the default of `weights_only`.

    Args:
        file: A path, or a file opened for reading bytes.
        trusted: Whether whoever wrote it may run code here: pickles can. Otherwise only tensors, plain containers and
            numbers are read.
        map_location: Where tensors are put.

    Raises:
        pickle.UnpicklingError: It holds something else, and is not trusted.
    """
    from torch import load

    return load(file, map_location=map_location, weights_only=not trusted)


@contextmanager
def trusted_checkpoints() -> Iterator[None]:
    """Within it, a `torch.load` that leaves `weights_only` open reads any pickle, as before torch 2.6.

    For code of others that calls `torch.load` on files that you trust. It works by
    TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD, which torch reads at each call, however it was imported; the environment is the
    whole process's, so other threads that load at the same time are concerned, too.
    """
    variable = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(variable)
    os.environ[variable] = "1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = before


def _makes_models(cls: Any) -> bool:
    return hasattr(cls, "from_config") or hasattr(cls, "_from_config")


def _newest_names_given(**keywords: Any) -> dict[str, Any]:
    return _newest_names(keywords)


def _newest_names(keywords: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(keywords)
    for old, new in (("torch_dtype", "dtype"), ("use_auth_token", "token")):
        if old in made:
            _give(made, new, made.pop(old), old)
    if made.pop("use_flash_attention_2", False):
        _give(made, "attn_implementation", "flash_attention_2", "use_flash_attention_2")
    # Downloads are always resumed; no release reads it any more.
    made.pop("resume_download", None)
    bits = {name: made.pop(name) for name in ("load_in_8bit", "load_in_4bit") if name in made}
    if any(bits.values()):
        from transformers import BitsAndBytesConfig

        if made.get("quantization_config") is not None:
            raise TypeError(f"{' and '.join(bits)} belongs into quantization_config, which is given, too: put it there")
        told = {name: made.pop(name) for name in _BITS_AND_BYTES if name in made}
        made["quantization_config"] = BitsAndBytesConfig(**bits, **told)
    return made


def _give(made: dict[str, Any], new: str, value: Any, old: str) -> None:
    if value is None:
        return
    given = made.get(new)
    if given is not None and given != value:
        raise TypeError(f"{old}={value!r} and {new}={given!r} are one argument: give {new} only")
    made[new] = value


@cache
def _named(function: Any) -> frozenset[str]:
    from inspect import Parameter, signature

    kinds = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    return frozenset(name for name, parameter in signature(function).parameters.items() if parameter.kind in kinds)


def _refuse(function: str, name: str, value: Any, releases: str, instead: str = "") -> None:
    installed = installed_release("transformers")
    raise UnsupportedRelease(
        f"{function}: {name}={value!r} needs transformers{releases}, and {installed} is installed"
        + (f": {instead}" if instead else "")
    )
