"""Tokenizers: which class is loaded, and the methods that transformers 5 took from them or gave another meaning."""

from __future__ import annotations

from ._adapters import adapts, stable
from ._names import UpstreamName, upstream_names
from ._releases import UnsupportedRelease, installed_release

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

__all__ = [
    "AddedToken",  # noqa: F822
    "BatchEncoding",  # noqa: F822
    "PaddingStrategy",  # noqa: F822
    "PreTrainedTokenizer",  # noqa: F822
    "PreTrainedTokenizerBase",  # noqa: F822
    "PreTrainedTokenizerFast",  # noqa: F822
    "SpecialTokensMixin",  # noqa: F822
    "Trie",  # noqa: F822
    "TruncationStrategy",  # noqa: F822
    "add_special_tokens",
    "batch_decode",
    "batch_encode_plus",
    "build_inputs_with_special_tokens",
    "bytes_to_unicode",  # noqa: F822
    "clean_up_tokenization",
    "create_token_type_ids_from_sequences",
    "decode",
    "encode_plus",
    "extra_special_tokens",
    "extra_special_tokens_ids",
    "load_tokenizer",
    "prepare_for_model",
    "special_tokens_map",
    "truncate_sequences",
    "wants_slow_class",
]

_BASE = "transformers.tokenization_utils_base"
_ALIAS_LOSES_IT = "the alias that 5.0.0 leaves of `tokenization_utils` does not have it"

__getattr__, __dir__ = upstream_names(
    __name__,
    *(
        UpstreamName(name, {"transformers>=4.40": f"{_BASE}.{name}"}, because=_ALIAS_LOSES_IT)
        for name in ("AddedToken", "BatchEncoding", "PaddingStrategy", "PreTrainedTokenizerBase", "TruncationStrategy")
    ),
    UpstreamName(
        "PreTrainedTokenizer",
        {
            "transformers>=5.0": "transformers.tokenization_python.PythonBackend",
            "transformers<5.0": "transformers.tokenization_utils.PreTrainedTokenizer",
        },
        because="5.0.0 calls it `PythonBackend`, in `tokenization_python`",
    ),
    UpstreamName(
        "PreTrainedTokenizerFast",
        {
            "transformers>=5.0": "transformers.tokenization_utils_tokenizers.TokenizersBackend",
            "transformers<5.0": "transformers.tokenization_utils_fast.PreTrainedTokenizerFast",
        },
        because="5.0.0 calls it `TokenizersBackend`, in `tokenization_utils_tokenizers`",
    ),
    UpstreamName(
        "SpecialTokensMixin",
        {
            "transformers>=5.0": f"{_BASE}.PreTrainedTokenizerBase",
            "transformers<5.0": f"{_BASE}.SpecialTokensMixin",
        },
        because="5.0.0 makes it part of `PreTrainedTokenizerBase`",
    ),
    UpstreamName(
        "Trie",
        {
            "transformers>=5.0": "transformers.tokenization_python.Trie",
            "transformers<5.0": "transformers.tokenization_utils.Trie",
        },
        because="5.0.0 moves it to `tokenization_python`",
    ),
    UpstreamName(
        "bytes_to_unicode",
        {
            "transformers>=4.41": "transformers.convert_slow_tokenizer.bytes_to_unicode",
            "transformers<4.41": "transformers.models.gpt2.tokenization_gpt2.bytes_to_unicode",
        },
        because="5.0.0 takes it from the models' tokenizers; 4.41.0 has it in `convert_slow_tokenizer` too",
    ),
)

# What decoding takes a space from, in this order: upstream's for English words and punctuation.
SPACED = {" .": ".", " ?": "?", " !": "!", " ,": ",", " ' ": "'"} | {
    f" {ending}": ending for ending in ("n't", "'m", "'s", "'ve", "'re")
}
# A text that any vocabulary makes at least one token of.
PROBES = ("a", "0", ".", "the", "的")


