from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import models

from .small_models import Tensor, made


class Module:
    """A stand-in for a module: its parts by name, its parameters as those that are its own and its parts'."""

    def __init__(self, tied: Any = None, **parts: Any) -> None:
        vars(self).update(parts)
        if tied is not None:
            self._tied_weights_keys = tied

    def modules(self) -> Iterator[Module]:
        yield self
        for part in vars(self).values():
            if isinstance(part, Module):
                yield from part.modules()

    def named_parameters(self, *, remove_duplicate: bool) -> Iterator[tuple[str, Tensor]]:
        assert not remove_duplicate
        for name, part in vars(self).items():
            if isinstance(part, Tensor):
                yield name, part
            elif isinstance(part, Module):
                yield from (
                    (f"{name}.{inner}", value) for inner, value in part.named_parameters(remove_duplicate=False)
                )


TENSORS = st.builds(Tensor, st.just(2), st.just(3))
OUTPUTS = TENSORS | st.tuples(TENSORS) | st.tuples(TENSORS, TENSORS) | st.tuples(TENSORS, st.none(), st.integers())


@given(OUTPUTS, TENSORS)
def test_other_hidden_states_are_read_back_and_the_rest_is_kept(output: Any, states: Tensor) -> None:
    changed = models.with_hidden_states(output, states)
    assert models.hidden_states(changed) is states
    assert models.with_hidden_states(changed, models.hidden_states(output)) == output
    assert type(changed) is type(output) and (isinstance(output, Tensor) or changed[1:] == output[1:])


@pytest.mark.parametrize(
    ("output", "said"),
    [((), "a tuple of nothing"), ((None, Tensor(2)), "a tuple of NoneType, Tensor"), ({"a": 1}, "dict"), (3, "int")],
)
def test_what_is_no_layers_output_is_refused(output: Any, said: str) -> None:
    for call in (models.hidden_states, lambda output: models.with_hidden_states(output, Tensor(2))):
        with pytest.raises(TypeError, match=f"begins with one; got {said}$"):
            call(output)


LAYERS = ["first", "second"]
DECODER = SimpleNamespace(layers=LAYERS)


@pytest.mark.parametrize(
    "model",
    [
        DECODER,
        SimpleNamespace(model=DECODER),
        # LLaVA up to 4.51, up to 4.57, and from 5.0.0.
        SimpleNamespace(language_model=SimpleNamespace(model=DECODER)),
        SimpleNamespace(language_model=DECODER, model=SimpleNamespace(language_model=DECODER)),
        SimpleNamespace(model=SimpleNamespace(language_model=DECODER)),
    ],
)
def test_the_decoder_is_found_in_each_layout(model: Any) -> None:
    assert models.language_model(model) is DECODER
    assert models.decoder_layers(model) is LAYERS


@pytest.mark.parametrize("name", ["visual", "vision_tower", "vision_model"])
def test_the_vision_tower_is_found_in_each_layout(name: str) -> None:
    tower = object()
    for model in (SimpleNamespace(**{name: tower}), SimpleNamespace(model=SimpleNamespace(**{name: tower}))):
        assert models.vision_tower(model) is tower


def test_a_model_without_the_part_names_itself() -> None:
    for find, said in (
        (models.vision_tower, "Module has no vision tower"),
        (models.language_model, "Module has no decoder layers"),
        (models.decoder_layers, "Module has no decoder layers"),
        (models.lm_head, "Module has no output embeddings"),
    ):
        with pytest.raises(TypeError, match=said):
            find(Module(get_output_embeddings=lambda: None))


PAIRS = {"lm_head.weight": "model.embed_tokens.weight"}


@pytest.mark.parametrize("declared", [list(PAIRS), PAIRS, {r"lm_head\.weight": "model.embed_tokens.weight"}, None])
@pytest.mark.parametrize("head_first", [True, False])
def test_the_source_is_the_one_that_is_not_declared(declared: Any, head_first: bool) -> None:
    weight = Tensor(4, 2)
    parts = {"model": Module(embed_tokens=Module(weight=weight)), "lm_head": Module(weight=weight)}
    if head_first:
        parts = dict(reversed(parts.items()))
    # Where a release declares nothing, the first is taken.
    expected = PAIRS if declared or not head_first else {source: target for target, source in PAIRS.items()}
    assert models.tied_weights(Module(declared, **parts)) == expected
    assert models.tied_weights(Module(inner=Module(declared, **parts))) == {
        f"inner.{target}": f"inner.{source}" for target, source in expected.items()
    }


def test_what_shares_no_parameter_is_not_tied_whatever_is_declared() -> None:
    model = Module(list(PAIRS), model=Module(embed_tokens=Module(weight=Tensor(4))), lm_head=Module(weight=Tensor(4)))
    assert models.tied_weights(model) == {}


@given(st.dictionaries(st.text(), st.text()))
def test_a_declaration_names_the_same_targets_in_both_forms(pairs: dict[str, str]) -> None:
    older, newer = (made("models.tied_weights_keys", release)(pairs) for release in ("4.57.6", "5.0.0"))
    assert isinstance(older, list) and older == list(newer)
    assert newer == pairs and newer is not pairs


@pytest.mark.parametrize("flags", [("_supports_flash_attn_2",), ("_supports_flash_attn",)])
def test_attention_is_read_from_the_flag_of_any_release(flags: tuple[str, ...]) -> None:
    model = SimpleNamespace(**dict.fromkeys(flags, True), _supports_sdpa=False)
    assert models.supports_attention(model, "flash_attention_2") and models.supports_attention(model, "eager")
    assert not models.supports_attention(model, "sdpa") and not models.supports_attention(model, "flex_attention")


@given(st.sets(st.sampled_from(["sdpa", "flash_attention_2", "flash_attention_3", "flex_attention"])))
def test_what_is_declared_is_what_is_read(implementations: set[str]) -> None:
    @models.declares_attention(*implementations)
    class Own:
        pass

    assert all(models.supports_attention(Own, each) for each in implementations)
    assert models.supports_attention(Own, "sdpa") == ("sdpa" in implementations)


def test_an_unknown_implementation_is_refused() -> None:
    for call in (lambda: models.supports_attention(object(), "fused"), lambda: models.declares_attention("fused")):
        with pytest.raises(ValueError, match="'fused' is no attention implementation: give eager, flash_attention_2"):
            call()
