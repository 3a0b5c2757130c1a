from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import caches


@dataclass(frozen=True)
class Held:
    """What a layer holds, as far as a cache looks at it: a tensor with a token's name in each place."""

    tokens: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, 2, len(self.tokens), 8)

    def __getitem__(self, places: Any) -> Held:
        return Held(self.tokens[places[1]])


class Listed:
    """A dynamic cache up to 4.53."""

    is_sliding = False

    def __init__(self, pairs: list[tuple[Held, Held]]) -> None:
        self.key_cache = [key for key, _ in pairs]
        self.value_cache = [value for _, value in pairs]

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return self.key_cache[layer_idx].shape[-2] if layer_idx < len(self.key_cache) else 0

    def get_max_cache_shape(self) -> int | None:
        return None

    def crop(self, max_length: int) -> None:
        assert max_length < 0, "what is kept is given as tokens to remove, which all releases take alike"
        self.key_cache = [held[..., :max_length, :] for held in self.key_cache]
        self.value_cache = [held[..., :max_length, :] for held in self.value_cache]


@dataclass
class Layer:
    keys: Held | None
    values: Held | None
    end: int = -1

    def get_max_length(self) -> int:
        return self.end

    def crop(self, tokens_to_remove: int) -> None:
        raise NotImplementedError


@dataclass
class Layered:
    """A cache from 4.54 on."""

    layers: list[Any] = field(default_factory=list)

    def get_seq_length(self, layer_idx: int = 0) -> int:
        held = self.layers[layer_idx].keys if layer_idx < len(self.layers) else None
        return 0 if held is None else held.shape[-2]

    def crop(self, tokens_to_remove: int) -> None:
        assert tokens_to_remove < 0
        for layer in self.layers:
            layer.keys = layer.keys[..., :tokens_to_remove, :]
            layer.values = layer.values[..., :tokens_to_remove, :]


def forms(pairs: list[tuple[Held, Held]]) -> list[Any]:
    """The same cache in each form that it has had."""
    own = Layered([Layer(*pair) for pair in pairs])
    crossed = SimpleNamespace(self_attention_cache=own, cross_attention_cache=None)
    return [tuple(pairs), Listed(pairs), Layered([Layer(*pair) for pair in pairs]), crossed]


TOKENS = st.integers(min_value=1, max_value=6)
LAYERS = st.tuples(st.integers(min_value=1, max_value=3), TOKENS)


def pairs_of(sizes: tuple[int, int]) -> list[tuple[Held, Held]]:
    layers, tokens = sizes
    return [(Held(tuple(range(tokens))), Held(tuple(range(50, 50 + tokens)))) for _ in range(layers)]


@given(LAYERS)
def test_every_form_tells_the_same(sizes: tuple[int, int]) -> None:
    pairs = pairs_of(sizes)
    for cache in forms(pairs):
        assert caches.layers(cache) == caches.to_legacy(cache) == tuple(pairs)
        assert caches.to_legacy(caches.to_legacy(cache)) == tuple(pairs)
        assert caches.layer_count(cache) == sizes[0]
        assert caches.length(cache) == caches.length(cache, sizes[0] - 1) == sizes[1]
        assert (caches.keys(cache, 0), caches.values(cache, 0)) == pairs[0]
        assert caches.max_length(cache) is None
        assert caches.usable_length(cache, 100) == sizes[1]


@given(LAYERS, st.integers(min_value=-8, max_value=8))
def test_cropping_keeps_the_first_tokens_and_once_is_enough(sizes: tuple[int, int], asked: int) -> None:
    kept = max(min(asked if asked >= 0 else sizes[1] + asked, sizes[1]), 0)
    for cache in forms(pairs_of(sizes)):
        cropped = caches.crop(cache, asked)
        assert isinstance(cache, tuple) or cropped is cache
        assert caches.length(cropped) == kept
        if kept:
            assert all(key.tokens == tuple(range(kept)) for key, _ in caches.layers(cropped))
            assert caches.layers(caches.crop(cropped, kept)) == caches.layers(cropped)


@given(LAYERS, TOKENS)
def test_a_layer_that_was_set_is_the_one_that_is_read(sizes: tuple[int, int], tokens: int) -> None:
    new = Held(tuple(range(90, 90 + tokens))), Held(tuple(range(80, 80 + tokens)))
    for cache in forms(pairs_of(sizes)):
        before = caches.layers(cache)
        changed = caches.set_layer(cache, 0, *new)
        assert caches.layers(changed) == (new, *before[1:])
        assert caches.layers(caches.set_layer(changed, 0, *new)) == caches.layers(changed)


