"""What is known of a video: upstream's `VideoMetadata` of 5.0, for the releases whose own has less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass
class VideoMetadata(Mapping[str, Any]):
    """A mapping whose values are attributes too.

    Args:
        total_num_frames: How many frames the whole video has.
        fps: Its frames a second.
        width: Of a frame, in pixels.
        height: Of a frame, in pixels.
        duration: In seconds.
        video_backend: What decoded it.
        frames_indices: Which of its frames were taken.
    """

    total_num_frames: int
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    video_backend: str | None = None
    frames_indices: Any = None

    def __iter__(self) -> Iterator[str]:
        return (field.name for field in fields(self))

    def __len__(self) -> int:
        return len(fields(self))

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    @property
    def timestamps(self) -> list[float]:
        """When each of the frames that were taken is shown, in seconds.

        Raises:
            ValueError: Their indices or the frames a second are not known.
        """
        if self.fps is None or self.frames_indices is None:
            raise ValueError("the times of a video's frames need its fps and frames_indices")
        return [index / self.fps for index in self.frames_indices]

    @property
    def sampled_fps(self) -> float:
        """Frames a second of those that were taken; 24 where nothing is known of them."""
        if self.frames_indices is None or self.fps is None:
            return self.fps or 24
        return len(self.frames_indices) / self.total_num_frames * self.fps

    def update(self, values: Mapping[str, Any]) -> None:
        """Take over the values that it has a field for.

        Args:
            values: New values by name.
        """
        for name, value in values.items():
            if hasattr(self, name):
                setattr(self, name, value)
