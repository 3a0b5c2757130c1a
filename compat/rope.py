"""Rotary position embeddings in a config: one form to read and write, however the release spells it."""

from __future__ import annotations

from ._adapters import adapts, stable
from .configs import text_config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

__all__ = ["rope_parameters", "rope_scaling", "rope_theta", "set_rope_parameters"]

# Names that checkpoints still carry: `su` was Phi-3's, `mrope` is Qwen2-VL's, whose frequencies are the default ones.
RENAMED_TYPES = {"su": "longrope", "mrope": "default"}
# These are scaled against the length that the model was pretrained with.
SCALED_FROM_PRETRAINING = ("llama3", "longrope", "yarn")
# What GPT-NeoX saves these as before 5.0; the attributes that its model reads are made of them when it is loaded.
GPT_NEOX_NAMES = {"rope_theta": "rotary_emb_base", "partial_rotary_factor": "rotary_pct"}
# What every model divides by where its config says nothing.
DEFAULT_THETA = 10_000.0


def rope_parameters(config: Any, layer_type: str | None = None) -> dict[str, Any] | None:
    """What a text model rotates by, in the form of transformers 5, whichever spelling the config has.

    5.0.0 put `rope_theta`, `rope_scaling` and `partial_rotary_factor` into one dict, `rope_parameters`; Gemma 3's
    `rope_local_base_freq` and ModernBERT's `local_rope_theta` became a dict for each layer type. Up to 4.57 a config
    takes `rope_parameters` too, and ignores it: here it counts, as what the checkpoint says.

    Args:
        config: A model's config; of a composite one, its text config is read.
        layer_type: Such as `full_attention`. Where all layers rotate alike it may be any.

    Returns:
        A new dict: `rope_type`, `rope_theta`, then whatever that type needs; `partial_rotary_factor` only where a part
        of the head is left alone; never `type`, never a None. Where layers differ and no layer type is given, such a
        dict by layer type, or None for a type that does not rotate. None where the model has no rotary embedding.

    Raises:
        ValueError: Layers differ, and none are of that type.
    """
    found = _stated(text_config(config))
    if layer_type is None or found is None or not _is_nested(found):
        return found
    if layer_type not in found:
        raise ValueError(f"{_name(config)} has no rope parameters for {layer_type!r}: it has them for {_listed(found)}")
    chosen: dict[str, Any] | None = found[layer_type]
    return chosen


def rope_theta(config: Any, layer_type: str | None = None) -> float | None:
    """The base of the rotary frequencies; None where the model has no rotary embedding.

    Args:
        config: A model's config, a composite one too.
        layer_type: Needed where layers differ.

    Raises:
        ValueError: Layers differ, and no layer type is given.
    """
    found = _of_one_type(config, layer_type)
    return None if found is None else float(found["rope_theta"])


def rope_scaling(config: Any, layer_type: str | None = None) -> dict[str, Any] | None:
    """How the rotary frequencies are scaled, or None where they are not: what `config.rope_scaling` was before 5.0.

    From 5.0.0 that attribute is all of `rope_parameters`, so never None for a model that rotates, and `if
    config.rope_scaling is None` turns round without an error.

    Args:
        config: A model's config, a composite one too.
        layer_type: Needed where layers differ.

    Returns:
        A new dict with `rope_type` and what it needs, without `rope_theta` and `partial_rotary_factor`.

    Raises:
        ValueError: Layers differ, and no layer type is given.
    """
    found = _of_one_type(config, layer_type)
    return None if found is None else _scaling(found)


@stable
def set_rope_parameters(config: Any, parameters: Mapping[str, Any], layer_type: str | None = None) -> None:
    """Make a text model rotate by these parameters, on the release that is installed.

    Set before the model is made. `rope_theta`, and `partial_rotary_factor`, stay as they are where they are not given.
    `set_rope_parameters(config, rope_parameters(config))` makes a checkpoint that was saved by 5.x right on 4.x.

    Args:
        config: A model's config; of a composite one, its text config is changed.
        parameters: As `rope_parameters` gives them; `type` is taken for `rope_type`.
        layer_type: Change one type of layers, where they differ.

    Raises:
        ValueError: The model does not rotate; or layers differ in it and not in the parameters, or the reverse; or it
            has no layers of that type.
    """


