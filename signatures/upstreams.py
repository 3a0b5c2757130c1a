"""The upstreams that are followed: which releases, and which of their files make the surface."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from .errors import DriftError
from .history import normalised


class Upstream(NamedTuple):
    """One followed distribution.

    Args:
        name: Its name on the package index, normalised.
        roots: The top-level modules that it installs and whose surface is recorded.
        first: The oldest release that the history holds.
        left_out: Folders whose files nobody imports by name: tests, vendored copies, placeholders.
        mirrored: Modules that show the operators of a namespace as their own names, with that namespace.
        builds_on: Upstreams whose classes it inherits from.
        by_train: Releases are ordered by build date before version number.
    """

    name: str
    roots: tuple[str, ...]
    first: str
    left_out: tuple[str, ...] = ()
    mirrored: Mapping[str, str] = MappingProxyType({})
    builds_on: tuple[str, ...] = ()
    by_train: bool = False


UPSTREAMS = {
    upstream.name: upstream
    for upstream in (
        Upstream("transformers", ("transformers",), "4.40.0", builds_on=("torch",)),
        Upstream(
            "torch",
            ("torch", "functorch"),
            "2.1.0",
            left_out=("torch/testing/_internal/", "torch/_vendor/", "torch/lib/", "torch/include/", "torch/share/"),
        ),
        Upstream(
            "torch-npu",
            ("torch_npu",),
            "2.1.0.post8",
            left_out=("torch_npu/include/", "torch_npu/test/", "torch_npu/testing/"),
            mirrored=MappingProxyType({"torch_npu": "torch.ops.npu"}),
            builds_on=("torch",),
            by_train=True,
        ),
    )
}


def upstream_named(name: str) -> Upstream:
    """The upstream of that distribution name, in any spelling that the package index takes.

    Raises:
        DriftError: It is not followed.
    """
    found = UPSTREAMS.get(normalised(name))
    if found is None:
        raise DriftError(f"{name} is not followed; known upstreams: {', '.join(UPSTREAMS)}")
    return found
