from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import chat_templates

text = st.sampled_from(["", "a", "two words"])
content = st.none() | text | st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": text}), max_size=2)
message = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"])}, optional={"content": content})
chat = st.lists(message, min_size=1, max_size=3)


@given(st.lists(chat, min_size=1, max_size=3))
def test_one_form_is_its_own_form_and_holds_no_none(chats: list[list[dict[str, Any]]]) -> None:
    formed, several = chat_templates.conversations(chats)
    assert several and chat_templates.conversations(formed) == (formed, True)
    assert all(value is not None for one in formed for stated in one for value in stated.values())
    assert chat_templates.conversations(chats[0]) == (formed[:1], False)
    assert chat_templates.conversations(tuple(chats[0])) == (formed[:1], False)
    held = [SimpleNamespace(messages=one) for one in chats]
    assert chat_templates.conversations(held) == (formed, True)
    assert chat_templates.conversations(held[0]) == (formed[:1], False)


@pytest.mark.parametrize("empty", [[], (), [[]], [[{"role": "user"}], []], "text"])
def test_a_conversation_without_a_message_is_said(empty: Any) -> None:
    with pytest.raises(ValueError, match=r"list of messages|has no message"):
        chat_templates.conversations(empty)


def test_the_messages_that_were_given_are_left_alone() -> None:
    given_message = {"role": "user", "content": None}
    formed, _ = chat_templates.conversations([given_message])
    formed[0][0]["role"] = "other"
    assert given_message == {"role": "user", "content": None}
