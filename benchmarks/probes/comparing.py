"""One process that compares two releases in one way.

    python -m benchmarks.probes.comparing ours NAME OLD NEW ANSWER
    python -m benchmarks.probes.comparing griffe PACKAGE OLD-FOLDER NEW-FOLDER ANSWER

It writes the CPU seconds of what came before the comparison and of the comparison, how many changes it found, and the
dotted paths of those that it calls removed, as JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# What these rules say is that the path does not resolve any more.
REMOVED = frozenset({"module-removed", "module-moved", "symbol-removed", "symbol-moved", "attribute-removed"})


def ours(name: str, old: str, new: str) -> dict[str, Any]:
    """`drift diff` as the command runs it; what came before are the imports."""
    from drift_checks.commands import diff
    from drift_checks.output import Output

    with tempfile.TemporaryDirectory() as scratch:
        answer = Path(scratch, "answer.json")
        before = time.process_time()
        with Output("json", answer, quiet=True) as output:
            diff.run(output, name, old, new, under="", everything=False)
        work = time.process_time() - before
        changes = json.loads(answer.read_bytes())["changes"]
    removed = [path for row in changes if row["rule"] in REMOVED for path in (row["symbol"], *row["repeats"])]
    return {"before": before, "work": work, "changes": len(changes), "removed": removed}


def griffe(package: str, old: str, new: str) -> dict[str, Any]:
    """What `griffe check` does; what came before is the loading of both releases."""
    from griffe import BreakageKind, find_breaking_changes, load

    both = [
        load(package, search_paths=[folder], try_relative_path=False, allow_inspection=False, resolve_aliases=True)
        for folder in (old, new)
    ]
    before = time.process_time()
    breakages = list(find_breaking_changes(*both))
    work = time.process_time() - before
    removed = [each.obj.path for each in breakages if each.kind is BreakageKind.OBJECT_REMOVED]
    return {"before": before, "work": work, "changes": len(breakages), "removed": removed}


if __name__ == "__main__":
    way, *arguments, answer = sys.argv[1:]
    Path(answer).write_text(json.dumps({"ours": ours, "griffe": griffe}[way](*arguments)), encoding="utf-8")
