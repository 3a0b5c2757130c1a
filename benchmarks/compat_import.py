"""What `import compat` costs of its own, beside an empty module, six and array-api-compat.

    python -m benchmarks.compat_import [--runs 31]

The figure is the time that an import takes inside of a fresh interpreter, so that the interpreter's own start, which is
many times as long, does not drown it; all are taken in turns.
"""

from __future__ import annotations

import argparse
import statistics
import sys

from signatures.errors import DriftError

from .processes import run
from .tables import kept, show

SECONDS = 0.005
MODULES = {
    "compat": "compat",
    "compat, and its masking": "compat.masking",
    "six": "six",
    "array-api-compat": "array_api_compat",
}
TIMED = """
import sys, time
started = time.perf_counter()
import {}
print(time.perf_counter() - started, len(sys.modules))
"""


def main() -> int:
    """Print the table; 1 where `import compat` takes longer than the bar."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=31, help="runs of each, of which the median is shown")
    chosen = parser.parse_args()
    taken: dict[str, list[float]] = {name: [] for name in MODULES}
    loaded: dict[str, int] = {}
    try:
        for number in range(chosen.runs + 1):
            for name, module in MODULES.items():
                seconds, modules = run([sys.executable, "-c", TIMED.format(module)]).output.split()
                loaded[name] = int(modules)
                # The first run compiles what is not compiled yet.
                if number:
                    taken[name].append(float(seconds))
    except DriftError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"seconds within a fresh interpreter, median of {chosen.runs}")
    holds = statistics.median(taken["compat"]) <= SECONDS
    show(
        ("import", "ms", "fastest ms", "modules loaded", f"{SECONDS * 1000:.0f} ms"),
        (
            (
                name,
                f"{statistics.median(each) * 1000:.2f}",
                f"{min(each) * 1000:.2f}",
                str(loaded[name]),
                kept(holds) if name == "compat" else "",
            )
            for name, each in taken.items()
        ),
    )
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