def wants_slow_class(architecture: str | None) -> bool:
    """The class rule: a slow tokenizer is meant where a class is named `...Tokenizer` and not `...Fast`.

    Diffusion pipelines name the class of each part in `model_index.json`; text encoders were trained with the ids of
    that one.

    Args:
        architecture: The name of a tokenizer's class, or None where none is stated.
    """
    return architecture is not None and architecture.endswith("Tokenizer") and "Fast" not in architecture


@stable
def load_tokenizer(
    pretrained_model_name_or_path: Any,
    *inputs: Any,
    architecture: str | None = None,
    require_slow: bool = False,
    **keywords: Any,
) -> Any:
    """Load a tokenizer, of the class that the name of its architecture means.

    Up to 4.57 most tokenizers have two classes, and `use_fast` chooses. From 5.0.0 on there is one, nearly always the
    fast one, and `AutoTokenizer` takes `use_fast` and ignores it.

    Args:
        pretrained_model_name_or_path: As `AutoTokenizer.from_pretrained` takes it.
        inputs: As `AutoTokenizer.from_pretrained` takes them.
        architecture: The name of the class that is meant, to which `wants_slow_class` is applied; None: the fast one.
        require_slow: Raise where the slow class that is meant does not exist on this release.
        keywords: As `AutoTokenizer.from_pretrained` takes them.

    Raises:
        TypeError: `use_fast` is given: the rule decides.
        UnsupportedRelease: A slow class is meant and required, and this release has none for that tokenizer.
    """


@adapts(load_tokenizer, "transformers>=5.0", because="5.0.0 ignores `use_fast`: one class for each tokenizer")
def _load_since_5_0() -> Any:
    from transformers.models.auto.tokenization_auto import AutoTokenizer

    def load_tokenizer(
        pretrained_model_name_or_path: Any,
        *inputs: Any,
        architecture: str | None = None,
        require_slow: bool = False,
        **keywords: Any,
    ) -> Any:
        if "use_fast" in keywords:
            raise TypeError(_NO_USE_FAST)
        tokenizer = AutoTokenizer.from_pretrained(pretrained_model_name_or_path, *inputs, **keywords)
        return _required(tokenizer, architecture) if require_slow else tokenizer

    return load_tokenizer


@adapts(load_tokenizer, "transformers<5.0", because="`use_fast` chooses between two classes")
def _load_before_5_0() -> Any:
    from transformers.models.auto.tokenization_auto import AutoTokenizer

    def load_tokenizer(
        pretrained_model_name_or_path: Any,
        *inputs: Any,
        architecture: str | None = None,
        require_slow: bool = False,
        **keywords: Any,
    ) -> Any:
        if "use_fast" in keywords:
            raise TypeError(_NO_USE_FAST)
        tokenizer = AutoTokenizer.from_pretrained(
            pretrained_model_name_or_path, *inputs, use_fast=not wants_slow_class(architecture), **keywords
        )
        return _required(tokenizer, architecture) if require_slow else tokenizer

    return load_tokenizer


def encode_plus(tokenizer: Any, text: Any, text_pair: Any = None, **keywords: Any) -> Any:
    """Encode one text, or one pair of texts: a tokenizer's `encode_plus`, which 5.0.0 removed.

    Args:
        tokenizer: Any tokenizer.
        text: A string; or its words, with `is_split_into_words=True`.
        text_pair: The second text, of the same kind.
        keywords: As a tokenizer's call takes them. Without `return_token_type_ids` the class decides, and the plain
            fast class stopped giving them with 5.0.0.

    Raises:
        TypeError: The text is a list, which would be a batch.
    """
    split = keywords.get("is_split_into_words", False)
    for one in (text, text_pair):
        if isinstance(one, (list, tuple)) and not (split and all(isinstance(word, str) for word in one)):
            raise TypeError(
                "encode_plus takes one string, or its words with is_split_into_words=True; for several texts there is "
                f"batch_encode_plus; given was {one!r}"
            )
    return tokenizer(text, text_pair, **keywords)


