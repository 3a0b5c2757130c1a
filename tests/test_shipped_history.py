"""Facts that are known from upstream's own sources, asked of the histories that are shipped."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from signatures.history import SHIPPED, History
from signatures.model import Status
from signatures.surface import Surface
from signatures.symbol_history import Era, release_ranges, symbol_history

from .histories import drift

MEGABYTE = 1_000_000


@pytest.fixture(autouse=True)
def no_overlay(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


def test_all_histories_together_are_small() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) <= 20 * MEGABYTE


@pytest.mark.parametrize(
    ("name", "count", "first", "last"),
    [
        # 4.46.0, 4.52.0, 4.57.0 and 5.10.0 are yanked.
        ("transformers", 107, "4.40.0", "5.23.0"),
        ("torch", 26, "2.1.0", "2.15.0"),
        ("torch-npu", 50, "2.2.0", "2.14.0"),
    ],
)
def test_releases(name: str, count: int, first: str, last: str) -> None:
    releases = History.open(name, overlay=False).releases
    assert (len(releases), releases[0].version, releases[-1].version) == (count, first, last)
    assert [info.version for info in releases if not info.complete] == []
    assert all(info.date for info in releases)
    assert all(bool(info.train) is (name == "torch-npu") for info in releases)


def eras(symbol: str) -> list[tuple[str, Era]]:
    name = {"torch": "torch", "torch_npu": "torch-npu"}.get(symbol.partition(".")[0], "transformers")
    history = History.open(name, overlay=False)
    return [(release_ranges(history, era.versions), era) for era in symbol_history(history, symbol)]


CAUSAL_MASK = [
    ("4.40.0 to 4.52.4", None),
    ("4.53.0", "config input_embeds attention_mask cache_position past_key_values or_mask_function"),
    ("4.53.1", "config input_embeds attention_mask cache_position past_key_values position_ids"),
    ("4.53.2 to 4.57.6", "config input_embeds attention_mask cache_position past_key_values position_ids"),
    ("5.0.0 to 5.1.0", "config input_embeds attention_mask cache_position past_key_values position_ids"),
    ("5.2.0 to 5.3.0", "config inputs_embeds attention_mask cache_position past_key_values position_ids"),
    ("5.4.0 to 5.8.1", "config inputs_embeds attention_mask cache_position past_key_values position_ids"),
    ("5.9.0 to 5.13.1", "config inputs_embeds attention_mask past_key_values position_ids or_mask_function"),
    ("5.14.0 to 5.14.1", "config inputs_embeds attention_mask past_key_values position_ids or_mask_function"),
    ("5.15.0 to 5.23.0", "config inputs_embeds attention_mask past_key_values position_ids or_mask_function"),
]


def test_eras_of_create_causal_mask() -> None:
    found = eras("transformers.masking_utils.create_causal_mask")
    told = [
        (ranges, " ".join(p.name for p in era.signatures[0].parameters[:6]) if era.signatures else None)
        for ranges, era in found
    ]
    assert told == CAUSAL_MASK
    # The old keyword goes on for as long as the decorator takes it.
    assert {ranges for ranges, era in found if era.deprecated == ("input_embeds -> inputs_embeds",)} == {
        "5.2.0 to 5.3.0",
        "5.4.0 to 5.8.1",
    }


@pytest.mark.parametrize(
    ("symbol", "version", "canonical", "alias"),
    [
        (
            "transformers.image_processing_utils_fast.group_images_by_shape",
            "5.6.2",
            "transformers.image_transforms.group_images_by_shape",
            True,
        ),
        (
            "transformers.image_processing_utils_fast.group_images_by_shape",
            "5.3.0",
            "transformers.image_transforms.group_images_by_shape",
            False,
        ),
        (
            "transformers.image_processing_utils_fast.BaseImageProcessorFast",
            "5.6.2",
            "transformers.image_processing_backends.TorchvisionBackend",
            True,
        ),
        (
            "transformers.models.qwen2_vl.image_processing_qwen2_vl_fast.Qwen2VLImageProcessorFast",
            "5.23.0",
            "transformers.models.qwen2_vl.image_processing_qwen2_vl.Qwen2VLImageProcessor",
            True,
        ),
        ("transformers.LlamaModel", "4.40.0", "transformers.models.llama.modeling_llama.LlamaModel", False),
        (
            "transformers.modeling_utils.PreTrainedModel.get_input_embeddings",
            "4.54.0",
            "transformers.modeling_utils.EmbeddingAccessMixin.get_input_embeddings",
            False,
        ),
        ("torch.cuda.amp.autocast", "2.15.0", "torch.cuda.amp.autocast_mode.autocast", False),
        ("torch_npu.npu_rotary_mul", "2.14.0", "torch.ops.npu.npu_rotary_mul", False),
    ],
)
def test_where_a_name_leads(symbol: str, version: str, canonical: str, alias: bool) -> None:
    name = {"torch": "torch", "torch_npu": "torch-npu"}.get(symbol.partition(".")[0], "transformers")
    history = History.open(name, overlay=False)
    found = Surface(name, version, history.at(version)).resolve(symbol)
    assert (found.canonical, found.through_alias) == (canonical, alias)


@pytest.mark.parametrize(
    ("symbol", "ranges"),
    [
        ("transformers.AutoModelForVision2Seq", ["5.0.0 to 5.23.0"]),
        ("transformers.image_processing_backends.TorchvisionBackend.resize", ["4.40.0 to 5.3.0"]),
        ("torch.nn.attention.sdpa_kernel", ["2.1.0 to 2.2.2"]),
        # It came and went: availability is a set, not one boundary.
        ("torch_npu.npu.npugraph_ex.scope.npu_stream_switch", ["2024-04 to 2025-10, 2026-04 to 2026-10"]),
        ("torch_npu.npu_fusion_attention", []),
    ],
)
def test_where_a_name_does_not_resolve(symbol: str, ranges: list[str]) -> None:
    assert [told for told, era in eras(symbol) if era.status is Status.MISSING] == ranges


def test_an_operator_s_parameters_follow_the_train_not_the_version() -> None:
    found = {ranges: {p.name for p in era.signatures[0].parameters} for ranges, era in eras("torch_npu.npu_rotary_mul")}
    assert list(found) == ["2024-04 to 2024-07", "2024-10 to 2025-01", "2025-04 to 2026-01", "2026-04 to 2026-10"]
    assert "self" in found["2024-04 to 2024-07"]
    assert "rotary_mode" not in found["2024-10 to 2025-01"]
    assert "rotary_mode" in found["2025-04 to 2026-01"]


@cache
def changes(*arguments: str) -> list[dict[str, Any]]:
    result = drift("diff", *arguments, "--format", "json")
    assert result.exit_code == 1
    found: list[dict[str, Any]] = json.loads(result.stdout)["changes"]
    return found


def test_configs_that_became_keyword_only_are_one_row() -> None:
    rows = [c for c in changes("transformers", "5.3.0", "5.4.0") if "`transformers_version`" in c["detail"]]
    [row] = [row for row in rows if row["rule"] == "parameter-keyword-only"]
    assert len(row["repeats"]) > 400


def test_the_positional_break_of_the_mask_functions() -> None:
    found = changes("transformers", "5.3.0", "5.4.0", "--under", "transformers.masking_utils.create_causal_mask")
    assert [(c["rule"], c["detail"]) for c in found] == [
        ("parameter-keyword-only", "all parameters after `cache_position` are keyword-only")
    ]


def test_a_removed_method_of_a_base_class_is_one_row() -> None:
    found = changes("transformers", "5.3.0", "5.4.0")
    [row] = [change for change in found if change["symbol"].endswith(".compile_friendly_resize")]
    assert (row["rule"], row["symbol"]) == (
        "attribute-removed",
        "transformers.image_processing_utils_fast.BaseImageProcessorFast.compile_friendly_resize",
    )
    # More than sixty classes inherit it.
    assert len(found) < 1000
