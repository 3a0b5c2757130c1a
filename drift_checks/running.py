"""A whole run: what is known from earlier ones, the rest by one process or several, and the report on all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from .check import Report, merged
from .file_checks import FileResult
from .moves import roots
from .program import Program
from .ranges import Asked
from .results_cache import ResultsCache
from .rules.devices import CUDA_TRANSLATOR
from .sources import SourceFile, Unparsed
from .workers import Task, check_files, processes

Step = Callable[[int, "int | None", str], None]
"""Told how many files are done, of how many, and the path of the last one."""


def run_checks(
    task: Task,
    files: Iterable[SourceFile | Unparsed],
    jobs: int | None = None,
    cache: Path | None = None,
    step: Step = lambda done, total, path: None,
) -> Report:
    """Check downstream files.

    Args:
        task: What they are checked against.
        files: What `sources.find` gives.
        jobs: Processes to use; None for one a core, where there is enough to do.
        cache: The folder of earlier results; None for none.
        step: Told of progress.

    Raises:
        DriftError: A history cannot be opened, or a process died.
    """
    started = time.perf_counter()
    listed = list(files)
    results: list[FileResult] = [FileResult(unparsed=(file,)) for file in listed if isinstance(file, Unparsed)]
    missing = [file for file in listed if not isinstance(file, Unparsed)]
    kept = _Kept(task, missing, cache) if cache is not None else None
    if kept is not None:
        missing = kept.take(results)

    def note(number: int, result: FileResult) -> None:
        results.append(result)
        if kept is not None:
            kept.add(missing[number], result)
        step(len(results), len(listed), missing[number].path)

    if missing:
        check_files(task, missing, processes(missing, jobs), note)
    if kept is not None:
        kept.cache.close()
    moves = task.moves
    return merged(
        results,
        [(move.upstream, move.old, move.new) for move in moves],
        {move.upstream: move.known for move in moves},
        [Asked(move.upstream, move.range, move.declared, move.asked, move.known) for move in moves if move.asked],
        time.perf_counter() - started,
    )


class _Kept:
    """Results of earlier runs, and the programs that tell whether they still hold."""

    def __init__(self, task: Task, files: Sequence[SourceFile], folder: Path) -> None:
        self._files = files
        names = roots(move.upstream for move in task.moves)
        origins = list(dict.fromkeys(file.origin for file in files if file.origin is not None))
        self._programs = {origin: Program(origin, names) for origin in origins}
        facts = [program.mentions(CUDA_TRANSLATOR) for program in self._programs.values() if task.device is not None]
        self.cache = ResultsCache(folder, task, origins, facts)

    def take(self, results: list[FileResult]) -> list[SourceFile]:
        """Add what is known to the results.

        Returns:
            The files of which nothing is known.
        """
        missing = []
        for file in self._files:
            known = self.cache.get(file, self._programs[file.origin].digest) if file.origin is not None else None
            if known is None:
                missing.append(file)
            else:
                results.append(known)
        return missing

    def add(self, file: SourceFile, result: FileResult) -> None:
        """Keep a result for the next run."""
        if file.origin is not None:
            self.cache.put(file, result)