def batch_encode_plus(tokenizer: Any, batch_text_or_text_pairs: Sequence[Any], **keywords: Any) -> Any:
    """Encode several texts, or pairs of texts: a tokenizer's `batch_encode_plus`, which 5.0.0 removed.

    Args:
        tokenizer: Any tokenizer.
        batch_text_or_text_pairs: Strings, or pairs of them; with `is_split_into_words=True` lists of words, or pairs
            of lists.
        keywords: As a tokenizer's call takes them.

    Raises:
        ValueError: Some are pairs, and some are not.
    """
    split = keywords.get("is_split_into_words", False)
    pairs = [_is_pair(one, split) for one in batch_text_or_text_pairs]
    if not any(pairs):
        texts = list(batch_text_or_text_pairs)
        if split and not _is_fast(tokenizer) and not hasattr(tokenizer, "batch_encode_plus"):
            # From 5.0 to 5.15 a slow tokenizer takes two words for a pair; not so within a list of their own.
            texts = [[list(words)] for words in texts]
        return tokenizer(texts, **keywords)
    if not all(pairs):
        raise ValueError("either all are pairs of texts, or none is")
    firsts, seconds = zip(*batch_text_or_text_pairs, strict=True)
    return tokenizer(list(firsts), list(seconds), **keywords)


def decode(
    tokenizer: Any,
    token_ids: Any,
    skip_special_tokens: bool = False,
    clean_up_tokenization_spaces: bool | None = None,
) -> Any:
    """The text of ids; a list of texts where they are a batch, which up to 4.57 raises.

    Args:
        tokenizer: Any tokenizer.
        token_ids: An id, ids, or a batch of ids: lists, arrays or tensors.
        skip_special_tokens: Leave special tokens out.
        clean_up_tokenization_spaces: Take spaces from before English punctuation; None: as the tokenizer is set. From
            5.7.0 on upstream does not do it for BPE, asked or not; here it is done where it is asked for.

    Returns:
        A string, or a list of strings.
    """
    ids = _as_lists(token_ids)
    if isinstance(ids, list) and ids and isinstance(ids[0], list):
        return [_text(tokenizer, one, skip_special_tokens, clean_up_tokenization_spaces) for one in ids]
    return _text(tokenizer, ids, skip_special_tokens, clean_up_tokenization_spaces)


def batch_decode(
    tokenizer: Any,
    sequences: Any,
    skip_special_tokens: bool = False,
    clean_up_tokenization_spaces: bool | None = None,
) -> list[str]:
    """One text for each entry: for each sequence, and, of a flat list, for each id.

    Up to 4.57 that is what `batch_decode` does. From 5.0.0 on it makes one text of all ids of a flat list, and one
    empty text of an empty list, without a word.

    Args:
        tokenizer: Any tokenizer.
        sequences: Ids, or sequences of ids: lists, arrays or tensors.
        skip_special_tokens: Leave special tokens out.
        clean_up_tokenization_spaces: As in `decode`.
    """
    return [_text(tokenizer, one, skip_special_tokens, clean_up_tokenization_spaces) for one in _as_lists(sequences, 1)]


def clean_up_tokenization(text: str) -> str:
    """Take the spaces from before English punctuation and contractions.

    A method of tokenizers up to 4.57, absent from 5.0.0 to 5.2.0, and back with 5.3.0.

    Args:
        text: What was decoded.
    """
    for spaced, joined in SPACED.items():
        text = text.replace(spaced, joined)
    return text


def extra_special_tokens(tokenizer: Any) -> list[str]:
    """The special tokens that have no name of their own: `additional_special_tokens` before 5.0.0.

    Args:
        tokenizer: Any tokenizer.
    """
    # From 4.47 to 4.57 `extra_special_tokens` is something else: the names that a model adds.
    stated = tokenizer.additional_special_tokens if _has_old_names(tokenizer) else tokenizer.extra_special_tokens
    return [str(token) for token in stated or ()]


