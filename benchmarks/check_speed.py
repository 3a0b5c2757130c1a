"""CPU time and memory of `drift check` on all of sglang, cold and warm, beside two runs of ty.

    python -m benchmarks.check_speed [--wheels FOLDER] [--runs 3] [--range]

A type checker answers the question by being run on both releases; the lines that differ are then compared by hand. Both
sides read the same unpacked files, and every run is a process of its own, its start included.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from signatures.errors import DriftError

from .process_trees import watched_children
from .processes import Run, drift, run
from .tables import kept, show
from .wheels import WHEELS, released_wheel

PROJECT, RELEASE = "sglang", "0.5.11"
PACKAGE, OLD, NEW, RANGE = "transformers", "5.3.0", "5.6.2", ">=4.52,<6"
COLD_CPU, WARM_CPU, PEAK_MB = 4.0, 0.8, 400.0
# Both sides end with 1 where there is something to report; files that are no Python end ours with 2.
REPORTED = (0, 1, 2)


class Side(NamedTuple):
    """What one way of asking cost.

    Args:
        name: What was run.
        runs: Of each process.
        peaks: What each one held together with those that it started, in megabytes.
        told: How many lines it reported.
    """

    name: str
    runs: tuple[Run, ...]
    peaks: tuple[float, ...]
    told: str

    @property
    def cpu(self) -> float:
        return statistics.median(each.cpu for each in self.runs)

    @property
    def wall(self) -> float:
        return statistics.median(each.wall for each in self.runs)

    @property
    def peak(self) -> float:
        return statistics.median(self.peaks)

    @property
    def cells(self) -> tuple[str, ...]:
        """A row of the table."""
        return self.name, f"{self.cpu:.2f}", f"{self.wall:.2f}", f"{self.peak:.0f}", self.told


def ours(code: Path, scratch: Path, to: str, runs: int, name: str) -> tuple[Side, Side]:
    """`drift check` with one process and nothing kept, then again.

    Args:
        code: What is checked.
        scratch: An empty folder, for what is kept.
        to: The requirement that it is to meet.
        runs: How often.
        name: For the table.
    """
    cold: list[tuple[Run, float]] = []
    warm: list[tuple[Run, float]] = []
    command: list[str | Path] = [
        drift(),
        "check",
        code,
        "--from",
        f"{PACKAGE}=={OLD}",
        "--to",
        f"{PACKAGE}{to}",
        "--format",
        "json",
    ]
    for number in range(runs):
        with _environment(DRIFT_CACHE_DIR=str(scratch / str(number))):
            cold.append(_measured(command))
            warm.append(_measured(command))
    told = str(len(json.loads(warm[-1][0].output)["findings"]))
    return _side(f"{name}, cold", cold, told), _side(f"{name}, warm", warm, told)


def theirs(code: Path, releases: Sequence[Path], runs: int) -> Side:
    """The type checker on both releases; its two runs count as one answer."""
    both: list[tuple[Run, float]] = []
    told: list[str] = []
    for _ in range(runs):
        each = [
            _measured([_ty(), "check", "--output-format", "concise", "--extra-search-path", r, code]) for r in releases
        ]
        told = [str(one.output.count("\n")) for one, _ in each]
        together = Run(sum(o.wall for o, _ in each), sum(o.cpu for o, _ in each), 0.0, "")
        both.append((together, max(peak for _, peak in each)))
    return _side("ty, two runs", both, " and ".join(told))


def _side(name: str, measured: Sequence[tuple[Run, float]], told: str) -> Side:
    runs, peaks = zip(*measured, strict=True)
    return Side(name, runs, peaks, told)


def _measured(command: Sequence[str | Path]) -> tuple[Run, float]:
    with watched_children() as peak:
        done = run(command, REPORTED)
    return done, max(peak.megabytes, done.peak)


def _ty() -> Path:
    found = Path(sys.executable).with_name("ty")
    if not found.exists():
        raise DriftError(f"{found}: no such command; install it with: pip install ty")
    return found


@contextmanager
def _environment(**settings: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _unpacked(wheel: Path, folder: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def main() -> int:
    """Print the table; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--wheels", type=Path, default=WHEELS, help="a folder of wheels; missing ones are fetched to it"
    )
    parser.add_argument("--runs", type=int, default=3, help="runs of each, of which the median is shown")
    parser.add_argument("--range", action="store_true", help=f"ours on {PACKAGE}{RANGE} too")
    chosen = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            return _compared(Path(scratch), chosen.wheels, chosen.runs, chosen.range)
    except DriftError as error:
        print(error, file=sys.stderr)
        return 2


def _compared(scratch: Path, wheels: Path, runs: int, whole_range: bool) -> int:
    code = _unpacked(released_wheel(PROJECT, RELEASE, wheels), scratch / "code") / PROJECT
    releases = [_unpacked(released_wheel(PACKAGE, each, wheels), scratch / each) for each in (OLD, NEW)]
    cold, warm = ours(code, scratch / "pair", f"=={NEW}", runs, "drift check")
    rows = [cold, warm]
    if whole_range:
        rows += ours(code, scratch / "range", RANGE, runs, f"drift check --to '{PACKAGE}{RANGE}'")
    rows.append(theirs(code, releases, runs))
    print(f"{PROJECT} {RELEASE}, {PACKAGE} {OLD} -> {NEW}, whole processes, median of {runs}")
    show(("", "CPU s", "wall s", "peak MB", "lines reported"), (row.cells for row in rows))
    bars = (
        (f"cold at most {COLD_CPU} CPU s", cold.cpu <= COLD_CPU),
        (f"warm at most {WARM_CPU} CPU s", warm.cpu <= WARM_CPU),
        (f"at most {PEAK_MB:.0f} MB", max(cold.peak, warm.peak) <= PEAK_MB),
    )
    print("; ".join(f"{bar}: {kept(holds)}" for bar, holds in bars))
    return 0 if all(holds for _, holds in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
