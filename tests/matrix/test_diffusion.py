from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from compat import diffusion

from .tiny_models import numbers

SHAPE = (2, 6, 16)


def predictions(dtype: Any) -> tuple[Any, Any]:
    return numbers(SHAPE, "positive").to(dtype), numbers(SHAPE, "negative").to(dtype)


@pytest.mark.covers("diffusion.classifier_free_guidance", "diffusion.match_norm")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_guidance_is_what_the_pipelines_compute_to_the_bit(dtype: Any, observe: Callable[..., None]) -> None:
    positive, negative = predictions(dtype)
    combined = negative + 4.0 * (positive - negative)
    wanted = combined * (torch.norm(positive, dim=-1, keepdim=True) / torch.norm(combined, dim=-1, keepdim=True))
    plain = diffusion.classifier_free_guidance(positive, negative, 4.0)
    kept = diffusion.classifier_free_guidance(positive, negative, 4.0, keep_norm=True)
    assert torch.equal(plain, combined)
    assert torch.equal(kept, wanted)
    assert torch.equal(diffusion.match_norm(combined, positive), wanted)
    assert (kept.dtype, kept.device, kept.shape) == (positive.dtype, positive.device, positive.shape)
    observe(f"guided {dtype}", kept)


@pytest.mark.covers("diffusion.classifier_free_guidance")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
def test_a_token_of_zeros_stays_zero(dtype: Any) -> None:
    positive, negative = predictions(dtype)
    positive[0, 1], negative[0, 1] = 0, 0
    kept = diffusion.classifier_free_guidance(positive, negative, 4.0, keep_norm=True)
    assert kept.isfinite().all()
    assert not kept[0, 1].any()
    clamped = torch.zeros(1, 1, dtype=dtype).norm(dim=-1).clamp_min(1e-12)
    assert (clamped == 0).item() is (dtype is torch.float16)  # what sglang guards with is no guard in float16


@pytest.mark.covers("diffusion.classifier_free_guidance")
def test_a_scale_for_each_of_the_batch_keeps_the_dtype() -> None:
    positive, negative = predictions(torch.bfloat16)
    scales = torch.tensor([1.5, 4.0])
    guided = diffusion.classifier_free_guidance(positive, negative, scales)
    assert guided.dtype == torch.bfloat16
    for index, scale in enumerate(scales.tolist()):
        alone = diffusion.classifier_free_guidance(positive[index], negative[index], scale)
        assert torch.equal(guided[index], alone)
    of_any = diffusion.classifier_free_guidance(positive, negative, torch.tensor(4.0))
    assert torch.equal(of_any, diffusion.classifier_free_guidance(positive, negative, 4.0))


@pytest.mark.covers("diffusion.match_norm")
def test_a_norm_may_be_taken_over_other_axes() -> None:
    positive, negative = predictions(torch.float32)
    matched = diffusion.match_norm(negative, positive, dim=(1, 2))
    assert torch.allclose(matched.norm(dim=(1, 2)), positive.norm(dim=(1, 2)))


@pytest.mark.covers("diffusion.first_given", "diffusion.guidance_scale")
def test_a_scale_of_a_request_falls_back() -> None:
    positive, negative = predictions(torch.float32)
    scale = diffusion.guidance_scale({"true_cfg_scale": None, "guidance_scale": 2.0})
    assert scale == diffusion.first_given(None, 2.0)
    assert torch.equal(
        diffusion.classifier_free_guidance(positive, negative, scale), negative + 2.0 * (positive - negative)
    )


@pytest.mark.covers("diffusion.classifier_free_guidance")
@pytest.mark.parametrize(
    ("negative", "scale", "reason"),
    [
        (torch.zeros(1, 6, 16), 2.0, r"positive has the shape \(2, 6, 16\), negative \(1, 6, 16\)"),
        (torch.zeros(SHAPE), torch.ones(3), r"the scale has the shape \(3,\).*each of the 2"),
    ],
)
def test_what_would_be_broadcast_silently_is_refused(negative: Any, scale: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        diffusion.classifier_free_guidance(torch.zeros(SHAPE), negative, scale)