def extra_special_tokens_ids(tokenizer: Any) -> list[int]:
    """The ids of `extra_special_tokens`.

    Args:
        tokenizer: Any tokenizer.
    """
    return [int(one) for one in tokenizer.convert_tokens_to_ids(extra_special_tokens(tokenizer))]


def special_tokens_map(tokenizer: Any) -> dict[str, Any]:
    """The special tokens by name, and under `extra_special_tokens` those without one, always a list.

    `special_tokens_map` has them under `additional_special_tokens` up to 4.57, and not at all from 5.0.0 on.

    Args:
        tokenizer: Any tokenizer.
    """
    named = {name: str(token) for name, token in tokenizer.special_tokens_map.items() if not isinstance(token, list)}
    return {**named, "extra_special_tokens": extra_special_tokens(tokenizer)}


def add_special_tokens(
    tokenizer: Any, special_tokens_dict: Mapping[str, Any], replace_extra_special_tokens: bool = True
) -> int:
    """Name special tokens, and add to the vocabulary what it does not have.

    Args:
        tokenizer: Any tokenizer.
        special_tokens_dict: Tokens by name, such as `pad_token`; a list under `extra_special_tokens`, or under the
            older `additional_special_tokens`.
        replace_extra_special_tokens: Whether that list takes the place of the one before, or follows it.

    Returns:
        How many tokens the vocabulary grew by.

    Raises:
        ValueError: Both names of the list are given.
    """
    names = [name for name in ("extra_special_tokens", "additional_special_tokens") if name in special_tokens_dict]
    if len(names) == 2:
        raise ValueError("extra_special_tokens and additional_special_tokens are the same: give one")
    known = "additional_special_tokens" if _has_old_names(tokenizer) else "extra_special_tokens"
    tokens = {known if name in names else name: token for name, token in special_tokens_dict.items()}
    if replace_extra_special_tokens and known in tokens and not tokens[known]:
        # Given to upstream, an empty list would replace nothing.
        setattr(tokenizer, known, [])
        del tokens[known]
    # By position: 5.0.0 renamed it from `replace_additional_special_tokens`.
    return int(tokenizer.add_special_tokens(tokens, replace_extra_special_tokens))


def build_inputs_with_special_tokens(
    tokenizer: Any, token_ids_0: Sequence[int], token_ids_1: Sequence[int] | None = None
) -> list[int]:
    """Ids with the special tokens that the tokenizer adds when it encodes.

    5.0.0 removed the method from fast tokenizers; the plain fast class of older releases adds none, whatever it adds
    when it encodes.

    Args:
        tokenizer: Any tokenizer.
        token_ids_0: The ids of the first sequence.
        token_ids_1: The ids of the second one.

    Raises:
        ValueError: The tokenizer makes nothing of any text that could show what it adds.
    """
    if not _is_fast(tokenizer):
        return [int(one) for one in tokenizer.build_inputs_with_special_tokens(list(token_ids_0), token_ids_1)]
    return [token for token, _, _ in _arranged(tokenizer, token_ids_0, token_ids_1)]


def create_token_type_ids_from_sequences(
    tokenizer: Any, token_ids_0: Sequence[int], token_ids_1: Sequence[int] | None = None
) -> list[int]:
    """The token types of what `build_inputs_with_special_tokens` makes.

    Args:
        tokenizer: Any tokenizer.
        token_ids_0: The ids of the first sequence.
        token_ids_1: The ids of the second one.

    Raises:
        ValueError: As in `build_inputs_with_special_tokens`.
    """
    if not _is_fast(tokenizer):
        return [int(one) for one in tokenizer.create_token_type_ids_from_sequences(list(token_ids_0), token_ids_1)]
    return [kind for _, kind, _ in _arranged(tokenizer, token_ids_0, token_ids_1)]


