"""Files checked by several processes; what they find is the same as what one process finds."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from signatures.errors import DriftError
from signatures.parsing import without_collector

from .file_checks import FileChecker, FileResult
from .moves import Move, opened
from .sources import SourceFile

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

    from signatures.sources import Source

Origin: TypeAlias = "Path | Source"
"""What a file was found in; another process only takes a path or a `KeptSource`."""

# Below this a second process takes longer to begin than it saves.
_FEWEST_FILES = 50
_LEAST_BYTES = 1 << 20
_FILES_AT_ONCE = 8


class Task(NamedTuple):
    """What a process must know to check files; it can be handed to another process.

    Args:
        moves: What is asked of each upstream.
        device: What the code is to run on.
        folder: Where the shipped histories lie; None for where they are shipped.
    """

    moves: tuple[Move, ...]
    device: str | None = None
    folder: Path | None = None

    def checker(self) -> FileChecker:
        """Open the histories, and make what judges files with them."""
        pairs, releases = opened(self.moves, self.folder)
        asked = {move.upstream: move.asked for move in self.moves if move.asked}
        return FileChecker(pairs, releases, asked, self.device)


def processes(files: Sequence[SourceFile], jobs: int | None) -> int:
    """How many processes are worth it.

    Args:
        files: What is to be checked.
        jobs: As many as the user asks for; None for as many as there are cores, if there is enough to do.
    """
    enough = len(files) >= _FEWEST_FILES and sum(len(file.data) for file in files) >= _LEAST_BYTES
    wanted = jobs if jobs is not None else (_cores() if enough else 1)
    return max(1, min(wanted, len(files)))


def check_files(task: Task, files: Sequence[SourceFile], count: int, done: Callable[[int, FileResult], None]) -> None:
    """Check files, each independently of the others.

    Args:
        task: What to check them against.
        files: What is to be checked.
        count: How many processes to use.
        done: Called with the number of each file and what it gave, in any order.

    Raises:
        DriftError: A process died.
    """
    if count == 1:
        with without_collector():
            checker = task.checker()
            for number, file in enumerate(files):
                done(number, checker.check(file))
        return
    origins = list(dict.fromkeys(file.origin for file in files))
    parts = _parts(files, count)
    pool = ProcessPoolExecutor(count, _context(), _begin, (task, origins))
    try:
        running: dict[Future[list[FileResult]], list[int]] = {}
        for part in parts:
            stripped = [(replace(files[n], origin=None), origins.index(files[n].origin)) for n in part]
            running[pool.submit(_check, stripped)] = part
        for future in as_completed(running):
            for number, result in zip(running[future], future.result(), strict=True):
                done(number, result)
    except BrokenProcessPool:
        raise DriftError(
            "a process that checked files was killed, which lack of memory may cause; try --jobs 1"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _parts(files: Sequence[SourceFile], count: int) -> list[list[int]]:
    """Numbers of files that are checked together: the largest ones first, so that no process waits long at the end."""
    order = sorted(range(len(files)), key=lambda number: (-len(files[number].data), number))
    size = max(1, min(_FILES_AT_ONCE, len(files) // (count * 4)))
    return [order[start : start + size] for start in range(0, len(order), size)]


def _cores() -> int:
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _context() -> BaseContext:
    """Forking is fastest, and safe only while nothing else runs in this process; on macOS its libraries forbid it."""
    safe = sys.platform == "linux" and threading.active_count() == 1
    return multiprocessing.get_context("fork" if safe else "spawn")


class _Worker(NamedTuple):
    checker: FileChecker
    origins: Sequence[Origin | None]


_worker: _Worker | None = None


def _begin(task: Task, origins: Sequence[Origin | None]) -> None:
    """Open the histories once in each process: what one process has opened, another cannot use."""
    global _worker
    # The interrupt of a terminal reaches every process: these end at once, and the first one says so.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()
    _worker = _Worker(task.checker(), origins)


def _check(files: Sequence[tuple[SourceFile, int]]) -> list[FileResult]:
    assert _worker is not None
    return [_worker.checker.check(replace(file, origin=_worker.origins[origin])) for file, origin in files]
