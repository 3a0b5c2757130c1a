from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat.results import first, unpacked, with_first


class Pair(NamedTuple):
    embeds: Any
    mask: Any


@dataclass
class Conditioning:
    prompt_embeds: Any = None
    mask: Any = None


class Output(OrderedDict[str, Any]):
    """A mapping that gives its values by number too, as `ModelOutput` does."""

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key) if isinstance(key, str) else list(self.values())[key]


EMBEDS = ("embeds", "prompt_embeds")


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (("t", "mask"), ("t", "mask")),
        (("t",), ("t", None)),
        ("t", ("t", None)),
        (["t", "u"], (["t", "u"], None)),
        (Pair("t", None), ("t", None)),
        (Conditioning("t", "mask"), ("t", "mask")),
        (Conditioning(None, "mask"), (None, "mask")),
        (Output(embeds="t"), ("t", None)),
        ({"mask": "mask", "prompt_embeds": "t"}, ("t", "mask")),
    ],
)
def test_a_result_has_one_shape_however_it_was_returned(result: Any, expected: tuple[Any, ...]) -> None:
    assert unpacked(result, (EMBEDS, "mask")) == expected
    assert unpacked(unpacked(result, (EMBEDS, "mask")), (EMBEDS, "mask")) == expected


@pytest.mark.parametrize(
    ("result", "expected", "replaced"),
    [
        (("t", "cache"), "t", ("new", "cache")),
        ("t", "t", "new"),
        (["t", "u"], ["t", "u"], "new"),
        (Pair("t", "mask"), "t", Pair("new", "mask")),
        (Conditioning(None, "mask"), "mask", Conditioning(None, "new")),
        (Output(loss=None, logits="t"), "t", Output(loss=None, logits="new")),
    ],
)
def test_the_first_value_is_read_and_replaced_in_its_kind(result: Any, expected: Any, replaced: Any) -> None:
    assert first(result) == expected
    assert with_first(result, "new") == replaced
    assert type(with_first(result, "new")) is type(replaced)
    assert first(result) == expected


@pytest.mark.parametrize(
    ("attempt", "reason"),
    [
        (lambda: first(None), "given None"),
        (lambda: first(()), "empty tuple"),
        (lambda: first(Conditioning()), "holds nothing: prompt_embeds, mask"),
        (lambda: with_first((), 1), r"given \(\)"),
        (lambda: unpacked(None, ("embeds",)), "given None, where embeds were expected"),
        (lambda: unpacked((1, 2, 3), ("embeds", "mask")), "tuple of 3, where embeds, mask"),
        (lambda: unpacked((), ("embeds",)), "tuple of 0"),
        (lambda: unpacked({"logits": 1}, (EMBEDS, "mask")), "dict with logits, where embeds/prompt_embeds, mask"),
        (lambda: unpacked(1, ()), "needs a name"),
    ],
)
def test_what_has_no_such_value_is_refused(attempt: Callable[[], Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        attempt()


VALUES = st.integers() | st.lists(st.integers())


@given(values=st.lists(VALUES, min_size=1, max_size=4), more=st.integers(0, 3), new=VALUES)
def test_a_tuple_a_mapping_and_a_lone_value_say_the_same(values: list[Any], more: int, new: Any) -> None:
    names = [f"n{index}" for index in range(len(values) + more)]
    expected = (*values, *[None] * more)
    mapping = dict(zip(names, values, strict=False))
    assert unpacked(tuple(values), names) == unpacked(mapping, names) == expected
    assert unpacked(values[0], names)[0] == first(tuple(values)) == first(mapping) == first(values[0]) == values[0]
    assert unpacked(with_first(tuple(values), new), names) == unpacked(with_first(mapping, new), names)
    assert first(with_first(values[0], new)) == new