def truncate_sequences(
    tokenizer: Any,
    ids: Sequence[int],
    pair_ids: Sequence[int] | None = None,
    num_tokens_to_remove: int = 0,
    truncation_strategy: Any = "longest_first",
    stride: int = 0,
) -> tuple[list[int], list[int] | None, list[int]]:
    """Take ids from one sequence or from both, on the side that the tokenizer truncates on.

    Args:
        tokenizer: Any tokenizer; 5.0.0 removed the method from the fast ones.
        ids: The ids of the first sequence.
        pair_ids: The ids of the second one.
        num_tokens_to_remove: How many to take.
        truncation_strategy: `longest_first`, `only_first`, `only_second` or `do_not_truncate`.
        stride: How many of the ids that are kept go before those that are taken, in what overflows.

    Returns:
        Both sequences, and what overflows; of a pair that is truncated longest first nothing does.

    Raises:
        ValueError: The strategy is none of these, or there is less to take than is to be taken.
    """
    strategy = str(getattr(truncation_strategy, "value", truncation_strategy))
    first, second = list(ids), None if pair_ids is None else list(pair_ids)
    if num_tokens_to_remove <= 0 or strategy == "do_not_truncate":
        return first, second, []
    right = _truncates_right(tokenizer)
    if strategy == "longest_first" and second is not None:
        taken = _taken_longest_first(len(first), len(second), num_tokens_to_remove)
        return _cut(first, taken[0], right), _cut(second, taken[1], right), []
    if strategy == "only_second" and second is not None:
        overflow = _overflow(second, num_tokens_to_remove, stride, right)
        return first, _cut(second, num_tokens_to_remove, right), overflow
    if strategy in ("longest_first", "only_first"):
        overflow = _overflow(first, num_tokens_to_remove, stride, right)
        return _cut(first, num_tokens_to_remove, right), second, overflow
    raise ValueError(
        "truncation_strategy is longest_first, only_first, only_second (of a pair) or do_not_truncate; given was "
        f"{truncation_strategy!r}{'' if second is not None else ', without a pair'}"
    )


@stable
def prepare_for_model(
    tokenizer: Any,
    ids: Sequence[int],
    pair_ids: Sequence[int] | None = None,
    add_special_tokens: bool = True,
    padding: bool | str = False,
    truncation: bool | str = False,
    max_length: int | None = None,
    stride: int = 0,
    pad_to_multiple_of: int | None = None,
    return_tensors: str | None = None,
    return_token_type_ids: bool | None = None,
    return_attention_mask: bool | None = None,
    return_overflowing_tokens: bool = False,
    return_special_tokens_mask: bool = False,
    return_length: bool = False,
    prepend_batch_axis: bool = False,
) -> Any:
    """Make of ids what a model takes: special tokens, truncated, padded, with masks.

    A method that 5.0.0 removed from fast tokenizers.

    Args:
        tokenizer: Any tokenizer.
        ids: The ids of the first sequence, without special tokens.
        pair_ids: The ids of the second one.
        add_special_tokens: Add what the tokenizer adds when it encodes.
        padding: `max_length`; true pads to the longest, which is this one.
        truncation: A strategy as in `truncate_sequences`; true is `longest_first`.
        max_length: In tokens, with the special ones; None: as long as the model takes, to be truncated to.
        stride: As in `truncate_sequences`.
        pad_to_multiple_of: Pad to a multiple of that many tokens.
        return_tensors: `pt` or `np`; lists otherwise.
        return_token_type_ids: None: where the tokenizer's `model_input_names` has them.
        return_attention_mask: None: where the tokenizer's `model_input_names` has it.
        return_overflowing_tokens: Add `overflowing_tokens` and `num_truncated_tokens`.
        return_special_tokens_mask: Add `special_tokens_mask`.
        return_length: Add `length`.
        prepend_batch_axis: Make a batch of one.

    Raises:
        ValueError: There is less to truncate than has to be taken; or overflow is asked for of a pair that is
            truncated longest first.
    """


