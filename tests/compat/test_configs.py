from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import configs

NAMES = ("text_config", "llm_config", "language_config", "thinker_config")
plain = st.dictionaries(st.sampled_from(["vocab_size", "hidden_size", "pad_token_id"]), st.none() | st.integers())
saved = st.recursive(
    st.dictionaries(st.sampled_from(["dtype", "torch_dtype", "a"]), st.none() | st.sampled_from(["float16", "int8"])),
    lambda parts: st.dictionaries(st.sampled_from(["text_config", "b"]), parts),
    max_leaves=4,
)


class Saved:
    def __init__(self, held: dict[str, Any]) -> None:
        self.held = held

    def to_dict(self) -> dict[str, Any]:
        return self.held


@given(plain, plain, st.lists(st.sampled_from(NAMES), max_size=3))
def test_the_text_part_is_found_however_deep_and_is_its_own_text_part(
    top: dict[str, Any], inner: dict[str, Any], names: list[str]
) -> None:
    innermost = config = SimpleNamespace(**inner)
    for name in names:
        config = SimpleNamespace(**{name: config})
    found = configs.text_config(config)
    assert found is innermost and configs.text_config(found) is found
    vars(config).update({key: value for key, value in top.items() if names})
    for key in ("vocab_size", "hidden_size"):
        stated = [held.get(key) for held in (inner, top if names else {})]
        expected = next((value for value in stated if value is not None), None)
        assert configs.text_attribute(config, key, default=None) == expected


def test_upstreams_own_search_comes_first() -> None:
    inner = SimpleNamespace(vocab_size=3)
    config = SimpleNamespace(get_text_config=lambda: inner, llm_config=SimpleNamespace(vocab_size=4), vocab_size=5)
    assert configs.text_config(config) is inner
    assert configs.text_attribute(config, "vocab_size") == 3


def test_a_text_part_that_is_a_dict_is_said() -> None:
    for config in (SimpleNamespace(text_config={"a": 1}), SimpleNamespace(get_text_config=dict)):
        with pytest.raises(TypeError, match="is a plain dict, which this release's class does not read"):
            configs.text_config(config)


def test_an_attribute_that_is_nowhere_is_an_error_and_a_token_id_none() -> None:
    config = SimpleNamespace(head_dim=None)
    assert configs.text_attribute(config, "pad_token_id") is None
    assert configs.text_attribute(config, "head_dim") is None
    assert configs.text_attribute(config, "head_dim", 8) == configs.text_attribute(config, "nowhere", 8) == 8
    with pytest.raises(AttributeError, match="neither SimpleNamespace nor its text config has 'nowhere'"):
        configs.text_attribute(config, "nowhere")


@given(saved)
def test_a_saved_config_names_its_dtype_once_and_stays_as_it_is_afterwards(held: dict[str, Any]) -> None:
    once = configs.to_dict(Saved(held))
    assert "torch_dtype" not in str(once)
    assert configs.to_dict(Saved(once)) == once
    if "dtype" in held or "torch_dtype" in held:
        assert once["dtype"] == (held.get("torch_dtype") or held.get("dtype"))
