"""CPU time and memory of reading a release from its wheel, beside `ast.parse` and griffe; then of the next release.

    python -m benchmarks.snapshot_speed [--wheels FOLDER] [--runs 3]

Every reading is a process of its own, its start included. The second table adds a release to the shipped history as
`drift update` does, given the release before it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import zipfile
from pathlib import Path

from signatures.errors import DriftError

from .processes import alternating, probe, run
from .tables import kept, show
from .wheels import WHEELS, released_wheel

PACKAGE = "transformers"
RELEASE = "5.23.0"
# One of its first number's largest steps, and one of the smallest: half of the files differ, or two.
NEXT = (("5.22.2", "5.23.0"), ("5.21.0", "5.21.1"))
TIMES_PARSING, PEAK_MB, NEXT_CPU, DELTA_KB = 2.0, 200.0, 1.0, 300.0


def cold(wheel: Path, runs: int) -> bool:
    """Print what reading a whole release costs each of the ways.

    Args:
        wheel: Of the release.
        runs: How often each way reads it.

    Returns:
        Whether ours keeps its bars.
    """
    with tempfile.TemporaryDirectory() as unpacked:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
        taken = alternating(
            {
                "ast.parse": probe("reading", "parse", wheel),
                "ast.parse, garbage collector off": probe("reading", "parse-without-collector", wheel),
                "ours": probe("reading", "ours", wheel),
                "griffe (unpacked, aliases not resolved)": probe("reading", "griffe", unpacked),
            },
            runs,
        )
    parsing, ours = taken["ast.parse"], taken["ours"]
    print(f"{PACKAGE} {RELEASE} from its wheel, whole processes, median of {runs}")
    show(
        ("", "modules", "CPU s", "wall s", "peak MB", "CPU / ast.parse"),
        (
            (
                way,
                str(json.loads(each.output)["modules"]),
                f"{each.cpu:.2f}",
                f"{each.wall:.2f}",
                f"{each.peak:.0f}",
                f"{each.cpu / parsing.cpu:.2f}",
            )
            for way, each in taken.items()
        ),
    )
    fast, small = ours.cpu <= TIMES_PARSING * parsing.cpu, ours.peak <= PEAK_MB
    print(f"ours at most {TIMES_PARSING:.0f} times the CPU of ast.parse: {kept(fast)}; {PEAK_MB:.0f} MB: {kept(small)}")
    return fast and small


def following(wheels: Path, runs: int) -> bool:
    """Print what the next release costs; whether each keeps its bars where its wheel is at hand."""
    print(
        f"\nthe next release, given the one before, median of {runs}; griffe and ast.parse have to read all of it anew"
    )
    rows, holds = [], True
    for before, release in NEXT:
        wheel = released_wheel(PACKAGE, release, wheels)
        for place, arguments in (("wheel on disk", [wheel]), ("index, byte ranges", [])):
            try:
                cells, holding = _added(release, arguments, runs)
            except DriftError as error:
                if arguments:
                    raise
                rows.append((f"{before} -> {release}", place, *[""] * 5, "not read"))
                print(error, file=sys.stderr)
                continue
            rows.append((f"{before} -> {release}", place, *cells))
            holds = holds and (holding or not arguments)
    head = ("", "from", "modules read", "CPU s", "of it work", "kB fetched", "delta pack kB")
    show((*head, f"{NEXT_CPU:.0f} s, {DELTA_KB:.0f} kB"), rows)
    return holds


def _added(release: str, wheel: list[Path], runs: int) -> tuple[tuple[str, ...], bool]:
    with tempfile.TemporaryDirectory() as scratch:
        folders = iter(Path(scratch, str(number)) for number in range(runs))
        each = [run(probe("adding", PACKAGE, release, next(folders), *wheel)) for _ in range(runs)]
    middle = sorted(each, key=lambda one: one.cpu)[runs // 2]
    told = json.loads(middle.output)
    fetched = "" if wheel else f"{told['fetched'] / 1e3:.0f}"
    holds = middle.cpu <= NEXT_CPU and told["pack"] <= DELTA_KB * 1e3
    cells = (str(told["modules"]), f"{middle.cpu:.2f}", f"{told['cpu']:.2f}", fetched, f"{told['pack'] / 1e3:.0f}")
    return (*cells, kept(holds)), holds


def main() -> int:
    """Print both tables; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--wheels", type=Path, default=WHEELS, help="a folder of wheels; missing ones are fetched to it"
    )
    parser.add_argument("--runs", type=int, default=3, help="runs of each, of which the median is shown")
    chosen = parser.parse_args()
    try:
        holds = [
            cold(released_wheel(PACKAGE, RELEASE, chosen.wheels), chosen.runs),
            following(chosen.wheels, chosen.runs),
        ]
    except DriftError as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if all(holds) else 1


if __name__ == "__main__":
    sys.exit(main())
