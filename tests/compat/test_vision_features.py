from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import vision_features

from .small_models import Tensor, made


class Output(dict[str, Any]):
    """An output object: fields that are there by name and by attribute."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def pooled(release: str) -> Any:
    return made("vision_features.pooled", release)


EVERY = pytest.mark.parametrize("release", ["4.49.0", "4.57.6", "5.0.0", "5.23.0"])
DIMENSIONS = {1: (2,), 2: (2, 3), 3: (2, 3, 4)}
TENSORS = st.sampled_from(sorted(DIMENSIONS)).map(lambda count: Tensor(*DIMENSIONS[count]))
LISTS = st.lists(TENSORS, min_size=1, max_size=3)
FEATURES = TENSORS | LISTS


@EVERY
@given(FEATURES)
def test_pooling_twice_is_pooling_once(release: str, features: Any) -> None:
    for given_ in (features, Output(last_hidden_state=Tensor(9, 9), pooler_output=features)):
        once = pooled(release)(given_)
        assert once == features and pooled(release)(once) == features
    if isinstance(features, list):
        assert pooled(release)(Output(pooler_output=tuple(features))) == features


IMAGE, TOKENS, DEEP = Tensor(4, 8), Tensor(2, 5, 8), [Tensor(4, 8)]
PER_IMAGE = (Tensor(4, 8), Tensor(6, 8))
VECTORS = Tensor(2, 16)


@pytest.mark.parametrize(
    ("release", "output", "expected"),
    [
        # Qwen2-VL from 4.53, Qwen3-VL's method and its tower in 4.57.
        ("4.57.6", PER_IMAGE, list(PER_IMAGE)),
        ("4.57.6", (PER_IMAGE, DEEP), list(PER_IMAGE)),
        ("4.57.6", (IMAGE, DEEP), IMAGE),
        # Towers with return_dict=False.
        ("4.57.6", (TOKENS, VECTORS), VECTORS),
        ("4.57.6", (TOKENS, VECTORS, (TOKENS, TOKENS)), VECTORS),
        ("5.0.0", (TOKENS, VECTORS, (TOKENS, TOKENS)), VECTORS),
        ("5.0.0", (TOKENS, [IMAGE, IMAGE]), [IMAGE, IMAGE]),
        ("5.0.0", (Tensor(16, 8), PER_IMAGE, DEEP), list(PER_IMAGE)),
    ],
)
def test_a_tuple_is_read_as_the_release_means_it(release: str, output: Any, expected: Any) -> None:
    assert pooled(release)(output) == expected


@pytest.mark.parametrize(
    ("release", "output", "said"),
    [
        ("4.57.6", (TOKENS, (TOKENS, TOKENS)), r"a tuple of \(2, 5, 8\), 2 of them"),
        ("4.57.6", (TOKENS, 3), "int"),
        ("5.0.0", PER_IMAGE, r"a tuple of \(4, 8\), \(6, 8\)"),
        ("5.0.0", (TOKENS, (TOKENS, TOKENS)), "2 of them"),
        ("5.0.0", (TOKENS,), r"\(2, 5, 8\)"),
    ],
)
def test_a_tuple_that_may_be_either_is_refused(release: str, output: Any, said: str) -> None:
    with pytest.raises(ValueError, match=rf"pooled cannot tell .*{said}.* return_dict=True"):
        pooled(release)(output)


@EVERY
@pytest.mark.parametrize(
    ("output", "said"),
    [
        (Output(last_hidden_state=IMAGE, pooler_output=None), "got Output with last_hidden_state, pooler_output"),
        ((), "got tuple"),
        ([], "got list"),
        ("features", "got str"),
    ],
)
def test_what_holds_no_features_is_refused(release: str, output: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        pooled(release)(output)


class Joint:
    config = SimpleNamespace(model_type="joint")

    def get_text_features(self, input_ids: Any, attention_mask: Any = None) -> Any:
        return input_ids, attention_mask


def test_what_a_method_does_not_take_is_refused() -> None:
    with pytest.raises(TypeError, match="get_text_features takes no mask, size: it takes attention_mask"):
        vision_features.text_features(Joint(), IMAGE, mask=1, size=2, position_ids=None)
    with pytest.raises(TypeError, match=r"Joint has no get_audio_features, and neither has its \.model"):
        vision_features.audio_features(Joint(), IMAGE)
