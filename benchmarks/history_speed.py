"""Wall and CPU time of `drift history` and of imports, as whole processes, beside a bare Python and griffe.

    python -m benchmarks.history_speed [--runs 5]

griffe has no such command, and none of the others either: beside it stands what its own command needs to start.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from signatures.errors import DriftError

from .processes import alternating, drift
from .tables import kept, show

SYMBOLS = ("transformers.masking_utils.create_causal_mask", "transformers.Trainer")
SECONDS = 0.3


def main() -> int:
    """Print the table; 1 where a history takes longer than the bar."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="runs of each, of which the median is shown")
    chosen = parser.parse_args()
    python = sys.executable
    try:
        histories: dict[str, list[str | Path]] = {
            f"drift history {symbol}": [drift(), "history", symbol] for symbol in SYMBOLS
        }
        commands: dict[str, list[str | Path]] = {
            "python -c pass": [python, "-c", "pass"],
            "python -c 'import signatures'": [python, "-c", "import signatures"],
            "python -c 'import signatures.history'": [python, "-c", "import signatures.history"],
            "drift --version": [drift(), "--version"],
            **histories,
            "griffe --version (it has no history)": [python, "-m", "griffe", "--version"],
        }
        # Once for the bytecode of all of them.
        alternating(commands, 1)
        taken = alternating(commands, chosen.runs)
    except DriftError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"whole processes, median of {chosen.runs}")
    show(
        ("", "wall s", "CPU s", "peak MB", f"{SECONDS} s"),
        (
            (
                name,
                f"{one.wall:.3f}",
                f"{one.cpu:.3f}",
                f"{one.peak:.0f}",
                kept(one.wall <= SECONDS) if name in histories else "",
            )
            for name, one in taken.items()
        ),
    )
    return 0 if all(taken[name].wall <= SECONDS for name in histories) else 1


if __name__ == "__main__":
    sys.exit(main())
