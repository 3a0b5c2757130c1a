"""Conversations through a chat template: as text, as ids or as a batch, whichever is asked for, on every release."""

from __future__ import annotations

from ._adapters import absent, adapts, stable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

__all__ = ["chat_batch", "chat_ids", "chat_text", "conversations"]

# What the functions decide themselves: given as a template variable it would be swallowed or change the result.
DECIDED = ("conversation", "return_dict", "tokenize", "tokenizer_kwargs")
NOT_BEFORE = "4.49.0 is the first release whose processors tokenise a conversation together with its images"


def conversations(conversation: Any) -> tuple[list[list[dict[str, Any]]], bool]:
    """One form for what chat templates are applied to: a list of conversations.

    A key whose value is None is dropped from its message, as upstream does from 5.23.0 on: older releases hand it to
    the template, which may write `None`.

    Args:
        conversation: A list of messages, each a mapping with `role` and `content`; or a list of such lists; or
            objects that hold such a list in `messages`.

    Returns:
        The conversations, and whether there were several, that is, a list of them. The messages are new dicts.

    Raises:
        ValueError: There is no message.
    """
    given = getattr(conversation, "messages", conversation)
    if isinstance(given, (str, bytes)) or not len(given):
        raise ValueError(f"a conversation is a list of messages, or a list of such lists; given was {conversation!r}")
    several = isinstance(given[0], (list, tuple)) or hasattr(given[0], "messages")
    chats = [getattr(chat, "messages", chat) for chat in given] if several else [given]
    if not all(len(chat) for chat in chats):
        raise ValueError("one of the conversations has no message")
    return [[_stated(message) for message in chat] for chat in chats], several


@stable
def chat_text(
    processing: Any,
    conversation: Any,
    *,
    tools: Sequence[Any] | None = None,
    documents: Sequence[Any] | None = None,
    chat_template: str | None = None,
    add_generation_prompt: bool = False,
    continue_final_message: bool = False,
    **variables: Any,
) -> Any:
    """The text that a chat template makes of a conversation.

    Args:
        processing: A tokenizer, or a processor that has one; without a template of its own the tokenizer's is taken.
        conversation: What `conversations` takes.
        tools: JSON schemas or functions that the template may list.
        documents: Dicts with `title` and `text` that the template may list.
        chat_template: A template, or the name of one of several.
        add_generation_prompt: Open the assistant's answer.
        continue_final_message: Leave the last message open.
        variables: What the template reads besides, such as `enable_thinking`; one that it does not read is ignored.

    Returns:
        A string, or a list of strings for a list of conversations.

    Raises:
        TypeError: A variable is an argument of upstream's that decides what comes back.
        ValueError: There is no message, or no template.
    """


@stable
def chat_batch(
    processing: Any,
    conversation: Any,
    *,
    tools: Sequence[Any] | None = None,
    documents: Sequence[Any] | None = None,
    chat_template: str | None = None,
    add_generation_prompt: bool = False,
    continue_final_message: bool = False,
    padding: bool | str = False,
    truncation: bool | str = False,
    max_length: int | None = None,
    return_tensors: str | None = None,
    return_assistant_tokens_mask: bool = False,
    sanitize_control_tokens: bool = False,
    processor_kwargs: Mapping[str, Any] | None = None,
    **variables: Any,
) -> Any:
    """A conversation as a batch that a model takes: ids, mask, and what a processor makes of its images.

    5.0.0 turned what `apply_chat_template` of a tokenizer returns from ids into a batch; 5.4.0 separated what goes to
    the processor from what goes to the template; 5.20.0 put an argument between others; a processor's default is text.

    Args:
        processing: A tokenizer, or a processor that has one.
        conversation: What `conversations` takes.
        tools: As in `chat_text`; so are `documents`, `chat_template`, `add_generation_prompt`,
            `continue_final_message` and `variables`.
        padding: To the longest conversation, if true, or to `max_length`.
        truncation: To `max_length`.
        max_length: In tokens.
        return_tensors: `pt` or `np`; lists otherwise.
        return_assistant_tokens_mask: Add `assistant_masks`; the template has to mark what the assistant says.
        sanitize_control_tokens: Read control tokens in messages as plain text.
        processor_kwargs: What the tokenizer or the processor is called with besides.

    Returns:
        A mapping whose entries have one row for each conversation, also where only one was given.

    Raises:
        TypeError: A variable is an argument of upstream's that decides what comes back.
        ValueError: There is no message, or no template; or control tokens cannot be sanitised on this release.
    """


absent(chat_text, "transformers<4.49", because=NOT_BEFORE)
absent(chat_batch, "transformers<4.49", because=NOT_BEFORE)


