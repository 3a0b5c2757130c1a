from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from packaging.version import Version

from compat import chat_templates

from .small_tokenizers import TEMPLATE, fast_tokenizer

MADE: dict[str, Any] = {}
CHAT = [{"role": "system", "content": "a lazy dog"}, {"role": "user", "content": "the fox !", "name": None}]
OTHER = [{"role": "user", "content": "hello"}]
MARKED = (
    "{% for message in messages %}{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] }}"
    "{% endgeneration %}{% else %}{{ message['content'] + '\n' }}{% endif %}{% endfor %}"
)


def release() -> Version:
    import transformers

    return Version(transformers.__version__)


def made(kind: str) -> Any:
    if kind not in MADE:
        tokenizer = fast_tokenizer("<image>")
        MADE[kind] = tokenizer if kind == "tokenizer" else processor(tokenizer)
    return MADE[kind]


def processor(tokenizer: Any) -> Any:
    from transformers import CLIPImageProcessor, LlavaProcessor

    images = CLIPImageProcessor(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16})
    return LlavaProcessor(
        images, tokenizer, patch_size=8, vision_feature_select_strategy="full", chat_template=TEMPLATE
    )


def picture() -> Any:
    import numpy as np
    from PIL import Image

    return Image.fromarray(np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3))


@pytest.mark.covers("chat_templates.chat_text", "chat_templates.conversations")
@pytest.mark.parametrize("kind", ["tokenizer", "processor"])
def test_text_is_alike(kind: str, observe: Callable[..., None]) -> None:
    one = chat_templates.chat_text(made(kind), CHAT)
    assert one == "<|im_start|>system\na lazy dog<|im_end|>\n<|im_start|>user\nthe fox !<|im_end|>\n"
    assert chat_templates.chat_text(made(kind), [CHAT, OTHER]) == [one, chat_templates.chat_text(made(kind), OTHER)]
    asked = chat_templates.chat_text(made(kind), CHAT, add_generation_prompt=True, enable_thinking=False, unread=1)
    assert asked == one + "<|im_start|>assistant\n<think>\n\n</think>\n"
    assert asked != chat_templates.chat_text(made(kind), CHAT, add_generation_prompt=True, enable_thinking=True)
    assert chat_templates.chat_text(made(kind), CHAT, continue_final_message=True) == one.removesuffix("<|im_end|>\n")
    tool = {"type": "function", "function": {"name": "tool", "parameters": {"type": "object", "properties": {}}}}
    assert chat_templates.chat_text(made(kind), CHAT, tools=[tool]) == one + "tools: 1\n"
    own = "\n  {% if wanted %}{{ wanted['a'] }}{{ wanted['b'] }}{% endif %}\n"
    observe(kind, chat_templates.chat_text(made(kind), CHAT, chat_template=own, wanted={"a": ["x'y", None], "b": 1.5}))
    with pytest.raises(TypeError, match="no variable of a chat template"):
        chat_templates.chat_text(made(kind), CHAT, tokenize=True)
    with pytest.raises(TypeError, match="the name of a field is new"):
        chat_templates.chat_text(made(kind), CHAT, continue_final_message="content")  # type: ignore[arg-type]


@pytest.mark.covers("chat_templates.chat_ids")
@pytest.mark.parametrize("kind", ["tokenizer", "processor"])
def test_ids_are_ids_and_alike(kind: str, observe: Callable[..., None]) -> None:
    import torch

    ids = chat_templates.chat_ids(made(kind), CHAT, add_generation_prompt=True)
    assert isinstance(ids, list) and all(type(one) is int for one in ids)
    observe(f"{kind} ids", ids)
    assert chat_templates.chat_ids(made(kind), [CHAT], add_generation_prompt=True) == [ids]
    tensor = chat_templates.chat_ids(made(kind), CHAT, add_generation_prompt=True, return_tensors="pt")
    assert torch.equal(tensor, torch.tensor([ids]))
    assert len(chat_templates.chat_ids(made(kind), CHAT, truncation=True, max_length=5)) == 5


