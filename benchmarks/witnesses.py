"""The share of findings whose witness is confirmed in real installs, over whole projects, by rule.

    python -m benchmarks.witnesses [--likely] [NAME==VERSION:OLD:NEW…]

Environments are made once for each release, over one torch.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drift_checks.findings import Finding, Outcome, Verdict, WitnessResult
from drift_checks.witness_runs import confirm
from signatures.errors import DriftError

from .environments import releases
from .projects import Move, findings_of, moves
from .tables import kept, show
from .verdicts import confirmed_share, verdict_table
from .wheels import WHEELS

BAR = 0.99
"""The share of findings that break whose witness is confirmed."""

Tested = tuple[Move, Finding, WitnessResult]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("moves", nargs="*", metavar="NAME==VERSION:OLD:NEW", help="instead of those of the bar")
    parser.add_argument("--likely", action="store_true", help="findings too whose receiver's type is not known")
    parser.add_argument("--wheels", type=Path, default=WHEELS, metavar="DIR", help="where wheels are kept")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write each finding and what came of its witness")
    chosen = parser.parse_args(arguments)
    try:
        found = [
            (move, finding)
            for move in moves(chosen.moves)
            for finding in findings_of(move, chosen.wheels)
            if chosen.likely or finding.decides
        ]
        results = confirm([(finding, (move.old, move.new)) for move, finding in found], releases())
    except DriftError as error:
        print(error, file=sys.stderr)
        return 2
    tested = [(move, finding, result) for (move, _), (finding, result) in zip(found, results, strict=True)]
    if chosen.json:
        text = json.dumps([_as_json(*one) for one in tested], indent=1)
        chosen.json.write_text(f"{text}\n", encoding="utf-8")
    return 0 if _show(tested) else 1


def _show(tested: Sequence[Tested]) -> bool:
    for move in dict.fromkeys(move for move, _, _ in tested):
        print(f"\n{move}")
        show(*verdict_table(*_columns([one for one in tested if one[0] == move])))
    print("\nall")
    show(*verdict_table(*_columns(tested)))
    for move, finding, result in tested:
        if result.verdict in (Verdict.REFUTED, Verdict.UNCONFIRMED):
            place = f"{move}: {finding.path}:{finding.line}"
            print(f"{result.verdict.value}: {place}: {finding.rule} {finding.symbol}: {result.said}")
    rows = []
    for outcome in (Outcome.BREAKS, Outcome.SILENT):
        share = confirmed_share([result for _, finding, result in tested if finding.outcome is outcome])
        wanted = (f">= {BAR:.0%}", kept(share >= BAR)) if outcome is Outcome.BREAKS else ("", "")
        rows.append((f"confirmed of `{outcome.value}`", f"{share:.1%}", *wanted))
    print()
    show(("bar", "", "wanted", ""), rows)
    return rows[0][-1] == kept(True)


def _columns(tested: Sequence[Tested]) -> tuple[list[Finding], list[WitnessResult]]:
    return [finding for _, finding, _ in tested], [result for _, _, result in tested]


def _as_json(move: Move, finding: Finding, result: WitnessResult) -> dict[str, Any]:
    row = finding.as_json()
    said = {"verdict": result.verdict.value, "from": result.old, "to": result.new, "said": result.said}
    return {"project": f"{move.name}=={move.version}", **row, "witness_result": said}


if __name__ == "__main__":
    sys.exit(main())