@adapts(set_rope_parameters, "transformers>=5.0", because="5.0.0 reads `rope_parameters` only")
def _since_5_0() -> Any:
    def set_rope_parameters(config: Any, parameters: Mapping[str, Any], layer_type: str | None = None) -> None:
        config = text_config(config)
        wanted = _wanted(config, parameters, layer_type)
        _set_where_it_counts(config, {} if _is_nested(wanted) else wanted)
        config.rope_parameters = wanted

    return set_rope_parameters


@adapts(set_rope_parameters, "transformers>=4.56,<5.0", because="`rope_theta` and `rope_scaling`, which 5.0.0 joins")
def _before_5_0() -> Any:
    return _writing_old_names(_unchanged)


@adapts(set_rope_parameters, "transformers>=4.55,<4.56", because="4.56.0 lets yarn's own factor count")
def _before_4_56() -> Any:
    return _writing_old_names(_yarn_by_ratio)


@adapts(set_rope_parameters, "transformers>=4.51,<4.55", because="4.55.0 reads `truncate`")
def _before_4_55() -> Any:
    return _writing_old_names(_truncating_yarn_by_ratio)


@adapts(set_rope_parameters, "transformers>=4.43,<4.51", because="4.51.0 reads the pretrained length, and `mscale`")
def _before_4_51() -> Any:
    return _writing_old_names(_yarn_of_the_whole_length)


@adapts(set_rope_parameters, "transformers<4.43", because="4.43.0 has the first types beyond linear and dynamic")
def _before_4_43() -> Any:
    return _writing_old_names(_first_types)