@adapts(
    prepare_for_model, "transformers>=4.40", because="5.0.0 removes it, and what it stands on, from fast tokenizers"
)
def _preparing() -> Any:
    from transformers.tokenization_utils_base import BatchEncoding

    def prepare_for_model(
        tokenizer: Any,
        ids: Sequence[int],
        pair_ids: Sequence[int] | None = None,
        add_special_tokens: bool = True,
        padding: bool | str = False,
        truncation: bool | str = False,
        max_length: int | None = None,
        stride: int = 0,
        pad_to_multiple_of: int | None = None,
        return_tensors: str | None = None,
        return_token_type_ids: bool | None = None,
        return_attention_mask: bool | None = None,
        return_overflowing_tokens: bool = False,
        return_special_tokens_mask: bool = False,
        return_length: bool = False,
        prepend_batch_axis: bool = False,
    ) -> Any:
        strategy = truncation if isinstance(truncation, str) else "longest_first" if truncation else "do_not_truncate"
        if return_overflowing_tokens and strategy == "longest_first" and pair_ids is not None:
            raise ValueError("what overflows of a pair is known for only_first and only_second, not for longest_first")
        limit = max_length
        if limit is None and strategy != "do_not_truncate" and tokenizer.model_max_length < LONG:
            limit = tokenizer.model_max_length
        total = len(ids) + len(pair_ids or ())
        if add_special_tokens:
            total += tokenizer.num_special_tokens_to_add(pair=pair_ids is not None)
        excess = 0 if limit is None or strategy == "do_not_truncate" else max(0, total - limit)
        first, second, overflow = truncate_sequences(tokenizer, ids, pair_ids, excess, strategy, stride)
        rows: dict[str, Any] = {}
        if return_overflowing_tokens:
            rows.update(overflowing_tokens=overflow, num_truncated_tokens=0 if limit is None else total - limit)
        rows.update(_columns(tokenizer, first, second, add_special_tokens))
        names = tokenizer.model_input_names
        if not (("token_type_ids" in names) if return_token_type_ids is None else return_token_type_ids):
            del rows["token_type_ids"]
        if not return_special_tokens_mask:
            del rows["special_tokens_mask"]
        masked = ("attention_mask" in names) if return_attention_mask is None else return_attention_mask
        if padding is not False and padding != "do_not_pad":
            rows = dict(
                tokenizer.pad(
                    rows,
                    padding=padding,
                    max_length=max_length,
                    pad_to_multiple_of=pad_to_multiple_of,
                    return_attention_mask=masked,
                )
            )
        elif masked:
            rows["attention_mask"] = [1] * len(rows["input_ids"])
        if return_length:
            rows["length"] = len(rows["input_ids"])
        return BatchEncoding(rows, tensor_type=return_tensors, prepend_batch_axis=prepend_batch_axis)

    return prepare_for_model


# A tokenizer that knows no limit says so with a number beyond any length.
LONG = 10**20


_NO_USE_FAST = "load_tokenizer takes no use_fast, which transformers 5 ignores: give architecture"


def _required(tokenizer: Any, architecture: str | None) -> Any:
    if wants_slow_class(architecture) and _is_fast(tokenizer):
        raise UnsupportedRelease(
            f"{architecture} means a slow tokenizer, and transformers {installed_release('transformers')} has none for "
            "it; transformers<5.0 has, and from 5.0.0 on few are left"
        )
    return tokenizer


def _is_fast(tokenizer: Any) -> bool:
    return bool(getattr(tokenizer, "is_fast", False))


def _has_old_names(tokenizer: Any) -> bool:
    return "additional_special_tokens" in getattr(tokenizer, "SPECIAL_TOKENS_ATTRIBUTES", ())


def _is_pair(one: Any, split: bool) -> bool:
    if not isinstance(one, (list, tuple)) or (split and not isinstance(one[0], (list, tuple))):
        return False
    if len(one) != 2:
        raise ValueError(f"a pair is of two texts; given was {one!r}")
    return True


