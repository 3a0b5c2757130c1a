"""Model configs: made by keywords, and their text part and dtype read and written, alike on all releases."""

from __future__ import annotations

from ._adapters import adapts, stable
from ._names import UpstreamName, upstream_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

__all__ = [
    "PreTrainedConfig",  # noqa: F822
    "dtype",
    "make_config",
    "set_dtype",
    "text_attribute",
    "text_config",
    "to_dict",
]

__getattr__, __dir__ = upstream_names(
    __name__,
    UpstreamName(
        "PreTrainedConfig",
        {
            "transformers>=5.0": "transformers.configuration_utils.PreTrainedConfig",
            "transformers<5.0": "transformers.configuration_utils.PretrainedConfig",
        },
        because="5.0.0 spells `PretrainedConfig` with a large T, and stops exporting it from `modeling_utils`",
    ),
)

# What remote code calls a text config that upstream's `get_text_config` does not look for.
OTHER_TEXT_CONFIGS = ("text_config", "llm_config", "language_config", "thinker_config")
# Up to 4.57 every config has these, None where they mean nothing; 5.0.0 took them from those that do not use them.
TOKEN_IDS = ("bos_token_id", "decoder_start_token_id", "eos_token_id", "pad_token_id", "sep_token_id")
_REQUIRED = object()


def text_config(config: Any) -> Any:
    """The config of the model's text part: of a composite config that part, else the config itself.

    Qwen2-VL's config is flat up to 4.51 and composite from 4.52.1 on; from 5.0.0 on no composite config hands
    `vocab_size` or `hidden_size` on from its text part.

    Args:
        config: A model's config.

    Raises:
        TypeError: Its text part is a plain dict, which the release's class does not know: make it with `make_config`.
        ValueError: Upstream finds several text parts.
    """
    find = getattr(config, "get_text_config", None)
    found = config if find is None else find()
    if found is config:
        held = vars(config)
        part = next((held[name] for name in OTHER_TEXT_CONFIGS if held.get(name) is not None), None)
        found = config if part is None or part is config else part if isinstance(part, dict) else text_config(part)
    if isinstance(found, dict):
        raise TypeError(
            f"the text config of {type(config).__name__} is a plain dict, which this release's class does not read; "
            "make the config with make_config, or from the config class of its text model"
        )
    return found


def text_attribute(config: Any, name: str, default: Any = _REQUIRED) -> Any:
    """An attribute of a model's text part, such as `vocab_size`, `hidden_size` or `pad_token_id`.

    Looked for in the text config, then in the config that was given; one that is None there gives way to the other.

    Args:
        config: A model's config, composite or not.
        name: The attribute.
        default: What to return where there is none, or None.

    Raises:
        AttributeError: There is none, and no default. A token id is None instead, as it is up to 4.57.
    """
    there = name in TOKEN_IDS
    for part in (text_config(config), config):
        value = getattr(part, name, _REQUIRED)
        if value is not None and value is not _REQUIRED:
            return value
        there = there or value is None
    if default is not _REQUIRED:
        return default
    if there:
        return None
    raise AttributeError(f"neither {type(config).__name__} nor its text config has {name!r}")


@stable
def make_config(config_class: type, /, **keywords: Any) -> Any:
    """Make a config, with the keywords of the newest release on every release.

    `dtype` is `torch_dtype` before 4.56.0, which keeps `dtype` as an attribute that nothing reads; so does every
    release before 5.0.0 with `rope_parameters`. A config that is flat on a release, such as Qwen2-VL's before 4.52,
    takes what is in `text_config` as its own. From 5.4.0 on configs are strict: a whole number that is given for a
    float becomes one. Dicts are copied, since upstream writes into them.

    Args:
        config_class: The class of the config.
        keywords: What it is made of.

    Raises:
        TypeError: `text_config` is given to a class that neither has such a part nor takes its keywords; or
            `rope_parameters` is given together with what it replaces.
    """


@adapts(make_config, "transformers>=4.56", because="4.56.0 takes `dtype`, 5.0.0 `rope_parameters`; 5.4.0 checks types")
def _make_since_4_56() -> Any:
    return _making(dict)


@adapts(make_config, "transformers<4.56", because="`dtype` is kept, and not read, before 4.56.0")
def _make_before_4_56() -> Any:
    return _making(_with_torch_dtype)


@stable
def dtype(config: Any) -> Any:
    """The dtype that a config names, as a `torch.dtype`; None where it names none.

    4.56.0 renamed `torch_dtype` to `dtype`; reading the old name warns since. A checkpoint that was saved with the new
    name is read on older releases too.

    Args:
        config: A model's config; where a composite one names none, its text config's is it.

    Raises:
        ValueError: It names what torch does not have as a dtype, such as `auto`.
    """


@adapts(dtype, "transformers>=4.56", because="4.56.0 names it `dtype`")
def _dtype_since_4_56() -> Any:
    return _reading("dtype")


@adapts(dtype, "transformers<4.56", because="it is `torch_dtype`; what is called `dtype` is not read by upstream")
def _dtype_before_4_56() -> Any:
    return _reading("torch_dtype", "dtype")


