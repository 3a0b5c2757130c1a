"""Programs run as processes of their own, with what each of them cost."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from signatures.errors import DriftError

ROOT = Path(__file__).parents[1]

# In what `ru_maxrss` is counted, in bytes.
_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


class Run(NamedTuple):
    """What one process cost.

    Args:
        wall: Seconds from its start to its end.
        cpu: User and system seconds, those of its own children included.
        peak: The most memory that it held, in megabytes. The system counts what the process that started it held at
            that moment too, so whoever measures must be small.
        output: What it printed.
    """

    wall: float
    cpu: float
    peak: float
    output: str


def run(command: Sequence[str | Path], accepted: Collection[int] = (0,)) -> Run:
    """Run a program to its end, in the root folder of the repository.

    Args:
        command: The program and its arguments.
        accepted: The exit statuses that are no failure.

    Raises:
        DriftError: It cannot be started, or ends with another exit status.
    """
    # Where bytecode is off, every process compiles its imports anew, which no user's does.
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        try:
            process = subprocess.Popen(command, stdout=output, stderr=errors, env=settings, cwd=ROOT)
        except OSError as error:
            raise DriftError(f"{command[0]} cannot be run: {error.strerror}") from None
        # Unlike `getrusage`, this tells the children apart.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in accepted:
            last = _text(errors).strip().splitlines()[-1:] or [f"exit status {process.returncode}"]
            raise DriftError(f"`{' '.join(map(str, command))}` failed: {last[0]}")
        peak = usage.ru_maxrss * _PEAK_UNIT / 1e6
        return Run(wall, usage.ru_utime + usage.ru_stime, peak, _text(output))


def alternating(
    commands: Mapping[str, Sequence[str | Path]], times: int, accepted: Collection[int] = (0,)
) -> dict[str, Run]:
    """The median of several runs of each program, taken in turns so that a busy minute meets all of them.

    Args:
        commands: Programs by name.
        times: How often each one runs.
        accepted: See `run`.
    """
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            runs[name].append(run(command, accepted))
    return {name: _median(each) for name, each in runs.items()}


def drift() -> Path:
    """The installed `drift` command.

    Raises:
        DriftError: It is not installed beside the Python that runs this.
    """
    found = Path(sys.executable).with_name("drift")
    if not found.exists():
        raise DriftError(f"{found}: no such command; install the project with: pip install '.[drift]'")
    return found


def probe(name: str, *arguments: str | Path) -> list[str | Path]:
    """The command that runs a module of `benchmarks.probes`."""
    return [sys.executable, "-m", f"{__package__}.probes.{name}", *arguments]


def _median(runs: Iterable[Run]) -> Run:
    walls, cpus, peaks, outputs = zip(*runs, strict=True)
    return Run(statistics.median(walls), statistics.median(cpus), statistics.median(peaks), outputs[-1])


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