@pytest.mark.covers("chat_templates.chat_batch")
@pytest.mark.parametrize("kind", ["tokenizer", "processor"])
def test_a_batch_is_a_batch_and_alike(kind: str, observe: Callable[..., None]) -> None:
    lists = chat_templates.chat_batch(made(kind), CHAT)
    assert list(lists["input_ids"][0]) == chat_templates.chat_ids(made(kind), CHAT)
    assert len(lists["input_ids"]) == len(lists["attention_mask"]) == 1
    several = chat_templates.chat_batch(
        made(kind),
        [CHAT, OTHER],
        padding=True,
        return_tensors="pt",
        processor_kwargs={"padding_side": "left"},
        enable_thinking=False,
    )
    assert several["attention_mask"][1, 0] == 0
    observe(f"{kind} several", {name: several[name] for name in ("input_ids", "attention_mask")})
    unread = chat_templates.chat_batch(made(kind), CHAT, return_tensors="np", unread=True)
    assert unread["input_ids"].shape[0] == 1


@pytest.mark.covers("chat_templates.chat_batch")
def test_images_of_a_conversation_are_in_the_batch(observe: Callable[..., None]) -> None:
    content: list[dict[str, Any]] = [{"type": "image", "image": picture()}, {"type": "text", "text": "the fox"}]
    chat = [{"role": "user", "content": content, "tool_calls": None}]
    batch = chat_templates.chat_batch(
        made("processor"), chat, return_tensors="pt", add_generation_prompt=True, enable_thinking=False
    )
    assert batch["pixel_values"].shape == (1, 3, 16, 16)
    observe("ids", batch["input_ids"])
    observe("pixels", tuple(batch["pixel_values"].shape))
    text = chat_templates.chat_text(made("processor"), chat, add_generation_prompt=True, enable_thinking=False)
    assert text.count("<image>") == 1


@pytest.mark.covers("chat_templates.chat_batch")
def test_what_the_assistant_says_is_masked(observe: Callable[..., None]) -> None:
    chat = [*OTHER, {"role": "assistant", "content": "the lazy dog"}]
    batch = chat_templates.chat_batch(made("tokenizer"), chat, chat_template=MARKED, return_assistant_tokens_mask=True)
    assert sum(batch["assistant_masks"][0]) == 3
    observe("mask", batch["assistant_masks"])


@pytest.mark.parametrize(("kind", "since"), [("tokenizer", "5.20"), ("processor", "5.23")])
def test_control_tokens_are_sanitised_or_refused(kind: str, since: str) -> None:
    chat = [{"role": "user", "content": "a <|im_end|> b"}]
    if release() < Version(since):
        with pytest.raises(ValueError, match=f"{kind} sanitises control tokens from transformers {since}"):
            chat_templates.chat_ids(made(kind), chat, sanitize_control_tokens=True)
    else:
        asked = {"chat_template": "{{ bos_token }}" + TEMPLATE}
        ids = chat_templates.chat_ids(made(kind), chat, sanitize_control_tokens=True, **asked)
        end = made("tokenizer").convert_tokens_to_ids("<|im_end|>")
        assert ids.count(end) == 1 and chat_templates.chat_ids(made(kind), chat, **asked).count(end) == 2


def test_a_processor_without_a_template_takes_its_tokenizers() -> None:
    bare = processor(fast_tokenizer("<image>"))
    bare.chat_template = None
    assert chat_templates.chat_ids(bare, OTHER) == chat_templates.chat_ids(made("processor"), OTHER)
    bare.tokenizer.chat_template = None
    with pytest.raises(ValueError, match="no default chat template"):
        chat_templates.chat_text(bare, OTHER)
    bare.chat_template = {"default": TEMPLATE, "short": "{{ messages | length }}"}
    assert chat_templates.chat_text(bare, OTHER) == chat_templates.chat_text(made("processor"), OTHER)
    assert chat_templates.chat_text(bare, OTHER, chat_template="short") == "1"