@stable
def set_dtype(config: Any, dtype: Any) -> None:
    """Name the dtype that a model is to be made in, in its config and in all parts of it.

    Args:
        config: A model's config.
        dtype: A `torch.dtype`, its name such as `bfloat16`, or None.

    Raises:
        ValueError: torch has no dtype of that name.
    """


@adapts(set_dtype, "transformers>=4.56", because="4.56.0 names it `dtype`")
def _set_dtype_since_4_56() -> Any:
    return _writing("dtype")


@adapts(set_dtype, "transformers<4.56", because="4.56.0 renames `torch_dtype`, and warns of it")
def _set_dtype_before_4_56() -> Any:
    return _writing("torch_dtype")


def to_dict(config: Any) -> dict[str, Any]:
    """A config as a dict, with the dtype under `dtype` on every release, in its parts too.

    Args:
        config: A model's config.

    Returns:
        What `config.to_dict()` gives, where before 4.56.0 the dtype is under `torch_dtype`.
    """
    return _with_dtype(config.to_dict())


def _making(spelled: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., Any]:
    from .rope import set_rope_parameters

    def make_config(config_class: type, /, **keywords: Any) -> Any:
        keywords = _checked(config_class, keywords)
        text = keywords.get("text_config")
        stated = keywords.get("rope_parameters") or (text.get("rope_parameters") if isinstance(text, dict) else None)
        made = config_class(**spelled(keywords))
        if stated:
            # Not read before 5.0.0; and from then on a model's default, such as Phi's for a part of the head, may win.
            set_rope_parameters(made, stated)
        return made

    return make_config


def _reading(*names: str) -> Callable[[Any], Any]:
    import torch

    def dtype(config: Any) -> Any:
        for find in (_itself, text_config):
            part = find(config)
            for name in names:
                if (named := getattr(part, name, None)) is not None:
                    return named if isinstance(named, torch.dtype) else _torch_dtype(torch, named)
        return None

    return dtype


def _itself(config: Any) -> Any:
    return config


def _writing(name: str) -> Callable[[Any, Any], None]:
    import torch

    def set_dtype(config: Any, dtype: Any) -> None:
        wanted = None if dtype is None else _torch_dtype(torch, dtype)
        for part in _parts(config):
            setattr(part, name, wanted)

    return set_dtype


def _torch_dtype(torch: Any, named: Any) -> Any:
    found = getattr(torch, named.removeprefix("torch."), None) if isinstance(named, str) else named
    if not isinstance(found, torch.dtype):
        raise ValueError(f"{named!r} is no dtype of torch: give a torch.dtype, or a name such as 'bfloat16'")
    return found


def _parts(config: Any) -> Iterator[Any]:
    yield config
    for part in list(vars(config).values()):
        if hasattr(part, "model_type") and hasattr(part, "to_dict"):
            yield from _parts(part)


def _checked(config_class: type, keywords: Mapping[str, Any]) -> dict[str, Any]:
    from copy import deepcopy

    keywords = {name: deepcopy(value) if isinstance(value, dict) else value for name, value in keywords.items()}
    old_names = sorted({"rope_scaling", "rope_theta"} & {*keywords})
    if "rope_parameters" in keywords and old_names:
        raise TypeError(f"rope_parameters replaces {' and '.join(old_names)}: give one or the other")
    text = keywords.get("text_config")
    if isinstance(text, dict) and "text_config" not in getattr(config_class, "sub_configs", {}):
        keywords = _flattened(config_class, keywords, text)
    return {name: _typed(config_class, name, value) for name, value in keywords.items()}


def _flattened(config_class: type, keywords: dict[str, Any], text: Mapping[str, Any]) -> dict[str, Any]:
    from inspect import signature

    known = {*signature(config_class).parameters, *TOKEN_IDS, "dtype", "rope_parameters", "torch_dtype"}
    if "text_config" in known:
        return keywords
    own = {name: value for name, value in text.items() if name != "model_type"}
    if unknown := sorted({*own} - known):
        raise TypeError(f"{config_class.__name__} has no text_config on this release, and takes no {unknown[0]!r}")
    if twice := sorted({*own} & {*keywords}):
        raise TypeError(f"{twice[0]!r} is given to {config_class.__name__} and in its text_config")
    return {**{name: value for name, value in keywords.items() if name != "text_config"}, **own}


def _typed(config_class: type, name: str, value: Any) -> Any:
    field = getattr(config_class, "__dataclass_fields__", {}).get(name)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if field is None or not is_whole or str(field.type).strip("<>") not in FLOATS:
        return value
    return float(value)


FLOATS = ("class 'float'", "float", "float | None", "typing.Optional[float]", "Optional[float]")


def _with_torch_dtype(keywords: dict[str, Any]) -> dict[str, Any]:
    named = {name: _with_torch_dtype(value) if isinstance(value, dict) else value for name, value in keywords.items()}
    if "dtype" in named:
        named["torch_dtype"] = named.pop("dtype")
    return named


def _with_dtype(saved: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: _with_dtype(value) if isinstance(value, dict) else value for name, value in saved.items()}
    if "torch_dtype" in named:
        stated = named.pop("torch_dtype")
        named["dtype"] = named.get("dtype") if stated is None else stated
    return named
