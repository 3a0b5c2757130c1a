from __future__ import annotations

import pytest
from packaging.version import Version

from signatures.errors import DriftError
from signatures.history import normalised
from signatures.upstreams import UPSTREAMS, upstream_named


@pytest.mark.parametrize("name", ["torch-npu", "torch_npu", "Torch.NPU", "torch--npu"])
def test_any_spelling_of_a_name(name: str) -> None:
    assert upstream_named(name).name == "torch-npu"


@pytest.mark.parametrize("name", ["", "numpy", "torch npu", "transformers==5.3.0"])
def test_what_is_not_followed(name: str) -> None:
    with pytest.raises(DriftError, match=r"^.* is not followed; known upstreams: transformers, torch, torch-npu$"):
        upstream_named(name)


def test_every_upstream_is_consistent() -> None:
    roots = [root for upstream in UPSTREAMS.values() for root in upstream.roots]
    assert len(roots) == len(set(roots))
    for name, upstream in UPSTREAMS.items():
        assert upstream.name == name == normalised(name)
        assert not Version(upstream.first).is_prerelease
        assert set(upstream.builds_on) <= UPSTREAMS.keys() - {name}
        assert all(folder.startswith(tuple(f"{root}/" for root in upstream.roots)) for folder in upstream.left_out)
        assert all(folder.endswith("/") for folder in upstream.left_out)
        assert all(module.split(".")[0] in upstream.roots for module in upstream.mirrored)
