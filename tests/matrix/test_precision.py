from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
import torch

from compat import precision

OLD: tuple[Callable[[], object], ...] = (
    torch.get_float32_matmul_precision,
    lambda: torch.backends.cuda.matmul.allow_tf32,
    lambda: torch.backends.cudnn.allow_tf32,
)
# What code elsewhere may have set before.
BEFORE: dict[str, Callable[[], Any]] = {
    "nothing": lambda: None,
    "medium": lambda: torch.set_float32_matmul_precision("medium"),
    "high": lambda: torch.set_float32_matmul_precision("high"),
    "flags": lambda: precision.set_fp32_precision(matmul="tf32", cudnn="ieee"),
    "the new name alone": lambda: setattr(torch.backends.cuda.matmul, "fp32_precision", "tf32"),
}


def state() -> tuple[Any, ...]:
    """Both states; None for what cannot be read, because they do not agree."""
    read: list[object] = [
        torch.backends.fp32_precision,
        torch.backends.cuda.matmul.fp32_precision,
        torch.backends.cudnn.conv.fp32_precision,
        torch.backends.cudnn.rnn.fp32_precision,
        torch.backends.mkldnn.matmul.fp32_precision,
    ]
    for old in OLD:
        try:
            read.append(old())
        except RuntimeError:
            read.append(None)
    return tuple(read)


@pytest.fixture(autouse=True)
def unchanged() -> Iterator[None]:
    yield
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.conv.fp32_precision = torch.backends.cudnn.rnn.fp32_precision = "tf32"
    torch.backends.cuda.matmul.fp32_precision = torch.backends.mkldnn.matmul.fp32_precision = "none"


@pytest.mark.covers("precision.set_fp32_precision", "precision.get_fp32_precision")
@pytest.mark.parametrize("before", BEFORE)
def test_readers_of_the_old_and_of_the_new_names_are_told_the_same(before: str) -> None:
    for matmul, cudnn in product(("ieee", "tf32"), repeat=2):
        BEFORE[before]()
        precision.set_fp32_precision(matmul=matmul, cudnn=cudnn)
        assert precision.get_fp32_precision() == {"matmul": matmul, "cudnn": cudnn}
        assert torch.backends.cuda.matmul.fp32_precision == matmul
        assert torch.backends.cudnn.conv.fp32_precision == torch.backends.cudnn.rnn.fp32_precision == cudnn
        overall = "highest" if matmul == "ieee" else "high"
        flags = (overall, matmul == "tf32", cudnn == "tf32")
        assert tuple(old() for old in OLD) in (flags, ("medium", *flags[1:]) if before == "medium" else flags)


@pytest.mark.covers("precision.fp32_precision")
@pytest.mark.parametrize("before", BEFORE)
def test_a_context_leaves_everything_as_it_was(before: str) -> None:
    BEFORE[before]()
    was = state()
    for matmul, cudnn in product((None, "ieee", "tf32"), repeat=2):
        with pytest.raises(KeyError), precision.fp32_precision(matmul=matmul, cudnn=cudnn):
            told = precision.get_fp32_precision()
            assert (told["matmul"], told["cudnn"]) == (matmul or told["matmul"], cudnn or told["cudnn"])
            raise KeyError
        now = state()
        assert [one for one in now if one is not None] == [
            one for one, was_one in zip(now, was, strict=True) if one is not None and was_one in (one, None)
        ]
        assert was[:5] == now[:5]


def test_naively_set_the_old_name_cannot_be_read() -> None:
    torch.backends.cuda.matmul.fp32_precision = "tf32"
    with pytest.raises(RuntimeError, match="mix of the legacy and new APIs"):
        torch.get_float32_matmul_precision()
