from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import tokenizers

ids = st.lists(st.integers(0, 99), max_size=8)


class Letters:
    """A fast tokenizer that makes an id of each character or word, and puts 1 before and 2 after each text."""

    is_fast = True
    clean_up_tokenization_spaces = False
    truncation_side = "right"

    def __call__(self, text: Any, text_pair: Any = None, **keywords: Any) -> Any:
        texts = [text] if text_pair is None else [text, text_pair]
        rows: list[tuple[int | None, int, int]] = [(None, 1, 0)]
        for place, one in enumerate(texts):
            rows += [(place, len(letter), place) for letter in one] + [(None, 2, place)]
        places, tokens, kinds = zip(*rows, strict=True)
        encoding = SimpleNamespace(sequence_ids=places, ids=tokens, type_ids=kinds)
        return SimpleNamespace(encodings=[encoding], texts=(text, text_pair), keywords=keywords)

    def decode(self, token_ids: list[int], **_: Any) -> str:
        return "".join(f"<{one}>" for one in token_ids)


class Array(list[Any]):
    def tolist(self) -> list[Any]:
        return list(self)


LETTERS = Letters()


@pytest.mark.parametrize(
    ("name", "slow"),
    [
        ("Qwen2Tokenizer", True),
        ("T5TokenizerFast", False),
        ("CLIPTokenizer", True),
        ("FastTokenizer", False),
        ("PixtralProcessor", False),
        ("PreTrainedTokenizerFast", False),
        ("", False),
        (None, False),
    ],
)
def test_a_name_says_which_class_is_meant(name: str | None, slow: bool) -> None:
    assert tokenizers.wants_slow_class(name) is slow


@given(st.lists(ids, max_size=4))
def test_each_entry_is_decoded_to_one_text(sequences: list[list[int]]) -> None:
    texts = tokenizers.batch_decode(LETTERS, sequences)
    assert texts == [LETTERS.decode(one) for one in sequences]
    assert tokenizers.batch_decode(LETTERS, Array([Array(one) for one in sequences])) == texts
    assert tokenizers.batch_decode(LETTERS, tuple(tuple(one) for one in sequences)) == texts
    if sequences:
        assert tokenizers.decode(LETTERS, sequences) == texts


@given(ids)
def test_each_id_of_a_flat_list_is_an_entry(flat: list[int]) -> None:
    assert tokenizers.batch_decode(LETTERS, flat) == tokenizers.batch_decode(LETTERS, [[one] for one in flat])
    assert tokenizers.decode(LETTERS, flat) == "".join(tokenizers.batch_decode(LETTERS, flat))
    assert tokenizers.decode(LETTERS, Array(flat)) == LETTERS.decode(flat)


@given(st.text(alphabet=" .,?!'ntmsvre"))
def test_cleaning_up_takes_nothing_but_spaces(text: str) -> None:
    assert tokenizers.clean_up_tokenization(text).replace(" ", "") == text.replace(" ", "")


@given(ids, st.none() | ids, st.integers(0, 8), st.sampled_from(["left", "right"]), st.integers(0, 3))
def test_truncation_keeps_one_end_and_drops_what_was_asked(
    first: list[int], second: list[int] | None, taken: int, side: str, stride: int
) -> None:
    tokenizer = SimpleNamespace(truncation_side=side)
    whole = len(first) + len(second or [])
    if taken > whole:
        with pytest.raises(ValueError, match="are to be taken from a sequence of"):
            tokenizers.truncate_sequences(tokenizer, first, second, taken, "longest_first", stride)
        return
    kept, kept_second, overflow = tokenizers.truncate_sequences(
        tokenizer, first, second, taken, "longest_first", stride
    )
    assert len(kept) + len(kept_second or []) == whole - taken
    for before, after in ((first, kept), (second or [], kept_second or [])):
        assert after == (before[: len(after)] if side == "right" else before[len(before) - len(after) :])
    if second is None and taken:
        again = kept + overflow[-taken:] if side == "right" else overflow[:taken] + kept
        assert again == first and len(overflow) == min(len(first), taken + stride)


