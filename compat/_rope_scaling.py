"""Rotary frequencies that are scaled, as transformers 5 computes them, for releases that compute them otherwise."""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def yarn(settings: Mapping[str, Any], size: int, base: float, trained: int, extended: int, device: Any) -> Any:
    """Frequencies that are interpolated where wavelengths are long, and what attention is scaled by (YaRN).

    Args:
        settings: The config's settings of this type.
        size: The rotated size of a head.
        base: The base of the frequencies.
        trained: How many positions the model was trained for before it was extended.
        extended: How many it has.
        device: Where the frequencies are.

    Up to 4.50 `mscale` and the trained positions are not read, from 4.51 to 4.55 the factor is, and `truncate` is read
    from 4.56 on. arXiv:2309.00071.
    """
    import torch

    factor = settings.get("factor") or extended / trained
    scaling = settings.get("attention_factor")
    if scaling is None:
        mscale, mscale_all = settings.get("mscale"), settings.get("mscale_all_dim")
        scaling = _magnitude(factor, 1.0)
        if mscale and mscale_all:
            scaling = _magnitude(factor, mscale) / _magnitude(factor, mscale_all)

    def dimension(rotations: float) -> float:
        return size * math.log(trained / (rotations * 2 * math.pi)) / (2 * math.log(base))

    low = dimension(settings.get("beta_fast") or 32)
    high = dimension(settings.get("beta_slow") or 1)
    if settings.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, size - 1)
    if low == high:
        high += 0.001
    plain = base ** (torch.arange(0, size, 2).to(device=device, dtype=torch.float) / size)
    ramp = ((torch.arange(size // 2, dtype=torch.float32) - low) / (high - low)).clamp(0, 1).to(device=device)
    kept = 1 - ramp
    return 1.0 / (factor * plain) * (1 - kept) + 1.0 / plain * kept, float(scaling)


def longrope(
    settings: Mapping[str, Any], size: int, base: float, trained: int, extended: int, seq_len: int | None, device: Any
) -> Any:
    """Frequencies with a factor of their own each, and what attention is scaled by (LongRoPE).

    Args:
        settings: The config's settings of this type.
        size: The rotated size of a head.
        base: The base of the frequencies.
        trained: How many positions the model was trained for before it was extended.
        extended: How many it has.
        seq_len: The length of the sequence, or None for a short one.
        device: Where the frequencies are.

    Up to 4.57 the trained positions are read outside the settings only, and the factor is not read then.
    arXiv:2402.13753.
    """
    import torch

    factor = settings.get("factor") or extended / trained
    scaling = settings.get("attention_factor")
    if scaling is None:
        scaling = 1.0 if factor <= 1.0 else math.sqrt(1 + math.log(factor) / math.log(trained))
    factors = settings["long_factor" if seq_len and seq_len > trained else "short_factor"]
    exponents = torch.arange(0, size, 2, dtype=torch.int64, device=device).float() / size
    return 1.0 / (torch.tensor(factors, dtype=torch.float32, device=device) * base**exponents), scaling


def _magnitude(factor: float, scale: float) -> float:
    return 1.0 if factor <= 1 else 0.1 * scale * math.log(factor) + 1.0
