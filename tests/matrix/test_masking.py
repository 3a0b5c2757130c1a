from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from packaging.version import Version
from transformers import LlamaConfig, LlamaModel, __version__

from compat import UnsupportedRelease, caches, masking

release = Version(__version__)
PADDED = torch.tensor([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]])


def config(implementation: str, **settings: Any) -> Any:
    made = LlamaConfig(
        vocab_size=48,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
    )
    made._attn_implementation = implementation
    for name, value in settings.items():
        setattr(made, name, value)
    return made


def grown(tokens: int) -> Any:
    """A cache that has seen some tokens."""
    cache = caches.dynamic_cache()
    for layer in range(2):
        caches.update(cache, torch.ones(2, 2, tokens, 8), torch.ones(2, 2, tokens, 8), layer)
    return cache


def fixed(tokens: int) -> Any:
    """A cache of ten tokens that has seen some."""
    cache = caches.static_cache(config("sdpa"), max_batch_size=2, max_cache_len=10)
    if tokens:
        for layer in range(2):
            caches.update(cache, torch.ones(2, 2, tokens, 8), torch.ones(2, 2, tokens, 8), layer)
    return cache


def from_user(batch_idx: Any, head_idx: Any, q_idx: Any, kv_idx: Any) -> Any:
    """A mask function of a user: the second key is for everybody."""
    return kv_idx == 1


# (name, queries, padding mask, cache, further arguments)
CASES: dict[str, tuple[int, Any, Callable[[], Any], dict[str, Any]]] = {
    "plain": (5, None, lambda: None, {}),
    "nothing padded": (5, torch.ones(2, 5, dtype=torch.long), lambda: None, {}),
    "padded": (5, PADDED, lambda: None, {}),
    "always made": (5, None, lambda: None, {"allow_is_causal_skip": False}),
    "one token after three": (1, None, lambda: grown(3), {}),
    "two tokens after three": (2, None, lambda: grown(3), {}),
    "two tokens after three padded": (2, PADDED, lambda: grown(3), {}),
    "first tokens of a fixed cache": (5, torch.ones(2, 5, dtype=torch.long), lambda: fixed(0), {}),
    "first tokens of a fixed cache padded": (5, PADDED, lambda: fixed(0), {}),
    "two tokens into a fixed cache": (2, None, lambda: fixed(3), {}),
    "one token into a fixed cache": (1, PADDED[:, :4], lambda: fixed(3), {}),
    "longer padding mask": (3, PADDED, lambda: None, {}),
    "packed": (5, None, lambda: None, {"position_ids": torch.tensor([[0, 1, 2, 0, 1]])}),
    "positions of one sequence": (5, None, lambda: None, {"position_ids": torch.arange(5)[None]}),
    "packed and a user's": (
        5,
        None,
        lambda: None,
        {"position_ids": torch.tensor([[0, 1, 2, 0, 1]]), "or_mask_function": from_user},
    ),
    "a user's": (5, PADDED, lambda: None, {"or_mask_function": from_user}),
    "a user's needed too": (5, None, lambda: None, {"and_mask_function": from_user}),
    "blocks": (5, PADDED, lambda: None, {"block_sequence_ids": torch.tensor([[-1, 0, 0, 1, 1], [-1, -1, 0, 0, 0]])}),
    "blocks after three": (2, None, lambda: fixed(3), {"block_sequence_ids": torch.tensor([[-1, 0, 0, 1, 1]] * 2)}),
    "for the second layer": (2, PADDED, lambda: grown(3), {"layer_idx": 1}),
    "made already": (5, torch.zeros(2, 1, 5, 5), lambda: None, {}),
}

PATTERNS: dict[str, tuple[str, dict[str, Any]]] = {
    "causal": ("create_causal_mask", {}),
    "sliding": ("create_sliding_window_causal_mask", {"sliding_window": 2}),
    "wide window": ("create_sliding_window_causal_mask", {"sliding_window": 30}),
    "chunked": ("create_chunked_causal_mask", {"attention_chunk_size": 2}),
    "not causal": ("create_causal_mask", {"is_causal": False}),
    "not causal sliding": ("create_sliding_window_causal_mask", {"sliding_window": 2, "is_causal": False}),
}