@given(ids, ids)
def test_special_tokens_go_where_encoding_puts_them(first: list[int], second: list[int]) -> None:
    build, types = tokenizers.build_inputs_with_special_tokens, tokenizers.create_token_type_ids_from_sequences
    assert build(LETTERS, first) == [1, *first, 2]
    assert build(LETTERS, first, second) == [1, *first, 2, *second, 2]
    assert types(LETTERS, first, second) == [0] * (len(first) + 2) + [1] * (len(second) + 1)


def test_pairs_are_told_from_words() -> None:
    encode = tokenizers.batch_encode_plus
    assert encode(LETTERS, ["ab", "cd"]).texts == (["ab", "cd"], None)
    assert encode(LETTERS, [("ab", "cd"), ("e", "f")]).texts == (["ab", "e"], ["cd", "f"])
    assert encode(LETTERS, [["ab", "cd"]], is_split_into_words=True).texts == ([["ab", "cd"]], None)
    assert encode(LETTERS, [(["ab"], ["cd"])], is_split_into_words=True).texts == ([["ab"]], [["cd"]])


def not_a_strategy() -> Any:
    return tokenizers.truncate_sequences(LETTERS, [1, 2], None, 1, "only_second")


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        (lambda: tokenizers.batch_encode_plus(LETTERS, [("a", "b"), "c"]), ValueError, "all are pairs of texts, or"),
        (lambda: tokenizers.batch_encode_plus(LETTERS, [("a", "b", "c")]), ValueError, "a pair is of two texts"),
        (lambda: tokenizers.encode_plus(LETTERS, ["a", "b"]), TypeError, "there is batch_encode_plus"),
        (lambda: tokenizers.encode_plus(LETTERS, [["a"]], is_split_into_words=True), TypeError, "one string, or its"),
        (lambda: tokenizers.batch_decode(LETTERS, 5), TypeError, "takes ids or sequences of ids; given was 5"),
        (not_a_strategy, ValueError, "given was 'only_second', without a pair"),
    ],
)
def test_wrong_use_is_said(wrong: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        wrong()


def test_a_tokenizer_that_shows_nothing_of_what_it_adds_is_said() -> None:
    silent = SimpleNamespace(sequence_ids=[None], ids=[1], type_ids=[0])

    class Mute(Letters):
        def __call__(self, text: Any, text_pair: Any = None, **keywords: Any) -> Any:
            return SimpleNamespace(encodings=[silent])

    with pytest.raises(ValueError, match="Mute makes no token of any of"):
        tokenizers.build_inputs_with_special_tokens(Mute(), [1])


class Named:
    """What is read of a tokenizer's special tokens, as a release spells it."""

    def __init__(self, extra: str) -> None:
        self.SPECIAL_TOKENS_ATTRIBUTES = ["pad_token", *([extra] if extra.startswith("additional") else [])]
        self.special_tokens_map: dict[str, Any] = {"pad_token": "<pad>"}
        setattr(self, extra, [])
        self.extra = extra

    def add_special_tokens(self, tokens: dict[str, Any], replace: bool) -> int:
        more = tokens.pop(self.extra, None)
        if more:
            setattr(self, self.extra, more if replace else [*getattr(self, self.extra), *more])
        self.special_tokens_map.update(tokens)
        if getattr(self, self.extra) and self.extra.startswith("additional"):
            self.special_tokens_map[self.extra] = getattr(self, self.extra)
        return len(more or [])


@given(st.lists(st.tuples(st.booleans(), st.lists(st.sampled_from("abc"), max_size=2)), max_size=4))
def test_special_tokens_are_added_and_read_under_either_name(steps: list[tuple[bool, list[str]]]) -> None:
    read = []
    for extra in ("additional_special_tokens", "extra_special_tokens"):
        for spelled in ("additional_special_tokens", "extra_special_tokens"):
            tokenizer = Named(extra)
            for replace, tokens in steps:
                tokenizers.add_special_tokens(tokenizer, {spelled: list(tokens)}, replace)
            read.append(tokenizers.special_tokens_map(tokenizer))
            assert read[-1]["extra_special_tokens"] == tokenizers.extra_special_tokens(tokenizer)
    assert all(one == read[0] for one in read)