def _as_lists(ids: Any, depth: int = 0) -> Any:
    ids = ids.tolist() if hasattr(ids, "tolist") else ids
    if depth and isinstance(ids, int):
        raise TypeError(f"batch_decode takes ids or sequences of ids; given was {ids!r}")
    if isinstance(ids, (list, tuple)):
        return [one.tolist() if hasattr(one, "tolist") else list(one) if isinstance(one, tuple) else one for one in ids]
    return ids


def _text(tokenizer: Any, ids: Any, skip_special_tokens: bool, clean_up: bool | None) -> str:
    text: str = tokenizer.decode(
        [ids] if isinstance(ids, int) else ids,
        skip_special_tokens=skip_special_tokens,
        clean_up_tokenization_spaces=False,
    )
    if clean_up is None:
        clean_up = tokenizer.clean_up_tokenization_spaces
    if not clean_up:
        return text
    own = getattr(tokenizer, "clean_up_tokenization", None)
    return str(own(text)) if callable(own) else clean_up_tokenization(text)


def _arranged(
    tokenizer: Any, token_ids_0: Sequence[int], token_ids_1: Sequence[int] | None
) -> list[tuple[int, int, bool]]:
    """Each id, its type, and whether it is a special token, in the order that the tokenizer encodes in."""
    sequences = {0: token_ids_0, 1: token_ids_1 or ()}
    arranged: list[tuple[int, int, bool]] = []
    before = None
    for place, token, kind in _shown(tokenizer, token_ids_1 is not None):
        if place is None:
            arranged.append((token, kind, True))
        elif place != before:
            arranged.extend((int(one), kind, False) for one in sequences[place])
        before = place
    return arranged


def _shown(tokenizer: Any, pair: bool) -> list[tuple[int | None, int, int]]:
    needed = {0, 1} if pair else {0}
    for text in PROBES:
        encoded = tokenizer(text, text if pair else None, add_special_tokens=True).encodings[0]
        if needed <= {*encoded.sequence_ids}:
            return list(zip(encoded.sequence_ids, encoded.ids, encoded.type_ids, strict=True))
    raise ValueError(f"{type(tokenizer).__name__} makes no token of any of {PROBES}: what it adds to a text is unknown")


def _columns(
    tokenizer: Any, first: list[int], second: list[int] | None, add_special_tokens: bool
) -> dict[str, list[int]]:
    ids = first + (second or [])
    if not add_special_tokens:
        return {"input_ids": ids, "token_type_ids": [0] * len(ids), "special_tokens_mask": [0] * len(ids)}
    if _is_fast(tokenizer):
        arranged = _arranged(tokenizer, first, second)
        return {
            "input_ids": [token for token, _, _ in arranged],
            "token_type_ids": [kind for _, kind, _ in arranged],
            "special_tokens_mask": [int(special) for _, _, special in arranged],
        }
    return {
        "input_ids": build_inputs_with_special_tokens(tokenizer, first, second),
        "token_type_ids": create_token_type_ids_from_sequences(tokenizer, first, second),
        "special_tokens_mask": list(tokenizer.get_special_tokens_mask(first, second)),
    }


def _truncates_right(tokenizer: Any) -> bool:
    side = tokenizer.truncation_side
    if side not in ("left", "right"):
        raise ValueError(f"truncation_side is left or right; {type(tokenizer).__name__} has {side!r}")
    return bool(side == "right")


def _taken_longest_first(first: int, second: int, taken: int) -> tuple[int, int]:
    from_longer = min(abs(first - second), taken)
    half = (taken - from_longer) // 2
    if first > second:
        return from_longer + half, taken - from_longer - half
    return half, taken - half


def _cut(ids: list[int], taken: int, right: bool) -> list[int]:
    if taken > len(ids):
        raise ValueError(f"{taken} ids are to be taken from a sequence of {len(ids)}")
    return ids[: len(ids) - taken] if right else ids[taken:]


def _overflow(ids: list[int], taken: int, stride: int, right: bool) -> list[int]:
    width = min(len(ids), stride + taken)
    return ids[len(ids) - width :] if right else ids[:width]
