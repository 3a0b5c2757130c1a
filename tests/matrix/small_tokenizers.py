"""Tokenizers made on the spot: a fast BPE one with a chat template, and slow ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SPECIAL = ["<unk>", "<s>", "</s>", "<pad>", "<|im_start|>", "<|im_end|>"]
TEXTS = ["the quick brown fox jumps over the lazy dog", "hello , world ! don't stop", "user assistant system tool"]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "fox", "don", "'", "t", ",", "##es", "jump", "##s"]
TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% elif message['content'] is defined %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}"
    "{% if 'name' in message %}{{ ' by ' ~ message['name'] }}{% endif %}"
    "{{ '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if tools %}{{ 'tools: ' ~ (tools | length) ~ '\n' }}{% endif %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
    "{% if enable_thinking is defined and not enable_thinking %}{{ '<think>\n\n</think>\n' }}{% endif %}{% endif %}"
)


def fast_tokenizer(*more: str, **keywords: Any) -> Any:
    """A byte-level BPE tokenizer that puts `<s>` and `</s>` round what it encodes.

    Args:
        more: Further special tokens.
        keywords: As `PreTrainedTokenizerFast` takes them.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE(unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=[*SPECIAL, *more],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator(TEXTS * 20, trainer)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B:1 </s>:1", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    named = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    extra = {"additional_special_tokens": ["<|im_start|>", "<|im_end|>", *more]}
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, chat_template=TEMPLATE, model_max_length=512, **{**named, **extra, **keywords}
    )


def saved_bert(folder: Path) -> Path:
    """A BERT tokenizer, saved.

    Args:
        folder: Where its files go.
    """
    from transformers import BertTokenizer

    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(WORDS))
    BertTokenizer(str(vocabulary)).save_pretrained(str(folder / "saved"))
    return folder / "saved"


def slow_tokenizer() -> Any:
    """ByT5's, which is written in Python on all releases, and needs no file."""
    from transformers import ByT5Tokenizer

    return ByT5Tokenizer(extra_ids=4)
