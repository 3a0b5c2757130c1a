"""How much memory a program and the processes that it starts hold together."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PAUSE_SECONDS = 0.05


class Peak:
    """The most that was held at one moment, in megabytes; 0 where the system does not tell it."""

    def __init__(self) -> None:
        self.megabytes = 0.0


@contextmanager
def watched_children() -> Iterator[Peak]:
    """Look again and again at the memory of all processes below this one; only Linux tells it."""
    peak = Peak()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_PAUSE_SECONDS):
            peak.megabytes = max(peak.megabytes, sum(map(_held, _below(os.getpid()))))

    watcher = threading.Thread(target=look, daemon=True)
    if sys.platform == "linux":
        watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        if watcher.is_alive():
            watcher.join()


def _below(process: int) -> Iterator[int]:
    with suppress(OSError):
        for file in Path("/proc", str(process), "task").glob("*/children"):
            for child in map(int, file.read_text().split()):
                yield child
                yield from _below(child)


def _held(process: int) -> float:
    """What a process holds; of memory that it shares with others its part only."""
    with suppress(OSError):
        for line in Path("/proc", str(process), "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0