@given(st.integers(min_value=0, max_value=9), st.integers(min_value=1, max_value=9))
def test_what_is_usable_leaves_room_for_what_comes(seen: int, new: int) -> None:
    fixed = SimpleNamespace(layers=[Layer(None, None, end=10)], get_seq_length=lambda layer_idx: seen)
    assert caches.usable_length(fixed, new) == (seen if seen + new <= 10 else 10 - new)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [([-1], None), ([12], 12), ([4, 12], 12), ([4, -1], None), ([], None)],
    ids=["endless", "fixed", "windows and full", "a window beside an endless one", "empty"],
)
def test_the_end_is_that_of_all_layers(ends: list[int], expected: int | None) -> None:
    linear = SimpleNamespace(conv_states=None)
    assert caches.max_length(Layered([linear, *(Layer(None, None, end) for end in ends)])) == expected


def test_the_end_has_had_three_names() -> None:
    no_layers: dict[str, list[Any]] = {"key_cache": [], "value_cache": []}
    assert caches.max_length(SimpleNamespace(get_max_length=lambda: 7, **no_layers)) == 7
    assert caches.max_length(SimpleNamespace(get_max_cache_shape=lambda: 8, **no_layers)) == 8
    assert caches.max_length(SimpleNamespace(layers=[SimpleNamespace(keys=None, get_max_cache_shape=lambda: 9)])) == 9


def test_nothing_is_a_cache_without_tokens() -> None:
    assert (caches.length(None), caches.layer_count(None), caches.layers(None), caches.to_legacy(None)) == (
        0,
        0,
        (),
        (),
    )
    assert (caches.max_length(None), caches.usable_length(None, 3)) == (None, 0)


@pytest.mark.parametrize("empty", [None, [], SimpleNamespace(shape=(0,))])
def test_a_layer_that_holds_nothing_yet_has_neither_keys_nor_values(empty: Any) -> None:
    assert caches.layers(Layered([Layer(empty, empty)])) == ((None, None),)
    assert caches.to_legacy(Layered([Layer(empty, empty)])) == ()


def test_the_legacy_tuple_of_two_caches_has_four_tensors_a_layer() -> None:
    own, crossed = pairs_of((2, 3)), pairs_of((2, 5))
    both = SimpleNamespace(self_attention_cache=Listed(own), cross_attention_cache=Listed(crossed))
    assert caches.to_legacy(both) == tuple((*one, *other) for one, other in zip(own, crossed, strict=True))


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: caches.keys(object(), 0), TypeError, "object is no cache: transformers' own are"),
        (
            lambda: caches.keys(Layered([SimpleNamespace(conv_states=None)]), 0),
            TypeError,
            "layer 0 of Layered is a SimpleNamespace: it is quantised or of linear attention",
        ),
        (
            lambda: caches.values(SimpleNamespace(_quantized_key_cache=[1]), 0),
            TypeError,
            "SimpleNamespace is quantised: its keys and values come back from its update only",
        ),
        (lambda: caches.set_layer((), 2, None, None), IndexError, "makes the next layer, which is 0, and no layer 2"),
        (
            lambda: caches.set_layer(Layered([Layer(Held((1, 2)), Held((1, 2)), 2)]), 0, Held((1,)), Held((1,))),
            ValueError,
            "layer 0 of Layered is of fixed size or slides: it holds 2 tokens, and 1 were given",
        ),
        (lambda: caches.from_legacy([(1, 2, 3)]), ValueError, r"2 tensors a layer, or 4 with .*, and not \[3\]"),
        (
            lambda: caches.crop(Layered([SimpleNamespace(keys=Held((1, 2)))]), 1),
            ValueError,
            "Layered cannot be cropped: a dynamic cache can, or a legacy tuple",
        ),
    ],
)
def test_wrong_use_says_what_was_given_and_what_is_accepted(wrong: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wrong()


def test_a_layer_that_slides_is_not_given_another_length_beside_one_that_does_not() -> None:
    slides = Layer(Held((1, 2)), Held((1, 2)), 4)
    slides.is_sliding = True  # type: ignore[attr-defined]
    slides.cumulative_length = 9  # type: ignore[attr-defined]
    cache = Layered([slides, Layer(Held((1, 2)), Held((1, 2)))])
    with pytest.raises(ValueError, match="slides: it holds 2 tokens, and 1 were given"):
        caches.set_layer(cache, 0, Held((1,)), Held((1,)))
    assert caches.set_layer(cache, 0, Held((3, 4)), Held((3, 4))) is cache


def test_a_layer_that_forgot_what_it_needs_says_so() -> None:
    class Sliding(Layered):
        def crop(self, tokens_to_remove: int) -> None:
            raise RuntimeError("the window was reached")

    with pytest.raises(ValueError, match="Sliding cannot be cropped to 1: the window was reached"):
        caches.crop(Sliding([Layer(Held((1, 2)), Held((1, 2)))]), 1)
