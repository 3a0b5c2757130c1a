from __future__ import annotations

import pytest

from compat import distributed
from compat._names import NAMES


@pytest.mark.parametrize(
    ("name", "release", "place"),
    [
        ("DTensor", "2.4.1", "torch.distributed._tensor.DTensor"),
        ("DTensor", "2.5.0", "torch.distributed.tensor.DTensor"),
        ("Partial", "2.3.1", None),
        ("DeviceMesh", "2.1.2", "torch.distributed._tensor.device_mesh.DeviceMesh"),
        ("fully_shard", "2.5.1", "torch.distributed._composable.fsdp.fully_shard"),
        ("fully_shard", "2.6.0", "torch.distributed.fsdp.fully_shard"),
        ("FSDPModule", "2.3.1", None),
    ],
)
def test_a_name_is_looked_up_where_its_release_has_it(name: str, release: str, place: str | None) -> None:
    from packaging.requirements import Requirement

    places = NAMES[f"distributed.{name}"].places
    assert [path for releases, path in places.items() if Requirement(releases).specifier.contains(release)] == [place]


def test_every_name_is_listed() -> None:
    assert set(distributed.__all__) == {key.partition(".")[2] for key in NAMES if key.startswith("distributed.")}
    assert set(distributed.__all__) <= set(dir(distributed))
