"""Diffusion: which guidance scale counts, and classifier-free guidance whose result keeps the prediction's norm."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["classifier_free_guidance", "first_given", "guidance_scale", "match_norm"]


def first_given(*values: Any) -> Any:
    """The first value that is not None; 0 and False count.

    Args:
        *values: Such as `true_cfg_scale, guidance_scale, 1.0`: each falls back to the next.

    Raises:
        ValueError: All are None.
    """
    for value in values:
        if value is not None:
            return value
    raise ValueError(f"none of the {len(values)} values was given: all are None")


def guidance_scale(request: Any, *names: str) -> Any:
    """The scale of classifier-free guidance that a request carries.

    Qwen-Image's pipelines call it `true_cfg_scale` and leave it None unless it is asked for; others know
    `guidance_scale` only.

    Args:
        request: An object or a mapping; what it lacks counts as None.
        *names: The names, the one that goes first first; `true_cfg_scale` and `guidance_scale` where none are given.

    Raises:
        ValueError: It has none of them.
    """
    names = names or ("true_cfg_scale", "guidance_scale")
    read = request.get if hasattr(request, "get") else lambda name: getattr(request, name, None)
    for name in names:
        value = read(name)
        if value is not None:
            return value
    raise ValueError(f"{type(request).__name__} has none of {', '.join(names)}, or all are None")


def classifier_free_guidance(
    positive: Any, negative: Any, scale: Any, *, keep_norm: bool = False, dim: int | tuple[int, ...] = -1
) -> Any:
    """Guided prediction: `negative + scale * (positive - negative)`, as diffusers' and sglang's pipelines compute it.

    Args:
        positive: The prediction for the prompt, of shape (batch, tokens, channels) or any other.
        negative: The prediction for the negative prompt, of the same shape; None: there is no guidance.
        scale: A number, or a tensor of one number for each of the batch.
        keep_norm: Whether each token of the result gets the norm that it has in `positive`, as in Qwen-Image.
        dim: The axes that a token's norm is taken over.

    Returns:
        A tensor of the same shape, dtype and device as `positive`.

    Raises:
        ValueError: The shapes differ, the scale is None, or it has another number of values than the batch.
    """
    if negative is None:
        return positive
    if scale is None:
        raise ValueError("the guidance scale is None: fall back to another with first_given(scale, ...)")
    _require_same_shape(positive, negative, "positive", "negative")
    guided = negative + _per_sample(scale, positive) * (positive - negative)
    return match_norm(guided, positive, dim=dim) if keep_norm else guided


def match_norm(guided: Any, conditional: Any, *, dim: int | tuple[int, ...] = -1) -> Any:
    """Give each token of a guided prediction the norm that it has in the conditional one.

    diffusers divides by the norm as it is, which is NaN where a token is all zeros; sglang by at least 1e-12, which is
    0 in float16. Here such a token stays zero.

    Args:
        guided: The guided prediction, of shape (batch, tokens, channels) or any other.
        conditional: The prediction for the prompt, of the same shape.
        dim: The axes that a token's norm is taken over.

    Raises:
        ValueError: The shapes differ.
    """
    _require_same_shape(guided, conditional, "guided", "conditional")
    wanted = conditional.norm(dim=dim, keepdim=True)
    norm = guided.norm(dim=dim, keepdim=True)
    return guided * (wanted / norm.masked_fill(norm == 0, 1))


def _per_sample(scale: Any, prediction: Any) -> Any:
    if not getattr(scale, "shape", ()):
        return scale
    batch = prediction.shape[0]
    if tuple(scale.shape) != (batch,):
        raise ValueError(f"the scale has the shape {tuple(scale.shape)}: give a number, or one for each of the {batch}")
    return scale.to(device=prediction.device, dtype=prediction.dtype).reshape(batch, *[1] * (prediction.ndim - 1))


def _require_same_shape(one: Any, other: Any, name: str, other_name: str) -> None:
    if one.shape != other.shape:
        raise ValueError(f"{name} has the shape {tuple(one.shape)}, {other_name} {tuple(other.shape)}")
