"""What took the place of a member of a class, where the history cannot tell."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple


class Successor(NamedTuple):
    """What to use in the place of a member that is gone.

    Args:
        of: The canonical path of the class that had the member, or of a base of those that had.
        member: The member.
        now: What to write in its place, beginning with `.` where it follows the same object; "" for a rewrite by hand.
        says: What became of it.
        because: The upstream fact, with its release.
        name: The other name, where nothing but the name has changed.
        below: Not `of` itself had it, but most classes derived from it; a specifier of the releases in which they did.
    """

    of: str
    member: str
    now: str
    says: str
    because: str
    name: str = ""
    below: str = ""


_CACHE = "transformers.cache_utils.Cache"
_CONFIG = "transformers.configuration_utils.PreTrainedConfig"
_TOKENIZER = "transformers.tokenization_utils_base.PreTrainedTokenizerBase"

SUCCESSORS = (
    Successor(
        "transformers.trainer.Trainer",
        "tokenizer",
        ".processing_class",
        "it is now `processing_class`",
        "the property was an alias of `processing_class` from 4.46.0 on, and went in 5.0.0",
        "processing_class",
    ),
    Successor(
        "transformers.training_args.TrainingArguments",
        "save_safetensors",
        "",
        "safetensors is the only format that is written",
        "5.0.0 writes safetensors always",
    ),
    Successor(
        _CONFIG,
        "rope_theta",
        '.rope_parameters["rope_theta"]',
        "`rope_parameters` holds it",
        "5.0.0 put all parameters of rotary embeddings into one dict, which some configs nest by layer type",
        below="<5",
    ),
    Successor(
        _CACHE,
        "get_usable_length",
        ".get_seq_length(layer_idx)",
        "ask `get_seq_length`",
        "it went in 4.54.0; for a cache without a greatest length both gave the same number",
    ),
    Successor(
        _CACHE,
        "key_cache",
        ".layers[i].keys",
        "each layer holds its own `keys`",
        "4.54.0 brought cache layers, 4.56.0 took the lists away",
    ),
    Successor(
        _CACHE,
        "value_cache",
        ".layers[i].values",
        "each layer holds its own `values`",
        "4.54.0 brought cache layers, 4.56.0 took the lists away",
    ),
    Successor(
        _CACHE,
        "__getitem__",
        ".layers[i]",
        "each layer holds its own `keys` and `values`",
        "5.0.0 took the legacy format away",
    ),
    Successor(
        "transformers.cache_utils.DynamicCache",
        "from_legacy_cache",
        "DynamicCache(legacy)",
        "the constructor takes the pairs of keys and values",
        "5.0.0 took the legacy format away",
    ),
    *(
        Successor(_TOKENIZER, name, "tokenizer(…)", "call the tokenizer itself", "5.0.0 encodes by `__call__` only")
        for name in ("encode_plus", "batch_encode_plus")
    ),
)


@cache
def _by_member() -> dict[str, tuple[Successor, ...]]:
    return {s.member: tuple(other for other in SUCCESSORS if other.member == s.member) for s in SUCCESSORS}


def below_base(member: str, version: str) -> Successor | None:
    """What is declared of a member that most classes below a base had in a release."""
    from packaging.specifiers import SpecifierSet

    declared = next((each for each in _by_member().get(member, ()) if each.below), None)
    return declared if declared is not None and SpecifierSet(declared.below).contains(version) else None


def members_below() -> dict[str, str]:
    """The members that most classes below a base had, with the member that holds each now."""
    return {each.member: each.now[1:].partition("[")[0] for each in SUCCESSORS if each.below}


def successor(classes: Iterable[str], member: str) -> Successor | None:
    """What is declared to take the place of a member.

    Args:
        classes: The canonical paths of the class and its bases.
        member: The member.
    """
    declared = _by_member().get(member, ())
    return next((each for each in declared if each.of in {*classes}), None) if declared else None