@adapts(chat_text, "transformers>=4.49,<5.4", because="5.4.0 hands only what a template reads to the template")
def _text_before_5_4() -> Any:
    from transformers.processing_utils import ProcessorMixin

    return _texts(ProcessorMixin, _with_literals)


@adapts(chat_text, "transformers>=5.4", because="5.4.0 separates `processor_kwargs` from a template's variables")
def _text_since_5_4() -> Any:
    from transformers.processing_utils import ProcessorMixin

    return _texts(ProcessorMixin, _with_keywords)


@adapts(
    chat_batch, "transformers>=4.49,<5.4", because="what 5.4.0 calls `processor_kwargs` goes to both, or to one only"
)
def _batch_before_5_4() -> Any:
    from transformers.processing_utils import ProcessorMixin

    return _batches(ProcessorMixin, _flat_call, (False, False), _without_parts)


@adapts(chat_batch, "transformers>=5.4,<5.20", because="5.4.0 takes `processor_kwargs`")
def _batch_since_5_4() -> Any:
    from transformers.processing_utils import ProcessorMixin

    return _batches(ProcessorMixin, _separate_call, (False, False), _without_parts)


@adapts(chat_batch, "transformers>=5.20,<5.23", because="5.20.0 sanitises in tokenizers, 5.23.0 in processors too")
def _batch_since_5_20() -> Any:
    from transformers.processing_utils import ProcessorMixin

    return _batches(ProcessorMixin, _separate_call, (True, False))


@adapts(chat_batch, "transformers>=5.23", because="5.23.0 sanitises in processors, and leaves `return_tensors` to them")
def _batch_since_5_23() -> Any:
    from transformers.processing_utils import ProcessorMixin

    return _batches(ProcessorMixin, _separate_call, (True, True))


def chat_ids(processing: Any, conversation: Any, **keywords: Any) -> Any:
    """A conversation as ids, which is what `apply_chat_template` of a tokenizer returned before 5.0.0.

    Args:
        processing: A tokenizer, or a processor that has one.
        conversation: What `conversations` takes.
        keywords: As `chat_batch` takes them.

    Returns:
        A list of ids; a list of such lists for a list of conversations; with `return_tensors` a tensor of shape
        (conversations, tokens), also for one.

    Raises:
        TypeError: As in `chat_batch`.
        ValueError: As in `chat_batch`.
    """
    batch = chat_batch(processing, conversation, **keywords)
    ids = batch["input_ids"]
    if keywords.get("return_tensors") is not None:
        return ids
    rows = [list(row) for row in ids]
    return rows if conversations(conversation)[1] else rows[0]


def _texts(processors: type, separated: Callable[..., tuple[str, dict[str, Any]]]) -> Callable[..., Any]:
    def chat_text(
        processing: Any,
        conversation: Any,
        *,
        tools: Sequence[Any] | None = None,
        documents: Sequence[Any] | None = None,
        chat_template: str | None = None,
        add_generation_prompt: bool = False,
        continue_final_message: bool = False,
        **variables: Any,
    ) -> Any:
        _refuse_decided(variables)
        chats, several = conversations(conversation)
        asked = _asked(tools, documents, add_generation_prompt, continue_final_message)
        if isinstance(processing, processors):
            text = _template(processing, chat_template)
            asked["chat_template"], variables = separated(text, variables)
            chats = [[_without_urls(message) for message in chat] for chat in chats]
        elif chat_template is not None:
            asked["chat_template"] = chat_template
        texts = processing.apply_chat_template(chats, tokenize=False, **asked, **variables)
        return texts if several else texts[0]

    return chat_text


