"""CPU time of `drift diff transformers 4.57.6 5.23.0` beside griffe, and how many of each one's removals are real.

    python -m benchmarks.diff_speed [--python OLD/bin/python --python NEW/bin/python] [--wheels FOLDER] [--sample 1000]

A removal is real where the dotted path resolves in an install of the old release and fails in one of the new: both are
asked by import and `getattr`. Of each side's removals a random sample is asked, the same in every run. Installs are
made and kept where none are named.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from signatures.errors import DriftError
from signatures.history import History
from signatures.surface import Surface

from .environments import DEFAULT_FOLDER
from .live_signatures import ABSENT, installed
from .probes.running import ProbeFailed, live_resolution
from .processes import Run, alternating, drift, probe, run
from .tables import kept, show
from .wheels import WHEELS, released_wheel

PACKAGE = "transformers"
OLD, NEW = "4.57.6", "5.23.0"
WORK_CPU = 0.5
SEED = 2
# `drift diff` ends with 1 where there is something to report.
REPORTED = (0, 1)


class Side(NamedTuple):
    """What one of the two said.

    Args:
        told: The answer of its process; see `probes/comparing.py`.
        cost: What the process cost.
        removed: The paths that it calls removed, each once, in a fixed order.
    """

    told: Mapping[str, Any]
    cost: Run
    removed: list[str]


class Truth(NamedTuple):
    """What became of removals.

    Args:
        real: They resolve in the old install and fail in the new one.
        false: They resolve in both.
        instances: The class is there in the old install and has no such attribute: its instances may have.
        unimported: A module does not import in the old install, or needs a package that the new one has not.
    """

    real: list[str]
    false: list[str]
    instances: list[str]
    unimported: list[str]


def compared_by_us(runs: int) -> Side:
    """Our comparison, from the history; what it costs is what the command costs."""
    # Measured while this process is still small.
    [cost] = alternating({"": [drift(), "diff", PACKAGE, OLD, NEW]}, runs, REPORTED).values()
    return compared("ours", OLD, NEW)._replace(cost=cost)


def compared(way: str, *arguments: str | Path) -> Side:
    """Run one side's comparison in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        answer = Path(scratch, "answer.json")
        cost = run(probe("comparing", way, PACKAGE, *arguments, answer))
        told = json.loads(answer.read_bytes())
    return Side(told, cost, sorted(set(told["removed"])))


def compared_by_griffe(wheels: Path) -> Side:
    """How griffe compares the two releases, which are unpacked for it."""
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch, release) for release in (OLD, NEW)]
        for folder in folders:
            with zipfile.ZipFile(released_wheel(PACKAGE, folder.name, wheels)) as archive:
                archive.extractall(folder)
        return compared("griffe", *folders)


def sampled(paths: list[str], size: int) -> list[str]:
    """At most that many of them, the same in every run."""
    return paths if len(paths) <= size else sorted(random.Random(SEED).sample(paths, size))


def told_apart(paths: Iterable[str], old: Mapping[str, str], new: Mapping[str, str]) -> Truth:
    """Which removals are real, from what both installs answered."""
    truth = Truth([], [], [], [])
    for path in paths:
        if old[path].startswith("AttributeError: type object"):
            truth.instances.append(path)
        elif old[path] or ABSENT.search(new[path]):
            truth.unimported.append(path)
        else:
            (truth.real if new[path] else truth.false).append(path)
    return truth


def reported(path: str, removed: frozenset[str], before: Surface) -> bool:
    """Whether a path is called removed, or what holds it, or what it was inherited or exported from."""
    return any(
        ".".join(parts[:end]) in removed
        for parts in (path.split("."), before.resolve(path).canonical.split("."))
        for end in range(2, len(parts) + 1)
    )


