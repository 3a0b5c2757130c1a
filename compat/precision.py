"""Precision of float32 arithmetic: `allow_tf32` and `fp32_precision` as one setting that both of them tell alike."""

from __future__ import annotations

from ._adapters import adapts, stable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager
    from typing import Any

__all__ = ["fp32_precision", "get_fp32_precision", "set_fp32_precision"]

_PRECISIONS = ("ieee", "tf32")


@stable
def get_fp32_precision() -> Any:
    """The precision in which float32 is computed: `{"matmul": "ieee", "cudnn": "tf32"}`.

    `matmul` is cuBLAS's, `cudnn` that of cuDNN's convolutions and recurrent layers; `tf32` where both of these take it.
    """


@stable
def set_fp32_precision(*, matmul: str | None = None, cudnn: str | None = None) -> None:
    """Set the precision in which float32 is computed.

    From torch 2.9 on the old names and the new hold two states, and reading the old one raises where only the new was
    set ("mix of the legacy and new APIs"), as torch's own inductor still does in 2.13. Both are left the same here.

    Args:
        matmul: `ieee` or `tf32`, for cuBLAS: `torch.backends.cuda.matmul`; None leaves it.
        cudnn: `ieee` or `tf32`, for cuDNN: `torch.backends.cudnn`; None leaves it.

    Raises:
        ValueError: It is neither.
    """


@stable
def fp32_precision(*, matmul: str | None = None, cudnn: str | None = None) -> Any:
    """A context in which float32 is computed in another precision; what was set before comes back after it.

    Args:
        matmul: As for `set_fp32_precision`.
        cudnn: As for `set_fp32_precision`.

    Raises:
        ValueError: It is neither `ieee` nor `tf32`.
    """


_TWO_STATES = "torch 2.9.0 adds `fp32_precision` beside `allow_tf32`, and raises where the two do not agree"


@adapts(get_fp32_precision, "torch>=2.9", because=_TWO_STATES)
def _read_new() -> Callable[..., dict[str, str]]:
    from torch import backends

    def get_fp32_precision() -> dict[str, str]:
        # `none` is what follows the setting for all of CUDA, and is IEEE where that says nothing.
        cudnn = {part.fp32_precision for part in _cudnn_parts()}
        return {
            "matmul": "tf32" if backends.cuda.matmul.fp32_precision == "tf32" else "ieee",
            "cudnn": "tf32" if cudnn == {"tf32"} else "ieee",
        }

    return get_fp32_precision


@adapts(set_fp32_precision, "torch>=2.9", because=_TWO_STATES)
def _write_both() -> Callable[..., None]:
    from torch import backends, set_float32_matmul_precision

    def set_fp32_precision(*, matmul: str | None = None, cudnn: str | None = None) -> None:
        import warnings

        _check(matmul, cudnn)
        with warnings.catch_warnings():
            # 2.9 asks for the new names once it is given an old one; it gets them in the same breath.
            warnings.filterwarnings("ignore", message="Please use the new API settings")
            # The old names first: they write the new state too, and `none` where `ieee` is meant.
            if matmul is not None:
                backends.cuda.matmul.allow_tf32 = matmul == "tf32"
                if _overall() is None:
                    # oneDNN's was set too, by `torch.set_float32_matmul_precision`.
                    set_float32_matmul_precision("high" if matmul == "tf32" else "highest")
                backends.cuda.matmul.fp32_precision = matmul
            if cudnn is not None:
                backends.cudnn.allow_tf32 = cudnn == "tf32"
                for part in _cudnn_parts():
                    part.fp32_precision = cudnn

    return set_fp32_precision