def _batches(
    processors: type,
    call: Callable[..., dict[str, Any]],
    sanitizing: tuple[bool, bool],
    readable: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> Callable[..., Any]:
    def chat_batch(
        processing: Any,
        conversation: Any,
        *,
        tools: Sequence[Any] | None = None,
        documents: Sequence[Any] | None = None,
        chat_template: str | None = None,
        add_generation_prompt: bool = False,
        continue_final_message: bool = False,
        padding: bool | str = False,
        truncation: bool | str = False,
        max_length: int | None = None,
        return_tensors: str | None = None,
        return_assistant_tokens_mask: bool = False,
        sanitize_control_tokens: bool = False,
        processor_kwargs: Mapping[str, Any] | None = None,
        **variables: Any,
    ) -> Any:
        _refuse_decided(variables)
        chats, _ = conversations(conversation)
        asked = _asked(tools, documents, add_generation_prompt, continue_final_message)
        asked.update(return_tensors=return_tensors)
        if return_assistant_tokens_mask:
            asked["return_assistant_tokens_mask"] = True
        by_processor = isinstance(processing, processors)
        if sanitize_control_tokens:
            _refuse_unsanitized(by_processor, sanitizing[by_processor])
            asked["sanitize_control_tokens"] = True
        fitting = {"padding": padding, "truncation": truncation, "max_length": max_length}
        fitting = {name: value for name, value in fitting.items() if value is not False and value is not None}
        if by_processor:
            text = _template(processing, chat_template)
            asked.update(call(text, {**fitting, **(processor_kwargs or {})}, variables))
            chats = [[readable(_without_urls(message)) for message in chat] for chat in chats]
        else:
            asked.update(fitting, **variables)
            if chat_template is not None:
                asked["chat_template"] = chat_template
            if processor_kwargs:
                asked["tokenizer_kwargs"] = dict(processor_kwargs)
        return processing.apply_chat_template(chats, tokenize=True, return_dict=True, **asked)

    return chat_batch


def _flat_call(text: str, processor_kwargs: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    template, _ = _with_literals(text, variables)
    return {"chat_template": template, **processor_kwargs}


def _separate_call(text: str, processor_kwargs: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    template, read = _with_keywords(text, variables)
    return {"chat_template": template, "processor_kwargs": dict(processor_kwargs), **read}


def _with_keywords(text: str, variables: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    # What the template does not read would go to the processor.
    return text, {name: value for name, value in variables.items() if name in text}


def _with_literals(text: str, variables: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    # Up to 4.51 a processor hands no variable to its template, from 4.52.1 on to itself as well: they are set within
    # the template. The newline after a block is trimmed, so that what follows begins as it did.
    read = {name: value for name, value in variables.items() if name in text}
    return "".join(f"{{% set {name} = {_literal(name, value)} %}}\n" for name, value in read.items()) + text, {}


def _literal(name: str, value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_literal(name, part) for part in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(name, key)}: {_literal(name, part)}" for key, part in value.items()) + "}"
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    raise TypeError(
        f"template variable {name!r} is {type(value).__name__}: before transformers 5.4 a processor's template takes "
        "strings, numbers, booleans, None, and lists and dicts of them"
    )


def _template(processor: Any, chat_template: str | None) -> str:
    own = getattr(processor, "chat_template", None)
    if own is None:
        own = getattr(getattr(processor, "tokenizer", None), "chat_template", None)
    named = own if isinstance(own, dict) else {"default": own}
    found = named.get(chat_template or "default", chat_template)
    if found is None:
        others = f", or the name of one: {', '.join(sorted(named))}" if own else ""
        raise ValueError(f"{type(processor).__name__} has no default chat template: give chat_template{others}")
    return str(found)


def _asked(tools: Any, documents: Any, add_generation_prompt: bool, continue_final_message: bool) -> dict[str, Any]:
    if isinstance(continue_final_message, str):
        raise TypeError(
            f"continue_final_message is true or false; the name of a field is new: {continue_final_message!r}"
        )
    # Some tokenizers, Mistral's own, refuse what they do not know even where it is None.
    asked = {
        "tools": tools,
        "documents": documents,
        "add_generation_prompt": add_generation_prompt or None,
        "continue_final_message": continue_final_message or None,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _stated(message: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in message.items() if value is not None}


def _without_urls(message: dict[str, Any]) -> dict[str, Any]:
    # OpenAI's form of an image, which upstream reads from 5.2.0 on.
    content = message.get("content")
    if not isinstance(content, list):
        return message
    return {**message, "content": [_image(part) for part in content]}


def _without_parts(message: dict[str, Any]) -> dict[str, Any]:
    content = message.get("content")
    return {**message, "content": _Text(content)} if isinstance(content, str) else message


class _Text(str):
    """A text in which upstream finds no images: up to 5.5 a processor looks for them in whatever `content` is."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        return iter(())


def _image(part: Any) -> Any:
    if not isinstance(part, dict) or part.get("type") != "image_url" or "image_url" not in part:
        return part
    stated = part["image_url"]
    return {"type": "image", "url": stated.get("url", "") if isinstance(stated, dict) else stated}


def _refuse_decided(variables: Mapping[str, Any]) -> None:
    for name in DECIDED:
        if name in variables:
            hint = "give processor_kwargs" if name == "tokenizer_kwargs" else "choose chat_text, chat_ids or chat_batch"
            raise TypeError(f"{name!r} is no variable of a chat template: {hint}")


def _refuse_unsanitized(by_processor: bool, can: bool) -> None:
    if not can:
        kind, release = ("processor", "5.23.0") if by_processor else ("tokenizer", "5.20.0")
        raise ValueError(f"a {kind} sanitises control tokens from transformers {release} on, and not on this release")