def speed(ours: Side, griffe: Side, runs: int) -> bool:
    """Print what both comparisons cost; whether ours keeps its bar."""
    print(f"{PACKAGE} {OLD} -> {NEW}: CPU s and peak MB of a process; ours is the median of {runs}, griffe runs once")
    show(
        ("", "process CPU", "before", "comparison", "wall s", "peak MB", "changes", "removals"),
        (
            _cost("drift diff, from the history", ours),
            _cost("griffe, from unpacked wheels", griffe),
        ),
    )
    holds = bool(ours.told["work"] <= WORK_CPU)
    print(
        "before: imports and arguments for ours, loading both releases for griffe; rows of ours fold repeats together"
    )
    print(f"ours compares in {WORK_CPU} CPU s: {kept(holds)}")
    return holds


def _cost(name: str, side: Side) -> tuple[str, ...]:
    seconds = (side.cost.cpu, side.told["before"], side.told["work"], side.cost.wall)
    counts = (f"{side.cost.peak:.0f}", str(side.told["changes"]), str(len(side.removed)))
    return (name, *(f"{each:.2f}" for each in seconds), *counts)


def truth(sides: Mapping[str, Side], pythons: tuple[Path, Path], size: int, examples: int) -> None:
    """Print how many removals of each side are real.

    Args:
        sides: Both, by name.
        pythons: Interpreters of an install of the old release and of the new one.
        size: How many removals of each side to ask at most.
        examples: How many of the false ones to show.
    """
    samples = {name: sampled(side.removed, size) for name, side in sides.items()}
    asked = {path for sample in samples.values() for path in sample}
    old, new = (live_resolution(python, PACKAGE, asked, DEFAULT_FOLDER) for python in pythons)
    truths = {name: told_apart(sample, old, new) for name, sample in samples.items()}
    print("\nwhat is called removed, asked in installs of both releases")
    rows = []
    for name, found in truths.items():
        n, told = len(samples[name]), len(found.real) + len(found.false)
        shares = [f"{100 * len(found.real) / max(of, 1):.1f} %" for of in (n, told)]
        rows.append((name, str(n), *(str(len(paths)) for paths in found), *shares))
    head = ("", "n", "real", "false", "not on the class", "not imported", "real of n", "real of real and false")
    show(head, rows)
    print(
        "real: resolves in the old install, fails in the new; false: resolves in both. Of the others it cannot be told:"
    )
    print("set on instances only, or in a module that does not import in the old install or needs a package it has not")
    for name, found in truths.items():
        for what, paths in zip(found._fields, found, strict=True):
            for path in sampled(paths, examples):
                print(f"  {name}, {what}: {path} {old[path] or new[path]}")
    before = Surface(PACKAGE, OLD, History.open(PACKAGE, overlay=False).at(OLD))
    for name, found in truths.items():
        for other, side in sides.items():
            if other != name:
                names = frozenset(side.removed)
                also = sum(reported(path, names, before) for path in found.real)
                print(
                    f"of the {len(found.real)} real ones of {name}, {other} reports {also},"
                    " what holds them, or what they came from"
                )


def main() -> int:
    """Print both tables; 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--python", type=Path, action="append", help=f"of an install of {OLD}, then of {NEW}")
    parser.add_argument(
        "--wheels", type=Path, default=WHEELS, help="a folder of wheels; missing ones are fetched to it"
    )
    parser.add_argument("--sample", type=int, default=1000, help="how many removals of each side to ask")
    parser.add_argument("--examples", type=int, default=3, help="how many examples to show")
    parser.add_argument("--runs", type=int, default=5, help="runs of ours, of which the median is shown")
    chosen = parser.parse_args()
    try:
        old, new = chosen.python or map(installed, (OLD, NEW))
        ours, griffe = compared_by_us(chosen.runs), compared_by_griffe(chosen.wheels)
        holds = speed(ours, griffe, chosen.runs)
        truth({"ours": ours, "griffe": griffe}, (old, new), chosen.sample, chosen.examples)
    except (DriftError, ProbeFailed) as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
