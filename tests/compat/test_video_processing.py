from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat._video_metadata import VideoMetadata

KNOWN = st.fixed_dictionaries(
    {"total_num_frames": st.integers(min_value=1, max_value=1000)},
    optional={
        "fps": st.floats(min_value=1, max_value=120),
        "height": st.integers(min_value=1, max_value=4000),
        "video_backend": st.text(),
        "frames_indices": st.lists(st.integers(min_value=0, max_value=999)),
    },
)


@given(KNOWN)
def test_metadata_survives_being_a_mapping(known: dict[str, Any]) -> None:
    metadata = VideoMetadata(**known)
    assert VideoMetadata(**metadata) == metadata and len(metadata) == len(dict(metadata)) == 7
    assert {name: metadata[name] for name in known} == known
    empty = VideoMetadata(total_num_frames=0)
    empty.update({**metadata, "nothing": 1})
    assert empty == metadata and not hasattr(empty, "nothing")


def test_times_are_those_of_the_frames_that_were_taken() -> None:
    metadata = VideoMetadata(total_num_frames=10, fps=4.0, frames_indices=[0, 2, 5])
    assert metadata.timestamps == [0.0, 0.5, 1.25]
    assert metadata.sampled_fps == pytest.approx(1.2)
    assert VideoMetadata(total_num_frames=10, fps=4.0).sampled_fps == 4.0
    metadata["fps"] = None
    assert metadata.sampled_fps == 24
    with pytest.raises(ValueError, match="fps and frames_indices"):
        _ = metadata.timestamps