@pytest.mark.covers(
    "masking.create_causal_mask", "masking.create_sliding_window_causal_mask", "masking.create_chunked_causal_mask"
)
@pytest.mark.parametrize("implementation", ["sdpa", "eager", "flash_attention_2"])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_same_mask_on_every_release(observe: Callable[..., None], pattern: str, implementation: str) -> None:
    name, settings = PATTERNS[pattern]
    for case, (queries, padding, cache, more) in CASES.items():
        asked = config(implementation, **settings)
        if implementation == "flash_attention_2" and "attention_chunk_size" in settings:
            asked.attention_chunk_size = 20
        embeds = torch.zeros(2, queries, 32)
        mask = getattr(masking, name)(asked, embeds, padding, cache(), **more)
        if mask is not None and case != "made already" and implementation != "flash_attention_2":
            assert mask.dtype == (torch.bool if implementation == "sdpa" else torch.float32)
            assert mask.shape[:3] == (2, 1, queries)
        observe(f"{pattern} {implementation} {case}", mask)


@pytest.mark.covers("masking.create_bidirectional_mask", "masking.create_bidirectional_sliding_window_mask")
@pytest.mark.parametrize("implementation", ["sdpa", "eager", "flash_attention_2"])
def test_masks_that_see_both_ways(observe: Callable[..., None], implementation: str) -> None:
    seen = torch.zeros(2, 7, 32)
    for name in ("create_bidirectional_mask", "create_bidirectional_sliding_window_mask"):
        for case, padding, more in (
            ("plain", None, {}),
            ("padded", PADDED, {}),
            ("always made", None, {"allow_is_bidirectional_skip": False}),
            ("of an encoder", None, {"encoder_hidden_states": seen, "allow_is_bidirectional_skip": False}),
            ("a user's", PADDED, {"and_mask_function": from_user}),
            ("after three", None, {"past_key_values": grown(3), "allow_is_bidirectional_skip": False}),
        ):
            asked = config(implementation, sliding_window=2)
            observe(
                f"{name} {implementation} {case}", getattr(masking, name)(asked, torch.zeros(2, 5, 32), padding, **more)
            )


@pytest.mark.covers("masking.create_causal_mask", "masking.mask_interface")
def test_an_implementation_without_masks_gets_none() -> None:
    assert masking.create_causal_mask(config("nobody_makes_masks_for_it"), torch.zeros(2, 5, 32), None, None) is None
    assert masking.mask_interface("nobody_makes_masks_for_it") is None


@pytest.mark.covers("masking.mask_interface")
def test_a_registered_function_is_called_by_lengths_or_by_positions() -> None:
    if release < Version("4.53"):
        with pytest.raises(ValueError, match=r"4\.53"):
            masking.mask_interface("flex_attention")
        return
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS

    def registered(batch_size: int, kv_length: int, **keywords: Any) -> Any:
        if "cache_position" in keywords:
            return batch_size, kv_length, keywords["cache_position"].tolist()
        first = int(keywords["q_offset"])
        return batch_size, kv_length, list(range(first, first + keywords["q_length"]))

    ALL_MASK_ATTENTION_FUNCTIONS.register("of_a_user", registered)
    try:
        made = masking.create_causal_mask(config("of_a_user"), torch.zeros(2, 2, 32), None, grown(3))
        called = masking.mask_interface("of_a_user")(
            batch_size=2, q_length=2, q_offset=3, kv_length=5, kv_offset=0, attention_mask=None
        )
    finally:
        del ALL_MASK_ATTENTION_FUNCTIONS._global_mapping["of_a_user"]
    assert made == called == (2, 5, [3, 4])


