from __future__ import annotations

import pytest

from drift_checks.findings import Finding

from .programs import checked

PACKAGES = dict.fromkeys(
    ("transformers/__init__.py", "transformers/models/__init__.py", "transformers/models/llama/__init__.py"), ""
)
FILES = {
    **PACKAGES,
    "transformers/cache_utils.py": """
        class Cache:
            def usable_length(self): ...
            def update(self): ...
        class DynamicCache(Cache):
            def __init__(self):
                self.key_cache = []
    """,
    "transformers/models/llama/modeling_llama.py": """
        class LlamaAttention:
            def __init__(self):
                self.head_count = 1
    """,
}
WITHOUT = {
    **PACKAGES,
    "transformers/cache_utils.py": "class Cache: ...\nclass DynamicCache(Cache): ...\n",
    "transformers/models/llama/modeling_llama.py": "class LlamaAttention: ...\n",
}
HEAD = (
    "from transformers.cache_utils import DynamicCache\n\ndef f(cache, past_key_values, other, attention, self_attn):\n"
)


def likely(use: str, after: dict[str, str] = WITHOUT, head: str = HEAD) -> list[Finding]:
    return list(checked(FILES, after, f"{head}    {use}\n").findings)


@pytest.mark.parametrize(
    ("use", "symbol"),
    [
        ("cache.usable_length()", "transformers.cache_utils.Cache.usable_length"),
        ("past_key_values.key_cache[0]", "transformers.cache_utils.DynamicCache.key_cache"),
        ("self.past_key_value.key_cache.append(1)", "transformers.cache_utils.DynamicCache.key_cache"),
    ],
)
def test_the_receiver_is_called_like_the_class(use: str, symbol: str) -> None:
    [finding] = likely(use)
    assert (finding.rule, finding.line, finding.symbol, finding.decides) == ("attribute-removed", 4, symbol, False)


def test_a_family_counts_where_the_file_imports_it() -> None:
    head = "from transformers.models.llama import modeling_llama\n\ndef f(attention):\n"
    [finding] = likely("attention.head_count", head=head)
    assert finding.symbol == "transformers.models.llama.modeling_llama.LlamaAttention.head_count"
    assert not likely("attention.head_count")


@pytest.mark.parametrize(
    "use",
    [
        "cache.update()",
        "cache.never_was",
        "getattr(cache, 'key_cache', None)",
        "cache.key_cache = 1",
        "setattr(cache, 'key_cache', 1); cache.key_cache",
        "class Own:\n        key_cache = 1\n    cache.key_cache",
        "def usable_length(): ...\n    cache.usable_length()",
    ],
)
def test_finds_nothing(use: str) -> None:
    assert not likely(use)


def test_a_class_that_still_has_the_name_may_be_the_one() -> None:
    after = {**WITHOUT, "transformers/tools.py": "class Ring:\n    def usable_length(self): ...\n"}
    assert not likely("cache.usable_length()", after)


def test_a_receiver_that_fits_nothing_needs_an_import_of_the_class() -> None:
    head = "from transformers import cache_utils\n\ndef f(other):\n"
    assert not likely("other.usable_length()", head=head)
    assert likely("other.usable_length()")


def test_what_a_class_may_still_answer_is_not_said() -> None:
    classes = "class Cache:\n    def __getattr__(self, name): ...\nclass DynamicCache(Cache): ...\n"
    after = {**WITHOUT, "transformers/cache_utils.py": classes}
    assert not likely("cache.usable_length()", after)


def test_without_an_import_of_the_upstream_nothing_is_asked() -> None:
    assert not likely("cache.usable_length()", head="def f(cache):\n")


def test_an_attribute_that_does_not_tell_what_it_holds() -> None:
    tools = {"transformers/tools.py": "class Runner:\n    def __init__(self, cache):\n        self.cache = cache\n"}
    program = "from transformers.tools import Runner\n\nRunner(1).cache.usable_length()\nRunner(1).cache.never_was()\n"
    [finding] = checked({**FILES, **tools}, {**WITHOUT, **tools}, program).findings
    assert (finding.line, finding.rule, finding.decides) == (3, "attribute-removed", False)
