"""What a second call of each stable function of `compat` costs beside the direct upstream call.

    python -m benchmarks.compat_calls [RELEASE ...] [--python PYTHON] [--rounds 100]

All is measured within one process of a real install of each release: both calls in turns, with equal arguments, the
least of many short runs. The real call takes microseconds to seconds, in which 100 ns are not to be seen: what an
adapter imports from upstream is replaced by a function of the same signature that does nothing, and so is what a method
of a model or cache does. `directly` is what the direct call takes then, `more` what the stable call takes more, and
`early` the same for a name that was imported before the first use and stays a `functools.partial`.

A function is held to the bar where a direct call has its effect; where it does more than that call (`beyond`), the
figure is shown, and where there is no such call (`work`), it is only listed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from signatures.errors import DriftError

from .environments import DEFAULT_FOLDER, TORCH, environment
from .processes import run
from .tables import kept, show

NANOSECONDS = 100
RELEASES = ("4.57.6", "5.3.0", "5.23.0")
TORCHVISION = "0.28.0"
"""The release that goes with the torch."""


def main() -> int:
    """Print a table for each release; 1 where a stable function misses the bar."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("releases", nargs="*", help=f"of transformers; {', '.join(RELEASES)} where none is named")
    parser.add_argument("--python", type=Path, action="append", help="the interpreter of an install, for a release")
    parser.add_argument("--rounds", type=int, default=100, help="short runs of each call, of which the least counts")
    chosen = parser.parse_args()
    holds = True
    try:
        installs = chosen.python or [installed(release) for release in chosen.releases or RELEASES]
        for python in installs:
            answer = run([python, "-m", "benchmarks.probes.compat_calls", str(chosen.rounds)]).output
            holds &= report(json.loads(answer))
    except DriftError as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if holds else 1


def installed(release: str) -> Path:
    """The interpreter of an install of a release."""
    upstream = (f"transformers=={release}", f"torch=={TORCH}", "pillow")
    return environment(DEFAULT_FOLDER, upstream, no_deps=(f"torchvision=={TORCHVISION}",))


def report(answer: dict[str, Any]) -> bool:
    """Print what one install answered; whether all is within the bar."""
    rows = answer["rows"]
    verdicts = {row["function"]: verdict(row) for row in rows}
    print(f"\ntransformers {answer['transformers']}, torch {answer['torch']}, Python {answer['python']}: nanoseconds")
    show(
        ("stable function", "kind", "directly", "more", "early", f"{NANOSECONDS} ns"),
        (
            (row["function"], row["kind"], *figures(row), verdicts[row["function"]])
            for row in rows
            if row["kind"] in ("own", "call", "beyond")
        ),
    )
    for kind in ("beyond", "work", "absent", "unknown"):
        if listed := [f"  {row['function']}: {row['note']}" for row in rows if row["kind"] == kind]:
            print(f"{KINDS[kind]}:", *listed, sep="\n")
    counted = Counter(row["kind"] for row in rows)
    print(f"{len(rows)} stable functions:", ", ".join(f"{number} {kind}" for kind, number in sorted(counted.items())))
    return kept(False) not in verdicts.values()


KINDS = {
    "beyond": "more than the direct call does, not held to the bar",
    "work": "no direct call to the same effect",
    "absent": "not there on this release",
    "unknown": "not measured: the table of calls lacks it, or it failed",
}


def figures(row: dict[str, Any]) -> Iterator[str]:
    """The cells of one row's figures."""
    for name in ("direct", "more", "early"):
        yield f"{row[name]:.0f}" if name in row else ""


def verdict(row: dict[str, Any]) -> str:
    """Whether a row is within the bar; nothing where it is not held to it."""
    if row["kind"] in ("own", "call"):
        return kept(row["more"] <= NANOSECONDS)
    return kept(False) if row["kind"] == "unknown" else ""


if __name__ == "__main__":
    sys.exit(main())