def _writing_old_names(fitted: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> Callable[..., None]:
    def set_rope_parameters(config: Any, parameters: Mapping[str, Any], layer_type: str | None = None) -> None:
        config = text_config(config)
        wanted = _wanted(config, parameters, layer_type)
        everywhere = wanted["full_attention"] if _is_nested(wanted) else wanted
        scaling = _old_scaling(config, everywhere, fitted)
        if _is_nested(wanted):
            _set_sliding(config, wanted, scaling)
        vars(config).pop("rope_parameters", None)
        if hasattr(config, "rope_theta"):
            config.rope_theta = everywhere["rope_theta"]
            config.rope_scaling = scaling
        _set_where_it_counts(config, everywhere)
        if "partial_rotary_factor" in everywhere:
            config.partial_rotary_factor = everywhere["partial_rotary_factor"]
        if everywhere["rope_type"] == "longrope":
            config.original_max_position_embeddings = everywhere["original_max_position_embeddings"]
        for key, saved_as in GPT_NEOX_NAMES.items():
            if saved_as in vars(config) and key in everywhere:
                setattr(config, saved_as, everywhere[key])

    return set_rope_parameters


def _old_scaling(
    config: Any, wanted: Mapping[str, Any], fitted: Callable[..., dict[str, Any]]
) -> dict[str, Any] | None:
    scaling = _scaling(wanted)
    # Remote code reads either name.
    return None if scaling is None else {**fitted(config, scaling), "type": scaling["rope_type"]}


def _unchanged(config: Any, scaling: dict[str, Any]) -> dict[str, Any]:
    return scaling


def _yarn_by_ratio(config: Any, scaling: dict[str, Any]) -> dict[str, Any]:
    if scaling["rope_type"] != "yarn":
        return scaling
    length, whole = scaling["original_max_position_embeddings"], config.max_position_embeddings
    if length == whole:
        return {key: value for key, value in scaling.items() if key != "original_max_position_embeddings"}
    if length * scaling["factor"] != whole:
        raise ValueError(
            "from transformers 4.51 to 4.55 yarn scales by max_position_embeddings / original_max_position_embeddings, "
            f"{whole} / {length}, and not by the factor that is given, {scaling['factor']}: make them agree"
        )
    return scaling


def _truncating_yarn_by_ratio(config: Any, scaling: dict[str, Any]) -> dict[str, Any]:
    _refuse_untruncated(scaling, "4.55")
    return _yarn_by_ratio(config, scaling)


def _yarn_of_the_whole_length(config: Any, scaling: dict[str, Any]) -> dict[str, Any]:
    from math import log

    _refuse_untruncated(scaling, "4.55")
    if scaling["rope_type"] != "yarn":
        return scaling
    length, whole = scaling["original_max_position_embeddings"], config.max_position_embeddings
    if length != whole:
        raise ValueError(
            "before transformers 4.51 yarn takes max_position_embeddings for the length of pretraining: that is "
            f"{whole}, and original_max_position_embeddings is {length}"
        )
    scales = [scaling.pop(key, None) for key in ("mscale", "mscale_all_dim")]
    if all(scales) and "attention_factor" not in scaling:
        one, other = (0.1 * scale * log(scaling["factor"]) + 1 if scaling["factor"] > 1 else 1.0 for scale in scales)
        scaling["attention_factor"] = one / other
    return scaling


def _first_types(config: Any, scaling: dict[str, Any]) -> dict[str, Any]:
    if scaling["rope_type"] not in ("default", "linear", "dynamic"):
        raise ValueError(
            f"before transformers 4.43 models scale by linear and dynamic only, not {scaling['rope_type']}"
        )
    return scaling


def _refuse_untruncated(scaling: Mapping[str, Any], since: str) -> None:
    if scaling.get("truncate") is False:
        raise ValueError(f"yarn's truncate=False needs transformers {since} or newer: older releases always truncate")


def _set_sliding(config: Any, wanted: Mapping[str, Any], scaling: dict[str, Any] | None) -> None:
    by_place = "global_rope_theta" in vars(config)
    if _scaling(wanted["sliding_attention"]) or (by_place and scaling):
        raise ValueError(f"{_name(config)} cannot scale these layers before transformers 5.0: {dict(wanted)!r}")
    if by_place:
        config.global_rope_theta = wanted["full_attention"]["rope_theta"]
    name = "local_rope_theta" if by_place else "rope_local_base_freq"
    setattr(config, name, wanted["sliding_attention"]["rope_theta"])


def _stated(config: Any) -> dict[str, Any] | None:
    stated = getattr(config, "rope_parameters", None)
    if stated and _is_nested(stated):
        # Up to 5.17 upstream writes a type and a theta beside the layer types that a config has no layers of.
        labels = {label: one for label, one in stated.items() if hasattr(one, "keys") or label.endswith("_attention")}
        return {label: None if one is None else _normal(config, one) for label, one in labels.items()}
    if stated:
        return _normal(config, stated)
    theta, scaling = getattr(config, "rope_theta", None), getattr(config, "rope_scaling", None)
    if (everywhere := getattr(config, "global_rope_theta", None)) is not None:
        sliding = getattr(config, "local_rope_theta", None)
    else:
        everywhere, sliding = theta, getattr(config, "rope_local_base_freq", None)
    if everywhere is None and not scaling:
        return None
    full = _normal(config, {**(scaling or {}), "rope_theta": everywhere})
    if sliding is None and not hasattr(config, "global_rope_theta"):
        return full
    return {
        "full_attention": full,
        "sliding_attention": _normal(config, {"rope_theta": full["rope_theta"] if sliding is None else sliding}),
    }


def _normal(config: Any, stated: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: _copied(value) for key, value in stated.items() if value is not None and key != "type"}
    kind = kept.pop("rope_type", None) or stated.get("type") or "default"
    kind = RENAMED_TYPES.get(kind, kind)
    theta = kept.pop("rope_theta", None) or getattr(config, "rope_theta", None)
    theta = theta or DEFAULT_THETA
    part = kept.pop("partial_rotary_factor", None) or getattr(config, "partial_rotary_factor", None)
    if part not in (None, 1):
        kept["partial_rotary_factor"] = part
    if kind in SCALED_FROM_PRETRAINING:
        # Phi-3 keeps it beside the dict, where it wins.
        length = getattr(config, "original_max_position_embeddings", None) or kept.get(
            "original_max_position_embeddings", getattr(config, "max_position_embeddings", None)
        )
        if length is not None:
            kept["original_max_position_embeddings"] = length
    return {"rope_type": kind, "rope_theta": float(theta), **kept}


def _wanted(config: Any, parameters: Mapping[str, Any], layer_type: str | None) -> dict[str, Any]:
    present = _stated(config)
    if present is None:
        raise ValueError(f"{_name(config)} has no rotary embedding: there is nothing to set")
    if layer_type is not None:
        if not _is_nested(present) or layer_type not in present:
            kinds = _listed(present) if _is_nested(present) else "all layers alike"
            raise ValueError(f"{_name(config)} has no rope parameters for {layer_type!r}: it has them for {kinds}")
        return {**present, layer_type: _completed(config, parameters, present[layer_type])}
    if not _is_nested(present):
        if _is_nested(parameters):
            raise ValueError(f"{_name(config)} rotates all layers alike; given were {_listed(parameters)}")
        return _completed(config, parameters, present)
    if not _is_nested(parameters) or set(parameters) != set(present):
        raise ValueError(
            f"{_name(config)} has rope parameters for {_listed(present)}: give a dict for each, or name a layer_type; "
            f"given was {dict(parameters)!r}"
        )
    return {
        label: None if one is None else _completed(config, one, present[label]) for label, one in parameters.items()
    }


def _completed(config: Any, parameters: Mapping[str, Any], present: Mapping[str, Any] | None) -> dict[str, Any]:
    kept = {key: present[key] for key in ("rope_theta", "partial_rotary_factor") if present and key in present}
    if (length := getattr(config, "original_max_position_embeddings", None)) is not None:
        kept["original_max_position_embeddings"] = length
    asked = {key: value for key, value in parameters.items() if value is not None}
    completed = _normal(_Lengths(config), {**kept, **asked})
    if asked.get("partial_rotary_factor") == 1 and "partial_rotary_factor" in kept:
        completed["partial_rotary_factor"] = 1.0
    if completed["rope_type"] == "longrope" and "attention_factor" not in completed:
        completed["attention_factor"] = _attention_factor(config, completed)
    return completed


def _attention_factor(config: Any, longrope: Mapping[str, Any]) -> float:
    # Left to upstream, it comes from the factor from 5.0.0 on, and from the ratio of the lengths before.
    from math import log, sqrt

    length = longrope["original_max_position_embeddings"]
    factor = longrope.get("factor", config.max_position_embeddings / length)
    return 1.0 if factor <= 1 else sqrt(1 + log(factor) / log(length))


class _Lengths:
    """A config's lengths only: what else is to be read has been taken from it already."""

    def __init__(self, config: Any) -> None:
        self.max_position_embeddings = getattr(config, "max_position_embeddings", None)


def _set_where_it_counts(config: Any, wanted: Mapping[str, Any]) -> None:
    # Where a config has these beside the dict, they win over what the dict holds.
    for key in ("original_max_position_embeddings", "partial_rotary_factor"):
        if key in wanted and getattr(config, key, None) is not None:
            setattr(config, key, wanted[key])


def _of_one_type(config: Any, layer_type: str | None) -> dict[str, Any] | None:
    found = rope_parameters(config, layer_type)
    if found is not None and _is_nested(found):
        raise ValueError(f"layers of {_name(config)} differ: name a layer_type of {_listed(found)}")
    return found


def _scaling(found: Mapping[str, Any]) -> dict[str, Any] | None:
    scaling = {key: value for key, value in found.items() if key not in ("rope_theta", "partial_rotary_factor")}
    return None if scaling == {"rope_type": "default"} else scaling


def _is_nested(found: Mapping[str, Any]) -> bool:
    return any(hasattr(value, "keys") for value in found.values())


def _copied(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else value


def _listed(found: Mapping[str, Any]) -> str:
    return ", ".join(sorted(found))


def _name(config: Any) -> str:
    return type(text_config(config)).__name__
