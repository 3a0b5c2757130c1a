"""Names that left and came back: availability is a set of releases, never one boundary."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import pytest
from packaging.specifiers import SpecifierSet

from signatures.history import History
from signatures.surface import Surface


class Hole(NamedTuple):
    """A name with a hole in its availability.

    Args:
        symbol: The dotted path.
        parameter: A parameter of it, or "" for the symbol itself.
        held_in: Where it is there, as sets of releases; everywhere else it is not.
    """

    symbol: str
    parameter: str
    held_in: tuple[str, ...]


# Counted in the files of the released wheels: `def`, `class`, imported name or parameter, release by release.
HOLES = (
    Hole("utils.is_flash_attn_greater_or_equal_2_10", "", ("<5.4", ">=5.5")),
    Hole("cache_utils.SlidingWindowCache", "", (">=4.42,<5", ">=5.5.1")),
    Hole("cache_utils.Cache.get_max_length", "", ("<4.49", ">=5.13")),
    Hole("utils.generic.check_model_inputs", "", (">=4.54,<5.2", ">=5.4")),
    Hole("tokenization_utils_base.PreTrainedTokenizerBase.clean_up_tokenization", "", ("<5", ">=5.3")),
    Hole("utils.is_torch_tpu_available", "", ("<4.51", ">=5.9")),
    Hole("models.blip.image_processing_blip.BlipImageProcessor", "", ("<5.4", ">=5.6")),
    Hole("models.blip.image_processing_pil_blip.BlipImageProcessor", "", (">=5.4,<5.6",)),
    Hole("models.blip.image_processing_pil_blip.BlipImageProcessorPil", "", (">=5.6",)),
    Hole("pytorch_utils.is_torch_greater_or_equal_than_1_13", "", ("<4.48", ">=4.48.2")),
    Hole("modeling_flash_attention_utils._flash_attention_forward", "attn_implementation", (">=4.53,<4.54", ">=5")),
    Hole("modeling_flash_attention_utils._flash_attention_forward", "implementation", (">=4.54,<5",)),
    Hole(
        "models.qwen2_vl.video_processing_qwen2_vl.Qwen2VLVideoProcessor._preprocess",
        "do_convert_rgb",
        (">=4.52,<4.57", ">=5.10.1,<5.18"),
    ),
)


@pytest.fixture(scope="module")
def history() -> Iterator[History]:
    opened = History.open("transformers", overlay=False)
    yield opened
    opened.close()


def is_there(release: Surface, hole: Hole) -> bool:
    found = release.resolve(f"transformers.{hole.symbol}")
    if not hole.parameter or not found.found:
        return found.found
    signature = release.signature(found)
    return signature is not None and signature.get(hole.parameter) is not None


def around_edges(versions: list[str], held: dict[str, bool]) -> list[str]:
    """The first and the last release, and both sides of each change."""
    pairs = [pair for pair in pairwise(versions) if held[pair[0]] != held[pair[1]]]
    return [versions[0], *(version for pair in pairs for version in pair), versions[-1]]


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: " ".join((hole.symbol, hole.parameter)).strip())
def test_a_hole_is_kept(hole: Hole, history: History) -> None:
    versions = [release.version for release in history.releases]
    expected = {version: any(SpecifierSet(held).contains(version) for held in hole.held_in) for version in versions}
    asked = around_edges(versions, expected)
    assert len(set(asked)) >= 4
    there = {version: is_there(Surface("transformers", version, history.at(version)), hole) for version in asked}
    assert there == {version: expected[version] for version in asked}