@adapts(fp32_precision, "torch>=2.9", because=_TWO_STATES)
def _both_for_a_while() -> Callable[..., AbstractContextManager[None]]:
    from contextlib import contextmanager

    from torch import backends, set_float32_matmul_precision

    @contextmanager
    def for_a_while(matmul: str | None, cudnn: str | None) -> Generator[None]:
        overall, of_matmul = _overall(), backends.cuda.matmul.fp32_precision
        onednn, parts = _onednn_matmul(), _cudnn_parts()
        of_onednn, of_parts = onednn.fp32_precision, [part.fp32_precision for part in parts]
        set_fp32_precision(matmul=matmul, cudnn=cudnn)
        try:
            yield
        finally:
            # `set_fp32_precision` for the old names; then the new state as it was, `none` included: it follows what is
            # set for all of CUDA.
            if matmul is not None:
                set_fp32_precision(matmul="ieee" if overall == "highest" or of_matmul != "tf32" else "tf32")
                if overall is not None and _overall() != overall:
                    set_float32_matmul_precision(overall)
                onednn.fp32_precision = of_onednn
                backends.cuda.matmul.fp32_precision = of_matmul
            if cudnn is not None:
                set_fp32_precision(cudnn="tf32" if set(of_parts) == {"tf32"} else "ieee")
                for part, before in zip(parts, of_parts, strict=True):
                    part.fp32_precision = before

    def fp32_precision(*, matmul: str | None = None, cudnn: str | None = None) -> AbstractContextManager[None]:
        _check(matmul, cudnn)
        return for_a_while(matmul, cudnn)

    return fp32_precision


@adapts(fp32_precision, "torch<2.9", because=_TWO_STATES)
def _old_for_a_while() -> Callable[..., AbstractContextManager[None]]:
    from contextlib import contextmanager

    from torch import backends, get_float32_matmul_precision, set_float32_matmul_precision

    @contextmanager
    def for_a_while(matmul: str | None, cudnn: str | None) -> Generator[None]:
        # `medium` is more than `allow_tf32` tells.
        overall, of_cudnn = get_float32_matmul_precision(), backends.cudnn.allow_tf32
        set_fp32_precision(matmul=matmul, cudnn=cudnn)
        try:
            yield
        finally:
            if matmul is not None:
                set_float32_matmul_precision(overall)
            if cudnn is not None:
                backends.cudnn.allow_tf32 = of_cudnn

    def fp32_precision(*, matmul: str | None = None, cudnn: str | None = None) -> AbstractContextManager[None]:
        _check(matmul, cudnn)
        return for_a_while(matmul, cudnn)

    return fp32_precision


@adapts(get_fp32_precision, "torch<2.9", because=_TWO_STATES)
def _read_old() -> Callable[..., dict[str, str]]:
    from torch import backends

    def get_fp32_precision() -> dict[str, str]:
        return {
            "matmul": "tf32" if backends.cuda.matmul.allow_tf32 else "ieee",
            "cudnn": "tf32" if backends.cudnn.allow_tf32 else "ieee",
        }

    return get_fp32_precision


@adapts(set_fp32_precision, "torch<2.9", because=_TWO_STATES)
def _write_old() -> Callable[..., None]:
    from torch import backends

    def set_fp32_precision(*, matmul: str | None = None, cudnn: str | None = None) -> None:
        _check(matmul, cudnn)
        if matmul is not None:
            backends.cuda.matmul.allow_tf32 = matmul == "tf32"
        if cudnn is not None:
            backends.cudnn.allow_tf32 = cudnn == "tf32"

    return set_fp32_precision


# `torch.backends.cudnn` and `.mkldnn` replace themselves by objects that have these: no reader of the files sees them.
def _cudnn_parts() -> tuple[Any, Any]:
    from operator import attrgetter

    from torch import backends

    conv, rnn = attrgetter("conv", "rnn")(backends.cudnn)
    return conv, rnn


def _onednn_matmul() -> Any:
    from operator import attrgetter

    from torch import backends

    return attrgetter("matmul")(backends.mkldnn)


def _overall() -> str | None:
    """What `torch.get_float32_matmul_precision` says; None where it raises, because the states do not agree."""
    from torch import get_float32_matmul_precision

    try:
        return str(get_float32_matmul_precision())
    except RuntimeError:
        return None


def _check(matmul: str | None, cudnn: str | None) -> None:
    for name, precision in (("matmul", matmul), ("cudnn", cudnn)):
        if precision is not None and precision not in _PRECISIONS:
            raise ValueError(f"{name}={precision!r}: float32 is computed in {' or '.join(_PRECISIONS)}")