@pytest.mark.covers("masking.create_causal_mask")
@pytest.mark.parametrize("case", ["padded", "packed", "blocks", "two tokens after three padded"])
def test_flex_attention_gets_the_same_places(
    observe: Callable[..., None], monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    queries, padding, cache, more = CASES[case]
    asked = config("flex_attention")
    if release < Version("4.53"):
        with pytest.raises(ValueError, match=r"4\.53"):
            masking.create_causal_mask(asked, torch.zeros(2, queries, 32), padding, cache(), **more)
        return
    from transformers import masking_utils

    upstream = masking_utils.create_block_mask
    # No compiler is needed to know the places.
    monkeypatch.setattr(masking_utils, "create_block_mask", lambda **given: upstream(**{**given, "_compile": False}))
    made = masking.create_causal_mask(asked, torch.zeros(2, queries, 32), padding, cache(), **more)
    sizes = [torch.arange(size) for size in (2, 1, *made.shape[-2:])]
    places = [made.mask_mod(*place) for place in torch.cartesian_prod(*sizes)]
    observe(f"flex {case}", torch.stack(places).reshape(made.shape))


@pytest.mark.covers("masking.sdpa_mask", "masking.eager_mask", "masking.mask_interface")
def test_masks_from_lengths(observe: Callable[..., None]) -> None:
    padding = PADDED.bool()
    window = masking.and_masks(masking.sliding_window_overlay(2), masking.causal_mask_function)
    observe("sdpa", masking.sdpa_mask(2, 2, 5, 3, 0, attention_mask=padding))
    observe("sdpa skipped", masking.sdpa_mask(2, 5, 5))
    observe("sdpa window", masking.sdpa_mask(2, 5, 5, mask_function=window, local_size=2))
    observe("sdpa both ways", masking.sdpa_mask(2, 5, 5, allow_is_causal_skip=False, allow_is_bidirectional_skip=True))
    observe("eager", masking.eager_mask(2, 2, 5, q_offset=3, attention_mask=padding))
    observe("eager half", masking.eager_mask(2, 5, 5, dtype=torch.float16))
    by_keyword = {"batch_size": 2, "q_length": 5, "kv_length": 5, "attention_mask": padding, "dtype": torch.float32}
    observe("interface", masking.mask_interface("sdpa")(**by_keyword))


@pytest.mark.covers(
    "masking.and_masks",
    "masking.or_masks",
    "masking.causal_mask_function",
    "masking.bidirectional_mask_function",
    "masking.chunked_overlay",
    "masking.sliding_window_overlay",
    "masking.sliding_window_bidirectional_overlay",
)
def test_mask_functions(observe: Callable[..., None]) -> None:
    places = (torch.zeros(1, 1, dtype=torch.long), torch.zeros(1, 1), torch.arange(6)[:, None], torch.arange(6)[None])
    functions = {
        "causal": masking.causal_mask_function,
        "both ways": masking.bidirectional_mask_function,
        "window": masking.sliding_window_overlay(2),
        "window both ways": masking.sliding_window_bidirectional_overlay(2),
        "chunks": masking.chunked_overlay(2, torch.tensor([1])),
        "and": masking.and_masks(masking.causal_mask_function, masking.sliding_window_overlay(2)),
        "or": masking.or_masks(masking.causal_mask_function, from_user),
    }
    for name, function in functions.items():
        observe(name, function(*places).expand(6, 6))


@pytest.mark.covers("masking.create_masks_for_generate", "masking.create_recurrent_attention_mask")
def test_masks_of_all_kinds_of_layers(observe: Callable[..., None]) -> None:
    embeds = torch.zeros(2, 5, 32)
    observe("recurrent", masking.create_recurrent_attention_mask(config("sdpa"), embeds[:, :3], PADDED))
    observe("recurrent full", masking.create_recurrent_attention_mask(config("sdpa"), embeds, torch.ones(2, 5)))
    observe("recurrent one", masking.create_recurrent_attention_mask(config("sdpa"), embeds[:, :1], PADDED))
    if release < Version("4.53"):
        with pytest.raises(UnsupportedRelease, match=r"4\.53"):
            masking.create_masks_for_generate(config("sdpa"), embeds, PADDED, None)
        return
    kinds: dict[str, dict[str, Any]] = {
        "plain": {},
        "all slide": {"sliding_window": 2},
        "all chunked": {"attention_chunk_size": 2},
        "one kind": {"layer_types": ["full_attention"] * 2},
        "two kinds": {"layer_types": ["full_attention", "sliding_attention"], "sliding_window": 2},
        "linear": {"layer_types": ["full_attention", "linear_attention"]},
        "unknown": {"layer_types": ["full_attention", "of_a_user"]},
    }
    for name, settings in kinds.items():
        masks = masking.create_masks_for_generate(config("sdpa", **settings), embeds, PADDED, None)
        observe(name, dict(sorted(masks.items())) if isinstance(masks, dict) else masks)


@pytest.mark.covers("masking.create_causal_mask")
@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_a_model_with_the_mask_gives_what_it_gives_with_its_own(implementation: str) -> None:
    torch.manual_seed(0)
    model = LlamaModel(config(implementation)).eval()
    tokens = torch.arange(10).reshape(2, 5)
    embeds = model.get_input_embeddings()(tokens)
    mask = masking.create_causal_mask(model.config, embeds, PADDED, None)
    with torch.no_grad():
        own = model(tokens, attention_mask=PADDED).last_hidden_state
        ours = model(tokens, attention_mask=mask if implementation == "eager" else numbers(mask)).last_hidden_state
    seen = PADDED.bool()
    assert torch.allclose(own[seen], ours[seen], atol=1e-6)


def numbers(mask: Any) -> Any:
    """A mask of booleans as numbers to add: models before 4.53 take no booleans."""
    return torch.zeros(mask.shape).masked_fill(~mask, torch.finfo(torch.float32).min)


@pytest.mark.covers(
    "masking.AttentionMaskConverter",
    "masking.prepare_4d_attention_mask",
    "masking.prepare_4d_attention_mask_for_sdpa",
    "masking.prepare_4d_causal_attention_mask",
    "masking.prepare_4d_causal_attention_mask_for_sdpa",
)
@pytest.mark.filterwarnings("ignore")
def test_the_older_mask_utilities(observe: Callable[..., None], caplog: pytest.LogCaptureFixture) -> None:
    # 5.2's warning of them cannot be formatted, and logging says so.
    caplog.set_level("ERROR", logger="transformers.modeling_attn_mask_utils")
    embeds = torch.zeros(2, 5, 32)
    observe("4d converter", masking.AttentionMaskConverter(is_causal=True).to_4d(PADDED, 5, torch.float32, 5))
    observe("4d expanded", masking.prepare_4d_attention_mask(PADDED, torch.float32))
    observe("4d expanded sdpa", masking.prepare_4d_attention_mask_for_sdpa(PADDED, torch.float32))
    observe("4d causal", masking.prepare_4d_causal_attention_mask(PADDED, (2, 5), embeds, 0))
    observe("4d causal sdpa", masking.prepare_4d_causal_attention_mask_for_sdpa(PADDED, (2, 5), embeds, 0))


@pytest.mark.covers("masking.get_extended_attention_mask", "masking.invert_attention_mask")
def test_masks_as_numbers_to_add(observe: Callable[..., None]) -> None:
    padding = PADDED.float()
    model = LlamaModel(config("eager"))
    extended = masking.get_extended_attention_mask(padding, (2, 5), torch.float32)
    causal = masking.get_extended_attention_mask(padding, (2, 3), torch.float32, is_decoder=True)
    inverted = masking.invert_attention_mask(padding, torch.float32)
    if release < Version("5.17"):
        assert torch.equal(extended, model.get_extended_attention_mask(padding, (2, 5), dtype=torch.float32))
        assert torch.equal(inverted, model.invert_attention_mask(padding))
        model.config.is_decoder = True
        assert torch.equal(causal, model.get_extended_attention_mask(padding, (2, 3), dtype=torch.float32))
    observe("extended", extended)
    observe("extended causal", causal)
    observe("inverted", inverted)


@pytest.mark.covers("masking.create_causal_mask")
def test_upstream_makes_its_own_masks_from_the_newest_release_on() -> None:
    masking.create_causal_mask(config("sdpa"), torch.zeros(2, 5, 32), None, None)
    ours = masking.create_causal_mask.__module__ == masking.__name__
    assert ours == (release < Version("5.23"))
