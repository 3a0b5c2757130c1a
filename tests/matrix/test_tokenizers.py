from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from compat import UnsupportedRelease, tokenizers

from .small_tokenizers import fast_tokenizer, saved_bert, slow_tokenizer

MADE: dict[str, Any] = {}


@pytest.fixture(params=["fast", "slow"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tokenizer(kind: str) -> Any:
    if kind not in MADE:
        MADE[kind] = fast_tokenizer() if kind == "fast" else slow_tokenizer()
    return MADE[kind]


def is_before_5() -> bool:
    import transformers

    return Version(transformers.__version__) < Version("5")


NAMES = (
    "AddedToken",
    "BatchEncoding",
    "PaddingStrategy",
    "PreTrainedTokenizer",
    "PreTrainedTokenizerBase",
    "PreTrainedTokenizerFast",
    "TruncationStrategy",
)


@pytest.mark.covers(*(f"tokenizers.{name}" for name in (*NAMES, "SpecialTokensMixin", "Trie", "bytes_to_unicode")))
def test_names_are_what_upstream_calls_them_today() -> None:
    import transformers

    for name in NAMES[1:-1]:
        if name != "PaddingStrategy":
            assert getattr(tokenizers, name) is getattr(transformers, name)
    assert isinstance(slow_tokenizer(), tokenizers.PreTrainedTokenizer)
    assert isinstance(fast_tokenizer(), tokenizers.PreTrainedTokenizerFast)
    assert isinstance(fast_tokenizer(), tokenizers.SpecialTokensMixin)
    assert tokenizers.PaddingStrategy.LONGEST.value == "longest"
    assert tokenizers.TruncationStrategy("only_first").name == "ONLY_FIRST"
    assert tokenizers.AddedToken("<x>").content == "<x>"
    trie = tokenizers.Trie()
    trie.add("fox")
    assert trie.split("a fox") == ["a ", "fox"]


def test_bytes_are_written_alike(observe: Callable[..., None]) -> None:
    observe("bytes_to_unicode", repr(sorted(tokenizers.bytes_to_unicode().items())))


@pytest.mark.covers("tokenizers.load_tokenizer", "tokenizers.wants_slow_class")
def test_the_class_that_a_name_means_is_loaded_and_ids_are_alike(tmp_path: Path, observe: Callable[..., None]) -> None:
    folder = saved_bert(tmp_path)
    for architecture in ("BertTokenizer", "BertTokenizerFast", None):
        loaded = tokenizers.load_tokenizer(folder, architecture=architecture)
        assert loaded.is_fast == (not (is_before_5() and tokenizers.wants_slow_class(architecture)))
        observe(f"ids {architecture}", loaded("the foxes jumps", "don't")["input_ids"])
    assert tokenizers.load_tokenizer(folder, architecture="BertTokenizerFast", require_slow=True).is_fast
    if is_before_5():
        assert not tokenizers.load_tokenizer(folder, architecture="BertTokenizer", require_slow=True).is_fast
    else:
        with pytest.raises(UnsupportedRelease, match="BertTokenizer means a slow tokenizer"):
            tokenizers.load_tokenizer(folder, architecture="BertTokenizer", require_slow=True)
    with pytest.raises(TypeError, match="give architecture"):
        tokenizers.load_tokenizer(folder, use_fast=False)


@pytest.mark.covers("tokenizers.encode_plus", "tokenizers.batch_encode_plus")
def test_texts_and_pairs_of_texts_are_encoded_alike(tokenizer: Any, kind: str, observe: Callable[..., None]) -> None:
    one = tokenizers.encode_plus(tokenizer, "the fox", return_token_type_ids=True)
    pair = tokenizers.encode_plus(tokenizer, "the fox", "a dog", return_token_type_ids=True, return_tensors="pt")
    words = tokenizers.encode_plus(tokenizer, ["the", "fox"], is_split_into_words=True)
    observe(f"{kind} one", dict(one))
    observe(f"{kind} pair", dict(pair))
    observe(f"{kind} words", words["input_ids"])
    assert one["input_ids"] == tokenizer("the fox")["input_ids"]
    several = tokenizers.batch_encode_plus(tokenizer, ["the fox", "a"], padding=True, return_token_type_ids=True)
    pairs = tokenizers.batch_encode_plus(tokenizer, [("the", "fox"), ("a", "dog")], return_token_type_ids=True)
    split = tokenizers.batch_encode_plus(tokenizer, [["the", "fox"], ["a"]], is_split_into_words=True)
    split_pairs = tokenizers.batch_encode_plus(tokenizer, [(["the", "fox"], ["a"])], is_split_into_words=True)
    observe(f"{kind} several", dict(several))
    observe(f"{kind} pairs", dict(pairs))
    observe(f"{kind} split", split["input_ids"])
    observe(f"{kind} split pairs", split_pairs["input_ids"])
    if hasattr(tokenizer, "encode_plus") and hasattr(tokenizer, "batch_encode_plus"):
        assert dict(one) == dict(tokenizer.encode_plus("the fox", return_token_type_ids=True))
        assert dict(pairs) == dict(
            tokenizer.batch_encode_plus([("the", "fox"), ("a", "dog")], return_token_type_ids=True)
        )
    with pytest.raises(TypeError, match="batch_encode_plus"):
        tokenizers.encode_plus(tokenizer, ["the", "fox"])


@pytest.mark.covers("tokenizers.decode", "tokenizers.batch_decode", "tokenizers.clean_up_tokenization")
def test_ids_are_decoded_alike(tokenizer: Any, kind: str, observe: Callable[..., None]) -> None:
    import numpy as np
    import torch

    ids = tokenizer("hello , world ! don't stop", add_special_tokens=False)["input_ids"]
    flat = tokenizers.batch_decode(tokenizer, ids)
    assert len(flat) == len(ids) and "".join(flat) == tokenizers.decode(tokenizer, ids)
    assert tokenizers.batch_decode(tokenizer, torch.tensor(ids)) == flat
    assert tokenizers.batch_decode(tokenizer, np.array(ids)) == flat
    assert tokenizers.batch_decode(tokenizer, []) == []
    nested = [ids, ids[:3], []]
    assert tokenizers.batch_decode(tokenizer, nested) == tokenizers.decode(tokenizer, nested)
    assert tokenizers.batch_decode(tokenizer, [torch.tensor(ids), np.array(ids[:3]), []]) == tokenizers.decode(
        tokenizer, nested
    )
    assert tokenizers.decode(tokenizer, ids[0]) == tokenizers.decode(tokenizer, np.int64(ids[0])) == flat[0]
    assert tokenizers.decode(tokenizer, torch.tensor([ids])) == [tokenizers.decode(tokenizer, ids)]
    marked = tokenizer("a <|im_start|> b</s>", "c")["input_ids"]
    observe(f"{kind} flat", flat)
    observe(f"{kind} nested", tokenizers.batch_decode(tokenizer, nested))
    observe(f"{kind} special", tokenizers.decode(tokenizer, marked))
    observe(f"{kind} without special", tokenizers.decode(tokenizer, marked, skip_special_tokens=True))
    for clean_up in (None, True, False):
        observe(f"{kind} clean up {clean_up}", tokenizers.decode(tokenizer, ids, True, clean_up))
    assert tokenizers.decode(tokenizer, ids, True, True) == "hello, world! don't stop"
    assert tokenizers.clean_up_tokenization("a , b . do n't") == "a, b. don't"
    if callable(getattr(tokenizer, "clean_up_tokenization", None)):
        text = "it 's , I 'm ! ' x ' we 've you 're ? do n't ."
        assert tokenizers.clean_up_tokenization(text) == tokenizer.clean_up_tokenization(text)


@pytest.mark.covers(
    "tokenizers.extra_special_tokens",
    "tokenizers.extra_special_tokens_ids",
    "tokenizers.special_tokens_map",
    "tokenizers.add_special_tokens",
)
def test_special_tokens_are_read_added_and_replaced_alike(observe: Callable[..., None]) -> None:
    for kind, made in (("fast", fast_tokenizer()), ("slow", slow_tokenizer())):
        observe(f"{kind} map", tokenizers.special_tokens_map(made))
        observe(f"{kind} ids", tokenizers.extra_special_tokens_ids(made))
        assert tokenizers.add_special_tokens(made, {"extra_special_tokens": ["<x>", "<y>"], "sep_token": "<sep>"}) == 3
        assert tokenizers.extra_special_tokens(made) == ["<x>", "<y>"]
        assert tokenizers.add_special_tokens(made, {"additional_special_tokens": ["<z>"]}, False) == 1
        assert tokenizers.extra_special_tokens(made) == ["<x>", "<y>", "<z>"]
        assert tokenizers.special_tokens_map(made)["sep_token"] == "<sep>"
        observe(f"{kind} map afterwards", tokenizers.special_tokens_map(made))
        observe(f"{kind} all", sorted(str(token) for token in made.all_special_tokens))
        observe(f"{kind} tokens", made.tokenize("<x>the<z>"))
        with pytest.raises(ValueError, match="give one"):
            tokenizers.add_special_tokens(made, {"additional_special_tokens": [], "extra_special_tokens": []})
        assert tokenizers.add_special_tokens(made, {"extra_special_tokens": []}) == 0
        assert tokenizers.special_tokens_map(made)["extra_special_tokens"] == []


@pytest.mark.covers("tokenizers.build_inputs_with_special_tokens", "tokenizers.create_token_type_ids_from_sequences")
def test_special_tokens_are_put_where_encoding_puts_them(
    tokenizer: Any, kind: str, tmp_path: Path, observe: Callable[..., None]
) -> None:
    made = [tokenizer] if kind == "slow" else [tokenizer, tokenizers.load_tokenizer(saved_bert(tmp_path))]
    for number, one in enumerate(made):
        first, second = (one(text, add_special_tokens=False)["input_ids"] for text in ("the fox", "don't"))
        alone, pair = (one(*texts, return_token_type_ids=True) for texts in (("the fox",), ("the fox", "don't")))
        assert tokenizers.build_inputs_with_special_tokens(one, first) == alone["input_ids"]
        assert tokenizers.build_inputs_with_special_tokens(one, first, second) == pair["input_ids"]
        assert tokenizers.create_token_type_ids_from_sequences(one, first) == alone["token_type_ids"]
        assert tokenizers.create_token_type_ids_from_sequences(one, first, second) == pair["token_type_ids"]
        assert len(tokenizers.build_inputs_with_special_tokens(one, [])) == one.num_special_tokens_to_add()
        observe(f"{kind} {number}", tokenizers.build_inputs_with_special_tokens(one, [7, 8], [9]))


@pytest.mark.covers("tokenizers.truncate_sequences")
def test_sequences_are_truncated_as_upstream_does_it(kind: str, tokenizer: Any, observe: Callable[..., None]) -> None:
    results = []
    for side in ("right", "left"):
        tokenizer.truncation_side = side
        for strategy in ("longest_first", "only_first", "only_second"):
            for pair in (None, [20, 21, 22], [20, 21, 22, 23, 24, 25]):
                for taken in (0, 1, 2, 3):
                    if strategy == "only_second" and (pair is None or taken == len(pair)):
                        continue
                    given = ([10, 11, 12, 13, 14], pair, taken, strategy, 1)
                    result = tokenizers.truncate_sequences(tokenizer, *given)
                    results.append((side, given, result))
                    if hasattr(tokenizer, "truncate_sequences"):
                        assert result == tuple(tokenizer.truncate_sequences(*given))
    tokenizer.truncation_side = "right"
    observe(kind, repr(results))


@pytest.mark.covers("tokenizers.prepare_for_model")
def test_ids_are_prepared_alike(kind: str, tokenizer: Any, observe: Callable[..., None]) -> None:
    first, second = [30, 31, 32, 33], [40, 41]
    asked: list[dict[str, Any]] = [
        {},
        {"pair_ids": second, "return_token_type_ids": True, "return_special_tokens_mask": True, "return_length": True},
        {"pair_ids": second, "truncation": True, "max_length": 6},
        {"pair_ids": second, "truncation": "only_first", "max_length": 6, "return_overflowing_tokens": True},
        {"padding": "max_length", "max_length": 9, "return_token_type_ids": True},
        {"padding": True, "pad_to_multiple_of": 4, "return_tensors": "pt", "prepend_batch_axis": True},
        {"add_special_tokens": False, "return_attention_mask": False},
    ]
    for number, keywords in enumerate(asked):
        prepared = tokenizers.prepare_for_model(tokenizer, first, **keywords)
        assert isinstance(prepared, tokenizers.BatchEncoding)
        observe(f"{kind} {number} ids", prepared["input_ids"])
        observe(f"{kind} {number}", {key: part for key, part in prepared.items() if key != "token_type_ids"})
        if keywords.get("return_token_type_ids"):
            observe(f"{kind} {number} types", prepared["token_type_ids"])
        if kind == "slow" and "return_tensors" not in keywords:
            assert dict(prepared) == dict(tokenizer.prepare_for_model(first, **keywords))
    with pytest.raises(ValueError, match="longest_first"):
        tokenizers.prepare_for_model(tokenizer, first, second, truncation=True, return_overflowing_tokens=True)
    with pytest.raises(ValueError, match="are to be taken"):
        tokenizers.prepare_for_model(tokenizer, first, truncation="only_first", max_length=0)
